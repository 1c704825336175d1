/* SPDX-License-Identifier: ISC */
/* Names of virtual disks ("xvda", "sdb2") and the numbers that frontends know them by. */
#ifndef TOOLS_COMMON_VDEV_H
#define TOOLS_COMMON_VDEV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VDEV_NONE      0  /* no disk has this number */
#define VDEV_NAME_SIZE 16 /* with the NUL */

/*
 * xvdX, sdX, hdX with or without a partition's number, dNpM, or the number itself. 0; -EINVAL when
 * it is no such name, -ERANGE when it is one that has no number.
 */
int vdev_parse(const char *name, uint32_t *number);

/* The name of a number, or the number in digits where it has none; returns name. */
char *vdev_format(uint32_t number, char name[VDEV_NAME_SIZE]);

/* Whether one is the other, or a partition of it: a guest cannot have both. */
bool vdev_overlaps(uint32_t one, uint32_t other);

/* The number of the first whole xvdX that overlaps none of those in use. */
uint32_t vdev_first_free(const uint32_t *used, size_t count);

#endif
