/* SPDX-License-Identifier: ISC */
/* The page-table walker against a flat model, with every write seen by the break-before-make
 * checker. */
#include "unit.h"

#include <arm/pt.h>
#include <host/host.h>
#include <lib/errno.h>
#include <lib/lib.h>
#include <mem/page.h>
#include <stdlib.h>
#include <string.h>

/* ---- surroundings: tables from a small arena ---- */

#define ARENA_PAGES 2048

static char *arena;
static uint8_t used[ARENA_PAGES];
static unsigned in_use, limit;

static paddr_t alloc_pages(unsigned nr)
{
	for (unsigned i = 0; i + nr <= ARENA_PAGES; i += nr) {
		if (memchr(used + i, 1, nr))
			continue;
		memset(used + i, 1, nr);
		memset(arena + i * PAGE_SIZE, 0, nr * PAGE_SIZE);
		return HOST_RAM_BASE + i * PAGE_SIZE;
	}
	return PT_NO_TABLE;
}

static paddr_t table_alloc(struct pt *pt __unused)
{
	paddr_t table = in_use < limit ? alloc_pages(1) : PT_NO_TABLE;

	in_use += table != PT_NO_TABLE;
	return table;
}

static void table_free(struct pt *pt __unused, paddr_t table)
{
	uint64_t page = (table - HOST_RAM_BASE) >> PAGE_SHIFT;
	const uint64_t *entries = (const uint64_t *)(arena + page * PAGE_SIZE);

	assert_int_equal(used[page], 1);
	host_tlb_check_free_table(entries);
	for (unsigned i = 0; i < PT_ENTRIES; i++)
		assert_int_equal(entries[i], 0);
	/* A walker that still came here would find mappings to nowhere. */
	memset(arena + page * PAGE_SIZE, 0xff, PAGE_SIZE);
	used[page] = 0;
	in_use--;
}

static uint64_t *table_map(struct pt *pt __unused, paddr_t table)
{
	return map_page(pa_to_mfn(table));
}

static void table_unmap(struct pt *pt __unused, uint64_t *table)
{
	unmap_page(table);
}

static void publish(struct pt *pt __unused)
{
	host_tlb_counts.publish++;
}

static void flush_leaf(struct pt *pt, uint64_t ia)
{
	host_tlb_flush_leaf(pt, ia);
}

static void flush_all(struct pt *pt __unused)
{
	host_tlb_flush_all();
}

static const struct pt_ops ops = {table_alloc, table_free, table_map, table_unmap,
				  publish,     flush_leaf, flush_all};

static struct pt pt;

/* Concatenated root pages as start level and size want. */
static void fresh(unsigned start_level, unsigned ia_bits)
{
	unsigned span = pt_level_shift(start_level) + 9,
		 pages = ia_bits > span ? 1U << (ia_bits - span) : 1;

	assert_int_equal(host_tlb_stale(), 0);
	memset(used, 0, sizeof(used));
	in_use = 0;
	limit = ARENA_PAGES;
	pt = (struct pt){&ops, alloc_pages(pages), (uint8_t)start_level, (uint8_t)ia_bits, NULL};
}

/* What must hold after each operation. */
static void check_quiet(void)
{
	assert_int_equal(host_tlb_stale(), 0);
	assert_int_equal(host_windows(), 0);
}

#define ATTR (PT_AF | PT_SH_INNER | PT_S2_NORMAL | PT_S2_READ | PT_S2_WRITE)

static void expect_leaf(uint64_t ia, unsigned level, paddr_t pa)
{
	struct pt_leaf leaf;

	assert_true(pt_lookup(&pt, ia, &leaf));
	assert_int_equal(leaf.level, level);
	assert_int_equal(leaf.ia, ALIGN_DOWN(ia, pt_level_size(level)));
	assert_int_equal(pt_leaf_address(&leaf, ia), pa);
	assert_int_equal(leaf.desc & 3, level == PT_LAST_LEVEL ? 3 : 1);
}

static void expect_hole(uint64_t ia, unsigned level)
{
	struct pt_leaf leaf;

	assert_false(pt_lookup(&pt, ia, &leaf));
	assert_int_equal(leaf.desc, 0);
	assert_int_equal(leaf.level, level);
	assert_int_equal(leaf.ia, ALIGN_DOWN(ia, pt_level_size(level)));
}

/* ---- single properties ---- */

static void test_largest_blocks(void **state)
{
	(void)state;
	fresh(1, 40);
	assert_int_equal(
		pt_map(&pt, GiB(1) - 0x1000, GiB(5) - 0x1000, GiB(2) + MiB(4) + 0x3000, ATTR), 0);
	expect_leaf(GiB(1) - 0x1000, 3, GiB(5) - 0x1000);
	expect_leaf(GiB(1) + 12345, 1, GiB(5) + 12345);
	expect_leaf(GiB(2), 1, GiB(6));
	expect_leaf(GiB(3) + MiB(3), 2, GiB(7) + MiB(3));
	expect_leaf(GiB(3) + MiB(4), 3, GiB(7) + MiB(4));
	expect_leaf(GiB(3) + MiB(4) + 0x1000, 3, GiB(7) + MiB(4) + 0x1000);
	expect_hole(GiB(3) + MiB(4) + 0x2000, 3);
	expect_hole(GiB(1) - 0x2000, 3);
	expect_hole(GiB(1) - MiB(3), 2);
	expect_hole(GiB(4), 1);
	assert_int_equal(in_use, 4);
	check_quiet();
	/* The physical address limits blocks too. */
	assert_int_equal(pt_map(&pt, GiB(16), MiB(2), GiB(1), ATTR), 0);
	expect_leaf(GiB(16), 2, MiB(2));
	assert_int_equal(pt_map(&pt, GiB(32), 0x1000, MiB(2), ATTR), 0);
	expect_leaf(GiB(32), 3, 0x1000);
	check_quiet();
}

/* New mappings need no invalidation, unmapping a page exactly one by address. */
static void test_invalidations(void **state)
{
	struct pt_leaf leaf;

	(void)state;
	fresh(1, 40);
	host_tlb_counts = (struct host_tlb_counts){0};
	assert_int_equal(pt_map(&pt, 0, GiB(1), MiB(6) + 0x5000, ATTR), 0);
	assert_int_equal(host_tlb_counts.flush_leaf + host_tlb_counts.flush_all, 0);
	assert_int_equal(host_tlb_counts.publish, 1);
	assert_int_equal(pt_take(&pt, MiB(6), MiB(6) + 0x1000, &leaf, 1), 1);
	assert_int_equal(host_tlb_counts.flush_leaf, 1);
	assert_int_equal(pt_unmap(&pt, MiB(2), MiB(2)), 0);
	assert_int_equal(host_tlb_counts.flush_leaf, 2);
	assert_int_equal(host_tlb_counts.flush_all, 0);
	assert_int_equal(pt_unmap(&pt, 0, MiB(64)), 0);
	assert_int_equal(host_tlb_counts.flush_all, 1);
	assert_int_equal(in_use, 0);
	check_quiet();
}

static void test_bad_ranges(void **state)
{
	struct pt_leaf leaf;

	(void)state;
	fresh(1, 40);
	assert_int_equal(pt_map(&pt, 0x800, 0, 0x1000, ATTR), -EINVAL);
	assert_int_equal(pt_map(&pt, 0, 0x800, 0x1000, ATTR), -EINVAL);
	assert_int_equal(pt_map(&pt, 0, 0, 0x800, ATTR), -EINVAL);
	assert_int_equal(pt_map(&pt, BIT64(40), 0, 0x1000, ATTR), -EINVAL);
	assert_int_equal(pt_map(&pt, BIT64(40) - 0x1000, 0, 0x2000, ATTR), -EINVAL);
	assert_int_equal(pt_map(&pt, 0x1000, 0, ~0ULL << 12, ATTR), -EINVAL);
	assert_int_equal(pt_map(&pt, 0, BIT64(48) - 0x1000, 0x2000, ATTR), -EINVAL);
	assert_int_equal(pt_map(&pt, 0, BIT64(48), 0x1000, ATTR), -EINVAL);
	assert_int_equal(pt_unmap(&pt, BIT64(40), 0x1000), -EINVAL);
	assert_int_equal(pt_change(&pt, 0, BIT64(40) + 0x1000, 0, 0), -EINVAL);
	assert_int_equal(pt_replace(&pt, BIT64(40), 0, ATTR, &leaf), -EINVAL);
	assert_int_equal(pt_walk(&pt, ~0ULL << 12, 0x2000, NULL, NULL), -EINVAL);
	assert_false(pt_lookup(&pt, BIT64(40), &leaf));
	assert_int_equal(pt_take(&pt, BIT64(40), BIT64(41), &leaf, 1), 0);
	assert_int_equal(pt_map(&pt, 0, 0, 0, ATTR), 0);
	assert_int_equal(pt_unmap(&pt, 0, 0), 0);
	assert_int_equal(pt_change(&pt, 0, 0, 0, 0), 0);
	assert_int_equal(in_use, 0);
	/* Both ends of everything. */
	assert_int_equal(pt_map(&pt, BIT64(40) - 0x1000, BIT64(48) - 0x1000, 0x1000, ATTR), 0);
	expect_leaf(BIT64(40) - 1, 3, BIT64(48) - 1);
	assert_int_equal(pt_unmap(&pt, 0, BIT64(40)), 0);
	assert_int_equal(in_use, 0);
	check_quiet();
}

static void test_map_over_something(void **state)
{
	(void)state;
	fresh(1, 40);
	assert_int_equal(pt_map(&pt, MiB(4), 0, MiB(2), ATTR), 0);
	assert_int_equal(in_use, 1);
	/* Inside a block, over it, and up to it: all or nothing. */
	assert_int_equal(pt_map(&pt, MiB(5), 0, 0x1000, ATTR), -EEXIST);
	assert_int_equal(pt_map(&pt, 0, 0, GiB(1), ATTR), -EEXIST);
	assert_int_equal(pt_map(&pt, 0x1000, 0x1000, MiB(16), ATTR), -EEXIST);
	assert_int_equal(in_use, 1);
	expect_hole(0x1000, 2);
	expect_leaf(MiB(4), 2, 0);
	expect_hole(MiB(6), 2);
	check_quiet();
}

/* At each possible point of running out of tables nothing is left behind. */
static void test_out_of_tables(void **state)
{
	struct pt_leaf leaf;

	(void)state;
	for (unsigned n = 0;; n++) {
		int err;

		fresh(0, 48);
		limit = n;
		err = pt_map(&pt, GiB(512) - MiB(2) - 0x1000, 0x1000, MiB(6) + 0x2000, ATTR);
		check_quiet();
		if (!err)
			break;
		assert_int_equal(err, -ENOMEM);
		assert_int_equal(in_use, 0);
		assert_int_equal(pt_take(&pt, 0, BIT64(48), &leaf, 1), 0);
	}
	assert_true(in_use >= 6);
	fresh(1, 40);
	assert_int_equal(pt_map(&pt, 0, 0, GiB(1), ATTR), 0);
	for (limit = 0; limit < 2; limit++) {
		assert_int_equal(pt_unmap(&pt, 0x1000, 0x1000), -ENOMEM);
		assert_int_equal(pt_replace(&pt, 0x1000, 0, ATTR, &leaf), -ENOMEM);
		assert_int_equal(pt_change(&pt, 0x1000, 0x1000, PT_S2_WRITE, 0), -ENOMEM);
		assert_true(pt_lookup(&pt, 0x1000, &leaf));
		assert_int_equal(pt_leaf_address(&leaf, 0x1000), 0x1000);
		assert_int_equal(pt_attributes(leaf.desc), ATTR);
		check_quiet();
	}
	assert_int_equal(pt_replace(&pt, GiB(3), 0, ATTR, &leaf), -ENOMEM);
	expect_hole(GiB(3), 1);
	limit = 2;
	assert_int_equal(pt_unmap(&pt, 0x1000, 0x1000), 0);
	check_quiet();
}

static void test_split_keeps_the_rest(void **state)
{
	struct pt_leaf leaf;

	(void)state;
	fresh(1, 40);
	assert_int_equal(pt_map(&pt, GiB(4), GiB(8), GiB(1), ATTR | 5ULL << PT_SW_SHIFT), 0);
	assert_int_equal(pt_unmap(&pt, GiB(4) + MiB(2) + 0x3000, 0x1000), 0);
	expect_hole(GiB(4) + MiB(2) + 0x3000, 3);
	expect_leaf(GiB(4) + MiB(2) + 0x2000, 3, GiB(8) + MiB(2) + 0x2000);
	expect_leaf(GiB(4) + MiB(2) + 0x4000, 3, GiB(8) + MiB(2) + 0x4000);
	expect_leaf(GiB(4) + MiB(4) - 1, 3, GiB(8) + MiB(4) - 1);
	expect_leaf(GiB(4), 2, GiB(8));
	expect_leaf(GiB(5) - 1, 2, GiB(9) - 1);
	assert_true(pt_lookup(&pt, GiB(5) - 1, &leaf));
	assert_int_equal(pt_attributes(leaf.desc), ATTR | 5ULL << PT_SW_SHIFT);
	assert_int_equal(in_use, 2);
	check_quiet();
}

static void test_replace(void **state)
{
	struct pt_leaf old;

	(void)state;
	fresh(1, 40);
	assert_int_equal(pt_replace(&pt, MiB(2), 0x5000, ATTR, &old), 0);
	assert_int_equal(old.desc, 0);
	expect_leaf(MiB(2), 3, 0x5000);
	assert_int_equal(pt_replace(&pt, MiB(2), 0x6000, ATTR, &old), 0);
	assert_int_equal(pt_address(old.desc), 0x5000);
	expect_leaf(MiB(2), 3, 0x6000);
	assert_int_equal(pt_map(&pt, MiB(4), MiB(8), MiB(2), ATTR), 0);
	assert_int_equal(pt_replace(&pt, MiB(4) + 0x7000, 0x6000, ATTR, &old), 0);
	assert_int_equal(pt_address(old.desc), MiB(8) + 0x7000);
	expect_leaf(MiB(4) + 0x8000, 3, MiB(8) + 0x8000);
	check_quiet();
	/* What only software reads needs no break. */
	host_tlb_counts = (struct host_tlb_counts){0};
	assert_int_equal(pt_replace(&pt, MiB(2), 0x6000, ATTR | 3ULL << PT_SW_SHIFT, &old), 0);
	assert_int_equal(host_tlb_counts.writes, 1);
	assert_int_equal(host_tlb_counts.flush_leaf, 0);
}

static void test_change(void **state)
{
	struct pt_leaf leaf;

	(void)state;
	fresh(1, 40);
	assert_int_equal(pt_map(&pt, 0, 0, MiB(8), ATTR), 0);
	assert_int_equal(pt_change(&pt, MiB(1), MiB(4), PT_S2_WRITE, PT_S2_XN), 0);
	for (uint64_t ia = 0; ia < MiB(8); ia += PAGE_SIZE) {
		bool inside = ia >= MiB(1) && ia < MiB(5);

		assert_true(pt_lookup(&pt, ia, &leaf));
		assert_int_equal(pt_leaf_address(&leaf, ia), ia);
		assert_int_equal(pt_attributes(leaf.desc),
				 inside ? (ATTR & ~PT_S2_WRITE) | PT_S2_XN : ATTR);
	}
	assert_true(pt_lookup(&pt, MiB(3), &leaf));
	assert_int_equal(leaf.level, 2);
	check_quiet();
}

struct seen {
	unsigned nr, stop;
	uint64_t size, last;
};

static int see(const struct pt_leaf *leaf, void *data)
{
	struct seen *s = data;

	assert_true(!s->nr || leaf->ia >= s->last);
	s->last = leaf->ia + pt_level_size(leaf->level);
	s->size += pt_level_size(leaf->level);
	return ++s->nr == s->stop ? 77 : 0;
}

static void test_walk(void **state)
{
	struct seen s = {0};

	(void)state;
	fresh(1, 40);
	assert_int_equal(pt_map(&pt, GiB(1) - MiB(2), 0, MiB(2) + GiB(1) + 0x2000, ATTR), 0);
	assert_int_equal(pt_map(&pt, GiB(700), 0x1000, 0x1000, ATTR), 0);
	assert_int_equal(pt_walk(&pt, 0, BIT64(40), see, &s), 0);
	assert_int_equal(s.size, MiB(2) + GiB(1) + 0x3000);
	s = (struct seen){.stop = 3};
	assert_int_equal(pt_walk(&pt, 0, BIT64(40), see, &s), 77);
	assert_int_equal(s.nr, 3);
	s = (struct seen){0};
	assert_int_equal(pt_walk(&pt, GiB(1) + MiB(1), 0x1000, see, &s), 0);
	assert_int_equal(s.nr, 1);
	check_quiet();
}

/* Take everything apart, some leaves a call: no table may be left. */
static void test_take(void **state)
{
	static const unsigned batch[] = {1, 2, 7, 64};
	struct pt_leaf leaf[64];

	(void)state;
	for (unsigned b = 0; b < ARRAY_SIZE(batch); b++) {
		uint64_t ia = 0, size = 0;
		unsigned n;

		fresh(1, 40);
		assert_int_equal(pt_map(&pt, MiB(2) - 0x3000, MiB(2) - 0x3000, MiB(10), ATTR), 0);
		assert_int_equal(pt_map(&pt, GiB(3), 0, GiB(2), ATTR), 0);
		assert_int_equal(pt_map(&pt, GiB(1000), 0, 0x1000, ATTR), 0);
		while ((n = pt_take(&pt, ia, BIT64(40), leaf, batch[b])) != 0) {
			for (unsigned i = 0; i < n; i++) {
				assert_true(leaf[i].ia >= ia);
				ia = leaf[i].ia + pt_level_size(leaf[i].level);
				size += pt_level_size(leaf[i].level);
			}
			check_quiet();
		}
		assert_int_equal(size, MiB(10) + GiB(2) + 0x1000);
		assert_int_equal(in_use, 0);
	}
}

/* Stage 1 as the hypervisor has it: four levels. Level 0 has no blocks. */
static void test_four_levels(void **state)
{
	(void)state;
	fresh(0, 48);
	assert_int_equal(pt_map(&pt, GiB(512), 0, GiB(1024), ATTR), 0);
	expect_leaf(GiB(512), 1, 0);
	expect_hole(0, 0);
	assert_int_equal(in_use, 2);
	assert_int_equal(pt_unmap(&pt, GiB(513), GiB(1022)), 0);
	assert_int_equal(in_use, 2);
	assert_int_equal(pt_unmap(&pt, 0, BIT64(48)), 0);
	assert_int_equal(in_use, 0);
	check_quiet();
}

/* ---- everything at random, against a flat array ---- */

#define SPAN_PAGES 4096 /* 16 MiB, 8 blocks, somewhere around a border of 1 GiB */

static struct {
	paddr_t pa; /* 0: a hole */
	uint64_t attr;
} model[SPAN_PAGES];

static void check_model(uint64_t base)
{
	struct pt_leaf leaf;

	for (unsigned i = 0; i < SPAN_PAGES; i++) {
		uint64_t ia = base + i * PAGE_SIZE;
		bool found = pt_lookup(&pt, ia, &leaf);

		assert_int_equal(found, model[i].pa != 0);
		if (found) {
			assert_int_equal(pt_leaf_address(&leaf, ia), model[i].pa);
			assert_int_equal(pt_attributes(leaf.desc), model[i].attr);
		}
	}
}

static bool model_has(unsigned from, unsigned nr)
{
	for (unsigned i = from; i < from + nr; i++)
		if (model[i].pa)
			return true;
	return false;
}

static unsigned random_length(uint64_t *seed, unsigned from)
{
	static const unsigned most[] = {1, 8, 600, 2048};
	unsigned nr = 1 + (unsigned)random_below(seed, most[random_below(seed, 4)]);

	return MIN(nr, SPAN_PAGES - from);
}

static void random_step(uint64_t base, uint64_t *seed)
{
	static const uint64_t attrs[] = {ATTR, ATTR & ~PT_S2_WRITE, ATTR | PT_S2_XN,
					 ATTR | 9ULL << PT_SW_SHIFT};
	unsigned from = (unsigned)random_below(seed, SPAN_PAGES), nr;
	uint64_t attr = attrs[random_below(seed, 4)], ia, pa;
	struct pt_leaf old;
	int err;

	if (random_below(seed, 3) == 0)
		from = ALIGN_DOWN(from, 512U);
	nr = random_length(seed, from);
	if (!(from % 512) && random_below(seed, 2))
		nr = ALIGN_UP(nr, 512U);
	ia = base + from * PAGE_SIZE;
	pa = (random_below(seed, 2) ? GiB(2) : GiB(2) + 0x1000) + from * PAGE_SIZE;
	switch (random_below(seed, 4)) {
	case 0:
		err = pt_map(&pt, ia, pa, nr * PAGE_SIZE, attr);
		assert_int_equal(err, model_has(from, nr) ? -EEXIST : 0);
		for (unsigned i = from; !err && i < from + nr; i++, pa += PAGE_SIZE) {
			model[i].pa = pa;
			model[i].attr = attr;
		}
		break;
	case 1:
		assert_int_equal(pt_unmap(&pt, ia, nr * PAGE_SIZE), 0);
		memset(&model[from], 0, nr * sizeof(model[0]));
		break;
	case 2:
		assert_int_equal(pt_replace(&pt, ia, pa, attr, &old), 0);
		assert_int_equal(old.desc != 0, model[from].pa != 0);
		if (old.desc)
			assert_int_equal(pt_leaf_address(&old, ia), model[from].pa);
		model[from].pa = pa;
		model[from].attr = attr;
		break;
	default:
		assert_int_equal(
			pt_change(&pt, ia, nr * PAGE_SIZE, PT_S2_WRITE | PT_S2_XN, attr & PT_S2_XN),
			0);
		for (unsigned i = from; i < from + nr; i++)
			model[i].attr =
				(model[i].attr & ~(PT_S2_WRITE | PT_S2_XN)) | (attr & PT_S2_XN);
	}
}

static void test_random(void **state)
{
	static const struct {
		uint64_t base;
		unsigned level, bits;
	} rows[] = {{0, 1, 40},
		    {GiB(1) - MiB(8), 1, 32},
		    {GiB(512) - MiB(8), 1, 40},
		    {GiB(512) - MiB(8), 0, 48},
		    {MiB(64), 2, 32}};
	uint64_t seed = 11;

	(void)state;
	for (unsigned r = 0; r < ARRAY_SIZE(rows); r++) {
		fresh(rows[r].level, rows[r].bits);
		memset(model, 0, sizeof(model));
		for (unsigned step = 0; step < 1500; step++) {
			random_step(rows[r].base, &seed);
			check_quiet();
			if (step % 25 == 0)
				check_model(rows[r].base);
		}
		assert_int_equal(pt_unmap(&pt, rows[r].base, SPAN_PAGES * PAGE_SIZE), 0);
		assert_int_equal(in_use, 0);
		check_quiet();
	}
}

static int setup(void **state)
{
	(void)state;
	arena = host_ram_add(HOST_RAM_BASE, ARENA_PAGES * PAGE_SIZE);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_largest_blocks), cmocka_unit_test(test_invalidations),
		cmocka_unit_test(test_bad_ranges),     cmocka_unit_test(test_map_over_something),
		cmocka_unit_test(test_out_of_tables),  cmocka_unit_test(test_split_keeps_the_rest),
		cmocka_unit_test(test_replace),        cmocka_unit_test(test_change),
		cmocka_unit_test(test_walk),           cmocka_unit_test(test_take),
		cmocka_unit_test(test_four_levels),    cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
