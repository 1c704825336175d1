/* SPDX-License-Identifier: ISC */
/* The generic timer: the counter, and the hypervisor's own timer CNTHP (Arm ARM D12). */
#include <asm/sysreg.h>
#include <hyp/timer.h>

/* The ISB keeps the read from being done early (D12.2.1: counter reads may be speculated). */
uint64_t time_ticks(void)
{
	uint64_t t;

	asm volatile("isb\n mrs %0, cntpct_el0" : "=r"(t)::"memory");
	return t;
}

void arch_timer_program(uint64_t deadline)
{
	if (deadline == TIMER_OFF) {
		write_sysreg(cnthp_ctl_el2, 0);
		return;
	}
	write_sysreg(cnthp_cval_el2, deadline);
	write_sysreg(cnthp_ctl_el2, 1);
	asm volatile("isb" ::: "memory");
}

uint32_t arch_timer_frequency(void)
{
	return (uint32_t)read_sysreg(cntfrq_el0);
}
