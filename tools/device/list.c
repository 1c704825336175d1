/* SPDX-License-Identifier: ISC */
/* Lists a guest's devices and grows its disks. */
#include "link.h"
#include "loopdev.h"
#include "base/report_ctrl.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libctrl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define SECTOR 512 /* bytes, as blkback counts, whatever the disk's own sectors are */

static int fail_by_ctrl(struct report *report, int err)
{
	return report_ctrl(report, err);
}

/* --- the list --- */

enum folder {
	RECORD,
	BACKEND,
	FRONTEND,
	FOLDERS,
};

#define TEXT(kind, folder, name, field)                                       \
	{                                                                     \
		kind, folder, name, true, offsetof(struct device_info, field) \
	}
#define NUMBER(kind, folder, name, field)                                      \
	{                                                                      \
		kind, folder, name, false, offsetof(struct device_info, field) \
	}
#define ALL DEVICE_KINDS

/* What is read of a device. Texts are from dom0's own record. */
static const struct field {
	enum device_kind kind; /* that has it, or ALL */
	enum folder folder;
	const char *name;
	bool is_text;
	size_t offset; /* a char *, or a uint64_t */
} fields[] = {
	NUMBER(ALL, BACKEND, "state", backend_state),
	NUMBER(ALL, FRONTEND, "state", frontend_state),
	NUMBER(ALL, FRONTEND, "event-channel", event_channel),
	TEXT(DEVICE_DISK, RECORD, "params", target),
	TEXT(DEVICE_DISK, RECORD, "mode", mode),
	TEXT(DEVICE_DISK, RECORD, "device-type", device_type),
	NUMBER(DEVICE_DISK, BACKEND, "sectors", sectors),
	NUMBER(DEVICE_DISK, FRONTEND, "ring-ref", ring_ref),
	TEXT(DEVICE_VIF, RECORD, "mac", mac),
	TEXT(DEVICE_VIF, RECORD, "bridge", bridge),
	TEXT(DEVICE_VIF, RECORD, "ip", ip),
	TEXT(DEVICE_VIF, RECORD, "rate", rate),
	NUMBER(DEVICE_VIF, FRONTEND, "tx-ring-ref", tx_ring_ref),
	NUMBER(DEVICE_VIF, FRONTEND, "rx-ring-ref", rx_ring_ref),
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

static bool has_field(enum device_kind kind, const struct field *field)
{
	return field->kind == ALL || field->kind == kind;
}

static void read_fields(struct ctrl_store_batch *b, uint32_t domid, enum device_kind kind,
			uint32_t devid, char *texts[FIELDS])
{
	char paths[FOLDERS][DEVICE_PATH_SIZE];

	device_record_path(domid, kind, devid, paths[RECORD]);
	device_backend_path(domid, kind, devid, paths[BACKEND]);
	device_frontend_path(domid, kind, devid, paths[FRONTEND]);
	for (size_t i = 0; i < FIELDS; i++) {
		if (!has_field(kind, &fields[i]))
			continue;
		ctrl_store_batch_base(b, "%s", paths[fields[i].folder]);
		ctrl_store_batch_read(b, fields[i].name, &texts[i]);
	}
}

/* Moves the texts into info. */
static void fill(struct device_info *info, char *texts[FIELDS])
{
	for (size_t i = 0; i < FIELDS; i++) {
		void *field = (char *)info + fields[i].offset;

		if (fields[i].is_text) {
			if (has_field(info->kind, &fields[i]))
				*(char **)field = texts[i];
			continue;
		}
		if (texts[i])
			*(uint64_t *)field = strtoull(texts[i], NULL, 10);
		free(texts[i]);
	}
	if (info->kind == DEVICE_VIF)
		backend_interface(info->domid, info->devid, info->interface);
}

static int read_all(struct ctrl_store *store, struct device_info *list, size_t count,
		    struct report *report)
{
	char *(*texts)[FIELDS] = calloc(count + 1, sizeof(*texts));
	struct ctrl_store_batch *b = NULL;
	int err = texts ? ctrl_store_batch_new(store, &b) : -ENOMEM;

	if (err) {
		free(texts);
		return report_set(report, err, "out of memory");
	}
	for (size_t i = 0; i < count; i++)
		read_fields(b, list[i].domid, list[i].kind, list[i].devid, texts[i]);
	err = ctrl_store_batch_run(b);
	ctrl_store_batch_free(b);
	for (size_t i = 0; i < count; i++)
		fill(&list[i], texts[i]);
	free(texts);
	return err ? fail_by_ctrl(report, err) : 0;
}

static int compare(const void *a, const void *b)
{
	uint32_t one = ((const struct device_info *)a)->devid;
	uint32_t other = ((const struct device_info *)b)->devid;

	return (one > other) - (one < other);
}

static int find_all(struct ctrl_store *store, uint32_t domid, enum device_kind kind,
		    struct device_info **list, struct report *report)
{
	char path[DEVICE_PATH_SIZE], **names;
	int count;

	*strrchr(device_record_path(domid, kind, 0, path), '/') = '\0';
	count = ctrl_store_list(store, 0, path, &names);
	if (count == -ENOENT)
		count = 0, names = NULL;
	if (count < 0)
		return fail_by_ctrl(report, count);
	*list = calloc((size_t)count + 1, sizeof(**list));
	for (int i = 0; *list && i < count; i++)
		(*list)[i] = (struct device_info){
			.kind = kind,
			.domid = domid,
			.devid = (uint32_t)strtoul(names[i], NULL, 10),
		};
	free(names);
	if (!*list)
		return report_set(report, -ENOMEM, "out of memory");
	qsort(*list, (size_t)count, sizeof(**list), compare);
	return count;
}

int devices_list(struct ctrl_store *store, uint32_t domid, enum device_kind kind,
		 struct device_info **list, struct report *report)
{
	int count = find_all(store, domid, kind, list, report), err;

	if (count < 0)
		return count;
	err = read_all(store, *list, (size_t)count, report);
	if (!err)
		return count;
	devices_free_list(*list, count);
	return err;
}

void devices_free_list(struct device_info *list, int count)
{
	for (int i = 0; i < count; i++)
		for (size_t n = 0; n < FIELDS; n++)
			if (fields[n].is_text && has_field(list[i].kind, &fields[n]))
				free(*(char **)((char *)&list[i] + fields[n].offset));
	free(list);
}

/* --- growing --- */

static int find_target(const struct link *link, char **path, struct report *report)
{
	char record[DEVICE_PATH_SIZE], node[DEVICE_PATH_SIZE + 32];
	int err;

	snprintf(node, sizeof(node), "%s/params",
		 device_record_path(link->domid, link->kind, link->devid, record));
	err = ctrl_store_read(link->store, 0, node, path, NULL);
	if (err == -ENOENT)
		return link_fail(link, err, "the guest has none such", report);
	return err ? fail_by_ctrl(report, err) : 0;
}

/* Grows an image file. It must be the file of this loop device. */
static int grow_file(const char *path, dev_t number, uint64_t size, struct report *report)
{
	int file = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK), err = 0;
	struct stat status;

	if (file < 0 || fstat(file, &status)) {
		err = report_set(report, -errno, "cannot open %s: %s", path, strerror(errno));
	} else if (!loopdev_is_of_file(number, &status)) {
		err = report_set(report, -ESTALE,
				 "%s is not the file any more that the guest has as its disk",
				 path);
	} else if (size < (uint64_t)status.st_size) {
		err = report_set(report, -EINVAL,
				 "%s has %" PRIu64 " bytes already; a disk in use can only grow",
				 path, (uint64_t)status.st_size);
	} else if (ftruncate(file, (off_t)size)) {
		err = report_set(report, -errno, "cannot make %s bigger: %s", path,
				 strerror(errno));
	}
	if (file >= 0)
		close(file);
	return err;
}

static int get_size(dev_t number, uint64_t *size, struct report *report)
{
	char path[64];
	unsigned long long sectors = 0;
	FILE *file;

	/* by number, as the device's name may belong to another device now */
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/size", major(number), minor(number));
	file = fopen(path, "re");
	if (!file || fscanf(file, "%llu", &sectors) != 1)
		sectors = 0;
	if (file)
		fclose(file);
	*size = sectors * SECTOR;
	return sectors ? 0 : report_set(report, -EIO, "cannot read %s", path);
}

static int has_size(const struct link *link, void *context)
{
	return link_backend_number(link, "sectors") == *(uint64_t *)context / SECTOR;
}

/* Waits until blkback notices the new size. It checks several times per second. */
static int wait_told(const struct link *link, uint64_t *size, struct report *report)
{
	if (link_backend_state(link) != DEVICE_CONNECTED)
		return 0; /* it will be read when the guest connects */
	if (!link_wait(link, has_size, size, DEVICE_DRIVER_MS))
		return 0;
	return link_fail(link, -ETIMEDOUT, "dom0's driver has not told the guest its new size",
			 report);
}

int device_resize_disk(struct ctrl_store *store, uint32_t domid, uint32_t vdev, uint64_t *size,
		       struct report *report)
{
	const struct link link = {store, domid, DEVICE_DISK, vdev};
	dev_t number;
	char *path;
	int err = find_target(&link, &path, report);

	if (err)
		return err;
	if (backend_block_device(domid, vdev, &number))
		err = link_fail(&link, -ENODEV, "dom0's driver does not have it", report);
	else if (*size && !loopdev_is_one(number))
		err = report_set(
			report, -EINVAL,
			"%s is a block device: make it bigger, then say this without a size", path);
	else if (*size)
		err = grow_file(path, number, *size, report);
	if (!err && loopdev_is_one(number)) {
		err = loopdev_update_size(number);
		if (err)
			report_set(report, err, "the loop device of %s cannot be resized: %s", path,
				   strerror(-err));
	}
	if (!err)
		err = get_size(number, size, report);
	if (!err)
		err = wait_told(&link, size, report);
	free(path);
	return err;
}
