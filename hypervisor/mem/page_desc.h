/* SPDX-License-Identifier: ISC */
/*
 * Page descriptors: what page.c (free and used blocks) and page_owner.c (domains' pages) share.
 *
 * Every block of pages, free or not, has exactly one head, its first page; the other pages'
 * descriptors are zero (PD_INSIDE), so making, splitting and merging blocks touches heads only.
 *
 *	31   29 28        19 18    17 16    15            0
 *	+------+------------+--------+-----+---------------+
 *	| kind | owner slot |   0    |dirty| order or count|
 *	+------+------------+--------+-----+---------------+
 *
 * FREE, HYP and BLOCK have an order; PAGE and EXTRA are single pages with a reference count. A
 * BLOCK is a domain's pages with one reference each.
 *
 * heap.lock protects everything but the change of a PAGE's or EXTRA's count, which is made by
 * compare-and-swap without it; and so is the change of a PAGE or EXTRA to HYP by the last
 * reference.
 */
#ifndef CORE_PAGE_DESC_H
#define CORE_PAGE_DESC_H

#include <lib/atomic.h>
#include <lib/lib.h>
#include <mem/page.h>
#include <lib/spinlock.h>

enum pd_kind { PD_INSIDE, PD_FREE, PD_HYP, PD_BLOCK, PD_PAGE, PD_EXTRA };

#define PD_KIND_SHIFT  29
#define PD_OWNER_SHIFT 19
#define PD_OWNER_MASK  0x3ffU
#define PD_DIRTY       (1U << 16)
#define PD_VALUE_MASK  0xffffU /* order or count */
#define PD_COUNT_MAX   0xffffU

static inline enum pd_kind pd_kind(uint32_t desc)
{
	return (enum pd_kind)(desc >> PD_KIND_SHIFT);
}

static inline unsigned pd_value(uint32_t desc)
{
	return desc & PD_VALUE_MASK;
}

static inline unsigned pd_owner(uint32_t desc)
{
	return desc >> PD_OWNER_SHIFT & PD_OWNER_MASK;
}

/* The order of the block that this is the head of. */
static inline unsigned pd_order(uint32_t desc)
{
	return pd_kind(desc) >= PD_PAGE ? 0 : pd_value(desc);
}

static inline uint32_t pd_make(enum pd_kind kind, unsigned value)
{
	return (uint32_t)kind << PD_KIND_SHIFT | value;
}

static inline uint32_t pd_make_free(unsigned order, bool dirty)
{
	return pd_make(PD_FREE, order) | (dirty ? PD_DIRTY : 0);
}

/* 2^order pages of a domain, one reference each. */
static inline uint32_t pd_make_owned(unsigned slot, unsigned order)
{
	uint32_t owner = (uint32_t)slot << PD_OWNER_SHIFT;

	return owner | (order ? pd_make(PD_BLOCK, order) : pd_make(PD_PAGE, 1));
}

extern struct spinlock heap_lock; /* RANK_HEAP */

/* The descriptor of a frame, or NULL if it is not RAM. */
uint32_t *pd_of(uint64_t mfn);

/* The descriptor of a frame of RAM. A page's references change without heap_lock. */
static inline uint32_t pd_read(uint64_t mfn)
{
	return atomic_load(pd_of(mfn));
}

/* The head of the block that contains a frame, or PD_NO_HEAD. Needs heap_lock. */
uint64_t pd_find_head(uint64_t mfn);
#define PD_NO_HEAD (~(uint64_t)0)

/*
 * Split a used block (HYP, BLOCK) until there is one with `mfn` as head and at most this order; mfn
 * is aligned to 2^order or is a head. Returns its order. Needs heap_lock.
 */
unsigned pd_isolate(uint64_t mfn, unsigned order);

/* The largest block that can begin at mfn and end before mfn + nr. */
static inline unsigned pd_fit(uint64_t mfn, uint64_t nr)
{
	unsigned align = mfn ? (unsigned)__builtin_ctzll(mfn) : MAX_ORDER;
	unsigned size = 63 - (unsigned)__builtin_clzll(nr);

	return MIN(MIN(align, size), (unsigned)MAX_ORDER);
}

#endif
