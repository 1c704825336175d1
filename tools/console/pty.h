/* SPDX-License-Identifier: ISC */
/*
 * A console as a terminal of dom0's, /dev/pts/N, for tools that know no other way (xl console):
 * one more client, which begins when somebody opens the terminal and ends when nobody has it open.
 * Between two of them it is made anew, so that nothing of the first is left for the second.
 *
 * Nobody having the terminal open is a condition that epoll would report without end; so the
 * terminal is in the loop only while it is open, and inotify tells of the opening.
 */
#ifndef PLINTH_CONSOLE_PTY_H
#define PLINTH_CONSOLE_PTY_H

#include "base/loop.h"

#include <stdbool.h>

#define PTY_PATH_MAX  32
#define PTY_LINGER_MS 300 /* a dead guest's last words are read within this time */

struct console_guest;
struct console_server;

struct console_pty {
	struct loop_source source; /* the master; in the loop while open; fd -1: there is none */
	struct console_server *server;
	char path[PTY_PATH_MAX]; /* of the terminal */
	int watch;               /* inotify's, of the path */
	bool open;               /* somebody has it */
	bool unpublished;        /* its path has not gone to the store yet */
	uint64_t position;       /* in the guest's output */
	int64_t close_ms;        /* of a dead guest's: when to close it, 0: it lives */
};

/* inotify, in the server's loop. 0 or a negative errno: then there are no terminals. */
int pty_init(struct console_server *server);
void pty_exit(struct console_server *server);

/* A terminal for the guest, or a line in the log that says why there is none. */
void pty_start(struct console_server *server, struct console_guest *guest);
void pty_stop(struct console_guest *guest);

/* There is new output, or the guest has taken input. */
void pty_advance(struct console_guest *guest);

/* When a dead guest's terminal is to be looked at again; INT64_MAX: it has none (any more). */
int64_t pty_end(struct console_guest *guest, int64_t now_ms);

#endif
