/* SPDX-License-Identifier: ISC */
/* vcpu_block() in core/run.c, vcpu_notify() in core/vcpu_wake.c: one sees the other, so no interrupt is slept through. */
#include "litmus.hpp"

template <bool right> struct block : rl::test_suite<block<right>, 2> {
	rl::atomic<int> blocked, pending;
	rl::var<int> asleep, woken;

	void before()
	{
		blocked($) = pending($) = 0;
		asleep($) = woken($) = 0;
	}

	void thread(unsigned cpu)
	{
		if (cpu == 0) { /* vcpu_block() */
			blocked($).store(1, relaxed);
			smp_mb();
			if (!pending($).load(relaxed))
				asleep($) = 1;
		} else { /* an interrupt is queued, vcpu_notify() */
			pending($).store(1, relaxed);
			if (right)
				smp_mb();
			if (blocked($).load(relaxed))
				woken($) = 1;
		}
	}

	void after()
	{
		RL_ASSERT(!(int)asleep($) || (int)woken($));
	}
};

int main()
{
	return litmus<block>("block", "the smp_mb() in vcpu_notify()");
}
