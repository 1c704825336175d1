/* SPDX-License-Identifier: ISC */
/* Checks that no living guest, and no guest whose restart is pending, has a name or UUID. */
#include "base/report_ctrl.h"
#include "clients/monitor_client.h"
#include "creation.h"
#include "guest.h"
#include "registry.h"

#include <errno.h>
#include <inttypes.h>
#include <libctrl.h>
#include <stdlib.h>
#include <string.h>

static int name_in_use(const char *name, const struct ctrl_domain_info *by, struct report *report)
{
	return report_set(report, -EEXIST,
			  "the name '%s' is in use by domain %" PRIu32
			  "; destroy that one first, or choose another name",
			  name, by->domid);
}

/*
 * Checks the names of domains that other tools have made. has[i]: domain i is registered by these
 * tools.
 */
static int check_foreign_names(const struct ctrl_domain_info *list, size_t count, const bool *has,
			       const char *name, struct report *report)
{
	struct registry_domain *others = calloc(count + 1, sizeof(*others));
	size_t n = 0;
	int err = 0;

	if (!others)
		return report_set(report, -ENOMEM, "out of memory");
	for (size_t i = 0; i < count; i++)
		if (list[i].domid && !list[i].dying && !has[i])
			others[n++].info = &list[i];
	if (registry_name_foreign(others, n) == -ETIMEDOUT)
		err = report_ctrl(report, -ETIMEDOUT);
	for (size_t i = 0; i < n && !err; i++)
		if (others[i].name && !strcmp(others[i].name, name))
			err = name_in_use(name, others[i].info, report);
	registry_free_domains(others, n);
	return err;
}

static int check_name_among(const struct ctrl_domain_info *list, size_t count, const char *registry,
			    const char *name, struct report *report)
{
	bool *registered = calloc(count + 1, sizeof(*registered));
	size_t found;
	int err;

	if (!registered)
		return report_set(report, -ENOMEM, "out of memory");
	registry_find_name(registry, name, list, count, registered, &found);
	err = found < count ? name_in_use(name, &list[found], report)
			    : check_foreign_names(list, count, registered, name, report);
	free(registered);
	return err;
}

/* A guest without a domain keeps its name and UUID while its restart is pending. */
static int check_pending(const struct guest_options *options, const char *name, const uint8_t *uuid,
			 struct report *report)
{
	char text[MONITOR_PENDING_TEXT];
	struct monitor_pending pending;

	if (options->restart || monitor_client_find(options->monitor_socket, name, uuid, &pending))
		return 0;
	return report_set(report, -EEXIST,
			  "the %s is in use by the guest '%s', which has no domain: %s; 'vmctl "
			  "destroy %s' calls that off",
			  strcmp(pending.name, name) ? "uuid" : "name", pending.name,
			  monitor_pending_text(&pending, text), pending.name);
}

/*
 * The store, the monitor and the consoles identify a guest by its UUID, so it must be unique. A
 * domain that is preserved after its end may share the UUID of its successor, but only the monitor
 * makes such a successor.
 */
static int check_uuid_among(const struct ctrl_domain_info *list, size_t count,
			    const struct guest_options *options, const uint8_t *uuid,
			    struct report *report)
{
	for (size_t i = 0; uuid && i < count; i++) {
		if (!list[i].domid || list[i].dying || memcmp(list[i].uuid, uuid, 16) != 0 ||
		    (list[i].shutdown && options->restart))
			continue;
		return report_set(report, -EEXIST,
				  "the uuid is in use by domain %" PRIu32
				  " (which had this name before, or the same 'uuid'): destroy that "
				  "one first, or write another 'uuid'",
				  list[i].domid);
	}
	return 0;
}

/* uuid NULL: checks only the name. */
int guest_check_identity(const struct ctrl_domain_info *list, size_t count,
			 const struct guest_options *options, const char *name, const uint8_t *uuid,
			 struct report *report)
{
	int err = check_name_among(list, count, options->registry, name, report);

	if (!err)
		err = check_uuid_among(list, count, options, uuid, report);
	return err ? err : check_pending(options, name, uuid, report);
}

int guest_check_name(struct ctrl *ctrl, const struct guest_options *options, const char *name,
		     struct report *report)
{
	struct ctrl_domain_info *list;
	int count = ctrl_list_all_domains(ctrl, &list), err;

	if (count < 0)
		return report_ctrl(report, count);
	err = guest_check_identity(list, (size_t)count, options, name, NULL, report);
	free(list);
	return err;
}
