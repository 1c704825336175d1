/* SPDX-License-Identifier: ISC */
/* vmctl domid, vmctl domname. */
#include "cmd.h"

#include <inttypes.h>
#include <libctrl.h>
#include <stdio.h>
#include <string.h>

static int print_domid(struct ctrl *ctrl, const char *word)
{
	struct target target;
	int status = target_find(ctrl, word, &target);

	if (!status)
		printf("%" PRIu32 "\n", target.domid);
	return status;
}

static int print_name(struct ctrl *ctrl, const char *word)
{
	struct target target;
	int status = target_find(ctrl, word, &target);

	if (!status)
		printf("%s\n", target.name);
	return status;
}

int cmd_domid(const struct arguments *arguments)
{
	return words_each(arguments, print_domid);
}

int cmd_domname(const struct arguments *arguments)
{
	const char *word = arguments->words[0];

	if (!*word || word[strspn(word, "0123456789")])
		return vmctl_fail(EXIT_USAGE, "domname: '%s' is not a domain number", word);
	return words_each(arguments, print_name);
}
