/* SPDX-License-Identifier: ISC */
/* Memory operations and grants of the interleaving test. */
#include <host/host.h>
#include <hyp/hypercall.h>
#include <public/grant_table.h>
#include <public/memory.h>
#include <public/plinth.h>
#include <string.h>

#include "grant_priv.h"
#include "interleave.h"

#define FREE_GFN  0x80000ULL /* where there is no RAM */
#define GRANT_GFN (GUEST_GNTTAB_BASE >> PAGE_SHIFT)
#define LISTS     2048 /* of frames, in the page of arguments */

domid_t any_domid(const struct caller *c)
{
	uint64_t n = il_below(8);

	return n < 4 ? (domid_t)n : n < 6 ? DOMID_SELF : c->d->id;
}

uint64_t any_ram_gfn(const struct domain *d)
{
	return frame_at(d, PLAIN_AT + il_few(RAM_FRAMES - PLAIN_AT));
}

/* Where something can be put. */
uint64_t any_gfn(const struct domain *d)
{
	if (il_theme.table[0] && !il_one_in(3))
		return FREE_GFN + il_below(2);
	switch (il_below(8)) {
	case 0:
		return frame_at(d, SPECIAL_AT + il_few(PLAIN_AT - SPECIAL_AT));
	case 1:
		return GRANT_GFN + il_few(3);
	case 2:
	case 3:
		return FREE_GFN + il_few(4);
	default:
		return any_ram_gfn(d);
	}
}

/* The domain that an operation on memory is about: the caller's, or if that may, another one. */
static struct domain *any_target(const struct caller *c, domid_t *id)
{
	struct domain *d = c->d;

	*id = DOMID_SELF;
	if (c->d->privileged && il_one_in(2)) {
		*id = (domid_t)(1 + il_below(IL_GUESTS));
		d = world_guest(*id);
	}
	return d ? d : c->d;
}

static void reservation(struct caller *c, unsigned cmd)
{
	char *page = args_page(c);
	struct xen_memory_reservation *r = (void *)page;
	uint64_t *frames = (void *)(page + LISTS);
	struct domain *d;

	if (!page)
		return;
	d = any_target(c, &r->domid);
	r->nr_extents = 1 + il_below(3);
	r->extent_order = il_one_in(8) ? 1 : 0;
	for (unsigned i = 0; i < r->nr_extents; i++) {
		frames[i] = cmd == XENMEM_populate_physmap ? any_gfn(d) : any_ram_gfn(d);
		if (r->extent_order)
			frames[i] &= ~1ULL;
		if (frames[i] < frame_at(d, SPECIAL_AT) && frames[i] >= frame_at(d, 0))
			frames[i] = frame_at(d, PLAIN_AT);
	}
	r->extent_start.va = args_va(c, LISTS);
	call(c, __HYPERVISOR_memory_op, cmd, args_va(c, 0), 0);
}

static void populate(struct caller *c)
{
	reservation(c, XENMEM_populate_physmap);
}

static void decrease(struct caller *c)
{
	reservation(c, XENMEM_decrease_reservation);
}

static void add_to_physmap(struct caller *c)
{
	struct xen_add_to_physmap *a = args_page(c);
	struct domain *d;

	if (!a)
		return;
	d = any_target(c, &a->domid);
	a->space = il_one_in(2) ? XENMAPSPACE_shared_info : XENMAPSPACE_grant_table;
	a->idx = a->space == XENMAPSPACE_shared_info ? 0 : il_below(3);
	a->gpfn = any_gfn(d);
	call(c, __HYPERVISOR_memory_op, XENMEM_add_to_physmap, args_va(c, 0), 0);
}

/* Another domain's pages; only dom0 may. */
static void map_foreign(struct caller *c)
{
	char *page = args_page(c);
	struct xen_add_to_physmap_batch *b = (void *)page;
	uint64_t *frames = (void *)(page + LISTS);
	domid_t id = (domid_t)(1 + il_below(IL_GUESTS));
	struct domain *od = world_guest(id);

	if (!page || !od)
		return;
	b->domid = DOMID_SELF;
	b->space = XENMAPSPACE_gmfn_foreign;
	b->size = (uint16_t)(1 + il_below(3));
	b->u.foreign_domid = id;
	for (unsigned i = 0; i < b->size; i++) {
		frames[i] = any_gfn(od);
		frames[8 + i] = any_gfn(c->d);
	}
	b->idxs.va = args_va(c, LISTS);
	b->gpfns.va = args_va(c, LISTS + 64);
	b->errs.va = args_va(c, LISTS + 128);
	call(c, __HYPERVISOR_memory_op, XENMEM_add_to_physmap_batch, args_va(c, 0), 0);
}

static void remove_page(struct caller *c)
{
	struct xen_remove_from_physmap *r = args_page(c);
	struct domain *d;

	if (!r)
		return;
	d = any_target(c, &r->domid);
	r->gpfn = any_gfn(d);
	call(c, __HYPERVISOR_memory_op, XENMEM_remove_from_physmap, args_va(c, 0), 0);
}

static void acquire_resource(struct caller *c)
{
	char *page = args_page(c);
	struct xen_mem_acquire_resource *r = (void *)page;
	uint64_t *frames = (void *)(page + LISTS);

	if (!page)
		return;
	r->domid = (domid_t)(1 + il_below(IL_GUESTS));
	r->type = XENMEM_resource_grant_table;
	r->id = XENMEM_resource_grant_table_id_shared;
	r->nr_frames = 1 + (uint32_t)il_below(2);
	r->frame = il_below(2);
	frames[0] = any_gfn(c->d);
	frames[1] = any_gfn(c->d);
	r->frame_list.va = args_va(c, LISTS);
	call(c, __HYPERVISOR_memory_op, XENMEM_acquire_resource, args_va(c, 0), 0);
}

static void copy_to_a_domain(struct caller *c)
{
	struct plinth_copy_to_domain *p = args_page(c);
	domid_t id = (domid_t)(1 + il_below(IL_GUESTS));
	struct domain *d = world_guest(id);

	if (!p || !d)
		return;
	p->domid = id;
	p->gpa = (any_ram_gfn(d) << PAGE_SHIFT) - 32;
	p->length = 16 + il_below(64);
	p->buffer = args_va(c, LISTS); /* zeros: it may come to lie in shared_info */
	call(c, __HYPERVISOR_plinth_op, PLINTH_OP_copy_to_domain, args_va(c, 0), 0);
}

const struct call_row memory_calls[] = {
	{"populate", populate, 20},
	{"decrease_reservation", decrease, 12},
	{"add_to_physmap", add_to_physmap, 30},
	{"map_foreign", map_foreign, 8},
	{"remove_from_physmap", remove_page, 12},
	{"acquire_resource", acquire_resource, 4},
	{"copy_to_domain", copy_to_a_domain, 2},
	{0},
};

/* ---- grants ---- */

#define FIRST_REF 8
#define REFS      6

static uint32_t any_ref(void)
{
	return FIRST_REF + (uint32_t)il_few(REFS);
}

static struct domain *granter_of(const struct caller *c, domid_t id)
{
	return id == DOMID_SELF || id == c->d->id ? c->d : world_guest(id);
}

/* The guest writes an entry into its shared frame. */
static void write_entry(struct caller *c)
{
	struct grant_table *gt = &c->d->grant;

	if (!gt->nr_frames)
		return;
	gt->frame[0].entry[any_ref()] = (struct grant_entry_v1){
		.flags = il_one_in(6) ? 0 : GTF_permit_access | (il_one_in(3) ? GTF_readonly : 0),
		.domid = (domid_t)(il_one_in(2) ? c->d->id : il_below(1 + IL_GUESTS)),
		.frame = (uint32_t)any_ram_gfn(c->d),
	};
}

static void map(struct caller *c)
{
	struct gnttab_map_grant_ref *m = args_page(c);
	unsigned n = 1 + (unsigned)il_below(2);

	if (!m)
		return;
	for (unsigned i = 0; i < n; i++) {
		m[i].host_addr = any_gfn(c->d) << PAGE_SHIFT;
		m[i].flags = (il_one_in(8) ? 0 : GNTMAP_host_map) |
			     (il_one_in(4) ? GNTMAP_device_map : 0) |
			     (il_one_in(3) ? GNTMAP_readonly : 0);
		m[i].ref = any_ref();
		m[i].dom = any_domid(c);
	}
	call(c, __HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, args_va(c, 0), n);
}

/* Of a handle that there is, or was. */
static void unmap(struct caller *c)
{
	struct gnttab_unmap_grant_ref *u = args_page(c);
	struct grant_table *gt = &c->d->grant;
	unsigned n = 1 + (unsigned)il_below(2);

	if (!u || !gt->nr_maptrack)
		return;
	for (unsigned i = 0; i < n; i++) {
		u[i].handle = (uint32_t)il_few(10);
		u[i].host_addr = gt->maptrack[0][u[i].handle].gfn << PAGE_SHIFT;
		if (il_one_in(16))
			u[i].host_addr = any_gfn(c->d) << PAGE_SHIFT;
	}
	call(c, __HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, args_va(c, 0), n);
}

static void copy_end(const struct caller *c, struct gnttab_copy_ptr *p, bool by_ref)
{
	p->offset = (uint16_t)il_below(64);
	p->domid = by_ref ? any_domid(c) : DOMID_SELF;
	if (by_ref)
		p->u.ref = any_ref();
	else
		p->u.gmfn = any_ram_gfn(c->d);
}

static void copy(struct caller *c)
{
	struct gnttab_copy *p = args_page(c);

	if (!p)
		return;
	p->flags = (uint16_t)il_below(4);
	copy_end(c, &p->source, p->flags & GNTCOPY_source_gref);
	copy_end(c, &p->dest, p->flags & GNTCOPY_dest_gref);
	p->len = (uint16_t)il_below(512);
	call(c, __HYPERVISOR_grant_table_op, GNTTABOP_copy, args_va(c, 0), 1);
}

static void swap(struct caller *c)
{
	struct gnttab_swap_grant_ref *s = args_page(c);

	if (!s)
		return;
	s->ref_a = any_ref();
	s->ref_b = any_ref();
	call(c, __HYPERVISOR_grant_table_op, GNTTABOP_swap_grant_ref, args_va(c, 0), 1);
}

static void setup_table(struct caller *c)
{
	struct gnttab_setup_table *s = args_page(c);

	if (!s)
		return;
	(void)any_target(c, &s->dom);
	s->nr_frames = 1 + (uint32_t)il_below(3);
	s->frame_list.va = args_va(c, LISTS);
	call(c, __HYPERVISOR_grant_table_op, GNTTABOP_setup_table, args_va(c, 0), 1);
}

static void query_size(struct caller *c)
{
	struct gnttab_query_size *q = args_page(c);

	if (!q)
		return;
	(void)any_target(c, &q->dom);
	call(c, __HYPERVISOR_grant_table_op, GNTTABOP_query_size, args_va(c, 0), 1);
}

/* By a machine address that the caller has been told once, or guesses. */
static void cache_flush(struct caller *c)
{
	struct gnttab_cache_flush *f = args_page(c);
	struct domain *granter = granter_of(c, any_domid(c));
	void *page = granter ? frame_page(granter, any_ram_gfn(granter)) : NULL;

	if (!f || !page)
		return;
	f->a.dev_bus_addr = mfn_to_pa(hyp_va_to_mfn(page));
	f->length = 64;
	f->op = GNTTAB_CACHE_CLEAN;
	call(c, __HYPERVISOR_grant_table_op, GNTTABOP_cache_flush, args_va(c, 0), 1);
}

const struct call_row grant_calls[] = {
	{"grant entry", write_entry, 20},
	{"grant map", map, 30},
	{"grant unmap", unmap, 30},
	{"grant copy", copy, 10},
	{"grant swap", swap, 4},
	{"setup_table", setup_table, 3},
	{"query_size", query_size, 1},
	{"grant cache_flush", cache_flush, 3},
	{0},
};
