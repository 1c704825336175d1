/* SPDX-License-Identifier: ISC */
/*
 * Who is called what: for each registered guest an empty file, <domid>.<uuid>.<name> in the folder `.names`. One pass
 * over the folder tells all names, so that finding one costs little however many guests there are.
 */
#include "common/path.h"
#include "common/registry.h"
#include "common/registry_names.h"
#include "common/uuid.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libctrl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define UNNAMED "(none)"

static char *folder_path(const char *directory)
{
	char *path;

	return asprintf(&path, "%s/.names", directory) < 0 ? NULL : path;
}

static char *file_path(const char *directory, const struct registry_entry *entry)
{
	char uuid[UUID_TEXT_SIZE], *path;

	if (asprintf(&path, "%s/.names/%" PRIu32 ".%s.%s", directory, entry->domid,
		     uuid_format(entry->uuid, uuid), entry->name) < 0)
		return NULL;
	return path;
}

static int make_folder(const char *directory)
{
	char *path = folder_path(directory);
	int err = path ? path_make_directories(path) : -ENOMEM;

	free(path);
	return err;
}

int registry_names_add(const char *directory, const struct registry_entry *entry)
{
	char *path = file_path(directory, entry);
	int fd = -1, err = path ? make_folder(directory) : -ENOMEM;

	if (!err) {
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		err = fd < 0 ? -errno : 0;
	}
	if (fd >= 0)
		close(fd);
	free(path);
	return err;
}

void registry_names_remove(const char *directory, const struct registry_entry *entry)
{
	char *path = file_path(directory, entry);

	if (path)
		unlink(path);
	free(path);
}

/* A file's name taken apart. The folder is root's and its names were checked when they were made. */
struct name_file {
	uint32_t domid;
	const char *uuid; /* UUID_TEXT_SIZE - 1 characters */
	const char *name;
};

/* false: it is not of this folder's form. */
static bool take_apart(const char *text, struct name_file *file)
{
	const char *at = text;

	for (file->domid = 0; *at >= '0' && *at <= '9'; at++)
		file->domid = file->domid * 10 + (uint32_t)(*at - '0');
	if (at == text || *at != '.' || strnlen(at, UUID_TEXT_SIZE + 2) < UUID_TEXT_SIZE + 2)
		return false;
	file->uuid = at + 1;
	file->name = file->uuid + UUID_TEXT_SIZE;
	return file->name[-1] == '.';
}

static bool is_of(const struct name_file *file, const struct ctrl_domain_info *info)
{
	char text[UUID_TEXT_SIZE];

	return memcmp(file->uuid, uuid_format(info->uuid, text), sizeof(text) - 1) == 0;
}

/*
 * Where in an ascending list a domain stands; count: nowhere. The folder has its files in order of their making, so the one
 * below or above the one before, at *near, is likely.
 */
static size_t find_domid(const struct ctrl_domain_info *list, size_t count, uint32_t domid,
			 size_t *near)
{
	size_t low = 0, high = count;

	if (*near > 0 && list[*near - 1].domid == domid)
		return --*near;
	if (*near + 1 < count && list[*near + 1].domid == domid)
		return ++*near;
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (list[middle].domid < domid)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < count && list[low].domid == domid) {
		*near = low;
		return low;
	}
	return count;
}

/* Calls found() for each file that names a domain of the list other than dom0, until it does not return 0. */
static int each_name(const char *directory, const struct ctrl_domain_info *list, size_t count,
		     int (*found)(void *arg, size_t place, const struct name_file *file), void *arg)
{
	char *path = folder_path(directory ? directory : REGISTRY_DIR);
	DIR *folder = path ? opendir(path) : NULL;
	int err = path ? 0 : -ENOMEM;
	struct dirent *entry;
	size_t near = count, place;
	struct name_file file;

	while (folder && !err && (entry = readdir(folder))) {
		if (!take_apart(entry->d_name, &file) || !file.domid)
			continue;
		place = find_domid(list, count, file.domid, &near);
		if (place < count)
			err = found(arg, place, &file);
	}
	if (folder)
		closedir(folder);
	free(path);
	return err;
}

/* A file says something only of the very domain that it was made for. */
static int take_name(void *arg, size_t place, const struct name_file *file)
{
	struct registry_domain *domain = (struct registry_domain *)arg + place;

	if (domain->own_name || !is_of(file, domain->info))
		return 0;
	domain->own_name = strdup(file->name);
	if (!domain->own_name)
		return -ENOMEM;
	domain->name = domain->own_name;
	return 0;
}

struct search {
	const struct ctrl_domain_info *list;
	const char *name;
	bool *registered;
	size_t found;
};

/* Many are looked at on the way to a new guest: only the one in question must be the very domain. */
static int compare_name(void *arg, size_t place, const struct name_file *file)
{
	struct search *search = arg;

	search->registered[place] = true;
	if (strcmp(file->name, search->name) == 0 && !search->list[place].dying &&
	    is_of(file, &search->list[place]))
		search->found = place;
	return 0;
}

int registry_find_name(const char *directory, const char *name, const struct ctrl_domain_info *list,
		       size_t count, bool *registered, size_t *found)
{
	struct search search = {
		.list = list, .name = name, .registered = registered, .found = count};
	int err = each_name(directory, list, count, compare_name, &search);

	*found = search.found;
	return err;
}

void registry_free_domains(struct registry_domain *domains, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(domains[i].own_name);
		free(domains[i].foreign_name);
	}
	free(domains);
}

int registry_name_domains(const char *directory, const struct ctrl_domain_info *list, size_t count,
			  struct registry_domain **domains)
{
	int err;

	*domains = calloc(count + 1, sizeof(**domains));
	if (!*domains)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		(*domains)[i] = (struct registry_domain){
			.info = &list[i],
			.name = list[i].domid ? UNNAMED : REGISTRY_DOM0_NAME,
		};
	err = each_name(directory, list, count, take_name, *domains);
	if (err)
		registry_free_domains(*domains, count);
	return err;
}
