/* SPDX-License-Identifier: ISC */
/* System register access and the bits of them that the hypervisor sets (Arm ARM D19). */
#ifndef ASM_SYSREG_H
#define ASM_SYSREG_H

#include <arm/hyp_bits.h>

#define read_sysreg(r)                                  \
	({                                              \
		uint64_t _v;                            \
		asm volatile("mrs %0, " #r : "=r"(_v)); \
		_v;                                     \
	})
#define write_sysreg(r, v) asm volatile("msr " #r ", %0" ::"r"((uint64_t)(v)))

/* HCR_EL2 (D19.2.48): what ARMv7 does not have. */
#define HCR_RW    (1UL << 31) /* EL1 is AArch64 */
#define HCR_TLOR  (1UL << 35) /* trap limited ordering regions */
#define HCR_TERR  (1UL << 36) /* trap the RAS error record registers */
#define HCR_GUEST (HCR_ANY_GUEST | HCR_TID3 | HCR_RW | HCR_TLOR | HCR_TERR)

/*
 * SCTLR_EL2 (D19.2.119): M C SA I and the RES1 bits; WXN added once the image is mapped with its
 * permissions.
 */
#define SCTLR_EL2_RES1 0x30c50830
#define SCTLR_M        (1 << 0)
#define SCTLR_C        (1 << 2)
#define SCTLR_SA       (1 << 3)
#define SCTLR_I        (1 << 12)
#define SCTLR_WXN      (1 << 19)

/*
 * CPTR_EL2 (D19.2.33, HCR_EL2.E2H=0): RES1 bits; TZ and TSM are among them, so SVE and SME trap.
 * TTA and TAM: trace and activity monitors. A CPU without them ignores their bits.
 */
#define CPTR_BASE (0x33ff | (1 << 20 /* TTA */) | (1 << 30 /* TAM */))
#define CPTR_TFP  (1 << 10)

/*
 * MDCR_EL2 (D19.3.16): besides what ARMv7 has, trace filter and statistical profiling are trapped.
 * E2PB and E2TB 0: so are the profiling and the trace buffer.
 */
#define MDCR_TPMS  (1 << 14)
#define MDCR_TTRF  (1 << 19)
#define MDCR_GUEST (MDCR_ANY_GUEST | MDCR_TPMS | MDCR_TTRF)

/* Fields of ID registers are 4 bits wide: ID_FIELD(value, lowest bit). */
#define ID_FIELD(value, low) ((value) >> (low)&0xf)
#define MMFR0_PARANGE        0 /* ID_AA64MMFR0_EL1: physical addresses */
#define MMFR1_VMIDBITS       4 /* ID_AA64MMFR1_EL1 */
#define VMIDBITS_16          2

/* cpu.untrapped: registers that guests can write, but have no use for. */
#define UNTRAPPED_VDISR  (1 << 0)
#define UNTRAPPED_TPIDR2 (1 << 1)

/* SPSR: EL1 with its own stack, D A I F masked: the state of a CPU that was just started. */
#define PSTATE_EL1H_DAIF 0x3c5
#define PSTATE_AARCH32   (1 << 4) /* M[4] */
#define PSTATE_NZCV      (0xfUL << 28)

/* VMPIDR_EL2 (D19.2.162) */
#define VMPIDR_RES1 (1UL << 31)

/*
 * SCTLR_EL1 at the start of a vCPU: MMU and caches off, RES1 bits (the value that Xen's toolstack
 * passes).
 */
#define SCTLR_EL1_RESET 0x00c50078

#endif
