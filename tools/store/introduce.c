/* SPDX-License-Identifier: ISC */
/* Introduction, shutdown and end of domains. */
#include "daemon/daemon.h"
#include "journal.h"
#include "store/changes/change.h"
#include "store/changes/watch.h"
#include "store/conn/conn.h"
#include "store/tree/budget.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ATTACH_RETRY_MS 1000

/* Maps the ring and binds the port. 0 or a negative errno. */
static int attach(struct store *store, struct conn *conn, bool fresh)
{
	const struct platform *platform = store->platform;
	struct domain *domain = conn->domain;
	uint32_t port = domain->remote_port;
	void *page;
	int local;

	page = platform ? platform->map_ring(store, domain->domid, domain->gfn, &port) : NULL;
	if (!page)
		return -EINVAL;
	local = platform->bind(store, domain->domid, port);
	if (local >= 0 && conn_ring_attach(conn, page, (uint32_t)local, fresh) == 0) {
		domain->remote_port = port;
		return 0;
	}
	if (local >= 0)
		platform->unbind(store, (uint32_t)local);
	platform->unmap_ring(store, page);
	return -EINVAL;
}

/* Makes the domain a client. */
static int connect_ring(struct store *store, struct domain *domain, uint64_t gfn, uint32_t port)
{
	struct conn *conn = conn_ring_open(store, domain);
	int ret;

	if (!conn)
		return -ENOMEM;
	domain->gfn = gfn;
	domain->remote_port = port;
	ret = attach(store, conn, true);
	if (ret < 0) {
		conn_close(conn);
		return ret;
	}
	domain->introduced = true;
	journal_domain(store, domain);
	journal_taken(store, conn);
	return 0;
}

/* An introduction with another port binds that port; the ring stays. */
static int introduce_again(struct store *store, struct domain *domain, uint32_t port)
{
	int ret;

	(void)store;
	if (!domain->domid)
		return -EINVAL;
	ret = domain->conn ? conn_ring_rebind(domain->conn, port) : -EINVAL;
	if (ret == 0)
		domain->remote_port = port;
	return ret < 0 ? -EINVAL : 0;
}

int store_introduce(struct store *store, uint32_t domid, uint64_t gfn, uint32_t port)
{
	struct domain *domain = domains_named(&store->domains, domid);
	bool again = domain && domain->introduced;
	int ret;

	if (!domain)
		return -ENOMEM;
	if (domain->dead)
		ret = -EINVAL;
	else if (again)
		ret = introduce_again(store, domain, port);
	else
		ret = connect_ring(store, domain, gfn, port);
	if (ret == 0) {
		journal_domain(store, domain);
		if (!again)
			watch_fire_special(store, "@introduceDomain", domid);
		conn_ring_ready(domain->conn); /* the guest may have written already */
	}
	domain_put(domain);
	return ret;
}

int store_introduce_dom0(struct store *store)
{
	struct domain *domain = store->domains.zero;
	int ret = domain->conn ? 0 : connect_ring(store, domain, 0, 0);

	if (ret < 0)
		return ret;
	conn_ring_greet(domain->conn); /* the first event tells its kernel that there is a store */
	conn_ring_ready(domain->conn);
	return 0;
}

/* Ends a domain: closes its connection, removes its nodes and frees its number. */
static void end_domain(struct store *store, struct domain *domain)
{
	bool tell = domain->introduced;
	uint32_t domid = domain->domid;

	domain_get(domain);
	if (domain->conn)
		conn_close(domain->conn);
	domain->introduced = false;
	journal_domain_end(store, domain);
	domain->dead = true; /* its access ends before its nodes are removed */
	change_remove_owned(store, domain);
	domain_kill(domain);
	domain_put(domain);
	if (tell)
		watch_fire_special(store, "@releaseDomain", domid);
}

int store_release(struct store *store, uint32_t domid)
{
	struct domain *domain = domains_find(&store->domains, domid);

	if (!domid)
		return -EINVAL;
	if (!domain || !domain->introduced)
		return -ENOENT;
	end_domain(store, domain);
	return 0;
}

/* The ring cannot be mapped: end the domain if it is gone, else try again later. */
static void attach_later(struct store *store, struct domain *domain)
{
	struct domain_seen seen;

	if (!domain->domid) {
		conn_close(domain->conn);
		return;
	}
	if (store->platform &&
	    store->platform->domain_state(store, domain->domid, &seen) == DOMAIN_GONE) {
		end_domain(store, domain);
		return;
	}
	store->attach_ms = loop_now_ms() + ATTACH_RETRY_MS;
}

static void attach_one(struct domain *domain, void *arg)
{
	struct store *store = arg;

	if (!domain->introduced || !domain->conn || conn_ring_is_attached(domain->conn))
		return;
	if (store->stale)
		conn_drop_queues(domain->conn); /* they do not match the new ring */
	if (attach(store, domain->conn, store->stale) == 0) {
		conn_ring_greet(domain->conn);
		conn_ring_ready(domain->conn);
	} else {
		attach_later(store, domain);
	}
}

void store_attach_again(struct store *store)
{
	store->attach_ms = 0;
	domains_each(&store->domains, attach_one, store);
}

/* ---- who has ended ---- */

struct check {
	struct store *store;
	struct domain_seen *seen;
	int count;
};

static int compare(const void *a, const void *b)
{
	const struct domain_seen *one = a, *other = b;

	return one->domid < other->domid ? -1 : one->domid > other->domid;
}

static struct domain_seen *find_seen(struct check *check, const struct domain *domain)
{
	struct domain_seen key = {.domid = domain->domid};

	return bsearch(&key, check->seen, (size_t)check->count, sizeof(*check->seen), compare);
}

static void learn_uuid(struct store *store, struct domain *domain, const struct domain_seen *seen)
{
	if (memcmp(domain->uuid, seen->uuid, sizeof(seen->uuid)) == 0)
		return;
	memcpy(domain->uuid, seen->uuid, sizeof(seen->uuid));
	journal_domain(store, domain);
}

static void check_one(struct domain *domain, void *arg)
{
	struct check *check = arg;
	struct domain_seen *seen = find_seen(check, domain);

	if (!domain->domid)
		return;
	if (!seen || seen->state == DOMAIN_GONE) {
		end_domain(check->store, domain);
		return;
	}
	learn_uuid(check->store, domain, seen);
	if (seen->state == DOMAIN_HAS_SHUT_DOWN && domain->introduced && !domain->shutdown) {
		domain->shutdown = true;
		journal_domain(check->store, domain);
		watch_fire_special(check->store, "@releaseDomain", domain->domid);
	}
}

void store_check_domains(struct store *store)
{
	struct check check = {.store = store};

	if (!store->platform)
		return;
	check.count = store->platform->list_domains(store, &check.seen);
	if (check.count < 0) {
		daemon_log("cannot look at the domains: %s", strerror(-check.count));
		return;
	}
	domains_each(&store->domains, check_one, &check);
	free(check.seen);
	/* Fired for any domain: a domain without a store connection is reported only here. */
	watch_fire_special(store, "@releaseDomain", WATCH_ANY_DOMAIN);
}

bool store_port_listens(struct store *store, uint32_t port)
{
	struct conn *conn = port < store->ports ? store->by_port[port] : NULL;

	return !conn || conn_ring_listens(conn);
}

/* The recorded domain has ended and another domain has its number. */
static void end_stranger(struct domain *domain, void *arg)
{
	static const uint8_t unknown[DOMAIN_UUID_SIZE];
	struct check *check = arg;
	struct domain_seen *seen = find_seen(check, domain);

	if (!domain->domid || !seen || memcmp(domain->uuid, unknown, sizeof(unknown)) == 0 ||
	    memcmp(domain->uuid, seen->uuid, sizeof(seen->uuid)) == 0)
		return;
	daemon_log("domain %u is another one than before", domain->domid);
	end_domain(check->store, domain);
}

void store_attach_rings(struct store *store)
{
	struct check check = {.store = store};

	if (store->platform)
		check.count = store->platform->list_domains(store, &check.seen);
	if (check.count > 0)
		domains_each(&store->domains, end_stranger, &check);
	free(check.seen);
	store_attach_again(store);
	store_check_domains(store);
}

void store_port_ready(struct store *store, uint32_t port)
{
	if (port < store->ports && store->by_port[port])
		conn_ring_ready(store->by_port[port]);
}
