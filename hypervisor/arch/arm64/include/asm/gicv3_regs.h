/* SPDX-License-Identifier: ISC */
/*
 * GICv3 system registers by number, since assemblers need -march=armv8-a+gic names (Arm IHI 0069
 * 12.2 - 12.4).
 */
#ifndef ASM_GICV3_REGS_H
#define ASM_GICV3_REGS_H

#include <hyp/types.h>
#include <asm/barrier.h>

#define ICC_PMR_EL1     S3_0_C4_C6_0
#define ICC_DIR_EL1     S3_0_C12_C11_1
#define ICC_SGI1R_EL1   S3_0_C12_C11_5
#define ICC_IAR1_EL1    S3_0_C12_C12_0
#define ICC_EOIR1_EL1   S3_0_C12_C12_1
#define ICC_BPR1_EL1    S3_0_C12_C12_3
#define ICC_CTLR_EL1    S3_0_C12_C12_4
#define ICC_IGRPEN1_EL1 S3_0_C12_C12_7
#define ICC_SRE_EL2     S3_4_C12_C9_5
#define ICH_AP1R0_EL2   S3_4_C12_C9_0
#define ICH_AP1R1_EL2   S3_4_C12_C9_1
#define ICH_AP1R2_EL2   S3_4_C12_C9_2
#define ICH_AP1R3_EL2   S3_4_C12_C9_3
#define ICH_HCR_EL2     S3_4_C12_C11_0
#define ICH_VTR_EL2     S3_4_C12_C11_1
#define ICH_ELRSR_EL2   S3_4_C12_C11_5
#define ICH_VMCR_EL2    S3_4_C12_C11_7

#define ICC_CTLR_EOIMODE BIT(1)

#define gicreg_name(r)  gicreg_name_(r)
#define gicreg_name_(r) #r
#define read_gicreg(r)                                              \
	({                                                          \
		uint64_t _v;                                        \
		asm volatile("mrs %0, " gicreg_name(r) : "=r"(_v)); \
		_v;                                                 \
	})
#define write_gicreg(r, v) asm volatile("msr " gicreg_name(r) ", %0" ::"r"((uint64_t)(v)))

/*
 * ICH_LR0_EL2 .. ICH_LR15_EL2: the number is part of the instruction, so a table of instructions.
 */
static inline void ich_lr_write(unsigned index, uint64_t v)
{
#define LR_W(n, crm, op2)                                                     \
	case n:                                                               \
		asm volatile("msr S3_4_C12_C" #crm "_" #op2 ", %0" ::"r"(v)); \
		break;
	switch (index) {
		LR_W(0, 12, 0)
		LR_W(1, 12, 1) LR_W(2, 12, 2) LR_W(3, 12, 3) LR_W(4, 12, 4) LR_W(5, 12, 5)
			LR_W(6, 12, 6) LR_W(7, 12, 7) LR_W(8, 13, 0) LR_W(9, 13, 1) LR_W(10, 13, 2)
				LR_W(11, 13, 3) LR_W(12, 13, 4) LR_W(13, 13, 5) LR_W(14, 13, 6)
					LR_W(15, 13, 7)
	}
#undef LR_W
}

static inline uint64_t ich_lr_read(unsigned index)
{
	uint64_t v = 0;

#define LR_R(n, crm, op2)                                                   \
	case n:                                                             \
		asm volatile("mrs %0, S3_4_C12_C" #crm "_" #op2 : "=r"(v)); \
		break;
	switch (index) {
		LR_R(0, 12, 0)
		LR_R(1, 12, 1) LR_R(2, 12, 2) LR_R(3, 12, 3) LR_R(4, 12, 4) LR_R(5, 12, 5)
			LR_R(6, 12, 6) LR_R(7, 12, 7) LR_R(8, 13, 0) LR_R(9, 13, 1) LR_R(10, 13, 2)
				LR_R(11, 13, 3) LR_R(12, 13, 4) LR_R(13, 13, 5) LR_R(14, 13, 6)
					LR_R(15, 13, 7)
	}
#undef LR_R
	return v;
}

#endif
