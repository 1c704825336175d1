/* SPDX-License-Identifier: ISC */
/* System time and the hypervisor's timers: one queue a CPU, one hardware timer (CNTHP) programmed for the first. */
#ifndef HYP_TIMER_H
#define HYP_TIMER_H

#include <hyp/heap.h>

/* Nanoseconds since boot; and the counter that the hardware counts in. */
ns_t time_now(void);
uint64_t time_ns_to_ticks(ns_t ns);
ns_t time_ticks_to_ns(uint64_t ticks);
uint64_t time_ticks(void); /* CNTPCT */
extern uint32_t time_hz;

struct timer {
	struct heap_node node; /* key: deadline in ticks */
	void (*fn)(struct timer *t);
	uint16_t cpu; /* whose queue it is in */
};

/* Arm (or move) the timer on the calling CPU. A deadline in the past fires at once. fn runs with no lock held. */
void timer_set(struct timer *t, uint64_t deadline_ticks);
/* After it returns t is in no queue; its fn may still be running on another CPU only if that CPU fired it. */
void timer_cancel(struct timer *t);

/* Run what is due on this CPU and program the hardware for the rest. */
void timer_run(void);

static inline bool timer_armed(const struct timer *t)
{
	return heap_contains(&t->node);
}

/* Wall clock: seconds since the epoch at boot, set by dom0 (platform op settime) or a board's RTC. */
void wallclock_set(uint64_t sec, uint32_t nsec, ns_t at);
void wallclock_get(uint64_t *sec_at_boot, uint32_t *nsec_at_boot);

#endif
