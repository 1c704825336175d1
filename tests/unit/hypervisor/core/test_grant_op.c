/* SPDX-License-Identifier: ISC */
/*
 * The calls about grant tables but mapping and copying: batches, sizes, versions, swapping, cache
 * maintenance.
 */
#include "unit.h"
#include <lib/errno.h>
#include <string.h>

#include <asm/cache.h>
#include <host/host.h>
#include <public/xen.h>
#include "grants.h"

static void test_batches(void **state)
{
	/* dump_table, transfer, unmap_and_replace, get_status_frames, and no name. */
	static const unsigned absent[] = {3, 4, 7, 9, 13};

	(void)state;
	gnttab_grant(a, 1, 0, 5, 0);
	for (unsigned i = 0; i < 16; i++)
		arg.map[i] = (struct gnttab_map_grant_ref){
			.host_addr = (0x500ULL + i) << PAGE_SHIFT,
			.flags = GNTMAP_host_map,
			.ref = i == 7 ? 2 : 1, /* one of them is wrong */
			.dom = a->id,
			.status = 99,
		};
	host_yield_every = 1;
	assert_int_equal(gnttab_call(dom0, GNTTABOP_map_grant_ref, 16), 0);
	assert_int_equal(world_continuations, 15);
	for (unsigned i = 0; i < 16; i++)
		assert_int_equal(arg.map[i].status, i == 7 ? GNTST_general_error : GNTST_okay);
	assert_int_equal(page_refs(a, 5), 16);
	/* An array that ends in nothing. */
	assert_int_equal(gnttab_call(dom0, GNTTABOP_map_grant_ref, 17), -EFAULT);
	assert_int_equal(page_refs(a, 5), 31);
	assert_int_equal(gnttab_call(dom0, GNTTABOP_map_grant_ref, 0), 0);
	assert_int_equal(gnttab_call(dom0, GNTTABOP_map_grant_ref, 1U << 31), -EINVAL);
	assert_int_equal(gnttab_call(dom0, GNTTABOP_map_grant_ref | 1 << 12, 1), -EINVAL);
	for (unsigned i = 0; i < ARRAY_SIZE(absent); i++)
		assert_int_equal(gnttab_call(dom0, absent[i], 1), -ENOSYS);
	/* Where the outcome cannot be written nothing is mapped. */
	world_hide_all();
	world_expose(&arg, sizeof(arg), false);
	assert_int_equal(gnttab_call(dom0, GNTTABOP_map_grant_ref, 1), -EFAULT);
	assert_int_equal(page_refs(a, 5), 31);
}

static long set_version(struct domain *d, uint32_t version)
{
	arg.set_version.version = version;
	return gnttab_call(d, GNTTABOP_set_version, 1);
}

/* The status; the rest of the answer is in arg. */
static int query_size(struct domain *d, domid_t of)
{
	arg.query.dom = of;
	assert_int_equal(gnttab_call(d, GNTTABOP_query_size, 1), 0);
	return arg.query.status;
}

/* The same; the frames are in frames. */
static int setup_table(struct domain *d, uint32_t nr_frames)
{
	arg.setup =
		(struct gnttab_setup_table){DOMID_SELF, nr_frames, 99, xen_handle_from_ptr(frames)};
	assert_int_equal(gnttab_call(d, GNTTABOP_setup_table, 1), 0);
	return arg.setup.status;
}

static void test_versions_and_sizes(void **state)
{
	struct domain *c = world_domain(3, false, 1, 4);

	(void)state;
	assert_int_equal(set_version(a, 1), 0);
	assert_int_equal(set_version(a, 2), -ENOSYS);
	assert_int_equal(arg.set_version.version, 1);
	assert_int_equal(set_version(a, 3), -EINVAL);
	assert_int_equal(gnttab_call(a, GNTTABOP_set_version, 2), -EINVAL);
	arg.get_version.dom = b->id;
	assert_int_equal(gnttab_call(a, GNTTABOP_get_version, 1), -EPERM);
	assert_int_equal(gnttab_call(dom0, GNTTABOP_get_version, 1), 0);
	assert_int_equal(arg.get_version.version, 1);

	assert_int_equal(query_size(c, DOMID_SELF), GNTST_okay);
	assert_int_equal(arg.query.nr_frames, 1);
	assert_int_equal(arg.query.max_nr_frames, 8);
	assert_int_equal(query_size(c, b->id), GNTST_permission_denied);
	assert_int_equal(query_size(c, 99), GNTST_bad_domain);

	assert_int_equal(grant_table_map_frame(c, 1, GFN(0x333)), 0);
	assert_int_equal(setup_table(c, 3), GNTST_okay);
	assert_int_equal(c->grant.nr_frames, 3);
	assert_true(frames[0] == ~0ULL && frames[1] == 0x333 && frames[2] == ~0ULL);
	assert_int_equal(setup_table(c, 9), GNTST_general_error);
	arg.setup.nr_frames = 1;
	arg.setup.frame_list.va = 0;
	assert_int_equal(gnttab_call(c, GNTTABOP_setup_table, 1), -EFAULT);
	world_kill(c);
	assert_int_equal(grant_table_init(&(struct domain){0}, 513, 1), -EINVAL);
	assert_int_equal(grant_table_init(&(struct domain){0}, 1, 4097), -EINVAL);
}

static int swap(struct domain *d, grant_ref_t ref_a, grant_ref_t ref_b)
{
	arg.swap = (struct gnttab_swap_grant_ref){ref_a, ref_b, 99};
	assert_int_equal(gnttab_call(d, GNTTABOP_swap_grant_ref, 1), 0);
	return arg.swap.status;
}

static void test_swap(void **state)
{
	(void)state;
	gnttab_grant(a, 1, 0, 5, 0);
	gnttab_grant(a, 2, 2, 6, GTF_readonly);
	assert_int_equal(swap(a, 1, 2), GNTST_okay);
	assert_int_equal(gnttab_entry(a, 1)->frame, 6);
	assert_int_equal(gnttab_entry(a, 1)->flags, GTF_permit_access | GTF_readonly);
	assert_int_equal(gnttab_entry(a, 2)->frame, 5);
	assert_int_equal(gnttab_map(dom0, a, 2, GNTMAP_host_map, 0x500), GNTST_okay);
	assert_int_equal(swap(a, 1, 2), GNTST_eagain);
	assert_int_equal(swap(a, 1, 512), GNTST_bad_gntref);
}

static long flush(struct domain *d, uint64_t bus_addr, uint16_t offset, uint16_t length,
		  uint32_t op)
{
	arg.flush[0] = (struct gnttab_cache_flush){
		.a.dev_bus_addr = bus_addr, .offset = offset, .length = length, .op = op};
	return gnttab_call(d, GNTTABOP_cache_flush, 1);
}

static void test_cache_flush(void **state)
{
	static const struct {
		uint16_t offset, length;
		uint32_t op;
		long result;
	} rows[] = {
		{0, 1, GNTTAB_CACHE_CLEAN, 0},
		{0, 1, 0, 0},
		{0, 1, 4, -EINVAL},
		{0, 1, GNTTAB_CACHE_CLEAN | GNTTAB_CACHE_SOURCE_GREF, -EOPNOTSUPP},
		{1, 4096, GNTTAB_CACHE_CLEAN, -EINVAL},
		{4096, 0, GNTTAB_CACHE_CLEAN, -EINVAL},
	};
	uint64_t before = host_cache_bytes;

	(void)state;
	assert_int_equal(gnttab_call(a, GNTTABOP_cache_flush, 1),
			 0); /* all zero: how Linux asks whether it is there */
	assert_int_equal(flush(a, mfn_to_pa(world_mfn(a, 5)), 64, 128, GNTTAB_CACHE_CLEAN), 0);
	assert_int_equal(host_cache_bytes - before, 128);
	/* Not granted, privileged or not. */
	assert_int_equal(gnttab_call(dom0, GNTTABOP_cache_flush, 1), -EINVAL);
	gnttab_grant(a, 1, 0, 5, 0);
	for (unsigned i = 0; i < 600; i++) /* so that the mapping looked for is far behind */
		assert_int_equal(gnttab_map(dom0, a, 1, GNTMAP_device_map, 0), GNTST_okay);
	gnttab_grant(a, 2, 0, 6, 0);
	assert_int_equal(gnttab_map(dom0, a, 2, GNTMAP_device_map, 0), GNTST_okay);
	memset(&arg, 0, sizeof(arg));
	arg.flush[0].a.dev_bus_addr = mfn_to_pa(world_mfn(a, 6)) + 1;
	arg.flush[0].length = 4096;
	arg.flush[0].op = GNTTAB_CACHE_CLEAN | GNTTAB_CACHE_INVAL;
	arg.flush[1] = arg.flush[0];
	host_yield_every = 1;
	assert_int_equal(gnttab_call(dom0, GNTTABOP_cache_flush, 2), 0);
	assert_int_equal(world_continuations, 5); /* two in each, one between */
	host_yield_every = 0;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(flush(dom0, mfn_to_pa(world_mfn(a, 6)), rows[i].offset,
				       rows[i].length, rows[i].op),
				 rows[i].result);
	assert_int_equal(flush(dom0, mfn_to_pa(world_mfn(a, 7)), 0, 1, GNTTAB_CACHE_CLEAN),
			 -EINVAL); /* not granted */
	for (unsigned shift = 0; shift < 64; shift++)
		assert_true(flush(b, BIT64(shift), 0, 1, GNTTAB_CACHE_CLEAN) < 0);
	assert_int_equal(
		flush(a, mfn_to_pa(hyp_va_to_mfn(a->shared_info)), 0, 1, GNTTAB_CACHE_CLEAN),
		-EPERM);
	/* A made-up continuation looks nowhere it should not. */
	assert_int_equal(gnttab_call(dom0, GNTTABOP_cache_flush | 0xfffffULL << 12, 1), -EPERM);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, grants_set_up, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_batches),
		TEST(test_versions_and_sizes),
		TEST(test_swap),
		TEST(test_cache_flush),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
