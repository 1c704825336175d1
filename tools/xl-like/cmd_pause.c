/* SPDX-License-Identifier: ISC */
/* vmctl pause, vmctl unpause. */
#include "vmctl.h"

#include <libctrl.h>

static int pause_one(struct ctrl *ctrl, const struct target *target)
{
	int err = ctrl_pause_domain(ctrl, target->domid);

	return err ? vmctl_fail(vmctl_status(err), "%s", ctrl_error()) : EXIT_OK;
}

static int unpause_one(struct ctrl *ctrl, const struct target *target)
{
	int err = ctrl_unpause_domain(ctrl, target->domid);

	return err ? vmctl_fail(vmctl_status(err), "%s", ctrl_error()) : EXIT_OK;
}

int cmd_pause(const struct arguments *arguments)
{
	return target_each(arguments, pause_one);
}

int cmd_unpause(const struct arguments *arguments)
{
	return target_each(arguments, unpause_one);
}
