/* SPDX-License-Identifier: ISC */
/*
 * Has a worker take away what tools that were killed have left half done (guest/abandoned.h). The
 * kernel tells when a process lets go of its lock file, whichever way it ended.
 */
#ifndef PLINTH_MONITOR_SWEEP_H
#define PLINTH_MONITOR_SWEEP_H

#include "base/loop.h"
#include "monitor.h"

/* Listens, and looks once. Without the kernel's word it looks from time to time. */
void sweep_start(struct monitor *monitor, struct loop *loop, int64_t now_ms);

/*
 * Starts a worker if it is time to look. Milliseconds until it is worth calling again, -1: never.
 */
int sweep_run_due(int64_t now_ms);

/* Whether a process that has ended was the worker; it may be started again then. */
bool sweep_worker_done(pid_t worker, int64_t now_ms);

void sweep_stop(void);

#endif
