/* SPDX-License-Identifier: ISC */
/*
 * Prints what the hypervisor says, on Plinth and on stock Xen alike:
 *   domains memory NAME  how much memory is free, how many domains there are and what they have, in
 *                        bytes
 *   domains times NAME   the CPU time of each domain so far, and the time, in ns
 */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libctrl.h>

#define AT_ONCE_NS 500000

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

static long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static int list_domains(struct ctrl *c, struct ctrl_domain_info **list)
{
	int count = ctrl_list_all_domains(c, list);

	if (count < 0)
		errx(1, "%s", ctrl_error());
	return count;
}

/*
 * The times must be of the moment that is printed: one in which another domain got the CPU will not
 * do.
 */
static void print_times(struct ctrl *c, const char *name)
{
	struct ctrl_domain_info *list = NULL;
	long long before, after;
	int count, tries = 0;

	do {
		free(list);
		before = now();
		count = list_domains(c, &list);
		after = now();
	} while (after - before > AT_ONCE_NS && ++tries < 100);
	printf("times: %s at %lld", name, before);
	for (int n = 0; n < count; n++)
		printf(" %" PRIu32 ":%" PRIu64, list[n].domid, list[n].cpu_time);
	putchar('\n');
	free(list);
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
	if (!strcmp(argv[1], "times")) {
		print_times(c, argv[2]);
	} else {
		count = list_domains(c, &list);
		print_memory(c, argv[2], list, count);
		free(list);
	}
	ctrl_close(c);
	return 0;
}
