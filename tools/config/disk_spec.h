/* SPDX-License-Identifier: ISC */
/* What a config says about one disk of a guest. */
#ifndef TOOLS_COMMON_DISK_SPEC_H
#define TOOLS_COMMON_DISK_SPEC_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/report.h"

/* Start from `struct disk_spec disk = {0};` and end with disk_spec_clear(). */
struct disk_spec {
	char *path;    /* of the image or the block device */
	uint32_t vdev; /* its number in the guest; VDEV_NONE: not chosen yet */
	bool read_only;
	bool shared; /* used although somebody else may write it */
	bool cdrom;  /* shown to the guest as a CD */
	bool no_discard;
	bool raw_said; /* the description says that it is raw, whatever it looks like */
	bool optional; /* where it cannot be had, the guest is made without it */
};

/*
 * Reads xl's syntax, "target, format, vdev, access" or with keys. A relative file name is taken as
 * relative to directory (NULL: the working one). 0; -EINVAL with a sentence; -ENOMEM.
 */
int disk_spec_parse(const char *text, const char *directory, struct disk_spec *disk,
		    struct report *report);

/* Writes what disk_spec_parse() reads. */
void disk_spec_format(const struct disk_spec *disk, FILE *out);

void disk_spec_clear(struct disk_spec *disk);

#endif
