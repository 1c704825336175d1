/* SPDX-License-Identifier: ISC */
/* Devices that come to a guest, or leave it, while it runs. */
#include "common/guest_devices.h"
#include "common/device.h"
#include "common/vdev.h"

#include <errno.h>
#include <inttypes.h>
#include <libctrl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Only a guest that the store daemon serves can hear of devices. */
static int check_guest(const struct guest_devices *guest, struct report *report)
{
	int ret = ctrl_store_is_introduced(guest->store, guest->domid);

	if (!guest->domid)
		return report_set(report, -EINVAL, "dom0 has the devices; it is given none");
	if (ret < 0)
		return report_set(report, ret, "%s", ctrl_error());
	if (!ret)
		return report_set(report, -ENOTCONN,
				  "domain %" PRIu32
				  " was made without a store and cannot be given devices",
				  guest->domid);
	return 0;
}

/* --- attaching --- */

static int check_vdev(uint32_t vdev, const uint32_t *used, size_t count, struct report *report)
{
	char name[VDEV_NAME_SIZE], other[VDEV_NAME_SIZE];

	for (size_t i = 0; i < count; i++)
		if (vdev_overlaps(vdev, used[i]))
			return report_set(report, -EEXIST,
					  "the guest has '%s' and cannot have '%s' too",
					  vdev_format(used[i], other), vdev_format(vdev, name));
	return 0;
}

/* The numbers of what a guest has; *used is to be freed. How many, or a negative errno. */
static int list_used(const struct guest_devices *guest, enum device_kind kind, uint32_t **used,
		     struct report *report)
{
	struct device_info *list;
	int count = devices_list(guest->store, guest->domid, kind, &list, report);

	if (count < 0)
		return count;
	*used = calloc((size_t)count + 1, sizeof(**used));
	for (int i = 0; *used && i < count; i++)
		(*used)[i] = list[i].devid;
	devices_free_list(list, count);
	return *used ? count : report_set(report, -ENOMEM, "out of memory");
}

static int choose_vdev(const struct guest_devices *guest, struct disk_spec *disk,
		       struct report *report)
{
	uint32_t *used;
	int count = list_used(guest, DEVICE_DISK, &used, report), err = 0;

	if (count < 0)
		return count;
	if (disk->vdev == VDEV_NONE)
		disk->vdev = vdev_first_free(used, (size_t)count);
	else
		err = check_vdev(disk->vdev, used, (size_t)count, report);
	free(used);
	return err;
}

/* The first number that is free; the list is in order. */
static int choose_devid(const struct guest_devices *guest, uint32_t *devid, struct report *report)
{
	uint32_t *used;
	int count = list_used(guest, DEVICE_VIF, &used, report);

	*devid = 0;
	for (int i = 0; i < count && used[i] == *devid; i++)
		++*devid;
	if (count >= 0)
		free(used);
	return count < 0 ? count : 0;
}

static int attach(const struct guest_devices *guest, struct device *device, struct report *report)
{
	int err = device_open(device, report);

	if (!err)
		err = device_attach(guest->store, guest->domid, device, guest->timeout_ms, report);
	device_close(device);
	return err;
}

int guest_attach_disk(const struct guest_devices *guest, struct disk_spec *disk,
		      struct report *report)
{
	struct device device = {.kind = DEVICE_DISK, .disk = disk, .block = -1};
	int lock, err = check_guest(guest, report);

	if (err)
		return err;
	lock = devices_lock(report);
	if (lock < 0)
		return lock;
	err = choose_vdev(guest, disk, report);
	device.devid = disk->vdev;
	if (!err)
		err = attach(guest, &device, report);
	close(lock);
	return err;
}

int guest_attach_vif(const struct guest_devices *guest, struct vif_spec *vif, uint32_t *devid,
		     struct report *report)
{
	struct device device = {.kind = DEVICE_VIF, .vif = vif, .block = -1};
	int lock, err = check_guest(guest, report);

	if (err)
		return err;
	lock = devices_lock(report);
	if (lock < 0)
		return lock;
	err = choose_devid(guest, devid, report);
	device.devid = *devid;
	if (!vif_has_mac(vif))
		vif_choose_mac(guest->uuid, *devid, vif->mac);
	if (!err)
		err = attach(guest, &device, report);
	close(lock);
	return err;
}

/* --- detaching --- */

static int detach(const struct guest_devices *guest, enum device_kind kind, uint32_t devid,
		  bool force, struct report *report)
{
	int lock, err = check_guest(guest, report);

	if (err)
		return err;
	lock = devices_lock(report);
	if (lock < 0)
		return lock;
	err = device_detach(guest->store, guest->domid, kind, devid, force, guest->timeout_ms,
			    report);
	close(lock);
	return err;
}

int guest_detach_disk(const struct guest_devices *guest, uint32_t vdev, bool force,
		      struct report *report)
{
	return detach(guest, DEVICE_DISK, vdev, force, report);
}

int guest_detach_vif(const struct guest_devices *guest, uint32_t devid, bool force,
		     struct report *report)
{
	return detach(guest, DEVICE_VIF, devid, force, report);
}
