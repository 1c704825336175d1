/* SPDX-License-Identifier: ISC */
/* vmctl rename. */
#include "cmd.h"
#include "guest/guest.h"

#include <libctrl.h>

static int rename_to(struct ctrl *ctrl, const struct target *target, const char *name)
{
	struct report report;
	int err;

	if (!target->domid)
		return vmctl_fail(EXIT_FAILED, "dom0 has no other name");
	err = guest_rename(ctrl, target->domid, target->uuid, name, NULL, &report);
	return err ? vmctl_fail(vmctl_status(err), "%s: %s", target->name, report.text) : EXIT_OK;
}

int cmd_rename(const struct arguments *arguments)
{
	struct target target;
	struct ctrl *ctrl;
	int status = vmctl_open(&ctrl);

	if (status)
		return status;
	status = target_find(ctrl, arguments->words[0], &target);
	if (!status)
		status = rename_to(ctrl, &target, arguments->words[1]);
	ctrl_close(ctrl);
	return status;
}
