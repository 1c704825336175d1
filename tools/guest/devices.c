/* SPDX-License-Identifier: ISC */
/* Attaches devices to a running guest and detaches them. */
#include "devices.h"
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

/* For locks that other processes hold only briefly. 10 s also suffices on a loaded machine. */
static const struct lock_wait for_moments = {.timeout_ms = 10000};

/* A guest learns of devices only if the store daemon serves it. */
static int check_guest(const struct guest_devices *guest, struct report *report)
{
	int ret = ctrl_store_is_introduced(guest->store, guest->domid);

	if (!guest->domid)
		return report_set(report, -EINVAL, "dom0 has the devices; it is given none");
	if (ret < 0)
		return report_ctrl(report, ret);
	if (!ret)
		return report_set(report, -ENOTCONN,
				  "domain %" PRIu32
				  " was made without a store and cannot be given devices",
				  guest->domid);
	return 0;
}

/* --- the config --- */

/* One device that is added to a config or removed from it. Exactly one field is set. */
struct change {
	const struct disk_spec *new_disk;
	const struct vif_spec *new_vif;
	uint32_t old_vdev;
	const uint8_t *old_mac;
};

/* The guest's config in the registry, from which it is restarted. */
struct kept {
	bool is_ours; /* the guest is in the registry; guests of other tools are not */
	struct registry_entry entry;
	struct guest_config config; /* parsed from entry */
};

static void kept_clear(struct kept *kept)
{
	guest_config_clear(&kept->config);
	registry_entry_clear(&kept->entry);
}

/* The caller calls kept_clear() even after an error. */
static int kept_load(struct kept *kept, const struct guest_devices *guest, struct report *report)
{
	*kept = (struct kept){0};
	if (registry_read(guest->registry, guest->domid, guest->uuid, &kept->entry))
		return 0;
	kept->is_ours = true;
	return guest_config_load_text(kept->entry.name, kept->entry.config,
				      strlen(kept->entry.config), &kept->config, report);
}

static int add_disk(struct guest_disks *disks, const struct disk_spec *disk)
{
	struct disk_spec *list = realloc(disks->list, (disks->count + 1) * sizeof(*list));
	char *path = list ? strdup(disk->path) : NULL;

	if (list)
		disks->list = list;
	if (!path)
		return -ENOMEM;
	list[disks->count] = *disk;
	list[disks->count++].path = path;
	return 0;
}

static int add_vif(struct guest_vifs *vifs, const struct vif_spec *vif)
{
	struct vif_spec *list = realloc(vifs->list, (vifs->count + 1) * sizeof(*list));

	if (!list)
		return -ENOMEM;
	vifs->list = list;
	list[vifs->count++] = *vif;
	return 0;
}

static void drop_disk(struct guest_disks *disks, uint32_t vdev)
{
	size_t kept = 0;

	for (size_t i = 0; i < disks->count; i++) {
		if (disks->list[i].vdev == vdev)
			disk_spec_clear(&disks->list[i]);
		else
			disks->list[kept++] = disks->list[i];
	}
	disks->count = kept;
}

static void drop_vif(struct guest_vifs *vifs, const uint8_t mac[6])
{
	size_t kept = 0;

	for (size_t i = 0; i < vifs->count; i++)
		if (!vif_mac_equal(vifs->list[i].mac, mac))
			vifs->list[kept++] = vifs->list[i];
	vifs->count = kept;
}

/* Changes the config. A new device replaces a device of the same vdev or MAC address. */
static int apply(struct guest_config *config, const struct change *change)
{
	if (change->new_disk)
		drop_disk(&config->disks, change->new_disk->vdev);
	else if (change->new_vif)
		drop_vif(&config->vifs, change->new_vif->mac);
	else if (change->old_mac)
		drop_vif(&config->vifs, change->old_mac);
	else
		drop_disk(&config->disks, change->old_vdev);
	if (change->new_disk)
		return add_disk(&config->disks, change->new_disk);
	return change->new_vif ? add_vif(&config->vifs, change->new_vif) : 0;
}

/* The text that identifies the device's line in left_out. */
static const char *device_mark(const struct change *change, char mark[DEVICE_NAME_SIZE + 4])
{
	const uint8_t *mac = change->new_vif ? change->new_vif->mac : change->old_mac;
	char text[DEVICE_NAME_SIZE];

	if (mac)
		snprintf(mark, DEVICE_NAME_SIZE, " (%s): ", vif_format_mac(mac, text));
	else
		snprintf(mark, DEVICE_NAME_SIZE + 4, "%s: ",
			 device_name(DEVICE_DISK,
				     change->new_disk ? change->new_disk->vdev : change->old_vdev,
				     text));
	return mark;
}

/*
 * Removes the device's line from left_out, because the device is now attached or no longer wanted.
 */
static int forget_left_out(struct registry_entry *entry, const struct change *change)
{
	char mark[DEVICE_NAME_SIZE + 4], *lines = entry->left_out, *line, *rest = NULL,
					 *text = NULL;
	size_t size;
	FILE *out;

	if (!lines)
		return 0;
	out = open_memstream(&text, &size);
	if (!out)
		return -ENOMEM;
	device_mark(change, mark);
	for (line = strtok_r(lines, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (!strstr(line, mark))
			fprintf(out, "%s%s", ftell(out) ? "\n" : "", line);
	fclose(out);
	free(entry->left_out);
	entry->left_out = text;
	if (text && !*text) {
		free(text);
		entry->left_out = NULL;
	}
	return text ? 0 : -ENOMEM;
}

/* Changes the entry in memory, without writing it. */
static int kept_change(struct kept *kept, const struct change *change, struct report *report)
{
	char *text;
	int err;

	err = apply(&kept->config, change);
	text = err ? NULL : guest_config_format(&kept->config);
	if (!text || forget_left_out(&kept->entry, change)) {
		free(text);
		return report_set(report, -ENOMEM, "out of memory");
	}
	free(kept->entry.config);
	kept->entry.config = text;
	return guest_check_kept(text, report);
}

static int tell_monitor(const struct guest_devices *guest, const struct kept *kept,
			struct report *report)
{
	struct monitor_guest monitored;

	guest_to_monitor(&kept->config, guest->domid, kept->entry.config, &monitored);
	return monitor_client_register(guest->monitor_socket, &monitored, report);
}

/* Whether the config contains the device to be removed. The guest itself may lack it. */
static bool is_kept(const struct kept *kept, const struct change *change)
{
	const struct guest_config *config = &kept->config;

	for (size_t i = 0; !change->old_mac && i < config->disks.count; i++)
		if (config->disks.list[i].vdev == change->old_vdev)
			return true;
	for (size_t i = 0; change->old_mac && i < config->vifs.count; i++)
		if (vif_mac_equal(config->vifs.list[i].mac, change->old_mac))
			return true;
	return false;
}

static int keep_locked(const struct guest_devices *guest, const struct change *change,
		       bool must_have, struct report *report)
{
	struct kept kept;
	int err = kept_load(&kept, guest, report);

	if (!err && must_have && !is_kept(&kept, change))
		err = -ENOENT;
	if (!err && kept.is_ours)
		err = kept_change(&kept, change, report);
	if (!err && kept.is_ours)
		err = registry_write(guest->registry, &kept.entry, report);
	if (!err && kept.is_ours)
		err = tell_monitor(guest, &kept, report);
	kept_clear(&kept);
	return err;
}

/*
 * Writes a change to the registry, for the next start. Does nothing for a guest that is not there.
 * With must_have, returns -ENOENT and leaves the report unchanged if the config lacks the device
 * too.
 */
static int keep(const struct guest_devices *guest, const struct change *change, bool must_have,
		struct report *report)
{
	int lock = devices_lock(&for_moments, report), err = lock;

	if (lock >= 0) {
		err = keep_locked(guest, change, must_have, report);
		close(lock);
	}
	if (err && err != -ENOENT)
		report_prefix(report, "done, but it will be undone by a reboot: ");
	return err;
}

/*
 * Called before a device is chosen. Loads the config into kept. Returns the lock from
 * devices_lock(), which the caller closes, or a negative errno. The caller calls kept_clear() even
 * after an error.
 */
static int begin(const struct guest_devices *guest, struct kept *kept, struct report *report)
{
	int err = check_guest(guest, report), lock;

	*kept = (struct kept){0};
	lock = err ? err : devices_lock(&for_moments, report);
	err = lock < 0 ? lock : kept_load(kept, guest, report);
	if (err && lock >= 0)
		close(lock);
	return err ? err : lock;
}

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
	claim->lock = lockfile_take(claim->path, &for_moments, report);
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
		    const struct claim *claim, const struct change *change, struct report *report)
{
	const struct device_policy policy = {.warn = guest->warn};
	int err = device_open(device, &policy, report);

	if (!err)
		err = check_conflicts(guest, device, report);
	if (!err && kept->is_ours)
		err = kept_change(kept, change, report);
	if (!err)
		err = note_attaching(guest, claim, report);
	return err ? err : device_announce(guest->store, guest->domid, device, report);
}

/* lock comes from begin() and is released before waiting for the guest. */
static int attach(const struct guest_devices *guest, struct kept *kept, struct device *device,
		  int lock, const struct change *change, struct report *report)
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
		err = keep(guest, change, false, report);
	unclaim(&mine);
	return err;
}

int guest_attach_disk(const struct guest_devices *guest, struct disk_spec *disk,
		      struct report *report)
{
	struct device device = {.kind = DEVICE_DISK, .disk = disk, .block = -1};
	const struct change change = {.new_disk = disk};
	struct kept kept;
	int lock = begin(guest, &kept, report), err = lock;

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
	const struct change change = {.new_vif = vif};
	struct kept kept;
	int lock = begin(guest, &kept, report), err = lock;

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
		     bool force, const struct change *change, struct report *report)
{
	int err = device_detach(guest->store, guest->domid, kind, devid, force, guest->timeout_ms,
				report);

	return err ? err : keep(guest, change, false, report);
}

/* If the device was left out when the guest was made, removes it only from the config. */
static int detach(const struct guest_devices *guest, enum device_kind kind, uint32_t devid,
		  bool force, const struct change *change, struct report *report)
{
	struct claim mine;
	int err = check_guest(guest, report);

	if (!err)
		err = claim(guest, kind, devid, &mine, report);
	if (err)
		return err;
	err = take_back(guest, kind, devid, force, change, report);
	if (err == -ENOENT)
		err = keep(guest, change, true, report);
	unclaim(&mine);
	return err;
}

int guest_detach_mac(const struct guest_devices *guest, const uint8_t mac[6], struct report *report)
{
	const struct change change = {.old_mac = mac};
	int err = check_guest(guest, report);

	return err ? err : keep(guest, &change, true, report);
}

int guest_detach_disk(const struct guest_devices *guest, uint32_t vdev, bool force,
		      struct report *report)
{
	const struct change change = {.old_vdev = vdev};

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
	const struct change change = {.old_mac = vif.mac};
	int err = find_mac(guest, devid, &vif, report);

	return err ? err : detach(guest, DEVICE_VIF, devid, force, &change, report);
}

int guest_take_back_half_attached(const struct guest_devices *guest, enum device_kind kind,
				  uint32_t devid, struct report *report)
{
	struct vif_spec vif;
	const struct change change = {
		.old_vdev = devid,
		.old_mac = kind == DEVICE_VIF ? vif.mac : NULL,
	};
	int err = kind == DEVICE_VIF ? find_mac(guest, devid, &vif, report) : 0;

	if (!err)
		err = take_back(guest, kind, devid, true, &change, report);
	return err == -ENOENT ? 0 : err; /* its nodes did not exist yet */
}
