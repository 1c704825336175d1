/* SPDX-License-Identifier: ISC */
/* The devices in a guest's config in the registry, from which it is restarted. */
#include "kept.h"

#include "base/lockfile.h"
#include "base/path.h"
#include "base/report_ctrl.h"
#include "base/uuid.h"
#include "clients/monitor_client.h"
#include "config/vdev.h"
#include "guest.h"

#include <errno.h>
#include <inttypes.h>
#include <libctrl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct lock_wait lock_for_moments = {.timeout_ms = 10000};

int guest_check_devices(const struct guest_devices *guest, struct report *report)
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

void kept_clear(struct kept *kept)
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
static int apply(struct guest_config *config, const struct kept_change *change)
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
static const char *device_mark(const struct kept_change *change, char mark[DEVICE_NAME_SIZE + 4])
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
static int forget_left_out(struct registry_entry *entry, const struct kept_change *change)
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

int kept_apply(struct kept *kept, const struct kept_change *change, struct report *report)
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
static bool is_kept(const struct kept *kept, const struct kept_change *change)
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

static int keep_locked(const struct guest_devices *guest, const struct kept_change *change,
		       bool must_have, struct report *report)
{
	struct kept kept;
	int err = kept_load(&kept, guest, report);

	if (!err && must_have && !is_kept(&kept, change))
		err = -ENOENT;
	if (!err && kept.is_ours)
		err = kept_apply(&kept, change, report);
	if (!err && kept.is_ours)
		err = registry_write(guest->registry, &kept.entry, report);
	if (!err && kept.is_ours)
		err = tell_monitor(guest, &kept, report);
	kept_clear(&kept);
	return err;
}

int kept_write(const struct guest_devices *guest, const struct kept_change *change, bool must_have,
	       struct report *report)
{
	int lock = devices_lock(&lock_for_moments, report), err = lock;

	if (lock >= 0) {
		err = keep_locked(guest, change, must_have, report);
		close(lock);
	}
	if (err && err != -ENOENT)
		report_prefix(report, "done, but it will be undone by a reboot: ");
	return err;
}

int kept_begin(const struct guest_devices *guest, struct kept *kept, struct report *report)
{
	int err = guest_check_devices(guest, report), lock;

	*kept = (struct kept){0};
	lock = err ? err : devices_lock(&lock_for_moments, report);
	err = lock < 0 ? lock : kept_load(kept, guest, report);
	if (err && lock >= 0)
		close(lock);
	return err ? err : lock;
}
