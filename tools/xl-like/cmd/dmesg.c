/* SPDX-License-Identifier: ISC */
/* vmctl dmesg. */
#include "cmd.h"

#include <errno.h>
#include <libctrl.h>
#include <stdio.h>

#define CHUNK 16384

static int print_log(struct ctrl *ctrl, unsigned int flags)
{
	static char buffer[CHUNK];
	uint32_t index = 0;
	int got;

	/* cleared by the call that finds nothing more, so that nothing is cleared unread */
	while ((got = ctrl_read_log(ctrl, buffer, sizeof(buffer), &index, 0)) > 0)
		fwrite(buffer, 1, (size_t)got, stdout);
	if (!got && flags)
		got = ctrl_read_log(ctrl, buffer, sizeof(buffer), &index, flags);
	if (got > 0)
		fwrite(buffer, 1, (size_t)got, stdout);
	return got < 0 ? vmctl_fail(vmctl_status(got), "%s", ctrl_error()) : EXIT_OK;
}

static int print_previous(struct ctrl *ctrl)
{
	static char buffer[CHUNK];
	uint64_t offset = 0;
	int got;

	while ((got = ctrl_read_previous_log(ctrl, buffer, sizeof(buffer), &offset, NULL)) > 0)
		fwrite(buffer, 1, (size_t)got, stdout);
	return got < 0 ? vmctl_fail(vmctl_status(got), "%s", ctrl_error()) : EXIT_OK;
}

int cmd_dmesg(const struct arguments *arguments)
{
	bool clear = arguments_option(arguments, "clear");
	bool previous = arguments_option(arguments, "previous");
	struct ctrl *ctrl;
	int status;

	if (clear && previous)
		return vmctl_fail(EXIT_USAGE, "dmesg: the previous log cannot be cleared");
	status = vmctl_open(&ctrl);
	if (status)
		return status;
	status = previous ? print_previous(ctrl) : print_log(ctrl, clear ? CTRL_LOG_CLEAR : 0);
	ctrl_close(ctrl);
	return status;
}
