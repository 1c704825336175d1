/* SPDX-License-Identifier: ISC */
/*
 * Lock files. A lock ends with the process that took it, even if the process is killed. Waiting for
 * a lock has a time limit and can be cancelled, and the holder can be identified.
 *
 * The first line of the file is the holder's process ID. The holder may write notes after it about
 * the work that it does. A process that finds the file with the lock free can read these notes.
 */
#ifndef TOOLS_COMMON_LOCKFILE_H
#define TOOLS_COMMON_LOCKFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "report.h"

/* How to wait for a lock that another process holds. All zero: do not wait. */
struct lock_wait {
	int timeout_ms;
	bool (*cancelled)(void *context); /* polled while waiting; NULL: never cancelled */
	void *context;
};

/*
 * Creates the file if it is missing and takes its lock. Returns a descriptor; -EBUSY if another
 * process held the lock until the timeout; -EINTR if cancelled; or another negative errno. Each
 * error sets the report.
 */
int lockfile_take(const char *path, const struct lock_wait *wait, struct report *report);

/*
 * Takes the lock of an existing file without waiting. Returns a descriptor, -ENOENT, -EBUSY or
 * another negative errno.
 */
int lockfile_take_abandoned(const char *path);

/* Appends text to the file. Returns 0 or a negative errno. */
int lockfile_note(int lock, const char *text);

/* Returns the appended text, which the caller frees. NULL: there is none, or no memory. */
char *lockfile_read(int lock);

/* Removes the file and releases the lock. */
void lockfile_remove(const char *path, int lock);

/* Describes the process that holds a lock file, such as "process 812 (vmctl create web.cfg)". */
#define LOCKFILE_HOLDER_SIZE 160
char *lockfile_holder(const char *path, char text[LOCKFILE_HOLDER_SIZE]);

#endif
