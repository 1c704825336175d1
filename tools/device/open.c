/* SPDX-License-Identifier: ISC */
/* Opens what dom0 provides for a device: block devices, loop devices for images, and bridges. */
#include "bridge.h"
#include "device.h"
#include "image_format.h"
#include "loopdev.h"
#include "config/vdev.h"

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
	free(devices->left_out);
	*devices = (struct devices){0};
}

/* Interfaces are identified by address, as their numbers may differ at the next start. */
static void prefix_name(const struct device *device, struct report *report)
{
	char name[DEVICE_NAME_SIZE], mac[VIF_MAC_SIZE];

	device_name(device->kind, device->devid, name);
	if (device->kind == DEVICE_VIF)
		report_prefix(report, "%s (%s): ", name, vif_format_mac(device->vif->mac, mac));
	else
		report_prefix(report, "%s: ", name);
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

	/* non-blocking, as opening a FIFO would wait for its other end */
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

/*
 * Rejects a file that is not a raw image: the guest would find no file system in it, or overwrite
 * it. Block devices are not read. Images that a guest has already used are not checked.
 */
static int check_format(const struct disk_spec *disk, int file, const struct stat *status,
			const struct device_policy *policy, struct report *report)
{
	const struct image_format *format;
	struct report text;

	if (!S_ISREG(status->st_mode) || policy->restart)
		return 0;
	format = image_format_find(file, (uint64_t)status->st_size);
	if (!format)
		return 0;
	if (!disk->raw_said)
		return image_format_explain(format, disk->path, -EINVAL, report);
	report_set(&text, 0, "%s looks like a %s file, and the guest sees it as it is ('raw')",
		   disk->path, format->name);
	if (policy->warn)
		policy->warn(policy->context, text.text);
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
 * The block device of an open file or device. A device is opened anew, so that nobody else can
 * mount it or give it away until the backend has it: the one that was checked, whatever the path
 * leads to by now.
 */
static int open_block(const struct disk_spec *disk, int file, const struct stat *status,
		      struct report *report)
{
	int flags = (disk->read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC, block;
	char checked[32];

	if (S_ISREG(status->st_mode))
		return loopdev_make(file, disk->path, disk->read_only, report);
	snprintf(checked, sizeof(checked), "/proc/self/fd/%d", file);
	block = open(checked, flags | (disk->shared ? 0 : O_EXCL));
	if (block >= 0)
		return block;
	if (errno == EBUSY)
		return in_use(disk, "dom0 (is it mounted?)", report);
	return report_set(report, -errno, "cannot open %s: %s", disk->path, strerror(errno));
}

/* With make, also makes the block device; otherwise only checks. */
static int open_disk(struct device *device, const struct device_policy *policy, bool make,
		     struct report *report)
{
	const struct disk_spec *disk = device->disk;
	struct stat status;
	int file, err = open_file(disk, &file, &status, report);

	if (err)
		return err;
	err = check_file(disk, file, &status, report);
	if (!err)
		err = check_format(disk, file, &status, policy, report);
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
	if (!S_ISBLK(status.st_mode))
		return report_set(report, -ENOTBLK, "%s does not lead to a block device any more",
				  disk->path);
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

static int open_vif(struct device *device, const struct device_policy *policy, bool make,
		    struct report *report)
{
	const char *name = device->vif->name;

	(void)policy;
	(void)make;
	if (*name && bridge_interface_exists(name))
		return report_set(report, -EEXIST,
				  "there is a network interface '%s' already: choose another "
				  "'vifname'",
				  name);
	return find_bridge(device, report);
}

/* --- both --- */

static int open_one(struct device *device, const struct device_policy *policy, bool make,
		    struct report *report)
{
	static int (*const open_kind[DEVICE_KINDS])(struct device * device,
						    const struct device_policy *policy, bool make,
						    struct report *report) = {
		[DEVICE_DISK] = open_disk,
		[DEVICE_VIF] = open_vif,
	};
	int err = check_driver(device->kind, report);

	if (!err)
		err = open_kind[device->kind](device, policy, make, report);
	if (err)
		prefix_name(device, report);
	return err;
}

int device_open(struct device *device, const struct device_policy *policy, struct report *report)
{
	int err = open_one(device, policy, true, report);

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

/* --- sets --- */

static bool is_same_file(const struct disk_spec *a, const struct disk_spec *b)
{
	struct stat one, other;

	if (stat(a->path, &one) || stat(b->path, &other))
		return false; /* opening it reports the error */
	if (S_ISBLK(one.st_mode) && S_ISBLK(other.st_mode))
		return one.st_rdev == other.st_rdev;
	return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/*
 * check_users() looks for other users in other guests and in dom0. This looks for them in the same
 * guest.
 */
static int check_twice(const struct devices *devices, size_t index, struct report *report)
{
	const struct disk_spec *disk = devices->list[index].disk;
	char name[DEVICE_NAME_SIZE];

	for (size_t i = 0; disk && !disk->shared && i < index; i++) {
		const struct device *other = &devices->list[i];

		if (other->kind != DEVICE_DISK || (disk->read_only && other->disk->read_only) ||
		    !is_same_file(disk, other->disk))
			continue;
		report_set(report, -EBUSY,
			   "%s is %s of this guest already, and one of the two writes it",
			   disk->path, device_name(other->kind, other->devid, name));
		prefix_name(&devices->list[index], report);
		return -EBUSY;
	}
	return 0;
}

static bool is_optional(const struct device *device)
{
	return device->kind == DEVICE_DISK ? device->disk->optional : device->vif->optional;
}

/*
 * Removes the device from the list and appends a line with its name and the reason to left_out.
 * Returns 0 or -ENOMEM.
 */
static int leave_out(struct devices *devices, size_t index, const struct device_policy *policy,
		     struct report *report)
{
	const char *before = devices->left_out ? devices->left_out : "";
	char *lines;

	if (asprintf(&lines, "%s%s%s", before, *before ? "\n" : "", report->text) < 0)
		return report_set(report, -ENOMEM, "out of memory");
	free(devices->left_out);
	devices->left_out = lines;
	device_close(&devices->list[index]);
	devices->count--;
	memmove(&devices->list[index], &devices->list[index + 1],
		(devices->count - index) * sizeof(*devices->list));
	report_prefix(report, "the guest is made without a device that is optional: ");
	if (policy->warn)
		policy->warn(policy->context, report->text);
	return 0;
}

static int open_all(struct devices *devices, const struct device_policy *policy, bool make,
		    struct report *report)
{
	size_t done = 0;
	int err = 0;

	while (!err && done < devices->count) {
		err = check_twice(devices, done, report);
		if (!err)
			err = open_one(&devices->list[done], policy, make, report);
		if (err && is_optional(&devices->list[done]))
			err = leave_out(devices, done, policy, report);
		else
			done++;
	}
	return err;
}

int devices_check(struct devices *devices, const struct device_policy *policy,
		  struct report *report)
{
	return open_all(devices, policy, false, report);
}

int devices_open(struct devices *devices, const struct device_policy *policy,
		 const struct lock_wait *wait, struct report *report)
{
	int lock = devices->count ? devices_lock(wait, report) : 0, err;

	if (lock < 0 || !devices->count)
		return lock;
	err = open_all(devices, policy, true, report);
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
