/* SPDX-License-Identifier: ISC */
/* Offsets in struct arch_vcpu and struct cpu that assembly uses; asserted in context.c. */
#ifndef ASM_VCPU_OFFSETS_H
#define ASM_VCPU_OFFSETS_H

#define VCPU_X(n)   (8 * (n))
#define VCPU_PC     248
#define VCPU_PSTATE 256

#define CPU_TODO       0
#define CPU_ENTRY_LOOP 4
#define CPU_ENTRY_CALL 8

#endif
