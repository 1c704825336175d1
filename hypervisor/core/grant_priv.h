/* SPDX-License-Identifier: ISC */
/* Grant tables from the inside. */
#ifndef CORE_GRANT_PRIV_H
#define CORE_GRANT_PRIV_H

#include <hyp/domain.h>
#include <public/grant_table.h>

#define GRANTS_PER_FRAME (PAGE_SIZE / sizeof(struct grant_entry_v1))
#define ACTIVE_PER_PAGE  (PAGE_SIZE / sizeof(struct grant_active))
#define HANDLES_PER_PAGE (PAGE_SIZE / sizeof(struct grant_map))
#define GRANT_NO_HANDLE  (~(uint32_t)0)

struct grant_frame {
	struct grant_entry_v1 *entry; /* the guest writes here at any time */
	mfn_t mfn;                    /* PAGE_EXTRA; our reference */
	gfn_t gfn; /* where it was mapped last; the p2m knows whether it still is */
};

/* A grant in use. Protected by the granter's lock. */
struct grant_active {
	uint64_t mfn;
	domid_t user; /* who uses it; the entry in the shared frame may say something else by now */
	uint16_t users;   /* mappings, and copies under way; each holds a reference on the page */
	uint16_t writers; /* of these */
	uint16_t unused;
};

/* What a handle stands for. Protected by the mapper's lock. */
struct grant_map {
	uint64_t gfn;     /* where it is mapped, if GNTMAP_host_map */
	uint32_t ref;     /* free entry: next free handle */
	uint16_t granter; /* slot of the domain; a reference on it is held */
	uint16_t flags;   /* GNTMAP_host_map, _device_map: what is left of it; _readonly. 0: free */
};

_Static_assert(GRANTS_PER_FRAME == 512 && ACTIVE_PER_PAGE == 256 && HANDLES_PER_PAGE == 256,
	       "powers of two");

/* The shared entry of a grant, NULL: there is none of that number. */
struct grant_entry_v1 *grant_entry(struct grant_table *gt, grant_ref_t ref);
/* Use counts of a grant whose entry exists, allocated on first use. NULL: out of memory. */
struct grant_active *grant_active(struct grant_table *gt, grant_ref_t ref);
/* Make the table at least nr frames long: 0, -EINVAL (limit), -ENOMEM. Needs the lock. */
int grant_table_grow(struct domain *d, uint32_t nr);

/*
 * One more use of d's grant `ref` by the domain `user`, and undo it. Both need d's lock. A use has
 * a reference on *mfn. acquire() returns GNTST_*; what release() returns is to be given to
 * memory_drop() when no lock is held.
 */
int grant_acquire(struct domain *d, grant_ref_t ref, domid_t user, bool write, mfn_t *mfn);
mfn_t grant_release(struct domain *d, grant_ref_t ref, bool write);

/*
 * Has d mapped this page by one of its handles? Looks at a page of handles a call, from *from on: 1
 * yes, and a reference on the page is taken; 0 no; -ERESTART: go on from *from.
 */
int grant_find_mapping(struct domain *d, mfn_t mfn, uint32_t *from);

/* Elements of the hypercall's arrays; the outcome is in op->status. */
void grant_map_ref(struct vcpu *v, struct gnttab_map_grant_ref *op);
void grant_unmap_ref(struct vcpu *v, struct gnttab_unmap_grant_ref *op);
void grant_copy(struct vcpu *v, struct gnttab_copy *op);
void grant_swap_refs(struct vcpu *v, struct gnttab_swap_grant_ref *op);
/* 0 or -errno, -ERESTART as grant_find_mapping(). */
int grant_cache_flush(struct vcpu *v, const struct gnttab_cache_flush *op, uint32_t *from);

/* Undo d's mappings, some of them a call: -ERESTART or 0; and free the maptrack. */
int grant_unmap_all(struct domain *d);
void grant_maptrack_free(struct grant_table *gt);

/* The order of a block of pages that holds `bytes`. */
static inline unsigned grant_order(size_t bytes)
{
	unsigned order = 0;

	while ((PAGE_SIZE << order) < bytes)
		order++;
	return order;
}

#endif
