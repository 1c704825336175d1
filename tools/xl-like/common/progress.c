/* SPDX-License-Identifier: ISC */
/* Tells a person at a terminal what is going on, once it takes longer than a second. */
#include "progress.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static void show(const struct progress *progress)
{
	if (progress->step)
		fprintf(stderr, "%s: %s...\n", progress->name, progress->step);
}

/* Waits a second or for the end, whichever comes first. */
static void *wait_a_second(void *context)
{
	struct progress *progress = context;
	struct timespec until;
	int err = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec++;
	pthread_mutex_lock(&progress->lock);
	while (!progress->done && err != ETIMEDOUT)
		err = pthread_cond_timedwait(&progress->changed, &progress->lock, &until);
	if (!progress->done) {
		progress->shown = true;
		show(progress);
	}
	pthread_mutex_unlock(&progress->lock);
	return NULL;
}

void progress_start(struct progress *progress, const char *name, bool quiet)
{
	*progress = (struct progress){
		.name = name,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER,
	};
	if (!quiet && isatty(STDERR_FILENO))
		progress->active =
			!pthread_create(&progress->thread, NULL, wait_a_second, progress);
}

void progress_step(struct progress *progress, const char *step)
{
	if (!progress->active)
		return;
	pthread_mutex_lock(&progress->lock);
	progress->step = step;
	if (progress->shown)
		show(progress);
	pthread_mutex_unlock(&progress->lock);
}

void progress_stop(struct progress *progress)
{
	if (!progress->active)
		return;
	pthread_mutex_lock(&progress->lock);
	progress->done = true;
	pthread_cond_signal(&progress->changed);
	pthread_mutex_unlock(&progress->lock);
	pthread_join(progress->thread, NULL);
}
