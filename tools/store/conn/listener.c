/* SPDX-License-Identifier: ISC */
/* The socket that programs of domain 0 connect to. */
#include "listener.h"
#include "conn.h"
#include "daemon/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define ACCEPT_BATCH 16

static int accept_one(const struct listener *listener)
{
	int fd = accept4(listener->source.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

static void log_turned_away(struct listener *listener, const char *why)
{
	int64_t now = loop_now_ms();

	listener->turned_away++;
	if (listener->logged_ms && now - listener->logged_ms < LISTENER_LOG_MS)
		return;
	listener->logged_ms = now;
	daemon_log("rejected a client: %s (%" PRIu32 " so far, %" PRIu32 " are connected)", why,
		   listener->turned_away, listener->store->sockets);
}

/* A descriptor for the next time. */
static void keep_descriptor(struct listener *listener)
{
	if (listener->reserve < 0)
		listener->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void rest(struct listener *listener)
{
	listener->rests_until = loop_now_ms() + LISTENER_REST_MS;
	loop_set_events(listener->store->loop, &listener->source, 0);
}

/*
 * There is no descriptor for the client that waits, if one does: that is told only to who has one.
 * false: there is none.
 */
static bool turn_away(struct listener *listener, int error)
{
	int fd;

	if (listener->reserve >= 0)
		close(listener->reserve);
	listener->reserve = -1;
	fd = accept_one(listener);
	if (fd >= 0)
		close(fd);
	else if (fd != -EAGAIN)
		rest(listener);
	keep_descriptor(listener);
	if (fd == -EAGAIN)
		return false;
	log_turned_away(listener, strerror(-error));
	return true;
}

static void serve(struct listener *listener, int fd)
{
	bool many = listener->store->sockets >= listener->limit;
	int ret = many ? -EMFILE : conn_socket_open(listener->store, fd);

	if (ret == 0)
		return;
	close(fd);
	log_turned_away(listener, many ? "there are as many as descriptors allow" : strerror(-ret));
}

/* Errors that the next attempt would have too. */
static bool is_short_of_something(int error)
{
	return error == -EMFILE || error == -ENFILE || error == -ENOBUFS || error == -ENOMEM;
}

static void ready(struct loop_source *source, uint32_t events)
{
	struct listener *listener =
		(struct listener *)((char *)source - offsetof(struct listener, source));

	(void)events;
	for (int i = 0; i < ACCEPT_BATCH && !listener->rests_until; i++) {
		int fd = accept_one(listener);

		if (fd == -EAGAIN)
			return;
		if (fd >= 0)
			serve(listener, fd);
		else if (is_short_of_something(fd) && !turn_away(listener, fd))
			return;
	}
}

static uint32_t find_limit(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur > UINT32_MAX)
		return UINT32_MAX;
	return files.rlim_cur > LISTENER_KEEP ? (uint32_t)files.rlim_cur - LISTENER_KEEP : 0;
}

int listener_open(struct listener *listener, struct store *store, int fd)
{
	*listener = (struct listener){.store = store, .reserve = -1, .limit = find_limit()};
	keep_descriptor(listener);
	store->listener = listener;
	return loop_watch(store->loop, &listener->source, fd, ready);
}

void listener_close(struct listener *listener)
{
	loop_remove(listener->store->loop, &listener->source);
	listener->store->listener = NULL;
	if (listener->reserve >= 0)
		close(listener->reserve);
}

void listener_resume(struct listener *listener)
{
	listener->rests_until = 0;
	loop_set_events(listener->store->loop, &listener->source, EPOLLIN);
}
