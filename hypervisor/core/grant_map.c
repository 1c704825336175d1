/* SPDX-License-Identifier: ISC */
/* Mappings of other domains' grants: handles, map and unmap. */
#include <lib/errno.h>
#include <lib/yield.h>
#include <hyp/hypercall.h>
#include <mem/memory.h>
#include <mem/page.h>
#include "grant_priv.h"

#define MAP_KINDS (GNTMAP_host_map | GNTMAP_device_map)

/* Number of mappings undone between two calls of cpu_should_yield(). */
#define UNMAP_BATCH 16

/* Handles */

static size_t maptrack_size(const struct grant_table *gt)
{
	return gt->max_maptrack * sizeof(struct grant_map *);
}

/* Add a page of free handles. Returns false at the limit or without memory. */
static bool maptrack_grow(struct grant_table *gt)
{
	uint32_t first = gt->nr_maptrack * HANDLES_PER_PAGE;
	struct grant_map *page;

	if (gt->nr_maptrack >= gt->max_maptrack)
		return false;
	if (!gt->maptrack)
		gt->maptrack = hyp_pages_alloc(grant_order(maptrack_size(gt)));
	page = gt->maptrack ? hyp_pages_alloc(0) : NULL;
	if (!page)
		return false;
	for (uint32_t i = 0; i < HANDLES_PER_PAGE; i++)
		page[i].ref = i + 1 < HANDLES_PER_PAGE ? first + i + 1 : gt->free_handle;
	gt->free_handle = first;
	gt->maptrack[gt->nr_maptrack++] = page;
	return true;
}

static inline struct grant_map *handle_entry(struct grant_table *gt, grant_handle_t handle)
{
	uint32_t page = handle / HANDLES_PER_PAGE;

	if (page >= gt->nr_maptrack)
		return NULL;
	return &gt->maptrack[index_nospec(page, gt->nr_maptrack)][handle % HANDLES_PER_PAGE];
}

/* Returns NULL if the handle is not in use. */
static struct grant_map *handle_lookup(struct grant_table *gt, grant_handle_t handle)
{
	struct grant_map *m = handle_entry(gt, handle);

	return m && m->flags ? m : NULL;
}

static void handle_take(struct grant_table *gt, const struct grant_map *m)
{
	struct grant_map *entry = handle_entry(gt, gt->free_handle);

	gt->free_handle = entry->ref;
	*entry = *m;
	gt->nr_maps++;
}

static void handle_free(struct grant_table *gt, grant_handle_t handle)
{
	struct grant_map *m = handle_entry(gt, handle);

	*m = (struct grant_map){.ref = gt->free_handle};
	gt->free_handle = handle;
	gt->nr_maps--;
}

void grant_maptrack_free(struct grant_table *gt)
{
	for (uint32_t i = 0; i < gt->nr_maptrack; i++)
		hyp_pages_free(gt->maptrack[i], 0);
	if (gt->maptrack)
		hyp_pages_free(gt->maptrack, grant_order(maptrack_size(gt)));
	gt->maptrack = NULL;
	gt->nr_maptrack = 0;
}

/* Map */

/* Both tables are locked. *drop returns the page that the mapping replaces in d's address space. */
static int map_locked(struct domain *d, struct domain *granter, struct gnttab_map_grant_ref *op,
		      mfn_t *drop)
{
	struct grant_table *gt = &d->grant;
	bool write = !(op->flags & GNTMAP_readonly);
	struct grant_map m = {
		.gfn = gpa_to_gfn(op->host_addr).n,
		.ref = op->ref,
		.granter = granter->slot,
		.flags = op->flags & (MAP_KINDS | GNTMAP_readonly),
	};
	int status, err = 0;
	mfn_t mfn;

	if (gt->dying || granter->grant.dying)
		return GNTST_general_error;
	if (gt->free_handle == GRANT_NO_HANDLE && !maptrack_grow(gt))
		return GNTST_no_device_space;
	status = grant_acquire(granter, op->ref, d->id, write, &mfn);
	if (status != GNTST_okay)
		return status;
	if (op->flags & GNTMAP_host_map)
		err = memory_place_page(d, GFN(m.gfn), mfn, write ? P2M_GRANT_RW : P2M_GRANT_RO,
					drop);
	if (err) {
		page_put(grant_release(granter, op->ref,
				       write)); /* allowed under the locks: the owner is held */
		return GNTST_general_error;
	}
	domain_hold(granter);
	op->handle = gt->free_handle;
	op->dev_bus_addr = mfn_to_pa(mfn);
	handle_take(gt, &m);
	return GNTST_okay;
}

void grant_map_ref(struct vcpu *v, struct gnttab_map_grant_ref *op)
{
	struct domain *d = v->domain, *granter;
	mfn_t drop = INVALID_MFN;

	op->status = GNTST_bad_gntref;
	if (!(op->flags & MAP_KINDS) || op->flags & (GNTMAP_application_map | GNTMAP_contains_pte))
		return;
	granter = domain_get_for(v, op->dom);
	op->status = GNTST_bad_domain;
	if (!granter)
		return;
	spin_lock_pair(&d->grant.lock, &granter->grant.lock);
	op->status = (int16_t)map_locked(d, granter, op, &drop);
	spin_unlock_pair(&d->grant.lock, &granter->grant.lock);
	memory_drop(drop);
	domain_put(granter);
}

/* Unmap */

/* Returns the granter of a handle, held for the caller, or NULL if the handle is not in use. */
static struct domain *handle_granter(struct domain *d, grant_handle_t handle)
{
	struct domain *granter = NULL;
	struct grant_map *m;

	spin_lock(&d->grant.lock);
	m = handle_lookup(&d->grant, handle);
	if (m) {
		granter = domain_by_slot(m->granter);
		domain_hold(granter);
	}
	spin_unlock(&d->grant.lock);
	return granter;
}

/* The rest of an unmap, which finish() does when no lock is held. */
struct undone {
	mfn_t drop;
	bool gone; /* the handle is free, so its reference on the granter is put */
};

/*
 * Remove kinds of access from a mapping; the mapping ends with the last kind. Both tables are
 * locked.
 */
static void unmap_kinds(struct domain *d, struct domain *granter, grant_handle_t handle,
			unsigned kinds, struct undone *undone)
{
	struct grant_map *m = handle_entry(&d->grant, handle);
	struct grant_active *act = grant_active(&granter->grant, m->ref);
	enum p2m_type type;
	mfn_t mfn;

	/* If this fails, the guest has replaced the page at this address. */
	if (kinds & m->flags & GNTMAP_host_map)
		(void)p2m_take(d, GFN(m->gfn), P2M_TYPES_GRANT, MFN(act->mfn), &mfn, &type);
	m->flags &= (uint16_t)~kinds;
	if (m->flags & MAP_KINDS)
		return;
	undone->drop = grant_release(granter, m->ref, !(m->flags & GNTMAP_readonly));
	undone->gone = true;
	handle_free(&d->grant, handle);
}

static int unmap_locked(struct domain *d, struct domain *granter,
			const struct gnttab_unmap_grant_ref *op, struct undone *undone)
{
	struct grant_map *m = handle_lookup(&d->grant, op->handle);
	unsigned kinds = 0;

	if (!m || m->granter != granter->slot)
		return GNTST_bad_handle;
	if (op->dev_bus_addr &&
	    op->dev_bus_addr != mfn_to_pa(MFN(grant_active(&granter->grant, m->ref)->mfn)))
		return GNTST_general_error;
	if (op->host_addr && m->flags & GNTMAP_host_map) {
		if (gpa_to_gfn(op->host_addr).n != m->gfn)
			return GNTST_general_error;
		kinds |= GNTMAP_host_map;
	}
	if (op->dev_bus_addr)
		kinds |= GNTMAP_device_map;
	/* If both are 0 there is nothing to do, and the ABI has no error for it. */
	if (kinds)
		unmap_kinds(d, granter, op->handle, kinds, undone);
	return GNTST_okay;
}

static void finish(struct domain *granter, const struct undone *undone)
{
	memory_drop(undone->drop);
	if (undone->gone)
		domain_put(granter);
	domain_put(granter);
}

void grant_unmap_ref(struct vcpu *v, struct gnttab_unmap_grant_ref *op)
{
	struct undone undone = {INVALID_MFN, false};
	struct domain *d = v->domain, *granter = handle_granter(d, op->handle);

	op->status = GNTST_bad_handle;
	if (!granter)
		return;
	spin_lock_pair(&d->grant.lock, &granter->grant.lock);
	op->status = (int16_t)unmap_locked(d, granter, op, &undone);
	spin_unlock_pair(&d->grant.lock, &granter->grant.lock);
	finish(granter, &undone);
}

static void unmap_whole(struct domain *d, grant_handle_t handle)
{
	struct undone undone = {INVALID_MFN, false};
	struct domain *granter = handle_granter(d, handle);

	if (!granter)
		return;
	spin_lock_pair(&d->grant.lock, &granter->grant.lock);
	unmap_kinds(d, granter, handle, MAP_KINDS, &undone);
	spin_unlock_pair(&d->grant.lock, &granter->grant.lock);
	finish(granter, &undone);
}

int grant_find_mapping(struct domain *d, mfn_t mfn, uint32_t *from)
{
	struct grant_table *gt = &d->grant;
	uint32_t page = *from / HANDLES_PER_PAGE;
	int ret = 0;

	spin_lock(&gt->lock);
	for (uint32_t i = 0; page < gt->nr_maptrack && i < HANDLES_PER_PAGE && ret == 0; i++) {
		const struct grant_map *m = &gt->maptrack[index_nospec(page, gt->nr_maptrack)][i];
		struct domain *granter = m->flags ? domain_by_slot(m->granter) : NULL;

		/*
		 * The mapping keeps the granter alive and the frame in the active entry unchanged.
		 */
		if (granter && grant_active(&granter->grant, m->ref)->mfn == mfn.n)
			ret = page_get(mfn, granter) == 0 ? 1 : -EBUSY;
	}
	if (ret == 0 && page + 1 < gt->nr_maptrack) {
		*from = (page + 1) * HANDLES_PER_PAGE;
		ret = -ERESTART;
	}
	spin_unlock(&gt->lock);
	return ret;
}

/* d's vCPUs are stopped and gt->dying is set, so no new handles appear. */
int grant_unmap_all(struct domain *d)
{
	struct grant_table *gt = &d->grant;
	uint32_t done = 0;

	for (; gt->nr_maps && gt->relinquished < gt->nr_maptrack * HANDLES_PER_PAGE;
	     gt->relinquished++) {
		if (!handle_lookup(gt, gt->relinquished))
			continue;
		if (++done % UNMAP_BATCH == 0 && cpu_should_yield())
			return -ERESTART;
		unmap_whole(d, gt->relinquished);
	}
	return 0;
}
