/* SPDX-License-Identifier: ISC */
/* Attaches devices to a running guest and detaches them. */
#ifndef TOOLS_COMMON_GUEST_DEVICES_H
#define TOOLS_COMMON_GUEST_DEVICES_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>

#include "device/device.h"
#include "config/disk_spec.h"
#include "base/report.h"
#include "config/vif_spec.h"

struct ctrl;
struct ctrl_store;

/* The guest, and how long to wait for it (0: do not wait if possible). */
struct guest_devices {
	struct ctrl *ctrl;
	struct ctrl_store *store;
	uint32_t domid;
	uint8_t uuid[16];
	int timeout_ms;
	const char *registry;                          /* NULL: REGISTRY_DIR */
	const char *monitor_socket;                    /* NULL: MONITOR_SOCKET */
	void (*warn)(void *context, const char *text); /* for warnings; may be NULL */
};

/*
 * Attaches a device and adds it to the guest's config as an optional device, so that the guest has
 * it after a reboot. First checks that the guest can be restarted with it. Fills in what the
 * description leaves open. Returns -EEXIST if this guest or another one has such a device,
 * -ETIMEDOUT if the guest does not connect to it, or an error from opening it.
 */
int guest_attach_disk(const struct guest_devices *guest, struct disk_spec *disk,
		      struct report *report);
int guest_attach_vif(const struct guest_devices *guest, struct vif_spec *vif, uint32_t *devid,
		     struct report *report);

/*
 * Detaches a device and removes it from the config. With force, does so even if the guest does not
 * cooperate. A device that was not available when the guest was made is only removed from the
 * config.
 */
int guest_detach_disk(const struct guest_devices *guest, uint32_t vdev, bool force,
		      struct report *report);
int guest_detach_vif(const struct guest_devices *guest, uint32_t devid, bool force,
		     struct report *report);

/*
 * While a process attaches or detaches a device, it holds the lock of a file with this name in the
 * registry's folder: domid, kind, devid. For an attachment, a line in the file has the guest's
 * UUID. If the file exists and its lock is free, the process was killed.
 * guest_take_back_half_attached() then removes the device; its caller holds the lock.
 */
#define GUEST_DEVICE_CLAIM     "%" PRIu32 "-%s-%" PRIu32 ".device"
#define GUEST_DEVICE_ATTACHING "attaching %s\n"
int guest_take_back_half_attached(const struct guest_devices *guest, enum device_kind kind,
				  uint32_t devid, struct report *report);

/* Removes an interface that was left out when the guest was made, by its MAC address. */
int guest_detach_mac(const struct guest_devices *guest, const uint8_t mac[6],
		     struct report *report);

#endif
