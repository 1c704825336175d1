/* SPDX-License-Identifier: ISC */
/*
 * Domains in the store: their connections and the account of what each one uses.
 *
 * Nodes and permissions point to a struct domain instead of holding a number. When a domain ends,
 * its struct is marked dead and leaves the table. A later domain with the same number gets a new
 * struct, so it cannot inherit anything.
 */
#ifndef PLINTH_STORE_DOMAINS_H
#define PLINTH_STORE_DOMAINS_H

#include "quota.h"

#include <stdbool.h>
#include <stdint.h>

#define DOMID_FIRST_RESERVED 0x7ff0u
#define DOMAIN_BUCKETS       64
#define DOMAIN_UUID_SIZE     16
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
	char home[DOMAIN_HOME_SIZE];    /* base of its relative paths */
	uint8_t uuid[DOMAIN_UUID_SIZE]; /* zeros: unknown */
	bool dead;                      /* has ended, or did not exist when named */
	bool privileged;                /* unrestricted: domain 0 */
	bool introduced;
	bool shutdown;         /* its shutdown has been reported */
	struct domain *target; /* has all rights of its target; one reference */
	/* Its ring, after the introduction: */
	struct conn *conn;
	uint64_t gfn;
	uint32_t remote_port;
	/* Its account: */
	struct node *owned;
	uint32_t nodes, watches, txns;
	uint64_t bytes;             /* nodes, watches, transactions and unread messages */
	uint32_t hits[QUOTA_COUNT]; /* refusals per quota */
	int64_t quota_logged_ms;
	uint32_t spoilt; /* transactions of others that it recently made fail */
	int64_t spoilt_ms;
	uint32_t breaks; /* number of disconnections */
	int64_t break_logged_ms;
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
 * Returns the domain that now has this number, with one reference: from the table, or new. A domain
 * that the hypervisor does not know is dead from the start and in no table. NULL: no memory.
 */
struct domain *domains_named(struct domain_table *table, uint32_t domid);

/* The same without a query: the domain existed when the record was written. */
struct domain *domains_assume(struct domain_table *table, uint32_t domid);

/* A dead domain, for a number without a domain. NULL: no memory. */
struct domain *domains_dead(struct domain_table *table, uint32_t domid);

struct domain *domain_get(struct domain *domain);
void domain_put(struct domain *domain);

/* Removes it from the table; its number can then be used by another domain. */
void domain_kill(struct domain *domain);

/* Calls visit for each domain in the table; visit may kill the domain that it is given. */
void domains_each(struct domain_table *table, void (*visit)(struct domain *domain, void *arg),
		  void *arg);

#endif
