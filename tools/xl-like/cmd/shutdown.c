/* SPDX-License-Identifier: ISC */
/* vmctl shutdown, vmctl reboot: guests asked to end by themselves. */
#include "clients/monitor_client.h"
#include "clients/policy.h"
#include "cmd.h"
#include "config/guest_config.h"
#include "guest/registry.h"
#include "xl-like/common/progress.h"
#include "xl-like/common/talk.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NODE         "control/shutdown"
#define TAKE_LIMIT_S 10  /* for a guest to take the request from its node */
#define AGAIN_S      10  /* after which one that has taken it and goes on is asked again */
#define END_LIMIT_S  300 /* for it to end */

/* What is asked for. */
struct wish {
	const char *word;    /* what the guest finds in its node */
	const char *feature; /* the node in which it may say whether it understands that */
	bool reboot;
};

static const struct wish wish_shutdown = {
	.word = "poweroff",
	.feature = "control/feature-poweroff",
};
static const struct wish wish_reboot = {
	.word = "reboot",
	.feature = "control/feature-reboot",
	.reboot = true,
};

/* A guest that is asked. */
struct subject {
	const struct target *target;
	int action; /* enum monitor_action: what becomes of it when it has ended, or UNKNOWN */
	bool asked; /* and nothing went wrong since */
	bool left;  /* still to be waited for */
};
#define UNKNOWN (-1) /* another tool's guest */

/* A command under way. */
struct ending {
	const struct wish *wish;
	struct talk talk;
	struct targets targets;
	struct progress progress;
	struct subject *subjects; /* one for each target */
	int status;               /* of the first failure */
};

static void note_failure(struct ending *ending, struct subject *subject, int status)
{
	subject->asked = false;
	if (!ending->status)
		ending->status = status;
}

/* --- asking --- */

/*
 * Whether the guest takes a request is seen when it is asked. The feature's node is only believed
 * where it says no: Linux writes 1, FreeBSD takes requests and writes nothing.
 */
static int check_can_be_asked(struct ending *ending, const struct target *target)
{
	const struct wish *wish = ending->wish;
	struct ctrl_domain_info info;
	enum fate fate = talk_fate(&ending->talk, target, &info);

	if (!target->domid)
		return vmctl_fail(EXIT_FAILED, "dom0 is ended by its own poweroff and reboot, not "
					       "from here");
	if (fate == FATE_GONE)
		return vmctl_fail(EXIT_NO_DOMAIN, "%s: it is being destroyed", target->name);
	if (fate == FATE_SHUTDOWN)
		return vmctl_fail(EXIT_FAILED, "%s: it has shut down already (%s)", target->name,
				  ctrl_shutdown_name(info.shutdown_reason));
	if (info.paused)
		return vmctl_fail(EXIT_FAILED,
				  "%s: it is paused and cannot do anything; 'vmctl unpause %s' "
				  "first",
				  target->name, target->name);
	if (talk_node_is(&ending->talk, target->domid, wish->feature, "0"))
		return vmctl_fail(EXIT_FAILED,
				  "%s: the guest says that it cannot be asked to %s (%s is 0); "
				  "'vmctl destroy' ends it by force",
				  target->name, wish->word, wish->feature);
	return EXIT_OK;
}

/* What the monitor will do with it. It is looked up now: with the guest its entry will be gone. */
static int action_after(const struct ending *ending, const struct target *target)
{
	struct guest_config config = {0};
	struct registry_entry entry;
	struct report unused;
	int action = UNKNOWN;

	if (registry_read(NULL, target->domid, target->uuid, &entry))
		return UNKNOWN;
	if (!guest_config_load_text("", entry.config, strlen(entry.config), &config, &unused))
		action = (int)(ending->wish->reboot ? config.on_reboot : config.on_poweroff);
	guest_config_clear(&config);
	registry_entry_clear(&entry);
	return action;
}

static int ask(struct ending *ending, struct subject *subject)
{
	const struct target *target = subject->target;
	int status = check_can_be_asked(ending, target);

	if (status)
		return status;
	subject->action = action_after(ending, target);
	talk_watch(&ending->talk, target->domid, NODE);
	return talk_write(&ending->talk, target->domid, NODE, ending->wish->word);
}

/* --- waiting --- */

/* A guest takes a request by emptying its node; one that has ended has taken it, too. */
static bool has_taken(struct ending *ending, const struct subject *subject)
{
	const struct target *target = subject->target;
	struct ctrl_domain_info info;

	return !talk_node_is(&ending->talk, target->domid, NODE, ending->wish->word) ||
	       talk_fate(&ending->talk, target, &info) != FATE_ALIVE;
}

/* Complete, and running: its entry is written shortly before it starts. */
static bool is_started(const struct ctrl_domain_info *info)
{
	struct registry_entry entry;

	if (info->dying || info->paused || registry_read(NULL, info->domid, info->uuid, &entry))
		return false;
	registry_entry_clear(&entry);
	return true;
}

/* A guest that is created again keeps its uuid, and gets another number. */
static bool has_successor(struct ending *ending, const struct target *target)
{
	struct ctrl_domain_info *list;
	int count = ctrl_list_all_domains(ending->talk.ctrl, &list);
	bool found = false;

	for (int i = 0; i < count && !found; i++)
		found = list[i].domid != target->domid &&
			!memcmp(list[i].uuid, target->uuid, sizeof(target->uuid)) &&
			is_started(&list[i]);
	if (count >= 0)
		free(list);
	return found;
}

/*
 * All that was to happen has: nothing of the guest is left, or what its policy wants to be there.
 */
static bool has_ended(struct ending *ending, const struct subject *subject)
{
	struct ctrl_domain_info info;
	enum fate fate = talk_fate(&ending->talk, subject->target, &info);

	if (fate == FATE_ALIVE)
		return false;
	if (subject->action != UNKNOWN && policy_restarts((enum monitor_action)subject->action))
		return has_successor(ending, subject->target);
	return fate == FATE_GONE || subject->action != MONITOR_DESTROY;
}

/* Those who were asked are left; are there any? */
static bool mark_asked(struct ending *ending)
{
	bool any = false;

	for (size_t i = 0; i < ending->targets.count; i++) {
		ending->subjects[i].left = ending->subjects[i].asked;
		any = any || ending->subjects[i].left;
	}
	return any;
}

/* Waits until all that are left are done, or the time is over; left says which are not. */
static void wait_for_left(struct ending *ending,
			  bool done(struct ending *ending, const struct subject *subject))
{
	size_t left;

	do {
		left = 0;
		for (size_t i = 0; i < ending->targets.count; i++) {
			struct subject *subject = &ending->subjects[i];

			subject->left = subject->left && !done(ending, subject);
			left += subject->left;
		}
	} while (left && talk_wait(&ending->talk));
}

/* A guest that has said that it listens hangs; of another one it may be too early, or too much. */
static const char *why_silent(struct ending *ending, const struct subject *subject)
{
	if (talk_node_is(&ending->talk, subject->target->domid, ending->wish->feature, "1"))
		return "";
	return ": its kernel still starts, or has no driver that takes requests";
}

static void wait_until_taken(struct ending *ending, unsigned int limit)
{
	if (!mark_asked(ending))
		return;
	progress_step(&ending->progress, "waiting for the guest to take the request");
	talk_set_limit(&ending->talk, limit);
	wait_for_left(ending, has_taken);
	for (size_t i = 0; i < ending->targets.count; i++) {
		struct subject *subject = &ending->subjects[i];
		const char *name = subject->target->name;

		if (!subject->left)
			continue;
		/* or it would end much later, when nobody wants that any more */
		talk_write(&ending->talk, subject->target->domid, NODE, "");
		note_failure(ending, subject,
			     vmctl_fail(EXIT_TIMEOUT,
					"%s: the guest has not taken the request within %u s, and "
					"it was withdrawn%s; 'vmctl destroy' ends it by force",
					name, limit, why_silent(ending, subject)));
	}
}

/*
 * Linux takes a request that comes while it frees its init memory, at the end of its start, and
 * does nothing about it. A guest that is ending already is not disturbed by another.
 */
static void ask_again(struct ending *ending)
{
	struct ctrl_domain_info info;

	for (size_t i = 0; i < ending->targets.count; i++) {
		const struct subject *subject = &ending->subjects[i];

		if (subject->left && talk_fate(&ending->talk, subject->target, &info) == FATE_ALIVE)
			talk_write(&ending->talk, subject->target->domid, NODE, ending->wish->word);
	}
}

/* The guest has not ended, or it has, and could not be started again. */
static int fail_not_done(const struct subject *subject, unsigned int limit)
{
	const struct target *target = subject->target;
	char text[MONITOR_PENDING_TEXT];
	struct monitor_pending pending;

	if (!monitor_client_find(NULL, target->name, target->uuid, &pending))
		return vmctl_fail(EXIT_TIMEOUT, "%s: it has ended, but is not back after %u s: %s",
				  target->name, limit, monitor_pending_text(&pending, text));
	return vmctl_fail(EXIT_TIMEOUT,
			  "%s: it has taken the request, but is not done after %u s; 'vmctl "
			  "console' may show why",
			  target->name, limit);
}

static void wait_until_ended(struct ending *ending, unsigned int limit)
{
	unsigned int rest = limit;

	if (!mark_asked(ending))
		return;
	progress_step(&ending->progress, "waiting for it to end");
	talk_watch_ends(&ending->talk);
	if (rest > AGAIN_S) {
		talk_set_limit(&ending->talk, AGAIN_S);
		wait_for_left(ending, has_ended);
		ask_again(ending);
		rest -= AGAIN_S;
	}
	talk_set_limit(&ending->talk, rest);
	wait_for_left(ending, has_ended);
	for (size_t i = 0; i < ending->targets.count; i++)
		if (ending->subjects[i].left)
			note_failure(ending, &ending->subjects[i],
				     fail_not_done(&ending->subjects[i], limit));
}

/* --- the commands --- */

static void drop_dom0(struct targets *targets)
{
	size_t kept = 0;

	for (size_t i = 0; i < targets->count; i++)
		if (targets->list[i].domid)
			targets->list[kept++] = targets->list[i];
	targets->count = kept;
}

static int find_targets(struct ending *ending, const struct arguments *arguments)
{
	bool all = arguments_option(arguments, "all");

	if (all == !!arguments->count)
		return vmctl_fail(EXIT_USAGE, "%s: either --all or domains: vmctl %s %s",
				  arguments->command->name, arguments->command->name,
				  arguments->command->words);
	ending->status = targets_open(&ending->targets, arguments->words, arguments->count);
	if (all)
		drop_dom0(&ending->targets);
	return ending->targets.ctrl ? EXIT_OK : ending->status;
}

static void end_all(struct ending *ending, const struct arguments *arguments, unsigned int limit)
{
	bool limited = arguments_option(arguments, "timeout");

	for (size_t i = 0; i < ending->targets.count; i++) {
		struct subject *subject = &ending->subjects[i];
		int status;

		subject->target = &ending->targets.list[i];
		status = ask(ending, subject);
		subject->asked = !status;
		if (status)
			note_failure(ending, subject, status);
	}
	progress_start(&ending->progress, arguments->command->name, false);
	wait_until_taken(ending, limited && limit < TAKE_LIMIT_S ? limit : TAKE_LIMIT_S);
	if (arguments_option(arguments, "wait"))
		wait_until_ended(ending, limit);
	progress_stop(&ending->progress);
}

static int end(const struct arguments *arguments, const struct wish *wish)
{
	struct ending ending = {.wish = wish};
	unsigned int limit = END_LIMIT_S;
	int status = talk_parse_timeout(arguments, &limit);

	if (!status)
		status = find_targets(&ending, arguments);
	if (status)
		return status;
	status = talk_open(&ending.talk, ending.targets.ctrl);
	ending.subjects = calloc(ending.targets.count + 1, sizeof(*ending.subjects));
	if (!status && !ending.subjects)
		status = vmctl_fail(EXIT_FAILED, "out of memory");
	if (!status) {
		end_all(&ending, arguments, limit);
		status = ending.status;
	}
	free(ending.subjects);
	talk_close(&ending.talk);
	targets_close(&ending.targets);
	return status;
}

int cmd_shutdown(const struct arguments *arguments)
{
	return end(arguments, &wish_shutdown);
}

int cmd_reboot(const struct arguments *arguments)
{
	return end(arguments, &wish_reboot);
}
