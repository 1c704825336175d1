/* SPDX-License-Identifier: ISC */
/* Lists of CPUs as people write them: "0-3,5,^2", "all". */
#ifndef TOOLS_COMMON_CPULIST_H
#define TOOLS_COMMON_CPULIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/report.h"

#define CPULIST_MAX_CPUS 1024

/* Bit n%8 of byte n/8 is CPU n, as libctrl takes it. */
struct cpulist {
	uint8_t bits[CPULIST_MAX_CPUS / 8];
};

/*
 * Parts apart by commas: a CPU "5", a range "0-3", either with ^ in front to take it out of what
 * came before, or "all". What only takes out starts from all. 0, or -EINVAL with the report set (it
 * names no file: config_fail() and the like add the place).
 */
int cpulist_parse(const char *text, struct cpulist *list, struct report *report);

bool cpulist_has(const struct cpulist *list, unsigned int cpu);

/* Whether at least one of CPUs 0..nr-1 is in the list. */
bool cpulist_has_any_below(const struct cpulist *list, unsigned int nr);

/* Writes "0-3,5" or "all"; cuts at size. */
void cpulist_format(const struct cpulist *list, char *text, size_t size);

#endif
