/* SPDX-License-Identifier: ISC */
/* Tells a person at a terminal what is going on, once it takes longer than a second. */
#ifndef TOOLS_VMCTL_PROGRESS_H
#define TOOLS_VMCTL_PROGRESS_H

#include <pthread.h>
#include <stdbool.h>

struct progress {
	const char *name;
	const char *step; /* the current one; the strings are constants */
	bool shown;       /* the second is over */
	bool active, done;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
};

/* Nothing will be shown when quiet, or when stderr is no terminal. */
void progress_start(struct progress *progress, const char *name, bool quiet);
void progress_step(struct progress *progress, const char *step);
void progress_stop(struct progress *progress);

#endif
