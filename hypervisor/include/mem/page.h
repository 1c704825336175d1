/* SPDX-License-Identifier: ISC */
/*
 * Machine pages: the buddy allocator over all banks, and who owns which page.
 *
 * Every page has a 4-byte descriptor (2 MiB for 2 GiB of RAM). A page is free, or the hypervisor's,
 * or a domain's. A domain's page has a reference count: one for its place in the owner's p2m, and
 * one for each mapping elsewhere (grant, foreign). It returns to the allocator when the last one
 * goes, whatever the owner does meanwhile. Pages allocated as a block stay one as long as nobody
 * takes a second reference on one of them or drops one alone, so that a guest of any size is made
 * and destroyed block by block.
 *
 * Free pages carry their list links inside themselves, so there is nothing else to allocate. A
 * freed page is dirty until it is scrubbed: in the background by idle CPUs, or at allocation at the
 * latest. Scrubbed pages are zero in memory, not only in the caches: a guest may look past these.
 */
#ifndef HYP_PAGE_H
#define HYP_PAGE_H

#include <lib/types.h>
#include <asm/page.h>

struct domain;

#define MAX_ORDER 18 /* 1 GiB */

/*
 * Flags of page_alloc() and domain_page_alloc(). Pages are zeroed unless PAGE_DIRTY says otherwise.
 */
#define PAGE_ZERO 0
#define PAGE_DIRTY \
	BIT(1) /* contents do not matter: the caller overwrites all of it at once (and cleans it \
		  to PoC) */
/*
 * domain_page_alloc(): the domain's, with references, but not charged to it (tot_pages, max_pages):
 * what the hypervisor shares with it and others, grant frames. Single pages only. To be given up by
 * page_disown().
 */
#define PAGE_EXTRA BIT(2)

/*
 * Boot: the descriptors of the frames [first_mfn, first_mfn + nr_mfns), nr_mfns *
 * PAGE_DESCRIPTOR_SIZE bytes of memory at an address that is a multiple of 64. For all of RAM at
 * once or bank by bank, at most PAGE_MAX_BANKS times.
 */
void page_init(void *descriptors, uint64_t first_mfn, uint64_t nr_mfns);
#define PAGE_DESCRIPTOR_SIZE 4
#define PAGE_MAX_BANKS       32

/*
 * Hand [start, end) to the allocator, as dirty memory. Partial pages are left out. Its descriptors
 * must exist.
 */
void page_add_region(paddr_t start, paddr_t end);

/*
 * The same for memory that is in use (boot modules): like page_reserve()d from the start, its
 * contents are not touched. Partial pages are included.
 */
void page_add_used(paddr_t start, paddr_t end);

/*
 * 2^order pages, naturally aligned. INVALID_MFN when there are none. So that a call is short,
 * orders above 9 come from scrubbed memory only, unless PAGE_DIRTY is given.
 */
mfn_t page_alloc(unsigned order, unsigned flags);
void page_free(mfn_t mfn, unsigned order);

/*
 * Take a given, free range out of the allocator (boot: dom0's memory). false: some of it is not
 * free, nothing was taken. page_unreserve() gives back all or part of it.
 */
bool page_reserve(mfn_t first, uint64_t nr);
void page_unreserve(mfn_t first, uint64_t nr);

/* Scrub at most 64 KiB of dirty free memory. false: there is nothing left to do. */
bool page_scrub_some(void);

uint64_t page_nr_total(void);
uint64_t page_nr_free(void); /* dirty ones included */
uint64_t page_nr_dirty(void);

/* The highest frame of RAM (XENMEM_maximum_ram_page). */
mfn_t page_highest(void);
/* The last page of the last bank of RAM. */
mfn_t page_last_ram(void);

/* Is this frame RAM that the allocator manages (so that it has a descriptor)? */
bool page_is_ram(mfn_t mfn);

/*
 * Owner of an allocated page: a domain or NULL (free, hypervisor's). A snapshot unless a reference
 * is held.
 */
struct domain *page_owner(mfn_t mfn);

/*
 * Pages of a domain, with one reference each. 0, -ENOMEM (none, or d->max_pages reached), -EINVAL
 * (order). domain_page_adopt() does the same for pages obtained by page_reserve().
 */
int domain_page_alloc(struct domain *d, unsigned order, unsigned flags, mfn_t *mfn);
int domain_page_adopt(struct domain *d, mfn_t first, uint64_t nr);

/* Take a reference on a page if d owns it: 0, -EINVAL (not d's), -EBUSY (count full: 65535). */
int page_get(mfn_t mfn, struct domain *d);
/* Drop one. The last one frees the page and uncharges its owner. */
void page_put(mfn_t mfn);
/*
 * Drop one of each page of a range of one domain's: at least one page, at most nr, in bounded time;
 * whole blocks are one step. Returns how many.
 */
uint64_t page_put_some(mfn_t first, uint64_t nr);
/* Give up a PAGE_EXTRA page: it has no owner any more, and goes when the other references do. */
void page_disown(mfn_t mfn);

/*
 * asm/page.h gives a window on a page, free of cost on arm64 where all RAM is mapped; arm32 maps
 * for real:
 *
 *	void *map_page(mfn_t mfn);
 *	void unmap_page(const void *va);
 *	mfn_t hyp_va_to_mfn(const void *va);
 */

/*
 * Pages that the hypervisor keeps mapped for ever: its own structures. NULL when out of memory.
 * Zeroed.
 */
void *hyp_pages_alloc(unsigned order);
void hyp_pages_free(void *va, unsigned order);

#endif
