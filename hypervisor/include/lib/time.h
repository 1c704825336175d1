/* SPDX-License-Identifier: ISC */
/* System time: ticks of the counter, and nanoseconds since the hypervisor booted. */
#ifndef LIB_TIME_H
#define LIB_TIME_H

#include <lib/types.h>

/*
 * Time is counted in ticks of the generic timer's counter (CNTPCT); conversions to nanoseconds are
 * for the ABI and for people. System time starts at 0 when the hypervisor boots.
 * hyp/arch.h: time_ticks().
 */
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

#endif
