/* SPDX-License-Identifier: ISC */
/*
 * A domain's physical address space: stage 2 of translation, guest frame -> machine frame and type.
 *
 * Mappings use the largest blocks that alignment allows and are split on demand. What a frame is stands in the
 * software bits of its descriptor, so the page table is the only record. Every change that removes or narrows a
 * mapping has invalidated TLBs on all CPUs when it returns.
 */
#ifndef HYP_P2M_H
#define HYP_P2M_H

#include <hyp/spinlock.h>

struct domain;

enum p2m_type {
	P2M_NONE,
	P2M_RAM,	/* the domain's own page */
	P2M_RAM_RO,
	P2M_SHARED,	/* the hypervisor's page shown to the domain: shared_info, grant frames */
	P2M_DEVICE,	/* MMIO, Device-nGnRE: only dom0 */
	P2M_FOREIGN,	/* another domain's page; a reference is held */
	P2M_FOREIGN_RO,
	P2M_GRANT_RW,	/* a grant map; the reference belongs to the grant table */
	P2M_GRANT_RO,
	P2M_NR_TYPES
};

static inline bool p2m_type_writable(enum p2m_type t)
{
	return t == P2M_RAM || t == P2M_SHARED || t == P2M_FOREIGN || t == P2M_GRANT_RW;
}

struct p2m {
	struct spinlock lock; /* RANK_P2M */
	mfn_t root;	      /* 2^root_order pages */
	uint32_t root_order;
	uint16_t vmid;
	uint64_t vmid_generation;
	uint32_t tables;     /* table pages in use */
	uint32_t table_limit; /* and how many the domain may have (paging mempool) */
};

/* IPA size for all domains, from the CPUs; set at boot. Frames at or above 1 << (p2m_ipa_bits - 12) are refused. */
extern unsigned p2m_ipa_bits;

int p2m_init(struct domain *d);
/* Give back what is mapped, a bounded amount a call. -ERESTART: call again. 0: nothing is left but the root. */
int p2m_relinquish(struct domain *d);
void p2m_destroy(struct domain *d);

/*
 * Map nr frames. The range must be unmapped except as p2m_replace() allows. -EINVAL (outside the address space),
 * -EEXIST, -ENOMEM (tables); on error nothing stays mapped.
 */
int p2m_map(struct domain *d, gfn_t gfn, mfn_t mfn, uint64_t nr, enum p2m_type type);

/*
 * Map one page over whatever is there; what was there is released according to its type (a RAM page is dropped,
 * a foreign page's reference put).
 */
int p2m_replace(struct domain *d, gfn_t gfn, mfn_t mfn, enum p2m_type type);

/* Unmap one page that is mapped with this mfn; does not touch references. -ENOENT when it is not. */
int p2m_unmap(struct domain *d, gfn_t gfn, mfn_t mfn);

/*
 * Unmap one page if its type is among `types` (BIT(P2M_RAM) | ...) and, unless expect is INVALID_MFN, its frame is
 * that one; tells what it was. One step under the lock: the caller now owns the reference that the mapping had.
 * -ENOENT when it is not so. -ENOMEM: no table page to split a block with; nothing changed.
 */
int p2m_take(struct domain *d, gfn_t gfn, unsigned types, mfn_t expect, mfn_t *mfn, enum p2m_type *type);

/*
 * Look a frame up: its machine frame and type. *order, if not NULL, is the size of the block or hole around it.
 * 0, or -ENOENT. A snapshot: hold a reference (page_get) or the lock for it to stay true.
 */
int p2m_lookup(struct domain *d, gfn_t gfn, mfn_t *mfn, enum p2m_type *type, unsigned *order);

/*
 * Look up and take a reference on the page behind gfn if it is RAM of d (P2M_RAM, P2M_RAM_RO; with write only
 * P2M_RAM). 0, -ENOENT, -EACCES. Release with page_put().
 */
int p2m_get_page(struct domain *d, gfn_t gfn, bool write, mfn_t *mfn);

/* Highest frame ever mapped plus one (XENMEM_maximum_gpfn). */
uint64_t p2m_max_gfn(struct domain *d);

#endif
