/* SPDX-License-Identifier: ISC */
/* Copies to and from guests: page borders, permissions, and what must not be touched on a fault. */
#include "unit.h"

#include "domains.h"

#include <hyp/arch.h>
#include <asm/cache.h>
#include <host/host.h>
#include <lib/errno.h>
#include <mem/guest_access.h>
#include <lib/lib.h>
#include <mem/page.h>
#include <public/xen.h>

/*
 * The guest's address space: page 16 .. 19 RAM, 20 hole, 21 read-only RAM, 22 hole, 23 another's
 * page, 24 a device, 25 shared. Its machine pages are in reverse order, so that nothing works by
 * being contiguous.
 */
#define FIRST      16
#define ADDR(page) ((uint64_t)(page) << PAGE_SHIFT)

static struct domain *const d = &test_domain[0], *const other = &test_domain[1];
static struct vcpu vcpu;
static mfn_t shared, foreign;

/* The guest's caches are off. */
static bool uncached;

/* Virtual is physical here, but for the last and the first page there is: these have RAM too. */
int arch_guest_ram(struct vcpu *v, gvaddr_t va, bool write, paddr_t *pa)
{
	gpaddr_t gpa = va >> PAGE_SHIFT == ~0ULL >> PAGE_SHIFT ? ADDR(16) | (va & ~PAGE_MASK)
		       : va >> PAGE_SHIFT == 0                 ? ADDR(17) | va
							       : va;

	assert_true(v->domain->p2m.lock.held);
	if (guest_ram_locked(v->domain, gpa, write, pa))
		return -EFAULT;
	return uncached ? GUEST_RAM_UNCACHED : GUEST_RAM_CACHED;
}

static mfn_t add_page(uint64_t gfn, enum p2m_type type)
{
	mfn_t mfn;

	assert_int_equal(domain_page_alloc(type == P2M_FOREIGN ? other : d, 0, PAGE_ZERO, &mfn), 0);
	assert_int_equal(p2m_map(d, GFN(gfn), mfn, 1, type), 0);
	return mfn;
}

static int fresh(void **state)
{
	(void)state;
	test_domains_reset();
	vcpu.domain = d;
	uncached = false;
	assert_int_equal(p2m_init(d), 0);
	for (uint64_t gfn = FIRST + 4; gfn-- > FIRST;)
		add_page(gfn, P2M_RAM);
	add_page(21, P2M_RAM_RO);
	add_page(23, P2M_FOREIGN);
	assert_int_equal(p2m_map(d, GFN(24), MFN(9), 1, P2M_DEVICE), 0);
	assert_int_equal(domain_page_alloc(d, 0, PAGE_EXTRA, &shared), 0);
	assert_int_equal(p2m_map(d, GFN(25), shared, 1, P2M_SHARED), 0);
	return 0;
}

static int gone(void **state)
{
	(void)state;
	assert_int_equal(p2m_relinquish(d), 0);
	p2m_destroy(d);
	page_disown(shared);
	assert_int_equal(page_nr_free(), page_nr_total());
	assert_int_equal(host_windows(), 0);
	assert_int_equal(host_locks_held(), 0);
	return 0;
}

static void fill(uint8_t *p, size_t n, uint64_t seed)
{
	while (n--)
		*p++ = (uint8_t)random_next(&seed);
}

static void test_round_trips(void **state)
{
	static uint8_t out[4 * PAGE_SIZE], in[4 * PAGE_SIZE], image[4 * PAGE_SIZE];
	uint64_t seed = 5;

	(void)state;
	for (unsigned step = 0; step < 500; step++) {
		size_t at = random_below(&seed, sizeof(out)),
		       n = random_below(&seed, sizeof(out) - at + 1);

		fill(out, n, step + 1);
		memcpy(image + at, out, n);
		if (step % 2)
			assert_int_equal(copy_to_guest(&vcpu, ADDR(FIRST) + at, out, n), 0);
		else
			assert_int_equal(copy_to_domain(d, ADDR(FIRST) + at, out, n), 0);
		at = random_below(&seed, sizeof(out));
		n = random_below(&seed, sizeof(out) - at + 1);
		assert_int_equal(copy_from_guest(&vcpu, in, ADDR(FIRST) + at, n), 0);
		assert_memory_equal(in, image + at, n);
		assert_int_equal(copy_from_domain(d, in, ADDR(FIRST) + at, n), 0);
		assert_memory_equal(in, image + at, n);
	}
}

static void test_faults(void **state)
{
	static uint8_t buf[3 * PAGE_SIZE];

	(void)state;
	assert_int_equal(copy_from_guest(&vcpu, buf, ADDR(20) - 1, 1), 0);
	assert_int_equal(copy_from_guest(&vcpu, buf, ADDR(20) - 1, 2), -EFAULT);
	assert_int_equal(copy_from_guest(&vcpu, buf, ADDR(20), 1), -EFAULT);
	assert_int_equal(copy_from_guest(&vcpu, buf, ADDR(FIRST) - 1, 2), -EFAULT);
	assert_int_equal(copy_to_guest(&vcpu, ADDR(20) - 1, buf, 2), -EFAULT);
	assert_int_equal(copy_from_guest(&vcpu, buf, ADDR(21), PAGE_SIZE), 0);
	assert_int_equal(copy_to_guest(&vcpu, ADDR(21), buf, 1), -EFAULT);
	assert_int_equal(copy_from_guest(&vcpu, buf, ADDR(24), 1), -EFAULT);
	/* Nothing at all is always fine. */
	assert_int_equal(copy_from_guest(&vcpu, buf, ADDR(20), 0), 0);
	assert_int_equal(copy_to_guest(&vcpu, ADDR(20), buf, 0), 0);
	assert_int_equal(probe_guest_write(&vcpu, ADDR(20), 0), 0);
	/* Up to the end of the address space, not around it. */
	assert_int_equal(copy_from_guest(&vcpu, buf, ~0ULL, 1), 0);
	assert_int_equal(copy_from_guest(&vcpu, buf, 0, 1), 0);
	assert_int_equal(copy_from_guest(&vcpu, buf, ~0ULL, 2), -EFAULT);
	assert_int_equal(copy_to_guest(&vcpu, ~0ULL - 5, buf, sizeof(buf)), -EFAULT);
	assert_int_equal(copy_from_domain(d, buf, ~0ULL, 2), -EFAULT);
	assert_int_equal(probe_guest_write(&vcpu, ~0ULL, 2), -EFAULT);
}

/* By physical address: a domain's own memory and what is shared with it, not what it has of others.
 */
static void test_domain_types(void **state)
{
	uint8_t buf[8] = {0};

	(void)state;
	assert_int_equal(copy_to_domain(d, ADDR(25), "abc", 4), 0);
	assert_int_equal(copy_from_domain(d, buf, ADDR(25), 4), 0);
	assert_string_equal((char *)buf, "abc");
	assert_int_equal(copy_from_domain(d, buf, ADDR(21), 4), 0);
	assert_int_equal(copy_to_domain(d, ADDR(21), buf, 4), -EFAULT);
	assert_int_equal(copy_from_domain(d, buf, ADDR(23), 4), -EFAULT);
	assert_int_equal(copy_to_domain(d, ADDR(23), buf, 4), -EFAULT);
	assert_int_equal(copy_from_domain(d, buf, ADDR(24), 4), -EFAULT);
	assert_int_equal(copy_from_domain(d, buf, ADDR(20), 4), -EFAULT);
	assert_int_equal(copy_from_domain(d, buf, 1ULL << 40, 4), -EFAULT);
}

static void test_probe(void **state)
{
	(void)state;
	assert_int_equal(probe_guest_write(&vcpu, ADDR(FIRST), 4 * PAGE_SIZE), 0);
	assert_int_equal(probe_guest_write(&vcpu, ADDR(FIRST) + 1, 4 * PAGE_SIZE), -EFAULT);
	assert_int_equal(probe_guest_write(&vcpu, ADDR(20) - 1, 1), 0);
	assert_int_equal(probe_guest_write(&vcpu, ADDR(21), 1), -EFAULT);
	assert_int_equal(probe_guest_write(&vcpu, ADDR(24), 1), -EFAULT);
}

static void test_get_page(void **state)
{
	mfn_t m, was;
	enum p2m_type type;

	(void)state;
	assert_int_equal(p2m_lookup(d, GFN(17), &was, &type, NULL), 0);
	assert_int_equal(guest_get_page(&vcpu, ADDR(17) + 100, true, &m), 0);
	assert_int_equal(m.n, was.n);
	page_put(m);
	assert_int_equal(guest_get_page(&vcpu, ADDR(20), false, &m), -EFAULT);
	assert_int_equal(guest_get_page(&vcpu, ADDR(21), true, &m), -EFAULT);
	assert_false(mfn_valid(m));
	/* Readable, but not the caller's to hold: it gets nothing that it could put. */
	assert_int_equal(guest_get_page(&vcpu, ADDR(23), false, &m), -EFAULT);
	assert_false(mfn_valid(m));
}

/*
 * Stage 2's record of each kind of page, which decides where stage 1 is off and so tells nothing.
 */
static void test_ram_by_type(void **state)
{
	static const struct {
		unsigned page;
		int read, write;
	} want[] = {
		{16, 0, 0},
		{19, 0, 0},
		{20, -EFAULT, -EFAULT}, /* nothing */
		{21, 0, -EFAULT},       /* read-only */
		{23, 0, 0},             /* foreign */
		{24, -EFAULT, -EFAULT}, /* a device */
		{25, 0, 0},             /* shared */
		{1u << 28, -EFAULT, -EFAULT},
	};
	paddr_t pa;

	(void)state;
	spin_lock(&d->p2m.lock);
	for (unsigned i = 0; i < ARRAY_SIZE(want); i++) {
		assert_int_equal(guest_ram_locked(d, ADDR(want[i].page) + 7, false, &pa),
				 want[i].read);
		assert_int_equal(guest_ram_locked(d, ADDR(want[i].page) + 7, true, &pa),
				 want[i].write);
	}
	assert_int_equal(guest_ram_locked(d, ADDR(25) + 0x123, true, &pa), 0);
	assert_int_equal(pa, mfn_to_pa(shared) + 0x123);
	spin_unlock(&d->p2m.lock);
}

static uint8_t *memory_of(unsigned page)
{
	enum p2m_type type;
	mfn_t mfn;

	assert_int_equal(p2m_lookup(d, GFN(page), &mfn, &type, NULL), 0);
	return host_memory(mfn_to_pa(mfn));
}

/*
 * A guest with its caches off writes and reads memory; the hypervisor has lines of it in its caches
 * all the time.
 */
static void test_uncached(void **state)
{
	uint8_t *low = memory_of(17) + PAGE_SIZE - 40, *high = memory_of(18);
	uint8_t out[80], in[80];

	(void)state;
	uncached = true;
	for (unsigned round = 0; round < 20; round++) {
		/* what it writes is read, on both sides of a border */
		fill(out, sizeof(out), round + 1);
		memcpy(low, out, 40);
		memcpy(high, out + 40, 40);
		assert_int_equal(copy_from_guest(&vcpu, in, ADDR(18) - 40, sizeof(in)), 0);
		assert_memory_equal(in, out, sizeof(in));
		/* what it is given is there, and its own bytes beside that stay */
		memset(low - 8, (int)round, 16);
		memset(high + 32, (int)round + 1, 16);
		assert_int_equal(copy_to_guest(&vcpu, ADDR(18) - 32, out, 64), 0);
		assert_memory_equal(low + 8, out, 32);
		assert_memory_equal(high, out + 32, 32);
		for (unsigned i = 0; i < 16; i++) {
			if (i < 8)
				assert_int_equal(low[(int)i - 8], round);
			assert_int_equal(high[i + 32], round + 1);
		}
	}
}

/* With its caches on, nothing is maintained. */
static void test_cached_is_free(void **state)
{
	uint64_t before = host_cache_bytes;
	uint8_t buf[100] = {0};
	mfn_t m;

	(void)state;
	assert_int_equal(copy_to_guest(&vcpu, ADDR(18) - 10, buf, sizeof(buf)), 0);
	assert_int_equal(copy_from_guest(&vcpu, buf, ADDR(18) - 10, sizeof(buf)), 0);
	assert_int_equal(host_cache_bytes, before);
	/* What is only looked at needs no maintenance with the caches off either. */
	uncached = true;
	assert_int_equal(probe_guest_write(&vcpu, ADDR(FIRST), 4 * PAGE_SIZE), 0);
	assert_int_equal(guest_get_page(&vcpu, ADDR(17), true, &m), 0);
	page_put(m);
	assert_int_equal(host_cache_bytes, before);
}

/*
 * From the privileged caller's memory, which it wrote with its caches off, to memory that a
 * starting guest reads.
 */
static void test_uncached_caller(void **state)
{
	size_t len = 100;

	(void)state;
	uncached = true;
	d->privileged = true;
	assert_int_equal(p2m_init(other), 0);
	assert_int_equal(domain_page_alloc(other, 0, PAGE_ZERO, &foreign), 0);
	assert_int_equal(p2m_map(other, GFN(3), foreign, 1, P2M_RAM), 0);
	memcpy(memory_of(16) + 5, "a kernel", 9);
	assert_int_equal(copy_caller_to_domain(&vcpu, other, ADDR(3) + 8, ADDR(16) + 5, &len), 0);
	assert_string_equal((char *)host_memory(mfn_to_pa(foreign) + 8), "a kernel");
	assert_int_equal(p2m_relinquish(other), 0);
	p2m_destroy(other);
	d->privileged = false;
}

static int setup(void **state)
{
	(void)state;
	host_heap_init(MiB(4));
	return 0;
}

#define ACCESS_TEST(f) cmocka_unit_test_setup_teardown(f, fresh, gone)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		ACCESS_TEST(test_round_trips),     ACCESS_TEST(test_faults),
		ACCESS_TEST(test_domain_types),    ACCESS_TEST(test_probe),
		ACCESS_TEST(test_get_page),        ACCESS_TEST(test_ram_by_type),
		ACCESS_TEST(test_uncached),        ACCESS_TEST(test_cached_is_free),
		ACCESS_TEST(test_uncached_caller),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
