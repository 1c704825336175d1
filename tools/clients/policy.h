/* SPDX-License-Identifier: ISC */
/* What is to be done with a guest that has shut down: its policy, and the guard against loops. */
#ifndef PLINTH_MONITOR_POLICY_H
#define PLINTH_MONITOR_POLICY_H

#include "monitor_client.h"

#include <stdbool.h>

#define GUARD_QUICK_MS   10000 /* a guest that lived less than this died quickly */
#define GUARD_LONGEST_MS 60000 /* the longest pause before a restart */

/* The guard of one guest, over all its incarnations. */
struct guard {
	uint32_t quick_deaths; /* in a row */
};

/* Is this shutdown anybody's business? Fills *event; false for a suspend, which waits for a resume.
 */
bool policy_event(unsigned reason, enum monitor_event *event);

/*
 * A guest that lived lived_ms is to be restarted: milliseconds to wait before. They grow with the
 * quick deaths in a row, up to GUARD_LONGEST_MS.
 */
int guard_next_delay(struct guard *guard, int64_t lived_ms);

bool policy_restarts(enum monitor_action action);

#endif
