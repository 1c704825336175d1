/* SPDX-License-Identifier: ISC */
/*
 * Makes a guest from its config and destroys it. This is the only place that defines the order of
 * steps.
 */
#ifndef TOOLS_COMMON_GUEST_H
#define TOOLS_COMMON_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "config/guest_config.h"
#include "base/report.h"

struct ctrl;
struct ctrl_guest_config;
struct monitor_guest;

/* Options for creating and destroying a guest. All zero: what vmctl does. */
struct guest_options {
	bool leave_paused;
	bool restart;               /* the monitor creates the guest again */
	const char *config_path;    /* noted in the registry; NULL: none */
	const char *registry;       /* NULL: REGISTRY_DIR */
	const char *console_socket; /* NULL: CONSOLE_SOCKET */
	const char *monitor_socket; /* NULL: MONITOR_SOCKET */

	/* Called before each step ("building the guest", ...); may be NULL. */
	void (*progress)(void *context, const char *step);
	/* Called with warnings; may be NULL. */
	void (*warn)(void *context, const char *text);
	/*
	 * Called before each step. If it returns true, all steps are undone and the creation fails
	 * with -EINTR. May be NULL.
	 */
	bool (*cancelled)(void *context);
	/*
	 * Called instead of monitor_client_register(), by the monitor itself, which must not wait
	 * for its own socket. NULL: monitor_client_register().
	 */
	int (*register_guest)(void *context, const struct monitor_guest *guest,
			      struct report *report);
	/* Undoes register_guest. NULL, if register_guest is NULL too: monitor_client_forget(). */
	void (*forget_guest)(void *context, uint32_t domid, const uint8_t uuid[16]);
	void *context;
};

/*
 * Checks that the name is free and that the files can be read, builds the domain, gives its console
 * to plinth-consoled, writes it into the registry, publishes it in the store, registers it with
 * plinth-monitord and starts it. If no store daemon runs, the guest has no store and a warning says
 * so.
 *
 * On failure all completed steps are undone, and the report says what failed and what to do.
 * Returns 0 or a negative errno. -EEXIST: the name is in use. -ENOMEM: too little memory.
 * -ECONNREFUSED: a daemon does not run.
 */
int guest_create(struct ctrl *ctrl, const struct guest_config *config,
		 const struct guest_options *options, uint32_t *domid, struct report *report);

/*
 * Fills in what libctrl builds if there is a store. cmdline comes from guest_config_cmdline(). out
 * points into config.
 */
void guest_to_ctrl(const struct guest_config *config, const char *cmdline,
		   struct ctrl_guest_config *out);

/*
 * Fills in what is registered with the monitor. text comes from guest_config_format(). out points
 * into config and text.
 */
void guest_to_monitor(const struct guest_config *config, uint32_t domid, const char *text,
		      struct monitor_guest *out);

/*
 * Checks everything that can be checked without making anything, for `vmctl create -n`. If ctrl is
 * NULL, it does not check the name and free memory.
 */
int guest_check(struct ctrl *ctrl, const struct guest_config *config,
		const struct guest_options *options, struct report *report);

/*
 * Unregisters a domain from the monitor, removes it from the store, destroys it, lets the console
 * daemon drain its ring, and removes it from the registry. It fails only if the destruction itself
 * fails; daemons that do not run are ignored. reason: the SHUTDOWN_* with which the guest stopped,
 * or -1.
 */
int guest_destroy(struct ctrl *ctrl, uint32_t domid, const uint8_t uuid[16], int reason,
		  const struct guest_options *options, struct report *report);

/*
 * Renames a guest in the registry, and then in the monitor, the console daemon and the store.
 * -EEXIST: the name is in use. -EINVAL: the name is invalid. -ENOENT: the guest is not in the
 * registry.
 */
int guest_rename(struct ctrl *ctrl, uint32_t domid, const uint8_t uuid[16], const char *name,
		 const struct guest_options *options, struct report *report);

/*
 * Checks that a guest could be created again from this text. Called before the change that the text
 * describes is made. Returns 0, or -EINVAL or -E2BIG with a report.
 */
int guest_check_kept(const char *text, struct report *report);

/*
 * Returns -EEXIST with a report if the name belongs to a living guest, or to a guest whose restart
 * is pending. With options->restart, pending restarts are not checked. Otherwise returns 0.
 */
int guest_check_name(struct ctrl *ctrl, const struct guest_options *options, const char *name,
		     struct report *report);

#endif
