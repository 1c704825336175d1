/* SPDX-License-Identifier: ISC */
/*
 * A guest's public side: its nodes in the store, where the guest itself and stock tools look.
 *
 *	/local/domain/N    what the guest sees; most of it only to read
 *	/vm/UUID           name and uuid, where older tools look
 *	/libxl/N           what only xl reads, and the records of devices
 *
 * The tools themselves believe the registry and the hypervisor: a guest may write what it likes to
 * the nodes that are its own, and those are read as a guest's words.
 */
#ifndef TOOLS_COMMON_GUEST_STORE_H
#define TOOLS_COMMON_GUEST_STORE_H

#include <stdint.h>

#include "common/guest_config.h"
#include "common/report.h"

struct ctrl_guest;
struct ctrl_store;
struct devices;

/*
 * Writes all nodes of a new guest and its devices, in place of any that an older domain of its number
 * has left, and introduces it to the daemon. On failure nothing of it is left. 0 or a negative errno.
 */
int guest_store_publish(struct ctrl_store *store, const struct guest_config *config,
			const struct ctrl_guest *guest, const struct devices *devices,
			struct report *report);

/*
 * Removes the nodes, before the domain is destroyed and its number may be another's, and waits for
 * dom0's drivers to let go of the devices.
 */
int guest_store_remove(struct ctrl_store *store, uint32_t domid, const uint8_t uuid[16],
		       struct report *report);

/* Gives the guest another name there. */
int guest_store_rename(struct ctrl_store *store, uint32_t domid, const uint8_t uuid[16],
		       const char *name, struct report *report);

#endif
