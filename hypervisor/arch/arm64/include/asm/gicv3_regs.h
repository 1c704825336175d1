/* SPDX-License-Identifier: ISC */
/*
 * GICv3 system registers by number, since assemblers need -march=armv8-a+gic names (Arm IHI 0069
 * 12.2 - 12.4).
 */
#ifndef ASM_GICV3_REGS_H
#define ASM_GICV3_REGS_H

#include <lib/types.h>
#include <asm/barrier.h>

#define ICC_PMR_EL1     S3_0_C4_C6_0
#define ICC_DIR_EL1     S3_0_C12_C11_1
#define ICC_SGI1R_EL1   S3_0_C12_C11_5
#define ICC_IAR1_EL1    S3_0_C12_C12_0
#define ICC_EOIR1_EL1   S3_0_C12_C12_1
#define ICC_BPR1_EL1    S3_0_C12_C12_3
#define ICC_CTLR_EL1    S3_0_C12_C12_4
#define ICC_SRE_EL1     S3_0_C12_C12_5
#define ICC_IGRPEN1_EL1 S3_0_C12_C12_7
#define ICC_AP1R0_EL1   S3_0_C12_C9_0
#define ICC_AP1R1_EL1   S3_0_C12_C9_1
#define ICC_AP1R2_EL1   S3_0_C12_C9_2
#define ICC_AP1R3_EL1   S3_0_C12_C9_3
#define ICC_SRE_EL2     S3_4_C12_C9_5
#define ICH_AP0R0_EL2   S3_4_C12_C8_0
#define ICH_AP0R1_EL2   S3_4_C12_C8_1
#define ICH_AP0R2_EL2   S3_4_C12_C8_2
#define ICH_AP0R3_EL2   S3_4_C12_C8_3
#define ICH_AP1R0_EL2   S3_4_C12_C9_0
#define ICH_AP1R1_EL2   S3_4_C12_C9_1
#define ICH_AP1R2_EL2   S3_4_C12_C9_2
#define ICH_AP1R3_EL2   S3_4_C12_C9_3
#define ICH_HCR_EL2     S3_4_C12_C11_0
#define ICH_VTR_EL2     S3_4_C12_C11_1
#define ICH_ELRSR_EL2   S3_4_C12_C11_5
#define ICH_VMCR_EL2    S3_4_C12_C11_7

#define ICC_CTLR_EOIMODE       BIT(1)
#define ICC_CTLR_PRIBITS(ctlr) (((ctlr) >> 8 & 7) + 1)

/*
 * ICC_SRE_EL1, ICC_SRE_EL2: system registers instead of memory, no bypass of IRQ
 * and FIQ. Enable: EL1 may access ICC_SRE_EL1.
 */
#define ICC_SRE_ALL    7
#define ICC_SRE_ENABLE BIT(3)

/* ICH_VTR_EL2: list registers and preemption bits, each less 1. */
#define ICH_VTR_LISTREGS(vtr) (((vtr)&0x1f) + 1)
#define ICH_VTR_PREBITS(vtr)  (((vtr) >> 26 & 7) + 1)

/* ICH_VMCR_EL2: what ICC_IGRPEN0_EL1 and ICC_BPR0_EL1 are for a guest. */
#define ICH_VMCR_VENG0       BIT(0)
#define ICH_VMCR_VBPR0_SHIFT 21 /* three bits */

#define gicreg_name(r)  gicreg_name_(r)
#define gicreg_name_(r) #r
#define read_gicreg(r)                                              \
	({                                                          \
		uint64_t _v;                                        \
		asm volatile("mrs %0, " gicreg_name(r) : "=r"(_v)); \
		_v;                                                 \
	})
#define write_gicreg(r, v) asm volatile("msr " gicreg_name(r) ", %0" ::"r"((uint64_t)(v)))

/* ICH_LR0_EL2 .. ICH_LR15_EL2 (gicv3_lr.S). index < 16. */
void ich_lr_write(uint64_t value, unsigned index);
uint64_t ich_lr_read(unsigned index);

#endif
