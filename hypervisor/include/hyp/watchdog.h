/* SPDX-License-Identifier: ISC */
/* Watchdogs: a guest that does not renew a timer in time is stopped with SHUTDOWN_watchdog. */
#ifndef HYP_WATCHDOG_H
#define HYP_WATCHDOG_H

#include <hyp/timer.h>

#define MAX_WATCHDOGS 2 /* per domain, as in Xen */

struct domain;

struct watchdog {
	struct timer timer;
	struct domain *domain;
	bool used; /* in use by the guest; under domain.lock */
};

/*
 * id 0 starts a new watchdog and returns its number; 0 seconds let it expire at once, as in Xen.
 * Another id renews that watchdog to `seconds` from now; 0 seconds stop and release it. Watchdogs
 * also run while the domain is paused. Returns -EINVAL or -ENOSPC on error.
 */
void watchdog_init(struct domain *d);
int watchdog_set(struct domain *d, uint32_t id, uint32_t seconds);
/* d is dying and its vCPUs are off their CPUs. Returns 0. */
int watchdog_relinquish(struct domain *d);

#endif
