/* SPDX-License-Identifier: ISC */
/* Stage 2 with types and references: life of a guest's memory, and random traffic against a model.
 */
#include "unit.h"

#include "domains.h"

#include <host/host.h>
#include <lib/errno.h>
#include <lib/lib.h>
#include <mem/p2m.h>
#include <mem/page.h>

#define RAM_TYPES     (BIT(P2M_RAM) | BIT(P2M_RAM_RO))
#define FOREIGN_TYPES (BIT(P2M_FOREIGN) | BIT(P2M_FOREIGN_RO))

static struct domain *const d = &test_domain[0], *const other = &test_domain[1];
static uint64_t free_before;

static int fresh(void **state)
{
	(void)state;
	host_yield_every = 0;
	p2m_ipa_bits = 40;
	test_domains_reset();
	free_before = page_nr_free();
	assert_int_equal(p2m_init(d), 0);
	assert_int_equal(p2m_init(other), 0);
	return 0;
}

static void check_quiet(void)
{
	assert_int_equal(host_tlb_stale(), 0);
	assert_int_equal(host_windows(), 0);
	assert_int_equal(host_locks_held(), 0);
}

static unsigned relinquish(struct domain *who)
{
	unsigned calls = 1;
	int err;

	while ((err = p2m_relinquish(who)) == -ERESTART)
		calls++;
	assert_int_equal(err, 0);
	return calls;
}

/* Everything goes and nothing is missing. */
static int gone(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++)
		relinquish(&test_domain[i]);
	for (unsigned i = 0; i < TEST_DOMAINS; i++) {
		p2m_destroy(&test_domain[i]);
		assert_int_equal(test_domain[i].tot_pages, 0);
		assert_int_equal(test_domain[i].refs, 0);
	}
	check_quiet();
	assert_int_equal(page_nr_free(), free_before);
	return 0;
}

static mfn_t populate(struct domain *who, uint64_t gfn, unsigned order)
{
	mfn_t mfn;

	assert_int_equal(domain_page_alloc(who, order, PAGE_ZERO, &mfn), 0);
	assert_int_equal(p2m_map(who, GFN(gfn), mfn, BIT64(order), P2M_RAM), 0);
	return mfn;
}

static void expect(struct domain *who, uint64_t gfn, enum p2m_type type, uint64_t mfn)
{
	enum p2m_type is;
	mfn_t m;

	if (type == P2M_NONE) {
		assert_int_equal(p2m_lookup(who, GFN(gfn), &m, &is, NULL), -ENOENT);
		return;
	}
	assert_int_equal(p2m_lookup(who, GFN(gfn), &m, &is, NULL), 0);
	assert_int_equal(is, type);
	assert_int_equal(m.n, mfn);
}

/* Map a page over whatever is there; the reference of what was there is put, if it owned one. */
static int replace(struct domain *who, uint64_t gfn, mfn_t mfn, enum p2m_type type)
{
	struct p2m_mapping old;
	int err = p2m_replace(who, GFN(gfn), mfn, type, ~0U, &old);

	if (BIT(old.type) & (RAM_TYPES | FOREIGN_TYPES))
		page_put(old.mfn);
	return err;
}

static void test_lookup(void **state)
{
	mfn_t a = populate(d, 0x40000, 9), m;
	enum p2m_type type;
	unsigned order;

	(void)state;
	assert_int_equal(p2m_lookup(d, GFN(0x40007), &m, &type, &order), 0);
	assert_int_equal(m.n, a.n + 7);
	assert_int_equal(type, P2M_RAM);
	assert_int_equal(order, 9);
	assert_int_equal(p2m_lookup(d, GFN(0x40200), &m, &type, &order), -ENOENT);
	assert_int_equal(order, 9);
	assert_int_equal(p2m_lookup(d, GFN(0), &m, &type, &order), -ENOENT);
	assert_int_equal(order, 18);
	assert_int_equal(p2m_lookup(d, GFN(BIT64(28)), &m, &type, &order), -ENOENT);
	assert_int_equal(p2m_lookup(d, INVALID_GFN, &m, &type, &order), -ENOENT);
	assert_int_equal(p2m_max_gfn(d), 0x40200);
	assert_int_equal(d->p2m.tables, 1);
}

/* What a type means to the hardware: read, write, execute, memory type. */
static void test_descriptors(void **state)
{
	static const uint64_t want[P2M_NR_TYPES] = {
		[P2M_RAM] = 0x7fc,
		[P2M_RAM_RO] = 0x77c,
		[P2M_SHARED] = 0x7fc | 2ULL << 53,
		[P2M_DEVICE] = 0x6c4 | 2ULL << 53,
		[P2M_FOREIGN] = 0x7fc | 2ULL << 53,
		[P2M_FOREIGN_RO] = 0x77c | 2ULL << 53,
		[P2M_GRANT_RW] = 0x7fc | 2ULL << 53,
		[P2M_GRANT_RO] = 0x77c | 2ULL << 53,
	};

	(void)state;
	for (unsigned type = P2M_RAM; type < P2M_NR_TYPES; type++) {
		struct domain *who = &test_domain[2];
		uint64_t *root;

		assert_int_equal(p2m_init(who), 0);
		assert_int_equal(
			p2m_map(who, GFN(BIT64(18) * 3), MFN(BIT64(18) * 5), BIT64(18), type), 0);
		assert_true(p2m_allows(who, GiB(3) + 5, false));
		assert_int_equal(p2m_allows(who, GiB(3) + 5, true), !!(want[type] & 0x80));
		assert_false(p2m_allows(who, GiB(4), false));
		root = map_page(who->p2m.root);
		assert_int_equal(root[3] & ~(0xfULL << 55), GiB(5) | want[type] | 1);
		root[3] = 0; /* nobody's memory */
		unmap_page(root);
		p2m_destroy(who);
	}
}

static void test_bad_maps(void **state)
{
	mfn_t a = populate(d, 16, 0);

	(void)state;
	assert_int_equal(p2m_map(d, GFN(BIT64(28)), a, 1, P2M_GRANT_RW), -EINVAL);
	assert_int_equal(p2m_map(d, GFN(BIT64(28) - 1), a, 2, P2M_GRANT_RW), -EINVAL);
	assert_int_equal(p2m_map(d, GFN(1), a, ~0ULL, P2M_GRANT_RW), -EINVAL);
	assert_int_equal(p2m_map(d, INVALID_GFN, a, 1, P2M_GRANT_RW), -EINVAL);
	assert_int_equal(replace(d, BIT64(28), a, P2M_GRANT_RW), -EINVAL);
	assert_int_equal(p2m_map(d, GFN(0), a, 100, P2M_GRANT_RW), -EEXIST);
	expect(d, 0, P2M_NONE, 0);
	assert_int_equal(p2m_map(d, GFN(BIT64(28) - 1), a, 1, P2M_GRANT_RW), 0);
	expect(d, BIT64(28) - 1, P2M_GRANT_RW, a.n);
	assert_int_equal(p2m_max_gfn(d), BIT64(28));
}

static void test_take(void **state)
{
	mfn_t a = populate(d, 0x200, 9), m;
	enum p2m_type type;

	(void)state;
	assert_int_equal(p2m_take(d, GFN(0x205), FOREIGN_TYPES, INVALID_MFN, &m, &type), -ENOENT);
	assert_int_equal(p2m_take(d, GFN(0x205), RAM_TYPES, a, &m, &type), -ENOENT);
	assert_int_equal(p2m_take(d, GFN(0x400), RAM_TYPES, INVALID_MFN, &m, &type), -ENOENT);
	assert_int_equal(d->p2m.tables, 1);
	assert_int_equal(p2m_take(d, GFN(0x205), RAM_TYPES, MFN(a.n + 5), &m, &type), 0);
	assert_int_equal(m.n, a.n + 5);
	assert_int_equal(type, P2M_RAM);
	check_quiet();
	expect(d, 0x205, P2M_NONE, 0);
	expect(d, 0x204, P2M_RAM, a.n + 4);
	expect(d, 0x3ff, P2M_RAM, a.n + 511);
	assert_int_equal(d->p2m.tables, 2);
	page_put(m);
	assert_int_equal(d->tot_pages, 511);
	assert_int_equal(p2m_unmap(d, GFN(0x206), MFN(a.n)), -ENOENT);
	assert_int_equal(p2m_unmap(d, GFN(0x206), MFN(a.n + 6)), 0);
	page_put(MFN(a.n + 6));
}

/* A guest that gives back all its memory page by page keeps no tables. */
static void test_balloon_out(void **state)
{
	mfn_t m;
	enum p2m_type type;

	(void)state;
	populate(d, 0, 9);
	populate(d, 512, 9);
	for (unsigned i = 0; i < 1024; i++) {
		assert_int_equal(
			p2m_take(d, GFN((i * 5) & 1023), RAM_TYPES, INVALID_MFN, &m, &type), 0);
		page_put(m);
		check_quiet();
	}
	assert_int_equal(d->tot_pages, 0);
	assert_int_equal(d->p2m.tables, 0);
}

static void test_get_page(void **state)
{
	mfn_t a = populate(d, 0, 9), extra, m;

	(void)state;
	assert_int_equal(p2m_get_page(d, GFN(7), true, &m), 0);
	assert_int_equal(m.n, a.n + 7);
	page_put(m);
	assert_int_equal(p2m_get_page(d, GFN(512), false, &m), -ENOENT);
	/* Read-only RAM, another's page, a device, what the hypervisor shows. */
	assert_int_equal(domain_page_alloc(d, 0, PAGE_ZERO, &m), 0);
	assert_int_equal(p2m_map(d, GFN(1000), m, 1, P2M_RAM_RO), 0);
	assert_int_equal(p2m_get_page(d, GFN(1000), true, &m), -EACCES);
	assert_int_equal(p2m_get_page(d, GFN(1000), false, &m), 0);
	page_put(m);
	assert_int_equal(page_get(a, d), 0);
	assert_int_equal(p2m_map(other, GFN(5), a, 1, P2M_FOREIGN), 0);
	assert_int_equal(p2m_get_page(other, GFN(5), false, &m), -EACCES);
	assert_int_equal(p2m_map(d, GFN(2000), MFN(9), 1, P2M_DEVICE), 0);
	assert_int_equal(p2m_get_page(d, GFN(2000), false, &m), -EACCES);
	assert_int_equal(domain_page_alloc(d, 0, PAGE_EXTRA, &extra), 0);
	assert_int_equal(p2m_map(d, GFN(2001), extra, 1, P2M_SHARED), 0);
	assert_int_equal(p2m_get_page(d, GFN(2001), true, &m), 0);
	page_put(m);
	assert_int_equal(p2m_unmap(d, GFN(2001), extra), 0);
	page_disown(extra);
}

static void test_replace(void **state)
{
	mfn_t a = populate(d, 0, 9), b;

	(void)state;
	/* Over RAM: the page goes. */
	assert_int_equal(domain_page_alloc(other, 0, PAGE_ZERO, &b), 0);
	assert_int_equal(page_get(b, other), 0);
	assert_int_equal(replace(d, 3, b, P2M_FOREIGN), 0);
	assert_int_equal(d->tot_pages, 511);
	expect(d, 3, P2M_FOREIGN, b.n);
	expect(d, 4, P2M_RAM, a.n + 4);
	/* Over a foreign page: its reference goes. */
	assert_int_equal(domain_page_alloc(d, 0, PAGE_ZERO, &a), 0);
	assert_int_equal(replace(d, 3, a, P2M_RAM), 0);
	assert_int_equal(other->tot_pages, 1);
	page_put(b);
	assert_int_equal(other->tot_pages, 0);
	/* Over a grant: somebody else's business. */
	assert_int_equal(p2m_map(d, GFN(700), a, 1, P2M_GRANT_RO), 0);
	assert_int_equal(replace(d, 700, a, P2M_GRANT_RW), 0);
	assert_int_equal(d->tot_pages, 512);
	check_quiet();
}

/* What is refused, or finds no table page to split a block with, leaves everything as it was. */
static void test_replace_fails(void **state)
{
	mfn_t a = populate(d, 0, 9);
	struct p2m_mapping old;

	(void)state;
	assert_int_equal(p2m_map(d, GFN(700), MFN(9), 1, P2M_DEVICE), 0);
	assert_int_equal(p2m_replace(d, GFN(700), a, P2M_GRANT_RW, RAM_TYPES, &old), -EEXIST);
	assert_int_equal(old.type, P2M_NONE);
	expect(d, 700, P2M_DEVICE, 9);
	assert_int_equal(p2m_replace(d, GFN(7), a, P2M_GRANT_RW, FOREIGN_TYPES, &old), -EEXIST);
	assert_int_equal(d->p2m.tables, 2);
	d->p2m.table_limit = 2;
	assert_int_equal(p2m_replace(d, GFN(7), a, P2M_GRANT_RW, RAM_TYPES, &old), -ENOMEM);
	assert_int_equal(old.type, P2M_NONE);
	expect(d, 7, P2M_RAM, a.n + 7);
	d->p2m.table_limit = P2M_DEFAULT_TABLES;
	assert_int_equal(p2m_replace(d, GFN(7), a, P2M_GRANT_RW, RAM_TYPES, &old), 0);
	assert_int_equal(old.type, P2M_RAM);
	assert_int_equal(old.mfn.n, a.n + 7);
	expect(d, 7, P2M_GRANT_RW, a.n);
	expect(d, 6, P2M_RAM, a.n + 6);
	page_put(old.mfn);
	check_quiet();
}

/* The number of tables is the guest's to spend, not the machine's. */
static void test_table_limit(void **state)
{
	mfn_t a = populate(d, 0, 9), m;
	enum p2m_type type;

	(void)state;
	d->p2m.table_limit = d->p2m.tables;
	assert_int_equal(p2m_take(d, GFN(0), RAM_TYPES, INVALID_MFN, &m, &type), -ENOMEM);
	expect(d, 0, P2M_RAM, a.n);
	assert_int_equal(p2m_map(d, GFN(BIT64(20)), a, 1, P2M_GRANT_RW), -ENOMEM);
	assert_int_equal(p2m_map(d, GFN(512), a, 512, P2M_GRANT_RW), 0);
	assert_int_equal(replace(d, 5, a, P2M_GRANT_RW), -ENOMEM);
	d->p2m.table_limit = P2M_DEFAULT_TABLES;
	for (unsigned i = 1; i < 200; i++)
		if (p2m_map(d, GFN(BIT64(18) * i + i), a, 1, P2M_GRANT_RW))
			break;
	assert_in_range(d->p2m.tables, P2M_DEFAULT_TABLES - 1, P2M_DEFAULT_TABLES);
	d->p2m.table_limit = ~0U;
	assert_int_equal(p2m_map(d, GFN(BIT64(18) * 250), a, 1, P2M_GRANT_RW), 0);
	check_quiet();
}

/* Steps, not pages, are what a large guest's end costs. */
static void test_relinquish_blocks(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 32; i++)
		populate(d, 0x40000 + 512 * i, 9);
	host_yield_every = 1;
	assert_in_range(relinquish(d), 32, 48);
	assert_int_equal(d->tot_pages, 0);
	assert_int_equal(d->p2m.tables, 0);
	assert_int_equal(p2m_map(d, GFN(0), MFN(0), 1, P2M_DEVICE), -ESRCH);
	assert_int_equal(replace(d, 0, MFN(0), P2M_DEVICE), -ESRCH);
	host_yield_every = 0;
}

/* Pages that others hold outlive their owner's mappings. */
static void test_relinquish_held(void **state)
{
	mfn_t a = populate(d, 0, 9), b = populate(d, 600, 0), m;

	(void)state;
	assert_int_equal(p2m_get_page(d, GFN(77), true, &m), 0);
	assert_int_equal(p2m_map(other, GFN(1), m, 1, P2M_FOREIGN), 0);
	assert_int_equal(p2m_get_page(d, GFN(600), false, &m), 0);
	assert_int_equal(p2m_map(other, GFN(2), m, 1, P2M_FOREIGN_RO), 0);
	host_yield_every = 1;
	relinquish(d);
	assert_int_equal(d->tot_pages, 2);
	assert_int_equal(d->refs, 1);
	assert_ptr_equal(page_owner(MFN(a.n + 77)), d);
	expect(other, 1, P2M_FOREIGN, a.n + 77);
	expect(other, 2, P2M_FOREIGN_RO, b.n);
	relinquish(other);
	assert_int_equal(d->refs, 0);
}

/* ---- everything at random ---- */

#define SPAN 2048

struct frame {
	enum p2m_type type;
	uint64_t mfn;
};

static struct frame model[2][SPAN];

static void random_populate(unsigned who, uint64_t *seed)
{
	unsigned order = random_below(seed, 3) ? 9 : (unsigned)random_below(seed, 4);
	uint64_t gfn = ALIGN_DOWN(random_below(seed, SPAN), BIT64(order));
	bool taken = false;
	mfn_t m;
	int err;

	if (domain_page_alloc(&test_domain[who], order, PAGE_DIRTY, &m))
		return;
	for (uint64_t i = gfn; i < gfn + BIT64(order); i++)
		taken |= model[who][i].type != P2M_NONE;
	err = p2m_map(&test_domain[who], GFN(gfn), m, BIT64(order), P2M_RAM);
	assert_int_equal(err, taken ? -EEXIST : 0);
	if (err) {
		assert_int_equal(page_put_some(m, BIT64(order)), BIT64(order));
		return;
	}
	for (uint64_t i = 0; i < BIT64(order); i++)
		model[who][gfn + i] = (struct frame){P2M_RAM, m.n + i};
}

static void random_take(unsigned who, uint64_t gfn)
{
	struct frame *f = &model[who][gfn];
	enum p2m_type type;
	mfn_t m;
	int err = p2m_take(&test_domain[who], GFN(gfn), RAM_TYPES | FOREIGN_TYPES, INVALID_MFN, &m,
			   &type);

	assert_int_equal(err, f->type == P2M_NONE ? -ENOENT : 0);
	if (err)
		return;
	assert_int_equal(type, f->type);
	assert_int_equal(m.n, f->mfn);
	page_put(m);
	f->type = P2M_NONE;
}

/* Map a page of the one into the other, over whatever is there. */
static void random_foreign(unsigned who, uint64_t gfn, uint64_t ogfn)
{
	struct frame *f = &model[who][gfn], *of = &model[!who][ogfn];
	mfn_t m;
	int err = p2m_get_page(&test_domain[!who], GFN(ogfn), true, &m);

	assert_int_equal(err, of->type == P2M_RAM ? 0 : of->type == P2M_NONE ? -ENOENT : -EACCES);
	if (err)
		return;
	assert_int_equal(replace(&test_domain[who], gfn, m, P2M_FOREIGN), 0);
	*f = (struct frame){P2M_FOREIGN, m.n};
}

static void check_model(void)
{
	for (unsigned who = 0; who < 2; who++)
		for (unsigned i = 0; i < SPAN; i++)
			expect(&test_domain[who], i, model[who][i].type, model[who][i].mfn);
}

static void test_random(void **state)
{
	uint64_t seed = 3;

	(void)state;
	memset(model, 0, sizeof(model));
	for (unsigned step = 0; step < 12000; step++) {
		unsigned who = (unsigned)random_below(&seed, 2);
		uint64_t gfn = random_below(&seed, SPAN), ogfn = random_below(&seed, SPAN);

		switch (random_below(&seed, 8)) {
		case 0:
			random_populate(who, &seed);
			break;
		case 1:
			page_scrub_some();
			break;
		case 2:
		case 3:
			random_foreign(who, gfn, ogfn);
			break;
		default:
			random_take(who, gfn);
		}
		check_quiet();
		if (step % 500 == 0)
			check_model();
	}
	check_model();
	host_yield_every = 3;
}

static int setup(void **state)
{
	(void)state;
	host_heap_init(MiB(128));
	return 0;
}

#define P2M_TEST(f) cmocka_unit_test_setup_teardown(f, fresh, gone)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		P2M_TEST(test_lookup),          P2M_TEST(test_descriptors),
		P2M_TEST(test_bad_maps),        P2M_TEST(test_take),
		P2M_TEST(test_balloon_out),     P2M_TEST(test_get_page),
		P2M_TEST(test_replace),         P2M_TEST(test_replace_fails),
		P2M_TEST(test_table_limit),     P2M_TEST(test_relinquish_blocks),
		P2M_TEST(test_relinquish_held), P2M_TEST(test_random),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
