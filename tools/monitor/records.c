/* SPDX-License-Identifier: ISC */
/* The monitor's records, and the files from which the next daemon takes them up. */
#include "monitor.h"

#include "base/read_file.h"
#include "clients/monitor_protocol.h"
#include "daemon/daemon.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct record *record_find(struct monitor *monitor, const uint8_t uuid[16])
{
	for (struct record *record = monitor->records; record; record = record->next)
		if (memcmp(record->guest.uuid, uuid, 16) == 0)
			return record;
	return NULL;
}

static int record_path(const struct monitor *monitor, const struct record *record,
		       char path[PATH_MAX])
{
	int used = snprintf(path, PATH_MAX, "%s/", monitor->state_dir);

	if (used + 32 + (int)sizeof(".guest") > PATH_MAX)
		return -ENAMETOOLONG;
	for (int i = 0; i < 16; i++)
		used += snprintf(path + used, 3, "%02x", record->guest.uuid[i]);
	strcpy(path + used, ".guest");
	return 0;
}

int record_save(const struct monitor *monitor, const struct record *record)
{
	struct monitor_progress progress = {
		.state = record->state,
		.action = record->action,
		.quick_deaths = record->guard.quick_deaths,
		.started_ms = record->started_ms,
	};
	size_t size = FRAME_HEADER_SIZE + MONITOR_FRAME_MAX;
	char path[PATH_MAX];
	void *buffer = malloc(size);
	ssize_t used;
	int ret;

	if (!buffer)
		return -ENOMEM;
	strcpy(progress.reason, record->reason);
	used = monitor_put_record(buffer, size, &progress, &record->guest);
	ret = used < 0 ? (int)used : record_path(monitor, record, path);
	if (ret == 0)
		ret = daemon_write_file(path, buffer, (size_t)used);
	free(buffer);
	if (ret < 0)
		daemon_log("guest %s (domain %u): its state cannot be written below %s: %s",
			   record->guest.name, record->guest.domid, monitor->state_dir,
			   strerror(-ret));
	return ret;
}

void record_free(struct record *record)
{
	free((char *)record->guest.name);
	free((char *)record->guest.config);
	free(record);
}

void record_drop(struct monitor *monitor, struct record *record)
{
	struct record **at = &monitor->records;
	char path[PATH_MAX];

	while (*at != record)
		at = &(*at)->next;
	*at = record->next;
	if (record_path(monitor, record, path) == 0)
		unlink(path);
	record_free(record);
}

/* Copy what a message says into a record; 0 or -ENOMEM with the record as it was. */
static int fill(struct record *record, const struct monitor_guest *guest)
{
	char *name = strdup(guest->name);
	char *config = strndup(guest->config, guest->config_size);

	if (!name || !config) {
		free(name);
		free(config);
		return -ENOMEM;
	}
	free((char *)record->guest.name);
	free((char *)record->guest.config);
	record->guest = *guest;
	record->guest.name = name;
	record->guest.config = config;
	return 0;
}

struct record *record_obtain(struct monitor *monitor, struct record *found,
			     const struct monitor_guest *guest)
{
	struct record *record = found ? found : calloc(1, sizeof(*record));

	if (!record || fill(record, guest) < 0) {
		if (!found)
			free(record);
		return NULL;
	}
	if (!found) {
		record->shutdown = -1;
		record->next = monitor->records;
		monitor->records = record;
	}
	return record;
}

static int load(struct monitor *monitor, const char *path)
{
	struct monitor_progress progress;
	struct monitor_guest guest;
	struct record *record;
	char name[MONITOR_NAME_MAX + 1];
	struct frame frame;
	char *data;
	size_t size;
	int ret = read_regular_file(path, FRAME_HEADER_SIZE + MONITOR_FRAME_MAX, &data, &size);

	if (ret < 0)
		return ret;
	if (frame_parse(data, size, MONITOR_FRAME_MAX, &frame) != (ssize_t)size ||
	    frame.type != MONITOR_RECORD || frame.version != MONITOR_VERSION ||
	    monitor_get_record(&frame, &progress, &guest, name) < 0 ||
	    progress.state > RECORD_WAITING || progress.action >= MONITOR_ACTION_COUNT) {
		ret = -EPROTO;
		goto free_data;
	}
	record = record_obtain(monitor, record_find(monitor, guest.uuid), &guest);
	if (!record) {
		ret = -ENOMEM;
		goto free_data;
	}
	record->state = (enum record_state)progress.state;
	record->action = (enum monitor_action)progress.action;
	record->guard.quick_deaths = progress.quick_deaths;
	record->started_ms = progress.started_ms;
	strcpy(record->reason, progress.reason);
free_data:
	free(data);
	return ret;
}

void records_load(struct monitor *monitor)
{
	DIR *dir = opendir(monitor->state_dir);
	struct dirent *entry;
	char path[PATH_MAX];

	if (!dir)
		return;
	while ((entry = readdir(dir)) != NULL) {
		size_t length = strlen(entry->d_name);
		int ret;

		if (length <= 6 || strcmp(entry->d_name + length - 6, ".guest") != 0 ||
		    snprintf(path, sizeof(path), "%s/%s", monitor->state_dir, entry->d_name) >=
			    (int)sizeof(path))
			continue;
		ret = load(monitor, path);
		if (ret < 0)
			daemon_log("%s cannot be used: %s", path, strerror(-ret));
		if (ret == -EPROTO)
			unlink(path);
	}
	closedir(dir);
}
