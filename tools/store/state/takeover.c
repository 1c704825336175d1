/* SPDX-License-Identifier: ISC */
/* Can a program take the place of this daemon? It is asked before it is started in this process. */
#include "takeover.h"
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER "plinth-stored state"

void takeover_print(void)
{
	printf(ANSWER);
	for (int format = STATE_OLDEST; format <= STATE_FORMAT; format++)
		printf(" %d", format);
	printf("\n");
}

const char *takeover_error(int error)
{
	return error == -ENOEXEC ? "it cannot take over the state of this daemon"
				 : strerror(-error);
}

/* The program, with its output in a pipe and no signal blocked. 0 or a negative errno. */
static int start(const char *binary, int output, pid_t *pid)
{
	char option[] = TAKEOVER_OPTION;
	char *const argv[] = {(char *)binary, option, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	char *const environment[] = {NULL};
	sigset_t none;
	int ret;

	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, output, 1);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	ret = posix_spawn(pid, binary, &actions, &attributes, argv, environment);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return -ret;
}

/* All that comes, up to its end or as long as there is time. */
static void read_answer(int fd, char *text, size_t size, int timeout_ms)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	size_t used = 0;
	ssize_t count = 1;

	while (count > 0 && used + 1 < size && poll(&wait, 1, timeout_ms) > 0) {
		count = read(fd, text + used, size - 1 - used);
		used += count > 0 ? (size_t)count : 0;
	}
	text[used] = '\0';
}

static int judge(const char *text)
{
	char *end = (char *)text + strlen(ANSWER);
	long format = 0;

	if (strncmp(text, ANSWER, strlen(ANSWER)) != 0)
		return -ENOEXEC;
	while (*end == ' ' && format != STATE_FORMAT)
		format = strtol(end, &end, 10);
	return format == STATE_FORMAT ? 0 : -ENOEXEC;
}

int takeover_check(const char *binary, int timeout_ms)
{
	char text[256] = "";
	int ends[2], ret;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	ret = start(binary, ends[1], &pid);
	close(ends[1]);
	if (ret == 0) {
		read_answer(ends[0], text, sizeof(text), timeout_ms);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		ret = judge(text);
	}
	close(ends[0]);
	return ret;
}
