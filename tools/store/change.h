/* SPDX-License-Identifier: ISC */
/*
 * What requests do to nodes, in a transaction or at once. Whatever changes the tree goes through
 * here: transactions that depend on it learn of it, and it is written down for the next daemon.
 */
#ifndef PLINTH_STORE_CHANGE_H
#define PLINTH_STORE_CHANGE_H

#include "conn.h"
#include "txn.h"

/* For whom something is looked up or changed, and in which transaction (NULL: none). */
struct view {
	struct conn *conn;
	struct txn *txn;
};

/*
 * Finds a node that the client may use in the way of want (PERM_*). 0 or -ENOENT, -EACCES; in
 * transactions also -ENOSPC, -ENOMEM. Of a node that does not exist it learns so only where it has
 * that access to the nearest one above.
 */
int view_find(const struct view *view, const struct path *path, unsigned want, struct node **node);

/* Writes a value, or with MAKE_ONLY makes an empty node where there is none; parents are made too.
 */
#define MAKE_ONLY SIZE_MAX
int view_write(const struct view *view, const struct path *path, const void *data, size_t len);

int view_set_perms(const struct view *view, struct node *node, struct perms *perms);

/* The node, which exists, with everything below it. */
int view_remove(const struct view *view, struct node *node);

/* The change itself, with by's permission: makes the node, or replaces what it has. */
void change_set(struct store *store, struct node *node, struct perms *perms, struct value *value,
		const struct txn *by);
void change_remove_all(struct store *store, struct node *node, const struct txn *by);

/* A domain has ended: its nodes go, and who watches them is told. */
void change_remove_owned(struct store *store, struct domain *domain);

/* txn.c's, for nodes that are made in a transaction */
void txn_move_last(struct touch *touch);

#endif
