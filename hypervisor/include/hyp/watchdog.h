/* SPDX-License-Identifier: ISC */
/* Timers that a guest has to set again before they end, or it is stopped with SHUTDOWN_watchdog. */
#ifndef HYP_WATCHDOG_H
#define HYP_WATCHDOG_H

#include <hyp/timer.h>

#define MAX_WATCHDOGS 2 /* of a domain, as in Xen */

struct domain;

struct watchdog {
	struct timer timer;
	struct domain *domain;
	bool used; /* given out, under domain.lock */
};

/*
 * id 0: start a new one and return its number (with 0 seconds it expires at once, as in Xen).
 * Otherwise the time from now of one that was given out, 0 seconds: give it back. They run on while the domain is paused. -EINVAL, -ENOSPC.
 */
int watchdog_set(struct domain *d, uint32_t id, uint32_t seconds);
/* d is dying and its vCPUs are off their CPUs. */
void watchdog_relinquish(struct domain *d);

#endif
