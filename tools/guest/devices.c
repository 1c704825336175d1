/* SPDX-License-Identifier: ISC */
/* Attaches devices to a running guest and detaches them. */
#include "devices.h"
#include "kept.h"
#include "device/device.h"
#include "guest.h"
#include "base/lockfile.h"
#include "base/path.h"
#include "registry.h"
#include "base/uuid.h"
#include "config/vdev.h"
#include "clients/monitor_client.h"
#include "base/report_ctrl.h"

#include <errno.h>
#include <inttypes.h>
#include <libctrl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- a device's own lock --- */

/* Held while a process attaches or detaches a device, including its wait for the guest. */
struct claim {
	int lock;
	char *path;
};

static int claim(const struct guest_devices *guest, enum device_kind kind, uint32_t devid,
		 struct claim *claim, struct report *report)
{
	const char *folder = guest->registry ? guest->registry : REGISTRY_DIR;
	int err = path_make_directories(folder);

	if (err)
		return report_set(report, err, "cannot make the directory %s: %s", folder,
				  strerror(-err));
	if (asprintf(&claim->path, "%s/" GUEST_DEVICE_CLAIM, folder, guest->domid,
		     device_kind_word(kind), devid) < 0)
		return report_set(report, -ENOMEM, "out of memory");
	claim->lock = lockfile_take(claim->path, &lock_for_moments, report);
	if (claim->lock >= 0)
		return 0;
	free(claim->path);
	return claim->lock;
}

static void unclaim(const struct claim *claim)
{
	lockfile_remove(claim->path, claim->lock);
	free(claim->path);
}

/* For the process that finds the claim if this process is killed: see abandoned.h. */
static int note_attaching(const struct guest_devices *guest, const struct claim *claim,
			  struct report *report)
{
	char text[UUID_TEXT_SIZE], note[sizeof(GUEST_DEVICE_ATTACHING) + UUID_TEXT_SIZE];
	int err;

	snprintf(note, sizeof(note), GUEST_DEVICE_ATTACHING, uuid_format(guest->uuid, text));
	err = lockfile_note(claim->lock, note);
	return err ? report_set(report, err, "cannot write %s: %s", claim->path, strerror(-err))
		   : 0;
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

/*
 * Lists the numbers of the guest's devices of a kind. The caller frees *used. Returns their count,
 * or a negative errno.
 */
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

/* Adds the numbers of the disks in the config, which the guest itself may lack. */
static int add_kept_vdevs(const struct kept *kept, uint32_t **used, int count)
{
	size_t more = kept->config.disks.count;
	uint32_t *all = realloc(*used, ((size_t)count + more + 1) * sizeof(*all));

	if (!all)
		return -ENOMEM;
	*used = all;
	for (size_t i = 0; i < more; i++)
		all[(size_t)count + i] = kept->config.disks.list[i].vdev;
	return count + (int)more;
}

static int choose_vdev(const struct guest_devices *guest, const struct kept *kept,
		       struct disk_spec *disk, struct report *report)
{
	uint32_t *used;
	int count = list_used(guest, DEVICE_DISK, &used, report), err = 0, all;

	if (count < 0)
		return count;
	if (disk->vdev != VDEV_NONE) {
		err = check_vdev(disk->vdev, used, (size_t)count, report);
	} else {
		all = add_kept_vdevs(kept, &used, count);
		disk->vdev = vdev_first_free(used, (size_t)(all < 0 ? count : all));
	}
	free(used);
	return err;
}

/* Chooses the first free number. The list is sorted. */
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

/*
 * Chooses a MAC address that is free in the guest and its config. Tries the usual address of this
 * devid first.
 */
static void choose_mac(const struct guest_devices *guest, const struct kept *kept, uint32_t devid,
		       struct vif_spec *vif)
{
	const struct guest_vifs *vifs = &kept->config.vifs;
	size_t i = 0;

	if (vif_has_mac(vif))
		return;
	do {
		vif_choose_mac(guest->uuid, devid++, vif->mac);
		for (i = 0; i < vifs->count; i++)
			if (vif_mac_equal(vifs->list[i].mac, vif->mac))
				break;
	} while (i < vifs->count);
}

/* The device must not conflict with another guest, nor with this one. */
static int check_conflicts(const struct guest_devices *guest, struct device *device,
			   struct report *report)
{
	const struct devices devices = {.list = device, .count = 1};

	return devices_check_others(guest->ctrl, guest->store, 0, &devices, report);
}

/* Makes all checks before the guest can see the device. */
static int announce(const struct guest_devices *guest, struct kept *kept, struct device *device,
		    const struct claim *claim, const struct kept_change *change,
		    struct report *report)
{
	const struct device_policy policy = {.warn = guest->warn};
	int err = device_open(device, &policy, report);

	if (!err)
		err = check_conflicts(guest, device, report);
	if (!err && kept->is_ours)
		err = kept_apply(kept, change, report);
	if (!err)
		err = note_attaching(guest, claim, report);
	return err ? err : device_announce(guest->store, guest->domid, device, report);
}

/* lock comes from kept_begin() and is released before waiting for the guest. */
static int attach(const struct guest_devices *guest, struct kept *kept, struct device *device,
		  int lock, const struct kept_change *change, struct report *report)
{
	struct claim mine;
	int err = claim(guest, device->kind, device->devid, &mine, report);

	if (err) {
		close(lock);
		return err;
	}
	err = announce(guest, kept, device, &mine, change, report);
	close(lock);
	if (!err)
		err = device_attach(guest->store, guest->domid, device, guest->timeout_ms, report);
	device_close(device);
	if (!err)
		err = kept_write(guest, change, false, report);
	unclaim(&mine);
	return err;
}

int guest_attach_disk(const struct guest_devices *guest, struct disk_spec *disk,
		      struct report *report)
{
	struct device device = {.kind = DEVICE_DISK, .disk = disk, .block = -1};
	const struct kept_change change = {.new_disk = disk};
	struct kept kept;
	int lock = kept_begin(guest, &kept, report), err = lock;

	disk->optional = true; /* the guest also works without it */
	if (lock >= 0) {
		err = choose_vdev(guest, &kept, disk, report);
		device.devid = disk->vdev;
		if (err)
			close(lock);
		else
			err = attach(guest, &kept, &device, lock, &change, report);
	}
	kept_clear(&kept);
	return err;
}

int guest_attach_vif(const struct guest_devices *guest, struct vif_spec *vif, uint32_t *devid,
		     struct report *report)
{
	struct device device = {.kind = DEVICE_VIF, .vif = vif, .block = -1};
	const struct kept_change change = {.new_vif = vif};
	struct kept kept;
	int lock = kept_begin(guest, &kept, report), err = lock;

	vif->optional = true;
	if (lock >= 0) {
		err = choose_devid(guest, devid, report);
		device.devid = *devid;
		choose_mac(guest, &kept, *devid, vif);
		if (err)
			close(lock);
		else
			err = attach(guest, &kept, &device, lock, &change, report);
	}
	kept_clear(&kept);
	return err;
}

/* --- detaching --- */

/* The caller holds the device's lock. */
static int take_back(const struct guest_devices *guest, enum device_kind kind, uint32_t devid,
		     bool force, const struct kept_change *change, struct report *report)
{
	int err = device_detach(guest->store, guest->domid, kind, devid, force, guest->timeout_ms,
				report);

	return err ? err : kept_write(guest, change, false, report);
}

/* If the device was left out when the guest was made, removes it only from the config. */
static int detach(const struct guest_devices *guest, enum device_kind kind, uint32_t devid,
		  bool force, const struct kept_change *change, struct report *report)
{
	struct claim mine;
	int err = guest_check_devices(guest, report);

	if (!err)
		err = claim(guest, kind, devid, &mine, report);
	if (err)
		return err;
	err = take_back(guest, kind, devid, force, change, report);
	if (err == -ENOENT)
		err = kept_write(guest, change, true, report);
	unclaim(&mine);
	return err;
}

int guest_detach_mac(const struct guest_devices *guest, const uint8_t mac[6], struct report *report)
{
	const struct kept_change change = {.old_mac = mac};
	int err = guest_check_devices(guest, report);

	return err ? err : kept_write(guest, &change, true, report);
}

int guest_detach_disk(const struct guest_devices *guest, uint32_t vdev, bool force,
		      struct report *report)
{
	const struct kept_change change = {.old_vdev = vdev};

	return detach(guest, DEVICE_DISK, vdev, force, &change, report);
}

/*
 * Finds the interface's MAC address, as the config identifies interfaces by address, not by number.
 */
static int find_mac(const struct guest_devices *guest, uint32_t devid, struct vif_spec *vif,
		    struct report *report)
{
	struct device_info *list;
	int count = devices_list(guest->store, guest->domid, DEVICE_VIF, &list, report), err = 0;
	char text[sizeof("mac=") + VIF_MAC_SIZE];

	*vif = (struct vif_spec){0};
	if (count < 0)
		return count;
	for (int i = 0; i < count; i++) {
		if (list[i].devid != devid || !list[i].mac)
			continue;
		snprintf(text, sizeof(text), "mac=%s", list[i].mac);
		err = vif_spec_parse(text, vif, report);
	}
	devices_free_list(list, count);
	return err;
}

int guest_detach_vif(const struct guest_devices *guest, uint32_t devid, bool force,
		     struct report *report)
{
	struct vif_spec vif;
	const struct kept_change change = {.old_mac = vif.mac};
	int err = find_mac(guest, devid, &vif, report);

	return err ? err : detach(guest, DEVICE_VIF, devid, force, &change, report);
}

int guest_take_back_half_attached(const struct guest_devices *guest, enum device_kind kind,
				  uint32_t devid, struct report *report)
{
	struct vif_spec vif;
	const struct kept_change change = {
		.old_vdev = devid,
		.old_mac = kind == DEVICE_VIF ? vif.mac : NULL,
	};
	int err = kind == DEVICE_VIF ? find_mac(guest, devid, &vif, report) : 0;

	if (!err)
		err = take_back(guest, kind, devid, true, &change, report);
	return err == -ENOENT ? 0 : err; /* its nodes did not exist yet */
}
