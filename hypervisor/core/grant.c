/* SPDX-License-Identifier: ISC */
/* Grant tables of granters: shared frames, their entries, and who uses them. */
#include <hyp/atomic.h>
#include <hyp/errno.h>
#include <hyp/memory.h>
#include <hyp/page.h>
#include "grant_priv.h"

/* A granter that plays by the rules changes an entry only a few times while we look at it. */
#define ENTRY_RETRIES 8

/* flags and domid of an entry, which change together: one little-endian word. */
typedef uint32_t __attribute__((may_alias)) entry_word_t;
_Static_assert(offsetof(struct grant_entry_v1, flags) == 0 &&
		       offsetof(struct grant_entry_v1, domid) == 2,
	       "flags and domid are the entry's first word");

struct grant_entry_v1 *grant_entry(struct grant_table *gt, grant_ref_t ref)
{
	uint32_t frame = ref / GRANTS_PER_FRAME;

	if (frame >= gt->nr_frames)
		return NULL;
	return &gt->frame[index_nospec(frame, gt->nr_frames)].entry[ref % GRANTS_PER_FRAME];
}

struct grant_active *grant_active(struct grant_table *gt, grant_ref_t ref)
{
	struct grant_active **page = &gt->active[ref / ACTIVE_PER_PAGE];

	if (!*page)
		*page = hyp_pages_alloc(0);
	return *page ? &(*page)[ref % ACTIVE_PER_PAGE] : NULL;
}

/*
 * Frames
 */

#define ACTIVE_PAGES(frames) ((size_t)(frames)*GRANTS_PER_FRAME / ACTIVE_PER_PAGE)

static size_t arrays_size(const struct grant_table *gt)
{
	return gt->max_frames * sizeof(struct grant_frame) +
	       ACTIVE_PAGES(gt->max_frames) * sizeof(struct grant_active *);
}

/* The arrays of frames and of blocks of active entries, in one. */
static int arrays_alloc(struct grant_table *gt)
{
	if (gt->frame)
		return 0;
	gt->frame = hyp_pages_alloc(grant_order(arrays_size(gt)));
	if (!gt->frame)
		return -ENOMEM;
	gt->active = (struct grant_active **)(gt->frame + gt->max_frames);
	return 0;
}

static int add_frame(struct domain *d)
{
	struct grant_table *gt = &d->grant;
	struct grant_frame *f = &gt->frame[gt->nr_frames];
	int err = domain_page_alloc(d, 0, PAGE_ZERO | PAGE_EXTRA, &f->mfn);

	if (err)
		return err;
	f->gfn = INVALID_GFN;
	f->entry = map_page(f->mfn);
	gt->nr_frames++;
	return 0;
}

int grant_table_grow(struct domain *d, uint32_t nr)
{
	struct grant_table *gt = &d->grant;
	int err = 0;

	if (nr > gt->max_frames || gt->dying)
		return -EINVAL;
	if (nr)
		err = arrays_alloc(gt);
	while (!err && gt->nr_frames < nr)
		err = add_frame(d);
	return err;
}

int grant_table_get_frame(struct domain *d, uint32_t idx, mfn_t *mfn)
{
	struct grant_table *gt = &d->grant;
	int err;

	if (idx >= gt->max_frames)
		return -EINVAL;
	spin_lock(&gt->lock);
	err = grant_table_grow(d, idx + 1);
	if (!err) {
		*mfn = gt->frame[idx].mfn;
		err = page_get(*mfn, d);
	}
	spin_unlock(&gt->lock);
	return err;
}

int grant_table_map_frame(struct domain *d, uint32_t idx, gfn_t gfn)
{
	struct grant_table *gt = &d->grant;
	mfn_t drop = INVALID_MFN;
	struct grant_frame *f;
	int err;

	if (idx >= gt->max_frames)
		return -EINVAL;
	spin_lock(&gt->lock);
	err = grant_table_grow(d, idx + 1);
	if (err)
		goto out;
	f = &gt->frame[idx];
	err = -EBUSY;
	if (memory_is_shown_at(d, f->gfn, f->mfn))
		goto out;
	err = memory_place_page(d, gfn, f->mfn, P2M_SHARED, &drop);
	if (!err)
		f->gfn = gfn;
out:
	spin_unlock(&gt->lock);
	memory_drop(drop);
	return err;
}

/*
 * Use
 */

/*
 * Mark the entry as being read (and written) if it lets `user` do so. GNTST_*; set: the marks that
 * are new.
 */
static int entry_mark(struct grant_entry_v1 *entry, domid_t user, bool write, uint16_t *set)
{
	entry_word_t *word = (entry_word_t *)entry;
	uint16_t marks = GTF_reading | (write ? GTF_writing : 0);

	for (unsigned i = 0; i < ENTRY_RETRIES; i++) {
		uint32_t old = atomic_load(word);
		uint16_t flags = (uint16_t)old;
		int done;

		if ((flags & GTF_type_mask) != GTF_permit_access || old >> 16 != user ||
		    (write && flags & GTF_readonly))
			return GNTST_general_error;
		*set = marks & (uint16_t)~flags;
		done = guest_cas(word, &old, old | marks);
		if (done < 0)
			break;
		if (done)
			return GNTST_okay;
	}
	return GNTST_general_error;
}

/* A granter that keeps this from succeeding is left with the marks: its own loss. */
static void entry_unmark(struct grant_entry_v1 *entry, uint16_t marks)
{
	for (unsigned i = 0; entry && marks && i < ENTRY_RETRIES; i++) {
		uint16_t old = atomic_load(&entry->flags);

		if (guest_cas(&entry->flags, &old, (uint16_t)(old & ~marks)) != 0)
			return;
	}
}

/* First use, or first for writing: ask the entry and translate what it says. */
static int acquire_new(struct domain *d, struct grant_entry_v1 *entry, struct grant_active *act,
		       domid_t user, bool write, mfn_t *mfn)
{
	uint16_t set;
	int status = entry_mark(entry, user, write, &set);

	if (status != GNTST_okay)
		return status;
	if (p2m_get_page(d, GFN(READ_ONCE(entry->frame)), write, mfn) != 0) {
		status = GNTST_bad_page;
	} else if (act->users && mfn->n != act->mfn) {
		page_put(*mfn); /* not the last one: it is in d's p2m, or d's to find gone */
		status = GNTST_general_error;
	}
	if (status != GNTST_okay)
		entry_unmark(entry, act->users ? set & (uint16_t)~GTF_reading : set);
	return status;
}

int grant_acquire(struct domain *d, grant_ref_t ref, domid_t user, bool write, mfn_t *mfn)
{
	struct grant_entry_v1 *entry = grant_entry(&d->grant, ref);
	struct grant_active *act;
	int status;

	if (!entry)
		return GNTST_bad_gntref;
	act = grant_active(&d->grant, ref);
	if (!act || act->users == UINT16_MAX || (act->users && act->user != user))
		return GNTST_general_error;
	if (!act->users || (write && !act->writers)) {
		status = acquire_new(d, entry, act, user, write, mfn);
		if (status != GNTST_okay)
			return status;
	} else {
		*mfn = MFN(act->mfn);
		if (page_get(*mfn, d) != 0)
			return GNTST_general_error;
	}
	act->mfn = mfn->n;
	act->user = user;
	act->users++;
	act->writers += write;
	return GNTST_okay;
}

mfn_t grant_release(struct domain *d, grant_ref_t ref, bool write)
{
	struct grant_entry_v1 *entry = grant_entry(&d->grant, ref); /* NULL: d is dying */
	struct grant_active *act = grant_active(&d->grant, ref);
	uint16_t marks = 0;

	act->users--;
	act->writers -= write;
	if (!act->users)
		marks |= GTF_reading;
	if (write && !act->writers)
		marks |= GTF_writing;
	entry_unmark(entry, marks);
	return MFN(act->mfn);
}

/* Marks of the hypervisor stand in entries that are in use: these stay where they are. */
void grant_swap_refs(struct vcpu *v, struct gnttab_swap_grant_ref *op)
{
	struct grant_table *gt = &v->domain->grant;
	struct grant_entry_v1 *a, *b, tmp;
	struct grant_active *act_a, *act_b;

	spin_lock(&gt->lock);
	a = grant_entry(gt, op->ref_a);
	b = grant_entry(gt, op->ref_b);
	op->status = GNTST_bad_gntref;
	if (!a || !b)
		goto out;
	act_a = grant_active(gt, op->ref_a);
	act_b = grant_active(gt, op->ref_b);
	op->status = GNTST_general_error;
	if (!act_a || !act_b)
		goto out;
	op->status = GNTST_eagain;
	if (act_a->users || act_b->users)
		goto out;
	tmp = *a;
	*a = *b;
	*b = tmp;
	op->status = GNTST_okay;
out:
	spin_unlock(&gt->lock);
}

/*
 * Life
 */

int grant_table_init(struct domain *d, uint32_t max_frames, uint32_t max_maptrack_frames)
{
	struct grant_table *gt = &d->grant;

	spin_lock_init(&gt->lock, RANK_GRANT);
	gt->free_handle = GRANT_NO_HANDLE;
	if (max_frames > GRANT_MAX_FRAMES || max_maptrack_frames > GRANT_MAX_MAPTRACK_FRAMES)
		return -EINVAL;
	gt->max_frames = max_frames;
	gt->max_maptrack = max_maptrack_frames;
	return 0;
}

/*
 * The frames are gone for the guest, and for new mappers. Who has mapped grants goes on using the
 * active entries, and who has mapped a frame (the toolstack) the page.
 */
static void frames_give_up(struct domain *d)
{
	struct grant_table *gt = &d->grant;
	enum p2m_type type;
	uint32_t nr;
	mfn_t mfn;

	spin_lock(&gt->lock);
	nr = gt->nr_frames;
	gt->nr_frames = 0;
	for (uint32_t i = 0; i < nr; i++) {
		struct grant_frame *f = &gt->frame[i];

		(void)p2m_take(d, f->gfn, BIT(P2M_SHARED), f->mfn, &mfn, &type);
		unmap_page(f->entry);
		page_disown(f->mfn);
	}
	spin_unlock(&gt->lock);
}

int grant_table_relinquish(struct domain *d)
{
	struct grant_table *gt = &d->grant;
	int err;

	spin_lock(&gt->lock);
	gt->dying = true;
	spin_unlock(&gt->lock);
	err = grant_unmap_all(d);
	if (!err)
		frames_give_up(d);
	return err;
}

void grant_table_destroy(struct domain *d)
{
	struct grant_table *gt = &d->grant;

	if (gt->nr_frames)
		frames_give_up(d);
	for (size_t i = 0; gt->active && i < ACTIVE_PAGES(gt->max_frames); i++)
		if (gt->active[i])
			hyp_pages_free(gt->active[i], 0);
	if (gt->frame)
		hyp_pages_free(gt->frame, grant_order(arrays_size(gt)));
	grant_maptrack_free(gt);
	gt->frame = NULL;
	gt->active = NULL;
}
