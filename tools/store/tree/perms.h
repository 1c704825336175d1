/* SPDX-License-Identifier: ISC */
/* Permissions of nodes: sets of (domain, access), shared by all nodes that have the same. */
#ifndef PLINTH_STORE_PERMS_H
#define PLINTH_STORE_PERMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct domain;
struct domain_table;

enum perm_bits { PERM_READ = 1, PERM_WRITE = 2, PERM_OWNER = 4 };

struct perm {
	struct domain *domain; /* one reference each; a dead domain's entry matches nobody */
	uint8_t bits;          /* READ, WRITE; of the first entry: what everybody else may do */
};

struct perms {
	struct perms *next; /* in the table's bucket */
	uint32_t refs, hash;
	uint16_t count; /* at least 1: the owner */
	struct perm entry[];
};

#define PERMS_BUCKETS 64
struct perms_table {
	struct perms *buckets[PERMS_BUCKETS];
	uint32_t count;
};

/* The set with these entries, one reference the caller's; NULL: no memory. */
struct perms *perms_make(struct perms_table *table, const struct perm *entry, size_t count);
struct perms *perms_get(struct perms *perms);
void perms_put(struct perms *perms);

/* The same set with another owner. NULL: no memory. */
struct perms *perms_with_owner(struct perms *perms, struct domain *owner);

/* Bytes of memory that a set costs each of its users, as it may have one alone. 0 for NULL. */
#define BLOCK_COST 16u /* what the allocator needs beside each block */
size_t perms_cost(const struct perms *perms);

static inline struct domain *perms_owner(const struct perms *perms)
{
	return perms->entry[0].domain;
}

/* What a domain may do: PERM_* bits. */
unsigned perms_for(const struct perms *perms, const struct domain *domain);

/*
 * "r5" and the like. parse returns 0 or -EINVAL. print returns the length with the final NUL, at
 * most PERM_TEXT.
 */
#define PERM_TEXT 12
struct perm_text {
	uint32_t domid;
	uint8_t bits;
};
int perm_parse(const char *text, struct perm_text *perm);

/*
 * The set of what was parsed, one reference the caller's; NULL: no memory. Each number is looked up
 * once. An entry for a domain that does not exist now would match nobody, ever: only the owner's is
 * kept.
 */
struct perms *perms_named(struct domain_table *domains, const struct perm_text *text, size_t count);
size_t perm_print(const struct perm *perm, char *buf);

#endif
