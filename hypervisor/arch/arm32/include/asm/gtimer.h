/* SPDX-License-Identifier: ISC */
/* Registers of the generic timer (Arm ARM DDI 0406C B8.1). Control: bit 0 enables. */
#ifndef ASM_GTIMER_H
#define ASM_GTIMER_H

#include <asm/barrier.h>
#include <asm/cp15.h>

/* The ISB keeps the read from being done early. */
static inline uint64_t counter_read(void)
{
	isb();
	return read_cp64(CNTPCT);
}

static inline uint32_t counter_frequency(void)
{
	return read_cp(CNTFRQ);
}

static inline void hyp_timer_start(uint64_t deadline)
{
	write_cp64(CNTHP_CVAL, deadline);
	write_cp(CNTHP_CTL, 1);
	isb();
}

static inline void hyp_timer_stop(void)
{
	write_cp(CNTHP_CTL, 0);
}

static inline uint64_t vtimer_ctl_read(void)
{
	return read_cp(CNTV_CTL);
}

static inline void vtimer_ctl_write(uint64_t ctl)
{
	write_cp(CNTV_CTL, ctl);
}

static inline uint64_t vtimer_cval_read(void)
{
	return read_cp64(CNTV_CVAL);
}

static inline void vtimer_cval_write(uint64_t cval)
{
	write_cp64(CNTV_CVAL, cval);
}

#endif
