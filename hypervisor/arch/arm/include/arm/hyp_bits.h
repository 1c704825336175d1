/* SPDX-License-Identifier: ISC */
/*
 * Bits of the hypervisor's control registers that both widths have in the same places: HCR_EL2 and
 * HCR, VTCR_EL2 and VTCR, MDCR_EL2 and HDCR, CNTHCTL_EL2 and CNTHCTL (Arm ARM D19.2, G8.2).
 */
#ifndef ARM_HYP_BITS_H
#define ARM_HYP_BITS_H

#include <lib/types.h>

/* HCR. What is not here is one width's. */
#define HCR_VM     BIT64(0) /* stage 2 on */
#define HCR_SWIO   BIT64(1) /* invalidate by set/way cleans too */
#define HCR_PTW    BIT64(2) /* no stage 1 walk in Device memory: a stage 2 permission fault */
#define HCR_FMO    BIT64(3) /* FIQ, IRQ, SError to the hypervisor, virtual ones enabled */
#define HCR_IMO    BIT64(4)
#define HCR_AMO    BIT64(5)
#define HCR_VSE    BIT64(8)  /* virtual SError (ARMv7: asynchronous abort) pending */
#define HCR_FB     BIT64(9)  /* TLB and icache maintenance broadcast */
#define HCR_BSU_IS BIT64(10) /* barriers at least inner shareable */
#define HCR_TWI    BIT64(13) /* trap WFI */
#define HCR_TWE    BIT64(14) /* trap WFE */
#define HCR_TID3   BIT64(18) /* trap reads of the ID registers */
#define HCR_TSC    BIT64(19) /* trap SMC */
#define HCR_TIDCP  BIT64(20) /* trap implementation-defined registers */
#define HCR_TACR   BIT64(21) /* trap the auxiliary control register */
#define HCR_ANY_GUEST                                                                      \
	(HCR_VM | HCR_SWIO | HCR_PTW | HCR_FMO | HCR_IMO | HCR_AMO | HCR_FB | HCR_BSU_IS | \
	 HCR_TWI | HCR_TWE | HCR_TSC | HCR_TIDCP | HCR_TACR)

/* VTCR: walks are write-back and inner shareable and start at level 1; T0SZ is the width's. */
#define VTCR_SL0_LEVEL1 BIT64(6)
#define VTCR_IRGN0_WBWA BIT64(8)
#define VTCR_ORGN0_WBWA BIT64(10)
#define VTCR_SH0_INNER  ((uint64_t)3 << 12)
#define VTCR_RES1       BIT64(31)
#define VTCR_ANY_GUEST \
	(VTCR_SL0_LEVEL1 | VTCR_IRGN0_WBWA | VTCR_ORGN0_WBWA | VTCR_SH0_INNER | VTCR_RES1)

/* VTTBR: the VMID is above the table's address. */
#define VTTBR_VMID_SHIFT 48

/* MDCR, HDCR: debug, OS lock, ROM address, PMU, PMCR are trapped. HPMN is kept from reset. */
#define MDCR_HPMN      0x1f
#define MDCR_TPMCR     (1 << 5)
#define MDCR_TPM       (1 << 6)
#define MDCR_TDA       (1 << 9)
#define MDCR_TDOSA     (1 << 10)
#define MDCR_TDRA      (1 << 11)
#define MDCR_ANY_GUEST (MDCR_TPMCR | MDCR_TPM | MDCR_TDA | MDCR_TDOSA | MDCR_TDRA)

/* CNTHCTL: guests may read the physical counter, the physical timer traps. */
#define CNTHCTL_EL1PCTEN (1 << 0)

#endif
