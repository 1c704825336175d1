/* SPDX-License-Identifier: ISC */
/*
 * Machine pages: the buddy allocator over all banks, and who owns which page.
 *
 * Every page has a 4-byte descriptor (2 MiB for 2 GiB of RAM). A page is free, or the hypervisor's, or a domain's.
 * A domain's page has a reference count: one for its place in the owner's p2m, and one for each mapping elsewhere
 * (grant, foreign). It returns to the allocator when the last one goes, whatever the owner does meanwhile.
 *
 * Free pages carry their list links inside themselves, so there is nothing else to allocate. A freed page is dirty
 * until it is scrubbed: in the background by idle CPUs, or at allocation at the latest.
 */
#ifndef HYP_PAGE_H
#define HYP_PAGE_H

#include <hyp/types.h>

struct domain;

#define MAX_ORDER 18 /* 1 GiB */

/* Flags of page_alloc(). */
#define PAGE_ZERO  BIT(0) /* contents zeroed (always so for a domain's pages, except as below) */
#define PAGE_DIRTY BIT(1) /* contents do not matter: the caller overwrites all of it at once */
/*
 * domain_page_alloc(): the domain's, with references, but not charged to it (tot_pages, max_pages): what the
 * hypervisor shares with it and others, grant frames. Freeing does not uncharge it.
 */
#define PAGE_EXTRA BIT(2)

/* Hand [start, end) to the allocator (boot). Partial pages are left out. */
void page_add_region(paddr_t start, paddr_t end);

/* The descriptors' memory must exist before the first region is added: sized for the highest RAM address. */
void page_init(void *descriptors, uint64_t first_mfn, uint64_t nr_mfns);
#define PAGE_DESCRIPTOR_SIZE 4

/* 2^order pages, naturally aligned. INVALID_MFN when there are none. */
mfn_t page_alloc(unsigned order, unsigned flags);
void page_free(mfn_t mfn, unsigned order);

/* Take a given, free range out of the allocator (boot: dom0's memory). false: some of it is not free. */
bool page_reserve(mfn_t first, uint64_t nr);

/* Scrub at most one chunk of dirty free memory. false: there is nothing left to do. */
bool page_scrub_some(void);

uint64_t page_nr_total(void);
uint64_t page_nr_free(void); /* dirty ones included */
uint64_t page_nr_dirty(void);

/* The highest frame of RAM (XENMEM_maximum_ram_page). */
mfn_t page_highest(void);

/* Is this frame RAM that the allocator manages (so that it has a descriptor)? */
bool page_is_ram(mfn_t mfn);

/* Owner of an allocated page: a domain or NULL (free, hypervisor's). A snapshot unless a reference is held. */
struct domain *page_owner(mfn_t mfn);

/*
 * Pages of a domain. domain_page_alloc() accounts to d (at most d->max_pages, -> -ENOMEM) with one reference each.
 * domain_page_adopt() does the same for a page obtained by page_reserve().
 */
int domain_page_alloc(struct domain *d, unsigned order, unsigned flags, mfn_t *mfn);
int domain_page_adopt(struct domain *d, mfn_t first, uint64_t nr);

/* Take a reference on a page if d owns it: 0, -EINVAL (not d's), -EBUSY (count full: 65535). */
int page_get(mfn_t mfn, struct domain *d);
/* Drop one. The last one frees the page and uncharges its owner. */
void page_put(mfn_t mfn);

/* A window on a page. Both are free of cost on arm64, where all RAM is mapped; arm32 maps for real. */
void *map_page(mfn_t mfn);
void unmap_page(const void *va);

/* Pages that the hypervisor keeps mapped for ever: its own structures. NULL when out of memory. Zeroed. */
void *hyp_pages_alloc(unsigned order);
void hyp_pages_free(void *va, unsigned order);
mfn_t hyp_va_to_mfn(const void *va);

#endif
