/* SPDX-License-Identifier: ISC */
/* vmctl sysrq: presses a magic key in a Linux guest. */
#include "cmd.h"
#include "xl-like/common/talk.h"

#include <ctype.h>

#define NODE    "control/sysrq"
#define LIMIT_S 10

/* The guest's driver takes the key by writing NUL in its place. */
static int send_key(struct talk *talk, const struct target *target, const char *key)
{
	struct ctrl_domain_info info;
	int status;

	if (talk_fate(talk, target, &info) != FATE_ALIVE)
		return vmctl_fail(EXIT_FAILED, "%s: it has ended", target->name);
	if (info.paused)
		return vmctl_fail(EXIT_FAILED, "%s: it is paused; 'vmctl unpause %s' first",
				  target->name, target->name);
	talk_watch(talk, target->domid, NODE);
	status = talk_write(talk, target->domid, NODE, key);
	if (status)
		return status;
	talk_set_limit(talk, LIMIT_S);
	do {
		if (!talk_node_is(talk, target->domid, NODE, key) ||
		    talk_fate(talk, target, &info) != FATE_ALIVE)
			return EXIT_OK;
	} while (talk_wait(talk));
	talk_write(talk, target->domid, NODE, "");
	return vmctl_fail(EXIT_TIMEOUT,
			  "%s: the guest has not taken the key within %d s, and it was withdrawn: "
			  "its kernel hangs, still starts, or has no driver that takes keys",
			  target->name, LIMIT_S);
}

int cmd_sysrq(const struct arguments *arguments)
{
	const char *key = arguments->words[1];
	struct target target;
	struct talk talk;
	struct ctrl *ctrl;
	int status;

	if (!isalnum((unsigned char)key[0]) || key[1])
		return vmctl_fail(EXIT_USAGE, "sysrq: one letter or digit is wanted, not '%s'",
				  key);
	status = vmctl_open(&ctrl);
	if (status)
		return status;
	status = target_find(ctrl, arguments->words[0], &target);
	if (!status)
		status = talk_open(&talk, ctrl);
	if (!status) {
		status = send_key(&talk, &target, key);
		talk_close(&talk);
	}
	ctrl_close(ctrl);
	return status;
}
