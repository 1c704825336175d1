/* SPDX-License-Identifier: ISC */
/*
 * Two calls that meet in every way: one CPU is left at a chosen place of the hypervisor's code for
 * the other, which may be left for the first one again, and so on. cpus.c does the same by chance.
 */
#ifndef TESTS_UNIT_HYPERVISOR_INTERLEAVE_TWO_SIDES_H
#define TESTS_UNIT_HYPERVISOR_INTERLEAVE_TWO_SIDES_H

#include <lib/types.h>

#define MAX_TURNS 3

struct sides {
	void (*act[2])(void);     /* what each side does, on its CPU */
	unsigned cpu[2];          /* where */
	void (*everywhere)(void); /* called at each place, for what has to hold there */
	bool blocks; /* places are the basic blocks, the first times; else the releases of locks */
	/*
	 * Side 0 is left at the turn[0]-th place from the start, side 1 at the turn[1]-th, and side
	 * 0 at the turn[2]-th from where it went on. After the last turn each side goes on to its
	 * end. A side that needs a lock of the other one waits, and goes on when it is released.
	 */
	unsigned turn[MAX_TURNS], nr_turns;
};

/* Returns how many of the turns were taken: a side may end before the place is reached. */
unsigned sides_run(const struct sides *s);

#endif
