/* SPDX-License-Identifier: ISC */
/*
 * TLB maintenance. All of it is broadcast to the Inner Shareable domain, so no CPU has to be
 * interrupted. (Arm ARM D8.13; D8.14.1 for break-before-make, whose steps pt.c does.)
 */
#ifndef ASM_TLB_H
#define ASM_TLB_H

#include <hyp/types.h>

struct p2m;

/* Make descriptor writes visible to the walkers before what follows. */
static inline void tlb_publish(void)
{
	asm volatile("dsb ishst\n isb" ::: "memory");
}

/* One page of the hypervisor's own stage 1. */
static inline void tlb_flush_hyp_page(uintptr_t va)
{
	asm volatile("dsb ishst\n tlbi vae2is, %0\n dsb ish\n isb" ::"r"(va >> 12) : "memory");
}

static inline void tlb_flush_hyp_all(void)
{
	asm volatile("dsb ishst\n tlbi alle2is\n dsb ish\n isb" ::: "memory");
}

/*
 * One guest-physical page, or everything, of a domain; complete when they return. The VMID must be
 * the one in VTTBR_EL2 (D8.13.4: stage 2 invalidation applies to the current VMID), so these switch
 * to it and back.
 */
void tlb_flush_vmid_page(struct p2m *p, gpaddr_t ipa);
void tlb_flush_vmid(struct p2m *p);

/* What the vCPU loaded on this CPU has in this CPU's TLB. */
static inline void tlb_flush_current_local(void)
{
	asm volatile("isb\n tlbi vmalle1\n dsb nsh\n isb" ::: "memory");
}

/* Everything of all guests: VMID rollover. */
void tlb_flush_all_guests(void);

#endif
