/* SPDX-License-Identifier: ISC */
/* Permissions of nodes: sets of (domain, access), shared by all nodes that have the same. */
#include "perms.h"
#include "domains.h"
#include "base/number.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t hash_entries(const struct perm *entry, size_t count)
{
	uint32_t hash = (uint32_t)count;

	for (size_t i = 0; i < count; i++)
		hash = (hash ^ entry[i].domain->domid << 3 ^ entry[i].bits) * 16777619u;
	return hash ^ hash >> 15;
}

static bool same(const struct perms *perms, const struct perm *entry, size_t count)
{
	if (perms->count != count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (perms->entry[i].domain != entry[i].domain ||
		    perms->entry[i].bits != entry[i].bits)
			return false;
	return true;
}

struct perms *perms_make(struct perms_table *table, const struct perm *entry, size_t count)
{
	uint32_t hash = hash_entries(entry, count);
	struct perms **bucket = &table->buckets[hash % PERMS_BUCKETS];
	struct perms *perms;

	for (perms = *bucket; perms; perms = perms->next)
		if (perms->hash == hash && same(perms, entry, count))
			return perms_get(perms);
	perms = malloc(sizeof(*perms) + count * sizeof(*entry));
	if (!perms)
		return NULL;
	*perms = (struct perms){.next = *bucket, .refs = 1, .hash = hash, .count = (uint16_t)count};
	for (size_t i = 0; i < count; i++)
		perms->entry[i] = (struct perm){domain_get(entry[i].domain), entry[i].bits};
	*bucket = perms;
	table->count++;
	return perms;
}

struct perms *perms_get(struct perms *perms)
{
	perms->refs++;
	return perms;
}

size_t perms_cost(const struct perms *perms)
{
	return perms ? sizeof(*perms) + BLOCK_COST + perms->count * sizeof(perms->entry[0]) : 0;
}

static struct perms_table *table_of(const struct perms *perms)
{
	return perms->entry[0].domain->table->perms;
}

static void unlink_set(struct perms_table *table, struct perms *perms)
{
	struct perms **at = &table->buckets[perms->hash % PERMS_BUCKETS];

	while (*at != perms)
		at = &(*at)->next;
	*at = perms->next;
	table->count--;
}

void perms_put(struct perms *perms)
{
	if (!perms || --perms->refs)
		return;
	unlink_set(table_of(perms), perms);
	for (size_t i = 0; i < perms->count; i++)
		domain_put(perms->entry[i].domain);
	free(perms);
}

struct perms *perms_with_owner(struct perms *perms, struct domain *owner)
{
	struct perms *changed;
	struct perm *entry;

	if (perms_owner(perms) == owner)
		return perms_get(perms);
	entry = malloc(perms->count * sizeof(*entry));
	if (!entry)
		return NULL;
	memcpy(entry, perms->entry, perms->count * sizeof(*entry));
	entry[0].domain = owner;
	changed = perms_make(table_of(perms), entry, perms->count);
	free(entry);
	return changed;
}

static bool speaks_for(const struct domain *domain, const struct domain *named)
{
	return !named->dead && (domain == named || domain->target == named);
}

unsigned perms_for(const struct perms *perms, const struct domain *domain)
{
	if (domain->privileged || speaks_for(domain, perms->entry[0].domain))
		return PERM_READ | PERM_WRITE | PERM_OWNER;
	for (size_t i = 1; i < perms->count; i++)
		if (speaks_for(domain, perms->entry[i].domain))
			return perms->entry[i].bits;
	return perms->entry[0].bits;
}

/* ---- their text ---- */

static const char letters[4] = {'n', 'r', 'w', 'b'}; /* by PERM_READ | PERM_WRITE */

int perm_parse(const char *text, struct perm_text *perm)
{
	const char *letter = memchr(letters, text[0], sizeof(letters));
	uint64_t domid;

	if (!letter || !number_parse(text + 1, 0, DOMID_FIRST_RESERVED - 1, &domid))
		return -EINVAL;
	*perm = (struct perm_text){(uint32_t)domid, (uint8_t)(letter - letters)};
	return 0;
}

static bool is_repeated(const struct perm_text *text, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (text[i].domid == text[at].domid)
			return true;
	return false;
}

static struct domain *find_entry(const struct perm *entry, size_t count, uint32_t domid)
{
	for (size_t i = 0; i < count; i++)
		if (entry[i].domain->domid == domid)
			return domain_get(entry[i].domain);
	return NULL;
}

static int name_entries(struct domain_table *domains, const struct perm_text *text, size_t count,
			struct perm *entry, size_t *made)
{
	for (size_t i = 0; i < count; i++) {
		bool again = is_repeated(text, i);
		struct domain *domain = again ? find_entry(entry, *made, text[i].domid)
					      : domains_named(domains, text[i].domid);

		if (!domain && again)
			continue;
		if (!domain)
			return -ENOMEM;
		if (i && domain->dead)
			domain_put(domain);
		else
			entry[(*made)++] = (struct perm){domain, text[i].bits};
	}
	return 0;
}

struct perms *perms_named(struct domain_table *domains, const struct perm_text *text, size_t count)
{
	struct perm *entry = malloc(count * sizeof(*entry));
	struct perms *perms = NULL;
	size_t made = 0;

	if (entry && name_entries(domains, text, count, entry, &made) == 0)
		perms = perms_make(domains->perms, entry, made);
	for (size_t i = 0; i < made; i++)
		domain_put(entry[i].domain);
	free(entry);
	return perms;
}

size_t perm_print(const struct perm *perm, char *buf)
{
	return (size_t)snprintf(buf, PERM_TEXT, "%c%u", letters[perm->bits & 3],
				perm->domain->domid) +
	       1;
}
