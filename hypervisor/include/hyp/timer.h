/* SPDX-License-Identifier: ISC */
/*
 * The hypervisor's timers: one queue per CPU, and one hardware timer (CNTHP) per CPU, programmed
 * for the first deadline.
 */
#ifndef HYP_TIMER_H
#define HYP_TIMER_H

#include <lib/atomic.h>
#include <lib/heap.h>

struct timer {
	struct heap_node node; /* key: deadline in ticks */
	void (*fn)(struct timer *t);
	uint16_t cpu;   /* the CPU of its current or last queue */
	uint32_t armed; /* 1: in that queue; written under its lock, read without it */
};

#define TIMER_OFF ~(uint64_t)0

/*
 * Arm or move the timer on the calling CPU. A deadline in the past fires at once. fn runs without
 * locks.
 */
void timer_set(struct timer *t, uint64_t deadline_ticks);

/* Acquire: pairs with the store-release in timer_remove(). */
static inline bool timer_armed(const struct timer *t)
{
	return atomic_load_acq(&t->armed);
}

/*
 * On return t is in no queue. Its fn can still be running only on another CPU that fired it before.
 * Most timers are not armed when they are cancelled; these need no call and no lock.
 */
void timer_cancel_armed(struct timer *t);
static inline void timer_cancel(struct timer *t)
{
	if (timer_armed(t))
		timer_cancel_armed(t);
}

/*
 * The same, and waits until fn runs on no CPU; called before the structure is freed. The caller is
 * not a timer's fn and holds no lock.
 */
void timer_cancel_sync(struct timer *t);

/* Run the expired timers of this CPU and program the hardware for the next deadline. */
void timer_run(void);

#endif
