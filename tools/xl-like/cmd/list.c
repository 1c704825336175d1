/* SPDX-License-Identifier: ISC */
/* vmctl list. */
#include "base/uuid.h"
#include "clients/console_client.h"
#include "clients/monitor_client.h"
#include "cmd.h"
#include "guest/registry.h"
#include "list_formats.h"

#include <errno.h>
#include <libctrl.h>
#include <stdlib.h>
#include <string.h>

/* What was asked for, and what there is. */
struct listing {
	struct ctrl *ctrl;
	struct target *targets; /* the domains that were named */
	size_t target_count;
	/* The guests that have no domain but will; then those of them that are shown. */
	struct monitor_pending *pending;
	size_t pending_count;
	struct console_note *notes;
	size_t note_count;
	bool all; /* nothing was named */
};

/* --- guests that are to be restarted --- */

static struct monitor_pending *find_pending(struct listing *listing, const char *name)
{
	for (size_t i = 0; i < listing->pending_count; i++)
		if (!strcmp(listing->pending[i].name, name))
			return &listing->pending[i];
	return NULL;
}

/* Without a monitor nothing is restarted; one that does not answer is no reason to show nothing. */
static int load_pending(struct listing *listing)
{
	struct monitor_pending next = {0}, *list;
	struct report report;
	int err;

	while (!(err = monitor_client_next(NULL, &next, &report))) {
		list = realloc(listing->pending, (listing->pending_count + 1) * sizeof(*list));
		if (!list)
			return vmctl_fail(EXIT_FAILED, "out of memory");
		listing->pending = list;
		list[listing->pending_count++] = next;
	}
	if (err != -ENOENT && err != -ECONNREFUSED)
		vmctl_fail(0, "pending restarts are not shown: %s", report.text);
	return EXIT_OK;
}

/* What domains have said on their consoles; only the long formats show it. */
static int load_notes(struct listing *listing)
{
	struct console_note next = {.domid = 0}, *list;

	while (!console_client_next_note(NULL, &next, NULL)) {
		list = realloc(listing->notes, (listing->note_count + 1) * sizeof(*list));
		if (!list)
			return vmctl_fail(EXIT_FAILED, "out of memory");
		listing->notes = list;
		list[listing->note_count++] = next;
	}
	return EXIT_OK;
}

/* One that has its new domain already, and is not complete, is shown as a domain. */
static void drop_with_domain(struct listing *listing, const struct registry_domain *domains,
			     size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct monitor_pending *found = find_pending(listing, domains[i].name);

		if (found && !domains[i].info->dying)
			*found = listing->pending[--listing->pending_count];
	}
}

/* --- domains --- */

static bool is_named(const struct listing *listing, const struct registry_domain *domain)
{
	for (size_t i = 0; i < listing->target_count; i++)
		if (listing->targets[i].domid == domain->info->domid)
			return true;
	return listing->all;
}

/* Keeps the domains that were asked for. Returns how many. */
static size_t keep_named(const struct listing *listing, struct registry_domain *domains,
			 size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		struct registry_domain other = domains[kept];

		if (!is_named(listing, &domains[i]))
			continue;
		domains[kept++] = domains[i];
		domains[i] = other;
	}
	return kept;
}

static void print(struct listing *listing, const struct list_format *format,
		  struct registry_domain *domains, size_t count)
{
	struct list_content content = {
		.domains = domains,
		.notes = listing->notes,
		.note_count = listing->note_count,
	};

	vmctl_name_foreign(domains, count);
	drop_with_domain(listing, domains, count);
	content.count = keep_named(listing, domains, count);
	content.pending = listing->pending;
	content.pending_count = listing->pending_count;
	format->print(&content);
}

static int list_domains(struct listing *listing, const struct list_format *format)
{
	struct registry_domain *domains;
	struct ctrl_domain_info *list;
	int count = ctrl_list_all_domains(listing->ctrl, &list);
	int status = EXIT_OK;

	if (count < 0)
		return vmctl_fail(vmctl_status(count), "%s", ctrl_error());
	if (registry_name_domains(NULL, list, (size_t)count, &domains)) {
		status = vmctl_fail(EXIT_FAILED, "out of memory");
	} else {
		print(listing, format, domains, (size_t)count);
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

/* Finds what was named: a domain, or a guest to be restarted, which goes to the front of these. */
static int select_word(struct listing *listing, const char *word, size_t *pending_kept)
{
	struct target *target = &listing->targets[listing->target_count];
	struct monitor_pending *pending, other;
	struct report report;
	int status = target_look_up(listing->ctrl, word, target, &report);

	if (!status) {
		listing->target_count++;
		return EXIT_OK;
	}
	pending = status == EXIT_NO_DOMAIN ? find_pending(listing, word) : NULL;
	if (!pending)
		return vmctl_fail(status, "%s", report.text);
	if (pending < listing->pending + *pending_kept)
		return EXIT_OK; /* named twice */
	other = listing->pending[*pending_kept];
	listing->pending[(*pending_kept)++] = *pending;
	*pending = other;
	return EXIT_OK;
}

static int select_words(struct listing *listing, const struct arguments *arguments)
{
	size_t pending_kept = 0;
	int status = EXIT_OK;

	for (int i = 0; i < arguments->count; i++) {
		int one = select_word(listing, arguments->words[i], &pending_kept);

		status = status ? status : one;
	}
	if (!listing->all)
		listing->pending_count = pending_kept;
	return status;
}

int cmd_list(const struct arguments *arguments)
{
	struct listing listing = {
		.targets = calloc((size_t)arguments->count + 1, sizeof(*listing.targets)),
		.all = !arguments->count,
	};
	int status = listing.targets ? vmctl_open(&listing.ctrl)
				     : vmctl_fail(EXIT_FAILED, "out of memory");

	if (listing.ctrl)
		vmctl_clear_abandoned(listing.ctrl);
	if (!status)
		status = load_pending(&listing);
	if (!status && choose_format(arguments) != &list_format_short)
		status = load_notes(&listing);
	if (!status)
		status = select_words(&listing, arguments);
	/* those that are there are shown beside the errors for those that are not */
	if (listing.ctrl && (listing.all || listing.target_count || listing.pending_count)) {
		int shown = list_domains(&listing, choose_format(arguments));

		status = status ? status : shown;
	}
	ctrl_close(listing.ctrl);
	free(listing.targets);
	free(listing.pending);
	free(listing.notes);
	return status;
}
