/* SPDX-License-Identifier: ISC */
/*
 * What an unprivileged domain may use of the store, at most; who was refused what, and how often.
 */
#ifndef PLINTH_STORE_QUOTA_H
#define PLINTH_STORE_QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct domain;

enum quota {
	QUOTA_NODES,
	QUOTA_WATCHES,
	QUOTA_TRANSACTIONS,
	QUOTA_OUTSTANDING,
	QUOTA_TRANSACTION_NODES,
	QUOTA_MEMORY,
	QUOTA_NODE_SIZE,
	QUOTA_PATH_MAX,
	QUOTA_PERMISSIONS,
	QUOTA_COUNT
};

struct quota_limits {
	uint64_t max[QUOTA_COUNT];
	uint64_t memory_warning;
	uint64_t hits[QUOTA_COUNT]; /* of all domains since the start */
};

void quota_init(struct quota_limits *limits);

/*
 * May the domain have so much? Privileged domains always may. A refusal is counted, and logged at
 * most once in QUOTA_LOG_MS for a domain.
 */
#define QUOTA_LOG_MS 5000
bool quota_allows(struct domain *domain, enum quota quota, uint64_t wanted);

/* By name, for control: a limit's number or -ENOENT. */
int quota_find(const char *name);
const char *quota_name(enum quota quota);

/* The lines of "control quota", and of "control quota DOMID". They return the length. */
size_t quota_print_limits(const struct quota_limits *limits, char *buf, size_t size);
size_t quota_print_domain(const struct domain *domain, char *buf, size_t size);
size_t quota_print_warning(const struct quota_limits *limits, char *buf, size_t size);

#endif
