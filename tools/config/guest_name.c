/* SPDX-License-Identifier: ISC */
/* Which names a guest may have. */
#include "guest_config.h"

#include <string.h>

const char *guest_name_fault(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._+:-";
	size_t length = strlen(name);

	if (!length)
		return "it is empty";
	if (length > GUEST_NAME_MAX)
		return "it is longer than 63 bytes";
	if (name[strspn(name, allowed)])
		return "it may hold letters, digits and . _ + : - only";
	if (*name == '.' || *name == '-')
		return "it starts with '.' or '-'";
	if (!name[strspn(name, "0123456789")])
		return "only digits are taken for a domain number";
	if (!strcmp(name, REGISTRY_DOM0_NAME))
		return "it is dom0's";
	return "";
}
