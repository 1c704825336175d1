/* SPDX-License-Identifier: ISC */
/*
 * vmctl pause, vmctl unpause. The hypervisor counts pauses; a user does not, so what is paused is
 * not paused again. Other tools may have done so.
 */
#include "cmd.h"

#include <libctrl.h>

static int pause_one(struct ctrl *ctrl, const char *word)
{
	struct target target;
	int err, status = target_find(ctrl, word, &target);

	if (status)
		return status;
	if (!target.domid)
		return vmctl_fail(EXIT_FAILED, "dom0 cannot be paused: vmctl runs there");
	err = target.paused ? 0 : ctrl_pause_domain(ctrl, target.domid);
	return err ? vmctl_fail(vmctl_status(err), "%s", ctrl_error()) : EXIT_OK;
}

static int unpause_one(struct ctrl *ctrl, const char *word)
{
	struct ctrl_domain_info info;
	struct target target;
	int err, status = target_find(ctrl, word, &target);

	if (status)
		return status;
	err = target.paused ? ctrl_unpause_domain(ctrl, target.domid) : 0;
	if (err)
		return vmctl_fail(vmctl_status(err), "%s", ctrl_error());
	if (!ctrl_get_domain(ctrl, target.domid, &info) && info.paused)
		return vmctl_fail(EXIT_FAILED,
				  "%s: it was paused more than once, by another tool, and still "
				  "is; 'vmctl unpause %s' again",
				  target.name, target.name);
	return EXIT_OK;
}

int cmd_pause(const struct arguments *arguments)
{
	return words_each(arguments, pause_one);
}

int cmd_unpause(const struct arguments *arguments)
{
	return words_each(arguments, unpause_one);
}
