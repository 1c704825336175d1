/* SPDX-License-Identifier: ISC */
/*
 * What each CPU's Hyp registers hold from its start on. Most are UNKNOWN at reset, so each is
 * written: deny by default (DDI 0406C B4.1).
 */
#include <arm/vmid.h>
#include <arm/width.h>
#include <asm/barrier.h>
#include <asm/hyp_values.h>
#include <asm/tlb.h>
#include <hyp/cpu.h>
#include <mem/p2m.h>

/* VTCR.T0SZ is a signed number of 4 bits, 32 minus the bits of addresses; S repeats its sign. */
static uint32_t vtcr_value(void)
{
	uint32_t t0sz = (32 - p2m_ipa_bits) & 0xf;

	return (uint32_t)VTCR_ANY_GUEST | t0sz | (t0sz & 8) << 1;
}

void hyp_regs_init(struct cpu *c __unused)
{
	write_cp(VTCR, vtcr_value());
	write_cp64(VTTBR, vttbr_none());
	write_cp(HCR, HCR_GUEST);
	write_cp(HCPTR, HCPTR_GUEST | HCPTR_FP);
	write_cp(HSTR, 0);
	write_cp(HACR, 0);
	write_cp(HDCR, (read_cp(HDCR) & MDCR_HPMN) | MDCR_ANY_GUEST);
	write_cp(CNTHCTL, CNTHCTL_EL1PCTEN);
	write_cp64(CNTVOFF, 0);
	write_cp(CNTV_CTL, 0);
	write_cp(CNTP_CTL, 0);
	write_cp(CNTHP_CTL, 0);
	write_cp(VPIDR, read_cp(MIDR));
	isb();
	/* What was in the TLB before: of guests of a hypervisor that ran before this one. */
	tlb_flush_all_guests_local();
}
