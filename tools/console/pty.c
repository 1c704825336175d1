/* SPDX-License-Identifier: ISC */
/* Consoles as terminals: making them, and moving bytes without ever waiting for a reader. */
#include "pty.h"

#include "daemon/daemon.h"
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define PIECE 1024 /* bytes moved at once */

static struct console_guest *guest_of(struct console_pty *pty)
{
	return (struct console_guest *)((char *)pty - offsetof(struct console_guest, pty));
}

/* ---- making ---- */

/* A master without an open terminal; its settings are the terminal's. */
static int open_master(char path[PTY_PATH_MAX])
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC), error;
	struct termios settings;

	if (fd < 0)
		return -errno;
	if (unlockpt(fd) < 0 || ptsname_r(fd, path, PTY_PATH_MAX) != 0 ||
	    chmod(path, 0600) < 0 || /* whoever can open it can type into the guest */
	    tcgetattr(fd, &settings) < 0)
		goto fail;
	cfmakeraw(&settings);
	if (tcsetattr(fd, TCSANOW, &settings) == 0)
		return fd;
fail:
	error = -errno;
	close(fd);
	return error;
}

static int make(struct console_pty *pty)
{
	int fd = open_master(pty->path);

	if (fd < 0)
		return fd;
	pty->watch = inotify_add_watch(pty->server->terminals.fd, pty->path, IN_OPEN);
	if (pty->watch < 0) {
		int error = -errno;

		close(fd);
		return error;
	}
	pty->source.fd = fd;
	return 0;
}

static void unmake(struct console_pty *pty)
{
	if (pty->source.fd < 0)
		return;
	if (pty->open)
		loop_remove(&pty->server->loop, &pty->source);
	inotify_rm_watch(pty->server->terminals.fd, pty->watch);
	close(pty->source.fd);
	pty->source.fd = -1;
	pty->watch = -1;
	pty->open = false;
}

/* Make it, and let the store name it. */
static void offer(struct console_guest *guest)
{
	struct console_pty *pty = &guest->pty;
	int ret = make(pty);

	if (ret < 0) {
		daemon_log("guest %s%s has no terminal: %s; \"vmctl console\" needs none",
			   guest->name, console_guest_suffix(guest), strerror(-ret));
		pty->path[0] = '\0';
	}
	server_publish(pty->server, guest);
}

/* ---- moving ---- */

/* A note in the output, where some of it is missing. It may be cut off: what is lost is lost. */
static void tell_lost(struct console_pty *pty, uint64_t lost)
{
	char text[80];
	int size = snprintf(text, sizeof(text), "\r\n[%llu bytes of output are missing here]\r\n",
			    (unsigned long long)lost);

	if (lost && write(pty->source.fd, text, (size_t)size) < 0)
		return;
}

/* Write output until the terminal is full or has it all; false: it is full. */
static bool write_output(struct console_guest *guest)
{
	struct console_pty *pty = &guest->pty;
	char data[PIECE];

	for (;;) {
		uint64_t next = pty->position, lost;
		size_t size = scrollback_read(&guest->output, &next, data, sizeof(data), &lost);
		ssize_t count;

		if (size == 0)
			return true;
		tell_lost(pty, lost);
		count = write(pty->source.fd, data, size);
		if (count < 0)
			return errno != EAGAIN && errno != EINTR; /* else its end comes by HUP */
		pty->position = next - size + (size_t)count;
	}
}

/* Take what was typed, no more than there is room for; what a dead guest is told is dropped. */
static void read_input(struct console_guest *guest)
{
	char data[PIECE];
	size_t room = console_guest_room(guest);
	ssize_t count = read(guest->pty.source.fd, data, room < sizeof(data) ? room : sizeof(data));

	if (count > 0 && guest->state == CONSOLE_LIVE)
		console_guest_type(guest, data, (size_t)count);
}

void pty_advance(struct console_guest *guest)
{
	struct console_pty *pty = &guest->pty;
	uint32_t events;

	if (!pty->open)
		return;
	events = write_output(guest) ? 0 : EPOLLOUT;
	if (console_guest_room(guest) > 0)
		events |= EPOLLIN;
	loop_set_events(&pty->server->loop, &pty->source, events);
}

static void terminal_ready(struct loop_source *source, uint32_t events)
{
	struct console_pty *pty =
		(struct console_pty *)((char *)source - offsetof(struct console_pty, source));
	struct console_guest *guest = guest_of(pty);

	if ((events & EPOLLIN) && (source->events & EPOLLIN))
		read_input(guest);
	if (events & (EPOLLHUP | EPOLLERR)) {
		unmake(pty);
		if (guest->state == CONSOLE_LIVE)
			offer(guest);
		return;
	}
	pty_advance(guest);
}

/* ---- beginning and end ---- */

static void begin(struct console_guest *guest)
{
	struct console_pty *pty = &guest->pty;

	if (pty->open)
		return;
	pty->source.events = EPOLLIN;
	pty->source.ready = terminal_ready;
	if (loop_add(&pty->server->loop, &pty->source) < 0)
		return;
	pty->open = true;
	pty->position = scrollback_start(&guest->output);
	pty_advance(guest);
}

static void take_opening(struct console_server *server, const struct inotify_event *event)
{
	for (struct console_guest *guest = server->guests; guest; guest = guest->next) {
		if (guest->pty.source.fd < 0 || guest->pty.watch != event->wd)
			continue;
		if (event->mask & IN_OPEN)
			begin(guest);
		return;
	}
}

static void openings_ready(struct loop_source *source, uint32_t events)
{
	struct console_server *server =
		(struct console_server *)((char *)source -
					  offsetof(struct console_server, terminals));
	char data[1024] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t size = read(source->fd, data, sizeof(data));

	(void)events;
	for (ssize_t at = 0; at < size;) {
		const struct inotify_event *event = (const void *)(data + at);

		take_opening(server, event);
		at += (ssize_t)(sizeof(*event) + event->len);
	}
}

int pty_init(struct console_server *server)
{
	int ret;

	server->terminals = (struct loop_source){.fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK),
						 .events = EPOLLIN,
						 .ready = openings_ready};
	if (server->terminals.fd < 0)
		return -errno;
	ret = loop_add(&server->loop, &server->terminals);
	if (ret < 0)
		pty_exit(server);
	return ret;
}

void pty_exit(struct console_server *server)
{
	if (server->terminals.fd >= 0)
		close(server->terminals.fd);
	server->terminals.fd = -1;
}

void pty_start(struct console_server *server, struct console_guest *guest)
{
	guest->pty.server = server;
	if (server->terminals.fd >= 0)
		offer(guest);
}

void pty_stop(struct console_guest *guest)
{
	unmake(&guest->pty);
}

int64_t pty_end(struct console_guest *guest, int64_t now_ms)
{
	struct console_pty *pty = &guest->pty;

	if (pty->source.fd < 0)
		return INT64_MAX;
	if (pty->close_ms == 0)
		pty->close_ms = now_ms + PTY_LINGER_MS;
	if (pty->open && now_ms < pty->close_ms)
		return pty->close_ms;
	unmake(pty);
	return INT64_MAX;
}
