/* SPDX-License-Identifier: ISC */
/* lib/heap.c against a plain array. */
#include "unit.h"

#include <lib/heap.h>
#include <lib/lib.h>

#define N 300

static struct heap_node node[N];
static struct heap heap;

/* Every node reachable, keys in heap order, links pointing back. Iterative: the tree may be a list.
 */
static unsigned check_tree(void)
{
	static struct heap_node *todo[N + 1];
	unsigned nr = 0, found = 0;

	if (!heap.root)
		return 0;
	assert_ptr_equal(heap.root->link, &heap.root);
	assert_null(heap.root->next);
	todo[nr++] = heap.root;
	while (nr) {
		struct heap_node *n = todo[--nr], **link = &n->child;

		found++;
		assert_true(found <= N);
		for (struct heap_node *c = n->child; c; link = &c->next, c = c->next) {
			assert_ptr_equal(c->link, link);
			assert_true(c->key >= n->key);
			assert_true(nr < N);
			todo[nr++] = c;
		}
	}
	return found;
}

static unsigned count_contained(uint64_t *min)
{
	unsigned count = 0;

	*min = UINT64_MAX;
	for (unsigned i = 0; i < N; i++)
		if (heap_contains(&node[i])) {
			count++;
			*min = MIN(*min, node[i].key);
		}
	return count;
}

static void test_random(void **state)
{
	uint64_t seed = 42;

	(void)state;
	for (unsigned step = 0; step < 40000; step++) {
		struct heap_node *n = &node[random_below(&seed, N)];
		uint64_t min;
		unsigned count;

		if (heap_contains(n))
			heap_remove(&heap, n);
		else
			heap_insert(&heap, n, random_below(&seed, step % 3 ? 50 : UINT64_MAX));
		count = count_contained(&min);
		if (step % 16 == 0)
			assert_int_equal(check_tree(), count);
		if (count)
			assert_int_equal(heap_min(&heap)->key, min);
		else
			assert_null(heap_min(&heap));
	}
	while (heap_min(&heap))
		heap_remove(&heap, heap_min(&heap));
}

static void test_sorts(void **state)
{
	uint64_t seed = 7, last = 0;

	(void)state;
	for (unsigned i = 0; i < N; i++)
		heap_insert(&heap, &node[i], random_next(&seed));
	for (unsigned i = 0; i < N; i++) {
		struct heap_node *n = heap_min(&heap);

		assert_true(n->key >= last);
		last = n->key;
		heap_remove(&heap, n);
		assert_false(heap_contains(n));
		assert_int_equal(n->key, last);
	}
	assert_null(heap_min(&heap));
}

/* A heap as deep as a list: no recursion may depend on it. */
static void test_deep(void **state)
{
	static struct heap_node many[200000];

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(many); i++)
		heap_insert(&heap, &many[i], ARRAY_SIZE(many) - i);
	for (unsigned i = 0; i < ARRAY_SIZE(many); i++) {
		assert_int_equal(heap_min(&heap)->key, i + 1);
		heap_remove(&heap, heap_min(&heap));
	}
}

/* Whoever came first stays in front of an equal one. */
static void test_equal_keeps_root(void **state)
{
	(void)state;
	heap_insert(&heap, &node[0], 5);
	heap_insert(&heap, &node[1], 5);
	assert_ptr_equal(heap_min(&heap), &node[0]);
	heap_remove(&heap, &node[0]);
	heap_remove(&heap, &node[1]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_sorts),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_equal_keeps_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
