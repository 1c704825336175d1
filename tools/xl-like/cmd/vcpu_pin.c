/* SPDX-License-Identifier: ISC */
/* vmctl vcpu-pin: on which CPUs a vCPU may run, and would rather run. */
#include "cmd.h"
#include "config/cpulist.h"
#include "base/number.h"

#include <inttypes.h>
#include <libctrl.h>
#include <stdlib.h>
#include <string.h>

/* What is wanted. "-" leaves a set as it is. */
struct pinning {
	uint32_t first, last; /* vCPUs */
	bool every;
	struct cpulist hard, soft;
	bool has_hard, has_soft;
};

static int parse_set(const char *text, struct cpulist *set, bool *has, unsigned int nr_cpus)
{
	struct report report;

	if (!strcmp(text, "-"))
		return EXIT_OK;
	if (cpulist_parse(text, set, &report))
		return vmctl_fail(EXIT_USAGE, "vcpu-pin: %s", report.text);
	if (!cpulist_has_any_below(set, nr_cpus))
		return vmctl_fail(
			EXIT_FAILED,
			"vcpu-pin: '%s' has none of this machine's CPUs, which are 0 to %u", text,
			nr_cpus - 1);
	*has = true;
	return EXIT_OK;
}

static int parse(const struct arguments *arguments, struct pinning *pinning, unsigned int nr_cpus)
{
	const char *vcpu = arguments->words[1];
	uint64_t number = 0;
	int status;

	pinning->every = !strcmp(vcpu, "all");
	if (!pinning->every && !number_parse(vcpu, 0, CTRL_MAX_VCPUS - 1, &number))
		return vmctl_fail(EXIT_USAGE, "vcpu-pin: the vCPU is a number or 'all', not '%s'",
				  vcpu);
	pinning->first = pinning->last = (uint32_t)number;
	status = parse_set(arguments->words[2], &pinning->hard, &pinning->has_hard, nr_cpus);
	if (!status && arguments->count > 3)
		status =
			parse_set(arguments->words[3], &pinning->soft, &pinning->has_soft, nr_cpus);
	return status;
}

static int pin(struct ctrl *ctrl, const struct target *target, struct pinning *pinning,
	       unsigned int nr_cpus)
{
	struct ctrl_domain_info info;
	int err = ctrl_get_domain(ctrl, target->domid, &info);

	if (!err && !pinning->every && pinning->last > info.max_vcpu_id)
		return vmctl_fail(EXIT_FAILED, "%s: its vCPUs are 0 to %" PRIu32, target->name,
				  info.max_vcpu_id);
	if (!err && pinning->every)
		pinning->last = info.max_vcpu_id;
	for (uint32_t vcpu = pinning->first; !err && vcpu <= pinning->last; vcpu++)
		err = ctrl_set_vcpu_affinity(
			ctrl, target->domid, vcpu, pinning->has_hard ? pinning->hard.bits : NULL,
			pinning->has_soft ? pinning->soft.bits : NULL, nr_cpus);
	return err ? vmctl_fail(vmctl_status(err), "%s", ctrl_error()) : EXIT_OK;
}

int cmd_vcpu_pin(const struct arguments *arguments)
{
	struct pinning pinning = {0};
	struct ctrl_physinfo machine;
	struct target target;
	struct ctrl *ctrl;
	int status = vmctl_open(&ctrl);

	if (status)
		return status;
	status = target_find(ctrl, arguments->words[0], &target);
	if (!status && ctrl_get_physinfo(ctrl, &machine))
		status = vmctl_fail(EXIT_FAILED, "%s", ctrl_error());
	if (!status)
		status = parse(arguments, &pinning, machine.max_cpu_id + 1);
	if (!status)
		status = pin(ctrl, &target, &pinning, machine.max_cpu_id + 1);
	ctrl_close(ctrl);
	return status;
}
