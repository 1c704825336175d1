/* SPDX-License-Identifier: ISC */
/* What every daemon of Plinth does at its start and end: detach, pid file, socket, log, signals. */
#ifndef PLINTH_COMMON_DAEMON_H
#define PLINTH_COMMON_DAEMON_H

#include <stdbool.h>
#include <stddef.h>

struct daemon_options {
	const char *name; /* "plinth-consoled" */
	const char *pid_file;
	const char *socket;
	const char *log_file;
	bool foreground; /* stay attached; log to stderr too */
};

/* An option of one daemon alone: its letter, and what it sets. */
struct daemon_option {
	char letter;
	const char **text; /* to its argument; NULL: it has none, and flag is set */
	bool *flag;
};

/*
 * Reads the command line: -f, -s SOCKET, -p PIDFILE into options, and the daemon's own (at most 16). Ends the process
 * with the usage after -h (status 0), or where something is wrong (2).
 */
void daemon_parse_options(int argc, char **argv, const char *usage, struct daemon_options *options,
			  const struct daemon_option *own, size_t count);

/* As many descriptors as the system lets this process have: clients, log files and rings take one each. */
void daemon_raise_file_limit(void);

/*
 * Takes the pid file's lock, detaches (unless foreground) and listens on the socket. On failure a
 * sentence is printed to stderr and a negative errno comes back; -EEXIST: it runs already. Returns
 * the listening socket, non-blocking, mode 0600. The process that called from the shell waits for
 * daemon_is_ready() in its child and then exits with 0; when the child exits before that, with the
 * child's status.
 */
int daemon_start(const struct daemon_options *options);

/* Everything works: lets the parent go and leaves the terminal. */
void daemon_is_ready(void);

/*
 * For a daemon that is replaced by exec(): keeps the pid file's lock over it and returns its
 * descriptor. The successor calls daemon_take_over() with it instead of daemon_start().
 */
int daemon_hand_over(void);
void daemon_take_over(const struct daemon_options *options, int pid_fd);

/* Removes the socket and the pid file. */
void daemon_stop(void);

/*
 * In a process that the daemon forked for a piece of work: lets go of every file descriptor past
 * stderr, the pid file's lock and the socket among them, and of the blocked signals; daemon_log()
 * works on.
 */
void daemon_become_worker(void);

/* One line into the log: "2026-01-31T23:59:59Z name[pid]: ...". In the foreground to stderr too. */
void daemon_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* From now on into another file. 0, or a negative errno and the log stays where it is. */
int daemon_set_log_file(const char *path);

/* Why the daemon cannot start: to stderr, while it is still somebody's, and to the log. */
void daemon_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Makes a folder and those above it, mode 0755. 0 or a negative errno. */
int daemon_make_folder(const char *path);

/* The same for the folder that a file is in. */
int daemon_make_folder_of(const char *file);

/* A signalfd for SIGTERM, SIGINT and, when children is set, SIGCHLD; SIGPIPE and SIGHUP are
 * ignored. */
int daemon_signal_fd(bool children);

/*
 * Writes a small file so that a reader finds the old or the new content, never a part (write to
 * FILE.new, fsync, rename; mode 0600). 0 or a negative errno.
 */
int daemon_write_file(const char *path, const void *data, size_t size);

/* Reads a whole file of at most limit bytes; *data is NUL-terminated and the caller's to free. */
int daemon_read_file(const char *path, size_t limit, char **data, size_t *size);

#endif
