/* SPDX-License-Identifier: ISC */
/* Accepts a daemon's clients, even if the process has no free descriptor. */
#include "daemon.h"
#include "base/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define COMPLAIN_MS 60000 /* between log lines about rejected clients */
#define PAUSE_MS    20    /* delay if rejecting fails too, as the listener stays ready */

static int reserve = -1; /* closed briefly to accept a client and reject it */

void daemon_keep_reserve(void)
{
	if (reserve < 0)
		reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void complain(int error)
{
	static int64_t next_ms;
	static unsigned unsaid;
	int64_t now = loop_now_ms();

	unsaid++;
	if (now < next_ms)
		return;
	next_ms = now + COMPLAIN_MS;
	daemon_log("rejected %u client%s: %s", unsaid, unsaid == 1 ? "" : "s", strerror(error));
	unsaid = 0;
}

/* -EAGAIN: no client is waiting, or it has gone. */
static int accept_one(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd >= 0)
		return fd;
	return errno == EINTR || errno == ECONNABORTED ? -EAGAIN : -errno;
}

/*
 * A client that is not accepted keeps the listener ready, and the event loop would spin. Instead,
 * the client is accepted with the reserve descriptor and closed at once, so it sees an end of file.
 * accept4() needs a free descriptor before it looks for a client, so without a waiting client this
 * returns -EAGAIN.
 */
static int reject(int listener, int error)
{
	const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000L * 1000L};
	int fd = error;

	if (reserve >= 0) {
		close(reserve);
		fd = accept_one(listener);
		if (fd >= 0)
			close(fd);
		reserve = -1;
		daemon_keep_reserve();
	}
	if (fd == -EAGAIN)
		return fd;
	if (fd < 0)
		nanosleep(&pause, NULL);
	complain(-error);
	return error;
}

int daemon_accept(int listener)
{
	int fd = accept_one(listener);

	return fd >= 0 || fd == -EAGAIN ? fd : reject(listener, fd);
}
