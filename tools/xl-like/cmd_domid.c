/* SPDX-License-Identifier: ISC */
/* vmctl domid, vmctl domname. */
#include "vmctl.h"

#include <inttypes.h>
#include <libctrl.h>
#include <stdio.h>
#include <string.h>

static int print_domid(struct ctrl *ctrl, const struct target *target)
{
	(void)ctrl;
	printf("%" PRIu32 "\n", target->domid);
	return EXIT_OK;
}

static int print_name(struct ctrl *ctrl, const struct target *target)
{
	(void)ctrl;
	printf("%s\n", target->name);
	return EXIT_OK;
}

int cmd_domid(const struct arguments *arguments)
{
	return target_each(arguments, print_domid);
}

int cmd_domname(const struct arguments *arguments)
{
	const char *word = arguments->words[0];

	if (!*word || word[strspn(word, "0123456789")])
		return vmctl_fail(EXIT_USAGE, "domname: '%s' is not a domain number", word);
	return target_each(arguments, print_name);
}
