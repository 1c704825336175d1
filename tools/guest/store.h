/* SPDX-License-Identifier: ISC */
/*
 * A guest's nodes in the store, which the guest itself and stock tools read.
 *
 *	/local/domain/N    what the guest sees, mostly read-only
 *	/vm/UUID           name and uuid, for older tools
 *	/libxl/N           data for xl only, and records of devices
 *
 * The tools trust only the registry and the hypervisor. A guest may write anything to the nodes
 * that it owns, so the tools treat these as untrusted.
 */
#ifndef TOOLS_COMMON_GUEST_STORE_H
#define TOOLS_COMMON_GUEST_STORE_H

#include <stdint.h>

#include "config/guest_config.h"
#include "base/report.h"

struct ctrl_guest;
struct ctrl_store;
struct devices;

/*
 * Writes all nodes of a new guest and its devices, and introduces the guest to the daemon. Replaces
 * nodes that an older domain with the same number has left. On failure no node is left. Returns 0
 * or a negative errno.
 */
int guest_store_publish(struct ctrl_store *store, const struct guest_config *config,
			const struct ctrl_guest *guest, const struct devices *devices,
			struct report *report);

/*
 * Removes the nodes and waits for dom0's drivers to release the devices. Called before the domain
 * is destroyed, because its number can be reused after that.
 */
int guest_store_remove(struct ctrl_store *store, uint32_t domid, const uint8_t uuid[16],
		       struct report *report);

/* Renames the guest in the store. */
int guest_store_rename(struct ctrl_store *store, uint32_t domid, const uint8_t uuid[16],
		       const char *name, struct report *report);

#endif
