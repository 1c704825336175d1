/* SPDX-License-Identifier: ISC */
/*
 * The page allocator: a buddy system with two kinds of free memory, scrubbed ("clean") and not
 * ("dirty").
 *
 * Buddies merge only if they are of one kind, so that a page freed does not make a clean gigabyte
 * dirty; scrubbing makes the kinds one again. Where an allocation fails for that reason, kinds are
 * mixed (heap_mix()).
 */
#include "page_desc.h"

#include <asm/cache.h>

#define NONE (~(uint64_t)0)

#define MAX_SCRUB_ORDER ORDER_2M /* scrubbed at once by an allocation */

/* At the start of each free block. */
struct links {
	uint64_t next, prev; /* mfn or NONE */
};

struct bank {
	uint64_t first, nr;
	uint32_t *desc;
};

static struct {
	struct bank bank[PAGE_MAX_BANKS];
	unsigned nr_banks;
	struct free_lists {
		uint32_t orders; /* a bit for each list that is not empty */
		uint64_t head[MAX_ORDER + 1];
	} lists[2];                         /* clean, dirty */
	uint64_t mix_from[MAX_SCRUB_ORDER]; /* where mix_some() goes on */
	uint64_t total, free, dirty;
	uint64_t highest;
} heap;

struct spinlock heap_lock = SPINLOCK_INIT(RANK_HEAP);

/* ---- descriptors ---- */

uint32_t *pd_of(uint64_t mfn)
{
	for (const struct bank *b = heap.bank; b < heap.bank + heap.nr_banks; b++)
		if (mfn - b->first < b->nr)
			return &b->desc[mfn - b->first];
	return NULL;
}

uint64_t pd_find_head(uint64_t mfn)
{
	for (unsigned order = 0; order <= MAX_ORDER; order++) {
		uint64_t head = ALIGN_DOWN(mfn, BIT64(order));
		const uint32_t *d = pd_of(head);
		uint32_t desc = d ? atomic_load(d) : 0;

		if (pd_kind(desc) != PD_INSIDE)
			return pd_order(desc) >= order ? head : PD_NO_HEAD;
	}
	return PD_NO_HEAD;
}

static void pd_set(uint64_t mfn, uint32_t desc)
{
	atomic_store(pd_of(mfn), desc);
}

/* The same kind and owner with another order. */
static uint32_t pd_resized(uint32_t desc, unsigned order)
{
	if (pd_kind(desc) == PD_BLOCK)
		return pd_make_owned(pd_owner(desc), order);
	return (desc & ~PD_VALUE_MASK) | order;
}

unsigned pd_isolate(uint64_t mfn, unsigned order)
{
	uint64_t head = pd_find_head(mfn);
	uint32_t desc = pd_read(head);
	unsigned have = pd_order(desc);

	while (have > order) {
		uint64_t upper = head + BIT64(--have);

		pd_set(head, pd_resized(desc, have));
		pd_set(upper, pd_resized(desc, have));
		if (mfn >= upper)
			head = upper;
	}
	return have;
}

/*
 * Zeroed even if the memory held something: interior descriptors are never written again while a
 * block lives.
 */
static void zero_descriptors(void *descriptors, size_t size)
{
	uint8_t *p = descriptors, *end = p + size;

	for (; end - p >= (ptrdiff_t)PAGE_SIZE && !((uintptr_t)p & ~PAGE_MASK); p += PAGE_SIZE)
		clear_page(p);
	memset(p, 0, (size_t)(end - p));
}

static void lists_init(void)
{
	for (unsigned kind = 0; kind < 2; kind++)
		for (unsigned order = 0; order <= MAX_ORDER; order++)
			heap.lists[kind].head[order] = NONE;
	for (unsigned order = 0; order < MAX_SCRUB_ORDER; order++)
		heap.mix_from[order] = NONE;
}

void page_init(void *descriptors, uint64_t first_mfn, uint64_t nr_mfns)
{
	ASSERT(heap.nr_banks < PAGE_MAX_BANKS);
	if (!heap.nr_banks)
		lists_init();
	zero_descriptors(descriptors, nr_mfns * PAGE_DESCRIPTOR_SIZE);
	heap.bank[heap.nr_banks++] = (struct bank){first_mfn, nr_mfns, descriptors};
}

/* ---- free lists ---- */

static void links_read(uint64_t mfn, struct links *l)
{
	struct links *at = map_page(MFN(mfn));

	*l = *at;
	unmap_page(at);
}

static void links_set_next(uint64_t mfn, uint64_t next)
{
	struct links *at = map_page(MFN(mfn));

	at->next = next;
	unmap_page(at);
}

static void links_set_prev(uint64_t mfn, uint64_t prev)
{
	struct links *at = map_page(MFN(mfn));

	at->prev = prev;
	unmap_page(at);
}

static void list_add_block(uint64_t mfn, unsigned order, bool dirty)
{
	struct free_lists *lists = &heap.lists[dirty];
	struct links *at = map_page(MFN(mfn));

	at->next = lists->head[order];
	at->prev = NONE;
	unmap_page(at);
	if (lists->head[order] != NONE)
		links_set_prev(lists->head[order], mfn);
	lists->head[order] = mfn;
	lists->orders |= 1U << order;
	pd_set(mfn, pd_make_free(order, dirty));
}

/*
 * Leaves the page zero if it is clean, in memory too: no dirty line may be written back over what
 * comes next.
 */
static void links_erase(uint64_t mfn)
{
	struct links *at = map_page(MFN(mfn));

	*at = (struct links){0, 0};
	cache_clean_invalidate_poc(at, sizeof(*at));
	unmap_page(at);
}

static void list_remove_block(uint64_t mfn, unsigned order, bool dirty)
{
	struct free_lists *lists = &heap.lists[dirty];
	struct links l;

	links_read(mfn, &l);
	if (l.next != NONE)
		links_set_prev(l.next, l.prev);
	if (l.prev != NONE)
		links_set_next(l.prev, l.next);
	else
		lists->head[order] = l.next;
	if (lists->head[order] == NONE)
		lists->orders &= ~(1U << order);
	links_erase(mfn);
	pd_set(mfn, PD_INSIDE);
}

/* ---- blocks ---- */

/*
 * Put a block on its list, merged with its buddies as far as possible. Its head's descriptor counts
 * for nothing.
 */
static void block_insert(uint64_t mfn, unsigned order, bool dirty)
{
	pd_set(mfn, PD_INSIDE);
	for (; order < MAX_ORDER; order++) {
		uint64_t buddy = mfn ^ BIT64(order);
		const uint32_t *d = pd_of(buddy);

		if (!d || atomic_load(d) != pd_make_free(order, dirty))
			break;
		list_remove_block(buddy, order, dirty);
		mfn &= ~BIT64(order);
	}
	list_add_block(mfn, order, dirty);
}

/*
 * Take the block [mfn, 2^order) out of a free one that contains it; what is left goes back on the
 * lists.
 */
static void block_carve(uint64_t head, unsigned have, bool dirty, uint64_t mfn, unsigned order)
{
	list_remove_block(head, have, dirty);
	while (have > order) {
		uint64_t upper = head + BIT64(--have);

		list_add_block(mfn >= upper ? head : upper, have, dirty);
		if (mfn >= upper)
			head = upper;
	}
	pd_set(mfn, pd_make(PD_HYP, order));
	locked_add(heap.free, -BIT64(order));
	if (dirty)
		locked_add(heap.dirty, -BIT64(order));
}

/* The smallest order of a kind's blocks that is at least `order`; MAX_ORDER + 1: none. */
static unsigned lists_smallest(bool dirty, unsigned order)
{
	uint32_t orders = heap.lists[dirty].orders & ~((1U << order) - 1);

	return orders ? (unsigned)__builtin_ctz(orders) : MAX_ORDER + 1;
}

#define CHEAP_SCRUB_ORDER 3 /* rather scrub this much than split a larger block */

/* Which kind to take from. false: neither has a block. */
static bool choose_kind(unsigned order, unsigned flags, bool *dirty)
{
	unsigned clean_has = lists_smallest(false, order), dirty_has = lists_smallest(true, order);

	if (!(flags & PAGE_DIRTY) && order > MAX_SCRUB_ORDER)
		dirty_has = MAX_ORDER + 1;
	if (flags & PAGE_DIRTY)
		*dirty = dirty_has <= MAX_ORDER;
	else if (order <= CHEAP_SCRUB_ORDER)
		*dirty = dirty_has < clean_has;
	else
		*dirty = clean_has > MAX_ORDER;
	return MIN(clean_has, dirty_has) <= MAX_ORDER;
}

#define MIX_STEPS  32 /* blocks looked at while the lock is held */
#define MIX_ROUNDS 8  /* and how often for one order, in one call */

/*
 * Merge dirty blocks of an order with clean buddies, which makes these dirty: better than no block
 * at all. Goes on behind the block that was looked at last if it is still free. false: the end of
 * the list.
 */
static bool mix_some(unsigned order)
{
	uint64_t mfn = heap.mix_from[order];
	const uint32_t *from = mfn == NONE ? NULL : pd_of(mfn);

	if (!from || atomic_load(from) != pd_make_free(order, true))
		mfn = heap.lists[1].head[order];
	for (unsigned i = 0; i < MIX_STEPS && mfn != NONE; i++) {
		uint64_t buddy = mfn ^ BIT64(order);
		const uint32_t *d = pd_of(buddy);
		struct links l;

		links_read(mfn, &l);
		if (d && atomic_load(d) == pd_make_free(order, false)) {
			list_remove_block(mfn, order, true);
			list_remove_block(buddy, order, false);
			locked_add(heap.dirty, BIT64(order));
			block_insert(MIN(mfn, buddy), order + 1, true);
		}
		mfn = l.next;
	}
	heap.mix_from[order] = mfn;
	return mfn != NONE;
}

/* Mix all orders below this one. Others have the lock in between. true: now there is a block. */
static bool heap_mix(unsigned order, unsigned flags, bool *dirty)
{
	for (unsigned below = 0; below < order; below++) {
		bool more = true;

		for (unsigned i = 0; more && i < MIX_ROUNDS; i++) {
			more = mix_some(below);
			spin_unlock(&heap_lock);
			spin_lock(&heap_lock);
		}
		if (choose_kind(order, flags, dirty))
			return true;
	}
	return false;
}

static uint64_t heap_take(unsigned order, unsigned flags, bool *dirty)
{
	uint64_t mfn = NONE;

	spin_lock(&heap_lock);
	if (choose_kind(order, flags, dirty) ||
	    (order <= MAX_SCRUB_ORDER && heap_mix(order, flags, dirty))) {
		unsigned have = lists_smallest(*dirty, order);

		mfn = heap.lists[*dirty].head[have];
		block_carve(mfn, have, *dirty, mfn, order);
	}
	spin_unlock(&heap_lock);
	return mfn;
}

static void scrub(uint64_t mfn, unsigned order)
{
	for (uint64_t end = mfn + BIT64(order); mfn < end; mfn++) {
		void *page = map_page(MFN(mfn));

		scrub_page(page);
		unmap_page(page);
	}
}

mfn_t page_alloc(unsigned order, unsigned flags)
{
	uint64_t mfn;
	bool dirty;

	if (order > MAX_ORDER)
		return INVALID_MFN;
	mfn = heap_take(order, flags, &dirty);
	if (mfn != NONE && dirty && !(flags & PAGE_DIRTY))
		scrub(mfn, order);
	return MFN(mfn);
}

/* Under the lock. */
static void free_block(uint64_t mfn, unsigned order)
{
	locked_add(heap.free, BIT64(order));
	locked_add(heap.dirty, BIT64(order));
	block_insert(mfn, order, true);
}

void page_free(mfn_t mfn, unsigned order)
{
	const uint32_t *d = pd_of(mfn.n);

	spin_lock(&heap_lock);
	if (!d || atomic_load(d) != pd_make(PD_HYP, order))
		panic("page_free: frame %llx, order %u: is not an allocated block (descriptor %x)",
		      (unsigned long long)mfn.n, order, d ? *d : 0);
	free_block(mfn.n, order);
	spin_unlock(&heap_lock);
}

static void use_block(uint64_t mfn, unsigned order)
{
	atomic_store(pd_of(mfn), pd_make(PD_HYP, order));
}

static void add_frames(uint64_t mfn, uint64_t stop, void (*add)(uint64_t mfn, unsigned order))
{
	spin_lock(&heap_lock);
	while (mfn < stop) {
		unsigned order = pd_fit(mfn, stop - mfn);

		ASSERT(pd_of(mfn) && pd_of(mfn + BIT64(order) - 1));
		ASSERT(pd_find_head(mfn) == PD_NO_HEAD);
		heap.total += BIT64(order);
		add(mfn, order);
		mfn += BIT64(order);
	}
	if (stop)
		heap.highest = MAX(heap.highest, stop - 1);
	spin_unlock(&heap_lock);
}

void page_add_region(paddr_t start, paddr_t end)
{
	add_frames(ALIGN_UP(start, PAGE_SIZE) >> PAGE_SHIFT, end >> PAGE_SHIFT, free_block);
}

void page_add_used(paddr_t start, paddr_t end)
{
	add_frames(start >> PAGE_SHIFT, ALIGN_UP(end, PAGE_SIZE) >> PAGE_SHIFT, use_block);
}

/* ---- given ranges ---- */

static bool range_is_free(uint64_t mfn, uint64_t end)
{
	while (mfn < end) {
		uint64_t head = pd_find_head(mfn);

		if (head == PD_NO_HEAD || pd_kind(pd_read(head)) != PD_FREE)
			return false;
		mfn = head + BIT64(pd_order(pd_read(head)));
	}
	return true;
}

/*
 * Take the free block at mfn, or the part of it that is inside the range. Returns the first frame
 * behind.
 */
static uint64_t reserve_step(uint64_t mfn, uint64_t end)
{
	uint64_t head = pd_find_head(mfn);
	uint32_t desc = pd_read(head);
	unsigned have = pd_order(desc), order = MIN(have, pd_fit(mfn, end - mfn));

	block_carve(head, have, desc & PD_DIRTY, mfn, order);
	return mfn + BIT64(order);
}

bool page_reserve(mfn_t first, uint64_t nr)
{
	uint64_t mfn = first.n, end = first.n + nr;
	bool ok;

	spin_lock(&heap_lock);
	ok = range_is_free(mfn, end);
	while (ok && mfn < end)
		mfn = reserve_step(mfn, end);
	spin_unlock(&heap_lock);
	return ok;
}

void page_unreserve(mfn_t first, uint64_t nr)
{
	uint64_t mfn = first.n, end = first.n + nr;

	spin_lock(&heap_lock);
	while (mfn < end) {
		uint64_t head = pd_find_head(mfn);
		unsigned order;

		if (head == PD_NO_HEAD || pd_kind(pd_read(head)) != PD_HYP)
			panic("page_unreserve: frame %llx is not reserved",
			      (unsigned long long)mfn);
		order = pd_isolate(mfn, pd_fit(mfn, end - mfn));
		free_block(mfn, order);
		mfn += BIT64(order);
	}
	spin_unlock(&heap_lock);
}

/* ---- scrubbing ---- */

#define SCRUB_ORDER 4 /* 64 KiB */

/* The smallest block first: its clean neighbours are waiting for it. */
static uint64_t scrub_take(unsigned *order)
{
	unsigned have = lists_smallest(true, 0);
	uint64_t mfn;

	if (have > MAX_ORDER)
		return NONE;
	*order = MIN(have, (unsigned)SCRUB_ORDER);
	mfn = heap.lists[1].head[have];
	block_carve(mfn, have, true, mfn, *order);
	locked_add(heap.free, BIT64(*order)); /* whoever counts meanwhile shall not miss it */
	return mfn;
}

bool page_scrub_some(void)
{
	unsigned order = 0;
	uint64_t mfn;
	bool more;

	if (!atomic_load(&heap.dirty))
		return false;
	spin_lock(&heap_lock);
	mfn = scrub_take(&order);
	spin_unlock(&heap_lock);
	if (mfn == NONE)
		return false;
	scrub(mfn, order);
	spin_lock(&heap_lock);
	block_insert(mfn, order, false);
	more = heap.dirty != 0;
	spin_unlock(&heap_lock);
	return more;
}

/* ---- questions ---- */

uint64_t page_nr_total(void)
{
	return atomic_load(&heap.total);
}

uint64_t page_nr_free(void)
{
	return atomic_load(&heap.free);
}

uint64_t page_nr_dirty(void)
{
	return atomic_load(&heap.dirty);
}

mfn_t page_highest(void)
{
	return MFN(heap.highest);
}

mfn_t page_last_ram(void)
{
	const struct bank *last = &heap.bank[heap.nr_banks - 1];

	return MFN(last->first + last->nr - 1);
}

bool page_is_ram(mfn_t mfn)
{
	const uint32_t *d = pd_of(mfn.n);
	bool ram;

	if (!d || pd_kind(atomic_load(d)) != PD_INSIDE)
		return d != NULL;
	spin_lock(&heap_lock);
	ram = pd_find_head(mfn.n) != PD_NO_HEAD;
	spin_unlock(&heap_lock);
	return ram;
}

/* ---- the hypervisor's own ---- */

void *hyp_pages_alloc(unsigned order)
{
	mfn_t mfn = page_alloc(order, PAGE_ZERO);

	return mfn_valid(mfn) ? map_page(mfn) : NULL;
}

void hyp_pages_free(void *va, unsigned order)
{
	mfn_t mfn;

	if (!va)
		return;
	mfn = hyp_va_to_mfn(va);
	unmap_page(va);
	page_free(mfn, order);
}
