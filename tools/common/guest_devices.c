/* SPDX-License-Identifier: ISC */
/* Devices that come to a guest, or leave it, while it runs. */
#include "common/guest_devices.h"
#include "common/device.h"
#include "common/guest.h"
#include "common/registry.h"
#include "common/vdev.h"
#include "monitor/monitor_client.h"

#include <errno.h>
#include <inttypes.h>
#include <libctrl.h>
#include <stdio.h>
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

/* --- the config --- */

/* What comes to a config, or leaves it. Exactly one is set. */
struct change {
	const struct disk_spec *new_disk;
	const struct vif_spec *new_vif;
	uint32_t old_vdev;
	const uint8_t *old_mac;
};

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

static int apply(struct guest_config *config, const struct change *change)
{
	if (change->new_disk)
		return add_disk(&config->disks, change->new_disk);
	if (change->new_vif)
		return add_vif(&config->vifs, change->new_vif);
	if (change->old_mac)
		drop_vif(&config->vifs, change->old_mac);
	else
		drop_disk(&config->disks, change->old_vdev);
	return 0;
}

/* The config in a registry's entry with the change; it takes the old one's place there. */
static int change_config(struct registry_entry *entry, const struct change *change,
			 struct guest_config *config, struct report *report)
{
	int err = guest_config_load_text(entry->name, entry->config, strlen(entry->config), config,
					 report);
	char *text;

	if (err)
		return err;
	err = apply(config, change);
	text = err ? NULL : guest_config_format(config);
	if (!text)
		return report_set(report, -ENOMEM, "out of memory");
	free(entry->config);
	entry->config = text;
	return 0;
}

static int tell_monitor(const struct guest_devices *guest, const struct registry_entry *entry,
			const struct guest_config *config, struct report *report)
{
	struct monitor_guest monitored;
	char text[sizeof(report->text)] = "";
	int err;

	guest_to_monitor(config, guest->domid, entry->config, &monitored);
	err = monitor_client_register(guest->monitor_socket, &monitored, text, sizeof(text));
	return err ? report_set(report, err, "%s", text) : 0;
}

/* Keeps a change for the next start. A guest that is not in the registry has no config of ours. */
static int keep(const struct guest_devices *guest, const struct change *change,
		struct report *report)
{
	struct guest_config config = {0};
	struct registry_entry entry;
	int err;

	if (registry_read(guest->registry, guest->domid, guest->uuid, &entry))
		return 0;
	err = change_config(&entry, change, &config, report);
	if (!err)
		err = registry_write(guest->registry, &entry, report);
	if (!err)
		err = tell_monitor(guest, &entry, &config, report);
	guest_config_clear(&config);
	registry_entry_clear(&entry);
	if (err)
		report_prefix(report, "done, but it will be undone by a reboot: ");
	return err;
}

/* Before anything is changed: the lock under which it is, to be closed, or a negative errno. */
static int begin(const struct guest_devices *guest, struct report *report)
{
	int err = check_guest(guest, report);

	return err ? err : devices_lock(report);
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
	int lock = begin(guest, report), err;

	if (lock < 0)
		return lock;
	err = choose_vdev(guest, disk, report);
	device.devid = disk->vdev;
	if (!err)
		err = attach(guest, &device, report);
	if (!err)
		err = keep(guest, &(struct change){.new_disk = disk}, report);
	close(lock);
	return err;
}

int guest_attach_vif(const struct guest_devices *guest, struct vif_spec *vif, uint32_t *devid,
		     struct report *report)
{
	struct device device = {.kind = DEVICE_VIF, .vif = vif, .block = -1};
	int lock = begin(guest, report), err;

	if (lock < 0)
		return lock;
	err = choose_devid(guest, devid, report);
	device.devid = *devid;
	if (!vif_has_mac(vif))
		vif_choose_mac(guest->uuid, *devid, vif->mac);
	if (!err)
		err = attach(guest, &device, report);
	if (!err)
		err = keep(guest, &(struct change){.new_vif = vif}, report);
	close(lock);
	return err;
}

/* --- detaching --- */

static int detach(const struct guest_devices *guest, enum device_kind kind, uint32_t devid,
		  bool force, const struct change *change, struct report *report)
{
	int lock = begin(guest, report), err;

	if (lock < 0)
		return lock;
	err = device_detach(guest->store, guest->domid, kind, devid, force, guest->timeout_ms,
			    report);
	if (!err)
		err = keep(guest, change, report);
	close(lock);
	return err;
}

int guest_detach_disk(const struct guest_devices *guest, uint32_t vdev, bool force,
		      struct report *report)
{
	const struct change change = {.old_vdev = vdev};

	return detach(guest, DEVICE_DISK, vdev, force, &change, report);
}

/* The config has no numbers of interfaces: there it is known by its address. */
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
