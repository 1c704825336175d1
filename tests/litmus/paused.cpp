/* SPDX-License-Identifier: ISC */
/* registers_acquire() in core/sched.c: the CPU that runs a vCPU loads the registers that were set while it was paused. */
#include "litmus.hpp"

template <bool right> struct paused : rl::test_suite<paused<right>, 3> {
	rl::atomic<int> pause_count;
	rl::var<int> registers, queued;
	rl::mutex rq;

	void before()
	{
		pause_count($) = 1;
		registers($) = queued($) = 0;
	}

	void thread(unsigned cpu)
	{
		if (cpu == 0) { /* setvcpucontext(), domain_unpause() */
			registers($) = 1;
			pause_count($).fetch_sub(1, full);
			return;
		}
		rq.lock($);
		if (cpu == 1) { /* sched_wake() of another CPU: an event has come */
			if (!pause_count($).load(relaxed))
				queued($) = 1;
		} else if ((int)queued($)) { /* pick() */
			pause_count($).load(right ? acquire : relaxed);
			RL_ASSERT((int)registers($) == 1);
		}
		rq.unlock($);
	}
};

int main()
{
	return litmus<paused>("paused", "the acquire in registers_acquire()");
}
