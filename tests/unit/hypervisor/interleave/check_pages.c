/* SPDX-License-Identifier: ISC */
/*
 * Memory, counted anew: who has a reference on each page, who owns it, what every mapping stands on
 * (mem/p2m.h says what has to hold). No CPU is in the hypervisor.
 */
#include <arm/pt.h>
#include <host/host.h>
#include <mem/memory.h>
#include <string.h>

#include "evtchn_priv.h"
#include "grant_priv.h"
#include "interleave.h"
#include "page_desc.h"

#define FIRST (HOST_RAM_BASE >> PAGE_SHIFT)
#define PAGES (IL_RAM >> PAGE_SHIFT)

static struct {
	uint32_t n;      /* references that there have to be */
	const char *by;  /* one of those who hold them */
	unsigned domain; /* where */
} refs[PAGES];
static uint64_t owned[MAX_DOMAINS + 1]; /* pages, by slot */
static struct domain *walked;
static uint64_t foreign, shown[64];
static unsigned nr_shown;

static void reference(mfn_t mfn, const struct domain *d, const char *by)
{
	if (mfn.n - FIRST >= PAGES)
		violation("d%u has a reference on frame %llx for %s", d->id,
			  (unsigned long long)mfn.n, by);
	refs[mfn.n - FIRST].n++;
	refs[mfn.n - FIRST].by = by;
	refs[mfn.n - FIRST].domain = d->id;
}

static unsigned long long where(uint64_t gfn)
{
	return gfn;
}

/* ---- mappings ---- */

static void check_grant_mapping(struct domain *d, uint64_t gfn, uint64_t mfn, bool writable)
{
	struct grant_table *gt = &d->grant;

	for (uint32_t h = 0; h < gt->nr_maptrack * HANDLES_PER_PAGE; h++) {
		const struct grant_map *m =
			&gt->maptrack[h / HANDLES_PER_PAGE][h % HANDLES_PER_PAGE];

		if (m->flags & GNTMAP_host_map && m->gfn == gfn &&
		    !(writable && m->flags & GNTMAP_readonly) &&
		    grant_active(&domain_by_slot(m->granter)->grant, m->ref)->mfn == mfn)
			return;
	}
	violation("d%u has a grant mapping without a handle: frame %llx shows page %llx, %s", d->id,
		  where(gfn), where(mfn), writable ? "writable" : "read-only");
}

/* Pages of the hypervisor are shown where it says, and once. */
static void check_shared(struct domain *d, uint64_t gfn, uint64_t mfn)
{
	bool known = mfn == hyp_va_to_mfn(d->shared_info).n;

	for (uint32_t i = 0; i < d->grant.nr_frames; i++)
		known |= d->grant.frame[i].mfn.n == mfn && d->grant.frame[i].gfn.n == gfn;
	if (!known)
		violation("d%u sees page %llx at %llx, which is not shared with it there", d->id,
			  where(mfn), where(gfn));
	for (unsigned i = 0; i < nr_shown; i++)
		if (shown[i] == mfn)
			violation("d%u sees the shared page %llx twice", d->id, where(mfn));
	shown[nr_shown++ % ARRAY_SIZE(shown)] = mfn;
}

static void check_ram(struct domain *d, uint64_t gfn, uint64_t mfn)
{
	if (page_owner(MFN(mfn)) != d)
		violation("d%u has page %llx at %llx, which is not its own", d->id, where(mfn),
			  where(gfn));
	if (d->direct_mapped && gfn != mfn)
		violation("d%u is mapped directly, but sees page %llx at %llx", d->id, where(mfn),
			  where(gfn));
	if (!d->direct_mapped)
		reference(MFN(mfn), d, "its RAM");
}

static void check_mapping(struct domain *d, uint64_t gfn, uint64_t mfn, enum p2m_type type)
{
	if (BIT(type) & P2M_TYPES_RAM) {
		check_ram(d, gfn, mfn);
	} else if (BIT(type) & P2M_TYPES_FOREIGN) {
		foreign++;
		reference(MFN(mfn), d, "a foreign mapping");
	} else if (BIT(type) & P2M_TYPES_GRANT) {
		check_grant_mapping(d, gfn, mfn, type == P2M_GRANT_RW);
	} else if (type == P2M_SHARED) {
		check_shared(d, gfn, mfn);
	} else {
		violation("d%u has a device at %llx", d->id, where(gfn));
	}
}

static int leaf(const struct pt_leaf *l, void *data)
{
	uint64_t nr = pt_level_size(l->level) >> PAGE_SHIFT;

	(void)data;
	for (uint64_t i = 0; i < nr; i++)
		check_mapping(walked, (l->ia >> PAGE_SHIFT) + i,
			      (pt_address(l->desc) >> PAGE_SHIFT) + i,
			      (enum p2m_type)((l->desc & PT_SW_MASK) >> PT_SW_SHIFT));
	return 0;
}

static uint64_t *map_table(struct pt *pt, paddr_t table)
{
	(void)pt;
	return phys_to_virt(table);
}

static void walk(struct domain *d)
{
	static const struct pt_ops ops = {.map_table = map_table};
	struct pt pt = {&ops, mfn_to_pa(d->p2m.root), P2M_START_LEVEL, (uint8_t)p2m_ipa_bits, NULL};

	walked = d;
	foreign = 0;
	nr_shown = 0;
	pt_walk(&pt, 0, d->p2m.end_gfn << PAGE_SHIFT, leaf, NULL);
	if (foreign != d->p2m.foreign_maps)
		violation("d%u has %llu foreign mappings and counts %u", d->id, where(foreign),
			  d->p2m.foreign_maps);
	/* Taken out of a dying domain's table, and not given back yet. */
	for (unsigned i = 0; i < d->p2m.nr_pending; i++)
		for (uint64_t n = 0; n < d->p2m.pending[i].nr; n++)
			reference(MFN(d->p2m.pending[i].mfn + n), d, "a mapping that ended");
}

/* ---- other holders ---- */

static void count_handles(struct domain *d)
{
	struct grant_table *gt = &d->grant;
	uint32_t used = 0, free = 0, all = gt->nr_maptrack * HANDLES_PER_PAGE;

	for (uint32_t h = 0; h < all; h++) {
		const struct grant_map *m =
			&gt->maptrack[h / HANDLES_PER_PAGE][h % HANDLES_PER_PAGE];

		if (!m->flags)
			continue;
		used++;
		reference(MFN(grant_active(&domain_by_slot(m->granter)->grant, m->ref)->mfn), d,
			  "a handle");
	}
	for (uint32_t h = gt->free_handle; h != GRANT_NO_HANDLE && free <= all; free++)
		h = gt->maptrack[h / HANDLES_PER_PAGE][h % HANDLES_PER_PAGE].ref;
	if (used != gt->nr_maps || used + free != all)
		violation("d%u has %u handles in use and %u free of %u, and counts %u", d->id, used,
			  free, all, gt->nr_maps);
}

static void count_vcpu(struct vcpu *v)
{
	if (mfn_valid(v->info_mfn))
		reference(v->info_mfn, v->domain, "vcpu_info");
	for (unsigned i = 0; i < ARRAY_SIZE(v->runstate.mfn); i++)
		if (mfn_valid(v->runstate.mfn[i]))
			reference(v->runstate.mfn[i], v->domain, "runstate");
	if (v->evtchn.fifo)
		reference(v->evtchn.fifo->mfn, v->domain, "a control block");
}

static void count_domain(struct domain *d)
{
	const struct evtchn_fifo *f = d->evtchn.fifo;
	struct vcpu *v;

	walk(d);
	count_handles(d);
	for (uint32_t i = 0; i < d->grant.nr_frames; i++)
		reference(d->grant.frame[i].mfn, d, "its grant table");
	for (uint32_t i = 0; f && i < f->nr_pages; i++)
		reference(f->mfn[i], d, "event words");
	for_each_vcpu (d, v)
		count_vcpu(v);
	if (d->direct_mapped)
		for (uint64_t i = 0; i < BIT64(world_dom0_order()); i++)
			reference(MFN(world_dom0_frame() + i), d, "direct mapping");
}

/* ---- what the descriptors say ---- */

static void check_count(uint64_t mfn, uint32_t have)
{
	if (refs[mfn - FIRST].n == have)
		return;
	violation("page %llx has %u references, and %u users (%s of d%u)", where(mfn), have,
		  refs[mfn - FIRST].n, refs[mfn - FIRST].n ? refs[mfn - FIRST].by : "none",
		  refs[mfn - FIRST].domain);
}

/* One block, free or used. Returns how many pages it has. */
static uint64_t check_block(uint64_t mfn, uint64_t *free, uint64_t *dirty)
{
	uint32_t desc = *pd_of(mfn);
	uint64_t nr = BIT64(pd_order(desc));

	switch (pd_kind(desc)) {
	case PD_INSIDE:
		violation("page %llx is in no block", where(mfn));
	case PD_FREE:
		*free += nr;
		*dirty += desc & PD_DIRTY ? nr : 0;
		break;
	case PD_BLOCK:
	case PD_PAGE:
		owned[pd_owner(desc)] += nr;
		break;
	default:
		break;
	}
	for (uint64_t i = 0; i < nr; i++)
		check_count(mfn + i, pd_kind(desc) == PD_BLOCK  ? 1
				     : pd_kind(desc) < PD_BLOCK ? 0
								: pd_value(desc));
	return nr;
}

static void check_descriptors(void)
{
	uint64_t free = 0, dirty = 0;
	struct domain *d;

	for (uint64_t mfn = FIRST; mfn < FIRST + PAGES;)
		mfn += check_block(mfn, &free, &dirty);
	if (free != page_nr_free() || dirty != page_nr_dirty())
		violation("%llu pages are free, %llu of them dirty; counted are %llu and %llu",
			  where(free), where(dirty), where(page_nr_free()), where(page_nr_dirty()));
	for_each_domain (d) {
		if (owned[d->slot] != d->tot_pages)
			violation("d%u owns %llu pages and counts %llu", d->id,
				  where(owned[d->slot]), where(d->tot_pages));
		owned[d->slot] = 0;
	}
	for (unsigned slot = 0; slot <= MAX_DOMAINS; slot++)
		if (owned[slot])
			violation("pages of a domain that is gone (slot %u)", slot);
}

void check_pages(void)
{
	struct domain *d;

	memset(refs, 0, sizeof(refs));
	for_each_domain (d)
		if (d->p2m.live)
			count_domain(d);
	check_descriptors();
}
