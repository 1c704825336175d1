/* SPDX-License-Identifier: ISC */
/* What vmctl's commands share: errors, the handle, and domains by number or name. */
#include "base/nearest.h"
#include "base/report_ctrl.h"
#include "clients/monitor_client.h"
#include "guest/abandoned.h"
#include "guest/registry.h"
#include "vmctl.h"
#include "base/number.h"

#include <errno.h>
#include <inttypes.h>
#include <libctrl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int vmctl_fail(int status, const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fputs("vmctl: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return status;
}

void vmctl_warn(const char *text)
{
	fprintf(stderr, "vmctl: warning: %s\n", text);
}

int vmctl_status(int err)
{
	static const struct {
		int err, status;
	} rows[] = {
		{-ESRCH, EXIT_NO_DOMAIN},
		{-ETIMEDOUT, EXIT_TIMEOUT},
		{-ECONNREFUSED, EXIT_UNREACHABLE},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].err == err)
			return rows[i].status;
	return err ? EXIT_FAILED : EXIT_OK;
}

int vmctl_open(struct ctrl **ctrl)
{
	if (ctrl_open(ctrl) < 0)
		return vmctl_fail(EXIT_UNREACHABLE, "%s", ctrl_error());
	return EXIT_OK;
}

void vmctl_name_foreign(struct registry_domain *domains, size_t count)
{
	static bool said;

	if (registry_name_foreign(domains, count) != -ETIMEDOUT || said)
		return;
	said = true;
	vmctl_fail(0, "warning: names that other tools have given are missing: %s", ctrl_error());
}

static void tell_abandoned(const char *text)
{
	vmctl_fail(0, "%s", text);
}

void vmctl_clear_abandoned(struct ctrl *ctrl)
{
	const struct abandoned_options options = {.tell = tell_abandoned};

	abandoned_clear(ctrl, &options);
}

static void target_set(struct target *target, const struct ctrl_domain_info *info, const char *name)
{
	*target = (struct target){
		.domid = info->domid,
		.paused = info->paused,
		.shutdown = info->shutdown,
		.shutdown_reason = info->shutdown_reason,
	};
	memcpy(target->uuid, info->uuid, sizeof(target->uuid));
	snprintf(target->name, sizeof(target->name), "%s", name);
}

/* Each sets the sentence of what failed and returns an exit status. */
static int find_number(struct ctrl *ctrl, const char *word, struct target *target,
		       struct report *report)
{
	uint64_t domid;
	struct registry_domain *named;
	struct ctrl_domain_info info;
	int err = -ESRCH;

	if (number_parse(word, 0, CTRL_DOMID_SELF - 1, &domid))
		err = ctrl_get_domain(ctrl, (uint32_t)domid, &info);
	if (err == -ESRCH)
		return report_set(report, EXIT_NO_DOMAIN, "there is no domain %s", word);
	if (err)
		return report_ctrl(report, vmctl_status(err));
	if (registry_name_domains(NULL, &info, 1, &named))
		return report_set(report, EXIT_FAILED, "out of memory");
	vmctl_name_foreign(named, 1);
	target_set(target, &info, named[0].name);
	registry_free_domains(named, 1);
	return EXIT_OK;
}

struct names {
	const struct registry_domain *domains;
	size_t count;
};

static const char *nth_name(const void *context, size_t n)
{
	const struct names *names = context;

	return n < names->count ? names->domains[n].name : NULL;
}

/* A guest between two domains is not unknown. */
static int fail_without_domain(const struct names *names, const char *word, struct report *report)
{
	const char *nearest = nearest_word(word, nth_name, names);
	char text[MONITOR_PENDING_TEXT];
	struct monitor_pending pending;

	if (!monitor_client_find(NULL, word, NULL, &pending))
		return report_set(report, EXIT_NO_DOMAIN,
				  "%s has no domain: %s; 'vmctl destroy %s' calls that off", word,
				  monitor_pending_text(&pending, text), word);
	if (nearest)
		return report_set(report, EXIT_NO_DOMAIN,
				  "no domain is called '%s'; did you mean '%s'?", word, nearest);
	return report_set(report, EXIT_NO_DOMAIN,
			  "no domain is called '%s'; 'vmctl list' shows them all", word);
}

static int find_among(const struct names *names, const char *word, struct target *target,
		      struct report *report)
{
	const struct registry_domain *found = NULL;

	/* a dying domain keeps its name until the last page is free; a living one goes first */
	for (size_t i = 0; i < names->count; i++)
		if (!strcmp(names->domains[i].name, word) && (!found || found->info->dying))
			found = &names->domains[i];
	if (found) {
		target_set(target, found->info, found->name);
		return EXIT_OK;
	}
	return fail_without_domain(names, word, report);
}

static int find_name(struct ctrl *ctrl, const char *word, struct target *target,
		     struct report *report)
{
	struct registry_domain *named;
	struct ctrl_domain_info *list;
	int count = ctrl_list_all_domains(ctrl, &list), status;

	if (count < 0)
		return report_ctrl(report, vmctl_status(count));
	if (registry_name_domains(NULL, list, (size_t)count, &named)) {
		status = report_set(report, EXIT_FAILED, "out of memory");
	} else {
		const struct names names = {.domains = named, .count = (size_t)count};

		vmctl_name_foreign(named, (size_t)count);
		status = find_among(&names, word, target, report);
		registry_free_domains(named, (size_t)count);
	}
	free(list);
	return status;
}

int target_look_up(struct ctrl *ctrl, const char *word, struct target *target,
		   struct report *report)
{
	if (*word && !word[strspn(word, "0123456789")])
		return find_number(ctrl, word, target, report);
	return find_name(ctrl, word, target, report);
}

int target_find(struct ctrl *ctrl, const char *word, struct target *target)
{
	struct report report;
	int status = target_look_up(ctrl, word, target, &report);

	return status ? vmctl_fail(status, "%s", report.text) : EXIT_OK;
}

int words_each(const struct arguments *arguments, int (*go)(struct ctrl *ctrl, const char *word))
{
	struct ctrl *ctrl;
	int status = vmctl_open(&ctrl);

	if (status)
		return status;
	for (int i = 0; i < arguments->count; i++) {
		int one = go(ctrl, arguments->words[i]);

		if (!status)
			status = one;
	}
	ctrl_close(ctrl);
	return status;
}

/* --- several --- */

static int find_words(struct targets *targets, char *const words[], int count)
{
	int status = EXIT_OK;

	targets->list = calloc((size_t)count + 1, sizeof(*targets->list));
	if (!targets->list)
		return vmctl_fail(EXIT_FAILED, "out of memory");
	for (int i = 0; i < count; i++) {
		int one = target_find(targets->ctrl, words[i], &targets->list[targets->count]);

		targets->count += !one;
		if (!status)
			status = one;
	}
	return status;
}

static int take_named(struct targets *targets, const struct ctrl_domain_info *list, size_t count)
{
	struct registry_domain *named;

	targets->list = calloc(count + 1, sizeof(*targets->list));
	if (!targets->list || registry_name_domains(NULL, list, count, &named))
		return vmctl_fail(EXIT_FAILED, "out of memory");
	vmctl_name_foreign(named, count);
	for (size_t i = 0; i < count; i++)
		target_set(&targets->list[targets->count++], &list[i], named[i].name);
	registry_free_domains(named, count);
	return EXIT_OK;
}

static int find_all(struct targets *targets)
{
	struct ctrl_domain_info *list;
	int count = ctrl_list_all_domains(targets->ctrl, &list), status;

	if (count < 0)
		return vmctl_fail(vmctl_status(count), "%s", ctrl_error());
	status = take_named(targets, list, (size_t)count);
	free(list);
	return status;
}

int targets_open(struct targets *targets, char *const words[], int count)
{
	int status;

	*targets = (struct targets){0};
	status = vmctl_open(&targets->ctrl);
	if (status) {
		targets->ctrl = NULL;
		return status;
	}
	return count ? find_words(targets, words, count) : find_all(targets);
}

void targets_close(struct targets *targets)
{
	ctrl_close(targets->ctrl);
	free(targets->list);
}
