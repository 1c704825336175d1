/* SPDX-License-Identifier: ISC */
/* vmctl wait: returns when a guest has come to a state. */
#include "clients/monitor_client.h"
#include "cmd.h"
#include "xl-like/common/progress.h"
#include "xl-like/common/talk.h"

#include <string.h>

#define LIMIT_S    300
#define COMES_BACK (-1) /* no exit status: it has ended, and its restart is pending */

static bool is_up(struct talk *talk, const struct target *target, enum fate fate)
{
	return fate == FATE_ALIVE &&
	       talk_node_is(talk, target->domid, "control/feature-poweroff", "1");
}

static bool is_shut_down(struct talk *talk, const struct target *target, enum fate fate)
{
	(void)talk;
	(void)target;
	return fate != FATE_ALIVE;
}

static bool is_destroyed(struct talk *talk, const struct target *target, enum fate fate)
{
	(void)talk;
	(void)target;
	return fate == FATE_GONE;
}

static const struct state {
	const char *word;
	const char *what; /* for the progress, and for the error */
	bool (*is)(struct talk *talk, const struct target *target, enum fate fate);
	bool only_alive; /* once it has ended that will never be */
	bool needs_store;
} states[] = {
	{"up", "its kernel to answer in the store", is_up, true, true},
	{"shutdown", "it to shut down", is_shut_down, false, false},
	{"destroyed", "it to be gone", is_destroyed, false, false},
};

static const struct state *find_state(const char *word)
{
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (!strcmp(states[i].word, word))
			return &states[i];
	return NULL;
}

/* A guest that is waited for to be up, and ends before, may be about to come back. */
static bool is_coming_back(const struct target *target, const struct state *state)
{
	struct monitor_pending pending;

	return state->only_alive &&
	       !monitor_client_find(NULL, target->name, target->uuid, &pending);
}

/* An exit status, or COMES_BACK. */
static int wait_for(struct talk *talk, const struct target *target, const struct state *state)
{
	struct ctrl_domain_info info;
	enum fate fate;

	talk_watch(talk, target->domid, "control");
	talk_watch_ends(talk);
	do {
		fate = talk_fate(talk, target, &info);
		if (state->is(talk, target, fate))
			return EXIT_OK;
		if (fate != FATE_ALIVE && is_coming_back(target, state))
			return COMES_BACK;
		if (fate != FATE_ALIVE && state->only_alive)
			return vmctl_fail(EXIT_NO_DOMAIN,
					  "%s: it has ended while %s was waited for", target->name,
					  state->what);
	} while (talk_wait(talk));
	return vmctl_fail(EXIT_TIMEOUT, "%s: waited in vain for %s", target->name, state->what);
}

/* The guest's domain, or the one that it is to have again. */
static int wait_for_domain(struct talk *talk, const char *word, struct target *target)
{
	struct monitor_pending pending;
	struct report report;
	int status;

	do {
		status = target_look_up(talk->ctrl, word, target, &report);
		if (status != EXIT_NO_DOMAIN || monitor_client_find(NULL, word, NULL, &pending))
			return status ? vmctl_fail(status, "%s", report.text) : EXIT_OK;
	} while (talk_wait(talk));
	return vmctl_fail(EXIT_TIMEOUT, "%s", report.text);
}

static int find_and_wait(struct talk *talk, const char *word, const struct state *state)
{
	struct target target;
	int status;

	do {
		status = wait_for_domain(talk, word, &target);
		if (!status)
			status = wait_for(talk, &target, state);
	} while (status == COMES_BACK && talk_wait(talk));
	if (status == COMES_BACK)
		status = vmctl_fail(EXIT_TIMEOUT, "%s: waited in vain for %s", word, state->what);
	return status;
}

/*
 * Whether the word names anything; a guest that only has a restart pending is neither up nor there.
 */
static int look_up(struct ctrl *ctrl, const char *word, const struct state *state, bool *done)
{
	struct monitor_pending pending;
	struct target target;
	struct report report;
	int status = target_look_up(ctrl, word, &target, &report);

	*done = status != EXIT_OK;
	if (status == EXIT_NO_DOMAIN && !monitor_client_find(NULL, word, NULL, &pending)) {
		*done = !state->only_alive;
		return EXIT_OK;
	}
	return status ? vmctl_fail(status, "%s", report.text) : EXIT_OK;
}

static int open_and_wait(struct ctrl *ctrl, const char *word, const struct state *state,
			 unsigned int limit)
{
	struct progress progress;
	struct talk talk;
	bool done;
	int status = look_up(ctrl, word, state, &done);

	if (done)
		return status;
	if (state->needs_store)
		status = talk_open(&talk, ctrl);
	else
		talk_open_without(&talk, ctrl);
	if (status)
		return status;
	talk_set_limit(&talk, limit);
	progress_start(&progress, word, false);
	progress_step(&progress, state->what);
	status = find_and_wait(&talk, word, state);
	progress_stop(&progress);
	talk_close(&talk);
	return status;
}

int cmd_wait(const struct arguments *arguments)
{
	const struct state *state = find_state(arguments->words[1]);
	unsigned int limit = LIMIT_S;
	struct ctrl *ctrl;
	int status = talk_parse_timeout(arguments, &limit);

	if (!status && !state)
		status = vmctl_fail(EXIT_USAGE,
				    "wait: up, shutdown and destroyed can be waited for, not '%s'",
				    arguments->words[1]);
	if (!status)
		status = vmctl_open(&ctrl);
	if (status)
		return status;
	status = open_and_wait(ctrl, arguments->words[0], state, limit);
	ctrl_close(ctrl);
	return status;
}
