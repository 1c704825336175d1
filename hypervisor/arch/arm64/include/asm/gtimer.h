/* SPDX-License-Identifier: ISC */
/* Registers of the generic timer (Arm ARM D12.2). Control: bit 0 enables. */
#ifndef ASM_GTIMER_H
#define ASM_GTIMER_H

#include <asm/barrier.h>
#include <asm/sysreg.h>
#include <stdint.h>

/* The ISB keeps the read from being done early (D12.2.1: counter reads may be speculated). */
static inline uint64_t counter_read(void)
{
	uint64_t t;

	asm volatile("isb\n mrs %0, cntpct_el0" : "=r"(t)::"memory");
	return t;
}

static inline uint32_t counter_frequency(void)
{
	return (uint32_t)read_sysreg(cntfrq_el0);
}

static inline void hyp_timer_start(uint64_t deadline)
{
	write_sysreg(cnthp_cval_el2, deadline);
	write_sysreg(cnthp_ctl_el2, 1);
	isb();
}

static inline void hyp_timer_stop(void)
{
	write_sysreg(cnthp_ctl_el2, 0);
}

static inline uint64_t vtimer_ctl_read(void)
{
	return read_sysreg(cntv_ctl_el0);
}

static inline void vtimer_ctl_write(uint64_t ctl)
{
	write_sysreg(cntv_ctl_el0, ctl);
}

static inline uint64_t vtimer_cval_read(void)
{
	return read_sysreg(cntv_cval_el0);
}

static inline void vtimer_cval_write(uint64_t cval)
{
	write_sysreg(cntv_cval_el0, cval);
}

#endif
