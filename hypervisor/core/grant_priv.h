/* SPDX-License-Identifier: ISC */
/* Internals of grant tables: active entries, mappings and their functions. */
#ifndef CORE_GRANT_PRIV_H
#define CORE_GRANT_PRIV_H

#include <hyp/domain.h>
#include <public/grant_table.h>

#define GRANTS_PER_FRAME (PAGE_SIZE / sizeof(struct grant_entry_v1))
#define ACTIVE_PER_PAGE  (PAGE_SIZE / sizeof(struct grant_active))
#define HANDLES_PER_PAGE (PAGE_SIZE / sizeof(struct grant_map))
#define GRANT_NO_HANDLE  (~(uint32_t)0)

struct grant_frame {
	struct grant_entry_v1 *entry; /* the guest may write to it at any time */
	mfn_t mfn;                    /* allocated with PAGE_EXTRA; the table holds the reference */
	gfn_t gfn; /* guest frame of its last mapping; the p2m knows whether it still exists */
};

/* A grant in use. Protected by the granter's lock. */
struct grant_active {
	uint64_t mfn;
	domid_t user;     /* the domain that uses it; the shared entry may have changed since */
	uint16_t users;   /* mappings and copies in progress; each holds a reference on the page */
	uint16_t writers; /* users that may write */
	uint16_t unused;
};

/* The mapping of a handle. Protected by the mapper's lock. */
struct grant_map {
	uint64_t gfn;     /* where it is mapped, if GNTMAP_host_map */
	uint32_t ref;     /* if the handle is free: the next free handle */
	uint16_t granter; /* slot of the domain, which is referenced */
	uint16_t flags;   /* remaining kinds GNTMAP_host_map, _device_map; and _readonly. 0: free */
};

_Static_assert(GRANTS_PER_FRAME == 512 && ACTIVE_PER_PAGE == 256 && HANDLES_PER_PAGE == 256,
	       "powers of two");

/*
 * The active entry of a grant whose shared entry exists; allocated on first use. NULL: no memory.
 */
struct grant_active *grant_active(struct grant_table *gt, grant_ref_t ref);
/*
 * Grow the table to at least nr frames, a bounded number at a time under the lock. Returns 0,
 * -EINVAL (above the limit, or d is dying), -ENOMEM, or -ERESTART (yield, then call again).
 */
int grant_table_grow(struct domain *d, uint32_t nr);

/*
 * Begin and end a use of d's grant `ref` by the domain `user`. Both need d's lock. A use holds a
 * reference on *mfn. acquire() returns GNTST_*. The caller gives the result of release() to
 * memory_drop() when no lock is held.
 */
int grant_acquire(struct domain *d, grant_ref_t ref, domid_t user, bool write, mfn_t *mfn);
mfn_t grant_release(struct domain *d, grant_ref_t ref, bool write);

/*
 * Has d mapped this page through one of its handles? Each call checks one page of handles, starting
 * at *from. Returns 1 and takes a reference on the page if so, 0 if not, or -ERESTART: call again
 * with the new *from.
 */
int grant_find_mapping(struct domain *d, mfn_t mfn, uint32_t *from);

/* One element of the hypercall's array each; the result is in op->status. */
void grant_map_ref(struct vcpu *v, struct gnttab_map_grant_ref *op);
void grant_unmap_ref(struct vcpu *v, struct gnttab_unmap_grant_ref *op);
void grant_copy(struct vcpu *v, struct gnttab_copy *op);
void grant_swap_refs(struct vcpu *v, struct gnttab_swap_grant_ref *op);
/* Returns 0 or -errno; -ERESTART as in grant_find_mapping(). */
int grant_cache_flush(struct vcpu *v, const struct gnttab_cache_flush *op, uint32_t *from);

/* Undo d's mappings, a bounded number per call. Returns 0 or -ERESTART. */
int grant_unmap_all(struct domain *d);
void grant_maptrack_free(struct grant_table *gt);

/* The smallest order of a block of pages that holds `bytes`. */
static inline unsigned grant_order(size_t bytes)
{
	unsigned order = 0;

	while ((PAGE_SIZE << order) < bytes)
		order++;
	return order;
}

#endif
