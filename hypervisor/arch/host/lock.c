/* SPDX-License-Identifier: ISC */
/*
 * Locks of the test host: taking one is checking the order that lib/spinlock.h states. There is one
 * thread; where a test lets CPUs take turns in the middle of a call (host_lock_busy), a CPU waits
 * for a lock by letting others run.
 */
#include <host/host.h>
#include <hyp/cpu.h>
#include <lib/spinlock.h>

#define MAX_HELD 16

static struct held {
	struct spinlock *lock[MAX_HELD];
	unsigned nr;
} held_by[MAX_CPUS];

void (*host_lock_busy)(void), (*host_lock_released)(void);

static struct held *mine(void)
{
	return &held_by[host_cpu ? host_cpu->id : 0];
}

static bool is_mine(const struct spinlock *l)
{
	const struct held *h = mine();

	for (unsigned i = 0; i < h->nr; i++)
		if (h->lock[i] == l)
			return true;
	return false;
}

static void check_order(const struct held *h, const struct spinlock *l, bool same_rank)
{
	if (!l->rank)
		host_fail("lock %p was never initialised", (const void *)l);
	if (is_mine(l) || (l->held && !host_lock_busy))
		host_fail("lock of rank %u taken twice", l->rank);
	if (h->nr == MAX_HELD)
		host_fail("%u locks held", h->nr);
	for (unsigned i = 0; i < h->nr; i++)
		if (h->lock[i]->rank > l->rank || (h->lock[i]->rank == l->rank && !same_rank))
			host_fail("lock order: rank %u taken while rank %u is held", l->rank,
				  h->lock[i]->rank);
}

void host_lock_acquire(struct spinlock *l, bool same_rank)
{
	struct held *h = mine();

	check_order(h, l, same_rank);
	while (l->held)
		host_lock_busy();
	l->held = true;
	h->lock[h->nr++] = l;
}

/* In one step: no other CPU takes it between the look and the taking. */
bool host_lock_try(struct spinlock *l)
{
	if (l->held)
		return false;
	host_lock_acquire(l, true);
	return true;
}

void host_lock_release(struct spinlock *l)
{
	struct held *h = mine();
	unsigned i = 0;

	while (i < h->nr && h->lock[i] != l)
		i++;
	if (i == h->nr || !l->held)
		host_fail("lock of rank %u released, but not held", l->rank);
	l->held = false;
	h->nr--;
	for (; i < h->nr; i++)
		h->lock[i] = h->lock[i + 1];
	if (host_lock_released)
		host_lock_released();
}

unsigned host_locks_held(void)
{
	return mine()->nr;
}

void host_locks_drop(void)
{
	struct held *h = mine();

	while (h->nr)
		h->lock[--h->nr]->held = false;
}
