/* SPDX-License-Identifier: ISC */
/* vmctl sched-credit2: guests' shares of CPU time, shown and changed. */
#include "cmd.h"
#include "base/number.h"

#include <inttypes.h>
#include <libctrl.h>
#include <stdio.h>
#include <stdlib.h>

static int print_one(struct ctrl *ctrl, const struct target *target)
{
	struct ctrl_sched_params params;
	int err = ctrl_get_sched_params(ctrl, target->domid, &params);

	if (err)
		return vmctl_fail(vmctl_status(err), "%s", ctrl_error());
	printf("%-32s %5" PRIu32 " %6u %4u\n", target->name, target->domid, params.weight,
	       params.cap);
	return EXIT_OK;
}

static int print_all(const struct targets *targets)
{
	int status = EXIT_OK;

	printf("%-32s %5s %6s %4s\n", "Name", "ID", "Weight", "Cap");
	for (size_t i = 0; i < targets->count; i++) {
		int one = print_one(targets->ctrl, &targets->list[i]);

		status = status ? status : one;
	}
	return status;
}

static int change(struct ctrl *ctrl, const struct target *target, const char *weight,
		  const char *cap)
{
	struct ctrl_sched_params params;
	uint64_t number;
	int err = ctrl_get_sched_params(ctrl, target->domid, &params);

	if (weight && number_parse(weight, 1, UINT16_MAX, &number))
		params.weight = (uint16_t)number;
	if (cap && number_parse(cap, 0, UINT16_MAX, &number))
		params.cap = (uint16_t)number;
	if (!err)
		err = ctrl_set_sched_params(ctrl, target->domid, &params);
	return err ? vmctl_fail(vmctl_status(err), "%s", ctrl_error()) : EXIT_OK;
}

static int check_values(const char *domain, const char *weight, const char *cap)
{
	uint64_t number;

	if (weight && !number_parse(weight, 1, UINT16_MAX, &number))
		return vmctl_fail(EXIT_USAGE, "sched-credit2: the weight is 1 to 65535, not '%s'",
				  weight);
	if (cap && !number_parse(cap, 0, UINT16_MAX, &number))
		return vmctl_fail(EXIT_USAGE,
				  "sched-credit2: the cap is 0 to 65535 %% of a CPU, not '%s'",
				  cap);
	if ((weight || cap) && !domain)
		return vmctl_fail(EXIT_USAGE, "sched-credit2: --domain is missing: which one is to "
					      "be changed?");
	return EXIT_OK;
}

int cmd_sched_credit2(const struct arguments *arguments)
{
	char *domain = (char *)arguments_option(arguments, "domain");
	const char *weight = arguments_option(arguments, "weight");
	const char *cap = arguments_option(arguments, "cap");
	struct targets targets;
	int status = check_values(domain, weight, cap);

	if (status)
		return status;
	status = targets_open(&targets, &domain, !!domain);
	if (!status && (weight || cap))
		status = change(targets.ctrl, targets.list, weight, cap);
	else if (!status)
		status = print_all(&targets);
	targets_close(&targets);
	return status;
}
