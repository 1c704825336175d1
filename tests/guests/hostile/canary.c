/* SPDX-License-Identifier: ISC */
/*
 * Wants the CPU for a moment every 10 ms, beside a guest that does what it should not, and notes
 * how long it ever had to wait for it: seconds=N for so long, at most limit=MS is right.
 */

#include "gic.h"

const char guest_name[] = "canary";

static void timer_off(struct cpu *cpu, unsigned intid)
{
	(void)cpu;
	if (intid == board.ppi_virt)
		SYSREG_WRITE(cntv_ctl_el0, 0);
	ISB();
}

static u64 in_ms(u64 ticks)
{
	return ticks / (timer_frequency() / 1000);
}

static void check_gaps(void)
{
	const u64 turn = timer_frequency() / 100;
	u64 last = timer_now(), end = last + board_arg_u64("seconds", 2) * timer_frequency(),
	    longest = 0;
	unsigned turns = 0;

	gic_enable(board.ppi_virt);
	for (; last < end; turns++) {
		u64 now;

		SYSREG_WRITE(cntv_cval_el0, last + turn);
		SYSREG_WRITE(cntv_ctl_el0, TIMER_ENABLE);
		ISB();
		WFI();
		IRQ_ON();
		ISB();
		IRQ_OFF();
		now = timer_now();
		if (now - last > longest)
			longest = now - last;
		last = now;
	}
	check_note("longest gap %lu ms in %u turns", in_ms(longest), turns);
	CHECK(in_ms(longest) <= board_arg_u64("limit", 2000));
	CHECK(turns > 2);
}

void guest_main(void)
{
	static const struct check check = {"gaps", check_gaps};

	gic_init();
	irq_hook = timer_off;
	check_run(&check, 1);
}
