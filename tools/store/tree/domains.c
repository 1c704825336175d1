/* SPDX-License-Identifier: ISC */
/* The store's table of live domains, by number. */
#include "domains.h"
#include "budget.h"
#include "store/journal.h"
#include "store/store.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct domain **bucket_of(struct domain_table *table, uint32_t domid)
{
	return &table->buckets[domid % DOMAIN_BUCKETS];
}

static struct domain *new_domain(struct domain_table *table, uint32_t domid)
{
	struct domain *domain = calloc(1, sizeof(*domain));

	if (!domain)
		return NULL;
	domain->table = table;
	domain->domid = domid;
	snprintf(domain->home, sizeof(domain->home), "/local/domain/%" PRIu32, domid);
	domain->refs = 1;
	domain->privileged = domid == 0;
	return domain;
}

/* The table holds one reference. */
static struct domain *add(struct domain_table *table, uint32_t domid)
{
	struct domain *domain = new_domain(table, domid);

	if (!domain)
		return NULL;
	domain->next = *bucket_of(table, domid);
	*bucket_of(table, domid) = domain;
	table->count++;
	return domain;
}

int domains_init(struct domain_table *table, struct store *store, struct perms_table *perms)
{
	*table = (struct domain_table){.store = store, .perms = perms};
	table->zero = add(table, 0);
	return table->zero ? 0 : -ENOMEM;
}

static void kill_one(struct domain *domain, void *arg)
{
	(void)arg;
	domain_kill(domain);
}

void domains_free(struct domain_table *table)
{
	domains_each(table, kill_one, NULL);
}

struct domain *domains_find(const struct domain_table *table, uint32_t domid)
{
	struct domain *domain = table->buckets[domid % DOMAIN_BUCKETS];

	while (domain && domain->domid != domid)
		domain = domain->next;
	return domain;
}

struct domain *domains_dead(struct domain_table *table, uint32_t domid)
{
	struct domain *domain = new_domain(table, domid);

	if (domain) {
		domain->dead = true;
		domain->privileged = false;
	}
	return domain;
}

/* Fills in the UUID too, or zeros when the hypervisor does not report it. */
static bool exists(struct store *store, uint32_t domid, uint8_t uuid[DOMAIN_UUID_SIZE])
{
	struct domain_seen seen = {.domid = domid};
	int state = DOMAIN_RUNS;

	work_add(WORK_DOMAIN_STATE);
	/* If the query fails, assume that the domain exists; the next check corrects this. */
	if (store->platform)
		state = store->platform->domain_state(store, domid, &seen);
	memcpy(uuid, seen.uuid, sizeof(seen.uuid));
	return state != DOMAIN_GONE;
}

struct domain *domains_named(struct domain_table *table, uint32_t domid)
{
	struct domain *domain = domains_find(table, domid);
	uint8_t uuid[DOMAIN_UUID_SIZE];

	if (domain)
		return domain_get(domain);
	if (!exists(table->store, domid, uuid))
		return domains_dead(table, domid);
	domain = domains_assume(table, domid);
	if (!domain)
		return NULL;
	memcpy(domain->uuid, uuid, sizeof(uuid));
	journal_domain(table->store, domain);
	return domain;
}

struct domain *domains_assume(struct domain_table *table, uint32_t domid)
{
	struct domain *domain = domains_find(table, domid);

	if (!domain)
		domain = add(table, domid);
	return domain ? domain_get(domain) : NULL;
}

struct domain *domain_get(struct domain *domain)
{
	domain->refs++;
	return domain;
}

void domain_put(struct domain *domain)
{
	if (!domain || --domain->refs)
		return;
	domain_put(domain->target);
	free(domain);
}

void domain_kill(struct domain *domain)
{
	struct domain **at = bucket_of(domain->table, domain->domid);

	while (*at != domain)
		at = &(*at)->next;
	*at = domain->next;
	domain->next = NULL;
	domain->table->count--;
	domain->dead = true;
	domain_put(domain->target);
	domain->target = NULL;
	domain_put(domain);
}

void domains_each(struct domain_table *table, void (*visit)(struct domain *domain, void *arg),
		  void *arg)
{
	for (unsigned int i = 0; i < DOMAIN_BUCKETS; i++) {
		struct domain *next;

		for (struct domain *domain = table->buckets[i]; domain; domain = next) {
			next = domain->next;
			visit(domain, arg);
		}
	}
}
