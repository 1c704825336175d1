/* SPDX-License-Identifier: ISC */
/*
 * An intrusive pairing heap: insert O(1), minimum O(1), remove any O(log n) amortised. Keys are
 * 64-bit times.
 */
#ifndef HYP_HEAP_H
#define HYP_HEAP_H

#include <lib/types.h>

struct heap_node {
	uint64_t key;
	struct heap_node *child;
	struct heap_node *next;  /* sibling */
	struct heap_node **link; /* what points here; NULL: in no heap */
};

struct heap {
	struct heap_node *root;
};

static inline bool heap_contains(const struct heap_node *n)
{
	return n->link != NULL;
}

static inline struct heap_node *heap_min(const struct heap *h)
{
	return h->root;
}

void heap_insert(struct heap *h, struct heap_node *n, uint64_t key);
void heap_remove(struct heap *h, struct heap_node *n);

#endif
