/* SPDX-License-Identifier: ISC */
/* Names of domains that other tools have made. They are only in the store. */
#include "config/guest_config.h"
#include "registry.h"
#include "clients/store_open.h"

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

/* The store does not let a guest write its own name. */
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

static int read_names(struct ctrl_store *store, struct registry_domain *domains, size_t count)
{
	struct ctrl_store_batch *b;
	char path[PATH_SIZE];
	int err;

	err = ctrl_store_batch_new(store, &b);
	if (err)
		return err;
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
	return err;
}

int registry_name_foreign(struct registry_domain *domains, size_t count)
{
	struct ctrl_store *store;
	int err;

	if (!has_nameless(domains, count))
		return 0;
	err = ctrl_store_open(&store);
	if (err)
		return err;
	ctrl_store_set_timeout(store, STORE_ANSWER_MS);
	err = read_names(store, domains, count);
	ctrl_store_close(store);
	return err;
}
