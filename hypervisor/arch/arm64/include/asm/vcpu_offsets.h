/* SPDX-License-Identifier: ISC */
/* Offsets in structures of vCPUs and CPUs, for assembly; asserted in context.c. */
#ifndef ASM_VCPU_OFFSETS_H
#define ASM_VCPU_OFFSETS_H

#define VCPU_X(n)   (8 * (n))
#define VCPU_PC     248
#define VCPU_PSTATE 256

#define FP_FPSR    512
#define FP_FPCR    520
#define FP_AARCH32 528
#define FP_FPEXC   532

#define CPU_TODO       0
#define CPU_ENTRY_LOOP 4
#define CPU_ENTRY_CALL 8

#endif
