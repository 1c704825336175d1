/* SPDX-License-Identifier: ISC */
/* Loop devices: block devices of dom0 that are image files, made and freed by ioctl. */
#include "loopdev.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <linux/major.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define CONTROL  "/dev/loop-control"
#define ATTEMPTS 64 /* attempts to get a free device, as other processes may take it first */

static int open_device(unsigned int number, int flags)
{
	char path[32];
	int device;

	snprintf(path, sizeof(path), "/dev/loop%u", number);
	device = open(path, flags | O_CLOEXEC);
	return device < 0 ? -errno : device;
}

/* Configures a free device. Returns -EBUSY if another process took it first. */
static int configure_free(int control, const struct loop_config *config, int flags)
{
	int number = ioctl(control, LOOP_CTL_GET_FREE), device;

	if (number < 0)
		return -errno;
	device = open_device((unsigned int)number, flags);
	if (device < 0)
		return device == -ENXIO ? -EBUSY : device; /* removed meanwhile */
	if (!ioctl(device, LOOP_CONFIGURE, config))
		return device;
	number = -errno;
	close(device);
	return number;
}

int loopdev_make(int file, const char *path, bool read_only, struct report *report)
{
	struct loop_config config = {
		.fd = (uint32_t)file,
		/* if the file system has no direct I/O, the kernel ignores the flag */
		.info.lo_flags = LO_FLAGS_AUTOCLEAR | LO_FLAGS_DIRECT_IO |
				 (read_only ? LO_FLAGS_READ_ONLY : 0),
	};
	int control = open(CONTROL, O_RDWR | O_CLOEXEC), device = -EBUSY;

	if (control < 0)
		return report_set(report, -errno,
				  "cannot open " CONTROL
				  ": %s; image files need the kernel module 'loop'",
				  strerror(errno));
	snprintf((char *)config.info.lo_file_name, sizeof(config.info.lo_file_name), "%s", path);
	for (unsigned int i = 0; i < ATTEMPTS && device == -EBUSY; i++)
		device = configure_free(control, &config, read_only ? O_RDONLY : O_RDWR);
	close(control);
	if (device < 0)
		return report_set(report, device, "cannot make a loop device of %s: %s", path,
				  strerror(-device));
	return device;
}

/* --- who uses a file already --- */

static bool is_of_file(unsigned int number, const struct stat *file, bool *read_only)
{
	int device = open_device(number, O_RDONLY);
	struct loop_info64 info;
	bool found;

	if (device < 0)
		return false;
	found = !ioctl(device, LOOP_GET_STATUS64, &info) && info.lo_device == file->st_dev &&
		info.lo_inode == file->st_ino;
	*read_only = found && info.lo_flags & LO_FLAGS_READ_ONLY;
	close(device);
	return found;
}

bool loopdev_find_user(const struct stat *file, bool read_only, char name[LOOPDEV_NAME_SIZE])
{
	DIR *folder = opendir("/sys/block");
	struct dirent *entry;
	bool found = false;

	while (folder && !found && (entry = readdir(folder))) {
		bool other_reads = false;
		unsigned int number;

		if (sscanf(entry->d_name, "loop%u", &number) != 1)
			continue;
		found = is_of_file(number, file, &other_reads) && !(read_only && other_reads);
		if (found)
			snprintf(name, LOOPDEV_NAME_SIZE, "loop%u", number);
	}
	if (folder)
		closedir(folder);
	return found;
}

bool loopdev_is_one(dev_t number)
{
	return major(number) == LOOP_MAJOR;
}

bool loopdev_is_of_file(dev_t number, const struct stat *file)
{
	bool read_only;

	return loopdev_is_one(number) && is_of_file(minor(number), file, &read_only);
}

void loopdev_free_when_unused(dev_t number)
{
	int device = open_device(minor(number), O_RDONLY);

	if (device < 0)
		return;
	ioctl(device, LOOP_CLR_FD); /* if the device is still open, the kernel only marks it */
	close(device);
}

/* --- its size --- */

int loopdev_update_size(dev_t number)
{
	int device = open_device(minor(number), O_RDONLY), err = 0;

	if (device < 0)
		return device;
	if (ioctl(device, LOOP_SET_CAPACITY))
		err = -errno;
	close(device);
	return err;
}
