/* SPDX-License-Identifier: ISC */
/* Wall-clock time: set by dom0, published in the shared_info of every domain. */
#ifndef HYP_WALLCLOCK_H
#define HYP_WALLCLOCK_H

#include <lib/types.h>

struct domain;

/* Set the clock: the wall-clock time is sec.nsec since the epoch at system time `at`. */
void wallclock_set(uint64_t sec, uint32_t nsec, ns_t at);

/*
 * Write the wall-clock time at system time 0 (plus the domain's offset) into the shared_info of d,
 * or of all domains.
 */
void wallclock_publish(struct domain *d);
void wallclock_publish_all(void);

#endif
