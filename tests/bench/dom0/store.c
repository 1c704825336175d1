/* SPDX-License-Identifier: ISC */
/*
 * Operations of the store between markers, by its socket, with the nodes of so many guests in it:
 * store GUESTS... measures with each number in turn.
 */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void marker_set(unsigned long number);

#define FIRST_MARKER 40 /* see store.py */
#define ROUNDS       100

/* xen/include/public/io/xs_wire.h */
enum type {
	DIRECTORY = 1,
	READ = 2,
	WATCH = 4,
	BEGIN = 6,
	END = 7,
	WRITE = 11,
	RM = 13,
	EVENT = 15,
	ERROR = 16
};
struct message {
	uint32_t type, id, transaction, length;
};

static int fd;
static char reply[4096 + 1];

static void receive(void *data, size_t length)
{
	for (ssize_t got; length; data = (char *)data + got, length -= (size_t)got) {
		got = read(fd, data, length);
		if (got <= 0)
			err(1, "the store's socket");
	}
}

static uint32_t next_message(void)
{
	struct message header;

	receive(&header, sizeof(header));
	if (header.length >= sizeof(reply))
		errx(1, "a message of %u bytes", header.length);
	receive(reply, header.length);
	reply[header.length] = '\0';
	if (header.type == ERROR)
		errx(1, "the store says %s", reply);
	return header.type;
}

/* Events that come before the answer are answered for by their number. */
static unsigned events;

static void await(uint32_t type)
{
	uint32_t got;

	while ((got = next_message()) != type) {
		if (got != EVENT)
			errx(1, "message %u instead of %u", got, type);
		events++;
	}
}

static void call(enum type type, uint32_t transaction, const char *data, size_t length)
{
	struct {
		struct message header;
		char data[512];
	} request = {.header = {type, 0, transaction, (uint32_t)length}};

	memcpy(request.data, data, length);
	if (write(fd, &request, sizeof(request.header) + length) < 0)
		err(1, "the store's socket");
	await(type);
}

static void store_read(uint32_t transaction, const char *path)
{
	call(READ, transaction, path, strlen(path) + 1);
}

static void store_write(uint32_t transaction, const char *path, const char *value)
{
	char data[512];
	int length = snprintf(data, sizeof(data), "%s%c%s", path, '\0', value);

	call(WRITE, transaction, data, (size_t)length);
}

/* About what a guest with a disk and a network interface has. */
static void add_guest(unsigned n)
{
	static const char *const nodes[] = {"name",
					    "vm",
					    "domid",
					    "memory/target",
					    "memory/static-max",
					    "cpu/0/availability",
					    "console/ring-ref",
					    "console/port",
					    "console/limit",
					    "console/type",
					    "console/tty",
					    "store/ring-ref",
					    "store/port",
					    "control/shutdown",
					    "control/feature-poweroff",
					    "control/feature-reboot",
					    "device/vbd/51712/backend",
					    "device/vbd/51712/backend-id",
					    "device/vbd/51712/state",
					    "device/vbd/51712/virtual-device",
					    "device/vbd/51712/ring-ref",
					    "device/vbd/51712/event-channel",
					    "device/vif/0/backend",
					    "device/vif/0/backend-id",
					    "device/vif/0/state",
					    "device/vif/0/handle",
					    "device/vif/0/mac",
					    "device/vif/0/tx-ring-ref",
					    "device/vif/0/rx-ring-ref",
					    "device/vif/0/event-channel"};
	char path[256];

	for (size_t k = 0; k < sizeof(nodes) / sizeof(*nodes); k++) {
		snprintf(path, sizeof(path), "/bench/domain/%u/%s", n, nodes[k]);
		store_write(0, path, "/some/value/of/usual/length/0");
	}
}

static char path_first[] = "/bench/domain/1/memory/target",
	    path_watched[] = "/bench/domain/1/control/shutdown";

static void op_read(void)
{
	store_read(0, path_first);
}

static void op_write(void)
{
	store_write(0, path_first, "262144");
}

static void op_list(void)
{
	call(DIRECTORY, 0, "/bench/domain/1", sizeof("/bench/domain/1"));
}

/* A read and two writes that belong together. */
static void op_transaction(void)
{
	uint32_t transaction;

	call(BEGIN, 0, "", 1);
	transaction = (uint32_t)strtoul(reply, NULL, 10);
	store_read(transaction, path_first);
	store_write(transaction, path_first, "262144");
	store_write(transaction, "/bench/domain/1/memory/static-max", "262144");
	call(END, transaction, "T", 2);
}

static void op_watch(void)
{
	unsigned before = events;

	store_write(0, path_watched, "poweroff");
	while (events == before) {
		if (next_message() != EVENT)
			errx(1, "no event");
		events++;
	}
}

static void (*const operations[])(void) = {op_read, op_write, op_list, op_transaction, op_watch};

static void measure(void)
{
	for (unsigned n = 0; n < sizeof(operations) / sizeof(*operations); n++) {
		operations[n]();
		marker_set(FIRST_MARKER + 2 * n);
		for (unsigned k = 0; k < ROUNDS; k++)
			operations[n]();
		marker_set(FIRST_MARKER + 2 * n + 1);
	}
}

static void attach(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/run/xenstored/socket"};

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)))
		err(1, "%s", address.sun_path);
}

int main(int argc, char **argv)
{
	unsigned guests = 0;

	attach();
	add_guest(++guests);
	call(WATCH, 0, "/bench/domain/1/control/shutdown\0token",
	     sizeof("/bench/domain/1/control/shutdown\0token"));
	for (int n = 1; n < argc; n++) {
		while (guests < (unsigned)atoi(argv[n]))
			add_guest(++guests);
		measure();
		printf("store: %u guests\n", guests);
	}
	return 0;
}
