/* SPDX-License-Identifier: ISC */
/*
 * TLB maintenance (Arm ARM DDI 0406C B3.10). The IS forms are broadcast to the Inner Shareable
 * domain, so no CPU has to be interrupted.
 */
#ifndef ASM_TLB_H
#define ASM_TLB_H

#include <asm/barrier.h>
#include <asm/cp15.h>
#include <lib/types.h>

static inline void tlb_publish(void)
{
	dsb(ishst);
	isb();
}

/* One page of the hypervisor's own stage 1, and all of it. */
static inline void tlb_flush_hyp_page(uintptr_t va)
{
	dsb(ishst);
	write_cp(TLBIMVAHIS, va);
	dsb(ish);
	isb();
}

static inline void tlb_flush_hyp_all(void)
{
	dsb(ishst);
	write_cp(TLBIALLHIS, 0);
	dsb(ish);
	isb();
}

/* In Hyp mode TLBIALL is about the VMID in VTTBR. */
static inline void tlb_flush_current_local(void)
{
	isb();
	write_cp(TLBIALL, 0);
	dsb(nsh);
	isb();
}

static inline void tlb_flush_all_guests_local(void)
{
	write_cp(TLBIALLNSNH, 0);
	dsb(nsh);
	isb();
}

/* The base of stage 2 and the VMID. */
static inline uint64_t vttbr_read(void)
{
	return read_cp64(VTTBR);
}

static inline void vttbr_write(uint64_t vttbr)
{
	write_cp64(VTTBR, vttbr);
}

/* Of the VMID in VTTBR: ARMv7 cannot invalidate one guest physical page, so it is all of them. */
static inline void tlbi_current_page(gpaddr_t ipa __unused)
{
	write_cp(TLBIALLIS, 0);
	dsb(ish);
	isb();
}

static inline void tlbi_current_all(void)
{
	tlbi_current_page(0);
}

#endif
