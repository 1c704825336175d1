/* SPDX-License-Identifier: ISC */
/*
 * System time and the hypervisor's timers: one queue a CPU, one hardware timer (CNTHP) programmed
 * for the first.
 */
#ifndef HYP_TIMER_H
#define HYP_TIMER_H

#include <hyp/heap.h>

/*
 * Time is counted in ticks of the generic timer's counter (CNTPCT); conversions to nanoseconds are
 * for the ABI and for people. System time starts at 0 when the hypervisor boots.
 */
uint64_t time_ticks(void);
uint64_t time_ns_to_ticks(ns_t ns);
ns_t time_ticks_to_ns(uint64_t ticks);
ns_t time_now(void); /* system time */
/* Counter value at the system time 0, and its frequency. */
extern uint64_t time_boot_ticks;
extern uint32_t time_hz;
void time_init(uint32_t hz);

/* Absolute system time -> counter value. */
static inline uint64_t time_at(ns_t system_time)
{
	return time_boot_ticks + time_ns_to_ticks(system_time);
}

struct timer {
	struct heap_node node; /* key: deadline in ticks */
	void (*fn)(struct timer *t);
	uint16_t cpu; /* whose queue it is, or last was, in */
};

#define TIMER_OFF ~(uint64_t)0

/* CNTFRQ: what the firmware says the counter runs at, Hz. */
uint32_t arch_timer_frequency(void);

/* Program this CPU's hardware timer; TIMER_OFF switches it off (arch). */
void arch_timer_program(uint64_t deadline_ticks);

/*
 * Arm (or move) the timer on the calling CPU. A deadline in the past fires at once. fn runs with no
 * lock held.
 */
void timer_set(struct timer *t, uint64_t deadline_ticks);
/*
 * After it returns t is in no queue; its fn may still be running on another CPU only if that CPU
 * fired it.
 */
void timer_cancel(struct timer *t);

/*
 * The same, and its fn runs nowhere either: before the structure is freed. Not from a timer's fn,
 * no locks held.
 */
void timer_cancel_sync(struct timer *t);

/* Run what is due on this CPU and program the hardware for the rest. */
void timer_run(void);

static inline bool timer_armed(const struct timer *t)
{
	return heap_contains(&t->node);
}

#endif
