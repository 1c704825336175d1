/* SPDX-License-Identifier: ISC */
/* The user's terminal in raw mode, given back on every way out of the process. */
#include "terminal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <termios.h>

static const int deadly[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM, SIGPIPE,
			     SIGABRT, SIGSEGV, SIGBUS,  SIGFPE,  SIGILL};

static struct termios saved;
static volatile sig_atomic_t raw_fd = -1;

void terminal_restore(void)
{
	int fd = raw_fd, error = errno;

	raw_fd = -1;
	if (fd >= 0)
		tcsetattr(fd, TCSADRAIN, &saved);
	errno = error;
}

/* Only what may be called in a handler; then die of the signal as if it had not been caught. */
static void die_clean(int number)
{
	int fd = raw_fd;

	raw_fd = -1;
	if (fd >= 0)
		tcsetattr(fd, TCSANOW, &saved);
	signal(number, SIG_DFL);
	raise(number);
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
