/* SPDX-License-Identifier: ISC */
/* The main function of every daemon: options, start, event loop and end, in this order. */
#ifndef TOOLS_DAEMON_MAIN_H
#define TOOLS_DAEMON_MAIN_H

#include "daemon.h"
#include "listener.h"

/* What differs between daemons. Functions that may be NULL are marked. */
struct daemon_program {
	struct daemon_options options;
	const char *usage;
	const struct daemon_option *own; /* options of this daemon only */
	size_t own_count;
	struct loop *loop; /* made by daemon_main() */
	bool has_workers;  /* signal() is called for SIGCHLD */

	/* NULL: daemon_start(). Called first; returns the listening socket or a negative errno. */
	int (*start)(const struct daemon_options *options);
	/* Before the daemon is ready. 0, or a negative errno after a call of daemon_fail(). */
	int (*open)(void);
	int (*serve)(int fd); /* see struct listener */
	/* Does what is due, before each wait for events. Returns milliseconds to wait, or -1. */
	int (*turn)(int64_t now_ms);
	void (*signal)(
		unsigned signo); /* SIGHUP, once the log is open anew, and SIGCHLD; or NULL */
	void (*close)(void);

	/* Set by daemon_main(); open() may set the greeting. */
	struct listener listener;
	const char *greeting; /* the first line of the log */
	char *const *argv;
};

/* Returns the exit status of the process. */
int daemon_main(int argc, char **argv, struct daemon_program *program);

/* Of two waits in milliseconds the shorter one; -1 is no limit. */
int daemon_sooner(int a, int b);

#endif
