/* SPDX-License-Identifier: ISC */
/* Network interfaces and bridges of dom0. */
#ifndef TOOLS_COMMON_BRIDGE_H
#define TOOLS_COMMON_BRIDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/report.h"
#include "config/vif_spec.h"

bool bridge_exists(const char *name);
bool bridge_interface_exists(const char *name);

/* The first bridge in order of names. 0, or -ENOENT when there is none. */
int bridge_first(char name[VIF_NAME_SIZE]);

/* What an interface or bridge can carry in one packet; 0: there is no such interface. */
uint32_t bridge_mtu(const char *name);

/*
 * Makes an interface that is down a port of a bridge, and sets it up. new_name: what it is to be
 * called from now on, or "". 0 or a negative errno.
 */
int bridge_add_port(const char *bridge, const char *interface, const char *new_name, uint32_t mtu,
		    struct report *report);

#endif
