/* SPDX-License-Identifier: ISC */
/* vmctl uptime: for how long domains have been running. */
#include "base/uuid.h"
#include "cmd.h"
#include "guest/registry.h"

#include <inttypes.h>
#include <libctrl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* dom0's own, in seconds. */
static int64_t dom0_uptime(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec;
}

/* When a guest was made: from the registry, or as another tool has written it into the store. */
static int64_t started(struct ctrl_store *store, const struct target *target)
{
	char path[64], uuid[UUID_TEXT_SIZE], *text;
	struct registry_entry entry;
	int64_t when = 0;

	if (!registry_read(NULL, target->domid, target->uuid, &entry)) {
		when = entry.started;
		registry_entry_clear(&entry);
		return when;
	}
	snprintf(path, sizeof(path), "/vm/%s/start_time", uuid_format(target->uuid, uuid));
	if (store && !ctrl_store_read(store, 0, path, &text, NULL)) {
		when = strtoll(text, NULL, 10);
		free(text);
	}
	return when;
}

static void print_one(struct ctrl_store *store, const struct target *target)
{
	int64_t when = target->domid ? started(store, target) : 0;
	int64_t seconds = target->domid ? time(NULL) - when : dom0_uptime();
	char days[32] = "";

	if (target->domid && !when) {
		printf("%-32s %5" PRIu32 " unknown\n", target->name, target->domid);
		return;
	}
	if (seconds < 0) /* the clock was set back */
		seconds = 0;
	if (seconds >= 86400)
		snprintf(days, sizeof(days), "%" PRId64 " days, ", seconds / 86400);
	printf("%-32s %5" PRIu32 " %s%2" PRId64 ":%02" PRId64 ":%02" PRId64 "\n", target->name,
	       target->domid, days, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
}

int cmd_uptime(const struct arguments *arguments)
{
	struct targets targets;
	struct ctrl_store *store = NULL;
	int status = targets_open(&targets, arguments->words, arguments->count);

	if (targets.count) {
		if (ctrl_store_open(&store))
			store = NULL;
		printf("%-32s %5s %s\n", "Name", "ID", "Uptime");
		for (size_t i = 0; i < targets.count; i++)
			print_one(store, &targets.list[i]);
	}
	ctrl_store_close(store);
	targets_close(&targets);
	return status;
}
