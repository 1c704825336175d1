/* SPDX-License-Identifier: ISC */
/* Domains' pages: accounting and references. */
#include "page_desc.h"

#include <asm/cache.h>
#include <hyp/domain.h>
#include <lib/errno.h>

/*
 * A domain that owns pages is held, so the slot in a page descriptor always names an existing
 * domain.
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

/* May drop the last reference to d. */
static void uncharge(struct domain *d, uint64_t nr)
{
	if (atomic_sub_full(&d->tot_pages, nr) == 0)
		domain_put(d);
}

/*
 * Instruction caches need not be coherent with writes to memory (Arm ARM B2.4, D7.5). The next
 * owner of a page could therefore execute the previous owner's instructions. After the previous
 * owner's last mapping is removed, nothing fetches from the page until the next owner maps it:
 * neither the hypervisor nor another domain maps a guest's memory executable. So one invalidation
 * between the two owners is enough, for all pages freed before it. Writes by a toolstack in between
 * need no further invalidation. pages_freed starts at 1 to cover fetches from before the first
 * domain.
 */
static uint64_t pages_freed = 1, freed_and_invalidated;

static void icache_forget_freed(void)
{
	uint64_t freed = atomic_load_acq(&pages_freed);

	if (likely(freed == atomic_load_acq(&freed_and_invalidated)))
		return;
	icache_invalidate_all();
	/*
	 * A CPU that reads this number knows that the invalidation is complete. If it overwrites a
	 * larger number of another CPU, the only cost is one more invalidation.
	 */
	atomic_store_rel(&freed_and_invalidated, freed);
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
	icache_forget_freed();
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

		ASSERT(head != PD_NO_HEAD && pd_kind(pd_read(head)) == PD_HYP);
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
 * Read the descriptor of a page that has a count of its own, after splitting the block that it is
 * in if `split` says so. Otherwise the descriptor of the block's head; 0: not RAM.
 */
static __noinline uint32_t look_up(uint64_t mfn, bool split)
{
	uint64_t head;
	uint32_t desc;

	spin_lock(&heap_lock);
	head = pd_find_head(mfn);
	desc = head == PD_NO_HEAD ? 0 : pd_read(head);
	if (split && pd_kind(desc) == PD_BLOCK) {
		pd_isolate(mfn, 0);
		desc = pd_read(mfn);
	}
	spin_unlock(&heap_lock);
	return desc;
}

/* The same, without a lock where the page is counted already; `at` is pd_of(mfn). */
static inline uint32_t page_desc(const uint32_t *at, uint64_t mfn, bool split)
{
	uint32_t desc = likely(at) ? atomic_load_acq(at) : 0;

	return likely(is_counted(desc)) ? desc : look_up(mfn, split);
}

struct domain *page_owner(mfn_t mfn)
{
	uint32_t desc = page_desc(pd_of(mfn.n), mfn.n, false);
	unsigned slot = pd_kind(desc) >= PD_BLOCK ? pd_owner(desc) : 0;

	return slot ? domain_by_slot(slot) : NULL;
}

int page_get(mfn_t mfn, struct domain *d)
{
	uint32_t *at = pd_of(mfn.n), desc = page_desc(at, mfn.n, false);

	if (unlikely(pd_kind(desc) == PD_BLOCK && pd_owner(desc) == d->slot))
		desc = page_desc(at, mfn.n, true);
	do {
		if (!is_counted(desc) || pd_owner(desc) != d->slot)
			return -EINVAL;
		if (pd_value(desc) == PD_COUNT_MAX)
			return -EBUSY;
	} while (!atomic_cas(at, &desc, desc + 1));
	return 0;
}

/*
 * Take one reference off a page, and the owner too if disown says so. Returns what it was before.
 */
static uint32_t drop(uint64_t mfn, bool disown)
{
	uint32_t *at = pd_of(mfn), desc = page_desc(at, mfn, true), want;

	do {
		if (!is_counted(desc))
			panic("page_put: frame %llx has no references (descriptor %x)",
			      (unsigned long long)mfn, desc);
		want = pd_value(desc) == 1 ? pd_make(PD_HYP, 0) : desc - 1;
		if (disown && pd_value(desc) > 1)
			want &= ~(PD_OWNER_MASK << PD_OWNER_SHIFT);
	} while (!atomic_cas(at, &desc, want));
	return desc;
}

/* Drop a reference of a single page. True if the page was freed and had been charged. */
static bool put_single(uint64_t mfn, struct domain **owner)
{
	uint32_t was = drop(mfn, false);

	if (pd_value(was) > 1)
		return false;
	atomic_add(&pages_freed, 1); /* before reuse: heap_lock */
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
 * Release the block at mfn, or the largest part of it that starts at mfn and is within nr pages.
 * Returns the released order, or -1 if mfn is not in a PD_BLOCK.
 */
static int put_block(uint64_t mfn, uint64_t nr, struct domain **owner)
{
	uint64_t head;
	int order = -1;

	spin_lock(&heap_lock);
	head = pd_find_head(mfn);
	if (head != PD_NO_HEAD && pd_kind(pd_read(head)) == PD_BLOCK) {
		*owner = domain_by_slot(pd_owner(pd_read(head)));
		order = (int)pd_isolate(mfn, pd_fit(mfn, nr));
		atomic_store(pd_of(mfn), pd_make(PD_HYP, (unsigned)order));
	}
	spin_unlock(&heap_lock);
	if (order >= 0) {
		atomic_add(&pages_freed, 1);
		page_free(MFN(mfn), (unsigned)order);
	}
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
