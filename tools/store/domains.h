/* SPDX-License-Identifier: ISC */
/*
 * Domains as the store knows them: who is connected, and the account of what each one uses.
 *
 * Nodes and permissions point to a struct domain, not to a number. When a domain ends its struct is
 * dead and leaves the table; a later domain with the same number gets a new one, so it cannot
 * inherit anything.
 */
#ifndef PLINTH_STORE_DOMAINS_H
#define PLINTH_STORE_DOMAINS_H

#include "quota.h"

#include <stdbool.h>
#include <stdint.h>

#define DOMID_FIRST_RESERVED 0x7ff0u
#define DOMAIN_BUCKETS       64
#define DOMAIN_HOME_SIZE     sizeof("/local/domain/4294967295")

struct conn;
struct node;
struct perms_table;
struct store;

struct domain {
	struct domain *next; /* in the table's bucket */
	struct domain_table *table;
	uint32_t domid;
	uint32_t refs;
	char home[DOMAIN_HOME_SIZE]; /* the folder of its relative paths */
	bool dead;                   /* has ended, or did not exist when it was named */
	bool privileged;             /* may do everything: domain 0 */
	bool introduced;
	bool shutdown;         /* its shutdown has been told of */
	struct domain *target; /* what its target may, it may too; one reference */
	/* Its ring, once introduced: */
	struct conn *conn;
	uint64_t gfn;
	uint32_t remote_port;
	/* Its account: */
	struct node *owned;
	uint32_t nodes, watches, txns;
	uint64_t bytes;             /* of nodes, watches, transactions and what it has not read */
	uint32_t hits[QUOTA_COUNT]; /* how often it was refused something */
	int64_t quota_logged_ms;
	bool memory_warned;
};

struct domain_table {
	struct store *store;
	struct perms_table *perms;
	struct domain *buckets[DOMAIN_BUCKETS];
	struct domain *zero; /* domain 0 */
	uint32_t count;
};

int domains_init(struct domain_table *table, struct store *store, struct perms_table *perms);
void domains_free(struct domain_table *table);

/* The domain in the table, or NULL. No reference is taken. */
struct domain *domains_find(const struct domain_table *table, uint32_t domid);

/*
 * The domain that a number means now, one reference: of the table, or a new one. One that the
 * hypervisor does not know is dead from the start, and in no table. NULL: no memory.
 */
struct domain *domains_named(struct domain_table *table, uint32_t domid);

/* The same without asking: a domain that existed when it was written down. */
struct domain *domains_assume(struct domain_table *table, uint32_t domid);

/* A dead one, for a number that meant nothing. NULL: no memory. */
struct domain *domains_dead(struct domain_table *table, uint32_t domid);

struct domain *domain_get(struct domain *domain);
void domain_put(struct domain *domain);

/* Takes it out of the table: from now on its number means somebody else. */
void domain_kill(struct domain *domain);

/* Calls visit for each domain in the table; visit may kill the one it is given. */
void domains_each(struct domain_table *table, void (*visit)(struct domain *domain, void *arg),
		  void *arg);

#endif
