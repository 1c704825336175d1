/* SPDX-License-Identifier: ISC */
/* The store as a whole: the tree, who uses it, and what they may use. One in a process. */
#ifndef PLINTH_STORE_STORE_H
#define PLINTH_STORE_STORE_H

#include "domains.h"
#include "perms.h"
#include "quota.h"
#include "tree.h"

#include "common/loop.h"

#include <public/io/xs_wire.h>

struct conn;
struct state;
struct store;

/* What the store asks of the hypervisor. NULL in the store: there is none, and all domains exist. */
enum domain_state { DOMAIN_GONE, DOMAIN_RUNS, DOMAIN_HAS_SHUT_DOWN };
struct domain_seen {
	uint32_t domid;
	enum domain_state state; /* GONE: dying */
};
struct platform {
	/* DOMAIN_*; a negative errno: cannot tell. */
	int (*domain_state)(struct store *store, uint32_t domid);
	/* All domains, ascending, for the caller to free(). Their number or a negative errno. */
	int (*list_domains)(struct store *store, struct domain_seen **list);
	/* The ring of a domain; of domain 0 its kernel's, gfn and *port unused or set. NULL: no. */
	void *(*map_ring)(struct store *store, uint32_t domid, uint64_t gfn, uint32_t *port);
	void (*unmap_ring)(struct store *store, void *page);
	/* The local port, or a negative errno. */
	int (*bind)(struct store *store, uint32_t domid, uint32_t remote_port);
	void (*unbind)(struct store *store, uint32_t port);
	void (*notify)(struct store *store, uint32_t port);
};

struct store {
	struct tree tree;
	struct perms_table perms;
	struct domain_table domains;
	struct quota_limits quota;
	struct conn *conns;    /* all of them */
	struct conn *dirty;    /* have something to send, in the order of their requests */
	struct conn **dirty_end;
	struct conn **by_port; /* rings, by their local port */
	uint32_t ports;        /* size of by_port */
	struct loop *loop;     /* for sockets */
	const struct platform *platform;
	struct state *state; /* where changes are written down; NULL: nowhere */
	bool restored;       /* from the program before, by exec() */
	uint32_t closed;     /* clients, so far */
	uint32_t next_txn;
	bool trace;         /* log every request */
	bool stop, restart; /* what the main loop is to do next */
	char *binary;       /* what a restart is to start; NULL: the same as before */
};

int store_init(struct store *store); /* 0 or -ENOMEM; with the nodes that clients expect */
void store_free(struct store *store);

/* Domain 0's number and name, for tools that look there. 0 or -ENOMEM. */
int store_make_dom0_nodes(struct store *store);

/*
 * The end of a turn: sends what has been queued, cuts off who is broken. True when there are
 * requests left that can be handled now: store_go_on() does.
 */
bool store_end_turn(struct store *store);
void store_go_on(struct store *store);

int store_set_binary(struct store *store, const char *path); /* 0 or -ENOMEM */

bool store_domain_exists(struct store *store, uint32_t domid);
unsigned store_outstanding(const struct domain *domain);

/* ---- domains that come and go: introduce.c ---- */

/* 0 or a negative errno. The first time its ring is mapped; later only its port is bound anew. */
int store_introduce(struct store *store, uint32_t domid, uint64_t gfn, uint32_t port);
int store_release(struct store *store, uint32_t domid);

/* Domain 0's kernel becomes a client. 0 or a negative errno. */
int store_introduce_dom0(struct store *store);

/* After the state was read: rings are mapped, and who is gone is told of. */
void store_attach_rings(struct store *store);

/* Looks which domains have ended, and tells. For VIRQ_DOM_EXC. */
void store_check_domains(struct store *store);

/* An event came in at a local port. */
void store_port_ready(struct store *store, uint32_t port);

#endif
