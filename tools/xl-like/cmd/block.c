/* SPDX-License-Identifier: ISC */
/* vmctl block-attach, block-detach, block-list, block-resize. */
#include "cmd.h"
#include "config/vdev.h"
#include "device_command.h"
#include "base/number.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int attach(struct device_command *command, const char *text)
{
	char name[VDEV_NAME_SIZE];
	struct disk_spec disk;
	struct report report;
	int err = disk_spec_parse(text, NULL, &disk, &report);

	if (!err)
		err = guest_attach_disk(&command->guest, &disk, &report);
	if (!err)
		printf("%s: %s attached as %s\n", command->target.name, disk.path,
		       vdev_format(disk.vdev, name));
	disk_spec_clear(&disk);
	return device_command_fail(command, err, &report);
}

int cmd_block_attach(const struct arguments *arguments)
{
	return device_command_attach(arguments, attach);
}

static int find_vdev(const char *word, uint32_t *vdev)
{
	if (!vdev_parse(word, vdev))
		return EXIT_OK;
	return vmctl_fail(EXIT_USAGE, "'%s' is not the name of a disk such as xvda", word);
}

int cmd_block_detach(const struct arguments *arguments)
{
	bool force = arguments_option(arguments, "force");
	struct device_command command;
	struct report report;
	uint32_t vdev;
	int status = device_command_open(&command, arguments);

	if (!status)
		status = find_vdev(arguments->words[1], &vdev);
	if (!status)
		status = device_command_fail(
			&command, guest_detach_disk(&command.guest, vdev, force, &report), &report);
	device_command_close(&command);
	return status;
}

/* --- sizes --- */

static const char units[] = "BKMGT";

/* "4G"; 0 for what is none. */
static uint64_t parse_size(const char *word)
{
	uint64_t number;
	int err = number_scan(&word, INT64_MAX, &number);
	const char *at = *word ? strchr(units, *word) : units;
	unsigned int shift = at ? 10 * (unsigned int)(at - units) : 0;

	if (err || !at || (*word && word[1]) || number > (uint64_t)INT64_MAX >> shift)
		return 0;
	return number << shift;
}

/* In the largest unit that shows no digits after the point: "4G", "1500M" */
static char *format_size(uint64_t bytes, char text[32])
{
	unsigned int unit = 0;

	while (units[unit + 1] && bytes && bytes % 1024 == 0) {
		bytes /= 1024;
		unit++;
	}
	snprintf(text, 32, "%" PRIu64 "%c", bytes, units[unit]);
	return text;
}

static int resize(struct device_command *command, uint32_t vdev, uint64_t size)
{
	char name[VDEV_NAME_SIZE], text[32];
	struct report report;
	int err = device_resize_disk(command->guest.store, command->guest.domid, vdev, &size,
				     &report);

	if (!err)
		printf("%s: %s has %s\n", command->target.name, vdev_format(vdev, name),
		       format_size(size, text));
	return device_command_fail(command, err, &report);
}

int cmd_block_resize(const struct arguments *arguments)
{
	const char *word = arguments->count > 2 ? arguments->words[2] : NULL;
	uint64_t size = word ? parse_size(word) : 0;
	struct device_command command;
	uint32_t vdev;
	int status;

	if (word && !size)
		return vmctl_fail(EXIT_USAGE, "'%s' is not a size such as 512M or 4G", word);
	status = device_command_open(&command, arguments);
	if (!status)
		status = find_vdev(arguments->words[1], &vdev);
	if (!status)
		status = resize(&command, vdev, size);
	device_command_close(&command);
	return status;
}

/* --- list --- */

static void print_head(void)
{
	printf("Domain\tDisk\tNumber\tAccess\tSize\tState\tTarget\n");
}

static void print_disk(const struct device_info *info)
{
	char name[VDEV_NAME_SIZE], size[32];

	printf("%" PRIu32 "\t%s\t%" PRIu32 "\t%s\t%s\t%s\t%s\n", info->domid,
	       vdev_format(info->devid, name), info->devid,
	       info->mode && *info->mode == 'w' ? "rw" : "ro",
	       info->sectors ? format_size(info->sectors * 512, size) : "-",
	       device_state_name((unsigned int)info->backend_state),
	       info->target ? info->target : "-");
}

int cmd_block_list(const struct arguments *arguments)
{
	static const struct device_format format = {
		.kind = DEVICE_DISK,
		.print_head = print_head,
		.print = print_disk,
	};

	return device_command_list(arguments, &format);
}
