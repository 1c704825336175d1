/* SPDX-License-Identifier: ISC */
/* One device's two ends: waits for them, reads their states and reports their errors. */
#include "link.h"
#include "base/report_ctrl.h"
#include "base/loop.h"

#include <inttypes.h>
#include <errno.h>
#include <libctrl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_PAUSE_MS 50 /* between two looks at sysfs */

/* Drops one watch event. It only ends the wait; its content is not needed. */
static bool drop_event(struct ctrl_store *store, int timeout_ms)
{
	struct ctrl_store_event event;

	if (ctrl_store_next_event(store, timeout_ms, &event))
		return false;
	free(event.path);
	return true;
}

/* Polls at growing intervals. */
static int wait_watching(const struct link *link, link_done_fn *done, void *context, int timeout_ms)
{
	int64_t end = loop_now_ms() + timeout_ms;
	int pause = 1, ret;

	while (!(ret = done(link, context))) {
		int64_t left = end - loop_now_ms();

		if (left <= 0)
			return -ETIMEDOUT;
		drop_event(link->store, left < pause ? (int)left : pause);
		pause = pause * 2 < LONGEST_PAUSE_MS ? pause * 2 : LONGEST_PAUSE_MS;
	}
	return ret < 0 ? ret : 0;
}

int link_wait(const struct link *link, link_done_fn *done, void *context, int timeout_ms)
{
	char path[DEVICE_PATH_SIZE];
	int ret = done(link, context);

	if (ret)
		return ret < 0 ? ret : 0;
	device_backend_path(link->domid, link->kind, link->devid, path);
	ctrl_store_watch(link->store, path,
			 path); /* without the watch, the wait only takes longer */
	ret = wait_watching(link, done, context, timeout_ms);
	ctrl_store_unwatch(link->store, path, path);
	while (drop_event(link->store, 0))
		;
	return ret;
}

/* --- nodes --- */

static uint64_t read_number(struct ctrl_store *store, const char *folder, const char *name)
{
	char path[DEVICE_PATH_SIZE + 32], *text;
	uint64_t number;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (ctrl_store_read(store, 0, path, &text, NULL))
		return 0;
	number = strtoull(text, NULL, 10);
	free(text);
	return number;
}

uint64_t link_backend_number(const struct link *link, const char *name)
{
	char path[DEVICE_PATH_SIZE];

	device_backend_path(link->domid, link->kind, link->devid, path);
	return read_number(link->store, path, name);
}

unsigned int link_backend_state(const struct link *link)
{
	return (unsigned int)link_backend_number(link, "state");
}

unsigned int link_frontend_state(const struct link *link)
{
	char path[DEVICE_PATH_SIZE];

	device_frontend_path(link->domid, link->kind, link->devid, path);
	return (unsigned int)read_number(link->store, path, "state");
}

int link_is_there(const struct link *link, struct report *report)
{
	char path[DEVICE_PATH_SIZE], **names;
	int ret;

	device_record_path(link->domid, link->kind, link->devid, path);
	ret = ctrl_store_list(link->store, 0, path, &names);
	if (ret >= 0)
		free(names);
	if (ret >= 0 || ret == -ENOENT)
		return ret >= 0;
	return report_ctrl(report, ret);
}

/* --- what the ends complain of --- */

/* Makes text that may come from a guest printable. */
static void clean(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

/* "; WHO says: ..." from where Linux writes an end's complaint; "" when there is none. */
static void read_complaint(const struct link *link, const char *path, const char *who, char *text,
			   size_t size)
{
	char *said;

	*text = '\0';
	if (ctrl_store_read(link->store, 0, path, &said, NULL))
		return;
	clean(said);
	snprintf(text, size, "; %s says: %.160s", who, said);
	free(said);
}

static void read_backend_complaint(const struct link *link, char *text, size_t size)
{
	char path[DEVICE_PATH_SIZE];

	snprintf(path, sizeof(path),
		 "/local/domain/0/error/backend/%s/%" PRIu32 "/%" PRIu32 "/error",
		 device_kind_word(link->kind), link->domid, link->devid);
	read_complaint(link, path, "dom0's driver", text, size);
}

static void read_frontend_complaint(const struct link *link, char *text, size_t size)
{
	char path[DEVICE_PATH_SIZE];

	snprintf(path, sizeof(path), "/local/domain/%" PRIu32 "/error/device/%s/%" PRIu32 "/error",
		 link->domid, device_kind_word(link->kind), link->devid);
	read_complaint(link, path, "the guest", text, size);
}

bool link_has_failed(const struct link *link)
{
	char text[8];

	read_backend_complaint(link, text, sizeof(text));
	return *text || link_backend_state(link) >= DEVICE_CLOSING;
}

int link_fail(const struct link *link, int err, const char *what, struct report *report)
{
	char name[DEVICE_NAME_SIZE], back[256], front[256];

	read_backend_complaint(link, back, sizeof(back));
	read_frontend_complaint(link, front, sizeof(front));
	return report_set(report, err, "%s: %s%s%s", device_name(link->kind, link->devid, name),
			  what, back, front);
}
