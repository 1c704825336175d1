/* SPDX-License-Identifier: ISC */
/* Domains that come, shut down and go. */
#include "change.h"
#include "conn.h"
#include "state.h"
#include "watch.h"

#include "common/daemon.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool store_domain_exists(struct store *store, uint32_t domid)
{
	/* When it cannot be told, the benefit of the doubt: the next check corrects it. */
	return !store->platform || store->platform->domain_state(store, domid) != DOMAIN_GONE;
}

/* Its ring is mapped and its port bound. 0 or a negative errno. */
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

/* The domain becomes a client. */
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
	state_note_domain(store, domain);
	state_note_taken(store, conn);
	return 0;
}

/* A port that is told of again is bound again; the ring stays. */
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
		state_note_domain(store, domain);
		if (!again)
			watch_fire_special(store, "@introduceDomain", domid);
		conn_ring_ready(domain->conn); /* it may have written already */
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

/* The end of a domain: its connection, its nodes, its number. */
static void end_domain(struct store *store, struct domain *domain)
{
	bool tell = domain->introduced;
	uint32_t domid = domain->domid;

	domain_get(domain);
	if (domain->conn)
		conn_close(domain->conn);
	domain->introduced = false;
	state_note_domain_end(store, domain);
	domain->dead = true; /* what was its own is not any more, while its nodes go */
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

/* A domain whose ring cannot be had any more is about to be found dead, or cannot be helped. */
static void attach_one(struct domain *domain, void *arg)
{
	struct store *store = arg;

	if (!domain->introduced || !domain->conn)
		return;
	if (attach(store, domain->conn, false) == 0) {
		conn_ring_greet(domain->conn);
		conn_ring_ready(domain->conn);
	} else if (domain->domid) {
		end_domain(store, domain);
	} else {
		conn_close(domain->conn);
	}
}

void store_attach_rings(struct store *store)
{
	domains_each(&store->domains, attach_one, store);
	store_check_domains(store);
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

static void check_one(struct domain *domain, void *arg)
{
	struct check *check = arg;
	struct domain_seen key = {.domid = domain->domid};
	struct domain_seen *seen =
		bsearch(&key, check->seen, (size_t)check->count, sizeof(*check->seen), compare);

	if (!domain->domid)
		return;
	if (!seen || seen->state == DOMAIN_GONE) {
		end_domain(check->store, domain);
		return;
	}
	if (seen->state == DOMAIN_HAS_SHUT_DOWN && domain->introduced && !domain->shutdown) {
		domain->shutdown = true;
		state_note_domain(check->store, domain);
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
	/* Whoever it was: it may be one that has no store, and then only this tells of it. */
	watch_fire_special(store, "@releaseDomain", WATCH_ANY_DOMAIN);
}

void store_port_ready(struct store *store, uint32_t port)
{
	if (port < store->ports && store->by_port[port])
		conn_ring_ready(store->by_port[port]);
}
