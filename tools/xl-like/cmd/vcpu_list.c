/* SPDX-License-Identifier: ISC */
/* vmctl vcpu-list: each vCPU, where it is and where it may be. */
#include "cmd.h"
#include "config/cpulist.h"

#include <inttypes.h>
#include <libctrl.h>
#include <stdio.h>

#define TENTH_SECOND 100000000
#define LIST_SIZE    64

/* A set of this machine's CPUs as people write it. */
static void format_set(const struct cpulist *set, unsigned int nr_cpus, char text[LIST_SIZE])
{
	struct cpulist whole = *set;

	for (unsigned int cpu = 0; cpu < nr_cpus; cpu++) {
		if (!cpulist_has(set, cpu)) {
			cpulist_format(set, text, LIST_SIZE);
			return;
		}
	}
	for (size_t i = 0; i < sizeof(whole.bits); i++)
		whole.bits[i] = 0xff;
	cpulist_format(&whole, text, LIST_SIZE);
}

static int print_vcpu(struct ctrl *ctrl, const struct target *target, uint32_t vcpu,
		      unsigned int nr_cpus)
{
	struct ctrl_vcpu_info info;
	struct cpulist hard = {0}, soft = {0};
	char hard_text[LIST_SIZE], soft_text[LIST_SIZE], cpu[16] = "-";
	int err = ctrl_get_vcpu_info(ctrl, target->domid, vcpu, &info);

	if (!err)
		err = ctrl_get_vcpu_affinity(ctrl, target->domid, vcpu, hard.bits, soft.bits,
					     nr_cpus);
	if (err)
		return vmctl_fail(vmctl_status(err), "%s", ctrl_error());
	if (info.online)
		snprintf(cpu, sizeof(cpu), "%" PRIu32, info.cpu);
	format_set(&hard, nr_cpus, hard_text);
	format_set(&soft, nr_cpus, soft_text);
	printf("%-32s %5" PRIu32 " %5" PRIu32 " %5s   %c%c%c  %8" PRIu64 ".%" PRIu64 " %s / %s\n",
	       target->name, target->domid, vcpu, cpu, info.running ? 'r' : '-',
	       info.blocked ? 'b' : '-', info.online ? '-' : 'p', info.cpu_time / TENTH_SECOND / 10,
	       info.cpu_time / TENTH_SECOND % 10, hard_text, soft_text);
	return EXIT_OK;
}

static int print_domain(struct ctrl *ctrl, const struct target *target, unsigned int nr_cpus)
{
	struct ctrl_domain_info info;
	int err = ctrl_get_domain(ctrl, target->domid, &info), status = EXIT_OK;

	if (err)
		return vmctl_fail(vmctl_status(err), "%s", ctrl_error());
	for (uint32_t vcpu = 0; !status && vcpu < info.max_vcpu_id + 1; vcpu++)
		status = print_vcpu(ctrl, target, vcpu, nr_cpus);
	return status;
}

static int print_all(const struct targets *targets)
{
	struct ctrl_physinfo machine;
	int err = ctrl_get_physinfo(targets->ctrl, &machine), status = EXIT_OK;

	if (err)
		return vmctl_fail(vmctl_status(err), "%s", ctrl_error());
	printf("%-32s %5s %5s %5s %5s %10s %s\n", "Name", "ID", "VCPU", "CPU", "State", "Time(s)",
	       "Affinity (Hard / Soft)");
	for (size_t i = 0; i < targets->count; i++) {
		int one = print_domain(targets->ctrl, &targets->list[i], machine.max_cpu_id + 1);

		status = status ? status : one;
	}
	return status;
}

int cmd_vcpu_list(const struct arguments *arguments)
{
	struct targets targets;
	int status = targets_open(&targets, arguments->words, arguments->count);

	if (targets.count) {
		int shown = print_all(&targets);

		status = status ? status : shown;
	}
	targets_close(&targets);
	return status;
}
