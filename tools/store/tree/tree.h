/* SPDX-License-Identifier: ISC */
/*
 * The tree of nodes in memory.
 *
 * A struct node is a place in the tree, named by its parent and its name, and found by a hash of
 * its path. A node may exist there or not: what watches a path, or has looked for it in a
 * transaction, hangs on the place and needs no node. A place goes away with its last user.
 *
 *	/ ---- local ---- domain ---- 5 ---- name = "web"      exists: has perms
 *	                                +--- data              a place: a watch hangs here
 */
#ifndef PLINTH_STORE_TREE_H
#define PLINTH_STORE_TREE_H

#include "path.h"
#include "perms.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a node holds: never changed, replaced instead, so that a transaction can keep the old one.
 */
struct value {
	uint32_t refs, len;
	char data[];
};

struct watch;
struct touch;

struct node {
	struct node *parent;    /* NULL: the root */
	struct node *hash_next; /* in the tree's bucket */
	/* Only while the node exists: */
	struct perms *perms;       /* NULL: no node is here */
	struct value *value;       /* NULL: empty */
	struct node *prev, *next;  /* its siblings, in the order of their making */
	struct node *first, *last; /* its children that exist */
	struct node **owned_link;  /* in the owner's list */
	struct node *owned_next;
	uint64_t generation; /* of the last change to it or to its list of children */
	/* Users of the place: */
	struct watch *watches; /* watch.c */
	struct touch *touches; /* txn.c */
	uint32_t users;        /* watches, touches, places below, and one if it exists */
	uint32_t hash;
	uint16_t name_len;
	char name[];
};

struct tree {
	struct node **buckets;
	uint32_t mask;        /* number of buckets - 1 */
	uint32_t places;      /* that there are, existing ones included */
	uint32_t nodes;       /* that exist */
	uint64_t generation;  /* of the last change */
	struct node *root;    /* "/", always exists */
	struct node *special; /* parent of "@introduceDomain" and "@releaseDomain" */
};

int tree_init(struct tree *tree, struct perms *perms); /* 0 or -ENOMEM */
void tree_free(struct tree *tree);

/* The place of a child; NULL: there is none (find) or no memory for it (place). */
struct node *tree_find(struct tree *tree, struct node *parent, const char *name, size_t len);
struct node *tree_place(struct tree *tree, struct node *parent, const char *name, size_t len);

/* A place that tree_place() gave is kept by getting it; one that nobody got is to be put too. */
void node_get(struct node *node);
void node_put(struct tree *tree, struct node *node);

static inline bool node_exists(const struct node *node)
{
	return node->perms != NULL;
}

/*
 * Makes the node exist, last among its siblings; its parent must exist. Takes over no references.
 */
void tree_create(struct tree *tree, struct node *node, struct perms *perms, struct value *value);
void tree_set_value(struct tree *tree, struct node *node, struct value *value);
void tree_set_perms(struct tree *tree, struct node *node, struct perms *perms);
void tree_remove(struct tree *tree, struct node *node); /* has no children */

/* The deepest first node below node, for removing a subtree from its leaves up: node when it has no
 * children. */
struct node *tree_first_leaf(struct node *node);

/*
 * The node behind this one in a walk over top and all that exists below it, parents first; NULL:
 * that was the last.
 */
struct node *tree_next(struct node *node, const struct node *top);

/*
 * Bytes of memory that a node costs its owner: its place, its permissions and its value.
 *
 * A place without a node has no owner. Who keeps it (a watch, a touch of a transaction) pays for it
 * and for all places above it, because the nodes there may be removed while it is kept. Several
 * users of one place each pay for it, so accounts may say more than the memory in use, never less.
 */
#define PLACE_COST (sizeof(struct node) + BLOCK_COST + 2 * sizeof(struct node *)) /* and a name */
size_t place_cost(const struct node *node);   /* of this place alone */
size_t path_cost(const struct path *path);    /* of all places of a path */
size_t value_cost(const struct value *value); /* 0 for NULL */
size_t value_cost_for(size_t len);            /* of a value of this length */

/* Writes the path with a NUL, returns its length; buf has TREE_PATH_SIZE bytes. */
#define TREE_PATH_SIZE (3072 + 64)
size_t node_path(const struct node *node, char *buf);
size_t node_path_len(const struct node *node); /* without the NUL; at least as long as the path */

/*
 * Steps along a path: the next name in it. Returns false at its end.
 *	const char *at = path; while (path_next(&at, &name, &len)) ...
 */
bool path_next(const char **at, const char **name, size_t *len);

/* Where a path begins: special names begin with '@'. */
struct node *tree_top(const struct tree *tree, const char *path);

/* The place that a path names, or NULL. */
struct node *tree_look_up(struct tree *tree, const struct path *path);
struct node *tree_walk(struct tree *tree, const char *path);
/* The place made, if need be, with those above it; to be got or put. NULL: no memory. */
struct node *tree_walk_place(struct tree *tree, const char *path);

/* NULL for no bytes, and when there is no memory; *failed tells. */
struct value *value_new(const void *data, size_t len, bool *failed);
struct value *value_get(struct value *value);
void value_put(struct value *value);

static inline size_t value_len(const struct value *value)
{
	return value ? value->len : 0;
}

#endif
