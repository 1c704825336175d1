/* SPDX-License-Identifier: ISC */
/* The nodes of a device in the store, as libxl lays them out. */
#include "device.h"
#include "config/vdev.h"

#include <inttypes.h>
#include <libctrl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#define DOM0 0

/*
 * netback requires a script, and xl runs it when it removes a device. Nothing needs to be done, so
 * the script does nothing.
 */
#define NO_SCRIPT "/bin/true"

static const char *const kind_words[DEVICE_KINDS] = {
	[DEVICE_DISK] = "vbd",
	[DEVICE_VIF] = "vif",
};

static const char *const state_words[DEVICE_STATES] = {
	[DEVICE_UNKNOWN] = "unknown",     [DEVICE_INITIALISING] = "initialising",
	[DEVICE_INIT_WAIT] = "waiting",   [DEVICE_INITIALISED] = "initialised",
	[DEVICE_CONNECTED] = "connected", [DEVICE_CLOSING] = "closing",
	[DEVICE_CLOSED] = "closed",
};

const char *device_kind_word(enum device_kind kind)
{
	return kind_words[kind];
}

const char *device_state_name(unsigned int state)
{
	return state_words[state < DEVICE_STATES ? state : DEVICE_UNKNOWN];
}

char *device_backend_path(uint32_t domid, enum device_kind kind, uint32_t devid,
			  char path[DEVICE_PATH_SIZE])
{
	snprintf(path, DEVICE_PATH_SIZE, "/local/domain/%d/backend/%s/%" PRIu32 "/%" PRIu32, DOM0,
		 kind_words[kind], domid, devid);
	return path;
}

char *device_frontend_path(uint32_t domid, enum device_kind kind, uint32_t devid,
			   char path[DEVICE_PATH_SIZE])
{
	snprintf(path, DEVICE_PATH_SIZE, "/local/domain/%" PRIu32 "/device/%s/%" PRIu32, domid,
		 kind_words[kind], devid);
	return path;
}

char *device_record_path(uint32_t domid, enum device_kind kind, uint32_t devid,
			 char path[DEVICE_PATH_SIZE])
{
	snprintf(path, DEVICE_PATH_SIZE, "/libxl/%" PRIu32 "/device/%s/%" PRIu32, domid,
		 kind_words[kind], devid);
	return path;
}

char *device_name(enum device_kind kind, uint32_t devid, char name[DEVICE_NAME_SIZE])
{
	char vdev[VDEV_NAME_SIZE];

	if (kind == DEVICE_DISK)
		snprintf(name, DEVICE_NAME_SIZE, "the disk %s", vdev_format(devid, vdev));
	else
		snprintf(name, DEVICE_NAME_SIZE, "the network interface %" PRIu32, devid);
	return name;
}

/* --- a disk --- */

static void put_disk_backend(struct ctrl_store_batch *b, const struct device *device)
{
	const struct disk_spec *disk = device->disk;
	char name[VDEV_NAME_SIZE];

	ctrl_store_batch_write(b, "params", "%s", disk->path);
	ctrl_store_batch_write(b, "script", NO_SCRIPT);
	ctrl_store_batch_write(b, "physical-device", "%x:%x", major(device->number),
			       minor(device->number));
	ctrl_store_batch_write(b, "hotplug-status", "connected");
	ctrl_store_batch_write(b, "removable", "%d", disk->cdrom);
	ctrl_store_batch_write(b, "bootable", "1");
	ctrl_store_batch_write(b, "dev", "%s", vdev_format(device->devid, name));
	ctrl_store_batch_write(b, "type", "phy");
	ctrl_store_batch_write(b, "mode", disk->read_only ? "r" : "w");
	ctrl_store_batch_write(b, "device-type", disk->cdrom ? "cdrom" : "disk");
	ctrl_store_batch_write(b, "discard-enable", "%d", !disk->read_only && !disk->no_discard);
	ctrl_store_batch_write(b, "specification", "xen");
}

static void put_disk_frontend(struct ctrl_store_batch *b, const struct device *device)
{
	ctrl_store_batch_write(b, "virtual-device", "%" PRIu32, device->devid);
	ctrl_store_batch_write(b, "device-type", device->disk->cdrom ? "cdrom" : "disk");
}

/* --- a network interface --- */

static void put_vif_backend(struct ctrl_store_batch *b, const struct device *device)
{
	const struct vif_spec *vif = device->vif;
	char mac[VIF_MAC_SIZE];

	ctrl_store_batch_write(b, "script", NO_SCRIPT);
	ctrl_store_batch_write(b, "mac", "%s", vif_format_mac(vif->mac, mac));
	ctrl_store_batch_write(b, "bridge", "%s", device->bridge);
	ctrl_store_batch_write(b, "handle", "%" PRIu32, device->devid);
	ctrl_store_batch_write(b, "type", "vif");
	if (*vif->ip)
		ctrl_store_batch_write(b, "ip", "%s", vif->ip);
	if (*vif->name)
		ctrl_store_batch_write(b, "vifname", "%s", vif->name);
	if (vif->rate_bytes)
		ctrl_store_batch_write(b, "rate", "%" PRIu64 ",%" PRIu32, vif->rate_bytes,
				       vif->rate_usec);
}

static void put_vif_frontend(struct ctrl_store_batch *b, const struct device *device)
{
	char mac[VIF_MAC_SIZE];

	ctrl_store_batch_write(b, "handle", "%" PRIu32, device->devid);
	ctrl_store_batch_write(b, "mac", "%s", vif_format_mac(device->vif->mac, mac));
	ctrl_store_batch_write(b, "mtu", "%" PRIu32, device->mtu);
}

/* --- what all have --- */

static const struct {
	void (*put_backend)(struct ctrl_store_batch *b, const struct device *device);
	void (*put_frontend)(struct ctrl_store_batch *b, const struct device *device);
} kinds[DEVICE_KINDS] = {
	[DEVICE_DISK] = {put_disk_backend, put_disk_frontend},
	[DEVICE_VIF] = {put_vif_backend, put_vif_frontend},
};

/* A folder of one domain that another may read; what is made in it later is so, too. */
static void put_folder(struct ctrl_store_batch *b, uint32_t owner, uint32_t reader)
{
	const struct ctrl_store_perm perms[] = {
		{owner, CTRL_STORE_NONE},
		{reader, CTRL_STORE_READ},
	};

	ctrl_store_batch_mkdir(b, "");
	ctrl_store_batch_perms(b, "", perms, 2);
}

static void put_backend(struct ctrl_store_batch *b, uint32_t domid, const struct device *device)
{
	char path[DEVICE_PATH_SIZE];

	ctrl_store_batch_write(b, "frontend", "%s",
			       device_frontend_path(domid, device->kind, device->devid, path));
	ctrl_store_batch_write(b, "frontend-id", "%" PRIu32, domid);
	ctrl_store_batch_write(b, "online", "1");
	kinds[device->kind].put_backend(b, device);
	/* written last, so that a driver that sees the state finds all other nodes */
	ctrl_store_batch_write(b, "state", "%d", DEVICE_INITIALISING);
}

static void put_frontend(struct ctrl_store_batch *b, uint32_t domid, const struct device *device)
{
	char path[DEVICE_PATH_SIZE];

	ctrl_store_batch_write(b, "backend", "%s",
			       device_backend_path(domid, device->kind, device->devid, path));
	ctrl_store_batch_write(b, "backend-id", "%d", DOM0);
	ctrl_store_batch_write(b, "trusted", "1");
	kinds[device->kind].put_frontend(b, device);
	ctrl_store_batch_write(b, "state", "%d", DEVICE_INITIALISING);
}

/* Removes the nodes in which Linux writes a backend's errors. */
static void remove_errors(struct ctrl_store_batch *b, enum device_kind kind, uint32_t domid,
			  uint32_t devid)
{
	ctrl_store_batch_base(b, "/local/domain/%d/error/backend/%s/%" PRIu32 "/%" PRIu32, DOM0,
			      kind_words[kind], domid, devid);
	ctrl_store_batch_remove(b, "");
}

void device_put_nodes(struct ctrl_store_batch *b, uint32_t domid, const struct device *device)
{
	enum device_kind kind = device->kind;
	char path[DEVICE_PATH_SIZE];

	remove_errors(b, kind, domid, device->devid);
	ctrl_store_batch_base(b, "%s", device_record_path(domid, kind, device->devid, path));
	ctrl_store_batch_write(b, "backend", "%s",
			       device_backend_path(domid, kind, device->devid, path));
	put_backend(b, domid, device);
	ctrl_store_batch_base(b, "%s", device_frontend_path(domid, kind, device->devid, path));
	put_folder(b, domid, DOM0);
	put_frontend(b, domid, device);
	ctrl_store_batch_base(b, "%s", device_backend_path(domid, kind, device->devid, path));
	put_folder(b, DOM0, domid);
	put_backend(b, domid, device);
}

void device_remove_nodes(struct ctrl_store_batch *b, uint32_t domid, enum device_kind kind,
			 uint32_t devid)
{
	char path[DEVICE_PATH_SIZE];

	ctrl_store_batch_remove(b, device_frontend_path(domid, kind, devid, path));
	ctrl_store_batch_remove(b, device_backend_path(domid, kind, devid, path));
	ctrl_store_batch_remove(b, device_record_path(domid, kind, devid, path));
	remove_errors(b, kind, domid, devid);
}

void devices_remove_nodes(struct ctrl_store_batch *b, uint32_t domid)
{
	static const char *const folders[] = {"backend", "error/backend"};

	for (unsigned int kind = 0; kind < DEVICE_KINDS; kind++)
		for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
			ctrl_store_batch_base(b, "/local/domain/%d/%s/%s/%" PRIu32, DOM0,
					      folders[i], kind_words[kind], domid);
			ctrl_store_batch_remove(b, "");
		}
}
