/* SPDX-License-Identifier: ISC */
/* Locks names for one process, and notes in the lock file that a guest is being made. */
#include "clients/domain_find.h"
#include "base/lockfile.h"
#include "base/path.h"
#include "registry.h"
#include "base/uuid.h"

#include <errno.h>
#include <inttypes.h>
#include <libctrl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAKING "making %s\n"
#define BEFORE "beside %" PRIu32 "\n"

static char *lock_path(const char *directory, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s.lock", directory ? directory : REGISTRY_DIR, name) < 0)
		return NULL;
	return path;
}

int registry_lock_name(const char *directory, const char *name, const struct lock_wait *wait,
		       struct report *report)
{
	const char *where = directory ? directory : REGISTRY_DIR;
	int lock = path_make_directories(where);
	char holder[LOCKFILE_HOLDER_SIZE], *path;

	if (lock)
		return report_set(report, lock, "cannot make the directory %s: %s", where,
				  strerror(-lock));
	path = lock_path(directory, name);
	if (!path)
		return report_set(report, -ENOMEM, "out of memory");
	lock = lockfile_take(path, wait, report);
	if (lock == -EBUSY)
		report_set(report, lock, "the name '%s' is being given to a guest by %s", name,
			   lockfile_holder(path, holder));
	free(path);
	return lock;
}

void registry_unlock_name(const char *directory, const char *name, int lock)
{
	char *path = lock_path(directory, name);

	if (path)
		lockfile_remove(path, lock);
	else
		close(lock);
	free(path);
}

/* --- a guest that is being made --- */

int registry_note_making(int lock, const uint8_t uuid[16], const struct ctrl_domain_info *list,
			 size_t count, struct report *report)
{
	char text[UUID_TEXT_SIZE], line[UUID_TEXT_SIZE + sizeof(MAKING)];
	int err;

	snprintf(line, sizeof(line), MAKING, uuid_format(uuid, text));
	err = lockfile_note(lock, line);
	for (size_t i = 0; i < count && !err; i++) {
		if (memcmp(list[i].uuid, uuid, sizeof(list[i].uuid)) != 0)
			continue;
		snprintf(line, sizeof(line), BEFORE, list[i].domid);
		err = lockfile_note(lock, line);
	}
	return err ? report_set(report, err, "cannot write into the registry: %s", strerror(-err))
		   : 0;
}

/* Whether a note says that a domain existed before. */
static bool was_before(const char *record, uint32_t domid)
{
	char line[32];

	snprintf(line, sizeof(line), "\n" BEFORE, domid);
	return strstr(record, line);
}

bool registry_was_making(const char *record, const struct ctrl_domain_info *info)
{
	char line[UUID_TEXT_SIZE + sizeof(MAKING)], text[UUID_TEXT_SIZE];

	snprintf(line, sizeof(line), MAKING, uuid_format(info->uuid, text));
	return !strncmp(record, line, strlen(line)) && !was_before(record, info->domid) &&
	       domain_is_half_made(info);
}
