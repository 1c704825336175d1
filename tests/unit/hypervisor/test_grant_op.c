/* SPDX-License-Identifier: ISC */
/* The calls about grant tables but mapping and copying: batches, sizes, versions, swapping, cache maintenance. */
#include "unit.h"
#include <string.h>

#include <asm/cache.h>
#include <host/host.h>
#include "grants.h"

static void test_batches(void **state)
{
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
	assert_int_equal(gnttab_call(dom0, 3, 1), -ENOSYS); /* dump_table */
	assert_int_equal(gnttab_call(dom0, 4, 1), -ENOSYS); /* transfer */
	assert_int_equal(gnttab_call(dom0, 7, 1), -ENOSYS); /* unmap_and_replace */
	assert_int_equal(gnttab_call(dom0, 9, 1), -ENOSYS); /* get_status_frames */
	assert_int_equal(gnttab_call(dom0, 13, 1), -ENOSYS);
	/* Where the outcome cannot be written nothing is mapped. */
	world_hide_all();
	world_expose(&arg, sizeof(arg), false);
	assert_int_equal(gnttab_call(dom0, GNTTABOP_map_grant_ref, 1), -EFAULT);
	assert_int_equal(page_refs(a, 5), 31);
}

static void test_versions_and_sizes(void **state)
{
	struct domain *c = world_domain(3, false, 1, 4);

	(void)state;
	arg.set_version.version = 1;
	assert_int_equal(gnttab_call(a, GNTTABOP_set_version, 1), 0);
	arg.set_version.version = 2;
	assert_int_equal(gnttab_call(a, GNTTABOP_set_version, 1), -ENOSYS);
	assert_int_equal(arg.set_version.version, 1);
	arg.set_version.version = 3;
	assert_int_equal(gnttab_call(a, GNTTABOP_set_version, 1), -EINVAL);
	assert_int_equal(gnttab_call(a, GNTTABOP_set_version, 2), -EINVAL);
	arg.get_version.dom = b->id;
	assert_int_equal(gnttab_call(a, GNTTABOP_get_version, 1), -EPERM);
	assert_int_equal(gnttab_call(dom0, GNTTABOP_get_version, 1), 0);
	assert_int_equal(arg.get_version.version, 1);

	arg.query.dom = DOMID_SELF;
	assert_int_equal(gnttab_call(c, GNTTABOP_query_size, 1), 0);
	assert_int_equal(arg.query.status, GNTST_okay);
	assert_int_equal(arg.query.nr_frames, 1);
	assert_int_equal(arg.query.max_nr_frames, 8);
	arg.query.dom = b->id;
	assert_int_equal(gnttab_call(c, GNTTABOP_query_size, 1), 0);
	assert_int_equal(arg.query.status, GNTST_permission_denied);
	arg.query.dom = 99;
	assert_int_equal(gnttab_call(c, GNTTABOP_query_size, 1), 0);
	assert_int_equal(arg.query.status, GNTST_bad_domain);

	assert_int_equal(grant_table_map_frame(c, 1, GFN(0x333)), 0);
	arg.setup = (struct gnttab_setup_table){DOMID_SELF, 3, 99, xen_handle_from_ptr(frames)};
	assert_int_equal(gnttab_call(c, GNTTABOP_setup_table, 1), 0);
	assert_int_equal(arg.setup.status, GNTST_okay);
	assert_int_equal(c->grant.nr_frames, 3);
	assert_true(frames[0] == ~0ULL && frames[1] == 0x333 && frames[2] == ~0ULL);
	arg.setup.nr_frames = 9;
	assert_int_equal(gnttab_call(c, GNTTABOP_setup_table, 1), 0);
	assert_int_equal(arg.setup.status, GNTST_general_error);
	arg.setup.nr_frames = 1;
	arg.setup.frame_list.va = 0;
	assert_int_equal(gnttab_call(c, GNTTABOP_setup_table, 1), -EFAULT);
	world_kill(c);
	assert_int_equal(grant_table_init(&(struct domain){0}, 513, 1), -EINVAL);
	assert_int_equal(grant_table_init(&(struct domain){0}, 1, 4097), -EINVAL);
}

static void test_swap(void **state)
{
	(void)state;
	gnttab_grant(a, 1, 0, 5, 0);
	gnttab_grant(a, 2, 2, 6, GTF_readonly);
	arg.swap = (struct gnttab_swap_grant_ref){1, 2, 99};
	assert_int_equal(gnttab_call(a, GNTTABOP_swap_grant_ref, 1), 0);
	assert_int_equal(arg.swap.status, GNTST_okay);
	assert_int_equal(gnttab_entry(a, 1)->frame, 6);
	assert_int_equal(gnttab_entry(a, 1)->flags, GTF_permit_access | GTF_readonly);
	assert_int_equal(gnttab_entry(a, 2)->frame, 5);
	assert_int_equal(gnttab_map(dom0, a, 2, GNTMAP_host_map, 0x500), GNTST_okay);
	arg.swap = (struct gnttab_swap_grant_ref){1, 2, 99};
	assert_int_equal(gnttab_call(a, GNTTABOP_swap_grant_ref, 1), 0);
	assert_int_equal(arg.swap.status, GNTST_eagain);
	arg.swap.ref_b = 512;
	assert_int_equal(gnttab_call(a, GNTTABOP_swap_grant_ref, 1), 0);
	assert_int_equal(arg.swap.status, GNTST_bad_gntref);
}

static void test_cache_flush(void **state)
{
	uint64_t before = host_cache_bytes;

	(void)state;
	assert_int_equal(gnttab_call(a, GNTTABOP_cache_flush, 1),
			 0); /* all zero: how Linux asks whether it is there */
	arg.flush[0] = (struct gnttab_cache_flush){
		.a.dev_bus_addr = mfn_to_pa(world_mfn(a, 5)),
		.offset = 64,
		.length = 128,
		.op = GNTTAB_CACHE_CLEAN,
	};
	assert_int_equal(gnttab_call(a, GNTTABOP_cache_flush, 1), 0);
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
	arg.flush[0].a.dev_bus_addr = mfn_to_pa(world_mfn(a, 7));
	assert_int_equal(gnttab_call(dom0, GNTTABOP_cache_flush, 1), -EINVAL);
	arg.flush[0].offset = 1;
	assert_int_equal(gnttab_call(dom0, GNTTABOP_cache_flush, 1), -EINVAL);
	arg.flush[0].offset = 4096;
	arg.flush[0].length = 0;
	assert_int_equal(gnttab_call(dom0, GNTTABOP_cache_flush, 1), -EINVAL);
	arg.flush[0].offset = 0;
	arg.flush[0].length = 1;
	arg.flush[0].op = 4;
	assert_int_equal(gnttab_call(dom0, GNTTABOP_cache_flush, 1), -EINVAL);
	arg.flush[0].op = 0;
	assert_int_equal(gnttab_call(dom0, GNTTABOP_cache_flush, 1), 0);
	arg.flush[0].op = GNTTAB_CACHE_CLEAN | GNTTAB_CACHE_SOURCE_GREF;
	assert_int_equal(gnttab_call(dom0, GNTTABOP_cache_flush, 1), -EOPNOTSUPP);
	arg.flush[0].op = GNTTAB_CACHE_CLEAN;
	for (unsigned shift = 0; shift < 64; shift++) {
		arg.flush[0].a.dev_bus_addr = BIT64(shift);
		assert_true(gnttab_call(b, GNTTABOP_cache_flush, 1) < 0);
	}
	arg.flush[0].a.dev_bus_addr = (uint64_t)hyp_va_to_mfn(a->shared_info).n << PAGE_SHIFT;
	assert_int_equal(gnttab_call(a, GNTTABOP_cache_flush, 1), -EPERM);
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
