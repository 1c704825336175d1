/* SPDX-License-Identifier: ISC */
/* Checks that the tree of nodes is whole. */
#include "check.h"
#include "daemon/daemon.h"
#include "store/tree/tree.h"

static unsigned fault(const struct node *node, const char *what)
{
	char path[TREE_PATH_SIZE];

	node_path(node, path);
	daemon_log("check: %s: %s", path, what);
	return 1;
}

static unsigned check_node(struct tree *tree, const struct node *node)
{
	unsigned faults = 0;

	if (node->parent && !node_exists(node->parent))
		faults += fault(node, "the node above does not exist");
	if (node->parent && tree_find(tree, node->parent, node->name, node->name_len) != node)
		faults += fault(node, "is not found by its name");
	if (perms_owner(node->perms)->dead && !perms_owner(node->perms)->refs)
		faults += fault(node, "its owner is gone");
	for (const struct node *child = node->first; child; child = child->next)
		if (child->parent != node || (child->next && child->next->prev != child))
			faults += fault(child, "is in a wrong list");
	return faults;
}

unsigned check_store(struct store *store)
{
	struct node *root = store->tree.root, *node;
	unsigned faults = 0, seen = 0;

	for (node = root; node; node = tree_next(node, root)) {
		seen++;
		faults += check_node(&store->tree, node);
	}
	for (node = store->tree.special->first, seen++; node; node = node->next)
		seen++;
	if (seen != store->tree.nodes)
		faults += fault(root, "the number of nodes is wrong");
	return faults;
}
