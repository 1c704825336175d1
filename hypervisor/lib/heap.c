/* SPDX-License-Identifier: ISC */
/*
 * The pairing heap: a tree in which every node's key is at least its parent's.
 *
 *	root ──child──> a ──next──> b ──next──> c		link: root.child <- a, a.next <- b,
 *... └──child──> ...
 *
 * All loops, no recursion: the depth of the tree may be its size.
 */
#include <lib/heap.h>

/* Make one of two single trees the other's first child. Of equal ones the first stays on top. */
static struct heap_node *meld(struct heap_node *a, struct heap_node *b)
{
	if (b->key < a->key) {
		struct heap_node *t = a;

		a = b;
		b = t;
	}
	b->next = a->child;
	if (b->next)
		b->next->link = &b->next;
	b->link = &a->child;
	a->child = b;
	return a;
}

/* Meld siblings in pairs, left to right, and chain the results the other way round. */
static struct heap_node *meld_pairs(struct heap_node *first)
{
	struct heap_node *done = NULL;

	while (first) {
		struct heap_node *a = first, *b = a->next;

		first = b ? b->next : NULL;
		a = b ? meld(a, b) : a;
		a->next = done;
		done = a;
	}
	return done;
}

/* One tree of a list of siblings, NULL of none. */
static struct heap_node *meld_siblings(struct heap_node *first)
{
	struct heap_node *list = meld_pairs(first), *tree = list;

	if (!tree)
		return NULL;
	list = list->next;
	while (list) {
		struct heap_node *next = list->next;

		tree = meld(list, tree);
		list = next;
	}
	return tree;
}

static void set_root(struct heap *h, struct heap_node *n)
{
	h->root = n;
	if (n) {
		n->next = NULL;
		n->link = &h->root;
	}
}

void heap_insert(struct heap *h, struct heap_node *n, uint64_t key)
{
	*n = (struct heap_node){.key = key};
	set_root(h, h->root ? meld(h->root, n) : n);
}

void heap_remove(struct heap *h, struct heap_node *n)
{
	struct heap_node *children = meld_siblings(n->child);

	if (h->root == n) {
		set_root(h, children);
	} else {
		*n->link = n->next;
		if (n->next)
			n->next->link = n->link;
		if (children)
			set_root(h, meld(h->root, children));
	}
	*n = (struct heap_node){.key = n->key};
}
