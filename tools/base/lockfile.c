/* SPDX-License-Identifier: ISC */
/* Takes lock files with a time limit and finds out which process holds one. */
#include "lockfile.h"
#include "loop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MS  20   /* between attempts */
#define NOTE_MAX 8192 /* bytes of a file that are read */

/* --- taking --- */

/* The previous holder may have removed the file between our open() and our lock. */
static bool is_still_there(int fd, const char *path)
{
	struct stat opened, there;

	return !fstat(fd, &opened) && !stat(path, &there) && opened.st_ino == there.st_ino &&
	       opened.st_dev == there.st_dev;
}

/* Tries once to take the lock. Tries again only if the file was replaced meanwhile. */
static int take_once(const char *path, int flags)
{
	for (;;) {
		int fd = open(path, flags | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);

		if (fd < 0)
			return -errno;
		if (flock(fd, LOCK_EX | LOCK_NB)) {
			int err = errno == EWOULDBLOCK ? -EBUSY : -errno;

			close(fd);
			return err;
		}
		if (is_still_there(fd, path))
			return fd;
		close(fd);
	}
}

int lockfile_take_abandoned(const char *path)
{
	return take_once(path, 0);
}

/*
 * Replaces what the previous holder wrote. Only messages use this line, so a failed write is
 * ignored.
 */
static void write_holder(int lock)
{
	char pid[16];
	int size = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());

	if (!ftruncate(lock, 0) && pwrite(lock, pid, (size_t)size, 0) == size)
		lseek(lock, size, SEEK_SET);
}

static bool is_cancelled(const struct lock_wait *wait)
{
	return wait->cancelled && wait->cancelled(wait->context);
}

static int fail(const char *path, int err, struct report *report)
{
	char holder[LOCKFILE_HOLDER_SIZE];

	if (err == -EBUSY)
		return report_set(report, err, "%s is locked by %s", path,
				  lockfile_holder(path, holder));
	if (err == -EINTR)
		return report_set(report, err,
				  "interrupted while waiting for the lock %s, held by %s", path,
				  lockfile_holder(path, holder));
	return report_set(report, err, "cannot lock %s: %s", path, strerror(-err));
}

int lockfile_take(const char *path, const struct lock_wait *wait, struct report *report)
{
	const struct timespec pause = {.tv_nsec = LOOK_MS * 1000L * 1000L};
	int64_t end = loop_now_ms() + wait->timeout_ms;
	int lock;

	while ((lock = take_once(path, O_CREAT)) == -EBUSY && loop_now_ms() < end) {
		if (is_cancelled(wait)) {
			lock = -EINTR;
			break;
		}
		nanosleep(&pause, NULL);
	}
	if (lock < 0)
		return fail(path, lock, report);
	write_holder(lock);
	return lock;
}

void lockfile_remove(const char *path, int lock)
{
	unlink(path); /* while the lock is held: see is_still_there() */
	close(lock);
}

/* --- what is in it --- */

int lockfile_note(int lock, const char *text)
{
	size_t size = strlen(text);
	ssize_t done = write(lock, text, size);

	if (done < 0)
		return -errno;
	return (size_t)done == size ? 0 : -ENOSPC;
}

char *lockfile_read(int lock)
{
	char *text = malloc(NOTE_MAX), *end;
	ssize_t got = text ? pread(lock, text, NOTE_MAX - 1, 0) : -1;

	if (got > 0) {
		text[got] = '\0';
		end = strchr(text, '\n');
		if (end && end[1]) {
			memmove(text, end + 1, strlen(end + 1) + 1);
			return text;
		}
	}
	free(text);
	return NULL;
}

/* --- whose it is --- */

/* Reads a file's first bytes as text. Returns their number, 0 if it cannot be read. */
static size_t read_start(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, size - 1);

	if (fd >= 0)
		close(fd);
	text[got > 0 ? got : 0] = '\0';
	return got > 0 ? (size_t)got : 0;
}

/*
 * Reads a command line such as "vmctl create web.cfg". The kernel separates its arguments with
 * NULs.
 */
static void read_command(int pid, char *text, size_t size)
{
	char path[32];
	size_t length;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	length = read_start(path, text, size);
	while (length && !text[length - 1])
		length--;
	for (size_t i = 0; i < length; i++)
		if (text[i] <= ' ' || text[i] > '~')
			text[i] = text[i] ? '?' : ' ';
}

/* Whether the process was stopped by ^Z or SIGSTOP and needs SIGCONT to continue. */
static bool is_stopped(int pid)
{
	char path[32], text[128], *state;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	read_start(path, text, sizeof(text));
	state = strrchr(text, ')');
	return state && (state[2] == 'T' || state[2] == 't');
}

char *lockfile_holder(const char *path, char text[LOCKFILE_HOLDER_SIZE])
{
	char number[16], command[96];
	int pid = 0;

	if (read_start(path, number, sizeof(number)))
		pid = atoi(number);
	if (pid > 0)
		read_command(pid, command, sizeof(command));
	if (pid <= 0 || !*command)
		snprintf(text, LOCKFILE_HOLDER_SIZE, "another process");
	else
		snprintf(text, LOCKFILE_HOLDER_SIZE, "process %d (%s)%s", pid, command,
			 is_stopped(pid) ? ", which is stopped" : "");
	return text;
}
