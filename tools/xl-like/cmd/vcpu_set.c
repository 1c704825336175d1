/* SPDX-License-Identifier: ISC */
/* vmctl vcpu-set: how many vCPUs of a running guest are online. */
#include "cmd.h"
#include "xl-like/common/progress.h"
#include "xl-like/common/talk.h"
#include "base/number.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define LIMIT_S 10

/* One transaction: the guest sees all of it at once. */
static int write_nodes(struct talk *talk, const struct target *target, uint32_t wanted,
		       uint32_t max)
{
	struct ctrl_store_batch *b;
	char path[48];
	int err = ctrl_store_batch_new(talk->store, &b);

	if (err)
		return vmctl_fail(EXIT_FAILED, "%s", ctrl_error());
	ctrl_store_batch_base(b, "/local/domain/%" PRIu32, target->domid);
	for (uint32_t vcpu = 0; vcpu < max; vcpu++) {
		snprintf(path, sizeof(path), "cpu/%" PRIu32 "/availability", vcpu);
		ctrl_store_batch_write(b, path, vcpu < wanted ? "online" : "offline");
	}
	err = ctrl_store_batch_commit(b);
	ctrl_store_batch_free(b);
	return err ? vmctl_fail(vmctl_status(err), "%s", ctrl_error()) : EXIT_OK;
}

/* Linux takes vCPUs offline by itself. On ARM it does no more than allow those that come back. */
static int fail_count(const struct target *target, uint32_t wanted, uint32_t online,
		      unsigned int limit)
{
	if (online < wanted)
		return vmctl_fail(EXIT_TIMEOUT,
				  "%s: it may use %" PRIu32 " vCPUs now, but %" PRIu32
				  " are online: Linux on ARM waits for 'echo 1 "
				  ">/sys/devices/system/cpu/cpu%" PRIu32 "/online' in the guest",
				  target->name, wanted, online, online);
	return vmctl_fail(EXIT_TIMEOUT,
			  "%s: after %u s %" PRIu32 " of its vCPUs are online, not %" PRIu32
			  ": its kernel does not take CPUs offline",
			  target->name, limit, online, wanted);
}

static int wait_for_count(struct talk *talk, const struct target *target, uint32_t wanted,
			  unsigned int limit)
{
	struct ctrl_domain_info info;

	talk_set_limit(talk, limit);
	do {
		if (talk_fate(talk, target, &info) != FATE_ALIVE)
			return vmctl_fail(EXIT_NO_DOMAIN, "%s: it has ended", target->name);
		if (info.nr_online_vcpus == wanted)
			return EXIT_OK;
	} while (talk_wait(talk));
	return fail_count(target, wanted, info.nr_online_vcpus, limit);
}

static int set_vcpus(struct ctrl *ctrl, const struct target *target, uint32_t wanted,
		     unsigned int limit)
{
	struct ctrl_domain_info info;
	struct progress progress;
	struct talk talk;
	int status = talk_open(&talk, ctrl);

	if (status)
		return status;
	if (talk_fate(&talk, target, &info) != FATE_ALIVE)
		status = vmctl_fail(EXIT_FAILED, "%s: it has ended", target->name);
	else if (wanted > info.max_vcpu_id + 1)
		status = vmctl_fail(EXIT_FAILED,
				    "%s: it has %" PRIu32
				    " vCPUs at most ('maxvcpus' in its config)",
				    target->name, info.max_vcpu_id + 1);
	else
		status = write_nodes(&talk, target, wanted, info.max_vcpu_id + 1);
	if (!status && limit) {
		progress_start(&progress, target->name, false);
		progress_step(&progress, "waiting for its kernel");
		status = wait_for_count(&talk, target, wanted, limit);
		progress_stop(&progress);
	}
	talk_close(&talk);
	return status;
}

int cmd_vcpu_set(const struct arguments *arguments)
{
	const char *text = arguments->words[1];
	unsigned int limit = LIMIT_S;
	uint64_t wanted = 0;
	struct target target;
	struct ctrl *ctrl;
	int status = talk_parse_timeout(arguments, &limit);

	if (!status && !number_parse(text, 1, CTRL_MAX_VCPUS, &wanted))
		status = vmctl_fail(EXIT_USAGE,
				    "vcpu-set: a number from 1 to %u is wanted, not '%s'",
				    CTRL_MAX_VCPUS, text);
	if (!status)
		status = vmctl_open(&ctrl);
	if (status)
		return status;
	status = target_find(ctrl, arguments->words[0], &target);
	if (!status)
		status = set_vcpus(ctrl, &target, (uint32_t)wanted, limit);
	ctrl_close(ctrl);
	return status;
}
