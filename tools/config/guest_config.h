/* SPDX-License-Identifier: ISC */
/* A guest config after checking: what each key means, with defaults filled in. */
#ifndef TOOLS_COMMON_GUEST_CONFIG_H
#define TOOLS_COMMON_GUEST_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "cpulist.h"
#include "disk_spec.h"
#include "base/report.h"
#include "vif_spec.h"

#define GUEST_NAME_MAX     63         /* bytes without the NUL */
#define GUEST_CMDLINE_MAX  2047       /* what an arm64 Linux takes, without the NUL */
#define GUEST_HOST_DEFAULT UINT64_MAX /* what the hypervisor has as its default */
#define GUEST_MEMORY_MAX   (1 << 20)  /* MiB */
#define GUEST_DISKS_MAX    64
#define GUEST_VIFS_MAX     32

/* Where vCPUs may run. */
struct guest_affinity {
	struct cpulist *lists;
	size_t count;  /* 0: anywhere */
	bool per_vcpu; /* vCPU n has list n, or goes anywhere; false: list 0 is for all vCPUs */
};

/* The list for a vCPU; NULL: anywhere. */
const struct cpulist *guest_affinity_of(const struct guest_affinity *affinity, unsigned int vcpu);

struct guest_disks {
	struct disk_spec *list;
	size_t count;
};

struct guest_vifs {
	struct vif_spec *list;
	size_t count;
};

/* Gives a name to the disks without one; -EINVAL where two cannot be there together. */
int guest_disks_choose(struct guest_disks *disks, struct report *report);

/* Gives a MAC address to the interfaces without one; -EINVAL where two have the same. */
int guest_vifs_choose(struct guest_vifs *vifs, const uint8_t uuid[16], struct report *report);

struct guest_config;

/* How many vCPUs the domain is made with. */
uint64_t guest_config_maxvcpus(const struct guest_config *guest);

enum guest_vuart { GUEST_VUART_NONE, GUEST_VUART_SBSA };

/* Start from `struct guest_config guest = {0};` and end with guest_config_clear(). */
struct guest_config {
	char *name;
	uint8_t uuid[16];                /* made from the name where the config has none */
	char *kernel;                    /* absolute paths */
	char *ramdisk;                   /* or NULL */
	char *cmdline, *extra, *root;    /* as written; guest_config_cmdline() joins them */
	uint64_t memory_mib, maxmem_mib; /* maxmem 0: as memory */
	uint64_t vcpus, maxvcpus;        /* maxvcpus 0: as vcpus */
	struct guest_affinity cpus, cpus_soft;
	uint64_t cpu_weight, cap;
	uint64_t gic_version;                                   /* enum ctrl_gic */
	uint64_t on_poweroff, on_reboot, on_crash, on_watchdog; /* enum monitor_action */
	uint64_t max_grant_frames, max_maptrack_frames;         /* or GUEST_HOST_DEFAULT */
	uint64_t max_event_channels;
	uint64_t vuart;           /* enum guest_vuart */
	struct guest_disks disks; /* all with a vdev */
	struct guest_vifs vifs;   /* all with a MAC address */
};

/*
 * Reads a file and "key=value" arguments on top of it, checks every key and fills in guest. 0, or
 * a negative errno with "file:line:column: ..." in the report; warn (or NULL) hears of what is read
 * all the same. path may be NULL (arguments only), or "-" (standard input). Relative file
 * names in the file are relative to the file's directory, those in arguments to the working
 * directory.
 */
int guest_config_load(const char *path, char *const overrides[], size_t override_count,
		      void (*warn)(const char *text), struct guest_config *guest,
		      struct report *report);

/* The same from a text that guest_config_format() made, for a restart. */
int guest_config_load_text(const char *label, const char *text, size_t length,
			   struct guest_config *guest, struct report *report);

/*
 * The config written out again: every key that differs from its default, the uuid, absolute paths.
 * It stands alone, without the file and the arguments that it came from. NULL: no memory.
 */
char *guest_config_format(const struct guest_config *guest);

/* The kernel's command line: cmdline, or root and extra. To be freed; NULL: no memory. */
char *guest_config_cmdline(const struct guest_config *guest);

void guest_config_clear(struct guest_config *guest);

#define REGISTRY_DOM0_NAME "Domain-0"

/* "" where a guest can be called so, else what is wrong with the name. */
const char *guest_name_fault(const char *name);

#endif
