/* SPDX-License-Identifier: ISC */
/* The user's terminal in raw mode, given back on every way out of the process. */
#include "terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_MS      300 /* of silence, and no more answers come */
#define ANSWER_STEP_MS 10
#define ANSWER_MAX_MS  1000 /* of a terminal that does not stop */

static const int deadly[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM, SIGPIPE,
			     SIGABRT, SIGSEGV, SIGBUS,  SIGFPE,  SIGILL};

static struct termios saved;
static volatile sig_atomic_t raw_fd = -1;

void terminal_restore(void)
{
	int fd = raw_fd, error = errno;

	raw_fd = -1;
	if (fd >= 0)
		tcsetattr(fd, TCSAFLUSH,
			  &saved); /* what is typed or answered is not for the shell */
	errno = error;
}

/* Only what may be called in a handler; then die of the signal as if it had not been caught. */
static void die_clean(int number)
{
	int fd = raw_fd;

	raw_fd = -1;
	if (fd >= 0)
		tcsetattr(fd, TCSAFLUSH, &saved);
	signal(number, SIG_DFL);
	raise(number);
}

void terminal_drop_answers(int fd)
{
	struct pollfd waiting = {.fd = fd, .events = POLLIN};
	char dropped[256];

	/* A terminal may be far away, and each answer may be the last one. */
	tcdrain(STDOUT_FILENO);
	for (int left = ANSWER_MAX_MS; left > 0 && poll(&waiting, 1, ANSWER_MS) > 0;
	     left -= ANSWER_STEP_MS) {
		const struct timespec step = {.tv_nsec = ANSWER_STEP_MS * 1000L * 1000L};

		if (read(fd, dropped, sizeof(dropped)) <= 0)
			return;
		nanosleep(&step, NULL);
	}
}

int terminal_make_raw(int fd)
{
	struct sigaction action = {.sa_handler = die_clean};
	static int registered;
	struct termios raw;

	if (tcgetattr(fd, &saved) < 0)
		return -errno;
	if (!registered && atexit(terminal_restore) != 0)
		return -ENOMEM;
	registered = 1;
	for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++)
		sigaction(deadly[i], &action, NULL);
	signal(SIGTSTP, SIG_IGN); /* stopping would leave a raw terminal to the shell */
	raw = saved;
	cfmakeraw(&raw);
	raw_fd = fd;
	if (tcsetattr(fd, TCSADRAIN, &raw) < 0) {
		raw_fd = -1;
		return -errno;
	}
	return 0;
}
