/* SPDX-License-Identifier: ISC */
/* vmctl: finds the command and runs it. */
#include "base/nearest.h"
#include "commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *nth_command(const void *context, size_t n)
{
	(void)context;
	return n < command_count ? commands[n].name : NULL;
}

static int unknown_command(const char *name)
{
	const char *nearest = nearest_word(name, nth_command, NULL);

	if (nearest)
		return vmctl_fail(EXIT_USAGE, "there is no command '%s'; did you mean '%s'?", name,
				  nearest);
	return vmctl_fail(EXIT_USAGE, "there is no command '%s'; 'vmctl help' lists them", name);
}

static int run_command(const struct command *command, int argc, char *const argv[])
{
	struct arguments arguments;
	struct report report;
	int status, err;

	if (command->run_raw)
		return command->run_raw(argc, argv);
	err = arguments_parse(command, argc - 1, argv + 1, &arguments, &report);
	if (err > 0) {
		usage_print_command(command);
		status = EXIT_OK;
	} else if (err) {
		status = vmctl_fail(err == -EINVAL ? EXIT_USAGE : EXIT_FAILED, "%s", report.text);
	} else {
		status = command->run(&arguments);
	}
	free(arguments.words);
	return status;
}

static int run(int argc, char *argv[])
{
	static char help[] = "help", version[] = "version";
	const struct command *command;

	if (argc < 2) {
		usage_print_all();
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		argv[1] = help;
	else if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))
		argv[1] = version;
	command = command_find(argv[1]);
	return command ? run_command(command, argc - 1, argv + 1) : unknown_command(argv[1]);
}

int main(int argc, char *argv[])
{
	int status = run(argc, argv);

	if (fflush(stdout) || ferror(stdout))
		return vmctl_fail(EXIT_FAILED, "cannot write the output: %s", strerror(errno));
	return status;
}
