/* SPDX-License-Identifier: ISC */
/* Names of virtual disks ("xvda", "sdb2") and the numbers that frontends know them by. */
#include "vdev.h"
#include "base/number.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Numbers are those of xen-vbd-interface(7): a Linux device number, major << 8 | minor, or with bit
 * 28 set an extended one, disk << 8 | partition.
 */
#define EXTENDED       (1U << 28)
#define EXTENDED_SHIFT 8
#define MAX_DISKS      (1U << 20)
#define MAX_PARTITIONS 256

/* A kind of name, and the disks of it that have a Linux device number. */
struct scheme {
	const char *prefix;
	uint32_t major, first_disk, disks;
	unsigned int shift; /* minor = disk << shift | partition */
};

static const struct scheme schemes[] = {
	{"xvd", 202, 0, 16, 4},
	{"sd", 8, 0, 16, 4},
	{"hd", 3, 0, 2, 6},
	{"hd", 22, 2, 2, 6},
};

#define SCHEMES (sizeof(schemes) / sizeof(schemes[0]))

/* A number taken apart. */
struct place {
	const struct scheme *scheme; /* NULL: an extended number */
	uint32_t disk, partition;    /* partition 0: the whole disk */
};

static int parse_digits(const char **at, uint32_t limit, uint32_t *number)
{
	uint64_t value;
	int err = number_scan(at, limit - 1, &value);

	if (!err)
		*number = (uint32_t)value;
	return err;
}

/* a, b, ... z, aa, ab, ... */
static int parse_letters(const char **at, uint32_t *disk)
{
	uint32_t number = 0;

	if (**at < 'a' || **at > 'z')
		return -EINVAL;
	for (; **at >= 'a' && **at <= 'z'; (*at)++) {
		number = number * 26 + (uint32_t)(**at - 'a') + 1;
		if (number > MAX_DISKS)
			return -ERANGE;
	}
	*disk = number - 1;
	return 0;
}

static uint32_t make_extended(uint32_t disk, uint32_t partition)
{
	return EXTENDED | disk << EXTENDED_SHIFT | partition;
}

/* -ERANGE where no scheme of this prefix has the disk. */
static int make_number(const char *prefix, uint32_t disk, uint32_t partition, uint32_t *number)
{
	for (size_t i = 0; i < SCHEMES; i++) {
		const struct scheme *scheme = &schemes[i];

		if (strcmp(scheme->prefix, prefix) || disk < scheme->first_disk ||
		    disk - scheme->first_disk >= scheme->disks || partition >> scheme->shift)
			continue;
		*number = scheme->major << 8 | (disk - scheme->first_disk) << scheme->shift |
			  partition;
		return 0;
	}
	if (strcmp(prefix, schemes[0].prefix))
		return -ERANGE;
	*number = make_extended(disk, partition);
	return 0;
}

/* What follows "xvd", "sd" or "hd". */
static int parse_lettered(const char *prefix, const char *rest, uint32_t *number)
{
	uint32_t disk, partition = 0;
	int err = parse_letters(&rest, &disk);

	if (!err && *rest)
		err = *rest == '0' ? -EINVAL : parse_digits(&rest, MAX_PARTITIONS, &partition);
	if (!err && *rest)
		err = -EINVAL;
	return err ? err : make_number(prefix, disk, partition, number);
}

/* What follows the d of "d0p1". */
static int parse_numbered(const char *rest, uint32_t *number)
{
	uint32_t disk, partition = 0;
	int err = parse_digits(&rest, MAX_DISKS, &disk);

	if (!err && *rest == 'p') {
		rest++;
		err = parse_digits(&rest, MAX_PARTITIONS, &partition);
	}
	if (!err && *rest)
		err = -EINVAL;
	return err ? err : make_number(schemes[0].prefix, disk, partition, number);
}

static int parse_plain(const char *name, uint32_t *number)
{
	char *end;
	unsigned long value = strtoul(name, &end, 0);

	if (*end)
		return -EINVAL;
	if (value == VDEV_NONE || value >= EXTENDED + (MAX_DISKS << EXTENDED_SHIFT))
		return -ERANGE;
	*number = (uint32_t)value;
	return 0;
}

int vdev_parse(const char *name, uint32_t *number)
{
	if (*name >= '0' && *name <= '9')
		return parse_plain(name, number);
	for (size_t i = 0; i < SCHEMES; i++) {
		size_t length = strlen(schemes[i].prefix);

		if (!strncmp(name, schemes[i].prefix, length))
			return parse_lettered(schemes[i].prefix, name + length, number);
	}
	return *name == 'd' ? parse_numbered(name + 1, number) : -EINVAL;
}

/* False where the number belongs to no scheme. */
static bool take_apart(uint32_t number, struct place *place)
{
	uint32_t minor = number & 0xff;

	*place = (struct place){.disk = (number & ~EXTENDED) >> EXTENDED_SHIFT, .partition = minor};
	if (number & EXTENDED)
		return place->disk < MAX_DISKS;
	for (size_t i = 0; i < SCHEMES; i++) {
		const struct scheme *scheme = &schemes[i];

		if (scheme->major != number >> 8 || minor >> scheme->shift >= scheme->disks)
			continue;
		place->scheme = scheme;
		place->disk = scheme->first_disk + (minor >> scheme->shift);
		place->partition = minor & ((1U << scheme->shift) - 1);
		return true;
	}
	return false;
}

static const char *prefix_of(const struct place *place)
{
	return place->scheme ? place->scheme->prefix : schemes[0].prefix;
}

char *vdev_format(uint32_t number, char name[VDEV_NAME_SIZE])
{
	char letters[8], *at = letters + sizeof(letters);
	struct place place;

	if (!take_apart(number, &place)) {
		snprintf(name, VDEV_NAME_SIZE, "%" PRIu32, number);
		return name;
	}
	*--at = '\0';
	for (uint32_t left = place.disk + 1; left; left = (left - 1) / 26)
		*--at = (char)('a' + (left - 1) % 26);
	if (place.partition)
		snprintf(name, VDEV_NAME_SIZE, "%s%s%" PRIu32, prefix_of(&place), at,
			 place.partition);
	else
		snprintf(name, VDEV_NAME_SIZE, "%s%s", prefix_of(&place), at);
	return name;
}

bool vdev_overlaps(uint32_t one, uint32_t other)
{
	struct place a, b;

	if (one == other)
		return true;
	if (!take_apart(one, &a) || !take_apart(other, &b))
		return false;
	return !strcmp(prefix_of(&a), prefix_of(&b)) && a.disk == b.disk &&
	       (!a.partition || !b.partition || a.partition == b.partition);
}

uint32_t vdev_first_free(const uint32_t *used, size_t count)
{
	/* one of count + 1 disks is free */
	for (uint32_t disk = 0;; disk++) {
		uint32_t number = VDEV_NONE;
		size_t i = 0;

		make_number(schemes[0].prefix, disk, 0, &number);
		while (i < count && !vdev_overlaps(number, used[i]))
			i++;
		if (i == count)
			return number;
	}
}
