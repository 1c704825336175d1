/* SPDX-License-Identifier: ISC */
/*
 * What each CPU's EL2 registers hold from its start on. Most are UNKNOWN at reset, so each that can
 * let a guest reach something, or act on a guest, is written: deny by default.
 */
#include <arm/vmid.h>
#include <arm/width.h>
#include <asm/barrier.h>
#include <asm/sysreg.h>
#include <hyp/cpu.h>
#include <mem/p2m.h>

#define VTCR_PS_SHIFT 16
#define VTCR_VS       BIT64(19) /* 16-bit VMIDs */
#define PS_48_BITS    5UL       /* as much as 4 KiB granules need */

/* VTCR_EL2 (Arm ARM D19.2.156): physical size as the CPU has it, 16-bit VMIDs if there are. */
static uint64_t vtcr_value(void)
{
	uint64_t t0sz = 64 - p2m_ipa_bits;
	uint64_t ps = MIN(ID_FIELD(read_sysreg(id_aa64mmfr0_el1), MMFR0_PARANGE), PS_48_BITS);

	return VTCR_ANY_GUEST | t0sz | ps << VTCR_PS_SHIFT | (cpu_nr_vmids() > 256 ? VTCR_VS : 0);
}

/* Registers that every CPU has. */
static void init_always(void)
{
	write_sysreg(vtcr_el2, vtcr_value());
	write_sysreg(vttbr_el2, vttbr_none());
	write_sysreg(hcr_el2, HCR_GUEST);
	write_sysreg(cptr_el2, CPTR_BASE | CPTR_TFP);
	write_sysreg(hstr_el2, 0);
	/*
	 * Arm's CPUs: EL1 may not use their own control and monitor registers. Others: as at
	 * reset.
	 */
	write_sysreg(actlr_el2, 0);
	write_sysreg(mdcr_el2, (read_sysreg(mdcr_el2) & MDCR_HPMN) | MDCR_GUEST);
	write_sysreg(mdscr_el1, 0); /* guests may not: no stepping, no break- and watchpoints */
	write_sysreg(cnthctl_el2, CNTHCTL_EL1PCTEN);
	write_sysreg(cntvoff_el2, 0);
	write_sysreg(cntv_ctl_el0, 0);
	write_sysreg(cntp_ctl_el0, 0);
	write_sysreg(cnthp_ctl_el2, 0);
	write_sysreg(vpidr_el2, read_sysreg(midr_el1));
}

/* Fields of ID registers: name, lowest bit; all are 4 wide. The newer registers by number. */
#define ID_AA64PFR0_RAS       id_aa64pfr0_el1, 28
#define ID_AA64PFR0_MPAM      id_aa64pfr0_el1, 40
#define ID_AA64PFR1_MPAM_FRAC id_aa64pfr1_el1, 16
#define ID_AA64PFR1_SME       id_aa64pfr1_el1, 24
#define ID_AA64PFR1_GCS       id_aa64pfr1_el1, 44
#define ID_AA64DFR0_PMSVER    id_aa64dfr0_el1, 32
#define ID_AA64DFR0_TRACEFILT id_aa64dfr0_el1, 40
#define ID_AA64DFR0_TRACEBUF  id_aa64dfr0_el1, 44
#define ID_AA64DFR0_BRBE      id_aa64dfr0_el1, 52
#define ID_AA64MMFR0_FGT      id_aa64mmfr0_el1, 56
#define ID_AA64MMFR1_LO       id_aa64mmfr1_el1, 16
#define ID_AA64MMFR1_HCX      id_aa64mmfr1_el1, 40
#define ID_AA64MMFR3_TCRX     S3_0_C0_C7_3, 0
#define ID_AA64MMFR3_SCTLRX   S3_0_C0_C7_3, 4
#define ID_AA64PFR0_AMU       id_aa64pfr0_el1, 44

#define FIELD_OF(reg, low) (read_sysreg(reg) >> (low)&0xf)
#define AT_LEAST(field, n) (FIELD_OF(field) >= (n))
#define BIT_OF(reg, bit)   (read_sysreg(reg) >> (bit)&1)

#define HAS_MPAM (AT_LEAST(ID_AA64PFR0_MPAM, 1) || AT_LEAST(ID_AA64PFR1_MPAM_FRAC, 1))
#define HAS_FGT  AT_LEAST(ID_AA64MMFR0_FGT, 1)
#define HAS_FGT2 AT_LEAST(ID_AA64MMFR0_FGT, 2)

/* The profiling and the trace buffer may belong to a higher level: PMBIDR_EL1.P, TRBIDR_EL1.P. */
#define HAS_SPE   (AT_LEAST(ID_AA64DFR0_PMSVER, 1) && !BIT_OF(S3_0_C9_C10_7, 4))
#define HAS_TRBE  (AT_LEAST(ID_AA64DFR0_TRACEBUF, 1) && !BIT_OF(S3_0_C9_C11_7, 4))
#define HAS_TIDR  (HAS_MPAM && BIT_OF(S3_0_C10_C4_4, 58)) /* MPAMIDR_EL1.HAS_TIDR */
#define HAS_MPAMH (HAS_MPAM && BIT_OF(S3_0_C10_C4_4, 17)) /* MPAMIDR_EL1.HAS_HCR */

/* MPAM2_EL2: TIDR, TRAPMPAM0EL1, TRAPMPAM1EL1. MPAMHCR_EL2: TRAP_MPAMIDR_EL1. */
#define MPAM2_TRAPS  (1UL << 48 | 1UL << 49)
#define MPAM2_TIDR   (1UL << 58)
#define MPAMHCR_TRAP (1UL << 31)

/*
 * Registers that come with a feature: when this CPU has it, which, and what it holds (Arm ARM
 * D19.2). That the firmware lets EL2 at them is what Linux asks for, too
 * (Documentation/arch/arm64/booting.rst).
 *
 * In HCRX_EL2 and in the "n" bits of the fine-grained traps 0 denies; the latters' other bits
 * trap what guests may use or what HCR_EL2, CPTR_EL2 and MDCR_EL2 trap already.
 */
// clang-format off
#define FEATURE_REGISTERS(row)                                                                  \
	row(AT_LEAST(ID_AA64MMFR1_HCX, 1),        S3_4_C1_C2_2,   0) /* HCRX_EL2 */             \
	row(HAS_FGT,                              S3_4_C1_C1_4,   0) /* HFGRTR_EL2 */           \
	row(HAS_FGT,                              S3_4_C1_C1_5,   0) /* HFGWTR_EL2 */           \
	row(HAS_FGT,                              S3_4_C1_C1_6,   0) /* HFGITR_EL2 */           \
	row(HAS_FGT,                              S3_4_C3_C1_4,   0) /* HDFGRTR_EL2 */          \
	row(HAS_FGT,                              S3_4_C3_C1_5,   0) /* HDFGWTR_EL2 */          \
	row(HAS_FGT && AT_LEAST(ID_AA64PFR0_AMU, 1), S3_4_C3_C1_6, 0) /* HAFGRTR_EL2 */         \
	row(HAS_FGT2,                             S3_4_C3_C1_0,   0) /* HDFGRTR2_EL2 */         \
	row(HAS_FGT2,                             S3_4_C3_C1_1,   0) /* HDFGWTR2_EL2 */         \
	row(HAS_FGT2,                             S3_4_C3_C1_2,   0) /* HFGRTR2_EL2 */          \
	row(HAS_FGT2,                             S3_4_C3_C1_3,   0) /* HFGWTR2_EL2 */          \
	row(HAS_FGT2,                             S3_4_C3_C1_7,   0) /* HFGITR2_EL2 */          \
	row(AT_LEAST(ID_AA64MMFR3_TCRX, 1),       S3_4_C2_C0_3,   0) /* TCR2_EL2 */             \
	row(AT_LEAST(ID_AA64MMFR3_SCTLRX, 1),     S3_4_C1_C0_3,   0) /* SCTLR2_EL2 */           \
	row(AT_LEAST(ID_AA64PFR1_GCS, 1),         S3_4_C2_C5_0,   0) /* GCSCR_EL2 */            \
	row(AT_LEAST(ID_AA64PFR0_RAS, 1),         S3_4_C5_C2_3,   0) /* VSESR_EL2 */            \
	row(AT_LEAST(ID_AA64PFR0_RAS, 1),         S3_4_C12_C1_1,  0) /* VDISR_EL2 */            \
	row(HAS_MPAM,                             S3_4_C10_C5_0,  MPAM2_TRAPS) /* MPAM2_EL2 */  \
	row(HAS_TIDR,                             S3_4_C10_C5_0,  MPAM2_TRAPS | MPAM2_TIDR)     \
	row(HAS_MPAMH,                            S3_4_C10_C4_0,  MPAMHCR_TRAP) /* MPAMHCR_EL2 */ \
	row(HAS_SPE,                              S3_4_C9_C9_0,   0) /* PMSCR_EL2 */            \
	row(HAS_SPE,                              S3_0_C9_C10_0,  0) /* PMBLIMITR_EL1 */        \
	row(HAS_TRBE,                             S3_0_C9_C11_0,  0) /* TRBLIMITR_EL1 */        \
	row(AT_LEAST(ID_AA64DFR0_TRACEFILT, 1),   S3_4_C1_C2_1,   0) /* TRFCR_EL2 */            \
	row(AT_LEAST(ID_AA64DFR0_BRBE, 1),        S2_4_C9_C0_0,   0) /* BRBCR_EL2 */            \
	row(AT_LEAST(ID_AA64MMFR1_LO, 1),         S3_0_C10_C4_3,  0) /* LORC_EL1 */             \
	row(AT_LEAST(ID_AA64PFR1_SME, 1),         S3_3_C13_C0_5,  0) /* TPIDR2_EL0 */
// clang-format on

static void init_by_feature(void)
{
#define WRITE_IF(condition, reg, value) \
	if (condition)                  \
		write_sysreg(reg, value);
	FEATURE_REGISTERS(WRITE_IF)
#undef WRITE_IF
}

/*
 * Registers of features that guests are not shown, but that nothing keeps them from using:
 * vcpu_load() clears them. TPIDR2_EL0 traps where there are fine-grained traps.
 */
static uint8_t untrapped(void)
{
	return (AT_LEAST(ID_AA64PFR0_RAS, 1) ? UNTRAPPED_VDISR : 0) |
	       (AT_LEAST(ID_AA64PFR1_SME, 1) && !HAS_FGT ? UNTRAPPED_TPIDR2 : 0);
}

void hyp_regs_init(struct cpu *c)
{
	init_always();
	isb();
	init_by_feature();
	c->untrapped = untrapped();
	isb();
	/* What was in the TLB before: of guests of a hypervisor that ran before this one. */
	asm volatile("tlbi alle1\n dsb nsh\n isb" ::: "memory");
}
