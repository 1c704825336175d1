/* SPDX-License-Identifier: ISC */
/*
 * cpu_kick() in core/cpu.c, trap_resched() in arch/arm64/trap.c: two CPUs ask a third one for the same
 * thing. Only the first sends an interrupt; what both wrote before is seen when the word is taken.
 */
#include "litmus.hpp"

template <bool right> struct kick : rl::test_suite<kick<right>, 3> {
	rl::atomic<int> todo, ipis;
	rl::var<int> asked[2];

	void before()
	{
		todo($) = ipis($) = 0;
		asked[0]($) = asked[1]($) = 0;
	}

	void thread(unsigned cpu)
	{
		int bits;

		if (cpu < 2) {
			asked[cpu]($) = 1;
			bits = todo($).fetch_or(1 << cpu, right ? full : relaxed);
			if (!bits)
				ipis($).fetch_add(1, relaxed);
			return;
		}
		bits = todo($).exchange(0, full);
		for (int i = 0; i < 2; i++)
			if (bits & 1 << i)
				RL_ASSERT((int)asked[i]($) == 1);
	}

	void after()
	{
		/* What the third one has not taken yet has an interrupt to make it look. */
		RL_ASSERT(!todo($).load(relaxed) || ipis($).load(relaxed));
	}
};

int main()
{
	return litmus<kick>("kick", "the order of the read-modify-write in cpu_kick()");
}
