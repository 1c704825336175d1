/* SPDX-License-Identifier: ISC */
/* Grant tables of granters: shared frames, their entries, and their users. */
#include <lib/atomic.h>
#include <lib/errno.h>
#include <hyp/hypercall.h>
#include <lib/lib.h>
#include <lib/yield.h>
#include <mem/memory.h>
#include <mem/page.h>
#include "grant_priv.h"

/* A granter that follows the ABI changes an entry only a few times during one update. */
#define ENTRY_RETRIES 8

/* Number of frames added or given up between two calls of cpu_should_yield(). */
#define FRAME_BATCH 16

/* flags and domid of an entry change together, as one little-endian word. */
typedef uint32_t __attribute__((may_alias)) entry_word_t;
_Static_assert(offsetof(struct grant_entry_v1, flags) == 0 &&
		       offsetof(struct grant_entry_v1, domid) == 2,
	       "flags and domid are the entry's first word");

/* The shared entry of a grant, or NULL if the table has no such entry. */
static struct grant_entry_v1 *grant_entry(struct grant_table *gt, grant_ref_t ref)
{
	uint32_t frame = ref / GRANTS_PER_FRAME;

	if (frame >= gt->nr_frames)
		return NULL;
	return &gt->frame[index_nospec(frame, gt->nr_frames)].entry[ref % GRANTS_PER_FRAME];
}

#define ACTIVE_PAGES(frames) ((size_t)(frames)*GRANTS_PER_FRAME / ACTIVE_PER_PAGE)

struct grant_active *grant_active(struct grant_table *gt, grant_ref_t ref)
{
	size_t nr = index_nospec(ref / ACTIVE_PER_PAGE, ACTIVE_PAGES(gt->max_frames));
	struct grant_active **page = &gt->active[nr];

	if (!*page)
		*page = hyp_pages_alloc(0);
	return *page ? &(*page)[ref % ACTIVE_PER_PAGE] : NULL;
}

/* Frames */

static size_t arrays_size(const struct grant_table *gt)
{
	return gt->max_frames * sizeof(struct grant_frame) +
	       ACTIVE_PAGES(gt->max_frames) * sizeof(struct grant_active *);
}

/* One allocation holds the array of frames and the array of pages of active entries. */
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

static int grow_locked(struct domain *d, uint32_t nr)
{
	struct grant_table *gt = &d->grant;
	uint32_t now = MIN(nr, gt->nr_frames + FRAME_BATCH);
	int err = 0;

	if (nr > gt->max_frames || gt->dying)
		return -EINVAL;
	if (nr)
		err = arrays_alloc(gt);
	while (!err && gt->nr_frames < now)
		err = add_frame(d);
	return err;
}

int grant_table_grow(struct domain *d, uint32_t nr)
{
	struct grant_table *gt = &d->grant;
	bool done;
	int err;

	do {
		spin_lock(&gt->lock);
		err = grow_locked(d, nr);
		done = gt->nr_frames >= nr;
		spin_unlock(&gt->lock);
		if (!err && !done && cpu_should_yield())
			err = -ERESTART;
	} while (!err && !done);
	return err;
}

/* Grow the table to include frame idx, and lock it. The lock is held if 0 is returned. */
static int frame_begin(struct domain *d, uint32_t idx)
{
	struct grant_table *gt = &d->grant;
	int err = grant_table_grow(d, idx + 1);

	if (err)
		return err;
	spin_lock(&gt->lock);
	if (idx < gt->nr_frames)
		return 0;
	spin_unlock(&gt->lock); /* the table was given up meanwhile */
	return -EINVAL;
}

int grant_table_get_frame(struct domain *d, uint32_t idx, mfn_t *mfn)
{
	struct grant_table *gt = &d->grant;
	int err;

	if (idx >= gt->max_frames)
		return -EINVAL;
	idx = (uint32_t)index_nospec(idx, gt->max_frames);
	err = frame_begin(d, idx);
	if (err)
		return err;
	*mfn = gt->frame[idx].mfn;
	err = page_get(*mfn, d);
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
	idx = (uint32_t)index_nospec(idx, gt->max_frames);
	err = frame_begin(d, idx);
	if (err)
		return err;
	f = &gt->frame[idx];
	if (memory_is_shown_at(d, f->gfn, f->mfn))
		err = -EBUSY;
	else
		err = memory_place_page(d, gfn, f->mfn, P2M_SHARED, &drop);
	if (!err)
		f->gfn = gfn;
	spin_unlock(&gt->lock);
	memory_drop(drop);
	return err;
}

/* Use of entries */

/*
 * Mark the entry as being read (and written) if it permits this to `user`. Returns GNTST_*. *set
 * holds the marks that are new.
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

/* If the granter keeps changing the entry, the marks stay set. Only the granter is affected. */
static void entry_unmark(struct grant_entry_v1 *entry, uint16_t marks)
{
	for (unsigned i = 0; entry && marks && i < ENTRY_RETRIES; i++) {
		uint16_t old = atomic_load(&entry->flags);

		if (guest_cas(&entry->flags, &old, (uint16_t)(old & ~marks)) != 0)
			return;
	}
}

/* First use, or first use for writing: check the entry and translate its frame number. */
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
		page_put(*mfn); /* cannot be the last reference unless d itself removed the page */
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
	struct grant_entry_v1 *entry = grant_entry(&d->grant, ref); /* NULL if d is dying */
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

/* The guest may write the entry at the same time: each field is read and written once. */
static struct grant_entry_v1 entry_read(const struct grant_entry_v1 *e)
{
	return (struct grant_entry_v1){
		.flags = READ_ONCE(e->flags),
		.domid = READ_ONCE(e->domid),
		.frame = READ_ONCE(e->frame),
	};
}

static void entry_write(struct grant_entry_v1 *to, struct grant_entry_v1 e)
{
	WRITE_ONCE(to->flags, e.flags);
	WRITE_ONCE(to->domid, e.domid);
	WRITE_ONCE(to->frame, e.frame);
}

/*
 * Swapping applies only to entries that are not in use: entries in use hold the hypervisor's marks.
 */
void grant_swap_refs(struct vcpu *v, struct gnttab_swap_grant_ref *op)
{
	struct grant_table *gt = &v->domain->grant;
	struct grant_entry_v1 *a, *b, entry_a;
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
	entry_a = entry_read(a);
	entry_write(a, entry_read(b));
	entry_write(b, entry_a);
	op->status = GNTST_okay;
out:
	spin_unlock(&gt->lock);
}

/* Creation and destruction */

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
 * Give up the last frames of the table, a bounded number per call. The guest and new mappers lose
 * them. Existing mappings of grants keep their active entries, and a toolstack that mapped a frame
 * keeps the page. Returns true if there are more frames.
 */
static bool frames_give_up(struct domain *d)
{
	struct grant_table *gt = &d->grant;
	enum p2m_type type;
	bool more;
	mfn_t mfn;

	spin_lock(&gt->lock);
	for (unsigned i = 0; gt->nr_frames && i < FRAME_BATCH; i++) {
		struct grant_frame *f = &gt->frame[--gt->nr_frames];

		(void)p2m_take(d, f->gfn, BIT(P2M_SHARED), f->mfn, &mfn, &type);
		unmap_page(f->entry);
		page_disown(f->mfn);
	}
	more = gt->nr_frames != 0;
	spin_unlock(&gt->lock);
	return more;
}

int grant_table_relinquish(struct domain *d)
{
	struct grant_table *gt = &d->grant;
	int err;

	spin_lock(&gt->lock);
	gt->dying = true;
	spin_unlock(&gt->lock);
	err = grant_unmap_all(d);
	while (!err && frames_give_up(d))
		if (cpu_should_yield())
			err = -ERESTART;
	return err;
}

void grant_table_destroy(struct domain *d)
{
	struct grant_table *gt = &d->grant;

	while (gt->nr_frames)
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
