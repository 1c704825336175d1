/* SPDX-License-Identifier: ISC */
/* The socket that a daemon's clients connect to. */
#include "listener.h"

#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define ACCEPT_BATCH 16

static int accept_one(const struct listener *listener)
{
	int fd = accept4(listener->source.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

static void log_rejected(struct listener *listener, int error)
{
	int64_t now = loop_now_ms();

	listener->rejected++;
	listener->unsaid++;
	if (now < listener->log_ms)
		return;
	listener->log_ms = now + LISTENER_LOG_MS;
	daemon_log("rejected %u client%s: %s", listener->unsaid, listener->unsaid == 1 ? "" : "s",
		   strerror(-error));
	listener->unsaid = 0;
}

static void keep_reserve(struct listener *listener)
{
	if (listener->reserve < 0)
		listener->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void rest(struct listener *listener)
{
	listener->rests_until = loop_now_ms() + LISTENER_REST_MS;
	loop_set_events(listener->loop, &listener->source, 0);
}

/*
 * Accepts the client with the reserve and disconnects it. accept4() needs a free descriptor before
 * it looks for a client, so only this shows whether one waits at all. false: none does.
 */
static bool reject(struct listener *listener, int error)
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
	keep_reserve(listener);
	if (fd == -EAGAIN)
		return false;
	log_rejected(listener, error);
	return true;
}

static void serve(struct listener *listener, int fd)
{
	int ret = listener->serve(fd);

	if (ret == 0)
		return;
	close(fd);
	log_rejected(listener, ret);
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
		else if (is_short_of_something(fd) && !reject(listener, fd))
			return;
	}
}

int listener_open(struct listener *listener, struct loop *loop, int fd, int (*serve_client)(int fd))
{
	*listener = (struct listener){.loop = loop, .serve = serve_client, .reserve = -1};
	keep_reserve(listener);
	return loop_watch(loop, &listener->source, fd, ready);
}

void listener_close(struct listener *listener)
{
	loop_remove(listener->loop, &listener->source);
	if (listener->reserve >= 0)
		close(listener->reserve);
}

int listener_due(struct listener *listener, int64_t now_ms)
{
	if (!listener->rests_until)
		return -1;
	if (now_ms < listener->rests_until)
		return (int)(listener->rests_until - now_ms);
	listener->rests_until = 0;
	loop_set_events(listener->loop, &listener->source, EPOLLIN);
	return -1;
}
