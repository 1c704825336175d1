/* SPDX-License-Identifier: ISC */
/* vmctl mem-set, vmctl mem-max: a running guest's memory. */
#include "cmd.h"
#include "config/guest_config.h"
#include "guest/registry.h"
#include "xl-like/common/progress.h"
#include "xl-like/common/talk.h"
#include "base/number.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KIB_OF_MIB 1024
#define MAX_MIB    (1 << 20)
#define LIMIT_S    30
/* A domain has some pages beside its RAM, for its rings; and a balloon counts in its own way. */
#define SLACK_KIB 1024

/* What is wanted of a guest. */
struct wish {
	struct talk talk;
	struct target target;
	uint64_t kib;
	unsigned int limit; /* seconds; 0: do not wait */
};

/* "512", or with a unit: k, m, g. Without one: MiB. */
static int parse_size(const char *text, uint64_t *kib)
{
	static const struct {
		const char *unit;
		uint64_t kib;
	} units[] = {{"", 1024}, {"k", 1}, {"m", 1024}, {"g", 1024 * 1024}};
	uint64_t value;

	if (number_scan(&text, (uint64_t)MAX_MIB * KIB_OF_MIB, &value))
		return -1;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcasecmp(text, units[i].unit)) {
			*kib = value * units[i].kib;
			return *kib && *kib <= (uint64_t)MAX_MIB * KIB_OF_MIB ? 0 : -1;
		}
	return -1;
}

/* A number in a node that only dom0 may write; 0: it is not there. */
static uint64_t read_number(struct wish *wish, const char *path)
{
	char *text = talk_read(&wish->talk, wish->target.domid, path);
	uint64_t number = text ? strtoull(text, NULL, 10) : 0;

	free(text);
	return number;
}

static int write_number(struct wish *wish, const char *path, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	return talk_write(&wish->talk, wish->target.domid, path, text);
}

static int set_limit(struct wish *wish, uint64_t kib)
{
	int err;

	if (!wish->target.domid)
		return EXIT_OK; /* dom0's memory is its own affair */
	err = ctrl_set_max_memory(wish->talk.ctrl, wish->target.domid, kib + SLACK_KIB);
	return err ? vmctl_fail(vmctl_status(err), "%s", ctrl_error()) : EXIT_OK;
}

/* --- mem-set --- */

static bool has_size(struct wish *wish, struct ctrl_domain_info *info)
{
	uint64_t have = info->memory / 1024;

	return have <= wish->kib + SLACK_KIB && have + SLACK_KIB >= wish->kib;
}

static int wait_for_size(struct wish *wish)
{
	struct ctrl_domain_info info;

	talk_set_limit(&wish->talk, wish->limit);
	do {
		if (talk_fate(&wish->talk, &wish->target, &info) != FATE_ALIVE)
			return vmctl_fail(EXIT_NO_DOMAIN, "%s: it has ended", wish->target.name);
		if (has_size(wish, &info))
			return EXIT_OK;
	} while (talk_wait(&wish->talk));
	return vmctl_fail(EXIT_TIMEOUT,
			  "%s: after %u s it has %" PRIu64 " MiB, not %" PRIu64
			  ": it has no balloon driver, or cannot do without the memory; it may "
			  "still come there",
			  wish->target.name, wish->limit, info.memory >> 20,
			  wish->kib / KIB_OF_MIB);
}

/*
 * Pages that a 1:1 mapped dom0 balloons out stay its own: it needs their frames for other domains'
 * pages. The hypervisor has nothing of them, and dom0 would have lost them.
 */
static int check_dom0(struct wish *wish)
{
	struct ctrl_domain_info info;
	int err = ctrl_get_domain(wish->talk.ctrl, 0, &info);

	if (err)
		return vmctl_fail(vmctl_status(err), "%s", ctrl_error());
	if (wish->kib + SLACK_KIB >= info.memory / 1024 ||
	    ctrl_is_direct_mapped(wish->talk.ctrl) <= 0)
		return EXIT_OK;
	return vmctl_fail(EXIT_FAILED,
			  "Domain-0 is mapped 1:1, so what it gives back cannot be used by guests: "
			  "it keeps its %" PRIu64 " MiB; to have it start with less, write "
			  "'dom0_mem=' on the hypervisor's command line and boot again",
			  info.memory >> 20);
}

static int check_target(struct wish *wish)
{
	uint64_t max = read_number(wish, "memory/static-max");

	if (!wish->target.domid && check_dom0(wish))
		return EXIT_FAILED;
	if (!max && wish->target.domid)
		return vmctl_fail(EXIT_FAILED,
				  "%s: it has no memory/static-max in the store: it was created "
				  "while no store daemon ran, and cannot be ballooned",
				  wish->target.name);
	if (max && wish->kib > max)
		return vmctl_fail(EXIT_FAILED,
				  "%s: it can have %" PRIu64 " MiB at most ('maxmem', or "
				  "'vmctl mem-max')",
				  wish->target.name, max / KIB_OF_MIB);
	return EXIT_OK;
}

/* The limit is set first: growing needs it, and a guest that shrinks shall not grow again. */
static int set_size(struct wish *wish)
{
	struct progress progress;
	int status = check_target(wish);

	if (!status)
		status = set_limit(wish, wish->kib);
	if (!status)
		status = write_number(wish, "memory/target", wish->kib);
	if (status || !wish->limit)
		return status;
	progress_start(&progress, wish->target.name, false);
	progress_step(&progress, "waiting for its balloon driver");
	status = wait_for_size(wish);
	progress_stop(&progress);
	return status;
}

/* --- mem-max --- */

/*
 * What it was started with, in KiB; 0: not known. Linux on ARM believes more than that to be
 * memory that is added while it runs, puts it below its RAM, and crashes.
 */
static uint64_t read_boot_max(const struct target *target)
{
	struct guest_config config = {0};
	struct registry_entry entry;
	struct report unused;
	uint64_t mib = 0;

	if (registry_read(NULL, target->domid, target->uuid, &entry))
		return 0;
	if (!guest_config_load_text("", entry.config, strlen(entry.config), &config, &unused))
		mib = config.maxmem_mib > config.memory_mib ? config.maxmem_mib : config.memory_mib;
	guest_config_clear(&config);
	registry_entry_clear(&entry);
	return mib * KIB_OF_MIB;
}

static int check_max(struct wish *wish)
{
	const char *name = wish->target.name;
	uint64_t boot_max = read_boot_max(&wish->target);
	uint64_t target = read_number(wish, "memory/target");

	if (!wish->target.domid)
		return vmctl_fail(EXIT_FAILED, "dom0 has no maximum to be set");
	if (!boot_max)
		return vmctl_fail(EXIT_FAILED,
				  "%s: vmctl has not made it, and cannot know what it can take",
				  name);
	if (wish->kib > boot_max)
		return vmctl_fail(EXIT_FAILED,
				  "%s: it was started for %" PRIu64 " MiB at most, and Linux on "
				  "ARM cannot take more; set 'maxmem' and create it again",
				  name, boot_max / KIB_OF_MIB);
	if (wish->kib < target)
		return vmctl_fail(EXIT_FAILED,
				  "%s: it is to have %" PRIu64 " MiB now; 'vmctl mem-set' it to "
				  "less first",
				  name, target / KIB_OF_MIB);
	return EXIT_OK;
}

static int set_max(struct wish *wish)
{
	int status = check_max(wish);

	if (!status)
		status = set_limit(wish, wish->kib);
	if (!status)
		status = write_number(wish, "memory/static-max", wish->kib);
	return status;
}

/* --- the commands --- */

static int run(const struct arguments *arguments, struct wish *wish, int go(struct wish *wish))
{
	struct ctrl *ctrl;
	int status;

	if (parse_size(arguments->words[1], &wish->kib))
		return vmctl_fail(EXIT_USAGE,
				  "%s: '%s' is no size: MiB are wanted, or a number with k, m or g "
				  "behind it",
				  arguments->command->name, arguments->words[1]);
	status = vmctl_open(&ctrl);
	if (status)
		return status;
	status = target_find(ctrl, arguments->words[0], &wish->target);
	if (!status)
		status = talk_open(&wish->talk, ctrl);
	if (!status) {
		status = go(wish);
		talk_close(&wish->talk);
	}
	ctrl_close(ctrl);
	return status;
}

int cmd_mem_set(const struct arguments *arguments)
{
	struct wish wish = {.limit = LIMIT_S};
	int status = talk_parse_timeout(arguments, &wish.limit);

	return status ? status : run(arguments, &wish, set_size);
}

int cmd_mem_max(const struct arguments *arguments)
{
	struct wish wish = {0};

	return run(arguments, &wish, set_max);
}
