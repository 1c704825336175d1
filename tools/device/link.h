/* SPDX-License-Identifier: ISC */
/* One device's two ends: waits for them, reads their states and reports their errors. */
#ifndef TOOLS_COMMON_DEVICE_LINK_H
#define TOOLS_COMMON_DEVICE_LINK_H

#include "device.h"

/* One device of one guest, and the connection by which it is looked at. */
struct link {
	struct ctrl_store *store;
	uint32_t domid;
	enum device_kind kind;
	uint32_t devid;
};

/*
 * Waits until done() returns 1 for success or a negative errno. Calls it when the backend's nodes
 * change, and also regularly, as changes in sysfs cause no events.
 */
typedef int link_done_fn(const struct link *link, void *context);
int link_wait(const struct link *link, link_done_fn *done, void *context, int timeout_ms);

unsigned int link_backend_state(const struct link *link);
unsigned int link_frontend_state(const struct link *link); /* written by the guest, not trusted */

/* The number in a node below the backend; 0 where there is none. */
uint64_t link_backend_number(const struct link *link, const char *name);

/* Whether dom0 has a record of the device. 1, 0 or a negative errno. */
int link_is_there(const struct link *link, struct report *report);

/* Whether dom0's driver has reported a fatal error in the store. */
bool link_has_failed(const struct link *link);

/* "the disk xvda: WHAT", and what both ends have written down about it. Returns err. */
int link_fail(const struct link *link, int err, const char *what, struct report *report);

#endif
