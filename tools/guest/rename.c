/* SPDX-License-Identifier: ISC */
/* Renames a guest in all places that know its name. */
#include "guest.h"
#include "store.h"
#include "base/lockfile.h"
#include "registry.h"
#include "clients/store_open.h"
#include "clients/console_client.h"
#include "clients/monitor_client.h"
#include "base/report_ctrl.h"

#include <errno.h>
#include <inttypes.h>
#include <libctrl.h>
#include <stdlib.h>
#include <string.h>

#define LOCK_MS 10000 /* for the name's lock */

static const struct guest_options no_options;

/* State of one renaming. */
struct renaming {
	const struct guest_options *options;
	struct registry_entry entry; /* with the new name */
	struct guest_config config;  /* parsed from entry, with the new name */
	struct report *report;
};

static int load(struct renaming *renaming, const char *name)
{
	struct registry_entry *entry = &renaming->entry;
	int err = guest_config_load_text(entry->name, entry->config, strlen(entry->config),
					 &renaming->config, renaming->report);

	if (err)
		return err;
	free(entry->name);
	free(entry->config);
	free(renaming->config.name);
	entry->name = strdup(name);
	renaming->config.name = strdup(name);
	entry->config = renaming->config.name ? guest_config_format(&renaming->config) : NULL;
	if (entry->name && entry->config)
		return guest_check_kept(entry->config, renaming->report);
	return report_set(renaming->report, -ENOMEM, "out of memory");
}

/* Tells the monitor, so that a restart uses the new name. */
static int tell_monitor(struct renaming *renaming)
{
	struct monitor_guest guest;

	guest_to_monitor(&renaming->config, renaming->entry.domid, renaming->entry.config, &guest);
	return monitor_client_register(renaming->options->monitor_socket, &guest, renaming->report);
}

static int tell_console(struct renaming *renaming)
{
	struct console_add add = {
		.domid = renaming->entry.domid,
		.name = renaming->entry.name,
		.guest_port = CONSOLE_PORT_FIND,
	};

	memcpy(add.uuid, renaming->entry.uuid, sizeof(add.uuid));
	return console_client_add(renaming->options->console_socket, &add, renaming->report);
}

static int tell_store(struct renaming *renaming)
{
	const struct registry_entry *entry = &renaming->entry;
	struct ctrl_store *store;
	int err;

	err = store_open(&store);
	if (err == -ETIMEDOUT)
		return report_ctrl(renaming->report, err);
	if (err)
		return 0; /* without a store there is no name to change */
	err = guest_store_rename(store, entry->domid, entry->uuid, entry->name, renaming->report);
	ctrl_store_close(store);
	return err;
}

/*
 * The guest has its new name once the registry is written. Later failures are reported, but nothing
 * is undone.
 */
static int carry_out(struct renaming *renaming, struct ctrl *ctrl, const char *name)
{
	int err = guest_check_name(ctrl, renaming->options, name, renaming->report), more;

	if (!err)
		err = load(renaming, name);
	if (!err)
		err = registry_write(renaming->options->registry, &renaming->entry,
				     renaming->report);
	if (err)
		return err;
	err = tell_store(renaming);
	more = tell_console(renaming);
	err = err ? err : more;
	more = tell_monitor(renaming);
	return err ? err : more;
}

int guest_rename(struct ctrl *ctrl, uint32_t domid, const uint8_t uuid[16], const char *name,
		 const struct guest_options *options, struct report *report)
{
	struct renaming renaming = {
		.options = options ? options : &no_options,
		.report = report,
	};
	const char *fault = guest_name_fault(name);
	const struct lock_wait wait = {.timeout_ms = LOCK_MS};
	int lock, err;

	if (*fault)
		return report_set(report, -EINVAL, "a guest cannot be called '%s': %s", name,
				  fault);
	lock = registry_lock_name(renaming.options->registry, name, &wait, report);
	if (lock < 0)
		return lock;
	err = registry_read(renaming.options->registry, domid, uuid, &renaming.entry);
	if (err)
		report_set(report, err,
			   "domain %" PRIu32 " was not made by vmctl, and has no name here", domid);
	else
		err = carry_out(&renaming, ctrl, name);
	guest_config_clear(&renaming.config);
	registry_entry_clear(&renaming.entry);
	registry_unlock_name(renaming.options->registry, name, lock);
	return err;
}
