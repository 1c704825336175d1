/* SPDX-License-Identifier: ISC */
/* mem/pool.c: objects are distinct, zeroed, inside their slabs; slabs come and go. */
#include "unit.h"

#include <host/host.h>
#include <hyp/domain.h>
#include <lib/lib.h>
#include <mem/page.h>
#include <mem/pool.h>

struct domain *domain_by_slot(unsigned slot __unused)
{
	return NULL;
}

void domain_hold(struct domain *d __unused)
{
}

void domain_put(struct domain *d __unused)
{
}

#define N 600

static bool is_zero(const uint8_t *p, size_t n)
{
	while (n--)
		if (*p++)
			return false;
	return true;
}

/* One size and order: random traffic, contents marked. */
static void traffic(struct pool *pool, uint64_t seed)
{
	static uint8_t *held[N];
	uint64_t before = page_nr_free();
	unsigned count = 0;

	for (unsigned step = 0; step < 6000; step++) {
		uint64_t i = random_below(&seed, N);

		if (held[i]) {
			for (unsigned k = 0; k < pool->size; k++)
				assert_int_equal(held[i][k], (uint8_t)i);
			pool_free(pool, held[i]);
			held[i] = NULL;
			count--;
		} else {
			held[i] = pool_alloc(pool);
			assert_non_null(held[i]);
			assert_int_equal((uintptr_t)held[i] & 15, 0);
			assert_true(is_zero(held[i], pool->size));
			memset(held[i], (int)i, pool->size);
			count++;
		}
		assert_int_equal(pool->in_use, count);
	}
	for (unsigned i = 0; i < N; i++) {
		pool_free(pool, held[i]);
		held[i] = NULL;
	}
	assert_int_equal(pool->in_use, 0);
	assert_true(list_empty(&pool->partial));
	assert_int_equal(page_nr_free(), before);
	assert_int_equal(host_locks_held(), 0);
	assert_int_equal(host_windows(), 0);
}

static void test_traffic(void **state)
{
	static const struct {
		unsigned size, order;
	} rows[] = {{1, 0},    {16, 0},   {40, 0},   {64, 0}, {500, 0}, {2000, 0},
		    {4000, 0}, {4040, 0}, {5000, 1}, {48, 2}, {16, 3},  {9000, 3}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pool pool = POOL_INIT("test", pool, rows[i].size, rows[i].order);

		assert_int_equal(pool.size % 16, 0);
		traffic(&pool, i + 1);
	}
}

/* A slab has room for what its size says, not for one less. */
static void test_capacity(void **state)
{
	struct pool pool = POOL_INIT("test", pool, 1008, 0);
	uint64_t before = page_nr_free();
	void *object[4];

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		object[i] = pool_alloc(&pool);
	assert_int_equal(page_nr_free(), before - 1);
	for (unsigned i = 0; i < 4; i++)
		pool_free(&pool, object[i]);
	assert_int_equal(page_nr_free(), before);
}

static void test_wrong_frees(void **state)
{
	struct pool pool = POOL_INIT("first", pool, 100, 0),
		    other = POOL_INIT("second", other, 100, 0);
	char *a = pool_alloc(&pool), *b = pool_alloc(&pool);

	(void)state;
	pool_free(&pool, a);
	pool_free(&pool, NULL);
	assert_true(HOST_PANICS("pool first", pool_free(&pool, a)));
	assert_true(HOST_PANICS("pool first", pool_free(&pool, b + 16)));
	assert_true(HOST_PANICS("pool second", pool_free(&other, b)));
	assert_true(HOST_PANICS("pool first",
				pool_free(&pool, (void *)((uintptr_t)b & (uintptr_t)PAGE_MASK))));
	pool_free(&pool, b);
}

static void test_out_of_memory(void **state)
{
	struct pool pool = POOL_INIT("test", pool, 2000, 0);
	static void *object[2049];
	unsigned n = 0;

	(void)state;
	while ((object[n] = pool_alloc(&pool)) != NULL)
		n++;
	assert_int_equal(page_nr_free(), 0);
	assert_int_equal(n, page_nr_total() * 2);
	while (n)
		pool_free(&pool, object[--n]);
	assert_int_equal(page_nr_free(), page_nr_total());
}

static int setup(void **state)
{
	(void)state;
	host_heap_init(MiB(4));
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_traffic),
		cmocka_unit_test(test_capacity),
		cmocka_unit_test(test_wrong_frees),
		cmocka_unit_test(test_out_of_memory),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
