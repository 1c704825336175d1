/* SPDX-License-Identifier: ISC */
/* Changes to nodes that requests make, within a transaction or immediately. */
#include "change.h"
#include "store/journal.h"
#include "store/tree/budget.h"
#include "watch.h"

#include <errno.h>
#include <string.h>

/* ---- the tree itself ---- */

void change_set(struct store *store, struct node *node, struct perms *perms, struct value *value,
		const struct txn *by)
{
	if (!node_exists(node)) {
		txn_note(node, TOUCH_NODE, by);
		txn_note(node->parent, TOUCH_LIST, by);
		tree_create(&store->tree, node, perms, value);
	} else {
		txn_note(node, TOUCH_NODE, by);
		if (node->perms != perms)
			tree_set_perms(&store->tree, node, perms);
		tree_set_value(&store->tree, node, value);
	}
	journal_node(store, node);
}

static void remove_one(struct store *store, struct node *node, const struct txn *by)
{
	txn_note(node, TOUCH_NODE | TOUCH_LIST | TOUCH_PLACE, by);
	txn_note(node->parent, TOUCH_LIST, by);
	tree_remove(&store->tree, node);
}

void change_remove_all(struct store *store, struct node *node, const struct txn *by)
{
	node_get(node);
	while (node->first)
		remove_one(store, tree_first_leaf(node), by);
	remove_one(store, node, by);
	journal_removed(store, node);
	node_put(&store->tree, node);
}

/* Removes from the leaves up. Below top, only watches on exactly the removed node are fired. */
static void remove_and_tell(struct store *store, struct node *top)
{
	struct node *node;

	node_get(top);
	do {
		struct perms *before;

		node = tree_first_leaf(top);
		before = perms_get(node->perms);
		node_get(node);
		remove_one(store, node, NULL);
		watch_fire(node, before, node != top);
		perms_put(before);
		node_put(&store->tree, node);
	} while (node != top);
	journal_removed(store, top);
	node_put(&store->tree, top);
}

void change_remove_owned(struct store *store, struct domain *domain)
{
	while (domain->owned && domain->owned->parent)
		remove_and_tell(store, domain->owned);
}

/* ---- finding ---- */

/*
 * Follows the path as far as nodes exist. Returns the last such node; *rest is the remaining path
 * ("" when the whole path exists).
 */
static struct node *walk(const struct view *view, const struct path *path, const char **rest)
{
	struct store *store = view->conn->store;
	struct node *node = view->txn ? NULL : tree_look_up(&store->tree, path);
	const char *at = path->text, *name;
	size_t len;

	*rest = "";
	if (node && node_exists(node)) /* without a transaction, all nodes above exist too */
		return node;
	node = tree_top(&store->tree, path->text);
	*rest = at;
	while (path_next(&at, &name, &len)) {
		struct node *child = tree_find(&store->tree, node, name, len);

		if (!child || !txn_perms(view->txn, child))
			return node;
		node = child;
		*rest = at;
	}
	*rest = "";
	return node;
}

/* The transaction depends on the first missing node only: those below are missing with it. */
static int touch_missing(const struct view *view, struct node *above, const char *rest)
{
	struct tree *tree = &view->conn->store->tree;
	const char *name;
	struct node *node;
	size_t len;
	int ret;

	if (!view->txn || !path_next(&rest, &name, &len))
		return 0;
	node = tree_place(tree, above, name, len);
	if (!node)
		return -ENOMEM;
	node_get(node);
	ret = txn_touch(view->txn, node, TOUCH_NODE, NULL);
	node_put(tree, node);
	return ret;
}

int view_find(const struct view *view, const struct path *path, unsigned want, struct node **node)
{
	const char *rest;
	struct node *last = walk(view, path, &rest);
	bool missing = *rest != '\0';
	int ret;

	/*
	 * Check access before recording a touch: a client without access must not learn of changes.
	 */
	if ((perms_for(txn_perms(view->txn, last), view->conn->domain) & want) != want)
		return -EACCES;
	ret = missing ? touch_missing(view, last, rest)
		      : txn_touch(view->txn, last, TOUCH_NODE, NULL);
	if (ret < 0)
		return ret;
	*node = last;
	return missing ? -ENOENT : 0;
}

/* ---- writing ---- */

/* Sets a node's new permissions and value, within the transaction or immediately. */
static int put(const struct view *view, struct node *node, struct perms *perms, struct value *value)
{
	struct domain *domain = view->conn->domain;
	size_t cost = perms_cost(perms) + value_cost(value);
	struct touch *touch;
	int ret;

	if (!view->txn) {
		change_set(view->conn->store, node, perms, value, NULL);
		return 0;
	}
	ret = txn_touch(view->txn, node, TOUCH_NODE, &touch);
	if (ret == 0 && !quota_allows(domain, QUOTA_MEMORY, domain->bytes + cost))
		ret = -ENOMEM;
	if (ret == 0)
		touch_hold(touch, perms, value, TOUCH_CHANGED);
	return ret;
}

/* Makes the nodes that walk() did not find, from the top down to the end of the path. */
static int make_nodes(const struct view *view, struct node *above, const char *rest,
		      struct perms *perms, struct value *value, struct node **made)
{
	struct tree *tree = &view->conn->store->tree;
	const char *name, *at = rest;
	size_t len;
	int ret = txn_touch(view->txn, above, TOUCH_PLACE, NULL);

	while (ret == 0 && path_next(&at, &name, &len)) {
		struct node *node = tree_place(tree, above, name, len);

		if (!node)
			return -ENOMEM;
		node_get(node);
		ret = put(view, node, perms, *at ? NULL : value);
		if (ret == 0 && view->txn) {
			txn_move_last(txn_touched(view->txn, node));
			view->txn->made++;
		}
		*made = above = node;
		node_put(tree, node);
	}
	return ret;
}

static unsigned count_names(const char *rest)
{
	unsigned count = 0;
	const char *name;
	size_t len;

	while (path_next(&rest, &name, &len))
		count++;
	return count;
}

/* Bytes for count nodes and their names; within a transaction each node needs an entry too. */
static size_t make_cost(const struct view *view, const char *rest, unsigned count,
			const struct perms *perms, const struct value *value)
{
	size_t each = PLACE_COST + perms_cost(perms);

	if (view->txn)
		each += sizeof(struct touch) + BLOCK_COST;
	return count * each + strlen(rest) + 1 + value_cost(value);
}

/* A guest owns the nodes it makes; a privileged client's nodes inherit the parent's owner. */
static struct perms *inherit(const struct view *view, const struct node *above)
{
	struct perms *perms = txn_perms(view->txn, above);
	struct domain *domain = view->conn->domain;

	return domain->privileged ? perms_get(perms) : perms_with_owner(perms, domain);
}

/* Checks the quotas for all new nodes before any is made. Returns 0, -ENOSPC or -ENOMEM. */
static int may_make(const struct view *view, const char *rest, const struct perms *perms,
		    const struct value *value)
{
	struct domain *domain = view->conn->domain;
	unsigned count = count_names(rest);
	size_t cost = make_cost(view, rest, count, perms, value);

	if (!quota_allows(domain, QUOTA_NODES,
			  domain->nodes + count + (view->txn ? view->txn->made : 0)))
		return -ENOSPC;
	return quota_allows(domain, QUOTA_MEMORY, domain->bytes + cost) ? 0 : -ENOMEM;
}

/* Fires watches now, or marks the node so that the end of the transaction fires them. */
static void tell(const struct view *view, struct node *node, const struct perms *before,
		 unsigned flags)
{
	struct touch *touch = txn_touched(view->txn, node);

	if (touch)
		touch->flags = (uint8_t)((touch->flags & ~TOUCH_EXACT) | flags);
	else
		watch_fire(node, before, flags & TOUCH_EXACT);
}

static int make(const struct view *view, const struct path *path, struct value *value)
{
	struct tree *tree = &view->conn->store->tree;
	const char *rest;
	struct node *above = walk(view, path, &rest), *node = NULL;
	struct perms *perms = inherit(view, above);
	struct node *place = NULL;
	int ret = perms ? may_make(view, rest, perms, value) : -ENOMEM;

	/* Allocate all places first, so that nothing can fail halfway for lack of memory. */
	if (ret == 0 && !(place = tree_walk_place(tree, path->text)))
		ret = -ENOMEM;
	if (ret == 0) {
		node_get(place);
		ret = make_nodes(view, above, rest, perms, value, &node);
		if (ret == 0)
			tell(view, node, NULL, TOUCH_FIRE);
		node_put(tree, place);
	}
	perms_put(perms);
	return ret;
}

/* Checks whether the quotas allow a value of this length. */
static int check_value(const struct view *view, size_t len)
{
	struct domain *domain = view->conn->domain;

	if (!quota_allows(domain, QUOTA_NODE_SIZE, len))
		return -ENOSPC;
	return quota_allows(domain, QUOTA_MEMORY, domain->bytes + value_cost_for(len)) ? 0
										       : -ENOMEM;
}

int view_write(const struct view *view, const struct path *path, const void *data, size_t len)
{
	size_t size = len == MAKE_ONLY ? 0 : len;
	struct value *value;
	struct node *node;
	bool failed, missing;
	int ret = view_find(view, path, PERM_WRITE, &node);

	if (ret < 0 && ret != -ENOENT)
		return ret;
	if (ret == 0 && len == MAKE_ONLY)
		return 0;
	missing = ret == -ENOENT;
	ret = missing && !size ? 0 : check_value(view, size);
	if (ret < 0)
		return ret;
	value = value_new(data, size, &failed);
	if (failed)
		return -ENOMEM;
	if (missing) {
		ret = make(view, path, value);
	} else {
		ret = put(view, node, txn_perms(view->txn, node), value);
		if (ret == 0)
			tell(view, node, NULL, TOUCH_FIRE);
	}
	value_put(value);
	return ret;
}

int view_set_perms(const struct view *view, struct node *node, struct perms *perms)
{
	struct perms *before = perms_get(txn_perms(view->txn, node));
	struct domain *domain = view->conn->domain;
	int ret = -ENOMEM;

	if (quota_allows(domain, QUOTA_MEMORY, domain->bytes + perms_cost(perms)))
		ret = put(view, node, perms, txn_value(view->txn, node));
	if (ret == 0)
		tell(view, node, before, TOUCH_FIRE);
	perms_put(before);
	return ret;
}

/* ---- removing ---- */

static int mark_removed(const struct view *view, struct node *node, bool exact)
{
	struct touch *touch;
	int ret = txn_touch(view->txn, node, TOUCH_NODE | TOUCH_LIST, &touch);

	if (ret < 0)
		return ret;
	touch_hold(touch, NULL, NULL, TOUCH_CHANGED);
	if (!node_exists(node) && view->txn->made)
		view->txn->made--;
	tell(view, node, NULL, exact ? TOUCH_FIRE | TOUCH_EXACT : TOUCH_FIRE);
	return 0;
}

static bool is_below(const struct node *node, const struct node *top)
{
	while (node && node != top) {
		work_add(WORK_STEP);
		node = node->parent;
	}
	return node == top;
}

/*
 * Marks the existing nodes first, then those that the transaction made. All entries are allocated
 * before, so that a quota error does not leave half of the nodes marked.
 */
static int mark_all_removed(const struct view *view, struct node *top)
{
	int ret = 0;

	for (struct node *node = top; node && ret == 0; node = tree_next(node, top))
		ret = txn_touch(view->txn, node, TOUCH_NODE | TOUCH_LIST, NULL);
	for (struct node *node = top; node && ret == 0; node = tree_next(node, top))
		if (txn_perms(view->txn, node))
			ret = mark_removed(view, node, node != top);
	for (struct touch *touch = view->txn->first; touch && ret == 0; touch = touch->next)
		if (touch->flags & TOUCH_CHANGED && touch->perms && is_below(touch->node, top))
			ret = mark_removed(view, touch->node, touch->node != top);
	return ret;
}

int view_remove(const struct view *view, struct node *node)
{
	if (view->txn)
		return mark_all_removed(view, node);
	remove_and_tell(view->conn->store, node);
	return 0;
}
