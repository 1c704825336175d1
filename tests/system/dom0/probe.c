/* SPDX-License-Identifier: ISC */
/* Asks the hypervisor, in dom0, what no tool of the product needs to ask; for the system tests. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libctrl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Every counter, as JSON, so that a test can compare before and after. */
static int print_usage(struct ctrl *ctrl, const char *unused)
{
	struct ctrl_usage usage;
	int err = ctrl_get_usage(ctrl, &usage);

	(void)unused;
	if (err)
		return err;
	printf("{\"free_pages\": %" PRIu64 ", \"domain_pages\": %" PRIu64
	       ", \"p2m_pages\": %" PRIu64 ", \"own_pages\": %" PRIu64 ", ",
	       usage.free_pages, usage.domain_pages, usage.p2m_pages, usage.own_pages);
	printf("\"domains\": %" PRIu32 ", \"vcpus\": %" PRIu32 ", \"dying\": %" PRIu32
	       ", \"evtchns\": %" PRIu32 ", \"grant_maps\": %" PRIu32 ", \"foreign_maps\": %" PRIu32
	       "}\n",
	       usage.domains, usage.vcpus, usage.dying, usage.evtchns, usage.grant_maps,
	       usage.foreign_maps);
	return 0;
}

static int send_keys(struct ctrl *ctrl, const char *keys)
{
	return ctrl_send_debug_keys(ctrl, keys);
}

static int crash_domain(struct ctrl *ctrl, const char *domid)
{
	return ctrl_shutdown_domain(ctrl, (uint32_t)strtoul(domid, NULL, 10), CTRL_SHUTDOWN_CRASH);
}

/* --- the store --- */

static int print_tree(struct ctrl_store *store, const char *path)
{
	char **names, *value, child[CTRL_STORE_MAX_PATH];
	int count = ctrl_store_list(store, 0, path, &names);

	if (count < 0)
		return count == -ENOENT ? 0 : count; /* gone meanwhile */
	if (!count && !ctrl_store_read(store, 0, path, &value, NULL)) {
		printf("%s = %s\n", path, value);
		free(value);
	}
	for (int i = 0; i < count; i++) {
		snprintf(child, sizeof(child), "%s/%s", path[1] ? path : "", names[i]);
		print_tree(store, child);
	}
	free(names);
	return 0;
}

static int run_tree(struct ctrl *ctrl, const char *path)
{
	struct ctrl_store *store;
	int err = ctrl_store_open(&store);

	(void)ctrl;
	if (err)
		return err;
	err = print_tree(store, *path ? path : "/");
	ctrl_store_close(store);
	return err;
}

/* PATH=VALUE, as a guest that lies would write it. */
static int write_node(struct ctrl *ctrl, const char *word)
{
	const char *value = strchr(word, '=');
	struct ctrl_store *store;
	char path[256];
	int err = value ? ctrl_store_open(&store) : -EINVAL;

	(void)ctrl;
	if (err)
		return err;
	snprintf(path, sizeof(path), "%.*s", (int)(value - word), word);
	err = ctrl_store_write(store, 0, path, value + 1, strlen(value + 1));
	ctrl_store_close(store);
	return err;
}

/* Takes a lock as the tools do, and stops with it. */
static int stop_with_lock(struct ctrl *ctrl, const char *path)
{
	int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	(void)ctrl;
	if (file < 0 || flock(file, LOCK_EX) < 0)
		return -errno;
	dprintf(file, "%d\n", (int)getpid());
	raise(SIGSTOP);
	return 0;
}

#define CROWD 300 /* more than a daemon's queue */

/* Clients that connect to a daemon's socket as long as its queue has room, and stay. */
static int crowd(struct ctrl *ctrl, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int connected = 0;

	(void)ctrl;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	for (int i = 0; i < CROWD; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

		if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
			connected++;
		else if (errno == EAGAIN)
			break;
	}
	printf("%d connected\n", connected);
	fflush(stdout);
	pause();
	return 0;
}

/* --- the kernel's side of foreign mappings --- */

#define FOREIGN_GFN   0x40000 /* where a guest's memory begins */
#define FOREIGN_PAGES 64

/* A process that has a mapping, or is the child of one that has it, ends when it likes. */
static void __attribute__((noreturn)) end_later(unsigned int tenths)
{
	usleep(tenths * 100 * 1000);
	_exit(0);
}

/*
 * Maps pages of a domain in several processes, forks each of them, and has parents and children end
 * in turn, by themselves and killed, while the caller destroys the domain.
 */
static int map_and_end(struct ctrl *ctrl, const char *word)
{
	uint32_t domid = (uint32_t)strtoul(word, NULL, 10);

	for (unsigned int i = 0; i < 8; i++) {
		void *pages;
		int err;

		if (fork())
			continue;
		err = ctrl_map_range(ctrl, domid, FOREIGN_GFN, FOREIGN_PAGES,
				     PROT_READ | PROT_WRITE, &pages);
		if (err)
			_exit(1);
		*(volatile char *)pages = *((volatile char *)pages + 4096);
		if (i % 2 && !fork())
			end_later(20 - i);
		if (i % 4 == 3)
			raise(SIGKILL);
		end_later(5 + i);
	}
	printf("mapped\n");
	return 0;
}

/* What a process that is not root's can open of the hypervisor's: nothing. */
static int open_as_nobody(struct ctrl *ctrl, const char *unused)
{
	static const char *const paths[] = {
		"/dev/xen/privcmd",        "/dev/xen/hypercall",         "/dev/xen/evtchn",
		"/dev/xen/gntdev",         "/dev/xen/gntalloc",          "/dev/xen/xenbus",
		"/dev/xen/xenbus_backend", "/run/plinth/domains/.names",
	};
	int wrong = 0;

	(void)ctrl;
	(void)unused;
	if (setgid(65534) || setuid(65534))
		return -errno;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		int file = open(paths[i], O_RDWR);

		if (file >= 0 || (errno != EACCES && errno != ENOENT)) {
			printf("%s: %s\n", paths[i], file >= 0 ? "opened" : strerror(errno));
			wrong = -EPERM;
		}
	}
	return wrong;
}

/* --- who has a guest's disk open --- */

static bool is_disk(const char *target)
{
	return strstr(target, "/images/") || !strncmp(target, "/dev/loop", 9);
}

/* A file's first line. */
static void first_line(const char *path, char *line, size_t size)
{
	FILE *file = fopen(path, "r");

	line[0] = '\0';
	if (file && fgets(line, (int)size, file))
		line[strcspn(line, "\n")] = '\0';
	if (file)
		fclose(file);
}

/* "COMMAND pos: N" for each descriptor of a process that is of a disk. */
static void look_at_process(const char *pid)
{
	char folder[64], path[400], target[256], command[64], position[64];
	struct dirent *entry;
	DIR *files;

	snprintf(folder, sizeof(folder), "/proc/%.20s/fd", pid);
	files = opendir(folder);
	while (files && (entry = readdir(files))) {
		ssize_t size;

		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		size = readlink(path, target, sizeof(target) - 1);
		target[size > 0 ? size : 0] = '\0';
		if (!is_disk(target))
			continue;
		snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
		first_line(path, command, sizeof(command));
		snprintf(path, sizeof(path), "/proc/%.20s/fdinfo/%s", pid, entry->d_name);
		first_line(path, position, sizeof(position));
		if (command[0] && position[0]) /* it has not closed it meanwhile */
			printf("%s %s\n", command, position);
	}
	if (files)
		closedir(files);
}

/* Looks again and again, until there is a file of this name. */
static int watch_disks(struct ctrl *ctrl, const char *stop)
{
	(void)ctrl;
	while (access(stop, F_OK)) {
		DIR *processes = opendir("/proc");
		struct dirent *entry;

		while (processes && (entry = readdir(processes)))
			if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
				look_at_process(entry->d_name);
		if (processes)
			closedir(processes);
	}
	return 0;
}

static const struct {
	const char *name;
	int (*run)(struct ctrl *ctrl, const char *word);
} commands[] = {
	{"usage", print_usage},     {"keys", send_keys},
	{"crash", crash_domain},    {"tree", run_tree},
	{"write", write_node},      {"lock", stop_with_lock},
	{"crowd", crowd},           {"map-and-end", map_and_end},
	{"nobody", open_as_nobody}, {"watch-disks", watch_disks},
};

static int run(const char *name, const char *word)
{
	struct ctrl *ctrl;
	int err = ctrl_open(&ctrl);

	if (err)
		return err;
	err = -ENOSYS;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].name, name))
			err = commands[i].run(ctrl, word);
	ctrl_close(ctrl);
	return err;
}

int main(int argc, char **argv)
{
	int err = run(argc > 1 ? argv[1] : "", argc > 2 ? argv[2] : "");

	if (err)
		fprintf(stderr, "probe: %s: %s\n", strerror(-err), ctrl_error());
	return err != 0;
}
