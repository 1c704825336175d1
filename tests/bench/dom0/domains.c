/* SPDX-License-Identifier: ISC */
/*
 * Prints what the hypervisor says, on Plinth and on stock Xen alike:
 *   domains memory NAME  how much memory is free, how many domains there are and what they have, in bytes
 *   domains times NAME   the CPU time of each domain so far, and the time, in ns
 */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libctrl.h>

static void print_memory(struct ctrl *c, const char *name, const struct ctrl_domain_info *list,
			 int count)
{
	struct ctrl_physinfo machine;
	uint64_t sum = 0;

	if (ctrl_get_physinfo(c, &machine))
		errx(1, "%s", ctrl_error());
	for (int n = 0; n < count; n++)
		sum += list[n].memory;
	printf("memory: %s free %" PRIu64 " domains %d have %" PRIu64 "\n", name,
	       machine.free_bytes, count, sum);
}

static void print_times(const char *name, const struct ctrl_domain_info *list, int count)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	printf("times: %s at %lld", name, now.tv_sec * 1000000000LL + now.tv_nsec);
	for (int n = 0; n < count; n++)
		printf(" %" PRIu32 ":%" PRIu64, list[n].domid, list[n].cpu_time);
	putchar('\n');
}

int main(int argc, char **argv)
{
	struct ctrl_domain_info *list;
	struct ctrl *c;
	int count;

	if (argc != 3)
		errx(2, "usage: domains memory|times NAME");
	if (ctrl_open(&c))
		errx(1, "%s", ctrl_error());
	count = ctrl_list_all_domains(c, &list);
	if (count < 0)
		errx(1, "%s", ctrl_error());
	if (!strcmp(argv[1], "times"))
		print_times(argv[2], list, count);
	else
		print_memory(c, argv[2], list, count);
	free(list);
	ctrl_close(c);
	return 0;
}
