/* SPDX-License-Identifier: ISC */
/*
 * vmid_enter() in arch/arm/vmid.c reads a domain's tag and generation while enter_slow() on another
 * CPU renews them: one word, or an old tag passes for a new one.
 */
#include "litmus.hpp"

template <bool right> struct vmid_word : rl::test_suite<vmid_word<right>, 2> {
	rl::atomic<int> word; /* generation << 16 | tag */
	rl::atomic<int> tag, generation;

	void before()
	{
		word($) = 1 << 16 | 5;
		tag($) = 5;
		generation($) = 1;
	}

	void thread(unsigned cpu)
	{
		if (cpu == 0) { /* renewed: generation 2, tag 7 */
			word($).store(2 << 16 | 7, relaxed);
			tag($).store(7, relaxed);
			generation($).store(2, release);
		} else if (right) {
			int w = word($).load(relaxed);

			RL_ASSERT(w >> 16 != 2 || (w & 0xffff) == 7);
		} else {
			int t = tag($).load(relaxed);

			RL_ASSERT(generation($).load(acquire) != 2 || t == 7);
		}
	}
};

int main()
{
	return litmus<vmid_word>("vmid_word", "one word for tag and generation");
}
