/* SPDX-License-Identifier: ISC */
/* The calling CPU: struct cpu is at the top of its stack area. */
#ifndef ASM_CPU_H
#define ASM_CPU_H

#include <asm/barrier.h>
#include <asm/cp15.h>
#include <asm/layout.h>
#include <lib/types.h>

static inline struct cpu *this_cpu(void)
{
	uintptr_t sp;

	asm("mov %0, sp" : "=r"(sp));
	return (struct cpu *)((sp | (STACK_SIZE - 1)) + 1 - CPU_AREA);
}

/* Until an interrupt is pending; the masks of CPSR do not matter (DDI 0406C B1.8.14). */
static inline void arch_wait_for_interrupt(void)
{
	dsb(sy);
	asm volatile("wfi" ::: "memory");
}

/* ISR: bits 7 and 6 are a pending IRQ and FIQ. */
static inline bool arch_interrupt_pending(void)
{
	return read_cp(ISR) & (3U << 6);
}

/* ID_PFR0.State3 (B4.1.93): ThumbEE, and its two registers. */
static inline bool has_thumbee(void)
{
	return read_cp(ID_PFR0) >> 12 & 0xf;
}

#endif
