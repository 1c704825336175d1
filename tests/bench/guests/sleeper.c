/* SPDX-License-Identifier: ISC */
/*
 * How late a sleeping guest is woken by its timer: ROUNDS times it sleeps for a while, and tells
 * the middle and the worst of what passed between the timer's expiry and its handler, in ns.
 */

#include "abi.h"
#include "gic.h"

const char guest_name[] = "sleeper";

#define ROUNDS   300
#define SLEEP_US 1700 /* in no simple relation to any scheduler's slice */

static u64 late[ROUNDS];
static u64 woken_at;

static void hook(struct cpu *cpu, unsigned intid)
{
	(void)cpu;
	if (intid != board.ppi_virt)
		return;
	woken_at = timer_now();
	SYSREG_WRITE(cntv_ctl_el0, 0);
}

static u64 sleep_once(void)
{
	u64 deadline = timer_now() + SLEEP_US * timer_frequency() / 1000000;

	woken_at = 0;
	SYSREG_WRITE(cntv_cval_el0, deadline);
	SYSREG_WRITE(cntv_ctl_el0, TIMER_ENABLE);
	while (!READ_ONCE(woken_at)) {
		WFI();
		IRQ_ON();
		ISB();
		IRQ_OFF();
	}
	return (woken_at - deadline) * 1000 / (timer_frequency() / 1000000);
}

static void sort(u64 *list, unsigned count)
{
	for (unsigned n = 1; n < count; n++)
		for (unsigned k = n; k && list[k - 1] > list[k]; k--) {
			u64 swap = list[k];

			list[k] = list[k - 1];
			list[k - 1] = swap;
		}
}

static void check_sleeper(void)
{
	gic_init();
	irq_hook = hook;
	gic_enable(board.ppi_virt);
	for (unsigned n = 0; n < ROUNDS; n++)
		late[n] = sleep_once();
	sort(late, ROUNDS);
	guest_printf("sleeper: middle %lu p99 %lu worst %lu\n", late[ROUNDS / 2],
		     late[ROUNDS * 99 / 100], late[ROUNDS - 1]);
}

void guest_main(void)
{
	static const struct check check = {"sleeper", check_sleeper};

	check_run(&check, 1);
}
