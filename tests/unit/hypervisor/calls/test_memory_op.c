/* SPDX-License-Identifier: ISC */
/* memory_op and multicall: results, accounting, continuation, and who may do what to whom. */
#include "unit.h"
#include <lib/errno.h>
#include <string.h>

#include <host/host.h>
#include <public/memory.h>
#include "world.h"

#define RAM 32 /* pages of each guest, from frame 0 on */

static uint64_t dom0_first;
static union {
	struct xen_memory_reservation r;
	struct xen_memory_domain dom;
	struct xen_add_to_physmap add;
	struct xen_add_to_physmap_batch batch;
	struct xen_remove_from_physmap remove;
	struct xen_mem_acquire_resource res;
	struct multicall_entry calls[8];
} arg;
static uint64_t frames[1024], idxs[1024];
static int32_t errs[1024];

static int set_up(void **state)
{
	(void)state;
	world_init();
	dom0 = world_direct_domain(0, 5, &dom0_first);
	a = world_domain(1, false, 1, RAM);
	b = world_domain(2, false, 1, RAM);
	memset(&arg, 0, sizeof(arg));
	world_expose(&arg, sizeof(arg), true);
	world_expose(frames, sizeof(frames), true);
	world_expose(idxs, sizeof(idxs), true);
	world_expose(errs, sizeof(errs), true);
	return 0;
}

/* dom0 keeps the pages it gave up, which only a machine that goes down does. */
static void take_back(struct domain *d)
{
	for (uint64_t i = 0; i < RAM; i++) {
		mfn_t mfn = MFN(dom0_first + i);

		if (world_type(d, mfn.n) == P2M_NONE && page_is_ram(mfn) && page_owner(mfn) == d)
			page_put(mfn);
	}
}

static int tear_down(void **state)
{
	take_back(dom0);
	return world_tear_down(state);
}

static long op(struct domain *d, uint64_t cmd)
{
	return world_call(do_memory_op, d->vcpu[0], cmd, (uintptr_t)&arg, 0);
}

static long reservation(struct domain *d, uint64_t cmd, domid_t domid, uint64_t nr, uint32_t order)
{
	arg.r = (struct xen_memory_reservation){
		.extent_start = xen_handle_from_ptr(frames),
		.nr_extents = nr,
		.extent_order = order,
		.domid = domid,
	};
	return op(d, cmd);
}

static long add(struct domain *d, domid_t domid, uint32_t space, uint64_t idx, uint64_t gfn)
{
	arg.add = (struct xen_add_to_physmap){
		.domid = domid, .space = space, .idx = idx, .gpfn = gfn};
	return op(d, XENMEM_add_to_physmap);
}

static long remove_page(struct domain *d, domid_t domid, uint64_t gfn)
{
	arg.remove = (struct xen_remove_from_physmap){.domid = domid, .gpfn = gfn};
	return op(d, XENMEM_remove_from_physmap);
}

static long batch(struct domain *d, uint16_t space, domid_t foreign, uint16_t nr)
{
	arg.batch = (struct xen_add_to_physmap_batch){
		.domid = DOMID_SELF,
		.space = space,
		.size = nr,
		.u.foreign_domid = foreign,
		.idxs = xen_handle_from_ptr(idxs),
		.gpfns = xen_handle_from_ptr(frames),
		.errs = xen_handle_from_ptr(errs),
	};
	return op(d, XENMEM_add_to_physmap_batch);
}

static void number_frames(uint64_t first, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++)
		frames[i] = first + i;
}

static void test_populate_and_decrease(void **state)
{
	uint64_t free_before = page_nr_free();
	mfn_t mfn;

	(void)state;
	number_frames(0x100, 10);
	assert_int_equal(reservation(a, XENMEM_populate_physmap, DOMID_SELF, 10, 0), 10);
	assert_int_equal(a->tot_pages, RAM + 10);
	assert_int_equal(world_type(a, 0x109), P2M_RAM);
	mfn = world_mfn(a, 0x100);
	memset(world_page(a, 0x100), 0x55, PAGE_SIZE);
	/* What is there already is not populated again. */
	assert_int_equal(reservation(a, XENMEM_populate_physmap, DOMID_SELF, 10, 0), 0);
	assert_int_equal(a->tot_pages, RAM + 10);
	assert_int_equal(reservation(a, XENMEM_decrease_reservation, DOMID_SELF, 10, 0), 10);
	assert_int_equal(a->tot_pages, RAM);
	assert_int_equal(world_type(a, 0x100), P2M_NONE);
	assert_int_equal(world_refs(mfn), 0);
	assert_int_equal(page_nr_free(), free_before);
	/* Nothing there: stops at the first. */
	frames[0] = 3;
	assert_int_equal(reservation(a, XENMEM_decrease_reservation, DOMID_SELF, 10, 0), 1);
	/* New pages are zero. */
	frames[0] = 3;
	assert_int_equal(reservation(a, XENMEM_populate_physmap, DOMID_SELF, 1, 0), 1);
	for (unsigned i = 0; i < PAGE_SIZE; i++)
		assert_int_equal(((uint8_t *)world_page(a, 3))[i], 0);
}

static void test_orders(void **state)
{
	(void)state;
	frames[0] = 0x200;
	assert_int_equal(reservation(a, XENMEM_populate_physmap, DOMID_SELF, 1, ORDER_2M), 1);
	assert_int_equal(a->tot_pages, RAM + 512);
	assert_int_equal(world_mfn(a, 0x3ff).n, world_mfn(a, 0x200).n + 511);
	assert_int_equal(reservation(a, XENMEM_decrease_reservation, DOMID_SELF, 1, 4), 1);
	assert_int_equal(a->tot_pages, RAM + 496);
	assert_int_equal(world_type(a, 0x20f), P2M_NONE);
	assert_int_equal(world_type(a, 0x210), P2M_RAM);
	for (uint32_t order = 0; order < 70; order++) {
		frames[0] = 0x10000;
		a->max_pages = a->tot_pages; /* so that none fits */
		assert_int_equal(reservation(a, XENMEM_populate_physmap, DOMID_SELF, 1, order), 0);
	}
	assert_int_equal(reservation(a, XENMEM_populate_physmap, DOMID_SELF, 1, ~0U), 0);
	assert_int_equal(reservation(a, XENMEM_decrease_reservation, DOMID_SELF, 1, 63), 0);
	assert_int_equal(a->tot_pages, RAM + 496);
}

static void test_limits(void **state)
{
	(void)state;
	number_frames(0x100, 20);
	a->max_pages = RAM + 7;
	assert_int_equal(reservation(a, XENMEM_populate_physmap, DOMID_SELF, 20, 0), 7);
	assert_int_equal(a->tot_pages, a->max_pages);
	assert_int_equal(reservation(dom0, XENMEM_populate_physmap, a->id, 20, 0), 0);
	/* Frames that no address space has. */
	a->max_pages = 1000;
	for (unsigned shift = 28; shift < 64; shift++) {
		frames[0] = BIT64(shift) + 0x150;
		assert_int_equal(reservation(a, XENMEM_populate_physmap, DOMID_SELF, 1, 0), 0);
		assert_int_equal(reservation(a, XENMEM_decrease_reservation, DOMID_SELF, 1, 0), 0);
		assert_int_equal(remove_page(a, DOMID_SELF, BIT64(shift) + 3), -ENOENT);
		assert_true(add(a, DOMID_SELF, XENMAPSPACE_shared_info, 0, BIT64(shift) + 3) < 0);
	}
	frames[0] = ~0ULL;
	assert_int_equal(reservation(a, XENMEM_populate_physmap, DOMID_SELF, 1, 1), 0);
	assert_int_equal(a->tot_pages, RAM + 7);
	assert_int_equal(world_type(a, 3), P2M_RAM);
	/* Address width. */
	arg.r.mem_flags = 20;
	frames[0] = 0x200;
	assert_int_equal(op(a, XENMEM_populate_physmap), 0);
	arg.r.mem_flags = XENMEMF_populate_on_demand;
	assert_int_equal(op(a, XENMEM_populate_physmap), 0);
	assert_int_equal(a->tot_pages, RAM + 7);
}

static void test_arguments(void **state)
{
	(void)state;
	assert_int_equal(op(a, 5), -ENOSYS);
	assert_int_equal(op(a, 63), -ENOSYS);
	assert_int_equal(op(a, XENMEM_increase_reservation), -ENOSYS);
	assert_int_equal(reservation(a, XENMEM_populate_physmap, b->id, 1, 0), -EPERM);
	assert_int_equal(reservation(a, XENMEM_decrease_reservation, 0, 1, 0), -EPERM);
	assert_int_equal(reservation(a, XENMEM_populate_physmap, 99, 1, 0), 0);
	assert_int_equal(reservation(a, XENMEM_populate_physmap, DOMID_SELF, ~0ULL, 0), 0);
	assert_int_equal(reservation(a, XENMEM_populate_physmap, DOMID_SELF, 0, 0), 0);
	/* The start is at the end already. */
	number_frames(0x100, 4);
	assert_int_equal(reservation(a, XENMEM_populate_physmap | 4 << 6, DOMID_SELF, 4, 0), 4);
	assert_int_equal(reservation(a, XENMEM_populate_physmap | 3 << 6, DOMID_SELF, 4, 0), 4);
	assert_int_equal(a->tot_pages, RAM + 1);
	/* An array that ends in nothing: what could be read counts. */
	arg.r.extent_start.va = (uintptr_t)&frames[1022];
	arg.r.nr_extents = 10;
	frames[1022] = 0x300;
	frames[1023] = 0x301;
	assert_int_equal(op(a, XENMEM_populate_physmap), 2);
	assert_int_equal(world_call(do_memory_op, a->vcpu[0], XENMEM_populate_physmap, 0, 0),
			 -EFAULT);
	/* The last possible address. */
	arg.r.extent_start.va = ~0ULL - 4;
	assert_int_equal(op(a, XENMEM_populate_physmap), 0);
}

static void test_continuation(void **state)
{
	(void)state;
	number_frames(0x1000, 600);
	host_yield_every = 7;
	assert_int_equal(reservation(dom0, XENMEM_populate_physmap, a->id, 600, 0), 600);
	assert_true(world_continuations > 50);
	assert_int_equal(a->tot_pages, RAM + 600);
	frames[599] = 0x5000;
	assert_int_equal(reservation(dom0, XENMEM_decrease_reservation, a->id, 600, 0), 599);
	assert_int_equal(a->tot_pages, RAM + 1);
	/* Always some progress, also if it should always stop. */
	host_yield_every = 1;
	number_frames(0x1000, 100);
	assert_int_equal(reservation(dom0, XENMEM_populate_physmap, a->id, 100, 0), 100);
	assert_int_equal(world_continuations, 99);
}

/* A page given up by the direct-mapped domain can only come back to the same place. */
static void test_direct_mapped(void **state)
{
	uint64_t before = page_nr_free();

	(void)state;
	number_frames(dom0_first, 8);
	assert_int_equal(reservation(dom0, XENMEM_decrease_reservation, DOMID_SELF, 8, 0), 8);
	assert_int_equal(world_type(dom0, dom0_first), P2M_NONE);
	assert_int_equal(dom0->tot_pages, RAM); /* still its own */
	assert_int_equal(page_nr_free(), before);
	assert_int_equal(reservation(dom0, XENMEM_decrease_reservation, DOMID_SELF, 8, 0), 0);
	assert_int_equal(reservation(dom0, XENMEM_populate_physmap, DOMID_SELF, 8, 0), 8);
	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(world_type(dom0, dom0_first + i), P2M_RAM);
		assert_int_equal(world_mfn(dom0, dom0_first + i).n, dom0_first + i);
		assert_int_equal(world_refs(MFN(dom0_first + i)), 1);
	}
	assert_int_equal(reservation(dom0, XENMEM_populate_physmap, DOMID_SELF, 8, 0),
			 8); /* harmless */
	assert_int_equal(world_refs(MFN(dom0_first)), 1);
	/* Not others' pages, nor what is no RAM. */
	frames[0] = world_mfn(a, 0).n;
	assert_int_equal(reservation(dom0, XENMEM_populate_physmap, DOMID_SELF, 1, 0), 0);
	frames[0] = 0x1;
	assert_int_equal(reservation(dom0, XENMEM_populate_physmap, DOMID_SELF, 1, 0), 0);
	frames[0] = page_highest().n; /* free */
	assert_int_equal(reservation(dom0, XENMEM_populate_physmap, DOMID_SELF, 1, 0), 0);
	/* Nor over something else, even if that shows the same page. */
	frames[0] = dom0_first;
	assert_int_equal(reservation(dom0, XENMEM_decrease_reservation, DOMID_SELF, 1, 0), 1);
	assert_int_equal(p2m_map(dom0, GFN(dom0_first), MFN(dom0_first), 1, P2M_GRANT_RO), 0);
	assert_int_equal(reservation(dom0, XENMEM_populate_physmap, DOMID_SELF, 1, 0), 0);
	assert_int_equal(world_type(dom0, dom0_first), P2M_GRANT_RO);
	assert_int_equal(p2m_unmap(dom0, GFN(dom0_first), MFN(dom0_first)), 0);
	assert_int_equal(reservation(dom0, XENMEM_populate_physmap, DOMID_SELF, 1, 0), 1);
	/* A foreign page over RAM, and back. */
	frames[0] = dom0_first + 3;
	idxs[0] = 5;
	assert_int_equal(batch(dom0, XENMAPSPACE_gmfn_foreign, a->id, 1), 0);
	assert_int_equal(errs[0], 0);
	assert_int_equal(world_mfn(dom0, dom0_first + 3).n, world_mfn(a, 5).n);
	assert_int_equal(reservation(dom0, XENMEM_populate_physmap, DOMID_SELF, 1, 0), 0);
	assert_int_equal(reservation(dom0, XENMEM_decrease_reservation, DOMID_SELF, 1, 0), 0);
	assert_int_equal(remove_page(dom0, DOMID_SELF, dom0_first + 3), 0);
	assert_int_equal(reservation(dom0, XENMEM_populate_physmap, DOMID_SELF, 1, 0), 1);
	assert_int_equal(world_mfn(dom0, dom0_first + 3).n, dom0_first + 3);
	/* Out of tables in the middle: nothing changes. */
	world.map_fails_in = 1;
	assert_int_equal(batch(dom0, XENMAPSPACE_gmfn_foreign, a->id, 1), 0);
	assert_int_equal(errs[0], -ENOMEM);
	assert_int_equal(world_type(dom0, dom0_first + 3), P2M_RAM);
	assert_int_equal(world_refs(world_mfn(a, 5)), 1);
}

static void test_shared_info(void **state)
{
	mfn_t shared = hyp_va_to_mfn(a->shared_info);

	(void)state;
	assert_int_equal(add(a, DOMID_SELF, XENMAPSPACE_shared_info, 1, 7), -EINVAL);
	assert_int_equal(add(a, b->id, XENMAPSPACE_shared_info, 0, 7), -EPERM);
	assert_int_equal(add(a, 99, XENMAPSPACE_shared_info, 0, 7), -ESRCH);
	assert_int_equal(add(a, DOMID_SELF, XENMAPSPACE_shared_info, 0, 7), 0);
	assert_int_equal(world_type(a, 7), P2M_SHARED);
	assert_int_equal(world_mfn(a, 7).n, shared.n);
	assert_int_equal(a->tot_pages, RAM - 1); /* the RAM page there is gone */
	assert_int_equal(add(a, DOMID_SELF, XENMAPSPACE_shared_info, 0, 7), -EBUSY);
	assert_int_equal(add(a, DOMID_SELF, XENMAPSPACE_shared_info, 0, 0x400), -EBUSY);
	assert_int_equal(world_type(a, 0x400), P2M_NONE);
	assert_int_equal(remove_page(a, DOMID_SELF, 7), 0);
	assert_int_equal(add(a, DOMID_SELF, XENMAPSPACE_shared_info, 0, 0x400), 0);
	assert_int_equal(remove_page(a, DOMID_SELF, 7), -ENOENT);
	/* Guests cannot give up what is not their RAM. */
	frames[0] = 0x400;
	assert_int_equal(reservation(a, XENMEM_decrease_reservation, DOMID_SELF, 1, 0), 0);
	assert_int_equal(world_type(a, 0x400), P2M_SHARED);
	/* Over it: then it is mapped nowhere. */
	assert_int_equal(add(a, DOMID_SELF, XENMAPSPACE_grant_table, 0, 0x400), 0);
	assert_int_equal(add(a, DOMID_SELF, XENMAPSPACE_shared_info, 0, 8), 0);
}

static void test_grant_frames(void **state)
{
	(void)state;
	assert_int_equal(add(a, DOMID_SELF, XENMAPSPACE_grant_table, 2, 0x402), 0);
	assert_int_equal(a->grant.nr_frames, 3);
	assert_int_equal(add(a, DOMID_SELF, XENMAPSPACE_grant_table, 1, 0x401), 0);
	assert_int_equal(add(a, DOMID_SELF, XENMAPSPACE_grant_table, 0, 0x400), 0);
	assert_int_equal(add(a, DOMID_SELF, XENMAPSPACE_grant_table, 1, 0x403), -EBUSY);
	assert_int_equal(add(a, DOMID_SELF, XENMAPSPACE_grant_table, a->grant.max_frames, 0x404),
			 -EINVAL);
	assert_int_equal(
		add(a, DOMID_SELF, XENMAPSPACE_grant_table, XENMAPIDX_grant_table_status, 0x404),
		-EINVAL);
	assert_int_equal(add(a, DOMID_SELF, XENMAPSPACE_grant_table, ~0ULL, 0x404), -EINVAL);
	assert_int_equal(world_type(a, 0x402), P2M_SHARED);
	assert_int_equal(a->tot_pages, RAM); /* not charged */
	assert_int_equal(remove_page(a, DOMID_SELF, 0x401), 0);
	assert_int_equal(add(a, DOMID_SELF, XENMAPSPACE_grant_table, 1, 0x403), 0);
	for (uint32_t space = 0; space < 12; space++)
		if (space > XENMAPSPACE_grant_table)
			assert_int_equal(add(a, DOMID_SELF, space, 0, 0x405), -ENOSYS);
	/* Every error above left no lock behind: see world_call(). */
}

static void test_foreign(void **state)
{
	mfn_t mfn = world_mfn(a, 4);

	(void)state;
	number_frames(0x80000, 4);
	idxs[0] = 4;
	idxs[1] = 0x900; /* nothing there */
	idxs[2] = 6;
	idxs[3] = ~0ULL;
	assert_int_equal(batch(dom0, XENMAPSPACE_gmfn_foreign, a->id, 4), 0);
	assert_int_equal(errs[0], 0);
	assert_int_equal(errs[1], -EINVAL);
	assert_int_equal(errs[2], 0);
	assert_int_equal(errs[3], -EINVAL);
	assert_int_equal(world_type(dom0, 0x80000), P2M_FOREIGN);
	assert_int_equal(world_mfn(dom0, 0x80000).n, mfn.n);
	assert_int_equal(world_refs(mfn), 2);
	/* The owner gives it up: it stays until the mapping goes. */
	frames[0] = 4;
	assert_int_equal(reservation(a, XENMEM_decrease_reservation, DOMID_SELF, 1, 0), 1);
	assert_int_equal(world_refs(mfn), 1);
	assert_int_equal(a->tot_pages, RAM);
	assert_int_equal(remove_page(dom0, DOMID_SELF, 0x80000), 0);
	assert_int_equal(world_refs(mfn), 0);
	assert_int_equal(a->tot_pages, RAM - 1);
	/* Mapped over: the first one is put. */
	mfn = world_mfn(a, 6);
	frames[0] = 0x80002;
	idxs[0] = 7;
	assert_int_equal(batch(dom0, XENMAPSPACE_gmfn_foreign, a->id, 1), 0);
	assert_int_equal(world_refs(mfn), 1);
	assert_int_equal(world_refs(world_mfn(a, 7)), 2);

	/* A domain that is none: told for each page. */
	idxs[0] = 1;
	assert_int_equal(batch(dom0, XENMAPSPACE_gmfn_foreign, 99, 2), 0);
	assert_int_equal(errs[0], -ESRCH);
	assert_int_equal(errs[1], -ESRCH);
	assert_int_equal(batch(dom0, XENMAPSPACE_gmfn_foreign, DOMID_XEN, 1), 0);
	assert_int_equal(errs[0], -ESRCH);
	assert_int_equal(batch(dom0, XENMAPSPACE_gmfn_foreign, DOMID_SELF, 1), 0);
	assert_int_equal(errs[0], -EINVAL);
	assert_int_equal(batch(a, XENMAPSPACE_gmfn_foreign, b->id, 1), -EPERM);
	assert_int_equal(batch(a, XENMAPSPACE_gmfn_range, 0, 1), -ENOSYS);
	assert_int_equal(batch(a, XENMAPSPACE_shared_info, 1, 1), -EOPNOTSUPP);
	/* Arrays that cannot be reached. */
	arg.batch.u.res0 = 0;
	arg.batch.space = XENMAPSPACE_gmfn_foreign;
	arg.batch.u.foreign_domid = a->id;
	arg.batch.errs.va = 0;
	assert_int_equal(op(dom0, XENMEM_add_to_physmap_batch), -EFAULT);
}

static void test_foreign_continuation(void **state)
{
	(void)state;
	number_frames(0x80000, RAM);
	number_frames(0x80000, RAM);
	for (unsigned i = 0; i < RAM; i++)
		idxs[i] = i;
	host_yield_every = 1;
	assert_int_equal(batch(dom0, XENMAPSPACE_gmfn_foreign, a->id, RAM), 0);
	assert_int_equal(world_continuations, RAM - 1);
	for (unsigned i = 0; i < RAM; i++) {
		assert_int_equal(errs[i], 0);
		assert_int_equal(world_mfn(dom0, 0x80000 + i).n, world_mfn(a, i).n);
	}
}

/* The owner dies while its pages are mapped: they and it last until the mappings go. */
static void test_foreign_of_the_dead(void **state)
{
	struct domain *c = world_domain(3, false, 1, 4);
	mfn_t mfn = world_mfn(c, 2);

	(void)state;
	frames[0] = 0x80000;
	idxs[0] = 2;
	memset(world_page(c, 2), 0x77, PAGE_SIZE);
	assert_int_equal(batch(dom0, XENMAPSPACE_gmfn_foreign, 3, 1), 0);
	world_kill(c);
	assert_int_equal(world.domains, 4);
	assert_int_equal(world_refs(mfn), 1);
	assert_int_equal(*(uint8_t *)world_page(dom0, 0x80000), 0x77);
	assert_int_equal(remove_page(dom0, DOMID_SELF, 0x80000), 0);
	assert_int_equal(world.domains, 3);
	assert_int_equal(world_refs(mfn), 0);
	/* Nothing can be put into the dying. */
	c = world_domain(3, false, 1, 4);
	domain_hold(c);
	world_kill(c);
	assert_int_equal(memory_populate(c, GFN(9), 0, 0), -ESRCH);
	assert_true(memory_map_foreign(c, GFN(9), a, GFN(1)) < 0);
	assert_int_equal(c->tot_pages, 0);
	domain_put(c);
}

static void test_numbers(void **state)
{
	(void)state;
	arg.dom.domid = DOMID_SELF;
	assert_int_equal(op(a, XENMEM_current_reservation), RAM);
	assert_int_equal(op(a, XENMEM_maximum_gpfn), RAM - 1);
	a->max_pages = 12345;
	assert_int_equal(op(a, XENMEM_maximum_reservation), 12345);
	arg.dom.domid = b->id;
	assert_int_equal(op(a, XENMEM_current_reservation), -EPERM);
	assert_int_equal(op(dom0, XENMEM_current_reservation), RAM);
	arg.dom.domid = 99;
	assert_int_equal(op(a, XENMEM_maximum_gpfn), -ESRCH);
	assert_int_equal(op(a, XENMEM_maximum_ram_page), page_highest().n);
	assert_int_equal(op(a, 18), 0);
	assert_int_equal(op(a, 19), 0);
	/* Claims are checked, not kept. */
	arg.r = (struct xen_memory_reservation){.nr_extents = 100, .domid = a->id};
	assert_int_equal(op(a, XENMEM_claim_pages), -EPERM);
	assert_int_equal(op(dom0, XENMEM_claim_pages), 0);
	arg.r.nr_extents = 20000;
	assert_int_equal(op(dom0, XENMEM_claim_pages), -EINVAL);
	a->max_pages = 1 << 20;
	assert_int_equal(op(dom0, XENMEM_claim_pages), -ENOMEM);
	arg.r.extent_order = 1;
	assert_int_equal(op(dom0, XENMEM_claim_pages), -EINVAL);
}

static long acquire(struct domain *d, domid_t domid, uint32_t id, uint64_t frame, uint32_t nr)
{
	arg.res = (struct xen_mem_acquire_resource){
		.domid = domid,
		.type = XENMEM_resource_grant_table,
		.id = id,
		.frame = frame,
		.nr_frames = nr,
	};
	if (nr)
		arg.res.frame_list = xen_handle_from_ptr(frames);
	return op(d, XENMEM_acquire_resource);
}

static void test_acquire_resource(void **state)
{
	uint64_t used;

	(void)state;
	assert_int_equal(acquire(dom0, a->id, 0, 0, 0), 0);
	assert_int_equal(arg.res.nr_frames, a->grant.max_frames);
	assert_int_equal(acquire(a, b->id, 0, 0, 0), -EPERM);
	assert_int_equal(acquire(dom0, DOMID_SELF, 0, 0, 0), -EPERM);
	assert_int_equal(acquire(dom0, 99, 0, 0, 0), -ESRCH);
	assert_int_equal(acquire(dom0, a->id, 1, 0, 1), -EINVAL);
	assert_int_equal(acquire(dom0, a->id, 0, 8, 1), -EINVAL);
	assert_int_equal(acquire(dom0, a->id, 0, ~0ULL, 2), -EINVAL);
	assert_int_equal(acquire(dom0, a->id, 0, 0, ~0U), -EINVAL);
	arg.res.pad = 1;
	assert_int_equal(op(dom0, XENMEM_acquire_resource), -EINVAL);
	arg.res.pad = 0;
	arg.res.type = XENMEM_resource_ioreq_server;
	assert_int_equal(op(dom0, XENMEM_acquire_resource), -EOPNOTSUPP);

	number_frames(0x80000, 3);
	host_yield_every = 1;
	assert_int_equal(acquire(dom0, a->id, 0, 0, 3), 0);
	assert_int_equal(world_continuations, 2);
	host_yield_every = 0;
	assert_int_equal(a->grant.nr_frames, 3);
	assert_int_equal(add(a, DOMID_SELF, XENMAPSPACE_grant_table, 1, 0x401), 0);
	assert_int_equal(world_mfn(a, 0x401).n, world_mfn(dom0, 0x80001).n);
	assert_int_equal(world_type(dom0, 0x80001), P2M_FOREIGN);
	/* The domain dies; what is mapped stays as memory. */
	used = world_mfn(dom0, 0x80001).n;
	world_kill(a);
	assert_int_equal(world_refs(MFN(used)), 1);
	memset(world_page(dom0, 0x80001), 1, PAGE_SIZE);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(remove_page(dom0, DOMID_SELF, 0x80000 + i), 0);
	assert_int_equal(world_refs(MFN(used)), 0);
	a = world_domain(1, false, 1, 1);
}

/* ---- multicall ---- */

static long multicall(struct domain *d, uint64_t nr)
{
	return world_call(do_multicall, d->vcpu[0], (uintptr_t)arg.calls, nr, 0);
}

static void test_multicall(void **state)
{
	static struct xen_memory_reservation r;
	static struct xen_memory_domain self = {DOMID_SELF};

	(void)state;
	world_expose(&r, sizeof(r), true);
	world_expose(&self, sizeof(self), false);
	number_frames(0x1000, 100);
	r = (struct xen_memory_reservation){
		.extent_start = xen_handle_from_ptr(frames),
		.nr_extents = 100,
		.domid = a->id,
	};
	arg.calls[0] = (struct multicall_entry){
		.op = __HYPERVISOR_memory_op,
		.args = {XENMEM_populate_physmap, (uintptr_t)&r},
	};
	arg.calls[1] = (struct multicall_entry){.op = __HYPERVISOR_multicall,
						.args = {(uintptr_t)arg.calls, 8}};
	arg.calls[2] = (struct multicall_entry){
		.op = __HYPERVISOR_memory_op,
		.args = {XENMEM_current_reservation, (uintptr_t)&self},
	};
	arg.calls[3] = (struct multicall_entry){.op = ~0ULL};
	arg.calls[4].result = 0x5a5a;
	host_yield_every = 3;
	assert_int_equal(multicall(dom0, 4), 0);
	assert_true(world_continuations > 20);
	assert_int_equal(arg.calls[0].result, 100);
	assert_int_equal(a->tot_pages, RAM + 100);
	assert_int_equal(arg.calls[1].result, -EINVAL);
	assert_int_equal(arg.calls[2].result, RAM);
	assert_int_equal(arg.calls[3].result, -ENOSYS);
	assert_int_equal(arg.calls[4].result, 0x5a5a);

	host_yield_every = 0;
	assert_int_equal(multicall(dom0, 0), 0);
	assert_int_equal(multicall(dom0, 1ULL << 32), 0);
	/* The list ends in nothing: what was there is done. */
	for (unsigned i = 0; i < 8; i++)
		arg.calls[i] = arg.calls[2];
	assert_int_equal(multicall(dom0, 9), -EFAULT);
	assert_int_equal(arg.calls[7].result, RAM);
	assert_int_equal(world_call(do_multicall, a->vcpu[0], ~0ULL - 8, 1, 0), -EFAULT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_populate_and_decrease),
		TEST(test_orders),
		TEST(test_limits),
		TEST(test_arguments),
		TEST(test_continuation),
		TEST(test_direct_mapped),
		TEST(test_shared_info),
		TEST(test_grant_frames),
		TEST(test_foreign),
		TEST(test_foreign_continuation),
		TEST(test_foreign_of_the_dead),
		TEST(test_numbers),
		TEST(test_acquire_resource),
		TEST(test_multicall),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
