/* SPDX-License-Identifier: ISC */
/* The tree of nodes in memory: places, found by hash, and the nodes that exist at them. */
#include "tree.h"
#include "budget.h"
#include "domains.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BUCKETS 256

/* ---- values ---- */

struct value *value_new(const void *data, size_t len, bool *failed)
{
	struct value *value = NULL;

	*failed = false;
	if (!len)
		return NULL;
	value = malloc(sizeof(*value) + len);
	if (!value) {
		*failed = true;
		return NULL;
	}
	value->refs = 1;
	value->len = (uint32_t)len;
	memcpy(value->data, data, len);
	return value;
}

struct value *value_get(struct value *value)
{
	if (value)
		value->refs++;
	return value;
}

void value_put(struct value *value)
{
	if (value && --value->refs == 0)
		free(value);
}

/* ---- places ---- */

/*
 * Special names have no slash in front of them: their parent's hash is what a slash makes PATH_HASH
 * of.
 */
#define SPECIAL_HASH 0xb347da68u
_Static_assert((SPECIAL_HASH ^ '/') * PATH_PRIME == PATH_HASH,
	       "special names are found by their paths");

/* A place's hash is that of its path. */
static uint32_t hash_name(const struct node *parent, const char *name, size_t len)
{
	return path_hash(path_hash(parent->hash, "/", 1), name, len);
}

static struct node **bucket_of(const struct tree *tree, uint32_t hash)
{
	return &tree->buckets[(hash ^ hash >> 15) & tree->mask];
}

static struct node *new_node(struct node *parent, const char *name, size_t len, uint32_t hash)
{
	struct node *node = calloc(1, sizeof(*node) + len + 1);

	if (!node)
		return NULL;
	node->parent = parent;
	node->hash = hash;
	node->name_len = (uint16_t)len;
	memcpy(node->name, name, len);
	return node;
}

int tree_init(struct tree *tree, struct perms *perms)
{
	*tree = (struct tree){.mask = FIRST_BUCKETS - 1};
	tree->buckets = calloc(FIRST_BUCKETS, sizeof(*tree->buckets));
	tree->root = new_node(NULL, "", 0, PATH_HASH);
	tree->special = new_node(NULL, "", 0, SPECIAL_HASH);
	if (!tree->buckets || !tree->root || !tree->special) {
		free(tree->buckets);
		free(tree->root);
		free(tree->special);
		return -ENOMEM;
	}
	node_get(tree->root);
	node_get(tree->special);
	tree_create(tree, tree->root, perms, NULL);
	tree_create(tree, tree->special, perms, NULL);
	return 0;
}

struct node *tree_first_leaf(struct node *node)
{
	while (node->first)
		node = node->first;
	return node;
}

struct node *tree_next(struct node *node, const struct node *top)
{
	if (node->first)
		return node->first;
	while (node != top && !node->next)
		node = node->parent;
	return node == top ? NULL : node->next;
}

static void remove_all(struct tree *tree, struct node *top)
{
	while (top->first)
		tree_remove(tree, tree_first_leaf(top));
	tree_remove(tree, top);
	node_put(tree, top);
}

void tree_free(struct tree *tree)
{
	remove_all(tree, tree->root);
	remove_all(tree, tree->special);
	free(tree->buckets);
	*tree = (struct tree){0};
}

/* Another number of buckets; without memory for that, chains just get longer. */
static void resize(struct tree *tree, uint32_t count)
{
	struct tree before = *tree;
	struct node **buckets = calloc(count, sizeof(*buckets));

	if (!buckets)
		return;
	tree->buckets = buckets;
	tree->mask = count - 1;
	for (uint32_t i = 0; i <= before.mask; i++) {
		struct node *next;

		for (struct node *node = before.buckets[i]; node; node = next) {
			struct node **to = bucket_of(tree, node->hash);

			next = node->hash_next;
			node->hash_next = *to;
			*to = node;
		}
	}
	free(before.buckets);
}

static struct node *find(struct tree *tree, struct node *parent, const char *name, size_t len,
			 uint32_t hash)
{
	struct node *node = *bucket_of(tree, hash);

	while (node && (node->hash != hash || node->parent != parent || node->name_len != len ||
			memcmp(node->name, name, len) != 0))
		node = node->hash_next;
	return node;
}

struct node *tree_find(struct tree *tree, struct node *parent, const char *name, size_t len)
{
	work_add(WORK_STEP);
	return find(tree, parent, name, len, hash_name(parent, name, len));
}

struct node *tree_place(struct tree *tree, struct node *parent, const char *name, size_t len)
{
	uint32_t hash = hash_name(parent, name, len);
	struct node *node = find(tree, parent, name, len, hash);

	work_add(WORK_STEP);
	if (node)
		return node;
	work_add(WORK_MAKE);
	node = new_node(parent, name, len, hash);
	if (!node)
		return NULL;
	if (++tree->places > tree->mask)
		resize(tree, (tree->mask + 1) * 2);
	node->hash_next = *bucket_of(tree, hash);
	*bucket_of(tree, hash) = node;
	node_get(parent);
	return node;
}

void node_get(struct node *node)
{
	node->users++;
}

static void unhash(struct tree *tree, struct node *node)
{
	struct node **at = bucket_of(tree, node->hash);

	while (*at != node)
		at = &(*at)->hash_next;
	*at = node->hash_next;
	if (--tree->places < tree->mask / 8 && tree->mask >= FIRST_BUCKETS)
		resize(tree, (tree->mask + 1) / 2);
}

void node_put(struct tree *tree, struct node *node)
{
	if (node->users)
		node->users--;
	while (node && !node->users) {
		struct node *parent = node->parent;

		if (parent) {
			unhash(tree, node);
			parent->users--;
		}
		free(node);
		node = parent;
	}
}

/* ---- nodes that exist ---- */

size_t place_cost(const struct node *node)
{
	return PLACE_COST + node->name_len + 1u;
}

size_t path_cost(const struct path *path)
{
	const char *at = path->text, *name;
	size_t cost = path->len + 1, len;

	while (path_next(&at, &name, &len))
		cost += PLACE_COST;
	return cost;
}

size_t value_cost_for(size_t len)
{
	return len ? sizeof(struct value) + BLOCK_COST + len : 0;
}

size_t value_cost(const struct value *value)
{
	return value_cost_for(value_len(value));
}

static size_t node_cost(const struct node *node)
{
	return place_cost(node) + perms_cost(node->perms) + value_cost(node->value);
}

/* Puts the node on its owner's account; the perms name the owner. */
static void charge(struct node *node)
{
	struct domain *owner = perms_owner(node->perms);

	owner->nodes++;
	owner->bytes += node_cost(node);
	node->owned_next = owner->owned;
	node->owned_link = &owner->owned;
	if (owner->owned)
		owner->owned->owned_link = &node->owned_next;
	owner->owned = node;
}

static void discharge(struct node *node)
{
	struct domain *owner = perms_owner(node->perms);

	owner->nodes--;
	owner->bytes -= node_cost(node);
	*node->owned_link = node->owned_next;
	if (node->owned_next)
		node->owned_next->owned_link = node->owned_link;
}

static void link_last(struct node *node)
{
	struct node *parent = node->parent;

	node->prev = parent->last;
	if (parent->last)
		parent->last->next = node;
	else
		parent->first = node;
	parent->last = node;
}

static void unlink_sibling(struct node *node)
{
	struct node *parent = node->parent;

	*(node->prev ? &node->prev->next : &parent->first) = node->next;
	*(node->next ? &node->next->prev : &parent->last) = node->prev;
	node->prev = node->next = NULL;
}

static void changed(struct tree *tree, struct node *node)
{
	if (node)
		node->generation = ++tree->generation;
}

void tree_create(struct tree *tree, struct node *node, struct perms *perms, struct value *value)
{
	work_add(WORK_MAKE);
	node->perms = perms_get(perms);
	node->value = value_get(value);
	node_get(node);
	if (node->parent)
		link_last(node);
	charge(node);
	tree->nodes++;
	changed(tree, node->parent);
	changed(tree, node);
}

void tree_set_value(struct tree *tree, struct node *node, struct value *value)
{
	struct domain *owner = perms_owner(node->perms);

	owner->bytes += value_cost(value);
	owner->bytes -= value_cost(node->value);
	value_get(value);
	value_put(node->value);
	node->value = value;
	changed(tree, node);
}

void tree_set_perms(struct tree *tree, struct node *node, struct perms *perms)
{
	perms_get(perms);
	discharge(node);
	perms_put(node->perms);
	node->perms = perms;
	charge(node);
	changed(tree, node);
}

void tree_remove(struct tree *tree, struct node *node)
{
	work_add(WORK_MAKE);
	discharge(node);
	if (node->parent)
		unlink_sibling(node);
	perms_put(node->perms);
	value_put(node->value);
	node->perms = NULL;
	node->value = NULL;
	tree->nodes--;
	changed(tree, node->parent);
	node_put(tree, node);
}

/* ---- paths ---- */

bool path_next(const char **at, const char **name, size_t *len)
{
	const char *start = *at;
	const char *end;

	while (*start == '/')
		start++;
	if (!*start)
		return false;
	end = strchrnul(start, '/');
	*name = start;
	*len = (size_t)(end - start);
	*at = end;
	return true;
}

struct node *tree_top(const struct tree *tree, const char *path)
{
	return *path == '@' ? tree->special : tree->root;
}

/* Whether a place below top has this path, looked at from its end. */
static bool has_path(const struct node *node, const struct node *top, const char *path, size_t len)
{
	for (; node->parent; node = node->parent) {
		if (len < node->name_len)
			return false;
		len -= node->name_len;
		if (memcmp(path + len, node->name, node->name_len) != 0)
			return false;
		if (len && path[--len] != '/')
			return false;
	}
	return !len && node == top;
}

static struct node *look_up(struct tree *tree, const char *path, size_t len, uint32_t hash)
{
	struct node *top = tree_top(tree, path), *node;

	if (len == 1 && top == tree->root)
		return top;
	node = *bucket_of(tree, hash);
	while (node && (node->hash != hash || !has_path(node, top, path, len)))
		node = node->hash_next;
	return node;
}

struct node *tree_look_up(struct tree *tree, const struct path *path)
{
	return look_up(tree, path->text, path->len, path->hash);
}

struct node *tree_walk(struct tree *tree, const char *path)
{
	size_t len = strlen(path);

	return look_up(tree, path, len, path_hash(PATH_HASH, path, len));
}

struct node *tree_walk_place(struct tree *tree, const char *path)
{
	struct node *node = tree_top(tree, path), *child;
	const char *name;
	size_t len;

	while (path_next(&path, &name, &len)) {
		child = tree_place(tree, node, name, len);
		if (!child) {
			/* What was made on the way has no user yet. */
			node_get(node);
			node_put(tree, node);
			return NULL;
		}
		node = child;
	}
	return node;
}

size_t node_path_len(const struct node *node)
{
	size_t len = 0;

	for (; node->parent; node = node->parent)
		len += node->name_len + 1u;
	return len;
}

size_t node_path(const struct node *node, char *buf)
{
	size_t len = node_path_len(node);
	char *at;

	if (!node->parent) {
		strcpy(buf, "/");
		return 1;
	}
	buf[len] = '\0';
	at = buf + len;
	for (; node->parent; node = node->parent) {
		at -= node->name_len;
		memcpy(at, node->name, node->name_len);
		*--at = '/';
	}
	if (buf[1] != '@')
		return len;
	memmove(buf, buf + 1, len);
	return len - 1;
}
