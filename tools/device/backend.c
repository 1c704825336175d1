/* SPDX-License-Identifier: ISC */
/* Reads from sysfs which backends of guests' devices dom0's kernel has. */
#include "device.h"
#include "loopdev.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <libctrl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#define BUS       "/sys/bus/xen-backend"
#define PATH_SIZE 160

bool backend_has_driver(enum device_kind kind)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), BUS "/drivers/%s", device_kind_word(kind));
	return !access(path, F_OK);
}

/* A file of a device, "" for its folder. */
static char *device_file(uint32_t domid, enum device_kind kind, uint32_t devid, const char *file,
			 char path[PATH_SIZE])
{
	snprintf(path, PATH_SIZE, BUS "/devices/%s-%" PRIu32 "-%" PRIu32 "/%s",
		 device_kind_word(kind), domid, devid, file);
	return path;
}

bool backend_exists(uint32_t domid, enum device_kind kind, uint32_t devid)
{
	char path[PATH_SIZE];

	return !access(device_file(domid, kind, devid, "", path), F_OK);
}

/* The first line of a file. */
static int read_line(const char *path, char *line, int size)
{
	FILE *file = fopen(path, "re");
	int err = 0;

	if (!file)
		return -errno;
	if (!fgets(line, size, file))
		err = -ENOENT;
	fclose(file);
	return err;
}

int backend_block_device(uint32_t domid, uint32_t devid, dev_t *number)
{
	char path[PATH_SIZE], line[32];
	unsigned int high, low;
	int err = read_line(device_file(domid, DEVICE_DISK, devid, "physical_device", path), line,
			    sizeof(line));

	if (err)
		return err;
	if (sscanf(line, "%x:%x", &high, &low) != 2)
		return -ENOENT;
	*number = makedev(high, low);
	return 0;
}

int backend_interface(uint32_t domid, uint32_t devid, char name[VIF_NAME_SIZE])
{
	char path[PATH_SIZE];
	DIR *folder = opendir(device_file(domid, DEVICE_VIF, devid, "net", path));
	struct dirent *entry;
	int err = -ENOENT;

	if (!folder)
		return -ENOENT;
	while (err && (entry = readdir(folder))) {
		if (*entry->d_name == '.' || strlen(entry->d_name) >= VIF_NAME_SIZE)
			continue;
		strcpy(name, entry->d_name);
		err = 0;
	}
	closedir(folder);
	return err;
}

/* Calls visit for each device of a kind, until it returns true. */
typedef bool visit_fn(void *context, uint32_t domid, enum device_kind kind, uint32_t devid);

static bool visit_devices(visit_fn *visit, void *context)
{
	DIR *folder = opendir(BUS "/devices");
	struct dirent *entry;
	bool done = false;

	while (folder && !done && (entry = readdir(folder))) {
		char word[4];
		uint32_t domid, devid;

		if (sscanf(entry->d_name, "%3[a-z]-%" SCNu32 "-%" SCNu32, word, &domid, &devid) !=
		    3)
			continue;
		for (unsigned int kind = 0; kind < DEVICE_KINDS && !done; kind++)
			if (!strcmp(word, device_kind_word(kind)))
				done = visit(context, domid, kind, devid);
	}
	if (folder)
		closedir(folder);
	return done;
}

/* --- who uses a block device --- */

struct use {
	dev_t number;
	bool read_only;
	uint32_t domid; /* the guest that uses it */
};

static bool is_in_conflict(void *context, uint32_t domid, enum device_kind kind, uint32_t devid)
{
	struct use *use = context;
	char path[PATH_SIZE], mode[8] = "w";
	dev_t number;

	if (kind != DEVICE_DISK || backend_block_device(domid, devid, &number) ||
	    number != use->number)
		return false;
	use->domid = domid;
	read_line(device_file(domid, kind, devid, "mode", path), mode, sizeof(mode));
	return !use->read_only || *mode != 'r';
}

bool backend_find_user(dev_t number, bool read_only, char *whose, size_t size)
{
	struct use use = {.number = number, .read_only = read_only};
	bool found = visit_devices(is_in_conflict, &use);

	if (found)
		snprintf(whose, size, "domain %" PRIu32, use.domid);
	return found;
}

/* --- their end --- */

static bool is_of_domain(void *context, uint32_t domid, enum device_kind kind, uint32_t devid)
{
	(void)kind;
	(void)devid;
	return domid == *(uint32_t *)context;
}

bool backends_exist(uint32_t domid)
{
	return visit_devices(is_of_domain, &domid);
}

int backends_wait_gone(uint32_t domid, int timeout_ms)
{
	struct timespec pause = {.tv_nsec = 1000 * 1000};

	/* mostly they are gone after a few milliseconds */
	for (int waited = 0; backends_exist(domid); waited++) {
		if (waited >= timeout_ms)
			return -ETIMEDOUT;
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* --- loop devices of other tools --- */

struct loops {
	struct ctrl_store *store;
	uint32_t domid;
};

/*
 * xl's script notes in "node" which loop device it has made, and frees it when xl removes the disk.
 */
static bool free_loop(void *context, uint32_t domid, enum device_kind kind, uint32_t devid)
{
	struct loops *loops = context;
	char backend[DEVICE_PATH_SIZE], path[DEVICE_PATH_SIZE + 8], *node;
	dev_t number;

	if (domid != loops->domid || kind != DEVICE_DISK ||
	    backend_block_device(domid, devid, &number) || !loopdev_is_one(number))
		return false;
	snprintf(path, sizeof(path), "%s/node", device_backend_path(domid, kind, devid, backend));
	if (ctrl_store_read(loops->store, 0, path, &node, NULL))
		return false;
	free(node);
	loopdev_free_when_unused(number);
	return false;
}

void backends_free_foreign_loops(struct ctrl_store *store, uint32_t domid)
{
	visit_devices(free_loop, &(struct loops){.store = store, .domid = domid});
}
