/* SPDX-License-Identifier: ISC */
/* Loop devices: block devices of dom0 that are image files, made and freed by ioctl. */
#ifndef TOOLS_COMMON_LOOPDEV_H
#define TOOLS_COMMON_LOOPDEV_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/report.h"

/*
 * Makes a loop device for the open file and returns a descriptor of the device, or a negative
 * errno. The device exists as long as this process or a backend has it open. path is for messages.
 */
int loopdev_make(int file, const char *path, bool read_only, struct report *report);

/*
 * Whether a loop device of the same file conflicts with this use, because either of them writes.
 * Sets name to "loopN".
 */
#define LOOPDEV_NAME_SIZE 16
bool loopdev_find_user(const struct stat *file, bool read_only, char name[LOOPDEV_NAME_SIZE]);

/*
 * Makes the device with this number (as in st_rdev) read its file's size again. Returns 0 or
 * -errno.
 */
int loopdev_update_size(dev_t number);

/* Makes a device disappear when no process has it open any more. */
void loopdev_free_when_unused(dev_t number);

bool loopdev_is_one(dev_t number);
bool loopdev_is_of_file(dev_t number, const struct stat *file);

#endif
