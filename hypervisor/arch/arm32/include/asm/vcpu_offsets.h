/* SPDX-License-Identifier: ISC */
/* Offsets in structures of vCPUs and CPUs, for assembly; asserted in context.c. */
#ifndef ASM_VCPU_OFFSETS_H
#define ASM_VCPU_OFFSETS_H

#define VCPU_R      0 /* r0-r12 follow each other */
#define VCPU_LR_USR 56

#define FP_FPEXC   256
#define FP_FPSCR   260
#define FP_FPINST  264
#define FP_FPINST2 268

#define CPU_TODO 0

#endif
