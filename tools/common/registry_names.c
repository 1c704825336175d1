/* SPDX-License-Identifier: ISC */
/*
 * Who is called what: for each registered guest an empty file, <domid>.<uuid>.<name> in the folder `.names`. One pass
 * over the folder tells all names, so that finding one costs little however many guests there are.
 */
#include "common/guest_config.h"
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

/* Takes a file's name apart; name points into it. false: it is not of this folder's form. */
static bool take_apart(const char *file, uint32_t *domid, uint8_t uuid[16], const char **name)
{
	char text[UUID_TEXT_SIZE], *rest;

	*domid = (uint32_t)strtoul(file, &rest, 10);
	if (rest == file || *rest != '.' || strlen(rest) < 1 + sizeof(text))
		return false;
	memcpy(text, rest + 1, sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	*name = rest + 1 + sizeof(text);
	return (*name)[-1] == '.' && !uuid_parse(text, uuid) && !*guest_name_fault(*name);
}

static int by_domid(const void *key, const void *element)
{
	const struct registry_domain *domain = element;
	uint32_t domid = *(const uint32_t *)key;

	return domid < domain->info->domid ? -1 : domid > domain->info->domid;
}

/* A file says something only of the very domain that it was made for. */
static int take_name(const char *file, struct registry_domain *domains, size_t count)
{
	struct registry_domain *domain;
	uint8_t uuid[16];
	const char *name;
	uint32_t domid;

	if (!take_apart(file, &domid, uuid, &name))
		return 0;
	domain = bsearch(&domid, domains, count, sizeof(*domains), by_domid);
	if (!domain || !domid || domain->own_name || memcmp(domain->info->uuid, uuid, sizeof(uuid)))
		return 0;
	domain->own_name = strdup(name);
	if (!domain->own_name)
		return -ENOMEM;
	domain->name = domain->own_name;
	return 0;
}

static int take_names(const char *directory, struct registry_domain *domains, size_t count)
{
	char *path = folder_path(directory);
	DIR *folder = path ? opendir(path) : NULL;
	struct dirent *file;
	int err = path ? 0 : -ENOMEM;

	while (folder && !err && (file = readdir(folder)))
		err = take_name(file->d_name, domains, count);
	if (folder)
		closedir(folder);
	free(path);
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
	err = take_names(directory ? directory : REGISTRY_DIR, *domains, count);
	if (err)
		registry_free_domains(*domains, count);
	return err;
}
