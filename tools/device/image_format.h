/* SPDX-License-Identifier: ISC */
/* Detects image formats that blkback cannot read, by the first and last sector of the file. */
#ifndef TOOLS_COMMON_IMAGE_FORMAT_H
#define TOOLS_COMMON_IMAGE_FORMAT_H

#include <stdint.h>

#include "base/report.h"

/* A format that a file can be mistaken for a raw image in. */
struct image_format {
	const char *name;
	const char *command; /* makes a raw image; the file's name follows */
	const char *between; /* stands between that and the new file's name */
};

/*
 * Compares only the magic numbers and trusts nothing else in the file. Returns NULL if none matches
 * or the file cannot be read.
 */
const struct image_format *image_format_find(int file, uint64_t size);

/* "PATH looks like a qcow2 image ...": what it is and what to do; returns err. */
int image_format_explain(const struct image_format *format, const char *path, int err,
			 struct report *report);

#endif
