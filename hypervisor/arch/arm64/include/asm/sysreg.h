/* SPDX-License-Identifier: ISC */
/* System register access and the bits of them that the hypervisor sets (Arm ARM D19). */
#ifndef ASM_SYSREG_H
#define ASM_SYSREG_H

#define read_sysreg(r)                                  \
	({                                              \
		uint64_t _v;                            \
		asm volatile("mrs %0, " #r : "=r"(_v)); \
		_v;                                     \
	})
#define write_sysreg(r, v) asm volatile("msr " #r ", %0" ::"r"((uint64_t)(v)))

/* HCR_EL2 (D19.2.48) */
#define HCR_VM     (1UL << 0) /* stage 2 on */
#define HCR_SWIO   (1UL << 1) /* invalidate by set/way cleans too */
#define HCR_FMO    (1UL << 3) /* FIQ, IRQ, SError to EL2, virtual ones enabled */
#define HCR_IMO    (1UL << 4)
#define HCR_AMO    (1UL << 5)
#define HCR_VSE    (1UL << 8)  /* virtual SError pending */
#define HCR_FB     (1UL << 9)  /* TLB and icache maintenance broadcast */
#define HCR_BSU_IS (1UL << 10) /* barriers at least inner shareable */
#define HCR_TWI    (1UL << 13) /* trap WFI */
#define HCR_TWE    (1UL << 14) /* trap WFE */
#define HCR_TID3   (1UL << 18) /* trap reads of the ID registers */
#define HCR_TSC    (1UL << 19) /* trap SMC */
#define HCR_TIDCP  (1UL << 20) /* trap implementation-defined registers */
#define HCR_TACR   (1UL << 21) /* trap ACTLR_EL1 */
#define HCR_RW     (1UL << 31) /* EL1 is AArch64 */
#define HCR_TLOR   (1UL << 35) /* trap limited ordering regions */
#define HCR_TERR   (1UL << 36) /* trap the RAS error record registers */
#define HCR_GUEST                                                                          \
	(HCR_VM | HCR_SWIO | HCR_FMO | HCR_IMO | HCR_AMO | HCR_FB | HCR_BSU_IS | HCR_TWI | \
	 HCR_TWE | HCR_TID3 | HCR_TSC | HCR_TIDCP | HCR_TACR | HCR_RW | HCR_TLOR | HCR_TERR)

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

/* CPTR_EL2 (D19.2.33, HCR_EL2.E2H=0): RES1 bits; TZ and TSM are among them, so SVE and SME trap. */
#define CPTR_BASE (0x33ff | (1 << 20 /* TTA */))
#define CPTR_TFP  (1 << 10)

/*
 * MDCR_EL2 (D19.3.16): debug, OS lock, ROM address, PMU, PMCR, trace filter: all trapped. HPMN kept
 * from reset.
 */
#define MDCR_TPMCR (1 << 5)
#define MDCR_TPM   (1 << 6)
#define MDCR_TDA   (1 << 9)
#define MDCR_TDOSA (1 << 10)
#define MDCR_TDRA  (1 << 11)
#define MDCR_TTRF  (1 << 19)
#define MDCR_GUEST (MDCR_TPMCR | MDCR_TPM | MDCR_TDA | MDCR_TDOSA | MDCR_TDRA | MDCR_TTRF)

/* CNTHCTL_EL2 (D19.12.11): EL1 may read the physical counter, the physical timer traps. */
#define CNTHCTL_EL1PCTEN (1 << 0)

/* SPSR: EL1 with its own stack, D A I F masked: the state of a CPU that was just started. */
#define PSTATE_EL1H_DAIF 0x3c5

/*
 * SCTLR_EL1 at the start of a vCPU: MMU and caches off, RES1 bits (the value that Xen's toolstack
 * passes).
 */
#define SCTLR_EL1_RESET 0x00c50078

#endif
