/* SPDX-License-Identifier: ISC */
/* vmctl console: the console daemon's client, and what is known of a guest that has ended. */
#include "clients/console_client.h"
#include "clients/monitor_client.h"
#include "cmd.h"

#include <getopt.h>
#include <stdio.h>

void console_tell_restart(const char *name)
{
	char text[MONITOR_PENDING_TEXT];
	struct monitor_pending pending;

	if (!monitor_client_find(NULL, name, NULL, &pending))
		fprintf(stderr, "[%s: %s]\n", name, monitor_pending_text(&pending, text));
}

int cmd_console(int argc, char *const argv[])
{
	int status = console_client_main(argc, argv);

	/* the options are parsed, and behind them is the guest */
	if (status != CONSOLE_EXIT_USAGE && optind < argc)
		console_tell_restart(argv[optind]);
	return status;
}
