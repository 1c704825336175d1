/* SPDX-License-Identifier: ISC */
/* What is behind a device in dom0: block devices are opened, images become some, bridges are found. */
#include "common/bridge.h"
#include "common/device.h"
#include "common/loopdev.h"
#include "common/vdev.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR 512

/* --- sets of devices --- */

int devices_from(const struct guest_config *config, struct devices *devices, struct report *report)
{
	size_t count = config->disks.count + config->vifs.count;
	struct device *device = calloc(count + 1, sizeof(*device));

	*devices = (struct devices){.list = device, .count = count};
	if (!device)
		return report_set(report, -ENOMEM, "out of memory");
	for (size_t i = 0; i < config->disks.count; i++)
		*device++ = (struct device){
			.kind = DEVICE_DISK,
			.devid = config->disks.list[i].vdev,
			.disk = &config->disks.list[i],
			.block = -1,
		};
	for (size_t i = 0; i < config->vifs.count; i++)
		*device++ = (struct device){
			.kind = DEVICE_VIF,
			.devid = (uint32_t)i,
			.vif = &config->vifs.list[i],
			.block = -1,
		};
	return 0;
}

void devices_clear(struct devices *devices)
{
	devices_close(devices);
	free(devices->list);
	*devices = (struct devices){0};
}

static void prefix_name(const struct device *device, struct report *report)
{
	char name[DEVICE_NAME_SIZE];

	report_prefix(report, "%s: ", device_name(device->kind, device->devid, name));
}

/* --- checks --- */

static int check_driver(enum device_kind kind, struct report *report)
{
	static const char *const modules[DEVICE_KINDS] = {
		[DEVICE_DISK] = "xen-blkback",
		[DEVICE_VIF] = "xen-netback",
	};

	if (backend_has_driver(kind))
		return 0;
	return report_set(report, -ENODEV, "dom0's kernel has no driver for it: modprobe %s",
			  modules[kind]);
}

/* Opens a disk's file, which says whether it can be had. */
static int open_file(const struct disk_spec *disk, int *file, struct stat *status,
		     struct report *report)
{
	int err = 0;

	/* not blocking: a FIFO would wait for its other end */
	*file = open(disk->path,
		     (disk->read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (*file < 0)
		err = -errno;
	if (err == -EROFS || err == -EACCES)
		return report_set(report, err,
				  "cannot open %s for writing: %s; write 'ro' for a disk that is "
				  "only read",
				  disk->path, strerror(-err));
	if (err == -EISDIR)
		return report_set(report, err, "%s is a directory, not an image", disk->path);
	if (err)
		return report_set(report, err, "cannot open %s: %s", disk->path, strerror(-err));
	if (!fstat(*file, status))
		return 0;
	err = -errno;
	close(*file);
	return report_set(report, err, "cannot look at %s: %s", disk->path, strerror(-err));
}

static int check_file(const struct disk_spec *disk, int file, const struct stat *status,
		      struct report *report)
{
	uint64_t size = (uint64_t)status->st_size;

	if (S_ISDIR(status->st_mode))
		return report_set(report, -EISDIR, "%s is a directory, not an image", disk->path);
	if (!S_ISREG(status->st_mode) && !S_ISBLK(status->st_mode))
		return report_set(report, -EINVAL, "%s is neither a file nor a block device",
				  disk->path);
	if (S_ISBLK(status->st_mode) && ioctl(file, BLKGETSIZE64, &size))
		return report_set(report, -errno, "cannot get the size of %s: %s", disk->path,
				  strerror(errno));
	if (size < SECTOR && S_ISBLK(status->st_mode))
		return report_set(report, -EINVAL,
				  "%s is a block device with nothing in it: it has no medium, or "
				  "nothing is attached to it",
				  disk->path);
	if (size < SECTOR)
		return report_set(report, -EINVAL,
				  "%s is empty: make it as large as the disk shall be, as by "
				  "'truncate -s 4G %s'",
				  disk->path, disk->path);
	return 0;
}

static int in_use(const struct disk_spec *disk, const char *whose, struct report *report)
{
	return report_set(report, -EBUSY,
			  "%s is in use by %s, and one of the two writes it; 'w!' or 'r!' as the "
			  "access allows that",
			  disk->path, whose);
}

static int check_users(const struct disk_spec *disk, const struct stat *status,
		       struct report *report)
{
	char whose[32];

	if (disk->shared)
		return 0;
	if (S_ISREG(status->st_mode)) {
		if (loopdev_find_user(status, disk->read_only, whose))
			return in_use(disk, whose, report);
		return 0;
	}
	if (backend_find_user(status->st_rdev, disk->read_only, whose, sizeof(whose)))
		return in_use(disk, whose, report);
	return 0;
}

/* --- disks --- */

/*
 * The block device of an open file or device. A device is opened anew, so that nobody else can mount
 * it or give it away until the backend has it.
 */
static int open_block(const struct disk_spec *disk, int file, const struct stat *status,
		      struct report *report)
{
	int flags = (disk->read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC, block;

	if (S_ISREG(status->st_mode))
		return loopdev_make(file, disk->path, disk->read_only, report);
	block = open(disk->path, flags | (disk->shared ? 0 : O_EXCL));
	if (block >= 0)
		return block;
	if (errno == EBUSY)
		return in_use(disk, "dom0 (is it mounted?)", report);
	return report_set(report, -errno, "cannot open %s: %s", disk->path, strerror(errno));
}

/* make: the block device too, not only the checks. */
static int open_disk(struct device *device, bool make, struct report *report)
{
	const struct disk_spec *disk = device->disk;
	struct stat status;
	int file, err = open_file(disk, &file, &status, report);

	if (err)
		return err;
	err = check_file(disk, file, &status, report);
	if (!err)
		err = check_users(disk, &status, report);
	if (!err && make) {
		device->block = open_block(disk, file, &status, report);
		err = device->block < 0 ? device->block : 0;
	}
	close(file);
	if (err || !make)
		return err;
	if (fstat(device->block, &status))
		return report_set(report, -errno, "cannot look at %s: %s", disk->path,
				  strerror(errno));
	device->number = status.st_rdev;
	return 0;
}

/* --- network interfaces --- */

#define MAKE_BRIDGE "make one: ip link add name %s type bridge; ip link set %s up"

static int find_bridge(struct device *device, struct report *report)
{
	const char *wanted = device->vif->bridge;

	if (*wanted && !bridge_exists(wanted))
		return report_set(report, -ENODEV, "there is no bridge '%s' in dom0; " MAKE_BRIDGE,
				  wanted, wanted, wanted);
	if (*wanted)
		strcpy(device->bridge, wanted);
	else if (bridge_first(device->bridge))
		return report_set(report, -ENODEV, "there is no bridge in dom0; " MAKE_BRIDGE,
				  "br0", "br0");
	device->mtu = device->vif->mtu ? device->vif->mtu : bridge_mtu(device->bridge);
	return 0;
}

static int open_vif(struct device *device, bool make, struct report *report)
{
	const char *name = device->vif->name;

	(void)make;
	if (*name && bridge_interface_exists(name))
		return report_set(report, -EEXIST,
				  "there is a network interface '%s' already: choose another "
				  "'vifname'",
				  name);
	return find_bridge(device, report);
}

/* --- both --- */

static int open_one(struct device *device, bool make, struct report *report)
{
	static int (*const open_kind[DEVICE_KINDS])(struct device * device, bool make,
						    struct report *report) = {
		[DEVICE_DISK] = open_disk,
		[DEVICE_VIF] = open_vif,
	};
	int err = check_driver(device->kind, report);

	if (!err)
		err = open_kind[device->kind](device, make, report);
	if (err)
		prefix_name(device, report);
	return err;
}

int device_open(struct device *device, struct report *report)
{
	int err = open_one(device, true, report);

	if (err)
		device_close(device);
	return err;
}

void device_close(struct device *device)
{
	if (device->block >= 0)
		close(device->block);
	device->block = -1;
}

int devices_check(struct devices *devices, struct report *report)
{
	int err = 0;

	for (size_t i = 0; !err && i < devices->count; i++)
		err = open_one(&devices->list[i], false, report);
	return err;
}

int devices_open(struct devices *devices, struct report *report)
{
	int lock = devices->count ? devices_lock(report) : 0, err = 0;

	if (lock < 0 || !devices->count)
		return lock;
	for (size_t i = 0; !err && i < devices->count; i++)
		err = device_open(&devices->list[i], report);
	close(lock);
	if (err)
		devices_close(devices);
	return err;
}

void devices_close(struct devices *devices)
{
	for (size_t i = 0; i < devices->count; i++)
		device_close(&devices->list[i]);
}
