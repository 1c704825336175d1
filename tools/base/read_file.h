/* SPDX-License-Identifier: ISC */
/* Reads a small file as a whole, up to a size limit. */
#ifndef TOOLS_BASE_READ_FILE_H
#define TOOLS_BASE_READ_FILE_H

#include <stddef.h>

struct report;

/*
 * Reads a whole file ("-": the standard input) of at most limit bytes. *text is NUL-terminated, and
 * the caller frees it. Returns 0, or a negative errno with a report (NULL: no report is wanted).
 */
int read_file(const char *path, size_t limit, char **text, size_t *length, struct report *report);

/* The same for a file of a daemon's own: a link, a pipe or a device is refused with -EINVAL or
 * -ELOOP. */
int read_regular_file(const char *path, size_t limit, char **text, size_t *length);

#endif
