/* SPDX-License-Identifier: ISC */
/* The store as a whole: the tree, who uses it, and what they may use. One in a process. */
#ifndef PLINTH_STORE_STORE_H
#define PLINTH_STORE_STORE_H

#include "base/loop.h"
#include "store/tree/domains.h"
#include "store/tree/perms.h"
#include "store/tree/quota.h"
#include "store/tree/tree.h"

#include <public/io/xs_wire.h>

struct conn;
struct journal;
struct state;
struct store;

/*
 * What the store asks of the hypervisor. NULL in the store: there is none, and all domains exist.
 */
enum domain_state { DOMAIN_GONE, DOMAIN_RUNS, DOMAIN_HAS_SHUT_DOWN };
struct domain_seen {
	uint32_t domid;
	enum domain_state state; /* GONE: dying */
	uint8_t uuid[DOMAIN_UUID_SIZE];
};
struct platform {
	/* DOMAIN_*, and but for GONE all of *seen; a negative errno: cannot tell. */
	int (*domain_state)(struct store *store, uint32_t domid, struct domain_seen *seen);
	/* All domains, ascending, for the caller to free(). Their number or a negative errno. */
	int (*list_domains)(struct store *store, struct domain_seen **list);
	/* The ring of a domain; of domain 0 its kernel's, gfn and *port unused or set. NULL: no. */
	void *(*map_ring)(struct store *store, uint32_t domid, uint64_t gfn, uint32_t *port);
	void (*unmap_ring)(struct store *store, void *page);
	/* The local port, or a negative errno. */
	int (*bind)(struct store *store, uint32_t domid, uint32_t remote_port);
	void (*unbind)(struct store *store, uint32_t port);
	void (*notify)(struct store *store, uint32_t port);
	void (*unmask)(struct store *store,
		       uint32_t port); /* events that came meanwhile come now */
};

/* A client that waits for the end of a live update, and its request. */
struct waiting {
	struct conn *conn; /* NULL: nobody */
	uint32_t req_id, tx_id;
};

struct store {
	struct tree tree;
	struct perms_table perms;
	struct domain_table domains;
	struct quota_limits quota;
	struct conn *conns; /* all of them */
	struct conn *actor; /* whose request is being carried out; NULL: nobody's */
	struct conn *dirty; /* have something to send, in the order of their requests */
	struct conn **dirty_end;
	struct conn **by_port; /* rings, by their local port */
	uint32_t ports;        /* size of by_port */
	struct loop *loop;     /* for sockets */
	uint32_t sockets;      /* clients that are connected by them */
	uint32_t max_sockets;  /* 0: any number */
	const struct platform *platform;
	const struct conn_service *service; /* what is done for clients */
	const struct journal *journal;      /* where changes are written down; NULL: nowhere */
	struct state *state;                /* the journal's own; NULL: none */
	bool loading;                       /* what stood there before: quotas were asked then */
	bool stale;                         /* what was read is older than what rings say */
	bool restored;                      /* from the program before, by exec() */
	int64_t wake_ms;   /* when the first pause of a client is over; 0: there is none */
	int64_t attach_ms; /* when rings are to be mapped that could not be; 0: there are none */
	uint32_t closed;   /* clients, so far */
	uint32_t next_txn;
	bool trace; /* log every request */
	struct waiting update;
	bool restart; /* the main loop is to start another program */
	char *binary; /* what a restart is to start; NULL: the same as before */
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

/* For how long the loop may wait for events, and then whether there is something to go on with. */
int store_wait_ms(const struct store *store, bool again);
bool store_is_due(const struct store *store);

/* ---- domains that come and go: introduce.c ---- */

/* 0 or a negative errno. The first time its ring is mapped; later only its port is bound anew. */
int store_introduce(struct store *store, uint32_t domid, uint64_t gfn, uint32_t port);
int store_release(struct store *store, uint32_t domid);

/* Domain 0's kernel becomes a client. 0 or a negative errno. */
int store_introduce_dom0(struct store *store);

/*
 * After the state was read: rings are mapped, and who is gone is told of, or has been replaced by
 * another domain with the same number. A ring that cannot be mapped now is tried again every
 * second.
 */
void store_attach_rings(struct store *store);
void store_attach_again(struct store *store);

/* Looks which domains have ended, and tells. For VIRQ_DOM_EXC. */
void store_check_domains(struct store *store);

/*
 * An event came in at a local port: if its client is listened to now, the port is to be unmasked
 * and then looked at. Otherwise platform->unmask() will be called.
 */
bool store_port_listens(struct store *store, uint32_t port);
void store_port_ready(struct store *store, uint32_t port);

#endif
