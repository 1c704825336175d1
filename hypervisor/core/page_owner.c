/* SPDX-License-Identifier: ISC */
/* Domains' pages: accounting and references. */
#include "page_desc.h"

#include <hyp/domain.h>
#include <hyp/errno.h>

/*
 * A domain is held as long as it owns pages, so that the slot in a descriptor names a living one.
 */
static int charge(struct domain *d, uint64_t nr)
{
	uint64_t have = atomic_load(&d->tot_pages), max = READ_ONCE(d->max_pages);

	do {
		if (nr > max || have > max - nr)
			return -ENOMEM;
	} while (!atomic_cas(&d->tot_pages, &have, have + nr));
	if (!have)
		domain_hold(d);
	return 0;
}

/* May be the end of d. */
static void uncharge(struct domain *d, uint64_t nr)
{
	if (atomic_sub_full(&d->tot_pages, nr) == 0)
		domain_put(d);
}

static int alloc_charged(struct domain *d, unsigned order, unsigned flags, mfn_t *mfn)
{
	int err = charge(d, BIT64(order));

	if (err)
		return err;
	*mfn = page_alloc(order, flags);
	if (!mfn_valid(*mfn)) {
		uncharge(d, BIT64(order));
		return -ENOMEM;
	}
	atomic_store_rel(pd_of(mfn->n), pd_make_owned(d->slot, order));
	return 0;
}

static int alloc_extra(struct domain *d, unsigned flags, mfn_t *mfn)
{
	*mfn = page_alloc(0, flags);
	if (!mfn_valid(*mfn))
		return -ENOMEM;
	atomic_store_rel(pd_of(mfn->n), (uint32_t)d->slot << PD_OWNER_SHIFT | pd_make(PD_EXTRA, 1));
	return 0;
}

int domain_page_alloc(struct domain *d, unsigned order, unsigned flags, mfn_t *mfn)
{
	if (order > MAX_ORDER || (order && (flags & PAGE_EXTRA)))
		return -EINVAL;
	return flags & PAGE_EXTRA ? alloc_extra(d, flags, mfn)
				  : alloc_charged(d, order, flags, mfn);
}

int domain_page_adopt(struct domain *d, mfn_t first, uint64_t nr)
{
	uint64_t mfn = first.n, end = first.n + nr;
	int err = nr ? charge(d, nr) : 0;

	if (err)
		return err;
	spin_lock(&heap_lock);
	while (mfn < end) {
		uint64_t head = pd_find_head(mfn);
		unsigned order;

		ASSERT(head != PD_NO_HEAD && pd_kind(*pd_of(head)) == PD_HYP);
		order = pd_isolate(mfn, pd_fit(mfn, end - mfn));
		atomic_store(pd_of(mfn), pd_make_owned(d->slot, order));
		mfn += BIT64(order);
	}
	spin_unlock(&heap_lock);
	return 0;
}

/* ---- references ---- */

static bool is_counted(uint32_t desc)
{
	return pd_kind(desc) >= PD_PAGE;
}

/*
 * The descriptor of a page that has a count of its own, after splitting the block that it is in if
 * need be and `split` says so. Otherwise the head's; 0: not RAM.
 */
static uint32_t look_up(uint64_t mfn, bool split)
{
	uint64_t head;
	uint32_t desc;

	spin_lock(&heap_lock);
	head = pd_find_head(mfn);
	desc = head == PD_NO_HEAD ? 0 : atomic_load(pd_of(head));
	if (split && pd_kind(desc) == PD_BLOCK) {
		pd_isolate(mfn, 0);
		desc = atomic_load(pd_of(mfn));
	}
	spin_unlock(&heap_lock);
	return desc;
}

/* The same, without a lock where the page is counted already. */
static uint32_t page_desc(uint64_t mfn, bool split)
{
	const uint32_t *d = pd_of(mfn);
	uint32_t desc = d ? atomic_load_acq(d) : 0;

	return !d || is_counted(desc) ? desc : look_up(mfn, split);
}

struct domain *page_owner(mfn_t mfn)
{
	uint32_t desc = page_desc(mfn.n, false);
	unsigned slot = pd_kind(desc) >= PD_BLOCK ? pd_owner(desc) : 0;

	return slot ? domain_by_slot(slot) : NULL;
}

int page_get(mfn_t mfn, struct domain *d)
{
	uint32_t desc = page_desc(mfn.n, false);

	if (pd_kind(desc) == PD_BLOCK && pd_owner(desc) == d->slot)
		desc = page_desc(mfn.n, true);
	do {
		if (!is_counted(desc) || pd_owner(desc) != d->slot)
			return -EINVAL;
		if (pd_value(desc) == PD_COUNT_MAX)
			return -EBUSY;
	} while (!atomic_cas(pd_of(mfn.n), &desc, desc + 1));
	return 0;
}

/*
 * Take one reference off a page, and the owner too if disown says so. Returns what it was before.
 */
static uint32_t drop(uint64_t mfn, bool disown)
{
	uint32_t desc = page_desc(mfn, true), want;

	do {
		if (!is_counted(desc))
			panic("page_put: frame %llx has no references (descriptor %x)",
			      (unsigned long long)mfn, desc);
		want = pd_value(desc) == 1 ? pd_make(PD_HYP, 0) : desc - 1;
		if (disown && pd_value(desc) > 1)
			want &= ~(PD_OWNER_MASK << PD_OWNER_SHIFT);
	} while (!atomic_cas(pd_of(mfn), &desc, want));
	return desc;
}

/* Drop a reference of a single page; tells whether the page went and was charged. */
static bool put_single(uint64_t mfn, struct domain **owner)
{
	uint32_t was = drop(mfn, false);

	if (pd_value(was) > 1)
		return false;
	page_free(MFN(mfn), 0);
	if (pd_kind(was) != PD_PAGE)
		return false;
	*owner = domain_by_slot(pd_owner(was));
	return true;
}

void page_put(mfn_t mfn)
{
	struct domain *owner;

	if (put_single(mfn.n, &owner))
		uncharge(owner, 1);
}

void page_disown(mfn_t mfn)
{
	uint32_t was = drop(mfn.n, true);

	ASSERT(pd_kind(was) == PD_EXTRA);
	if (pd_value(was) == 1)
		page_free(mfn, 0);
}

/*
 * Release the block, or what of it is in the range, that begins at mfn. Returns its order, -1: it
 * is no block's page.
 */
static int put_block(uint64_t mfn, uint64_t nr, struct domain **owner)
{
	uint64_t head;
	int order = -1;

	spin_lock(&heap_lock);
	head = pd_find_head(mfn);
	if (head != PD_NO_HEAD && pd_kind(*pd_of(head)) == PD_BLOCK) {
		*owner = domain_by_slot(pd_owner(*pd_of(head)));
		order = (int)pd_isolate(mfn, pd_fit(mfn, nr));
		atomic_store(pd_of(mfn), pd_make(PD_HYP, (unsigned)order));
	}
	spin_unlock(&heap_lock);
	if (order >= 0)
		page_free(MFN(mfn), (unsigned)order);
	return order;
}

#define PUT_STEPS 512

uint64_t page_put_some(mfn_t first, uint64_t nr)
{
	uint64_t done = 0, freed = 0;
	struct domain *owner = NULL;

	for (unsigned step = 0; step < PUT_STEPS && done < nr; step++) {
		uint64_t mfn = first.n + done;
		int order = put_block(mfn, nr - done, &owner);

		if (order >= 0)
			freed += BIT64(order);
		else
			freed += put_single(mfn, &owner);
		done += order >= 0 ? BIT64(order) : 1;
	}
	if (freed)
		uncharge(owner, freed);
	return done;
}
