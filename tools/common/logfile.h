/* SPDX-License-Identifier: ISC */
/* A log file that is capped: at its limit it becomes FILE.1 (the older FILE.1 goes) and starts
 * anew. */
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
	int64_t retry_ms; /* not opened again before this moment */
};

enum logfile_change {
	LOGFILE_SAME,    /* as before: all written, or failing as it did */
	LOGFILE_FAILED,  /* began to fail: to be reported, once; errno says why */
	LOGFILE_HEALTHY, /* works again; *lost bytes are missing */
};

/* Opens or makes the file (0600, appending). A file that cannot be opened is not an error here. */
int logfile_init(struct logfile *log, const char *path, uint64_t limit); /* 0 or -ENOMEM */
void logfile_close(struct logfile *log);

/* Appends; what cannot be written is lost and counted. now_ms: loop_now_ms(). */
enum logfile_change logfile_write(struct logfile *log, const void *data, size_t size,
				  int64_t now_ms, uint64_t *lost);

#endif
