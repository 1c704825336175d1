/* SPDX-License-Identifier: ISC */
/* Prints how much memory the hypervisor says is free, and what each domain has, in bytes; on Plinth
 * and on stock Xen. */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <libctrl.h>

int main(void)
{
	struct ctrl_domain_info *list;
	struct ctrl_physinfo machine;
	struct ctrl *c;
	int count;

	if (ctrl_open(&c) || ctrl_get_physinfo(c, &machine))
		errx(1, "%s", ctrl_error());
	count = ctrl_list_all_domains(c, &list);
	if (count < 0)
		errx(1, "%s", ctrl_error());
	printf("memory: free %" PRIu64 " domains", machine.free_bytes);
	for (int n = 0; n < count; n++)
		printf(" %" PRIu32 ":%" PRIu64, list[n].domid, list[n].memory);
	putchar('\n');
	free(list);
	ctrl_close(c);
	return 0;
}
