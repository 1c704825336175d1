/* SPDX-License-Identifier: ISC */
/* When a long operation should stop, so that its CPU can do something more urgent. */
#include <hyp/cpu.h>
#include <lib/yield.h>

bool cpu_should_yield(void)
{
	return arch_interrupt_pending() || READ_ONCE(this_cpu()->todo) & TODO_RESCHED;
}
