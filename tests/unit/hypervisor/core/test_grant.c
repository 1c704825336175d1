/* SPDX-License-Identifier: ISC */
/* Mapping grants: results, references, hostile granters, dying domains. */
#include "unit.h"
#include <string.h>

#include <host/host.h>
#include <public/memory.h>
#include "grants.h"

static void test_map_and_unmap(void **state)
{
	grant_handle_t h;
	mfn_t mfn = world_mfn(a, 5);

	(void)state;
	gnttab_grant(a, 8, 0, 5, 0);
	assert_int_equal(gnttab_map(dom0, a, 8, GNTMAP_host_map, 0x500), GNTST_okay);
	h = arg.map[0].handle;
	assert_int_equal(arg.map[0].dev_bus_addr, mfn_to_pa(mfn));
	assert_int_equal(world_type(dom0, 0x500), P2M_GRANT_RW);
	assert_int_equal(world_mfn(dom0, 0x500).n, mfn.n);
	assert_int_equal(world_refs(mfn), 2);
	assert_int_equal(gnttab_entry(a, 8)->flags, GTF_permit_access | GTF_reading | GTF_writing);
	assert_int_equal(dom0->grant.nr_maps, 1);

	assert_int_equal(gnttab_unmap(dom0, h, 0x501, 0), GNTST_general_error);
	assert_int_equal(gnttab_unmap(dom0, h, 0x500, 0x1000), GNTST_general_error);
	assert_int_equal(gnttab_unmap(dom0, h + 1, 0x500, 0), GNTST_bad_handle);
	assert_int_equal(gnttab_unmap(dom0, ~0U, 0x500, 0), GNTST_bad_handle);
	assert_int_equal(gnttab_unmap(a, h, 0x500, 0), GNTST_bad_handle);
	assert_int_equal(gnttab_unmap(dom0, h, 0, 0), GNTST_okay); /* nothing asked for */
	assert_int_equal(world_type(dom0, 0x500), P2M_GRANT_RW);
	assert_int_equal(gnttab_unmap(dom0, h, 0x500, mfn_to_pa(mfn)), GNTST_okay);
	assert_int_equal(world_type(dom0, 0x500), P2M_NONE);
	assert_int_equal(world_refs(mfn), 1);
	assert_int_equal(gnttab_entry(a, 8)->flags, GTF_permit_access);
	assert_int_equal(gnttab_unmap(dom0, h, 0x500, 0), GNTST_bad_handle);
	assert_int_equal(dom0->grant.nr_maps, 0);
}

static void test_read_only(void **state)
{
	grant_handle_t h1, h2;

	(void)state;
	gnttab_grant(a, 1, 0, 5, GTF_readonly);
	assert_int_equal(gnttab_map(dom0, a, 1, GNTMAP_host_map, 0x500), GNTST_general_error);
	assert_int_equal(gnttab_entry(a, 1)->flags, GTF_permit_access | GTF_readonly);
	assert_int_equal(gnttab_map(dom0, a, 1, GNTMAP_host_map | GNTMAP_readonly, 0x500),
			 GNTST_okay);
	assert_int_equal(world_type(dom0, 0x500), P2M_GRANT_RO);
	assert_int_equal(gnttab_entry(a, 1)->flags, GTF_permit_access | GTF_readonly | GTF_reading);
	h1 = arg.map[0].handle;
	/* No way to get more by asking a second time. */
	assert_int_equal(gnttab_map(dom0, a, 1, GNTMAP_host_map, 0x501), GNTST_general_error);
	assert_int_equal(gnttab_entry(a, 1)->flags, GTF_permit_access | GTF_readonly | GTF_reading);
	assert_int_equal(gnttab_unmap(dom0, h1, 0x500, 0), GNTST_okay);

	/* Reading first, writing as well, writing goes first. */
	gnttab_grant(a, 1, 0, 5, 0);
	assert_int_equal(gnttab_map(dom0, a, 1, GNTMAP_host_map | GNTMAP_readonly, 0x500),
			 GNTST_okay);
	h1 = arg.map[0].handle;
	assert_int_equal(gnttab_map(dom0, a, 1, GNTMAP_host_map, 0x501), GNTST_okay);
	h2 = arg.map[0].handle;
	assert_int_equal(gnttab_entry(a, 1)->flags, GTF_permit_access | GTF_reading | GTF_writing);
	assert_int_equal(page_refs(a, 5), 3);
	assert_int_equal(gnttab_unmap(dom0, h2, 0x501, 0), GNTST_okay);
	assert_int_equal(gnttab_entry(a, 1)->flags, GTF_permit_access | GTF_reading);
	assert_int_equal(gnttab_unmap(dom0, h1, 0x500, 0), GNTST_okay);
	assert_int_equal(gnttab_entry(a, 1)->flags, GTF_permit_access);
	assert_int_equal(page_refs(a, 5), 1);
}

/* Host and device parts of one mapping go one by one. */
static void test_device_map(void **state)
{
	uint64_t bus = mfn_to_pa(world_mfn(a, 5));
	grant_handle_t h;

	(void)state;
	gnttab_grant(a, 1, 0, 5, 0);
	assert_int_equal(gnttab_map(dom0, a, 1, GNTMAP_host_map | GNTMAP_device_map, 0x500),
			 GNTST_okay);
	h = arg.map[0].handle;
	assert_int_equal(gnttab_unmap(dom0, h, 0x500, 0), GNTST_okay);
	assert_int_equal(world_type(dom0, 0x500), P2M_NONE);
	assert_int_equal(page_refs(a, 5), 2);
	assert_int_equal(gnttab_unmap(dom0, h, 0x500, 0),
			 GNTST_okay); /* no host part any more: nothing */
	assert_int_equal(page_refs(a, 5), 2);
	assert_int_equal(gnttab_unmap(dom0, h, 0, bus), GNTST_okay);
	assert_int_equal(page_refs(a, 5), 1);
	assert_int_equal(gnttab_unmap(dom0, h, 0, bus), GNTST_bad_handle);
	/* Only for a device: nothing appears in the address space. */
	assert_int_equal(gnttab_map(dom0, a, 1, GNTMAP_device_map, 0x500), GNTST_okay);
	assert_int_equal(world_type(dom0, 0x500), P2M_NONE);
	assert_int_equal(gnttab_unmap(dom0, arg.map[0].handle, 0, bus), GNTST_okay);
}

static void test_map_errors(void **state)
{
	(void)state;
	gnttab_grant(a, 1, 0, 5, 0);
	assert_int_equal(gnttab_map(dom0, a, 1, 0, 0x500), GNTST_bad_gntref);
	assert_int_equal(gnttab_map(dom0, a, 1, GNTMAP_readonly, 0x500), GNTST_bad_gntref);
	assert_int_equal(gnttab_map(dom0, a, 1, GNTMAP_host_map | GNTMAP_contains_pte, 0x500),
			 GNTST_bad_gntref);
	assert_int_equal(gnttab_map(dom0, a, 512, GNTMAP_host_map, 0x500), GNTST_bad_gntref);
	assert_int_equal(gnttab_map(dom0, a, ~0U, GNTMAP_host_map, 0x500), GNTST_bad_gntref);
	assert_int_equal(gnttab_map(b, a, 1, GNTMAP_host_map, 0x500),
			 GNTST_general_error); /* not for b */
	assert_int_equal(gnttab_map(dom0, a, 2, GNTMAP_host_map, 0x500),
			 GNTST_general_error); /* not granted */
	gnttab_entry(a, 1)->flags = GTF_accept_transfer;
	assert_int_equal(gnttab_map(dom0, a, 1, GNTMAP_host_map, 0x500), GNTST_general_error);
	gnttab_grant(a, 1, 0, 0x900, 0);
	assert_int_equal(gnttab_map(dom0, a, 1, GNTMAP_host_map, 0x500), GNTST_bad_page);
	gnttab_grant(a, 1, 0, ~0U, 0);
	assert_int_equal(gnttab_map(dom0, a, 1, GNTMAP_host_map, 0x500), GNTST_bad_page);
	assert_int_equal(gnttab_entry(a, 1)->flags, GTF_permit_access);
	gnttab_grant(a, 1, 0, 5, 0);
	assert_int_equal(gnttab_map(dom0, a, 1, GNTMAP_host_map, ~0ULL >> 12), GNTST_general_error);
	assert_int_equal(gnttab_entry(a, 1)->flags, GTF_permit_access);
	arg.map[0].dom = 99;
	arg.map[0].host_addr = 0x500000;
	assert_int_equal(gnttab_call(dom0, GNTTABOP_map_grant_ref, 1), 0);
	assert_int_equal(arg.map[0].status, GNTST_bad_domain);
	/* Out of memory at each step. */
	for (int n = 1; n < 8; n++) {
		world.alloc_fails_in = n;
		if (gnttab_map(dom0, a, 1, GNTMAP_host_map, 0x40000) == GNTST_okay)
			gnttab_unmap(dom0, arg.map[0].handle, 0x40000, 0);
		world.alloc_fails_in = 0;
		assert_int_equal(dom0->grant.nr_maps, 0);
		assert_int_equal(page_refs(a, 5), 1);
		assert_int_equal(gnttab_entry(a, 1)->flags, GTF_permit_access);
	}
	world.map_fails_in = 1;
	assert_int_equal(gnttab_map(dom0, a, 1, GNTMAP_host_map, 3), GNTST_general_error);
	assert_int_equal(world_type(dom0, 3), P2M_RAM);
	assert_int_equal(page_refs(a, 5), 1);
}

/* What the mapping displaces is released as what it was; the displaced grant's handle stays good
 * for nothing else. */
static void test_over_others(void **state)
{
	mfn_t ram = world_mfn(dom0, 3);
	grant_handle_t h1, h2;

	(void)state;
	gnttab_grant(a, 1, 0, 5, 0);
	gnttab_grant(a, 2, 0, 6, 0);
	assert_int_equal(gnttab_map(dom0, a, 1, GNTMAP_host_map, 3), GNTST_okay);
	h1 = arg.map[0].handle;
	assert_int_equal(world_refs(ram), 0);
	assert_int_equal(gnttab_map(dom0, a, 2, GNTMAP_host_map, 3), GNTST_okay);
	h2 = arg.map[0].handle;
	assert_int_equal(world_mfn(dom0, 3).n, world_mfn(a, 6).n);
	assert_int_equal(page_refs(a, 5), 2);
	assert_int_equal(gnttab_unmap(dom0, h1, 3, 0),
			 GNTST_okay); /* must not take the second one's place away */
	assert_int_equal(world_type(dom0, 3), P2M_GRANT_RW);
	assert_int_equal(page_refs(a, 5), 1);
	/* A foreign mapping of the same page over it is not the grant's. */
	assert_int_equal(memory_map_foreign(dom0, GFN(3), a, GFN(6)), 0);
	assert_int_equal(page_refs(a, 6), 3);
	assert_int_equal(gnttab_unmap(dom0, h2, 3, 0), GNTST_okay);
	assert_int_equal(world_type(dom0, 3), P2M_FOREIGN);
	assert_int_equal(page_refs(a, 6), 2);
	assert_int_equal(memory_remove(dom0, GFN(3)), 0);
	assert_int_equal(page_refs(a, 6), 1);
	/* remove_from_physmap of a grant: the handle keeps the page. */
	assert_int_equal(gnttab_map(dom0, a, 1, GNTMAP_host_map, 3), GNTST_okay);
	assert_int_equal(memory_remove(dom0, GFN(3)), 0);
	assert_int_equal(page_refs(a, 5), 2);
	assert_int_equal(gnttab_unmap(dom0, arg.map[0].handle, 3, 0), GNTST_okay);
	assert_int_equal(page_refs(a, 5), 1);
}

/* The granter takes its page away and gives it back to the hypervisor while it is mapped. */
static void test_granter_lets_go(void **state)
{
	mfn_t mfn = world_mfn(a, 5);
	grant_handle_t h, h2;

	(void)state;
	gnttab_grant(a, 1, 0, 5, 0);
	assert_int_equal(gnttab_map(dom0, a, 1, GNTMAP_host_map | GNTMAP_readonly, 0x500),
			 GNTST_okay);
	h = arg.map[0].handle;
	gnttab_entry(a, 1)->flags = 0; /* no revoking by force */
	assert_int_equal(memory_remove_ram(a, GFN(5)), 0);
	assert_int_equal(world_refs(mfn), 1);
	assert_int_equal(memory_populate(a, GFN(5), 0, 0), 0);
	assert_true(world_mfn(a, 5).n != mfn.n);
	/* A second use for reading is the same page; for writing the entry is asked again, and now
	 * says another one. */
	gnttab_grant(a, 1, 0, 5, 0);
	assert_int_equal(gnttab_map(dom0, a, 1, GNTMAP_host_map | GNTMAP_readonly, 0x501),
			 GNTST_okay);
	h2 = arg.map[0].handle;
	assert_int_equal(world_mfn(dom0, 0x501).n, mfn.n);
	assert_int_equal(gnttab_map(dom0, a, 1, GNTMAP_host_map, 0x502), GNTST_general_error);
	assert_int_equal(page_refs(a, 5), 1);
	assert_int_equal(gnttab_unmap(dom0, h, 0x500, 0), GNTST_okay);
	assert_int_equal(world_refs(mfn), 1);
	assert_int_equal(gnttab_unmap(dom0, h2, 0x501, 0), GNTST_okay);
	assert_int_equal(world_refs(mfn), 0);
	assert_int_equal(gnttab_map(dom0, a, 1, GNTMAP_host_map, 0x502), GNTST_okay);
	assert_int_equal(gnttab_unmap(dom0, arg.map[0].handle, 0x502, 0), GNTST_okay);
}

/* One grant, two users: not at the same time. */
static void test_regrant_while_used(void **state)
{
	(void)state;
	gnttab_grant(a, 1, 0, 5, 0);
	assert_int_equal(gnttab_map(dom0, a, 1, GNTMAP_host_map, 0x500), GNTST_okay);
	gnttab_grant(a, 1, b->id, 5, 0);
	assert_int_equal(gnttab_map(b, a, 1, GNTMAP_host_map, 0x500), GNTST_general_error);
	arg.map[0].handle = 0;
	assert_int_equal(gnttab_unmap(dom0, 0, 0x500, 0), GNTST_okay);
	assert_int_equal(gnttab_map(b, a, 1, GNTMAP_host_map, 0x500), GNTST_okay);
	assert_int_equal(gnttab_unmap(b, arg.map[0].handle, 0x500, 0), GNTST_okay);
}

static void test_handle_limit(void **state)
{
	static bool used[4 * 256];
	unsigned n = 0;

	(void)state;
	memset(used, 0, sizeof(used));
	gnttab_grant(a, 1, 0, 5, 0);
	while (gnttab_map(dom0, a, 1, GNTMAP_device_map, 0) == GNTST_okay) {
		assert_in_range(arg.map[0].handle, 0, 1023);
		assert_false(used[arg.map[0].handle]);
		used[arg.map[0].handle] = true;
		n++;
	}
	assert_int_equal(arg.map[0].status, GNTST_no_device_space);
	assert_int_equal(n, 4 * 256);
	assert_int_equal(page_refs(a, 5), 1025);
	for (grant_handle_t h = 0; h < 1024; h++)
		assert_int_equal(gnttab_unmap(dom0, h, 0, mfn_to_pa(world_mfn(a, 5))), GNTST_okay);
	assert_int_equal(page_refs(a, 5), 1);
	assert_int_equal(gnttab_map(dom0, a, 1, GNTMAP_device_map, 0), GNTST_okay);
	/* The end of the test undoes this one. */
}

/* The granter dies first: its page and what counts its grants last until the mapping goes. */
static void test_death_of_granter(void **state)
{
	mfn_t mfn = world_mfn(a, 5);
	grant_handle_t h;

	(void)state;
	gnttab_grant(a, 1, 0, 5, 0);
	memset(world_page(a, 5), 0x42, PAGE_SIZE);
	assert_int_equal(gnttab_map(dom0, a, 1, GNTMAP_host_map, 0x500), GNTST_okay);
	h = arg.map[0].handle;
	world_kill(a);
	assert_int_equal(world.domains, 3);
	assert_int_equal(((uint8_t *)world_page(dom0, 0x500))[9], 0x42);
	assert_int_equal(gnttab_map(dom0, b, 1, GNTMAP_host_map, 0x501), GNTST_general_error);
	arg.map[0].dom = 1;
	assert_int_equal(gnttab_call(dom0, GNTTABOP_map_grant_ref, 1), 0);
	assert_int_equal(arg.map[0].status, GNTST_bad_domain);
	assert_int_equal(gnttab_unmap(dom0, h, 0x500, 0), GNTST_okay);
	assert_int_equal(world.domains, 2);
	assert_int_equal(world_refs(mfn), 0);
	a = world_domain(1, false, 1, GRANTS_RAM);
}

static void test_death_of_mapper(void **state)
{
	(void)state;
	gnttab_grant(a, 1, b->id, 5, 0);
	for (unsigned i = 0; i < 300; i++)
		assert_int_equal(
			gnttab_map(b, a, 1, i & 1 ? GNTMAP_host_map : GNTMAP_device_map, 0x500 + i),
			GNTST_okay);
	assert_int_equal(page_refs(a, 5), 301);
	/* Its own grants too, which hold it. */
	gnttab_grant(b, 1, b->id, 6, 0);
	assert_int_equal(gnttab_map(b, b, 1, GNTMAP_host_map, 0x4ff), GNTST_okay);
	host_yield_every = 2;
	world_kill(b);
	host_yield_every = 0;
	assert_int_equal(world.domains, 2);
	assert_int_equal(page_refs(a, 5), 1);
	assert_int_equal(gnttab_entry(a, 1)->flags, GTF_permit_access);
	b = world_domain(2, false, 1, GRANTS_RAM);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, grants_set_up, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_map_and_unmap),      TEST(test_read_only),    TEST(test_device_map),
		TEST(test_map_errors),         TEST(test_over_others),  TEST(test_granter_lets_go),
		TEST(test_regrant_while_used), TEST(test_handle_limit), TEST(test_death_of_granter),
		TEST(test_death_of_mapper),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
