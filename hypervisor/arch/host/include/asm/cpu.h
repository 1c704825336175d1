/* SPDX-License-Identifier: ISC */
/* The test host's CPUs: tests choose which one they are on, each thread for itself. */
#ifndef ASM_CPU_H
#define ASM_CPU_H

#include <lib/types.h>

extern __thread struct cpu *host_cpu;

static inline struct cpu *this_cpu(void)
{
	return host_cpu;
}

/* arch/host/host.c */
void arch_wait_for_interrupt(void);
bool arch_interrupt_pending(void);

#endif
