/* SPDX-License-Identifier: ISC */
/* A guest config after checking: what each key means, with defaults filled in. */
#ifndef TOOLS_COMMON_GUEST_CONFIG_H
#define TOOLS_COMMON_GUEST_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/config.h"
#include "common/cpulist.h"
#include "common/report.h"

#define GUEST_NAME_MAX    63        /* bytes without the NUL */
#define GUEST_CMDLINE_MAX 2047      /* what an arm64 Linux takes, without the NUL */
#define GUEST_MEMORY_MAX  (1 << 20) /* MiB */

/* Start from `struct guest_config guest = {0};` and end with guest_config_clear(). */
struct guest_config {
	char *name;
	uint8_t uuid[16];
	bool uuid_given;              /* else random, made by guest_config_from() */
	char *kernel;                 /* absolute paths */
	char *ramdisk;                /* or NULL */
	char *cmdline, *extra, *root; /* as written; guest_config_cmdline() joins them */
	uint64_t memory_mib, maxmem_mib;
	uint64_t vcpus, maxvcpus;
	struct cpulist *cpus; /* where vCPU n may run: entry n, the last one for all further ones */
	size_t cpus_count;    /* 0: anywhere */
	struct cpulist *cpus_soft;
	size_t cpus_soft_count;
	uint64_t cpu_weight, cap;
	uint64_t gic_version;                                   /* enum ctrl_gic */
	uint64_t on_poweroff, on_reboot, on_crash, on_watchdog; /* enum monitor_action */
	uint64_t max_grant_frames, max_maptrack_frames, max_event_channels;
};

/*
 * Checks every key of a parsed config and fills in guest. directory: what relative file names in
 * the config are relative to (those from a command line are relative to the working directory; see
 * guest_config_load()). 0, or a negative errno with "file:line:column: ..." in the report.
 */
int guest_config_from(const struct config *config, const char *directory,
		      struct guest_config *guest, struct report *report);

/*
 * The usual way: a file and "key=value" arguments on top of it. path may be NULL (arguments only)
 * or
 * "-" (standard input).
 */
int guest_config_load(const char *path, char *const overrides[], size_t override_count,
		      struct guest_config *guest, struct report *report);

/* The same from a text that guest_config_format() made, for a restart. */
int guest_config_load_text(const char *label, const char *text, size_t length,
			   struct guest_config *guest, struct report *report);

/*
 * The config written out again: every key that differs from its default, the uuid, absolute paths.
 * It stands alone, without the file and the arguments that it came from. NULL: no memory.
 */
char *guest_config_format(const struct guest_config *guest);

/* The kernel's command line: cmdline, or "root=" + root and extra. The caller's to free; NULL: no
 * memory. */
char *guest_config_cmdline(const struct guest_config *guest);

void guest_config_clear(struct guest_config *guest);

/* "" where a guest can be called so, else what is wrong with the name. */
const char *guest_name_fault(const char *name);

#endif
