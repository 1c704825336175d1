/* SPDX-License-Identifier: ISC */
/*
 * Changes of a guest's physical address space that more than one hypercall makes. Filled in by
 * mem/memory.c.
 */
#ifndef HYP_MEMORY_H
#define HYP_MEMORY_H

#include <lib/types.h>
#include <mem/p2m.h>

struct domain;

/* The domain's own pages. */
#define P2M_TYPES_RAM     (BIT(P2M_RAM) | BIT(P2M_RAM_RO))
#define P2M_TYPES_FOREIGN (BIT(P2M_FOREIGN) | BIT(P2M_FOREIGN_RO))
#define P2M_TYPES_GRANT   (BIT(P2M_GRANT_RW) | BIT(P2M_GRANT_RO))

/* All but devices. */
#define P2M_TYPES_PAGE (P2M_TYPES_RAM | P2M_TYPES_FOREIGN | P2M_TYPES_GRANT | BIT(P2M_SHARED))

/*
 * Take own RAM at gfn out of d's address space. The page is freed once nobody else maps it; a
 * direct-mapped domain keeps it, because only this page may ever be populated there again. -ENOENT:
 * no own RAM there.
 */
int memory_remove_ram(struct domain *d, gfn_t gfn);

/*
 * Map one page over whatever is there, except a device; on error what was there stays. *drop is to
 * be given to memory_drop() when no lock is held: the last page of a dead domain takes the domain
 * with it.
 */
int memory_place_page(struct domain *d, gfn_t gfn, mfn_t mfn, enum p2m_type type, mfn_t *drop);
void memory_drop(mfn_t mfn);

/* 2^order new (or, direct-mapped: the domain's former) pages at an unmapped place. */
int memory_populate(struct domain *d, gfn_t gfn, unsigned order, unsigned address_bits);

/* Is the hypervisor's page mfn shown to d at gfn? */
bool memory_is_shown_at(struct domain *d, gfn_t gfn, mfn_t mfn);

/*
 * Where shared_info is to be seen: -EBUSY while it is mapped elsewhere. It can be mapped anew once
 * the guest has taken it away or put something else over it.
 */
int memory_map_shared_info(struct domain *d, gfn_t gfn);

/*
 * Map another domain's RAM page (read-only if it is so there) into d, with a reference.
 * -EINVAL: no RAM of od.
 */
int memory_map_foreign(struct domain *d, gfn_t gfn, struct domain *od, gfn_t ogfn);

/* Take whatever is at gfn away, except devices. -ENOENT: nothing. */
int memory_remove(struct domain *d, gfn_t gfn);

#endif
