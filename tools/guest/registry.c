/* SPDX-License-Identifier: ISC */
/* The registry of the tools' running guests: one JSON file per guest, <domid>.json. */
#include "registry.h"
#include "config/config.h"
#include "config/guest_config.h"
#include "base/path.h"
#include "base/read_file.h"
#include "registry_names.h"
#include "base/uuid.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libctrl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include <yajl/yajl_gen.h>
#include <yajl/yajl_tree.h>

#define REPLACE_ATTEMPTS 10 /* abandoned_clear() must find the file without its lock each time */

static const char *directory_or_default(const char *directory)
{
	return directory ? directory : REGISTRY_DIR;
}

static char *entry_path(const char *directory, uint32_t domid)
{
	char *path;

	if (asprintf(&path, "%s/%" PRIu32 ".json", directory_or_default(directory), domid) < 0)
		return NULL;
	return path;
}

void registry_entry_clear(struct registry_entry *entry)
{
	free(entry->name);
	free(entry->config);
	free(entry->config_path);
	free(entry->left_out);
	*entry = (struct registry_entry){0};
}

/* --- JSON --- */

static void add_text(yajl_gen json, const char *key, const char *text)
{
	yajl_gen_string(json, (const unsigned char *)key, strlen(key));
	/* JSON cannot contain a path that is not UTF-8 */
	if (yajl_gen_string(json, (const unsigned char *)text, strlen(text)) ==
	    yajl_gen_invalid_string)
		yajl_gen_string(json, (const unsigned char *)"", 0);
}

static void add_number(yajl_gen json, const char *key, long long number)
{
	yajl_gen_string(json, (const unsigned char *)key, strlen(key));
	yajl_gen_integer(json, number);
}

static yajl_gen make_json(const struct registry_entry *entry)
{
	char uuid[UUID_TEXT_SIZE];
	yajl_gen json = yajl_gen_alloc(NULL);

	if (!json)
		return NULL;
	yajl_gen_config(json, yajl_gen_beautify, 1);
	yajl_gen_config(json, yajl_gen_validate_utf8, 1);
	yajl_gen_map_open(json);
	add_number(json, "domid", entry->domid);
	add_text(json, "uuid", uuid_format(entry->uuid, uuid));
	add_text(json, "name", entry->name);
	add_number(json, "started", entry->started);
	if (entry->config_path)
		add_text(json, "config_path", entry->config_path);
	if (entry->left_out)
		add_text(json, "left_out", entry->left_out);
	add_text(json, "config", entry->config);
	yajl_gen_map_close(json);
	return json;
}

static int write_fully(int fd, const unsigned char *text, size_t length)
{
	while (length) {
		ssize_t done = write(fd, text, length);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		text += done;
		length -= (size_t)done;
	}
	return 0;
}

/*
 * Writes a new file next to the old one and renames it over the old one. The lock tells
 * abandoned_clear() that the writer is alive. Returns -ENOENT if abandoned_clear() removed the file
 * before it was locked.
 */
static int try_to_replace(const char *path, const unsigned char *text, size_t length)
{
	char *temporary;
	int fd, err;

	if (asprintf(&temporary, "%s.XXXXXX" REGISTRY_NEW, path) < 0)
		return -ENOMEM;
	fd = mkostemps(temporary, strlen(REGISTRY_NEW), O_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		goto free_name;
	}
	err = flock(fd, LOCK_EX) ? -errno : write_fully(fd, text, length);
	if (!err && rename(temporary, path))
		err = -errno;
	if (err)
		unlink(temporary);
	close(fd);
free_name:
	free(temporary);
	return err;
}

static int replace_file(const char *path, const unsigned char *text, size_t length)
{
	int err = -ENOENT;

	for (int i = 0; i < REPLACE_ATTEMPTS && err == -ENOENT; i++)
		err = try_to_replace(path, text, length);
	return err;
}

/* --- reading --- */

static const char *get_text(yajl_val tree, const char *key)
{
	const char *path[] = {key, NULL};
	yajl_val value = yajl_tree_get(tree, path, yajl_t_string);

	return value ? YAJL_GET_STRING(value) : NULL;
}

static int get_number(yajl_val tree, const char *key, long long *number)
{
	const char *path[] = {key, NULL};
	yajl_val value = yajl_tree_get(tree, path, yajl_t_number);

	if (!value || !YAJL_IS_INTEGER(value))
		return -EINVAL;
	*number = YAJL_GET_INTEGER(value);
	return 0;
}

/* Whether the file belongs to the domain with this UUID. */
static bool tree_is_of(yajl_val tree, uint32_t domid, const uint8_t uuid[16])
{
	const char *text = get_text(tree, "uuid"), *name = get_text(tree, "name");
	uint8_t there[16];
	long long number;

	return text && !uuid_parse(text, there) && !memcmp(there, uuid, sizeof(there)) &&
	       !get_number(tree, "domid", &number) && number == domid && name &&
	       !*guest_name_fault(name) && get_text(tree, "config");
}

static int entry_from_tree(yajl_val tree, uint32_t domid, const uint8_t uuid[16],
			   struct registry_entry *entry)
{
	const char *path = get_text(tree, "config_path"), *left_out = get_text(tree, "left_out");
	long long started = 0;

	if (!tree_is_of(tree, domid, uuid))
		return -ENOENT;
	get_number(tree, "started", &started); /* 0 if it is missing */
	*entry = (struct registry_entry){
		.domid = domid,
		.started = started,
		.name = strdup(get_text(tree, "name")),
		.config = strdup(get_text(tree, "config")),
		.config_path = path && *path ? strdup(path) : NULL,
		.left_out = left_out && *left_out ? strdup(left_out) : NULL,
	};
	memcpy(entry->uuid, uuid, sizeof(entry->uuid));
	if (entry->name && entry->config && (entry->config_path || !path || !*path) &&
	    (entry->left_out || !left_out || !*left_out))
		return 0;
	registry_entry_clear(entry);
	return -ENOMEM;
}

int registry_read(const char *directory, uint32_t domid, const uint8_t uuid[16],
		  struct registry_entry *entry)
{
	char *path = entry_path(directory, domid), *text;
	yajl_val tree = NULL;
	size_t length;
	int err;

	*entry = (struct registry_entry){0};
	if (!path)
		return -ENOMEM;
	err = read_file(path, REGISTRY_MAX_FILE, &text, &length, NULL);
	free(path);
	if (err)
		return err == -ENOMEM ? err : -ENOENT;
	if (strlen(text) == length)
		tree = yajl_tree_parse(text, NULL, 0);
	free(text);
	if (!tree)
		return -ENOENT;
	err = entry_from_tree(tree, domid, uuid, entry);
	yajl_tree_free(tree);
	return err;
}

/* --- writing an entry --- */

static int write_json(const char *directory, const char *path, const struct registry_entry *entry)
{
	yajl_gen json = make_json(entry);
	const unsigned char *text;
	size_t length;
	int err = -ENOMEM;

	if (json && yajl_gen_get_buf(json, &text, &length) == yajl_gen_status_ok) {
		err = registry_names_set(directory, entry->domid, entry->uuid, entry->name);
		if (!err)
			err = replace_file(path, text, length);
	}
	if (json)
		yajl_gen_free(json);
	return err;
}

int registry_write(const char *directory, const struct registry_entry *entry, struct report *report)
{
	char *path = entry_path(directory, entry->domid);
	struct registry_entry old;
	int err = registry_read(directory, entry->domid, entry->uuid, &old);

	if (!err || err == -ENOENT)
		err = path ? write_json(directory_or_default(directory), path, entry) : -ENOMEM;
	if (err) /* restores the old name, if any */
		registry_names_set(directory_or_default(directory), entry->domid, entry->uuid,
				   old.name);
	registry_entry_clear(&old);
	if (err)
		report_set(report, err, "cannot write %s: %s", path ? path : "the registry",
			   strerror(-err));
	free(path);
	return err;
}

int registry_remove(const char *directory, uint32_t domid, const uint8_t uuid[16])
{
	struct registry_entry entry;
	char *path;
	int err = registry_read(directory, domid, uuid, &entry);

	if (err)
		return err == -ENOENT ? 0 : err;
	registry_names_set(directory_or_default(directory), domid, uuid, NULL);
	registry_entry_clear(&entry);
	path = entry_path(directory, domid);
	if (!path)
		return -ENOMEM;
	if (unlink(path) && errno != ENOENT)
		err = -errno;
	free(path);
	return err;
}

int registry_rename(const char *directory, uint32_t domid, const uint8_t uuid[16], const char *name,
		    struct report *report)
{
	struct registry_entry entry, renamed;
	int err = registry_read(directory, domid, uuid, &entry);

	if (err)
		return report_set(report, err, "domain %" PRIu32 " is not in the registry", domid);
	renamed = entry;
	renamed.name = (char *)name;
	err = registry_write(directory, &renamed, report);
	registry_entry_clear(&entry);
	return err;
}
