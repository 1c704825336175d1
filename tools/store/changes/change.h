/* SPDX-License-Identifier: ISC */
/*
 * Changes to nodes, within a transaction or immediately. Every change of the tree is made here, so
 * that dependent transactions are marked and the journal gets a record.
 */
#ifndef PLINTH_STORE_CHANGE_H
#define PLINTH_STORE_CHANGE_H

#include "store/conn/conn.h"
#include "txn.h"

/* The client on whose behalf nodes are read or changed, and its transaction (NULL: none). */
struct view {
	struct conn *conn;
	struct txn *txn;
};

/*
 * Finds a node to which the client has the access want (PERM_*). Returns 0, -ENOENT or -EACCES,
 * within transactions also -ENOSPC or -ENOMEM. -ENOENT is returned only if the client has that
 * access to the nearest existing node above; otherwise -EACCES.
 */
int view_find(const struct view *view, const struct path *path, unsigned want, struct node **node);

/* Writes a value. With MAKE_ONLY, makes an empty node if none exists. Makes missing parents too. */
#define MAKE_ONLY SIZE_MAX
int view_write(const struct view *view, const struct path *path, const void *data, size_t len);

int view_set_perms(const struct view *view, struct node *node, struct perms *perms);

/* Removes the node, which must exist, and everything below it. */
int view_remove(const struct view *view, struct node *node);

/*
 * Makes the node or replaces its content, on behalf of transaction by. Permissions are not checked.
 */
void change_set(struct store *store, struct node *node, struct perms *perms, struct value *value,
		const struct txn *by);
void change_remove_all(struct store *store, struct node *node, const struct txn *by);

/* The domain has ended: removes its nodes and fires their watches. */
void change_remove_owned(struct store *store, struct domain *domain);

/* From txn.c: for nodes that are made within a transaction. */
void txn_move_last(struct touch *touch);

#endif
