/* SPDX-License-Identifier: ISC */
/* Makes a guest from its config and takes it away again: the one place where the order of steps is.
 */
#ifndef TOOLS_COMMON_GUEST_H
#define TOOLS_COMMON_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "common/guest_config.h"
#include "common/report.h"

struct ctrl;
struct ctrl_guest_config;
struct monitor_guest;

/* How to create; all zero is what vmctl does. */
struct guest_options {
	bool leave_paused;
	const char *config_path;    /* for the registry; NULL: none */
	const char *registry;       /* NULL: REGISTRY_DIR */
	const char *console_socket; /* NULL: CONSOLE_SOCKET */
	const char *monitor_socket; /* NULL: MONITOR_SOCKET */

	/* Called before each step ("building the guest", ...); may be NULL. */
	void (*progress)(void *context, const char *step);
	/* Called with what the person should know though it goes on; may be NULL. */
	void (*warn)(void *context, const char *text);
	/* Asked before each step; true undoes what was done and fails with -EINTR. May be NULL. */
	bool (*cancelled)(void *context);
	/*
	 * Called in place of monitor_client_register(), for the monitor itself, which must not wait
	 * for its own socket. NULL: monitor_client_register().
	 */
	int (*register_guest)(void *context, const struct monitor_guest *guest, char *err,
			      size_t err_size);
	/* What undoes register_guest; NULL with it NULL: monitor_client_forget(). */
	void (*forget_guest)(void *context, uint32_t domid, const uint8_t uuid[16]);
	void *context;
};

/*
 * Checks that the name is free and that the files can be read, builds the domain, gives its console
 * to plinth-consoled, writes it into the registry, publishes it in the store, registers it with
 * plinth-monitord and starts it. Where no store daemon runs the guest has no store, and a warning
 * says so. On failure every step done is undone: nothing is left behind, and the report says what failed and
 * what to do. 0 or a negative errno: -EEXIST the name is in use, -ENOMEM too little memory,
 * -ECONNREFUSED a daemon does not run.
 */
int guest_create(struct ctrl *ctrl, const struct guest_config *config,
		 const struct guest_options *options, uint32_t *domid, struct report *report);

/*
 * What libctrl is to build where there is a store; cmdline comes from guest_config_cmdline(). Points
 * into config.
 */
void guest_to_ctrl(const struct guest_config *config, const char *cmdline,
		   struct ctrl_guest_config *out);

/* What the monitor is to know; text comes from guest_config_format(). Points into config and text. */
void guest_to_monitor(const struct guest_config *config, uint32_t domid, const char *text,
		      struct monitor_guest *out);

/*
 * Everything that can be checked without making anything: `vmctl create -n`. Without ctrl (NULL)
 * the name and free memory are not looked at.
 */
int guest_check(struct ctrl *ctrl, const struct guest_config *config,
		const struct guest_options *options, struct report *report);

/*
 * Destroys a domain: takes it out of the monitor's hands and out of the store, destroys it, lets the
 * console daemon drain its ring, removes it from the registry. Only the destroying itself can make it fail;
 * daemons that do not run are none of its business. reason: SHUTDOWN_* that it stopped with, or -1.
 */
int guest_destroy(struct ctrl *ctrl, uint32_t domid, const uint8_t uuid[16], int reason,
		  const struct guest_options *options, struct report *report);

/*
 * Gives a guest another name: in the registry, then where it is known besides (monitor, console,
 * store). -EEXIST the name is in use, -EINVAL it cannot be one, -ENOENT the guest is none of ours.
 */
int guest_rename(struct ctrl *ctrl, uint32_t domid, const uint8_t uuid[16], const char *name,
		 const struct guest_options *options, struct report *report);

/* 0, or -EEXIST with the report set where a living domain is called so. */
int guest_check_name(struct ctrl *ctrl, const char *registry, const char *name,
		     struct report *report);

#endif
