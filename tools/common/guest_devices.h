/* SPDX-License-Identifier: ISC */
/* Devices that come to a guest, or leave it, while it runs. */
#ifndef TOOLS_COMMON_GUEST_DEVICES_H
#define TOOLS_COMMON_GUEST_DEVICES_H

#include <stdbool.h>
#include <stdint.h>

#include "common/disk_spec.h"
#include "common/report.h"
#include "common/vif_spec.h"

struct ctrl_store;

/* Which guest, and how long to wait for it (0: not at all, where that makes sense). */
struct guest_devices {
	struct ctrl_store *store;
	uint32_t domid;
	uint8_t uuid[16];
	int timeout_ms;
	const char *registry;       /* NULL: REGISTRY_DIR */
	const char *monitor_socket; /* NULL: MONITOR_SOCKET */
};

/*
 * Attach a device and note it in the guest's config, so that it is there again after a reboot. What
 * the description leaves open is filled in. -EEXIST: the guest has such a one; -ETIMEDOUT: it does
 * not take it; errors of opening it.
 */
int guest_attach_disk(const struct guest_devices *guest, struct disk_spec *disk,
		      struct report *report);
int guest_attach_vif(const struct guest_devices *guest, struct vif_spec *vif, uint32_t *devid,
		     struct report *report);

/* Detach one and take it out of the config. force: whatever the guest says. */
int guest_detach_disk(const struct guest_devices *guest, uint32_t vdev, bool force,
		      struct report *report);
int guest_detach_vif(const struct guest_devices *guest, uint32_t devid, bool force,
		     struct report *report);

#endif
