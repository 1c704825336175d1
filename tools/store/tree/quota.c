/* SPDX-License-Identifier: ISC */
/*
 * What an unprivileged domain may use of the store, at most; who was refused what, and how often.
 */
#include "quota.h"
#include "base/loop.h"
#include "daemon/daemon.h"
#include "domains.h"
#include "store/conn/conn.h"
#include "store/store.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Names and defaults are those of Xen's store, which "xenstore-control quota" shows. */
static const struct {
	const char *name;
	uint64_t max;
	const char *text;
} quotas[QUOTA_COUNT] = {
	[QUOTA_NODES] = {"nodes", 1000, "Nodes per domain"},
	[QUOTA_WATCHES] = {"watches", 128, "Watches per domain"},
	[QUOTA_TRANSACTIONS] = {"transactions", 10, "Transactions per domain"},
	[QUOTA_OUTSTANDING] = {"outstanding", 20, "Outstanding requests per domain"},
	[QUOTA_TRANSACTION_NODES] = {"transaction-nodes", 1024,
				     "Max. number of accessed nodes per transaction"},
	[QUOTA_MEMORY] = {"memory", 2560 * 1024, "Total Xenstore memory per domain (error level)"},
	[QUOTA_NODE_SIZE] = {"node-size", 2048, "Max. size of a node"},
	[QUOTA_PATH_MAX] = {"path-max", 2048, "Max. length of a node path"},
	[QUOTA_PERMISSIONS] = {"permissions", 5, "Max. number of permissions per node"},
};

#define MEMORY_WARNING (2048 * 1024)

void quota_init(struct quota_limits *limits)
{
	*limits = (struct quota_limits){.memory_warning = MEMORY_WARNING};
	for (int i = 0; i < QUOTA_COUNT; i++)
		limits->max[i] = quotas[i].max;
}

static void refuse(struct domain *domain, enum quota quota, uint64_t max)
{
	int64_t now = loop_now_ms();

	domain->table->store->quota.hits[quota]++;
	domain->hits[quota]++;
	if (domain->quota_logged_ms && now - domain->quota_logged_ms < QUOTA_LOG_MS)
		return;
	domain->quota_logged_ms = now;
	daemon_log("domain %u is refused more than its quota of %s, %" PRIu64 " (%" PRIu32
		   " times so far); \"xenstore-control quota set %s N\" changes it",
		   domain->domid, quotas[quota].name, max, domain->hits[quota], quotas[quota].name);
}

/* Logged once, until the domain has come down to half of it. */
static void warn_of_memory(struct domain *domain, uint64_t wanted)
{
	uint64_t level = domain->table->store->quota.memory_warning;

	if (wanted <= level / 2)
		domain->memory_warned = false;
	if (wanted <= level || domain->memory_warned)
		return;
	domain->memory_warned = true;
	daemon_log("domain %u has %" PRIu64 " bytes of the store in use", domain->domid, wanted);
}

bool quota_allows(struct domain *domain, enum quota quota, uint64_t wanted)
{
	const struct store *store = domain->table->store;
	uint64_t max = store->quota.max[quota];

	if (domain->privileged || store->loading)
		return true;
	if (quota == QUOTA_MEMORY)
		warn_of_memory(domain, wanted);
	if (wanted <= max)
		return true;
	refuse(domain, quota, max);
	return false;
}

int quota_find(const char *name)
{
	for (int i = 0; i < QUOTA_COUNT; i++)
		if (strcmp(quotas[i].name, name) == 0)
			return i;
	return -ENOENT;
}

const char *quota_name(enum quota quota)
{
	return quotas[quota].name;
}

/* snprintf() that appends; what does not fit is cut. */
static void __attribute__((format(printf, 4, 5)))
append(char *buf, size_t size, size_t *used, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(buf + *used, size - *used, format, args);
	va_end(args);
	*used += (size_t)len < size - *used ? (size_t)len : size - *used - 1;
}

size_t quota_print_limits(const struct quota_limits *limits, char *buf, size_t size)
{
	size_t used = 0;

	append(buf, size, &used, "Quota settings:\n");
	for (int i = 0; i < QUOTA_COUNT; i++)
		append(buf, size, &used, "%-17s: %8" PRIu64 " %s, refused %" PRIu64 " times\n",
		       quotas[i].name, limits->max[i], quotas[i].text, limits->hits[i]);
	return used;
}

size_t quota_print_warning(const struct quota_limits *limits, char *buf, size_t size)
{
	size_t used = 0;

	append(buf, size, &used, "Quota settings:\n%-17s: %8" PRIu64 " %s\n", "memory",
	       limits->memory_warning, "Total Xenstore memory per domain (warning level)");
	return used;
}

static uint32_t outstanding(const struct domain *domain)
{
	return domain->conn ? domain->conn->outstanding : 0;
}

size_t quota_print_domain(const struct domain *domain, char *buf, size_t size)
{
	const struct {
		enum quota quota;
		uint64_t used;
	} rows[] = {
		{QUOTA_NODES, domain->nodes},       {QUOTA_WATCHES, domain->watches},
		{QUOTA_TRANSACTIONS, domain->txns}, {QUOTA_OUTSTANDING, outstanding(domain)},
		{QUOTA_MEMORY, domain->bytes},
	};
	size_t used = 0;

	append(buf, size, &used, "Domain %u:\n", domain->domid);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		append(buf, size, &used, "%-16s: %8" PRIu64 "\n", quotas[rows[i].quota].name,
		       rows[i].used);
	for (int i = 0; i < QUOTA_COUNT; i++)
		if (domain->hits[i])
			append(buf, size, &used, "refused %-16s: %8" PRIu32 "\n", quotas[i].name,
			       domain->hits[i]);
	return used;
}
