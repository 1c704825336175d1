/* SPDX-License-Identifier: ISC */
/* Finds a domain in a list of all of them, and tells what can be told of one. */
#include "domain_find.h"

#include <libctrl.h>
#include <stdlib.h>
#include <string.h>

static int by_domid(const void *key, const void *element)
{
	uint32_t domid = *(const uint32_t *)key;
	const struct ctrl_domain_info *info = element;

	return domid < info->domid ? -1 : domid > info->domid;
}

const struct ctrl_domain_info *domain_find(const struct ctrl_domain_info *list, int count,
					   uint32_t domid, const uint8_t uuid[16])
{
	const struct ctrl_domain_info *info =
		bsearch(&domid, list, (size_t)count, sizeof(*list), by_domid);

	return info && memcmp(info->uuid, uuid, sizeof(info->uuid)) == 0 ? info : NULL;
}

bool domain_is_half_made(const struct ctrl_domain_info *info)
{
	return !info->dying && info->paused && !info->cpu_time;
}
