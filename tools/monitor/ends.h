/* SPDX-License-Identifier: ISC */
/*
 * How the monitor learns that a domain has ended: from the store's @releaseDomain, because a store
 * daemon has VIRQ_DOM_EXC and only one can have it; by that interrupt where there is no store.
 */
#ifndef PLINTH_MONITOR_ENDS_H
#define PLINTH_MONITOR_ENDS_H

#include "base/loop.h"
#include "monitor.h"

#define ENDS_RETRY_MS 2000 /* between attempts to reach a store */

/* Listens where it can, and says so in the log when that is somewhere new. */
void ends_listen(struct monitor *monitor, struct loop *loop, int64_t now_ms);

/* Milliseconds until ends_listen() is worth calling again; -1: as soon as there is a reason. */
int ends_due(int64_t now_ms);

void ends_close(void);

#endif
