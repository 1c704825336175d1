/* SPDX-License-Identifier: ISC */
/*
 * Locks of the test host: one thread, so taking one is checking the order that hyp/spinlock.h
 * states.
 */
#include <host/host.h>
#include <hyp/spinlock.h>

#define MAX_HELD 16

static struct spinlock *held[MAX_HELD];
static unsigned nr_held;

void host_lock_acquire(struct spinlock *l, bool same_rank)
{
	if (!l->rank)
		host_fail("lock %p was never initialised", (void *)l);
	if (l->held)
		host_fail("lock of rank %u taken twice", l->rank);
	if (nr_held == MAX_HELD)
		host_fail("%u locks held", nr_held);
	for (unsigned i = 0; i < nr_held; i++)
		if (held[i]->rank > l->rank || (held[i]->rank == l->rank && !same_rank))
			host_fail("lock order: rank %u taken while rank %u is held", l->rank,
				  held[i]->rank);
	l->held = true;
	held[nr_held++] = l;
}

void host_lock_release(struct spinlock *l)
{
	unsigned i = 0;

	while (i < nr_held && held[i] != l)
		i++;
	if (i == nr_held || !l->held)
		host_fail("lock of rank %u released, but not held", l->rank);
	l->held = false;
	nr_held--;
	for (; i < nr_held; i++)
		held[i] = held[i + 1];
}

unsigned host_locks_held(void)
{
	return nr_held;
}

void host_locks_drop(void)
{
	while (nr_held)
		held[--nr_held]->held = false;
}
