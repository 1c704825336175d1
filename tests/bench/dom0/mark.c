/* SPDX-License-Identifier: ISC */
/*
 * Sets markers for the counting plugin from dom0's user space.
 *   mark N                 marker N
 *   mark N COMMAND ARG...  marker N right before COMMAND is executed, N + 1 when it has ended; its
 * status As a kernel's init: the marker that the variable "mark" names, then /init.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

void marker_set(unsigned long number);

static unsigned long number_of(const char *text)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (*end || number > 254)
		errx(2, "%s is no marker", text);
	return number;
}

static int run_between(unsigned long number, char **command)
{
	int status;
	pid_t child = fork();

	if (child < 0)
		err(2, "fork");
	if (!child) {
		marker_set(number);
		execvp(command[0], command);
		err(127, "%s", command[0]);
	}
	if (waitpid(child, &status, 0) != child)
		err(2, "waitpid");
	marker_set(number + 1);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

int main(int argc, char **argv)
{
	const char *as_init = getenv("mark");

	if (getpid() == 1 && as_init) {
		marker_set(number_of(as_init));
		execl("/init", "/init", (char *)NULL);
		err(1, "/init");
	}
	if (argc < 2)
		errx(2, "usage: mark N [COMMAND ARG...]");
	if (argc > 2)
		return run_between(number_of(argv[1]), argv + 2);
	marker_set(number_of(argv[1]));
	return 0;
}
