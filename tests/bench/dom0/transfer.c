/* SPDX-License-Identifier: ISC */
/*
 * Moves data between markers, in a guest with a disk and a network interface:
 *   transfer disk DEVICE    sequential and random reads and writes, past the page cache
 *   transfer send ADDRESS   TCP to a server: many bytes, and then round trips of one
 *   transfer serve          that server, in dom0 or in another guest
 */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void marker_set(unsigned long number);

/* See devices.py. */
#define DISK_MARKER   40 /* and three more pairs */
#define STREAM_MARKER 50
#define PING_MARKER   52
#define PORT          5000
#define STREAM_BYTES  (8u << 20)
#define PINGS         200
#define DISK_BYTES    (8u << 20)
#define BIG           (64u << 10)
#define SMALL         (4u << 10)
#define SMALL_COUNT   256

static char buffer[BIG] __attribute__((aligned(4096)));

/* ---- disk ---- */
static const struct disk_job {
	bool write, random;
	unsigned size, count;
} disk_jobs[] = {
	{true, false, BIG, DISK_BYTES / BIG},
	{false, false, BIG, DISK_BYTES / BIG},
	{true, true, SMALL, SMALL_COUNT},
	{false, true, SMALL, SMALL_COUNT},
};

static void disk_once(int fd, const struct disk_job *job, unsigned n)
{
	static uint32_t x = 1;
	off_t at = (off_t)n * job->size;
	ssize_t done;

	x = x * 1664525 + 1013904223;
	if (job->random)
		at = (off_t)(x >> 8) % (DISK_BYTES / job->size) * job->size;
	done = job->write ? pwrite(fd, buffer, job->size, at) : pread(fd, buffer, job->size, at);
	if (done != (ssize_t)job->size)
		err(1, "the disk");
}

static int transfer_disk(const char *device)
{
	int fd = open(device, O_RDWR | O_DIRECT);

	if (fd < 0)
		err(1, "%s", device);
	disk_once(fd, &disk_jobs[1], 0);
	for (unsigned k = 0; k < sizeof(disk_jobs) / sizeof(*disk_jobs); k++) {
		marker_set(DISK_MARKER + 2 * k);
		for (unsigned n = 0; n < disk_jobs[k].count; n++)
			disk_once(fd, &disk_jobs[k], n);
		marker_set(DISK_MARKER + 2 * k + 1);
	}
	printf("transfer: disk done\n");
	return 0;
}

/* ---- network ---- */
static struct sockaddr_in address_of(const char *text)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT)};

	if (text && inet_pton(AF_INET, text, &address.sin_addr) != 1)
		errx(2, "%s is no address", text);
	return address;
}

static void send_all(int fd, size_t size)
{
	for (ssize_t sent; size; size -= (size_t)sent) {
		sent = send(fd, buffer, size < sizeof(buffer) ? size : sizeof(buffer), 0);
		if (sent <= 0)
			err(1, "send");
	}
}

static bool receive_all(int fd, size_t size)
{
	for (ssize_t got; size; size -= (size_t)got) {
		got = recv(fd, buffer, size < sizeof(buffer) ? size : sizeof(buffer), 0);
		if (got <= 0)
			return false;
	}
	return true;
}

static void no_delay(int fd)
{
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static int connect_to(const struct sockaddr_in *address)
{
	for (int n = 0; n < 100; n++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		if (!connect(fd, (const struct sockaddr *)address, sizeof(*address)))
			return fd;
		close(fd);
		usleep(100000);
	}
	err(1, "connect");
}

static int transfer_send(const char *host)
{
	struct sockaddr_in address = address_of(host);
	int fd = connect_to(&address);

	no_delay(fd);
	marker_set(STREAM_MARKER);
	send_all(fd, STREAM_BYTES);
	if (!receive_all(fd, 1))
		err(1, "no answer");
	marker_set(STREAM_MARKER + 1);
	marker_set(PING_MARKER);
	for (unsigned n = 0; n < PINGS; n++) {
		send_all(fd, 1);
		if (!receive_all(fd, 1))
			err(1, "no answer");
	}
	marker_set(PING_MARKER + 1);
	close(fd);
	printf("transfer: to %s done\n", host);
	return 0;
}

static int transfer_serve(const char *unused)
{
	struct sockaddr_in address = address_of(NULL);
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd;

	(void)unused;
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) || listen(listener, 4))
		err(1, "port %d", PORT);
	printf("transfer: serving\n");
	fflush(stdout);
	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		no_delay(fd);
		if (receive_all(fd, STREAM_BYTES))
			do
				send_all(fd, 1);
			while (receive_all(fd, 1));
		close(fd);
	}
	err(1, "accept");
}

static const struct {
	const char *name;
	int (*run)(const char *argument);
} commands[] = {
	{"disk", transfer_disk},
	{"send", transfer_send},
	{"serve", transfer_serve},
};

int main(int argc, char **argv)
{
	for (size_t n = 0; argc > 1 && n < sizeof(commands) / sizeof(*commands); n++)
		if (!strcmp(argv[1], commands[n].name))
			return commands[n].run(argc > 2 ? argv[2] : "");
	errx(2, "usage: transfer disk DEVICE | send ADDRESS | serve");
}
