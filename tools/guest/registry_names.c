/* SPDX-License-Identifier: ISC */
/*
 * The index of domain names. The file `.names` has a record per domain number, so naming all
 * domains or searching for a name reads one record per domain, however many guests there are.
 */
#include "config/guest_config.h"
#include "base/path.h"
#include "registry.h"
#include "registry_names.h"

#include <errno.h>
#include <fcntl.h>
#include <libctrl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNNAMED "(none)"

/* The name of the domain with this UUID. UUID all zero: no name. */
struct name_record {
	uint8_t uuid[16];
	char name[GUEST_NAME_MAX + 1];
};

static int open_table(const char *directory, int flags)
{
	char *path;
	int fd, err = asprintf(&path, "%s/.names", directory) < 0 ? -ENOMEM : 0;

	if (err)
		return err;
	if (flags & O_CREAT)
		err = path_make_directories(directory);
	fd = err ? err : open(path, flags | O_CLOEXEC, 0644);
	if (!err && fd < 0)
		fd = -errno;
	free(path);
	return fd;
}

static off_t place_of(uint32_t domid)
{
	return (off_t)(domid * sizeof(struct name_record));
}

static bool is_of(int fd, uint32_t domid, const uint8_t uuid[16])
{
	struct name_record record;

	return pread(fd, &record, sizeof(record), place_of(domid)) == sizeof(record) &&
	       memcmp(record.uuid, uuid, sizeof(record.uuid)) == 0;
}

int registry_names_set(const char *directory, uint32_t domid, const uint8_t uuid[16],
		       const char *name)
{
	int fd = open_table(directory, name ? O_RDWR | O_CREAT : O_RDWR), err = 0;
	struct name_record record = {0};

	if (fd < 0)
		return fd;
	if (name) {
		memcpy(record.uuid, uuid, sizeof(record.uuid));
		snprintf(record.name, sizeof(record.name), "%s", name);
	}
	if (name || is_of(fd, domid, uuid)) {
		ssize_t done = pwrite(fd, &record, sizeof(record), place_of(domid));

		err = done < 0 ? -errno : done == sizeof(record) ? 0 : -EIO;
	}
	close(fd);
	return err;
}

/* The whole index, mapped for reading. */
struct table {
	struct name_record *records; /* NULL: there is no index */
	size_t count;
};

static void open_records(const char *directory, struct table *table)
{
	int fd = open_table(directory ? directory : REGISTRY_DIR, O_RDONLY);
	struct stat file;
	void *map;

	*table = (struct table){NULL, 0};
	if (fd < 0)
		return;
	if (fstat(fd, &file) == 0 && file.st_size >= (off_t)sizeof(struct name_record)) {
		map = mmap(NULL, (size_t)file.st_size, PROT_READ, MAP_SHARED, fd, 0);
		if (map != MAP_FAILED)
			*table = (struct table){map,
						(size_t)file.st_size / sizeof(struct name_record)};
	}
	close(fd);
}

static void close_records(const struct table *table)
{
	if (table->records)
		munmap(table->records, table->count * sizeof(struct name_record));
}

/* Returns NULL if the domain is not registered. */
static const char *name_of(const struct table *table, const struct ctrl_domain_info *info)
{
	const struct name_record *record;

	if (!info->domid || info->domid >= table->count)
		return NULL;
	record = &table->records[info->domid];
	if (!record->name[0] || memcmp(record->uuid, info->uuid, sizeof(record->uuid)) != 0)
		return NULL;
	return memchr(record->name, '\0', sizeof(record->name)) ? record->name : NULL;
}

void registry_find_name(const char *directory, const char *name,
			const struct ctrl_domain_info *list, size_t count, bool *registered,
			size_t *found)
{
	struct table table;

	*found = count;
	open_records(directory, &table);
	for (size_t i = 0; i < count; i++) {
		const char *own = name_of(&table, &list[i]);

		registered[i] = own != NULL;
		if (own && !list[i].dying && strcmp(own, name) == 0)
			*found = i;
	}
	close_records(&table);
}

static int take_name(struct registry_domain *domain, const char *name)
{
	if (!name)
		return 0;
	domain->own_name = strdup(name);
	if (!domain->own_name)
		return -ENOMEM;
	domain->name = domain->own_name;
	return 0;
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
	struct table table;
	int err = 0;

	*domains = calloc(count + 1, sizeof(**domains));
	if (!*domains)
		return -ENOMEM;
	open_records(directory, &table);
	for (size_t i = 0; i < count && !err; i++) {
		(*domains)[i] = (struct registry_domain){
			.info = &list[i],
			.name = list[i].domid ? UNNAMED : REGISTRY_DOM0_NAME,
		};
		err = take_name(&(*domains)[i], name_of(&table, &list[i]));
	}
	close_records(&table);
	if (err)
		registry_free_domains(*domains, count);
	return err;
}
