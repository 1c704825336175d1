/* SPDX-License-Identifier: ISC */
/* Cleans up after a tool that was killed, by its lock files that no process holds any more. */
#include "abandoned.h"
#include "guest.h"
#include "devices.h"
#include "base/lockfile.h"
#include "registry.h"
#include "clients/store_open.h"
#include "base/uuid.h"
#include "base/report_ctrl.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <libctrl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DETACH_MS 2000 /* time for a guest to release the device */

/* State of one run of abandoned_clear(). */
struct clearing {
	struct ctrl *ctrl;
	const struct abandoned_options *options;
};

static void __attribute__((format(printf, 2, 3)))
tell(const struct clearing *clearing, const char *format, ...)
{
	struct report report;
	va_list args;

	if (!clearing->options->tell)
		return;
	va_start(args, format);
	report_set_v(&report, 0, format, args);
	va_end(args);
	clearing->options->tell(report.text);
}

/* --- domains --- */

/*
 * Used as forget_guest. The monitor detects the end of the domain itself, and a restart that it has
 * started must continue.
 */
static void forget_nothing(void *context, uint32_t domid, const uint8_t uuid[16])
{
	(void)context;
	(void)domid;
	(void)uuid;
}

static int destroy(const struct clearing *clearing, const struct ctrl_domain_info *info)
{
	const struct guest_options options = {
		.registry = clearing->options->registry,
		.console_socket = clearing->options->console_socket,
		.monitor_socket = clearing->options->monitor_socket,
		.forget_guest = forget_nothing,
	};
	struct report report = {""};
	int err = guest_destroy(clearing->ctrl, info->domid, info->uuid, -1, &options, &report);

	if (err)
		tell(clearing, "domain %" PRIu32 ", half made by a process that ended, stays: %s",
		     info->domid, report.text);
	else
		tell(clearing,
		     "domain %" PRIu32 ", half made by a process that ended, is destroyed",
		     info->domid);
	return err;
}

/* Destroys the domains that were being made. Returns 0 if none of them is left. */
static int clear_domains(const struct clearing *clearing, const char *name, const char *record)
{
	struct ctrl_domain_info *list;
	int count = ctrl_list_all_domains(clearing->ctrl, &list), err = 0;

	(void)name;
	for (int i = 0; i < count; i++) {
		int one = registry_was_making(record, &list[i]) ? destroy(clearing, &list[i]) : 0;

		err = err ? err : one;
	}
	if (count >= 0)
		free(list);
	return count < 0 ? count : err;
}

/* --- devices --- */

static int find_kind(const char *word, enum device_kind *kind)
{
	for (int i = 0; i < DEVICE_KINDS; i++) {
		if (strcmp(word, device_kind_word((enum device_kind)i)) != 0)
			continue;
		*kind = (enum device_kind)i;
		return 0;
	}
	return -EINVAL;
}

/* Whether the guest to which the device was being attached still exists. */
static bool has_guest(const struct clearing *clearing, const char *record,
		      struct guest_devices *guest)
{
	char text[UUID_TEXT_SIZE], note[sizeof(GUEST_DEVICE_ATTACHING) + UUID_TEXT_SIZE];
	struct ctrl_domain_info info;

	if (ctrl_get_domain(clearing->ctrl, guest->domid, &info) || info.dying)
		return false;
	snprintf(note, sizeof(note), GUEST_DEVICE_ATTACHING, uuid_format(info.uuid, text));
	memcpy(guest->uuid, info.uuid, sizeof(guest->uuid));
	return !strcmp(record, note);
}

static int take_back(const struct clearing *clearing, struct guest_devices *guest,
		     enum device_kind kind, uint32_t devid)
{
	char name[DEVICE_NAME_SIZE];
	struct report report = {""};
	int err = store_open(&guest->store);

	device_name(kind, devid, name);
	if (err) {
		report_ctrl(&report, err);
	} else {
		err = guest_take_back_half_attached(guest, kind, devid, &report);
		ctrl_store_close(guest->store);
	}
	tell(clearing, "%s of domain %" PRIu32 ", half attached by a process that ended, %s%s",
	     name, guest->domid, err ? "stays: " : "is taken away", err ? report.text : "");
	return err;
}

static int clear_device(const struct clearing *clearing, const char *name, const char *record)
{
	struct guest_devices guest = {
		.timeout_ms = DETACH_MS,
		.registry = clearing->options->registry,
		.monitor_socket = clearing->options->monitor_socket,
	};
	enum device_kind kind;
	uint32_t devid;
	char word[8];

	if (sscanf(name, "%" SCNu32 "-%7[a-z]-%" SCNu32, &guest.domid, word, &devid) != 3 ||
	    find_kind(word, &kind) || !has_guest(clearing, record, &guest))
		return 0;
	return take_back(clearing, &guest, kind, devid);
}

/* --- files --- */

/* The new version of an entry before its rename. It goes with its lock. */
static int clear_new_version(const struct clearing *clearing, const char *name, const char *record)
{
	(void)clearing;
	(void)name;
	(void)record;
	return 0;
}

static const struct kind_of_file {
	const char *ending;
	int (*clear)(const struct clearing *clearing, const char *name, const char *record);
} kinds[] = {
	{".lock", clear_domains},
	{".device", clear_device},
	{REGISTRY_NEW, clear_new_version},
};

static bool ends_with(const char *name, const char *ending)
{
	size_t length = strlen(name), tail = strlen(ending);

	return length > tail && !strcmp(name + length - tail, ending);
}

static const struct kind_of_file *kind_of(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (ends_with(name, kinds[i].ending))
			return &kinds[i];
	return NULL;
}

static void clear_file(const struct clearing *clearing, const struct kind_of_file *kind,
		       const char *name, const char *path)
{
	int lock = lockfile_take_abandoned(path), err;
	char *record;

	if (lock < 0) /* its process is alive, or has just removed it */
		return;
	record = lockfile_read(lock);
	err = record ? kind->clear(clearing, name, record) : 0;
	free(record);
	if (err)
		close(lock);
	else
		lockfile_remove(path, lock);
}

static enum abandoned look_at(const char *path)
{
	int lock = lockfile_take_abandoned(path);

	if (lock < 0)
		return lock == -ENOENT ? ABANDONED_NOTHING : ABANDONED_NOT_YET;
	close(lock);
	return ABANDONED_FOUND;
}

/*
 * Examines each file, and cleans up if clearing is not NULL. Returns the highest value of all
 * files.
 */
static enum abandoned walk(const char *registry, const struct clearing *clearing)
{
	const char *where = registry ? registry : REGISTRY_DIR;
	enum abandoned found = ABANDONED_NOTHING, one;
	DIR *folder = opendir(where);
	struct dirent *file;
	char *path;

	while (folder && (file = readdir(folder))) {
		const struct kind_of_file *kind = kind_of(file->d_name);

		if (!kind || asprintf(&path, "%s/%s", where, file->d_name) < 0)
			continue;
		one = look_at(path);
		found = one > found ? one : found;
		if (clearing && one == ABANDONED_FOUND)
			clear_file(clearing, kind, file->d_name, path);
		free(path);
	}
	if (folder)
		closedir(folder);
	return found;
}

enum abandoned abandoned_look(const char *registry)
{
	return walk(registry, NULL);
}

void abandoned_clear(struct ctrl *ctrl, const struct abandoned_options *options)
{
	const struct clearing clearing = {.ctrl = ctrl, .options = options};

	walk(options->registry, &clearing);
}
