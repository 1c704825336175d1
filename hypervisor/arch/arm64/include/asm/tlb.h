/* SPDX-License-Identifier: ISC */
/*
 * TLB maintenance. All of it is broadcast to the Inner Shareable domain, so no CPU has to be
 * interrupted. (Arm ARM D8.13; D8.14.1 for break-before-make, whose steps pt.c does.)
 */
#ifndef ASM_TLB_H
#define ASM_TLB_H

#include <asm/sysreg.h>
#include <lib/types.h>

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

/* The base of stage 2 and the VMID. */
static inline uint64_t vttbr_read(void)
{
	return read_sysreg(vttbr_el2);
}

static inline void vttbr_write(uint64_t vttbr)
{
	write_sysreg(vttbr_el2, vttbr);
}

/*
 * Of the VMID in VTTBR_EL2: stage 2 entries by IPA, then the combined ones that were made from
 * them, which is stage 1 of the whole VMID.
 */
static inline void tlbi_current_page(gpaddr_t ipa)
{
	asm volatile(
		"tlbi ipas2e1is, %0\n dsb ish\n tlbi vmalle1is\n dsb ish\n isb" ::"r"(ipa >> 12)
		: "memory");
}

static inline void tlbi_current_all(void)
{
	asm volatile("tlbi vmalls12e1is\n dsb ish\n isb" ::: "memory");
}

/* What the vCPU loaded on this CPU has in this CPU's TLB. */
static inline void tlb_flush_current_local(void)
{
	asm volatile("isb\n tlbi vmalle1\n dsb nsh\n isb" ::: "memory");
}

/* Everything of all guests in this CPU's TLB: before a tag may mean another domain. */
static inline void tlb_flush_all_guests_local(void)
{
	asm volatile("tlbi alle1\n dsb nsh\n isb" ::: "memory");
}

#endif
