/* SPDX-License-Identifier: ISC */
/*
 * page_get() and page_put() in core/page_owner.c: owner and count are one word. Who gets a reference
 * uses the page; the last one to put its reference frees it, after all uses.
 */
#include "litmus.hpp"

template <bool right> struct page_desc : rl::test_suite<page_desc<right>, 2> {
	static const int OWNED = 0x100; /* with a count; else free */
	rl::atomic<int> desc;
	rl::var<int> contents;

	void before()
	{
		desc($) = OWNED + 1;
		contents($) = 0;
	}

	void put()
	{
		int was = desc($).load(acquire), want;

		do
			want = was == OWNED + 1 ? 0 : was - 1;
		while (!desc($).compare_exchange_weak(was, want, right ? full : relaxed,
						      right ? acquire : relaxed));
		if (!want)
			contents($) = 2; /* scrubbed for the next owner */
	}

	bool get()
	{
		int was = desc($).load(acquire);

		do
			if (!(was & OWNED))
				return false;
		while (!desc($).compare_exchange_weak(was, was + 1, full, acquire));
		return true;
	}

	void thread(unsigned cpu)
	{
		if (cpu == 0) {
			put(); /* the owner gives it back */
		} else if (get()) {
			contents($) = 1; /* a grant is copied to it */
			put();
		}
	}
};

int main()
{
	return litmus<page_desc>("page_desc", "the order of the compare-and-swap in page_put()");
}
