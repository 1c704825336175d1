/* SPDX-License-Identifier: ISC */
/*
 * A log file with a size limit. At its limit it is renamed to FILE.1, which replaces an older
 * FILE.1, and a new file is started.
 */
#ifndef PLINTH_COMMON_LOGFILE_H
#define PLINTH_COMMON_LOGFILE_H

#include <stddef.h>
#include <stdint.h>

struct logfile {
	char *path;
	int fd;           /* -1 while it cannot be opened */
	uint64_t size;    /* bytes in the file now */
	uint64_t limit;   /* bytes before it is rotated */
	uint64_t lost;    /* bytes that could not be written since the last success */
	int64_t retry_ms; /* no attempt to open it before this time */
};

enum logfile_change {
	LOGFILE_SAME,    /* no change: all written, or still failing */
	LOGFILE_FAILED,  /* started to fail; report it once; errno has the reason */
	LOGFILE_HEALTHY, /* works again; *lost bytes were not written */
};

/* Opens or creates the file (0600, appending). It is not an error if the file cannot be opened. */
int logfile_init(struct logfile *log, const char *path, uint64_t limit); /* 0 or -ENOMEM */
void logfile_close(struct logfile *log);

/*
 * Opens the path again, so that output after log rotation goes to a new file. Returns 0, or a
 * negative errno and keeps using the old file.
 */
int logfile_reopen(struct logfile *log);

/* Appends data. Bytes that cannot be written are lost and counted. now_ms: loop_now_ms(). */
enum logfile_change logfile_write(struct logfile *log, const void *data, size_t size,
				  int64_t now_ms, uint64_t *lost);

#endif
