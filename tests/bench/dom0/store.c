/* SPDX-License-Identifier: ISC */
/*
 * Operations of the store between markers, with the nodes of so many guests in it: store PATH GUESTS... measures with
 * each number in turn. PATH is the daemon's socket, or the kernel's device in front of the ring that it has with the daemon.
 */
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

void marker_set(unsigned long number);

#define FIRST_MARKER 40 /* see store.py */
#define ROUNDS       100
#define TOGETHER     50 /* requests that are sent before the first answer is waited for */

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

/* What has come and was not looked at yet. */
static struct {
	char data[1 << 16];
	size_t begin, end;
} input;

static void receive(void *data, size_t length)
{
	while (input.end - input.begin < length) {
		ssize_t got;

		memmove(input.data, input.data + input.begin, input.end - input.begin);
		input.end -= input.begin;
		input.begin = 0;
		got = read(fd, input.data + input.end, sizeof(input.data) - input.end);
		if (got <= 0)
			err(1, "the store's socket");
		input.end += (size_t)got;
	}
	memcpy(data, input.data + input.begin, length);
	input.begin += length;
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

struct request {
	struct message header;
	char data[512];
};

static size_t fill(struct request *request, enum type type, uint32_t transaction, const char *data,
		   size_t length)
{
	request->header = (struct message){type, 0, transaction, (uint32_t)length};
	memcpy(request->data, data, length);
	return sizeof(request->header) + length;
}

static void transmit(const void *data, size_t length)
{
	if (write(fd, data, length) != (ssize_t)length)
		err(1, "the store's socket");
}

static void call(enum type type, uint32_t transaction, const char *data, size_t length)
{
	struct request request;

	transmit(&request, fill(&request, type, transaction, data, length));
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

/* Many requests by one write; their answers come as the daemon sends them. */
static void together(enum type type, const char *data, size_t length)
{
	char all[TOGETHER * 64];
	size_t size = 0;

	for (unsigned n = 0; n < TOGETHER; n++) {
		struct request request;
		size_t one = fill(&request, type, 0, data, length);

		memcpy(all + size, &request, one);
		size += one;
	}
	transmit(all, size);
	for (unsigned n = 0; n < TOGETHER; n++)
		await(type);
}

static void op_reads(void)
{
	together(READ, path_first, sizeof(path_first));
}

static void op_writes(void)
{
	static const char data[] = "/bench/domain/1/memory/target\000262144";

	together(WRITE, data, sizeof(data) - 1);
}

/* The same transaction, its requests by one write once it has a number. */
static void op_transaction_together(void)
{
	static const char value[] = "/bench/domain/1/memory/target\000262144",
			  other[] = "/bench/domain/1/memory/static-max\000262144";
	static const struct {
		enum type type;
		const char *data;
		size_t length;
	} steps[] = {{READ, path_first, sizeof(path_first)},
		     {WRITE, value, sizeof(value) - 1},
		     {WRITE, other, sizeof(other) - 1},
		     {END, "T", 2}};
	char all[512];
	size_t size = 0;
	uint32_t transaction;

	call(BEGIN, 0, "", 1);
	transaction = (uint32_t)strtoul(reply, NULL, 10);
	for (size_t n = 0; n < sizeof(steps) / sizeof(*steps); n++) {
		struct request request;
		size_t one =
			fill(&request, steps[n].type, transaction, steps[n].data, steps[n].length);

		memcpy(all + size, &request, one);
		size += one;
	}
	transmit(all, size);
	for (size_t n = 0; n < sizeof(steps) / sizeof(*steps); n++)
		await(steps[n].type);
}

static const struct {
	void (*run)(void);
	bool socket_only; /* the device takes one request at a time */
} operations[] = {
	{op_read, false},  {op_write, false}, {op_list, false},  {op_transaction, false},
	{op_watch, false}, {op_reads, true},  {op_writes, true}, {op_transaction_together, true}};

/* What the daemon at the other end of the socket has run so far, in ns; 0 by the device, which tells nobody's number. */
static unsigned long long daemon_time(void)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	unsigned long long time = 0;
	char path[64];
	FILE *file;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size))
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/schedstat", peer.pid);
	file = fopen(path, "r");
	if (!file || fscanf(file, "%llu", &time) != 1)
		errx(1, "%s tells nothing", path);
	fclose(file);
	return time;
}

static void measure(bool by_socket)
{
	for (unsigned n = 0; n < sizeof(operations) / sizeof(*operations); n++) {
		unsigned long long before;

		if (operations[n].socket_only && !by_socket)
			continue;
		operations[n].run();
		before = daemon_time();
		marker_set(FIRST_MARKER + 2 * n);
		for (unsigned k = 0; k < ROUNDS; k++)
			operations[n].run();
		marker_set(FIRST_MARKER + 2 * n + 1);
		if (by_socket)
			printf("daemon: %u %llu\n", n, daemon_time() - before);
	}
}

/* true: it is a socket. */
static bool attach(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct stat file;

	if (stat(path, &file))
		err(1, "%s", path);
	if (!S_ISSOCK(file.st_mode)) {
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			err(1, "%s", path);
		return false;
	}
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)))
		err(1, "%s", path);
	return true;
}

int main(int argc, char **argv)
{
	unsigned guests = 0;
	bool by_socket;

	if (argc < 3)
		errx(2, "usage: store PATH GUESTS...");
	by_socket = attach(argv[1]);
	add_guest(++guests);
	call(WATCH, 0, "/bench/domain/1/control/shutdown\0token",
	     sizeof("/bench/domain/1/control/shutdown\0token"));
	for (int n = 2; n < argc; n++) {
		while (guests < (unsigned)atoi(argv[n]))
			add_guest(++guests);
		measure(by_socket);
		printf("store: %u guests by %s\n", guests, argv[1]);
	}
	return 0;
}
