/* SPDX-License-Identifier: ISC */
/* Loop devices: block devices of dom0 that are image files, made and freed by ioctl. */
#ifndef TOOLS_COMMON_LOOPDEV_H
#define TOOLS_COMMON_LOOPDEV_H

#include <stdbool.h>
#include <sys/stat.h>

#include "common/report.h"

/*
 * Makes a loop device of the file that is open as file, and returns a descriptor of the device, or
 * a negative errno. The device lasts as long as somebody has it open: this process or a backend.
 * path is for messages.
 */
int loopdev_make(int file, const char *path, bool read_only, struct report *report);

/*
 * Whether there is a loop device of the same file that this use cannot be beside: one of the two
 * writes. name gets "loopN".
 */
#define LOOPDEV_NAME_SIZE 16
bool loopdev_find_user(const struct stat *file, bool read_only, char name[LOOPDEV_NAME_SIZE]);

/* Has the device of this number (as in st_rdev) look at its file's size again. 0 or -errno. */
int loopdev_update_size(dev_t number);

/* Has a device go when nobody has it open any more. */
void loopdev_free_when_unused(dev_t number);

bool loopdev_is_one(dev_t number);
bool loopdev_is_of_file(dev_t number, const struct stat *file);

#endif
