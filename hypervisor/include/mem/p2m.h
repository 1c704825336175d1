/* SPDX-License-Identifier: ISC */
/*
 * A domain's physical address space: stage 2 of translation, guest frame -> machine frame and type.
 *
 * Mappings use the largest blocks that alignment allows and are split on demand. What a frame is
 * stands in the software bits of its descriptor, so the page table is the only record. Every change
 * that removes or narrows a mapping has invalidated TLBs on all CPUs when it returns.
 *
 * Invariant: each mapping of a page has exactly one owner of its reference.
 *
 *	RAM, foreign	the mapping owns one. A direct-mapped domain's RAM keeps its reference while
 *			it is not mapped: only this page may be populated there again.
 *	grant		a live handle of the mapper owns it: one of the same guest frame and page,
 *			for writing if the mapping is writable. A handle may be without its mapping
 *			(the guest has mapped something else there), a mapping never without a
 *			handle.
 *	shared		nobody: the page is the hypervisor's and stays for as long as it is mapped.
 *	device		nobody: it is not RAM.
 *
 * So p2m_map() and p2m_replace() take over the caller's reference, p2m_take() and p2m_replace()
 * hand over the one that the old mapping had, and each is one step under the lock. What was taken
 * out is not put back: meanwhile its handle can have ended on another CPU.
 */
#ifndef HYP_P2M_H
#define HYP_P2M_H

#include <lib/spinlock.h>

struct domain;

enum p2m_type {
	P2M_NONE,
	P2M_RAM, /* the domain's own page */
	P2M_RAM_RO,
	P2M_SHARED,  /* the hypervisor's page shown to the domain: shared_info, grant frames */
	P2M_DEVICE,  /* MMIO, Device-nGnRE: only dom0 */
	P2M_FOREIGN, /* another domain's page; a reference is held */
	P2M_FOREIGN_RO,
	P2M_GRANT_RW, /* a grant map; the reference belongs to the grant table */
	P2M_GRANT_RO,
	P2M_NR_TYPES
};

static inline bool p2m_type_writable(enum p2m_type t)
{
	return t == P2M_RAM || t == P2M_SHARED || t == P2M_FOREIGN || t == P2M_GRANT_RW;
}

/* Leaves taken out of a dying domain's table whose pages are not all given back yet. */
#define P2M_PENDING 8

#define P2M_DEFAULT_TABLES 16 /* until the toolstack sets its paging mempool, as in Xen */

struct p2m {
	struct spinlock lock; /* RANK_P2M */
	bool live;            /* p2m_init() has been through */
	bool dying;           /* being given back: nothing can be mapped any more */
	mfn_t root;           /* 2^root_order pages */
	uint32_t root_order;
	uint64_t vmid;         /* its tag in the TLBs: arm/vmid.h */
	uint32_t tables;       /* table pages in use, without the root */
	uint32_t foreign_maps; /* frames mapped P2M_FOREIGN or P2M_FOREIGN_RO */
	uint32_t table_limit;  /* and how many the domain may have (paging mempool) */
	uint64_t end_gfn;      /* all frames ever mapped are below */
	uint64_t next_gfn;     /* relinquish: nothing is mapped below */
	unsigned nr_pending;
	struct {
		uint64_t mfn, nr;
	} pending[P2M_PENDING];
};

/*
 * IPA size for all domains, from the CPUs; set at boot, 32 to 43. Frames at or above 1 <<
 * (p2m_ipa_bits - 12) are refused. Walks start at level 1, in a root of 2^p2m_root_order()
 * concatenated tables (Arm ARM D8.2.2).
 */
extern unsigned p2m_ipa_bits;
#define P2M_START_LEVEL 1

static inline unsigned p2m_root_order(void)
{
	return p2m_ipa_bits > 39 ? p2m_ipa_bits - 39 : 0;
}

/* -ENOMEM. */
int p2m_init(struct domain *d);
/*
 * Give back what is mapped, a bounded amount a call. -ERESTART: call again. 0: nothing is left but
 * the root. No vCPU of d runs any more, and one caller at a time.
 */
int p2m_relinquish(struct domain *d);
/* Also for a domain whose p2m_init() failed or was never called. */
void p2m_destroy(struct domain *d);

/*
 * Map nr frames. The range must be unmapped. -EINVAL (outside the address space), -EEXIST, -ENOMEM
 * (tables), -ESRCH (d is dying); on error nothing stays mapped.
 */
int p2m_map(struct domain *d, gfn_t gfn, mfn_t mfn, uint64_t nr, enum p2m_type type);

/* What is at a frame; P2M_NONE: nothing. */
struct p2m_mapping {
	mfn_t mfn;
	enum p2m_type type;
};

/*
 * Map one page over whatever is there if that is nothing or of one of the types `over`; *old is
 * what was there, and its reference is the caller's now. One step under the lock. Errors like
 * p2m_map(), and nothing has changed then; -EEXIST: what is there is of another type.
 */
int p2m_replace(struct domain *d, gfn_t gfn, mfn_t mfn, enum p2m_type type, unsigned over,
		struct p2m_mapping *old);

/*
 * Unmap one page that is mapped with this mfn; does not touch references. -ENOENT when it is not.
 */
int p2m_unmap(struct domain *d, gfn_t gfn, mfn_t mfn);

/*
 * Unmap one page if its type is among `types` (BIT(P2M_RAM) | ...) and, unless expect is
 * INVALID_MFN, its frame is that one; tells what it was. One step under the lock: the caller now
 * owns the reference that the mapping had. -ENOENT when it is not so. -ENOMEM: no table page to
 * split a block with; nothing changed.
 */
int p2m_take(struct domain *d, gfn_t gfn, unsigned types, mfn_t expect, mfn_t *mfn,
	     enum p2m_type *type);

/*
 * Look a frame up: its machine frame and type. *order, if not NULL, is the size of the block or
 * hole around it. 0, or -ENOENT. A snapshot: hold a reference (page_get) or the lock for it to stay
 * true.
 */
int p2m_lookup(struct domain *d, gfn_t gfn, mfn_t *mfn, enum p2m_type *type, unsigned *order);

/* The same with d->p2m.lock held. */
int p2m_lookup_locked(struct domain *d, gfn_t gfn, mfn_t *mfn, enum p2m_type *type,
		      unsigned *order);

/*
 * Look up and take a reference on the page behind gfn if it is d's: RAM, or a page shared with d
 * that has an owner (grant frames). 0, -ENOENT, -EACCES (not d's, or `write` and read-only).
 * Release with page_put().
 */
int p2m_get_page(struct domain *d, gfn_t gfn, bool write, mfn_t *mfn);

/*
 * Does the table allow this access now? A stage 2 fault can be the trace of a change by another CPU
 * (a block being split is unmapped for a moment): then the guest just tries again.
 */
bool p2m_allows(struct domain *d, gpaddr_t gpa, bool write);

/* Highest frame ever mapped plus one (XENMEM_maximum_gpfn). */
uint64_t p2m_max_gfn(struct domain *d);

/*
 * What mem/ asks of the domains, which core/domain_ref.c defines: the domain with this place in the
 * table, which owns pages and so exists, and its references.
 */
struct domain *domain_by_slot(unsigned slot);
void domain_hold(struct domain *d);
void domain_put(struct domain *d);

#endif
