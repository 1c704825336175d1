/* SPDX-License-Identifier: ISC */
/*
 * change_cpu() and rq_lock_of() in core/sched.c: a vCPU moves to another queue under the old queue's
 * lock; who then has the new queue's lock sees what was done.
 */
#include "litmus.hpp"

template <bool right> struct run_queue : rl::test_suite<run_queue<right>, 2> {
	rl::mutex lock[2];
	rl::atomic<int> cpu;
	rl::var<int> vruntime;

	void before()
	{
		cpu($) = 0;
		vruntime($) = 0;
	}

	void thread(unsigned n)
	{
		int c;

		if (n == 0) { /* move_to() */
			lock[0].lock($);
			vruntime($) = 1;
			cpu($).store(1, right ? release : relaxed);
			lock[0].unlock($);
			return;
		}
		c = cpu($).load(relaxed); /* sched_wake(); one try of the loop is enough */
		lock[c].lock($);
		if (cpu($).load(acquire) == c)
			RL_ASSERT((int)vruntime($) == c);
		lock[c].unlock($);
	}
};

int main()
{
	return litmus<run_queue>("run_queue", "the store-release in change_cpu()");
}
