/* SPDX-License-Identifier: ISC */
/*
 * A hypervisor, daemons and devices that note what guest.c asks of them, and fail where they are
 * told to.
 */
#ifndef TESTS_UNIT_TOOLS_FAKE_HOST_H
#define TESTS_UNIT_TOOLS_FAKE_HOST_H

#include "clients/console_client.h"
#include "device/device.h"
#include "clients/monitor_client.h"

#include <libctrl.h>

#define DOMID 7 /* the guest's */

struct fake_host {
	/* What happened. */
	char calls[1024]; /* the names of all calls, in order */
	bool is_present;  /* the guest was built and not destroyed */
	struct ctrl_guest_config built;
	struct console_add added;
	char added_name[64];
	struct monitor_guest registered;
	char registered_config[1024], registered_name[64];
	size_t open_devices;
	void (*on_call)(const char *call);  /* told of each; NULL: nobody */
	struct device_policy device_policy; /* that they were opened by */
	/* What is to happen. */
	const char *failing; /* the call that fails, and how */
	int failure;
	struct ctrl_domain_info present[2]; /* the domains there are, dom0 first */
	int present_count;
	int store_error;      /* of connecting to it */
	int foreign_error;    /* of asking it for names */
	const char *left_out; /* of the devices, when they are opened */
	const char *pending;  /* the name of a guest whose restart is pending */
	bool has_domain;      /* ctrl_get_domain() finds it, with zombie_uuid, and alive */
	bool has_zombie;      /* the destroyed domain is still there, as somebody has its page */
	uint8_t zombie_uuid[16];
};

extern struct fake_host fake;

/* Nothing happened, nothing fails, dom0 is alone. */
void fake_reset(void);

/* A call of this name: what it returns. */
int fake_note(const char *call);

#endif
