/* SPDX-License-Identifier: ISC */
/* Copies between grants and own pages. */
#include "unit.h"
#include <public/xen.h>
#include <string.h>

#include "grants.h"

static int copy(struct domain *d, struct gnttab_copy c)
{
	c.status = 99;
	arg.copy[0] = c;
	assert_int_equal(gnttab_call(d, GNTTABOP_copy, 1), 0);
	return arg.copy[0].status;
}

static void test_copy(void **state)
{
	uint8_t *src = world_page(a, 5), *dst = world_page(dom0, 6), *other = world_page(b, 7);
	struct gnttab_copy c = {
		.source = {.u.ref = 1, .domid = a->id, .offset = 100},
		.dest = {.u.gmfn = 6, .domid = DOMID_SELF, .offset = 200},
		.len = 300,
		.flags = GNTCOPY_source_gref,
	};

	(void)state;
	for (unsigned i = 0; i < PAGE_SIZE; i++)
		src[i] = (uint8_t)(i * 7);
	gnttab_grant(a, 1, 0, 5, GTF_readonly);
	assert_int_equal(copy(dom0, c), GNTST_okay);
	assert_memory_equal(dst + 200, src + 100, 300);
	assert_int_equal(dst[199] | dst[500], 0);
	assert_int_equal(gnttab_entry(a, 1)->flags, GTF_permit_access | GTF_readonly);
	assert_int_equal(page_refs(a, 5), 1);

	/* Into a grant. */
	c.dest = (struct gnttab_copy_ptr){.u.ref = 3, .domid = b->id, .offset = 0};
	c.flags = GNTCOPY_source_gref | GNTCOPY_dest_gref;
	gnttab_grant(b, 3, 0, 7, GTF_readonly);
	assert_int_equal(copy(dom0, c), GNTST_general_error);
	gnttab_grant(b, 3, 0, 7, 0);
	assert_int_equal(copy(dom0, c), GNTST_okay);
	assert_memory_equal(other, src + 100, 300);
	c.source = (struct gnttab_copy_ptr){.u.gmfn = 6, .domid = 0, .offset = 0};
	c.flags = GNTCOPY_dest_gref;
	assert_int_equal(copy(dom0, c), GNTST_okay);
	assert_memory_equal(other, dst, 300);
	/* Within the caller's own page, overlapping. */
	memmove(src + 50, src, 1000);
	memcpy(dst, world_page(a, 5), PAGE_SIZE);
	c = (struct gnttab_copy){
		.source = {.u.gmfn = 6, .domid = DOMID_SELF},
		.dest = {.u.gmfn = 6, .domid = DOMID_SELF, .offset = 50},
		.len = 1000,
	};
	memmove(src + 50, src, 1000);
	assert_int_equal(copy(dom0, c), GNTST_okay);
	assert_memory_equal(dst, src, PAGE_SIZE);
}

static void test_copy_errors(void **state)
{
	struct gnttab_copy good = {
		.source = {.u.ref = 1, .domid = a->id},
		.dest = {.u.gmfn = 6, .domid = DOMID_SELF},
		.len = 4096,
		.flags = GNTCOPY_source_gref,
	};
	struct gnttab_copy c = good;

	(void)state;
	gnttab_grant(a, 1, 0, 5, 0);
	assert_int_equal(copy(dom0, c), GNTST_okay);
	c.source.offset = 1;
	assert_int_equal(copy(dom0, c), GNTST_bad_copy_arg);
	c.source.offset = 0xffff;
	c.len = 0xffff;
	assert_int_equal(copy(dom0, c), GNTST_bad_copy_arg);
	c = good;
	c.dest.offset = 4096;
	assert_int_equal(copy(dom0, c), GNTST_bad_copy_arg);
	c.len = 0;
	assert_int_equal(copy(dom0, c), GNTST_okay);
	c = good;
	c.source.domid = 99;
	assert_int_equal(copy(dom0, c), GNTST_bad_domain);
	c.source.domid = b->id;
	assert_int_equal(copy(dom0, c), GNTST_general_error);
	/* Others' memory by frame number: not even dom0. */
	c = good;
	c.flags = 0;
	c.source.u.gmfn = 5;
	assert_int_equal(copy(dom0, c), GNTST_permission_denied);
	c = good;
	c.dest.domid = b->id;
	assert_int_equal(copy(dom0, c), GNTST_permission_denied);
	c = good;
	c.dest.u.gmfn = 0x800;
	assert_int_equal(copy(dom0, c), GNTST_bad_page);
	c.dest.u.gmfn = ~0ULL;
	assert_int_equal(copy(dom0, c), GNTST_bad_page);
	assert_int_equal(page_refs(a, 5), 1);
	assert_int_equal(gnttab_entry(a, 1)->flags, GTF_permit_access);
	assert_int_equal(a->grant.nr_maps, 0);
	/* A granted page's mapping is no memory of one's own. */
	assert_int_equal(gnttab_map(dom0, a, 1, GNTMAP_host_map | GNTMAP_readonly, 0x500),
			 GNTST_okay);
	c.dest.u.gmfn = 0x500;
	assert_int_equal(copy(dom0, c), GNTST_bad_page);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, grants_set_up, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_copy),
		TEST(test_copy_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
