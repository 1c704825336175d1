/* SPDX-License-Identifier: ISC */
/* The page allocator and the references of domains' pages; looks into page.c to check that lists
 * and descriptors agree. */
#include "unit.h"

#include "../../../../hypervisor/mem/page.c"

#include <host/host.h>
#include <hyp/domain.h>
#include <lib/errno.h>
#include <stdlib.h>

#define BASE (HOST_RAM_BASE >> PAGE_SHIFT)

/* ---- surroundings ---- */

static struct domain dom[4]; /* slots 1.. */

struct domain *domain_by_slot(unsigned slot)
{
	assert_in_range(slot, 1, ARRAY_SIZE(dom));
	return &dom[slot - 1];
}

void domain_hold(struct domain *d)
{
	d->refs++;
}

void domain_put(struct domain *d)
{
	assert_true(d->refs > 0);
	d->refs--;
}

static void *descriptors;
static char *ram;

/* A fresh allocator on `size` bytes in one bank, which hold `fill`. Descriptors begin as garbage.
 */
static void fresh_filled(uint64_t size, int fill)
{
	uint64_t nr = size >> PAGE_SHIFT;

	memset(&heap, 0, sizeof(heap));
	host_ram_reset();
	ram = host_ram_add(HOST_RAM_BASE, size);
	if (fill)
		memset(ram, fill, size);
	free(descriptors);
	descriptors = aligned_alloc(PAGE_SIZE, ALIGN_UP(nr * PAGE_DESCRIPTOR_SIZE, PAGE_SIZE));
	memset(descriptors, 0xa5, nr * PAGE_DESCRIPTOR_SIZE);
	page_init(descriptors, BASE, nr);
	page_add_region(HOST_RAM_BASE, HOST_RAM_BASE + size);
	memset(dom, 0, sizeof(dom));
	for (unsigned i = 0; i < ARRAY_SIZE(dom); i++) {
		dom[i].slot = (uint16_t)(i + 1);
		dom[i].max_pages = UINT64_MAX;
	}
}

static void fresh(uint64_t size)
{
	fresh_filled(size, 0);
}

static char *page_va(uint64_t mfn)
{
	return ram + ((mfn - BASE) << PAGE_SHIFT);
}

static bool is_zero(uint64_t mfn, unsigned order)
{
	const uint64_t *p = (const uint64_t *)page_va(mfn),
		       *end = p + (PAGE_SIZE << order) / sizeof(*p);

	while (p < end)
		if (*p++)
			return false;
	return true;
}

/* ---- invariants ---- */

static uint64_t check_list(unsigned order, bool dirty)
{
	uint64_t mfn = heap.lists[dirty].head[order], prev = NONE, pages = 0;

	assert_int_equal(!!(heap.lists[dirty].orders & 1U << order), mfn != NONE);
	while (mfn != NONE) {
		struct links l;
		const uint32_t *buddy = pd_of(mfn ^ BIT64(order));

		links_read(mfn, &l);
		assert_int_equal(l.prev, prev);
		assert_int_equal(mfn & (BIT64(order) - 1), 0);
		assert_int_equal(*pd_of(mfn), pd_make_free(order, dirty));
		if (order < MAX_ORDER && buddy)
			assert_int_not_equal(*buddy, pd_make_free(order, dirty));
		pages += BIT64(order);
		prev = mfn;
		mfn = l.next;
	}
	return pages;
}

/* Heads tile all of the memory; what is inside a block is zero; clean free blocks are zero but for
 * their links. */
static void check_tiles(bool contents)
{
	for (uint64_t mfn = heap.bank[0].first, end = mfn + heap.bank[0].nr; mfn < end;) {
		uint32_t desc = *pd_of(mfn);
		unsigned order = pd_order(desc);

		assert_int_not_equal(pd_kind(desc), PD_INSIDE);
		for (uint64_t i = 1; i < BIT64(order); i++)
			if (*pd_of(mfn + i) != PD_INSIDE)
				fail_msg("descriptor inside a block");
		if (contents && pd_kind(desc) == PD_FREE && !(desc & PD_DIRTY)) {
			const uint64_t *p = (const uint64_t *)page_va(mfn);

			for (uint64_t i = 2; i < (PAGE_SIZE << order) / sizeof(*p); i++)
				if (p[i])
					fail_msg("a clean page is not zero");
		}
		mfn += BIT64(order);
	}
}

static void check_heap(bool contents)
{
	uint64_t clean = 0, dirty = 0;

	for (unsigned order = 0; order <= MAX_ORDER; order++) {
		clean += check_list(order, false);
		dirty += check_list(order, true);
	}
	assert_int_equal(dirty, page_nr_dirty());
	assert_int_equal(clean + dirty, page_nr_free());
	assert_int_equal(host_locks_held(), 0);
	assert_int_equal(host_windows(), 0);
	check_tiles(contents);
}

static void scrub_all(void)
{
	for (unsigned i = 0; page_scrub_some(); i++)
		assert_true(i < 1U << 20);
	assert_int_equal(page_nr_dirty(), 0);
}

/* ---- the allocator ---- */

static void test_boot_is_cheap(void **state)
{
	(void)state;
	fresh(GiB(2));
	assert_int_equal(page_nr_total(), GiB(2) >> PAGE_SHIFT);
	assert_int_equal(page_nr_free(), page_nr_total());
	assert_int_equal(page_nr_dirty(), page_nr_total());
	assert_int_equal(page_highest().n, BASE + page_nr_total() - 1);
	assert_int_equal(heap.lists[1].orders, 1U << MAX_ORDER);
	check_heap(false);
}

static void test_alloc_zeroes(void **state)
{
	(void)state;
	fresh_filled(MiB(8), 0x5a);
	for (unsigned order = 0; order <= 9; order++) {
		mfn_t a = page_alloc(order, PAGE_ZERO);

		assert_true(mfn_valid(a));
		assert_int_equal(a.n & (BIT64(order) - 1), 0);
		assert_true(is_zero(a.n, order));
		memset(page_va(a.n), 0x77, PAGE_SIZE << order);
		check_heap(true);
		page_free(a, order);
		check_heap(true);
	}
	assert_int_equal(page_nr_free(), page_nr_total());
}

static void test_background_scrub(void **state)
{
	unsigned calls = 0;
	mfn_t a;

	(void)state;
	fresh_filled(MiB(64), 0x5a);
	while (page_scrub_some()) {
		calls++;
		if (calls % 64 == 0)
			check_heap(true);
	}
	assert_int_equal(calls, MiB(64) / KiB(64) - 1);
	assert_int_equal(page_nr_dirty(), 0);
	check_heap(true);
	/* All merged again: nothing is left of the pieces. */
	assert_int_equal(heap.lists[0].orders, 1U << 14);
	assert_false(page_scrub_some());
	a = page_alloc(14, PAGE_ZERO);
	assert_true(mfn_valid(a));
	assert_true(is_zero(a.n, 14));
	page_free(a, 14);
}

/* Large dirty blocks would take too long to zero in one go. */
static void test_large_orders_only_clean(void **state)
{
	mfn_t a;

	(void)state;
	fresh(MiB(64));
	assert_false(mfn_valid(page_alloc(10, PAGE_ZERO)));
	a = page_alloc(10, PAGE_DIRTY);
	assert_true(mfn_valid(a));
	page_free(a, 10);
	scrub_all();
	a = page_alloc(10, PAGE_ZERO);
	assert_true(mfn_valid(a));
	page_free(a, 10);
	assert_false(mfn_valid(page_alloc(MAX_ORDER + 1, PAGE_ZERO)));
	assert_false(mfn_valid(page_alloc(15, PAGE_DIRTY)));
	check_heap(true);
}

/* One dirty page must not keep two megabytes apart. */
static void test_mix(void **state)
{
	mfn_t page[512], a;

	(void)state;
	fresh(MiB(2));
	for (unsigned i = 0; i < 512; i++)
		page[i] = page_alloc(0, PAGE_ZERO);
	assert_int_equal(page_nr_free(), 0);
	for (unsigned i = 0; i < 512; i += 2)
		page_free(page[i], 0);
	scrub_all();
	for (unsigned i = 1; i < 512; i += 2)
		page_free(page[i], 0);
	check_heap(false);
	a = page_alloc(9, PAGE_ZERO);
	assert_true(mfn_valid(a));
	assert_true(is_zero(a.n, 9));
	check_heap(false);
}

static void test_reserve(void **state)
{
	mfn_t a;

	(void)state;
	fresh(MiB(64));
	assert_true(page_reserve(MFN(BASE + 5), 1000));
	check_heap(false);
	assert_int_equal(page_nr_free(), page_nr_total() - 1000);
	assert_false(page_reserve(MFN(BASE + 1004), 10));
	assert_false(page_reserve(MFN(BASE), 6));
	assert_false(page_reserve(MFN(BASE + page_nr_total() - 1), 2));
	assert_int_equal(page_nr_free(), page_nr_total() - 1000);
	page_unreserve(MFN(BASE + 100), 300);
	check_heap(false);
	assert_int_equal(page_nr_free(), page_nr_total() - 700);
	page_unreserve(MFN(BASE + 5), 95);
	page_unreserve(MFN(BASE + 400), 605);
	assert_int_equal(page_nr_free(), page_nr_total());
	assert_int_equal(heap.lists[1].orders, 1U << 14);
	assert_true(HOST_PANICS("not reserved", page_unreserve(MFN(BASE), 1)));
	a = page_alloc(0, PAGE_ZERO);
	assert_true(mfn_valid(a));
	check_heap(false);
}

static void test_odd_regions(void **state)
{
	(void)state;
	fresh(MiB(4));
	/* A second bank, with ends inside pages and a hole. */
	host_ram_add(GiB(16), MiB(8));
	static uint32_t more[2048];
	page_init(more, GiB(16) >> PAGE_SHIFT, 2048);
	page_add_region(GiB(16) + 0x1800, GiB(16) + MiB(1) + 0x800);
	page_add_region(GiB(16) + MiB(3), GiB(16) + MiB(5));
	assert_int_equal(page_nr_total(), 1024 + 254 + 512);
	assert_true(page_is_ram(MFN(BASE + 77)));
	assert_false(page_is_ram(MFN(BASE + 1024)));
	assert_false(page_is_ram(MFN(0)));
	assert_false(page_is_ram(pa_to_mfn(GiB(16) + 0x1000)));
	assert_true(page_is_ram(pa_to_mfn(GiB(16) + 0x2000)));
	assert_true(page_is_ram(pa_to_mfn(GiB(16) + MiB(1) - 1)));
	assert_false(page_is_ram(pa_to_mfn(GiB(16) + MiB(1))));
	assert_true(page_is_ram(pa_to_mfn(GiB(16) + MiB(4) + 5 * PAGE_SIZE)));
	assert_false(page_is_ram(pa_to_mfn(GiB(16) + MiB(5))));
	assert_false(page_is_ram(pa_to_mfn(GiB(16) + MiB(5) + 5 * PAGE_SIZE)));
	assert_int_equal(page_highest().n, (GiB(16) + MiB(5) - 1) >> PAGE_SHIFT);
	assert_true(HOST_PANICS("broken invariant",
				page_add_region(GiB(16) + MiB(4), GiB(16) + MiB(5))));
	assert_true(HOST_PANICS("broken invariant", page_add_region(GiB(32), GiB(32) + MiB(5))));
}

static void test_wrong_frees(void **state)
{
	mfn_t a;

	(void)state;
	fresh(MiB(4));
	a = page_alloc(2, PAGE_ZERO);
	assert_true(HOST_PANICS("not an allocated block", page_free(a, 1)));
	assert_true(HOST_PANICS("not an allocated block", page_free(MFN(a.n + 1), 0)));
	assert_true(HOST_PANICS("not an allocated block", page_free(MFN(1), 0)));
	page_free(a, 2);
	assert_true(HOST_PANICS("not an allocated block", page_free(a, 2)));
	check_heap(false);
}

static void test_hyp_pages(void **state)
{
	char *p;

	(void)state;
	fresh_filled(MiB(4), 0x5a);
	p = hyp_pages_alloc(1);
	assert_non_null(p);
	assert_true(is_zero(hyp_va_to_mfn(p).n, 1));
	assert_int_equal(host_windows(), 1);
	p[PAGE_SIZE] = 1;
	hyp_pages_free(p, 1);
	hyp_pages_free(NULL, 1);
	assert_null(hyp_pages_alloc(12));
	check_heap(false);
}

#define SLOTS 200

/* Allocations of all kinds at random, with contents that must stay and never be seen by the next
 * owner. */
static void test_random(void **state)
{
	static struct {
		mfn_t mfn;
		unsigned order;
		uint64_t mark;
	} held[SLOTS];
	uint64_t seed = 99;

	(void)state;
	fresh_filled(MiB(16), 0xee);
	for (unsigned i = 0; i < SLOTS; i++)
		held[i].mfn = INVALID_MFN;
	for (unsigned step = 0; step < 20000; step++) {
		unsigned i = (unsigned)random_below(&seed, SLOTS);
		uint64_t dice = random_below(&seed, 10);

		if (dice == 0) {
			page_scrub_some();
		} else if (mfn_valid(held[i].mfn)) {
			uint64_t *first = (uint64_t *)page_va(held[i].mfn.n);

			assert_int_equal(first[0], held[i].mark);
			assert_int_equal(first[(PAGE_SIZE << held[i].order) / 8 - 1], held[i].mark);
			page_free(held[i].mfn, held[i].order);
			held[i].mfn = INVALID_MFN;
		} else {
			unsigned order =
				(unsigned)random_below(&seed, random_below(&seed, 4) ? 4 : 11);
			unsigned flags = dice == 1 ? PAGE_DIRTY : PAGE_ZERO;
			mfn_t a = page_alloc(order, flags);
			uint64_t *words;

			if (!mfn_valid(a))
				continue;
			if (flags == PAGE_ZERO)
				assert_true(is_zero(a.n, order));
			words = (uint64_t *)page_va(a.n);
			held[i].mfn = a;
			held[i].order = order;
			held[i].mark = random_next(&seed) | 1;
			for (uint64_t w = 0; w < (PAGE_SIZE << order) / 8; w++)
				words[w] = held[i].mark;
		}
		if (step % 512 == 0)
			check_heap(true);
	}
	for (unsigned i = 0; i < SLOTS; i++)
		if (mfn_valid(held[i].mfn))
			page_free(held[i].mfn, held[i].order);
	scrub_all();
	check_heap(true);
	assert_int_equal(page_nr_free(), page_nr_total());
	assert_int_equal(heap.lists[0].orders, 1U << 12);
}

/* ---- domains' pages ---- */

static void test_domain_alloc(void **state)
{
	struct domain *d = &dom[0];
	mfn_t a, b;

	(void)state;
	fresh(MiB(16));
	d->max_pages = 600;
	assert_int_equal(domain_page_alloc(d, 9, PAGE_ZERO, &a), 0);
	assert_int_equal(d->tot_pages, 512);
	assert_int_equal(d->refs, 1);
	assert_ptr_equal(page_owner(a), d);
	assert_ptr_equal(page_owner(MFN(a.n + 511)), d);
	assert_int_equal(domain_page_alloc(d, 7, PAGE_ZERO, &b), -ENOMEM);
	assert_int_equal(domain_page_alloc(d, 6, PAGE_ZERO, &b), 0);
	assert_int_equal(d->tot_pages, 576);
	assert_int_equal(page_put_some(a, 512), 512);
	assert_int_equal(page_put_some(b, 64), 64);
	assert_int_equal(d->tot_pages, 0);
	assert_int_equal(d->refs, 0);
	assert_null(page_owner(a));
	assert_int_equal(page_nr_free(), page_nr_total());
	d->max_pages = UINT64_MAX;
	assert_int_equal(domain_page_alloc(d, 13, PAGE_ZERO, &b), -ENOMEM);
	assert_int_equal(domain_page_alloc(d, 63, PAGE_ZERO, &b), -EINVAL);
	assert_int_equal(d->tot_pages, 0);
	assert_int_equal(d->refs, 0);
	check_heap(false);
}

static void test_references(void **state)
{
	struct domain *d = &dom[0], *other = &dom[1];
	mfn_t a, page;

	(void)state;
	fresh(MiB(16));
	assert_int_equal(domain_page_alloc(d, 9, PAGE_ZERO, &a), 0);
	page = MFN(a.n + 137);
	assert_int_equal(page_get(page, other), -EINVAL);
	assert_int_equal(page_get(MFN(1), d), -EINVAL);
	assert_int_equal(page_get(page, d), 0);
	check_heap(false);
	assert_int_equal(page_get(page, d), 0);
	/* The domain goes, the page stays with those who have it, and so does its owner's
	 * descriptor. */
	assert_int_equal(page_put_some(a, 512), 512);
	assert_int_equal(d->tot_pages, 1);
	assert_int_equal(d->refs, 1);
	assert_ptr_equal(page_owner(page), d);
	assert_null(page_owner(MFN(page.n + 1)));
	assert_int_equal(page_get(MFN(page.n + 1), d), -EINVAL);
	page_put(page);
	assert_int_equal(d->refs, 1);
	page_put(page);
	assert_int_equal(d->refs, 0);
	assert_int_equal(page_nr_free(), page_nr_total());
	assert_true(HOST_PANICS("no references", page_put(page)));
	assert_int_equal(page_get(page, d), -EINVAL);
	check_heap(false);
}

static void test_put_one_of_a_block(void **state)
{
	struct domain *d = &dom[2];
	mfn_t a;

	(void)state;
	fresh(MiB(16));
	assert_int_equal(domain_page_alloc(d, 9, PAGE_ZERO, &a), 0);
	page_put(MFN(a.n + 5));
	assert_int_equal(d->tot_pages, 511);
	check_heap(false);
	assert_null(page_owner(MFN(a.n + 5)));
	assert_ptr_equal(page_owner(MFN(a.n + 4)), d);
	assert_int_equal(page_put_some(a, 5), 5);
	assert_int_equal(page_put_some(MFN(a.n + 6), 512 - 6), 506);
	assert_int_equal(d->refs, 0);
	assert_int_equal(page_nr_free(), page_nr_total());
}

static void test_count_limit(void **state)
{
	struct domain *d = &dom[0];
	mfn_t a;

	(void)state;
	fresh(MiB(4));
	assert_int_equal(domain_page_alloc(d, 0, PAGE_ZERO, &a), 0);
	for (unsigned i = 1; i < 65535; i++)
		assert_int_equal(page_get(a, d), 0);
	assert_int_equal(page_get(a, d), -EBUSY);
	for (unsigned i = 0; i < 65535; i++)
		page_put(a);
	assert_int_equal(d->refs, 0);
	check_heap(false);
}

static void test_extra_pages(void **state)
{
	struct domain *d = &dom[0];
	mfn_t a;

	(void)state;
	fresh(MiB(4));
	assert_int_equal(domain_page_alloc(d, 1, PAGE_EXTRA, &a), -EINVAL);
	assert_int_equal(domain_page_alloc(d, 0, PAGE_EXTRA, &a), 0);
	assert_int_equal(d->tot_pages, 0);
	assert_int_equal(d->refs, 0);
	assert_ptr_equal(page_owner(a), d);
	assert_int_equal(page_get(a, d), 0);
	page_disown(a);
	assert_null(page_owner(a));
	assert_int_equal(page_get(a, d), -EINVAL);
	assert_int_equal(page_nr_free(), page_nr_total() - 1);
	page_put(a);
	assert_int_equal(page_nr_free(), page_nr_total());
	assert_int_equal(domain_page_alloc(d, 0, PAGE_EXTRA, &a), 0);
	page_disown(a);
	assert_int_equal(page_nr_free(), page_nr_total());
	check_heap(false);
}

static void test_adopt(void **state)
{
	struct domain *d = &dom[0];
	mfn_t first = MFN(BASE + 3);

	(void)state;
	fresh(MiB(64));
	assert_true(page_reserve(first, 5000));
	d->max_pages = 4000;
	assert_int_equal(domain_page_adopt(d, first, 4001), -ENOMEM);
	assert_int_equal(domain_page_adopt(d, first, 4000), 0);
	assert_int_equal(d->tot_pages, 4000);
	check_heap(false);
	assert_ptr_equal(page_owner(first), d);
	assert_ptr_equal(page_owner(MFN(first.n + 3999)), d);
	assert_null(page_owner(MFN(first.n + 4000)));
	page_unreserve(MFN(first.n + 4000), 1000);
	for (uint64_t done = 0; done < 4000;)
		done += page_put_some(MFN(first.n + done), 4000 - done);
	assert_int_equal(d->refs, 0);
	assert_int_equal(page_nr_free(), page_nr_total());
	assert_int_equal(heap.lists[1].orders, 1U << 14);
	check_heap(false);
}

/* A call's work is bounded by steps, and a block is one. */
static void test_put_some_is_bounded(void **state)
{
	struct domain *d = &dom[0];
	uint64_t done;
	mfn_t a;

	(void)state;
	fresh(MiB(64));
	scrub_all();
	assert_int_equal(domain_page_alloc(d, 11, PAGE_ZERO, &a), 0);
	for (unsigned i = 0; i < 2048; i++)
		assert_int_equal(page_get(MFN(a.n + i), d), 0);
	done = page_put_some(a, 2048);
	assert_int_equal(done, 512);
	while (done < 2048)
		done += page_put_some(MFN(a.n + done), 2048 - done);
	assert_int_equal(d->tot_pages, 2048);
	for (unsigned i = 0; i < 2048; i++)
		page_put(MFN(a.n + i));
	assert_int_equal(d->refs, 0);
	assert_int_equal(domain_page_alloc(d, 10, PAGE_ZERO, &a), 0);
	assert_int_equal(page_put_some(a, 1024), 1024);
	check_heap(false);
}

#define PAGES 2048

/* References at random against plain counters. */
static void test_random_references(void **state)
{
	static uint16_t count[2 * PAGES];
	static uint8_t owner[2 * PAGES];
	uint64_t seed = 5, total[3] = {0};

	(void)state;
	fresh(MiB(16));
	memset(count, 0, sizeof(count));
	for (unsigned step = 0; step < 60000; step++) {
		uint64_t i = random_below(&seed, 2 * PAGES), dice = random_below(&seed, 8);
		unsigned who = (unsigned)random_below(&seed, 3);
		struct domain *d = &dom[who];

		if (dice == 0) {
			unsigned order = (unsigned)random_below(&seed, 10);
			mfn_t a;

			if (domain_page_alloc(d, order, PAGE_DIRTY, &a))
				continue;
			for (i = a.n - BASE; i < a.n - BASE + BIT64(order); i++) {
				assert_int_equal(count[i], 0);
				count[i] = 1;
				owner[i] = (uint8_t)who;
			}
			total[who] += BIT64(order);
		} else if (dice < 4) {
			int want = count[i] && owner[i] == who ? 0 : -EINVAL;

			assert_int_equal(page_get(MFN(BASE + i), d), want);
			count[i] = (uint16_t)(count[i] + (want == 0));
		} else if (count[i]) {
			page_put(MFN(BASE + i));
			if (--count[i] == 0)
				total[owner[i]]--;
		}
		if (step % 1024 == 0)
			check_heap(false);
		for (unsigned k = 0; k < 3; k++) {
			assert_int_equal(dom[k].tot_pages, total[k]);
			assert_int_equal(dom[k].refs, total[k] != 0);
		}
	}
	for (uint64_t i = 0; i < 2 * PAGES; i++) {
		assert_ptr_equal(page_owner(MFN(BASE + i)), count[i] ? &dom[owner[i]] : NULL);
		for (; count[i]; count[i]--)
			page_put(MFN(BASE + i));
	}
	assert_int_equal(page_nr_free(), page_nr_total());
	check_heap(false);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_boot_is_cheap),
		cmocka_unit_test(test_alloc_zeroes),
		cmocka_unit_test(test_background_scrub),
		cmocka_unit_test(test_large_orders_only_clean),
		cmocka_unit_test(test_mix),
		cmocka_unit_test(test_reserve),
		cmocka_unit_test(test_odd_regions),
		cmocka_unit_test(test_wrong_frees),
		cmocka_unit_test(test_hyp_pages),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_domain_alloc),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_put_one_of_a_block),
		cmocka_unit_test(test_count_limit),
		cmocka_unit_test(test_extra_pages),
		cmocka_unit_test(test_adopt),
		cmocka_unit_test(test_put_some_is_bounded),
		cmocka_unit_test(test_random_references),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
