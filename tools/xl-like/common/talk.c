/* SPDX-License-Identifier: ISC */
/* Talking with a guest through its nodes in the store, and waiting for what it does about it. */
#include "talk.h"
#include "base/loop.h"
#include "clients/store_open.h"
#include "base/number.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_SIZE    128
#define LOOK_MS      500 /* between looks, whatever the watches say */
#define LOOK_BARE_MS 100 /* the same without watches */

int talk_open(struct talk *talk, struct ctrl *ctrl)
{
	*talk = (struct talk){.ctrl = ctrl};
	if (store_open(&talk->store)) {
		talk->store = NULL;
		return vmctl_fail(EXIT_UNREACHABLE, "%s", ctrl_error());
	}
	return EXIT_OK;
}

void talk_open_without(struct talk *talk, struct ctrl *ctrl)
{
	*talk = (struct talk){.ctrl = ctrl};
	if (store_open(&talk->store))
		talk->store = NULL;
}

void talk_close(struct talk *talk)
{
	ctrl_store_close(talk->store);
}

/* --- nodes --- */

static const char *make_path(char path[PATH_SIZE], uint32_t domid, const char *below)
{
	snprintf(path, PATH_SIZE, "/local/domain/%" PRIu32 "/%s", domid, below);
	return path;
}

char *talk_read(struct talk *talk, uint32_t domid, const char *path)
{
	char whole[PATH_SIZE], *value;

	if (!talk->store ||
	    ctrl_store_read(talk->store, 0, make_path(whole, domid, path), &value, NULL))
		return NULL;
	return value;
}

int talk_write(struct talk *talk, uint32_t domid, const char *path, const char *value)
{
	char whole[PATH_SIZE];
	int err = ctrl_store_printf(talk->store, 0, make_path(whole, domid, path), "%s", value);

	return err ? vmctl_fail(vmctl_status(err), "%s", ctrl_error()) : EXIT_OK;
}

bool talk_node_is(struct talk *talk, uint32_t domid, const char *path, const char *value)
{
	char *there = talk_read(talk, domid, path);
	bool is = there && !strcmp(there, value);

	free(there);
	return is;
}

/* --- waiting --- */

void talk_watch(struct talk *talk, uint32_t domid, const char *path)
{
	char whole[PATH_SIZE];

	/* without the watch it is looked at all the same, only less often */
	if (talk->store)
		ctrl_store_watch(talk->store, make_path(whole, domid, path), "talk");
}

void talk_watch_ends(struct talk *talk)
{
	if (talk->store)
		ctrl_store_watch(talk->store, "@releaseDomain", "talk");
}

int talk_parse_timeout(const struct arguments *arguments, unsigned int *seconds)
{
	const char *text = arguments_option(arguments, "timeout");
	uint64_t number;

	if (!text)
		return EXIT_OK;
	if (!number_parse(text, 0, 1000000, &number))
		return vmctl_fail(EXIT_USAGE, "%s: --timeout takes seconds, 0 to 1000000, not '%s'",
				  arguments->command->name, text);
	*seconds = (unsigned int)number;
	return EXIT_OK;
}

void talk_set_limit(struct talk *talk, unsigned int seconds)
{
	talk->end_ms = loop_now_ms() + seconds * 1000LL;
}

/* Waits for one event and takes all that came with it. */
static int wait_for_events(struct ctrl_store *store, int timeout_ms)
{
	struct ctrl_store_event event;
	int err = ctrl_store_next_event(store, timeout_ms, &event), more = err;

	while (!more) {
		free(event.path);
		more = ctrl_store_next_event(store, 0, &event);
	}
	return err;
}

bool talk_wait(struct talk *talk)
{
	int64_t left = talk->end_ms - loop_now_ms();
	int pause = talk->store ? LOOK_MS : LOOK_BARE_MS, err = 0;

	if (left <= 0)
		return false;
	if (left < pause)
		pause = (int)left;
	if (talk->store)
		err = wait_for_events(talk->store, pause);
	if (!talk->store || (err && err != -EAGAIN)) /* the daemon may have gone away */
		usleep((useconds_t)pause * 1000);
	return true;
}

enum fate talk_fate(struct talk *talk, const struct target *target, struct ctrl_domain_info *info)
{
	if (ctrl_get_domain(talk->ctrl, target->domid, info) || info->dying ||
	    memcmp(info->uuid, target->uuid, sizeof(info->uuid)))
		return FATE_GONE;
	return info->shutdown ? FATE_SHUTDOWN : FATE_ALIVE;
}
