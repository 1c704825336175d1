/* SPDX-License-Identifier: ISC */
/*
 * tlb_flush_vmid_page() in arch/arm64/vmid.c against enter_slow() in arch/arm/vmid.c: an invalidation
 * uses the new tag, or the walks with the new tag see the new descriptor.
 */
#include "litmus.hpp"

template <bool right> struct vmid_flush : rl::test_suite<vmid_flush<right>, 2> {
	rl::atomic<int> descriptor, tag;
	rl::var<int> flushed, cached;

	void before()
	{
		descriptor($) = 1; /* valid */
		tag($) = 5;
		flushed($) = cached($) = 0;
	}

	void thread(unsigned cpu)
	{
		if (cpu == 0) { /* made invalid; DSB; which tag? */
			descriptor($).store(0, relaxed);
			smp_mb();
			flushed($) = tag($).load(relaxed);
		} else { /* the new tag; DSB; a walk with it */
			tag($).store(7, relaxed);
			if (right)
				smp_mb();
			cached($) = descriptor($).load(relaxed);
		}
	}

	void after()
	{
		RL_ASSERT((int)flushed($) == 7 || !(int)cached($));
	}
};

int main()
{
	return litmus<vmid_flush>("vmid_flush", "the DSB after the new tag");
}
