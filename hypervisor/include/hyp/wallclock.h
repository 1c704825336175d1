/* SPDX-License-Identifier: ISC */
/* Wall-clock time: set by dom0, shown to every domain in its shared_info. */
#ifndef HYP_WALLCLOCK_H
#define HYP_WALLCLOCK_H

#include <hyp/types.h>

struct domain;

/* It is sec.nsec since the epoch at system time `at`. */
void wallclock_set(uint64_t sec, uint32_t nsec, ns_t at);

/*
 * Write the time at which system time was 0 (plus the domain's offset) into d's shared_info; of all
 * domains.
 */
void wallclock_publish(struct domain *d);
void wallclock_publish_all(void);

#endif
