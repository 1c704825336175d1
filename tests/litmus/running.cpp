/* SPDX-License-Identifier: ISC */
/* vcpu_release() in core/sched.c: who sees `running` clear may use and free what the owner wrote. */
#include "litmus.hpp"

template <bool right> struct running : rl::test_suite<running<right>, 2> {
	rl::atomic<int> owned;
	rl::var<int> state;

	void before()
	{
		owned($) = 1;
		state($) = 0;
	}

	void thread(unsigned cpu)
	{
		if (cpu == 0) { /* sched_let_go() */
			state($) = 1;
			owned($).store(0, right ? release : relaxed);
		} else if (!owned($).load(acquire)) { /* move_to(), domain_is_quiet() */
			RL_ASSERT((int)state($) == 1);
			state($) = 2;
		}
	}
};

int main()
{
	return litmus<running>("running", "the store-release in vcpu_release()");
}
