/* SPDX-License-Identifier: ISC */
/* vmctl destroy. */
#include "clients/monitor_client.h"
#include "cmd.h"
#include "guest/guest.h"

#include <libctrl.h>
#include <stdio.h>

static void show_warning(void *context, const char *text)
{
	(void)context;
	vmctl_fail(0, "warning: %s", text);
}

static int destroy_domain(struct ctrl *ctrl, const struct target *target)
{
	int reason = target->shutdown ? target->shutdown_reason : -1;
	const struct guest_options options = {.warn = show_warning};
	struct report report;
	int err = guest_destroy(ctrl, target->domid, target->uuid, reason, &options, &report);

	return err ? vmctl_fail(vmctl_status(err), "%s", report.text) : EXIT_OK;
}

/* A guest that is being restarted may have no domain at the moment, and one in the next. */
static int destroy_one(struct ctrl *ctrl, const char *word)
{
	struct target target;
	struct report report;
	int status = target_look_up(ctrl, word, &target, &report);

	if (status == EXIT_NO_DOMAIN) {
		if (!monitor_client_call_off(NULL, word, NULL)) {
			printf("%s: had no domain; its restart is called off\n", word);
			return EXIT_OK;
		}
		status = target_look_up(ctrl, word, &target, &report);
	}
	return status ? vmctl_fail(status, "%s", report.text) : destroy_domain(ctrl, &target);
}

int cmd_destroy(const struct arguments *arguments)
{
	return words_each(arguments, destroy_one);
}
