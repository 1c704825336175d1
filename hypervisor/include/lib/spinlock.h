/* SPDX-License-Identifier: ISC */
/*
 * Spin locks and the one lock order of the hypervisor.
 *
 * EL2 runs with interrupts masked from entry to exit and is never preempted, so there is one kind
 * of lock and no irqsave variants. A lock may be taken only while all locks held have a lower rank.
 * The host build's spin_lock() enforces that and asserts on re-entry; the target build does not
 * store the rank.
 *
 * Two locks of one rank (two domains' event channels or grants) are taken with spin_lock_pair(),
 * lower address first.
 */
#ifndef HYP_SPINLOCK_H
#define HYP_SPINLOCK_H

#include <lib/types.h>

enum lock_rank {
	RANK_DOMAIN_LIST = 1, /* the table of domains */
	RANK_DOMAIN,          /* domain.lock: configuration, life cycle */
	RANK_GRANT,           /* grant_table.lock */
	RANK_EVTCHN,          /* domain.evtchn.lock */
	RANK_EVTCHN_FIFO,     /* evtchn_fifo.lock */
	RANK_P2M,             /* p2m.lock */
	RANK_VTIMER,          /* vcpu.ptimer_lock */
	RANK_VUART,           /* vpl011.lock */
	RANK_VGIC,            /* vgic_vcpu.lock, one rank for all the vGIC's locks */
	RANK_IRQ,             /* the physical interrupt controller */
	RANK_SCHED,           /* runqueue.lock */
	RANK_TIMER,           /* timer_queue.lock */
	RANK_POOL,            /* typed pools */
	RANK_MMU,             /* the hypervisor's own page tables */
	RANK_HEAP,            /* the page allocator */
	RANK_LOG,             /* log and console */
};

#include <asm/spinlock.h>
/*
 * asm/spinlock.h gives: struct spinlock; SPINLOCK_INIT(rank); spin_lock_init(l, rank);
 * spin_lock(l); spin_trylock(l); spin_unlock(l); spin_is_locked(l); spin_lock_same_rank(l): second
 * lock of a rank.
 */

static inline void spin_lock_pair(struct spinlock *a, struct spinlock *b)
{
	if (a == b) {
		spin_lock(a);
		return;
	}
	spin_lock(a < b ? a : b);
	spin_lock_same_rank(a < b ? b : a);
}

static inline void spin_unlock_pair(struct spinlock *a, struct spinlock *b)
{
	if (a != b)
		spin_unlock(b);
	spin_unlock(a);
}

#endif
