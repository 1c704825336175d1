/* SPDX-License-Identifier: ISC */
/* spi_get() and spi_find() in vdev/vgic.c: a block of interrupts is made by whoever is first. */
#include "litmus.hpp"

template <bool right> struct publish : rl::test_suite<publish<right>, 3> {
	rl::atomic<int> block; /* 0: none, else whose */
	rl::var<int> contents[2];

	void before()
	{
		block($) = 0;
		contents[0]($) = contents[1]($) = 0;
	}

	void use(int whose)
	{
		if (whose)
			RL_ASSERT((int)contents[whose - 1]($) == 1);
	}

	void thread(unsigned cpu)
	{
		int none = 0;

		if (cpu == 2) { /* spi_find() */
			use(block($).load(acquire));
			return;
		}
		contents[cpu]($) = 1; /* spi_get() */
		if (block($).compare_exchange_strong(none, (int)cpu + 1, right ? full : relaxed,
						     acquire))
			use((int)cpu + 1);
		else
			use(none);
	}
};

int main()
{
	return litmus<publish>("publish", "the order of the compare-and-swap in spi_get()");
}
