/* SPDX-License-Identifier: ISC */
/*
 * Operations of the store between markers, with the nodes of so many guests in it: store PATH
 * GUESTS... measures with each number in turn. PATH is the daemon's socket, or the kernel's device
 * in front of the ring that it has with the daemon.
 */
#include <err.h>
#include <fcntl.h>
#include <sched.h>
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
#define CLIENTS      8  /* that ask at the same time */

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

#define REQUEST_MAX (sizeof(struct message) + 512)

/* Writes a request; its size. */
static size_t put(char *to, enum type type, uint32_t transaction, const char *data, size_t length)
{
	const struct message header = {type, 0, transaction, (uint32_t)length};

	memcpy(to, &header, sizeof(header));
	memcpy(to + sizeof(header), data, length);
	return sizeof(header) + length;
}

static void transmit(const void *data, size_t length)
{
	if (write(fd, data, length) != (ssize_t)length)
		err(1, "the store's socket");
}

static void call(enum type type, uint32_t transaction, const char *data, size_t length)
{
	char request[REQUEST_MAX];

	transmit(request, put(request, type, transaction, data, length));
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

static const char *socket_path; /* NULL: the device is used */

static int open_socket(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int end = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", socket_path);
	if (end < 0 || connect(end, (struct sockaddr *)&address, sizeof(address)))
		err(1, "%s", socket_path);
	return end;
}

/*
 * About what a guest with a disk and a network interface has; and a client that waits, as xl has
 * one for each guest.
 */
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
	if (socket_path)
		open_socket();
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

	for (unsigned n = 0; n < TOGETHER; n++)
		size += put(all + size, type, 0, data, length);
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

/*
 * A request by each of several clients. They are not interrupted (go_ahead()), the answers come in
 * the order of the requests, and the last one is waited for: the daemon has them all before it when
 * it gets the CPU, as a busy one has.
 */
static int clients[CLIENTS];

static void by_clients(enum type type, const char *data, size_t length)
{
	int own = fd;

	for (unsigned n = 0; n < CLIENTS; n++) {
		char request[REQUEST_MAX];

		fd = clients[n];
		transmit(request, put(request, type, 0, data, length));
	}
	for (unsigned n = CLIENTS; n-- > 0;) {
		fd = clients[n];
		await(type);
	}
	fd = own;
}

static void op_clients_read(void)
{
	by_clients(READ, path_first, sizeof(path_first));
}

static void op_clients_write(void)
{
	static const char data[] = "/bench/domain/1/memory/target\000262144";

	by_clients(WRITE, data, sizeof(data) - 1);
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
	for (size_t n = 0; n < sizeof(steps) / sizeof(*steps); n++)
		size += put(all + size, steps[n].type, transaction, steps[n].data, steps[n].length);
	transmit(all, size);
	for (size_t n = 0; n < sizeof(steps) / sizeof(*steps); n++)
		await(steps[n].type);
}

static void go_ahead(bool ahead)
{
	const struct sched_param priority = {.sched_priority = ahead ? 1 : 0};

	if (sched_setscheduler(0, ahead ? SCHED_FIFO : SCHED_OTHER, &priority))
		err(1, "sched_setscheduler");
}

static void open_clients(void)
{
	for (unsigned n = 0; n < CLIENTS; n++)
		clients[n] = open_socket();
	go_ahead(true);
}

static void close_clients(void)
{
	go_ahead(false);
	for (unsigned n = 0; n < CLIENTS; n++)
		close(clients[n]);
}

enum {
	BY_SOCKET = 1, /* not by the device, which takes one request at a time */
	MANY = 2,      /* by the clients */
};

static const struct {
	void (*run)(void);
	unsigned flags;
} operations[] = {
	{op_read, 0},
	{op_write, 0},
	{op_list, 0},
	{op_transaction, 0},
	{op_watch, 0},
	{op_reads, BY_SOCKET},
	{op_writes, BY_SOCKET},
	{op_transaction_together, BY_SOCKET},
	{op_clients_read, BY_SOCKET | MANY},
	{op_clients_write, BY_SOCKET | MANY},
};

/*
 * What the daemon at the other end of the socket has run so far, in ns; 0 by the device, which
 * tells nobody's number.
 */
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

		if ((operations[n].flags & BY_SOCKET) && !by_socket)
			continue;
		if (operations[n].flags & MANY)
			open_clients();
		operations[n].run();
		before = daemon_time();
		marker_set(FIRST_MARKER + 2 * n);
		for (unsigned k = 0; k < ROUNDS; k++)
			operations[n].run();
		marker_set(FIRST_MARKER + 2 * n + 1);
		if (by_socket)
			printf("daemon: %u %llu\n", n, daemon_time() - before);
		if (operations[n].flags & MANY)
			close_clients();
	}
}

/* true: it is a socket. */
static bool attach(const char *path)
{
	struct stat file;

	if (stat(path, &file))
		err(1, "%s", path);
	if (!S_ISSOCK(file.st_mode)) {
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			err(1, "%s", path);
		return false;
	}
	socket_path = path;
	fd = open_socket();
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
