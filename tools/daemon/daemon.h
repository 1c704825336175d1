/* SPDX-License-Identifier: ISC */
/* Start and end of every Plinth daemon: detaching, pid file, socket, log and signals. */
#ifndef PLINTH_COMMON_DAEMON_H
#define PLINTH_COMMON_DAEMON_H

#include <stdbool.h>
#include <stddef.h>

struct daemon_options {
	const char *name; /* "plinth-consoled" */
	const char *pid_file;
	const char *socket;
	const char *log_file;
	bool foreground; /* stay in the foreground; log to stderr too */
};

/* An option that only one daemon has. */
struct daemon_option {
	char letter;
	const char **text; /* set to its argument; NULL: no argument, set flag */
	bool *flag;
};

/*
 * Reads the command line: -f, -s SOCKET and -p PIDFILE into options, and the daemon's own options
 * (at most 16). Prints the usage and exits after -h (status 0) or after an error (status 2).
 */
void daemon_parse_options(int argc, char **argv, const char *usage, struct daemon_options *options,
			  const struct daemon_option *own, size_t count);

/*
 * Raises the limit of descriptors to the maximum that the system allows. Each client, log file and
 * ring takes one.
 */
void daemon_raise_file_limit(void);

/*
 * Takes the pid file's lock, detaches (unless foreground) and listens on the socket. Returns the
 * listening socket, non-blocking, mode 0600. On failure it prints a message to stderr and returns a
 * negative errno; -EEXIST: the daemon is already running.
 *
 * The process that the shell started waits until its child calls daemon_is_ready(), and then exits
 * with 0. If the child exits before that, the process exits with the child's status.
 */
int daemon_start(const struct daemon_options *options);

/* The daemon is ready: lets the parent exit and detaches from the terminal. */
void daemon_is_ready(void);

/*
 * For a daemon that replaces itself by exec(): keeps the pid file's lock across it and returns its
 * descriptor. The new daemon passes it to daemon_take_over() instead of calling daemon_start().
 */
int daemon_hand_over(void);
void daemon_take_over(const struct daemon_options *options, int pid_fd);

/* Removes the socket and the pid file. */
void daemon_stop(void);

/*
 * Called in a process that the daemon forked as a worker. Closes every descriptor above stderr,
 * including the pid file's lock and the socket, and unblocks the signals. daemon_log() still works.
 */
void daemon_become_worker(void);

/*
 * Writes one line to the log: "2026-01-31T23:59:59Z name[pid]: ...". In the foreground to stderr
 * too.
 */
void daemon_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Changes the log file. Returns 0, or a negative errno and keeps the old log file. */
int daemon_set_log_file(const char *path);

/*
 * Opens the log file again, as SIGHUP asks for after log rotation has moved the old file. If this
 * fails, logging continues in the old file and the reason is logged.
 */
void daemon_reopen_log(void);

/* Reports why the daemon cannot start: to stderr while it is still attached, and to the log. */
void daemon_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Returns a signalfd for SIGTERM, SIGINT, SIGHUP (see daemon_reopen_log()) and, if children is set,
 * SIGCHLD. SIGPIPE is ignored.
 */
int daemon_signal_fd(bool children);

/*
 * Writes a small file so that a reader finds either the old or the new content, never a part. It
 * writes FILE.new, mode 0600, calls fsync and renames it. Returns 0 or a negative errno.
 */
int daemon_write_file(const char *path, const void *data, size_t size);

#endif
