/* SPDX-License-Identifier: ISC */
/*
 * Transactions. A transaction costs what it touches: it has an entry (struct touch) for each node
 * that it has read or changed, and that entry hangs on the node's place. So who changes a node sees
 * at once which transactions depend on it, and marks them: they end with EAGAIN. A change within a
 * transaction stays in the entry until the end.
 *
 *	node "state" ---- touch of transaction 7: read
 *	             \--- touch of transaction 9: changed, value "4"
 */
#ifndef PLINTH_STORE_TXN_H
#define PLINTH_STORE_TXN_H

#include "store/conn/conn.h"

enum touch_flags {
	/* What it depends on: */
	TOUCH_NODE = 1,  /* the node's value and permissions, or that it is not there */
	TOUCH_LIST = 2,  /* which children it has */
	TOUCH_PLACE = 4, /* only that it exists */
	/* What it holds in perms and value instead of the node: */
	TOUCH_CHANGED = 8, /* what it will be */
	TOUCH_KEPT = 16,   /* what it was before somebody else changed it */
	/* What is told of it at the end: */
	TOUCH_FIRE = 32,
	TOUCH_EXACT = 64, /* only to those who watch exactly this node */
};

struct touch {
	struct touch *node_next, **node_link;
	struct touch *prev, *next; /* of the transaction, in the order of touching */
	struct txn *txn;
	struct node *node;
	struct perms *perms; /* with CHANGED or KEPT; NULL: does not exist */
	struct value *value;
	struct perms *before; /* at the end: for watch_fire() */
	uint8_t flags;
};

struct txn {
	struct txn *next, **link; /* of the client */
	struct conn *conn;
	uint32_t id;
	bool conflict;
	struct domain
		*spoiler; /* who caused that and is to pay for it; one reference; NULL: nobody */
	struct touch *first, *last;
	uint64_t bytes; /* on the client's account: this, the touches, their places and content */
	uint32_t touches;
	uint32_t made; /* nodes that it has made, less those removed */
};

/*
 * A guest whose changes make transactions of others fail again and again has to pause after each,
 * ever longer, so that they come to an end. The first few are free. Nobody pays for the transaction
 * of a domain that may only read what was changed, nor for one that is given up.
 */
#define SPOIL_FREE      3
#define SPOIL_FIRST_MS  50
#define SPOIL_MOST_MS   1000
#define SPOIL_FORGET_MS 10000

/* 0, -ENOSPC (quota) or -ENOMEM. id 0: a new one. */
int txn_start(struct conn *conn, uint32_t id, struct txn **txn);
struct txn *txn_find(const struct conn *conn, uint32_t id);
void txn_free(struct txn *txn);

/* Carries it out and frees it: 0, -EAGAIN, -ENOSPC (quota) or -ENOMEM. */
int txn_commit(struct txn *txn);

/* The transaction's entry for a node, NULL: none. txn may be NULL. */
struct touch *txn_touched(const struct txn *txn, const struct node *node);

/* Makes the entry, or adds to it. 0, -ENOSPC (quota) or -ENOMEM. Without txn: 0. */
int txn_touch(struct txn *txn, struct node *node, unsigned flags, struct touch **touch);

/*
 * Lets the entry hold permissions and a value in the place of what it held, with references of its
 * own, on the account of the transaction. flag: TOUCH_CHANGED or TOUCH_KEPT.
 */
void touch_hold(struct touch *touch, struct perms *perms, struct value *value, unsigned flag);

/* The node as the transaction sees it, or as it is without one. NULL perms: it does not exist. */
struct perms *txn_perms(const struct txn *txn, const struct node *node);
struct value *txn_value(const struct txn *txn, const struct node *node);

/* Somebody is about to change what flags say: TOUCH_NODE, TOUCH_LIST, TOUCH_PLACE. */
void txn_note(struct node *node, unsigned flags, const struct txn *by);

/* The children of a node as the transaction sees them. */
struct child_iter {
	const struct txn *txn;
	const struct node *node;
	struct node *at;
	struct touch *made;
};
struct child_iter txn_children(const struct txn *txn, const struct node *node);
struct node *txn_next_child(struct child_iter *iter);

#endif
