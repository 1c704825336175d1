/* SPDX-License-Identifier: ISC */
/* Names of domains that other tools have made: they stand in the store only. */
#include "common/guest_config.h"
#include "common/registry.h"

#include <inttypes.h>
#include <libctrl.h>
#include <stdio.h>
#include <stdlib.h>

#define PATH_SIZE 48

static bool is_nameless(const struct registry_domain *domain)
{
	return domain->info->domid && !domain->own_name;
}

static bool has_nameless(const struct registry_domain *domains, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_nameless(&domains[i]))
			return true;
	return false;
}

/* The guest itself cannot write its name there. */
static void take_name(struct registry_domain *domain)
{
	if (!domain->foreign_name)
		return;
	if (*guest_name_fault(domain->foreign_name)) {
		free(domain->foreign_name);
		domain->foreign_name = NULL;
		return;
	}
	domain->name = domain->foreign_name;
}

static void read_names(struct ctrl_store *store, struct registry_domain *domains, size_t count)
{
	struct ctrl_store_batch *b;
	char path[PATH_SIZE];
	int err;

	if (ctrl_store_batch_new(store, &b))
		return;
	for (size_t i = 0; i < count; i++) {
		if (!is_nameless(&domains[i]))
			continue;
		snprintf(path, sizeof(path), "/local/domain/%" PRIu32 "/name",
			 domains[i].info->domid);
		ctrl_store_batch_read(b, path, &domains[i].foreign_name);
	}
	err = ctrl_store_batch_run(b);
	ctrl_store_batch_free(b);
	for (size_t i = 0; i < count && !err; i++)
		take_name(&domains[i]);
}

void registry_name_foreign(struct registry_domain *domains, size_t count)
{
	struct ctrl_store *store;

	if (!has_nameless(domains, count) || ctrl_store_open(&store))
		return;
	read_names(store, domains, count);
	ctrl_store_close(store);
}
