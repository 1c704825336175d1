/* SPDX-License-Identifier: ISC */
/* The devices in a guest's config in the registry, from which it is restarted. */
#ifndef TOOLS_GUEST_KEPT_H
#define TOOLS_GUEST_KEPT_H

#include "config/guest_config.h"
#include "devices.h"
#include "registry.h"

#include <stdbool.h>

struct lock_wait;

/* One device that is added to a config or removed from it. Exactly one field is set. */
struct kept_change {
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

/* For locks that other processes hold only briefly. 10 s also suffices on a loaded machine. */
extern const struct lock_wait lock_for_moments;

/* A guest learns of devices only if the store daemon serves it. */
int guest_check_devices(const struct guest_devices *guest, struct report *report);

/*
 * Called before a device is chosen. Loads the config into kept. Returns the lock from
 * devices_lock(), which the caller closes, or a negative errno. The caller calls kept_clear() even
 * after an error.
 */
int kept_begin(const struct guest_devices *guest, struct kept *kept, struct report *report);

void kept_clear(struct kept *kept);

/* Changes the entry in memory, without writing it. */
int kept_apply(struct kept *kept, const struct kept_change *change, struct report *report);

/*
 * Writes a change to the registry, for the next start. Does nothing for a guest that is not there.
 * With must_have, returns -ENOENT and leaves the report unchanged if the config lacks the device
 * too.
 */
int kept_write(const struct guest_devices *guest, const struct kept_change *change, bool must_have,
	       struct report *report);

#endif
