/* SPDX-License-Identifier: ISC */
/* Watches: they hang on the places of the tree, so a change finds them on its way to the root. */
#ifndef PLINTH_STORE_WATCH_H
#define PLINTH_STORE_WATCH_H

#include "store/conn/conn.h"

struct watch {
	struct watch *node_next, **node_link;
	struct watch *conn_next, **conn_link;
	struct conn *conn;
	struct node *node;
	int32_t depth; /* how far below the node changes are told of; -1: any */
	uint32_t skip; /* bytes of a path that a relative watch does not show */
	uint32_t cost; /* bytes on the client's account, those of its places included */
	char token[];
};

/* By the quotas: 0, -E2BIG or -ENOMEM. */
int watch_check(struct conn *conn, const struct path *path, const char *token);

/* Hangs a watch on a place. 0, -EEXIST or -ENOMEM. */
int watch_add(struct conn *conn, struct node *node, const char *token, uint32_t skip, int depth,
	      struct watch **made);
struct watch *watch_find(struct conn *conn, const struct node *node, const char *token);
void watch_free(struct watch *watch);

/* Sends one event of it, for a path as the client knows it. */
void watch_send(struct watch *watch, const char *path, size_t len);

/*
 * A node has changed, been made or been removed: tells everybody who watches it or something above
 * it (exact: only it) and may see it. before: its permissions before the change, or NULL.
 */
void watch_fire(struct node *node, const struct perms *before, bool exact);

/*
 * "@introduceDomain" and "@releaseDomain", for a domain or for WATCH_ANY_DOMAIN. A watch with a
 * depth of 1, the only one that they can have, is told which by the path NAME/DOMID, and so is one
 * at that path (docs/misc/xenstore.txt of Xen 4.21, WATCH).
 */
#define WATCH_ANY_DOMAIN    (-1)
#define WATCH_SPECIAL_DEPTH 1
void watch_fire_special(struct store *store, const char *name, int64_t domid);

#endif
