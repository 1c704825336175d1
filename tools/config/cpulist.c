/* SPDX-License-Identifier: ISC */
/* Lists of CPUs as people write them: "0-3,5,^2", "all". */
#include "cpulist.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void set_range(struct cpulist *list, unsigned int first, unsigned int last, bool value)
{
	for (unsigned int cpu = first; cpu <= last; cpu++) {
		uint8_t bit = (uint8_t)(1u << cpu % 8);

		if (value)
			list->bits[cpu / 8] |= bit;
		else
			list->bits[cpu / 8] &= (uint8_t)~bit;
	}
}

bool cpulist_has(const struct cpulist *list, unsigned int cpu)
{
	return cpu < CPULIST_MAX_CPUS && list->bits[cpu / 8] & 1u << cpu % 8;
}

bool cpulist_has_any_below(const struct cpulist *list, unsigned int nr)
{
	for (unsigned int cpu = 0; cpu < nr && cpu < CPULIST_MAX_CPUS; cpu++)
		if (cpulist_has(list, cpu))
			return true;
	return false;
}

static bool is_all(const struct cpulist *list)
{
	for (unsigned int cpu = 0; cpu < CPULIST_MAX_CPUS; cpu++)
		if (!cpulist_has(list, cpu))
			return false;
	return true;
}

static void skip_blanks(const char **at)
{
	*at += strspn(*at, " \t");
}

/* A number below CPULIST_MAX_CPUS; the report is set otherwise. */
static int parse_cpu(const char **at, unsigned int *cpu, struct report *report)
{
	size_t digits;

	skip_blanks(at);
	digits = strspn(*at, "0123456789");
	if (!digits)
		return report_set(
			report, -EINVAL,
			"a CPU number is missing at '%.16s': \"0-3,5,^2\" and \"all\" are "
			"understood",
			*at);
	*cpu = 0;
	for (size_t i = 0; i < digits; i++) {
		*cpu = *cpu * 10 + (unsigned int)((*at)[i] - '0');
		if (*cpu >= CPULIST_MAX_CPUS)
			return report_set(report, -EINVAL, "CPU number %.*s is over %u",
					  digits < 16 ? (int)digits : 16, *at,
					  CPULIST_MAX_CPUS - 1);
	}
	*at += digits;
	skip_blanks(at);
	return 0;
}

/* "5" or "0-3". */
static int parse_range(const char **at, unsigned int *first, unsigned int *last,
		       struct report *report)
{
	int err = parse_cpu(at, first, report);

	*last = *first;
	if (!err && **at == '-') {
		++*at;
		err = parse_cpu(at, last, report);
	}
	if (!err && *last < *first)
		return report_set(report, -EINVAL, "the range %u-%u goes backwards", *first, *last);
	return err;
}

static int parse_part(const char **at, struct cpulist *list, bool is_first, struct report *report)
{
	unsigned int first = 0, last = CPULIST_MAX_CPUS - 1;
	bool remove;
	int err = 0;

	skip_blanks(at);
	remove = **at == '^';
	*at += remove;
	if (!strncmp(*at, "all", 3))
		*at += 3;
	else
		err = parse_range(at, &first, &last, report);
	if (err)
		return err;
	if (remove && is_first)
		set_range(list, 0, CPULIST_MAX_CPUS - 1, true);
	set_range(list, first, last, !remove);
	skip_blanks(at);
	return 0;
}

int cpulist_parse(const char *text, struct cpulist *list, struct report *report)
{
	const char *at = text;
	int err;

	*list = (struct cpulist){0};
	for (;; at++) {
		err = parse_part(&at, list, at == text, report);
		if (err)
			return err;
		if (*at == '\0')
			break;
		if (*at != ',')
			return report_set(report, -EINVAL, "',' expected at '%.16s' in a CPU list",
					  at);
	}
	if (!cpulist_has_any_below(list, CPULIST_MAX_CPUS))
		return report_set(report, -EINVAL, "the CPU list '%.60s' leaves no CPU", text);
	return 0;
}

/* The end of the run of CPUs in the list that starts at cpu. */
static unsigned int run_end(const struct cpulist *list, unsigned int cpu)
{
	while (cpulist_has(list, cpu + 1))
		cpu++;
	return cpu;
}

void cpulist_format(const struct cpulist *list, char *text, size_t size)
{
	size_t used = 0;

	if (is_all(list)) {
		snprintf(text, size, "all");
		return;
	}
	*text = '\0';
	for (unsigned int cpu = 0; cpu < CPULIST_MAX_CPUS && used < size; cpu++) {
		unsigned int last = cpu;

		if (!cpulist_has(list, cpu))
			continue;
		last = run_end(list, cpu);
		used += (size_t)snprintf(text + used, size - used, "%s%u", used ? "," : "", cpu);
		if (last != cpu && used < size)
			used += (size_t)snprintf(text + used, size - used, "-%u", last);
		cpu = last;
	}
}
