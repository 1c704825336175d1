/* SPDX-License-Identifier: ISC */
/* vmctl destroy. */
#include "vmctl.h"
#include "common/guest.h"

#include <libctrl.h>

static int destroy_one(struct ctrl *ctrl, const struct target *target)
{
	int reason = target->shutdown ? target->shutdown_reason : -1;
	struct report report;
	int err = guest_destroy(ctrl, target->domid, target->uuid, reason, NULL, &report);

	return err ? vmctl_fail(vmctl_status(err), "%s", report.text) : EXIT_OK;
}

int cmd_destroy(const struct arguments *arguments)
{
	return target_each(arguments, destroy_one);
}
