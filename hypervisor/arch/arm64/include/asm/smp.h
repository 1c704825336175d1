/* SPDX-License-Identifier: ISC */
/* CPU set-up. */
#ifndef ASM_SMP_H
#define ASM_SMP_H

#include <hyp/types.h>

struct cpu;

/* MPIDR affinity fields of the calling CPU. */
uint64_t arch_cpu_hwid(void);

/* Everything that a CPU has of its own, on that CPU. */
void arch_cpu_init(struct cpu *c);

/* Set p2m_ipa_bits: 40 bits of guest physical addresses, or what the CPU has if that is less. */
void arch_init_guest_addresses(void);

#endif
