/* SPDX-License-Identifier: ISC */
/*
 * The socket that a daemon's clients connect to. If the process has no free descriptor, the next
 * client is accepted with a descriptor that is kept for this purpose, and disconnected at once: it
 * does not wait in vain, and the event loop does not spin. If that fails too, the socket rests for
 * a moment.
 */
#ifndef TOOLS_DAEMON_LISTENER_H
#define TOOLS_DAEMON_LISTENER_H

#include "base/loop.h"

#include <stdint.h>

#define LISTENER_LOG_MS  60000 /* between log lines about rejected clients */
#define LISTENER_REST_MS 100

struct listener {
	struct loop_source source;
	struct loop *loop;
	/* Takes over a client. After a negative errno the client is disconnected. */
	int (*serve)(int fd);
	int reserve; /* the descriptor for rejecting; -1: none */
	uint32_t rejected, unsaid;
	int64_t log_ms;      /* when the log may report rejected clients again */
	int64_t rests_until; /* 0: it listens */
};

/* Listens on fd. 0 or a negative errno. */
int listener_open(struct listener *listener, struct loop *loop, int fd, int (*serve)(int fd));
void listener_close(struct listener *listener); /* fd stays open */

/* Ends a rest that is over. Returns the milliseconds until one ends; -1: it does not rest. */
int listener_due(struct listener *listener, int64_t now_ms);

#endif
