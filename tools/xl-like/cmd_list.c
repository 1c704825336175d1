/* SPDX-License-Identifier: ISC */
/* vmctl list. */
#include "vmctl.h"
#include "common/registry.h"
#include "common/uuid.h"
#include "list_formats.h"

#include <inttypes.h>
#include <libctrl.h>
#include <stdlib.h>
#include <string.h>

static bool is_named(const struct registry_domain *domain, const struct target *targets, int count)
{
	for (int i = 0; i < count; i++)
		if (targets[i].domid == domain->info->domid)
			return true;
	return !count;
}

/* Keeps the domains that were asked for; all, when none was. Returns how many. */
static size_t keep_named(struct registry_domain *domains, size_t count,
			 const struct target *targets, int target_count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		struct registry_domain other = domains[kept];

		if (!is_named(&domains[i], targets, target_count))
			continue;
		domains[kept++] = domains[i];
		domains[i] = other;
	}
	return kept;
}

static int list_domains(struct ctrl *ctrl, const struct list_format *format,
			const struct target *targets, int target_count)
{
	struct registry_domain *domains;
	struct ctrl_domain_info *list;
	int count = ctrl_list_all_domains(ctrl, &list);
	int status = EXIT_OK;

	if (count < 0)
		return vmctl_fail(vmctl_status(count), "%s", ctrl_error());
	if (registry_name_domains(NULL, list, (size_t)count, &domains)) {
		status = vmctl_fail(EXIT_FAILED, "out of memory");
	} else {
		registry_name_foreign(domains, (size_t)count);
		format->print(domains, keep_named(domains, (size_t)count, targets, target_count));
		registry_free_domains(domains, (size_t)count);
	}
	free(list);
	return status;
}

static const struct list_format *choose_format(const struct arguments *arguments)
{
	if (arguments_option(arguments, "json"))
		return &list_format_json;
	return arguments_option(arguments, "long") ? &list_format_long : &list_format_short;
}

int cmd_list(const struct arguments *arguments)
{
	struct target *targets = calloc((size_t)arguments->count + 1, sizeof(*targets));
	struct ctrl *ctrl = NULL;
	int found = 0, status;

	if (!targets)
		return vmctl_fail(EXIT_FAILED, "out of memory");
	status = vmctl_open(&ctrl);
	for (int i = 0; ctrl && i < arguments->count; i++) {
		int one = target_find(ctrl, arguments->words[i], &targets[found]);

		found += !one;
		if (!status)
			status = one;
	}
	/* those that are there are shown beside the errors for those that are not */
	if (ctrl && (found || !arguments->count)) {
		int shown = list_domains(ctrl, choose_format(arguments), targets, found);

		status = status ? status : shown;
	}
	ctrl_close(ctrl);
	free(targets);
	return status;
}
