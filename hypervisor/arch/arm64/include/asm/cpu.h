/* SPDX-License-Identifier: ISC */
/* The calling CPU: struct cpu is at the top of its stack area. */
#ifndef ASM_CPU_H
#define ASM_CPU_H

#include <asm/barrier.h>
#include <asm/layout.h>
#include <lib/types.h>

static inline struct cpu *this_cpu(void)
{
	uintptr_t sp;

	asm("mov %0, sp" : "=r"(sp));
	return (struct cpu *)((sp | (STACK_SIZE - 1)) + 1 - CPU_AREA);
}

/* Until an interrupt is pending; PSTATE masks do not matter (Arm ARM D1.6.2). */
static inline void arch_wait_for_interrupt(void)
{
	dsb(sy);
	asm volatile("wfi" ::: "memory");
}

/* An interrupt waits to be taken (D19.2.61 ISR_EL1). */
static inline bool arch_interrupt_pending(void)
{
	uint64_t isr;

	asm volatile("mrs %0, isr_el1" : "=r"(isr));
	return isr & (3 << 6);
}

#endif
