/* SPDX-License-Identifier: ISC */
/* Grant tables: results, references, hostile granters, dying domains, and long random sequences
 * beside a model. */
#include "unit.h"
#include <string.h>

#include <asm/cache.h>
#include <host/host.h>
#include <public/grant_table.h>
#include <public/memory.h>
#include "world.h"

#define RAM 32

static union {
	struct gnttab_map_grant_ref map[16];
	struct gnttab_unmap_grant_ref unmap[16];
	struct gnttab_copy copy[12];
	struct gnttab_setup_table setup;
	struct gnttab_query_size query;
	struct gnttab_set_version set_version;
	struct gnttab_get_version get_version;
	struct gnttab_swap_grant_ref swap;
	struct gnttab_cache_flush flush[4];
} arg;
static uint64_t frames[16];

static int set_up(void **state)
{
	(void)state;
	world_init();
	dom0 = world_domain(0, true, 1, RAM);
	a = world_domain(1, false, 1, RAM);
	b = world_domain(2, false, 1, RAM);
	memset(&arg, 0, sizeof(arg));
	world_expose(&arg, sizeof(arg), true);
	world_expose(frames, sizeof(frames), true);
	assert_int_equal(grant_table_map_frame(a, 0, GFN(0x100)), 0);
	assert_int_equal(grant_table_map_frame(b, 0, GFN(0x100)), 0);
	return 0;
}

static long op(struct domain *d, uint64_t cmd, uint64_t count)
{
	return world_call(do_grant_table_op, d->vcpu[0], cmd, (uintptr_t)&arg, count);
}

static struct grant_entry_v1 *entry(struct domain *d, grant_ref_t ref)
{
	return (struct grant_entry_v1 *)world_page(d, 0x100) + ref;
}

static void grant(struct domain *d, grant_ref_t ref, domid_t to, uint32_t frame, uint16_t flags)
{
	*entry(d, ref) = (struct grant_entry_v1){GTF_permit_access | flags, to, frame};
}

/* The status; the handle is in arg. */
static int map(struct domain *d, struct domain *granter, grant_ref_t ref, uint32_t flags,
	       uint64_t gfn)
{
	arg.map[0] = (struct gnttab_map_grant_ref){
		.host_addr = gfn << PAGE_SHIFT,
		.flags = flags,
		.ref = ref,
		.dom = granter->id,
		.status = 99,
	};
	assert_int_equal(op(d, GNTTABOP_map_grant_ref, 1), 0);
	return arg.map[0].status;
}

static int unmap(struct domain *d, grant_handle_t handle, uint64_t gfn, uint64_t dev_bus_addr)
{
	arg.unmap[0] = (struct gnttab_unmap_grant_ref){gfn << PAGE_SHIFT, dev_bus_addr, handle, 99};
	assert_int_equal(op(d, GNTTABOP_unmap_grant_ref, 1), 0);
	return arg.unmap[0].status;
}

static unsigned refs(struct domain *d, uint64_t gfn)
{
	return world_refs(world_mfn(d, gfn));
}

static void test_map_and_unmap(void **state)
{
	grant_handle_t h;
	mfn_t mfn = world_mfn(a, 5);

	(void)state;
	grant(a, 8, 0, 5, 0);
	assert_int_equal(map(dom0, a, 8, GNTMAP_host_map, 0x500), GNTST_okay);
	h = arg.map[0].handle;
	assert_int_equal(arg.map[0].dev_bus_addr, mfn_to_pa(mfn));
	assert_int_equal(world_type(dom0, 0x500), P2M_GRANT_RW);
	assert_int_equal(world_mfn(dom0, 0x500).n, mfn.n);
	assert_int_equal(world_refs(mfn), 2);
	assert_int_equal(entry(a, 8)->flags, GTF_permit_access | GTF_reading | GTF_writing);
	assert_int_equal(dom0->grant.nr_maps, 1);

	assert_int_equal(unmap(dom0, h, 0x501, 0), GNTST_general_error);
	assert_int_equal(unmap(dom0, h, 0x500, 0x1000), GNTST_general_error);
	assert_int_equal(unmap(dom0, h + 1, 0x500, 0), GNTST_bad_handle);
	assert_int_equal(unmap(dom0, ~0U, 0x500, 0), GNTST_bad_handle);
	assert_int_equal(unmap(a, h, 0x500, 0), GNTST_bad_handle);
	assert_int_equal(unmap(dom0, h, 0, 0), GNTST_okay); /* nothing asked for */
	assert_int_equal(world_type(dom0, 0x500), P2M_GRANT_RW);
	assert_int_equal(unmap(dom0, h, 0x500, mfn_to_pa(mfn)), GNTST_okay);
	assert_int_equal(world_type(dom0, 0x500), P2M_NONE);
	assert_int_equal(world_refs(mfn), 1);
	assert_int_equal(entry(a, 8)->flags, GTF_permit_access);
	assert_int_equal(unmap(dom0, h, 0x500, 0), GNTST_bad_handle);
	assert_int_equal(dom0->grant.nr_maps, 0);
}

static void test_read_only(void **state)
{
	grant_handle_t h1, h2;

	(void)state;
	grant(a, 1, 0, 5, GTF_readonly);
	assert_int_equal(map(dom0, a, 1, GNTMAP_host_map, 0x500), GNTST_general_error);
	assert_int_equal(entry(a, 1)->flags, GTF_permit_access | GTF_readonly);
	assert_int_equal(map(dom0, a, 1, GNTMAP_host_map | GNTMAP_readonly, 0x500), GNTST_okay);
	assert_int_equal(world_type(dom0, 0x500), P2M_GRANT_RO);
	assert_int_equal(entry(a, 1)->flags, GTF_permit_access | GTF_readonly | GTF_reading);
	h1 = arg.map[0].handle;
	/* No way to get more by asking a second time. */
	assert_int_equal(map(dom0, a, 1, GNTMAP_host_map, 0x501), GNTST_general_error);
	assert_int_equal(entry(a, 1)->flags, GTF_permit_access | GTF_readonly | GTF_reading);
	assert_int_equal(unmap(dom0, h1, 0x500, 0), GNTST_okay);

	/* Reading first, writing as well, writing goes first. */
	grant(a, 1, 0, 5, 0);
	assert_int_equal(map(dom0, a, 1, GNTMAP_host_map | GNTMAP_readonly, 0x500), GNTST_okay);
	h1 = arg.map[0].handle;
	assert_int_equal(map(dom0, a, 1, GNTMAP_host_map, 0x501), GNTST_okay);
	h2 = arg.map[0].handle;
	assert_int_equal(entry(a, 1)->flags, GTF_permit_access | GTF_reading | GTF_writing);
	assert_int_equal(refs(a, 5), 3);
	assert_int_equal(unmap(dom0, h2, 0x501, 0), GNTST_okay);
	assert_int_equal(entry(a, 1)->flags, GTF_permit_access | GTF_reading);
	assert_int_equal(unmap(dom0, h1, 0x500, 0), GNTST_okay);
	assert_int_equal(entry(a, 1)->flags, GTF_permit_access);
	assert_int_equal(refs(a, 5), 1);
}

/* Host and device parts of one mapping go one by one. */
static void test_device_map(void **state)
{
	uint64_t bus = mfn_to_pa(world_mfn(a, 5));
	grant_handle_t h;

	(void)state;
	grant(a, 1, 0, 5, 0);
	assert_int_equal(map(dom0, a, 1, GNTMAP_host_map | GNTMAP_device_map, 0x500), GNTST_okay);
	h = arg.map[0].handle;
	assert_int_equal(unmap(dom0, h, 0x500, 0), GNTST_okay);
	assert_int_equal(world_type(dom0, 0x500), P2M_NONE);
	assert_int_equal(refs(a, 5), 2);
	assert_int_equal(unmap(dom0, h, 0x500, 0), GNTST_okay); /* no host part any more: nothing */
	assert_int_equal(refs(a, 5), 2);
	assert_int_equal(unmap(dom0, h, 0, bus), GNTST_okay);
	assert_int_equal(refs(a, 5), 1);
	assert_int_equal(unmap(dom0, h, 0, bus), GNTST_bad_handle);
	/* Only for a device: nothing appears in the address space. */
	assert_int_equal(map(dom0, a, 1, GNTMAP_device_map, 0x500), GNTST_okay);
	assert_int_equal(world_type(dom0, 0x500), P2M_NONE);
	assert_int_equal(unmap(dom0, arg.map[0].handle, 0, bus), GNTST_okay);
}

static void test_map_errors(void **state)
{
	(void)state;
	grant(a, 1, 0, 5, 0);
	assert_int_equal(map(dom0, a, 1, 0, 0x500), GNTST_bad_gntref);
	assert_int_equal(map(dom0, a, 1, GNTMAP_readonly, 0x500), GNTST_bad_gntref);
	assert_int_equal(map(dom0, a, 1, GNTMAP_host_map | GNTMAP_contains_pte, 0x500),
			 GNTST_bad_gntref);
	assert_int_equal(map(dom0, a, 512, GNTMAP_host_map, 0x500), GNTST_bad_gntref);
	assert_int_equal(map(dom0, a, ~0U, GNTMAP_host_map, 0x500), GNTST_bad_gntref);
	assert_int_equal(map(b, a, 1, GNTMAP_host_map, 0x500), GNTST_general_error); /* not for b */
	assert_int_equal(map(dom0, a, 2, GNTMAP_host_map, 0x500),
			 GNTST_general_error); /* not granted */
	entry(a, 1)->flags = GTF_accept_transfer;
	assert_int_equal(map(dom0, a, 1, GNTMAP_host_map, 0x500), GNTST_general_error);
	grant(a, 1, 0, 0x900, 0);
	assert_int_equal(map(dom0, a, 1, GNTMAP_host_map, 0x500), GNTST_bad_page);
	grant(a, 1, 0, ~0U, 0);
	assert_int_equal(map(dom0, a, 1, GNTMAP_host_map, 0x500), GNTST_bad_page);
	assert_int_equal(entry(a, 1)->flags, GTF_permit_access);
	grant(a, 1, 0, 5, 0);
	assert_int_equal(map(dom0, a, 1, GNTMAP_host_map, ~0ULL >> 12), GNTST_general_error);
	assert_int_equal(entry(a, 1)->flags, GTF_permit_access);
	arg.map[0].dom = 99;
	arg.map[0].host_addr = 0x500000;
	assert_int_equal(op(dom0, GNTTABOP_map_grant_ref, 1), 0);
	assert_int_equal(arg.map[0].status, GNTST_bad_domain);
	/* Out of memory at each step. */
	for (int n = 1; n < 8; n++) {
		world.alloc_fails_in = n;
		if (map(dom0, a, 1, GNTMAP_host_map, 0x40000) == GNTST_okay)
			unmap(dom0, arg.map[0].handle, 0x40000, 0);
		world.alloc_fails_in = 0;
		assert_int_equal(dom0->grant.nr_maps, 0);
		assert_int_equal(refs(a, 5), 1);
		assert_int_equal(entry(a, 1)->flags, GTF_permit_access);
	}
	world.map_fails_in = 1;
	assert_int_equal(map(dom0, a, 1, GNTMAP_host_map, 3), GNTST_general_error);
	assert_int_equal(world_type(dom0, 3), P2M_RAM);
	assert_int_equal(refs(a, 5), 1);
}

/* What the mapping displaces is released as what it was; the displaced grant's handle stays good
 * for nothing else. */
static void test_over_others(void **state)
{
	mfn_t ram = world_mfn(dom0, 3);
	grant_handle_t h1, h2;

	(void)state;
	grant(a, 1, 0, 5, 0);
	grant(a, 2, 0, 6, 0);
	assert_int_equal(map(dom0, a, 1, GNTMAP_host_map, 3), GNTST_okay);
	h1 = arg.map[0].handle;
	assert_int_equal(world_refs(ram), 0);
	assert_int_equal(map(dom0, a, 2, GNTMAP_host_map, 3), GNTST_okay);
	h2 = arg.map[0].handle;
	assert_int_equal(world_mfn(dom0, 3).n, world_mfn(a, 6).n);
	assert_int_equal(refs(a, 5), 2);
	assert_int_equal(unmap(dom0, h1, 3, 0),
			 GNTST_okay); /* must not take the second one's place away */
	assert_int_equal(world_type(dom0, 3), P2M_GRANT_RW);
	assert_int_equal(refs(a, 5), 1);
	/* A foreign mapping of the same page over it is not the grant's. */
	assert_int_equal(memory_map_foreign(dom0, GFN(3), a, GFN(6)), 0);
	assert_int_equal(refs(a, 6), 3);
	assert_int_equal(unmap(dom0, h2, 3, 0), GNTST_okay);
	assert_int_equal(world_type(dom0, 3), P2M_FOREIGN);
	assert_int_equal(refs(a, 6), 2);
	assert_int_equal(memory_remove(dom0, GFN(3)), 0);
	assert_int_equal(refs(a, 6), 1);
	/* remove_from_physmap of a grant: the handle keeps the page. */
	assert_int_equal(map(dom0, a, 1, GNTMAP_host_map, 3), GNTST_okay);
	assert_int_equal(memory_remove(dom0, GFN(3)), 0);
	assert_int_equal(refs(a, 5), 2);
	assert_int_equal(unmap(dom0, arg.map[0].handle, 3, 0), GNTST_okay);
	assert_int_equal(refs(a, 5), 1);
}

/* The granter takes its page away and gives it back to the hypervisor while it is mapped. */
static void test_granter_lets_go(void **state)
{
	mfn_t mfn = world_mfn(a, 5);
	grant_handle_t h, h2;

	(void)state;
	grant(a, 1, 0, 5, 0);
	assert_int_equal(map(dom0, a, 1, GNTMAP_host_map | GNTMAP_readonly, 0x500), GNTST_okay);
	h = arg.map[0].handle;
	entry(a, 1)->flags = 0; /* no revoking by force */
	assert_int_equal(memory_remove_ram(a, GFN(5)), 0);
	assert_int_equal(world_refs(mfn), 1);
	assert_int_equal(memory_populate(a, GFN(5), 0, 0), 0);
	assert_true(world_mfn(a, 5).n != mfn.n);
	/* A second use for reading is the same page; for writing the entry is asked again, and now
	 * says another one. */
	grant(a, 1, 0, 5, 0);
	assert_int_equal(map(dom0, a, 1, GNTMAP_host_map | GNTMAP_readonly, 0x501), GNTST_okay);
	h2 = arg.map[0].handle;
	assert_int_equal(world_mfn(dom0, 0x501).n, mfn.n);
	assert_int_equal(map(dom0, a, 1, GNTMAP_host_map, 0x502), GNTST_general_error);
	assert_int_equal(refs(a, 5), 1);
	assert_int_equal(unmap(dom0, h, 0x500, 0), GNTST_okay);
	assert_int_equal(world_refs(mfn), 1);
	assert_int_equal(unmap(dom0, h2, 0x501, 0), GNTST_okay);
	assert_int_equal(world_refs(mfn), 0);
	assert_int_equal(map(dom0, a, 1, GNTMAP_host_map, 0x502), GNTST_okay);
	assert_int_equal(unmap(dom0, arg.map[0].handle, 0x502, 0), GNTST_okay);
}

/* One grant, two users: not at the same time. */
static void test_regrant_while_used(void **state)
{
	(void)state;
	grant(a, 1, 0, 5, 0);
	assert_int_equal(map(dom0, a, 1, GNTMAP_host_map, 0x500), GNTST_okay);
	grant(a, 1, b->id, 5, 0);
	assert_int_equal(map(b, a, 1, GNTMAP_host_map, 0x500), GNTST_general_error);
	arg.map[0].handle = 0;
	assert_int_equal(unmap(dom0, 0, 0x500, 0), GNTST_okay);
	assert_int_equal(map(b, a, 1, GNTMAP_host_map, 0x500), GNTST_okay);
	assert_int_equal(unmap(b, arg.map[0].handle, 0x500, 0), GNTST_okay);
}

static struct {
	struct domain *d;
	grant_ref_t ref;
	uint64_t seed;
} flipper;

/* Another CPU of the granter garbles the entry between any two looks at it. */
static void flip_entry(struct domain *d, gfn_t gfn)
{
	uint64_t r = random_next(&flipper.seed);

	(void)gfn;
	if (d != flipper.d)
		return;
	*entry(d, flipper.ref) =
		(struct grant_entry_v1){(uint16_t)r, (domid_t)(r >> 16 & 3), (r >> 32) % 40};
	if (r >> 60 == 0)
		(void)memory_remove_ram(d, GFN((r >> 32) % 40));
}

static void test_flipping_entry(void **state)
{
	grant_handle_t handles[64];
	uint64_t gfns[64];
	unsigned nr = 0;

	(void)state;
	flipper.d = a;
	flipper.ref = 7;
	flipper.seed = 77;
	world.on_translate = flip_entry;
	for (unsigned i = 0; i < 20000; i++) {
		uint32_t flags = GNTMAP_host_map | (i & 1 ? GNTMAP_readonly : 0);
		int status;

		grant(a, 7, i & 4 ? 0 : 2, i % 36, i & 2 ? GTF_readonly : 0);
		if (nr == 64 || (nr && i % 3 == 0)) {
			nr--;
			assert_int_equal(unmap(dom0, handles[nr], gfns[nr], 0), GNTST_okay);
			continue;
		}
		status = map(dom0, a, 7, flags, 0x500 + nr);
		assert_in_range(status + 13, 0, 13);
		if (status == GNTST_okay) {
			handles[nr] = arg.map[0].handle;
			gfns[nr] = 0x500 + nr;
			nr++;
		}
	}
	world.on_translate = NULL;
	while (nr) {
		nr--;
		assert_int_equal(unmap(dom0, handles[nr], gfns[nr], 0), GNTST_okay);
	}
	for (unsigned gfn = 0; gfn < RAM; gfn++)
		assert_true(world_type(a, gfn) == P2M_NONE || refs(a, gfn) == 1);
}

static void test_handle_limit(void **state)
{
	static bool used[4 * 256];
	unsigned n = 0;

	(void)state;
	memset(used, 0, sizeof(used));
	grant(a, 1, 0, 5, 0);
	while (map(dom0, a, 1, GNTMAP_device_map, 0) == GNTST_okay) {
		assert_in_range(arg.map[0].handle, 0, 1023);
		assert_false(used[arg.map[0].handle]);
		used[arg.map[0].handle] = true;
		n++;
	}
	assert_int_equal(arg.map[0].status, GNTST_no_device_space);
	assert_int_equal(n, 4 * 256);
	assert_int_equal(refs(a, 5), 1025);
	for (grant_handle_t h = 0; h < 1024; h++)
		assert_int_equal(unmap(dom0, h, 0, mfn_to_pa(world_mfn(a, 5))), GNTST_okay);
	assert_int_equal(refs(a, 5), 1);
	assert_int_equal(map(dom0, a, 1, GNTMAP_device_map, 0), GNTST_okay);
	/* The end of the test undoes this one. */
}

/* The granter dies first: its page and what counts its grants last until the mapping goes. */
static void test_death_of_granter(void **state)
{
	mfn_t mfn = world_mfn(a, 5);
	grant_handle_t h;

	(void)state;
	grant(a, 1, 0, 5, 0);
	memset(world_page(a, 5), 0x42, PAGE_SIZE);
	assert_int_equal(map(dom0, a, 1, GNTMAP_host_map, 0x500), GNTST_okay);
	h = arg.map[0].handle;
	world_kill(a);
	assert_int_equal(world.domains, 3);
	assert_int_equal(((uint8_t *)world_page(dom0, 0x500))[9], 0x42);
	assert_int_equal(map(dom0, b, 1, GNTMAP_host_map, 0x501), GNTST_general_error);
	arg.map[0].dom = 1;
	assert_int_equal(op(dom0, GNTTABOP_map_grant_ref, 1), 0);
	assert_int_equal(arg.map[0].status, GNTST_bad_domain);
	assert_int_equal(unmap(dom0, h, 0x500, 0), GNTST_okay);
	assert_int_equal(world.domains, 2);
	assert_int_equal(world_refs(mfn), 0);
	a = world_domain(1, false, 1, RAM);
}

static void test_death_of_mapper(void **state)
{
	(void)state;
	grant(a, 1, b->id, 5, 0);
	for (unsigned i = 0; i < 300; i++)
		assert_int_equal(
			map(b, a, 1, i & 1 ? GNTMAP_host_map : GNTMAP_device_map, 0x500 + i),
			GNTST_okay);
	assert_int_equal(refs(a, 5), 301);
	/* Its own grants too, which hold it. */
	grant(b, 1, b->id, 6, 0);
	assert_int_equal(map(b, b, 1, GNTMAP_host_map, 0x4ff), GNTST_okay);
	host_yield_every = 2;
	world_kill(b);
	host_yield_every = 0;
	assert_int_equal(world.domains, 2);
	assert_int_equal(refs(a, 5), 1);
	assert_int_equal(entry(a, 1)->flags, GTF_permit_access);
	b = world_domain(2, false, 1, RAM);
}

/* ---- batches and the call's frame ---- */

static void test_batches(void **state)
{
	(void)state;
	grant(a, 1, 0, 5, 0);
	for (unsigned i = 0; i < 16; i++)
		arg.map[i] = (struct gnttab_map_grant_ref){
			.host_addr = (0x500ULL + i) << PAGE_SHIFT,
			.flags = GNTMAP_host_map,
			.ref = i == 7 ? 2 : 1, /* one of them is wrong */
			.dom = a->id,
			.status = 99,
		};
	host_yield_every = 1;
	assert_int_equal(op(dom0, GNTTABOP_map_grant_ref, 16), 0);
	assert_int_equal(world_continuations, 15);
	for (unsigned i = 0; i < 16; i++)
		assert_int_equal(arg.map[i].status, i == 7 ? GNTST_general_error : GNTST_okay);
	assert_int_equal(refs(a, 5), 16);
	/* An array that ends in nothing. */
	assert_int_equal(op(dom0, GNTTABOP_map_grant_ref, 17), -EFAULT);
	assert_int_equal(refs(a, 5), 31);
	assert_int_equal(op(dom0, GNTTABOP_map_grant_ref, 0), 0);
	assert_int_equal(op(dom0, GNTTABOP_map_grant_ref, 1U << 31), -EINVAL);
	assert_int_equal(op(dom0, GNTTABOP_map_grant_ref | 1 << 12, 1), -EINVAL);
	assert_int_equal(op(dom0, 3, 1), -ENOSYS); /* dump_table */
	assert_int_equal(op(dom0, 4, 1), -ENOSYS); /* transfer */
	assert_int_equal(op(dom0, 7, 1), -ENOSYS); /* unmap_and_replace */
	assert_int_equal(op(dom0, 9, 1), -ENOSYS); /* get_status_frames */
	assert_int_equal(op(dom0, 13, 1), -ENOSYS);
	/* Where the outcome cannot be written nothing is mapped. */
	world_hide_all();
	world_expose(&arg, sizeof(arg), false);
	assert_int_equal(op(dom0, GNTTABOP_map_grant_ref, 1), -EFAULT);
	assert_int_equal(refs(a, 5), 31);
}

static void test_versions_and_sizes(void **state)
{
	struct domain *c = world_domain(3, false, 1, 4);

	(void)state;
	arg.set_version.version = 1;
	assert_int_equal(op(a, GNTTABOP_set_version, 1), 0);
	arg.set_version.version = 2;
	assert_int_equal(op(a, GNTTABOP_set_version, 1), -ENOSYS);
	assert_int_equal(arg.set_version.version, 1);
	arg.set_version.version = 3;
	assert_int_equal(op(a, GNTTABOP_set_version, 1), -EINVAL);
	assert_int_equal(op(a, GNTTABOP_set_version, 2), -EINVAL);
	arg.get_version.dom = b->id;
	assert_int_equal(op(a, GNTTABOP_get_version, 1), -EPERM);
	assert_int_equal(op(dom0, GNTTABOP_get_version, 1), 0);
	assert_int_equal(arg.get_version.version, 1);

	arg.query.dom = DOMID_SELF;
	assert_int_equal(op(c, GNTTABOP_query_size, 1), 0);
	assert_int_equal(arg.query.status, GNTST_okay);
	assert_int_equal(arg.query.nr_frames, 1);
	assert_int_equal(arg.query.max_nr_frames, 8);
	arg.query.dom = b->id;
	assert_int_equal(op(c, GNTTABOP_query_size, 1), 0);
	assert_int_equal(arg.query.status, GNTST_permission_denied);
	arg.query.dom = 99;
	assert_int_equal(op(c, GNTTABOP_query_size, 1), 0);
	assert_int_equal(arg.query.status, GNTST_bad_domain);

	assert_int_equal(grant_table_map_frame(c, 1, GFN(0x333)), 0);
	arg.setup = (struct gnttab_setup_table){DOMID_SELF, 3, 99, xen_handle_from_ptr(frames)};
	assert_int_equal(op(c, GNTTABOP_setup_table, 1), 0);
	assert_int_equal(arg.setup.status, GNTST_okay);
	assert_int_equal(c->grant.nr_frames, 3);
	assert_true(frames[0] == ~0ULL && frames[1] == 0x333 && frames[2] == ~0ULL);
	arg.setup.nr_frames = 9;
	assert_int_equal(op(c, GNTTABOP_setup_table, 1), 0);
	assert_int_equal(arg.setup.status, GNTST_general_error);
	arg.setup.nr_frames = 1;
	arg.setup.frame_list.va = 0;
	assert_int_equal(op(c, GNTTABOP_setup_table, 1), -EFAULT);
	world_kill(c);
	assert_int_equal(grant_table_init(&(struct domain){0}, 513, 1), -EINVAL);
	assert_int_equal(grant_table_init(&(struct domain){0}, 1, 4097), -EINVAL);
}

static void test_swap(void **state)
{
	(void)state;
	grant(a, 1, 0, 5, 0);
	grant(a, 2, 2, 6, GTF_readonly);
	arg.swap = (struct gnttab_swap_grant_ref){1, 2, 99};
	assert_int_equal(op(a, GNTTABOP_swap_grant_ref, 1), 0);
	assert_int_equal(arg.swap.status, GNTST_okay);
	assert_int_equal(entry(a, 1)->frame, 6);
	assert_int_equal(entry(a, 1)->flags, GTF_permit_access | GTF_readonly);
	assert_int_equal(entry(a, 2)->frame, 5);
	assert_int_equal(map(dom0, a, 2, GNTMAP_host_map, 0x500), GNTST_okay);
	arg.swap = (struct gnttab_swap_grant_ref){1, 2, 99};
	assert_int_equal(op(a, GNTTABOP_swap_grant_ref, 1), 0);
	assert_int_equal(arg.swap.status, GNTST_eagain);
	arg.swap.ref_b = 512;
	assert_int_equal(op(a, GNTTABOP_swap_grant_ref, 1), 0);
	assert_int_equal(arg.swap.status, GNTST_bad_gntref);
}

/* ---- copy ---- */

static int copy(struct domain *d, struct gnttab_copy c)
{
	c.status = 99;
	arg.copy[0] = c;
	assert_int_equal(op(d, GNTTABOP_copy, 1), 0);
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
	grant(a, 1, 0, 5, GTF_readonly);
	assert_int_equal(copy(dom0, c), GNTST_okay);
	assert_memory_equal(dst + 200, src + 100, 300);
	assert_int_equal(dst[199] | dst[500], 0);
	assert_int_equal(entry(a, 1)->flags, GTF_permit_access | GTF_readonly);
	assert_int_equal(refs(a, 5), 1);

	/* Into a grant. */
	c.dest = (struct gnttab_copy_ptr){.u.ref = 3, .domid = b->id, .offset = 0};
	c.flags = GNTCOPY_source_gref | GNTCOPY_dest_gref;
	grant(b, 3, 0, 7, GTF_readonly);
	assert_int_equal(copy(dom0, c), GNTST_general_error);
	grant(b, 3, 0, 7, 0);
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
	grant(a, 1, 0, 5, 0);
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
	assert_int_equal(refs(a, 5), 1);
	assert_int_equal(entry(a, 1)->flags, GTF_permit_access);
	assert_int_equal(a->grant.nr_maps, 0);
	/* A granted page's mapping is no memory of one's own. */
	assert_int_equal(map(dom0, a, 1, GNTMAP_host_map | GNTMAP_readonly, 0x500), GNTST_okay);
	c.dest.u.gmfn = 0x500;
	assert_int_equal(copy(dom0, c), GNTST_bad_page);
}

static void test_cache_flush(void **state)
{
	uint64_t before = host_cache_bytes;

	(void)state;
	assert_int_equal(op(a, GNTTABOP_cache_flush, 1),
			 0); /* all zero: how Linux asks whether it is there */
	arg.flush[0] = (struct gnttab_cache_flush){
		.a.dev_bus_addr = mfn_to_pa(world_mfn(a, 5)),
		.offset = 64,
		.length = 128,
		.op = GNTTAB_CACHE_CLEAN,
	};
	assert_int_equal(op(a, GNTTABOP_cache_flush, 1), 0);
	assert_int_equal(host_cache_bytes - before, 128);
	/* Not granted, privileged or not. */
	assert_int_equal(op(dom0, GNTTABOP_cache_flush, 1), -EINVAL);
	grant(a, 1, 0, 5, 0);
	for (unsigned i = 0; i < 600; i++) /* so that the mapping looked for is far behind */
		assert_int_equal(map(dom0, a, 1, GNTMAP_device_map, 0), GNTST_okay);
	grant(a, 2, 0, 6, 0);
	assert_int_equal(map(dom0, a, 2, GNTMAP_device_map, 0), GNTST_okay);
	memset(&arg, 0, sizeof(arg));
	arg.flush[0].a.dev_bus_addr = mfn_to_pa(world_mfn(a, 6)) + 1;
	arg.flush[0].length = 4096;
	arg.flush[0].op = GNTTAB_CACHE_CLEAN | GNTTAB_CACHE_INVAL;
	arg.flush[1] = arg.flush[0];
	host_yield_every = 1;
	assert_int_equal(op(dom0, GNTTABOP_cache_flush, 2), 0);
	assert_int_equal(world_continuations, 5); /* two in each, one between */
	host_yield_every = 0;
	arg.flush[0].a.dev_bus_addr = mfn_to_pa(world_mfn(a, 7));
	assert_int_equal(op(dom0, GNTTABOP_cache_flush, 1), -EINVAL);
	arg.flush[0].offset = 1;
	assert_int_equal(op(dom0, GNTTABOP_cache_flush, 1), -EINVAL);
	arg.flush[0].offset = 4096;
	arg.flush[0].length = 0;
	assert_int_equal(op(dom0, GNTTABOP_cache_flush, 1), -EINVAL);
	arg.flush[0].offset = 0;
	arg.flush[0].length = 1;
	arg.flush[0].op = 4;
	assert_int_equal(op(dom0, GNTTABOP_cache_flush, 1), -EINVAL);
	arg.flush[0].op = 0;
	assert_int_equal(op(dom0, GNTTABOP_cache_flush, 1), 0);
	arg.flush[0].op = GNTTAB_CACHE_CLEAN | GNTTAB_CACHE_SOURCE_GREF;
	assert_int_equal(op(dom0, GNTTABOP_cache_flush, 1), -EOPNOTSUPP);
	arg.flush[0].op = GNTTAB_CACHE_CLEAN;
	for (unsigned shift = 0; shift < 64; shift++) {
		arg.flush[0].a.dev_bus_addr = BIT64(shift);
		assert_true(op(b, GNTTABOP_cache_flush, 1) < 0);
	}
	arg.flush[0].a.dev_bus_addr = (uint64_t)hyp_va_to_mfn(a->shared_info).n << PAGE_SHIFT;
	assert_int_equal(op(a, GNTTABOP_cache_flush, 1), -EPERM);
	/* A made-up continuation looks nowhere it should not. */
	assert_int_equal(op(dom0, GNTTABOP_cache_flush | 0xfffffULL << 12, 1), -EPERM);
}

/* ---- a model ---- */

#define MODEL_REFS 6
#define MODEL_MAPS 200

static struct model_map {
	bool used;
	struct domain *mapper, *granter;
	grant_handle_t handle;
	grant_ref_t ref;
	uint64_t gfn;
	mfn_t mfn;
	bool host, device, write;
} maps[MODEL_MAPS];

static uint64_t next_gfn;
static unsigned model_mapped, model_unmapped;

static unsigned model_users(struct domain *granter, grant_ref_t ref, bool writers,
			    struct domain **user)
{
	unsigned n = 0;

	for (unsigned i = 0; i < MODEL_MAPS; i++) {
		const struct model_map *m = &maps[i];

		if (!m->used || m->granter != granter || m->ref != ref || (writers && !m->write))
			continue;
		*user = m->mapper;
		n++;
	}
	return n;
}

/* What map() has to say, from the entry and what is mapped already. */
static int model_expect(struct domain *d, struct domain *g, grant_ref_t ref, bool write)
{
	const struct grant_entry_v1 *e = entry(g, ref);
	struct domain *user = NULL;
	unsigned users = model_users(g, ref, false, &user),
		 writers = model_users(g, ref, true, &user);
	mfn_t mfn = world_mfn(g, e->frame), used = INVALID_MFN;

	if (users && user != d)
		return GNTST_general_error;
	if (users && (!write || writers))
		return GNTST_okay;
	if ((e->flags & GTF_type_mask) != GTF_permit_access || e->domid != d->id ||
	    (write && e->flags & GTF_readonly))
		return GNTST_general_error;
	if (world_type(g, e->frame) != P2M_RAM)
		return GNTST_bad_page;
	for (unsigned i = 0; i < MODEL_MAPS; i++)
		if (maps[i].used && maps[i].granter == g && maps[i].ref == ref)
			used = maps[i].mfn;
	return users && used.n != mfn.n ? GNTST_general_error : GNTST_okay;
}

static void model_map(struct domain *d, struct domain *g, uint64_t *seed)
{
	grant_ref_t ref = (grant_ref_t)random_below(seed, MODEL_REFS);
	bool write = random_below(seed, 2), host = random_below(seed, 3),
	     device = !host || random_below(seed, 2);
	uint32_t flags = (write ? 0 : GNTMAP_readonly) | (host ? GNTMAP_host_map : 0) |
			 (device ? GNTMAP_device_map : 0);
	int want = model_expect(d, g, ref, write);
	uint64_t gfn = 0x1000 + next_gfn++ % 0x800;
	unsigned i = 0;

	while (i < MODEL_MAPS && maps[i].used)
		i++;
	if (i == MODEL_MAPS)
		return;
	if (world_type(d, gfn) != P2M_NONE)
		return;
	assert_int_equal(map(d, g, ref, flags, gfn), want);
	if (want != GNTST_okay)
		return;
	model_mapped++;
	for (unsigned j = 0; j < MODEL_MAPS; j++)
		assert_false(maps[j].used && maps[j].mapper == d &&
			     maps[j].handle == arg.map[0].handle);
	maps[i] = (struct model_map){
		true, d,      g,    arg.map[0].handle, ref, gfn, pa_to_mfn(arg.map[0].dev_bus_addr),
		host, device, write};
}

static void model_unmap(uint64_t *seed)
{
	struct model_map *m = &maps[random_below(seed, MODEL_MAPS)];
	uint64_t gfn = random_below(seed, 4) ? m->gfn : m->gfn * random_below(seed, 3);
	uint64_t bus = random_below(seed, 2)   ? mfn_to_pa(m->mfn)
		       : random_below(seed, 8) ? 0
					       : 0x1000;
	struct domain *d = m->used ? m->mapper : dom0;
	bool bad_bus, bad_gfn;

	if (!m->used) {
		assert_int_equal(unmap(d, 4000 + (grant_handle_t)random_below(seed, 99), gfn, bus),
				 GNTST_bad_handle);
		return;
	}
	bad_bus = bus && bus != mfn_to_pa(m->mfn);
	bad_gfn = gfn && m->host && gfn != m->gfn;
	assert_int_equal(unmap(d, m->handle, gfn, bus),
			 bad_bus || bad_gfn ? GNTST_general_error : GNTST_okay);
	if (bad_bus || bad_gfn)
		return;
	if (gfn && m->host) {
		assert_int_equal(world_type(d, m->gfn), P2M_NONE);
		m->host = false;
	}
	if (bus)
		m->device = false;
	m->used = m->host || m->device;
	model_unmapped += !m->used;
}

/* Marks that must be there; the model's granters change an entry only while it is not used. */
static void model_check(struct domain *g)
{
	for (grant_ref_t ref = 0; ref < MODEL_REFS; ref++) {
		struct domain *user;
		uint16_t marks = entry(g, ref)->flags & (GTF_reading | GTF_writing);
		uint16_t want = (model_users(g, ref, false, &user) ? GTF_reading : 0) |
				(model_users(g, ref, true, &user) ? GTF_writing : 0);

		assert_int_equal(marks, want);
	}
	for (uint64_t gfn = 0; gfn < RAM; gfn++) {
		unsigned n = 1;

		if (world_type(g, gfn) != P2M_RAM)
			continue;
		for (unsigned i = 0; i < MODEL_MAPS; i++)
			n += maps[i].used && maps[i].mfn.n == world_mfn(g, gfn).n;
		assert_int_equal(refs(g, gfn), n);
	}
	for (unsigned i = 0; i < MODEL_MAPS; i++) {
		const struct model_map *m = &maps[i];

		if (!m->used)
			continue;
		assert_true(world_refs(m->mfn) > 0);
		if (m->host)
			assert_int_equal(world_mfn(m->mapper, m->gfn).n, m->mfn.n);
		if (m->host)
			assert_int_equal(world_type(m->mapper, m->gfn),
					 m->write ? P2M_GRANT_RW : P2M_GRANT_RO);
	}
}

static void model_granter(struct domain *g, uint64_t *seed)
{
	grant_ref_t ref = (grant_ref_t)random_below(seed, MODEL_REFS);
	uint64_t gfn = random_below(seed, 8);
	struct domain *user;

	switch (random_below(seed, 4)) {
	case 0:
		if (memory_remove_ram(g, GFN(gfn)) != 0)
			assert_int_equal(memory_populate(g, GFN(gfn), 0, 0), 0);
		break;
	default:
		if (!model_users(g, ref, false, &user))
			grant(g, ref, (domid_t)(random_below(seed, 2) * 2), (uint32_t)gfn,
			      random_below(seed, 3) ? 0 : GTF_readonly);
	}
}

static void test_random(void **state)
{
	uint64_t seed = 0x6a47;

	(void)state;
	memset(maps, 0, sizeof(maps));
	next_gfn = 0;
	for (unsigned i = 0; i < 40000; i++) {
		struct domain *mapper = random_below(&seed, 2) ? dom0 : b;
		struct domain *granter = random_below(&seed, 4) ? a : b;

		switch (random_below(&seed, 4)) {
		case 0:
			model_map(mapper, granter, &seed);
			break;
		case 1:
		case 2:
			model_unmap(&seed);
			break;
		default:
			model_granter(granter, &seed);
		}
		if (i % 8 == 0) {
			model_check(a);
			model_check(b);
		}
	}
	/* It has been about something. */
	assert_true(model_mapped > 1000 && model_unmapped > 1000);
	/* Die with all that is mapped, the granter first. */
	world_kill(a);
	a = world_domain(1, false, 1, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_map_and_unmap),
		TEST(test_read_only),
		TEST(test_device_map),
		TEST(test_map_errors),
		TEST(test_over_others),
		TEST(test_granter_lets_go),
		TEST(test_regrant_while_used),
		TEST(test_flipping_entry),
		TEST(test_handle_limit),
		TEST(test_death_of_granter),
		TEST(test_death_of_mapper),
		TEST(test_batches),
		TEST(test_versions_and_sizes),
		TEST(test_swap),
		TEST(test_copy),
		TEST(test_copy_errors),
		TEST(test_cache_flush),
		TEST(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
