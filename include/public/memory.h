/* SPDX-License-Identifier: ISC */
/* Memory of domains: memory_op(cmd, arg), reservations, mappings and shared resources. */
#ifndef PUBLIC_MEMORY_H
#define PUBLIC_MEMORY_H

/* Facts from xen/memory.h. Frame numbers and counts are in pages of 4 KiB. */
#include "xen.h"

#define XENMEM_increase_reservation 0
#define XENMEM_decrease_reservation 1
#define XENMEM_maximum_ram_page     2 /* no argument: returns the machine's highest frame */
#define XENMEM_current_reservation  3 /* xen_memory_domain: returns pages */
#define XENMEM_maximum_reservation  4 /* xen_memory_domain: returns pages */
#define XENMEM_populate_physmap     6
#define XENMEM_add_to_physmap       7
#define XENMEM_maximum_gpfn         14 /* xen_memory_domain: returns the highest guest frame */
#define XENMEM_remove_from_physmap  15
#define XENMEM_add_to_physmap_batch 23
#define XENMEM_claim_pages          24 /* xen_memory_reservation: set pages aside for it */
#define XENMEM_acquire_resource     28

/* xen_memory_reservation.mem_flags, the bits that are not x86's or NUMA's */
#define XENMEMF_populate_on_demand (1 << 16)
#define XENMEMF_exact_node_request (1 << 17)
#define XENMEMF_vnode              (1 << 18)

/*
 * increase, decrease and populate. The three return how many extents were done, which may be fewer
 * than asked, or a negative error if the arguments make no sense.
 */
struct xen_memory_reservation {
	/* populate, decrease: guest frames in. increase: machine frames out, or a null handle. */
	XEN_GUEST_HANDLE(xen_pfn_t) extent_start;
	xen_ulong_t nr_extents;
	uint32_t extent_order; /* an extent is 2^extent_order pages */
	uint32_t mem_flags;    /* low byte: address bits the machine frame may have, 0 = any */
	domid_t domid;
};

struct xen_memory_domain {
	domid_t domid;
};

/* What can be put into a domain's physical address space. */
#define XENMAPSPACE_shared_info  0 /* idx ignored */
#define XENMAPSPACE_grant_table  1 /* idx: page of the table */
#define XENMAPSPACE_gmfn         2 /* not on ARM */
#define XENMAPSPACE_gmfn_range   3 /* not on ARM */
#define XENMAPSPACE_gmfn_foreign 4 /* batch only; idx: guest frame of the foreign domain */
#define XENMAPSPACE_dev_mmio     5 /* idx: machine frame of a device that the domain may use */

#define XENMAPIDX_grant_table_status 0x80000000 /* grant table version 2 only */

/* Whatever was at gpfn before is dropped from there. */
struct xen_add_to_physmap {
	domid_t domid;
	uint16_t size;  /* gmfn_range only */
	uint32_t space; /* XENMAPSPACE_* */
	xen_ulong_t idx;
	xen_pfn_t gpfn;
};

/*
 * Many pages at once; errs[i] is 0 or a negative error for page i, and the call returns 0 when
 * it has worked through all of them. Linux calls it XENMEM_add_to_physmap_range.
 */
struct xen_add_to_physmap_batch {
	domid_t domid;  /* in: whose address space */
	uint16_t space; /* in: XENMAPSPACE_* */
	uint16_t size;  /* in: number of pages */
	union {
		domid_t foreign_domid; /* gmfn_foreign */
		uint16_t res0;         /* others: 0 */
	} u;
	XEN_GUEST_HANDLE(xen_ulong_t) idxs; /* in */
	XEN_GUEST_HANDLE(xen_pfn_t) gpfns;  /* in */
	XEN_GUEST_HANDLE(int32_t) errs;     /* out */
};

/* -ENOENT: there is nothing at gpfn. */
struct xen_remove_from_physmap {
	domid_t domid;
	xen_pfn_t gpfn;
};

/* xen_mem_acquire_resource.type, and .id for a grant table */
#define XENMEM_resource_ioreq_server          0
#define XENMEM_resource_grant_table           1
#define XENMEM_resource_vmtrace_buf           2
#define XENMEM_resource_grant_table_id_shared 0
#define XENMEM_resource_grant_table_id_status 1

/*
 * Map pages the hypervisor keeps for a domain into the caller. With a null frame_list and
 * nr_frames 0 it only tells the size of the resource. -EOPNOTSUPP: no such type here.
 */
struct xen_mem_acquire_resource {
	domid_t domid;      /* in: whose resource */
	uint16_t type;      /* in */
	uint32_t id;        /* in: by type */
	uint32_t nr_frames; /* in: pages to map; out: size in pages if it was a query */
	uint32_t pad;       /* 0 */
	uint64_t frame;     /* in: first page of the resource */
	XEN_GUEST_HANDLE(xen_pfn_t) frame_list; /* in: the caller's guest frames to map at */
};

/* Layout, in bytes. */
XEN_ASSERT_SIZE(struct xen_memory_reservation, 32);
XEN_ASSERT_OFFSET(struct xen_memory_reservation, nr_extents, 8);
XEN_ASSERT_OFFSET(struct xen_memory_reservation, extent_order, 16);
XEN_ASSERT_OFFSET(struct xen_memory_reservation, mem_flags, 20);
XEN_ASSERT_OFFSET(struct xen_memory_reservation, domid, 24);
XEN_ASSERT_SIZE(struct xen_memory_domain, 2);
XEN_ASSERT_SIZE(struct xen_add_to_physmap, 24);
XEN_ASSERT_OFFSET(struct xen_add_to_physmap, size, 2);
XEN_ASSERT_OFFSET(struct xen_add_to_physmap, space, 4);
XEN_ASSERT_OFFSET(struct xen_add_to_physmap, idx, 8);
XEN_ASSERT_OFFSET(struct xen_add_to_physmap, gpfn, 16);
XEN_ASSERT_SIZE(struct xen_add_to_physmap_batch, 32);
XEN_ASSERT_OFFSET(struct xen_add_to_physmap_batch, space, 2);
XEN_ASSERT_OFFSET(struct xen_add_to_physmap_batch, size, 4);
XEN_ASSERT_OFFSET(struct xen_add_to_physmap_batch, u, 6);
XEN_ASSERT_OFFSET(struct xen_add_to_physmap_batch, idxs, 8);
XEN_ASSERT_OFFSET(struct xen_add_to_physmap_batch, gpfns, 16);
XEN_ASSERT_OFFSET(struct xen_add_to_physmap_batch, errs, 24);
XEN_ASSERT_SIZE(struct xen_remove_from_physmap, 16);
XEN_ASSERT_OFFSET(struct xen_remove_from_physmap, gpfn, 8);
XEN_ASSERT_SIZE(struct xen_mem_acquire_resource, 32);
XEN_ASSERT_OFFSET(struct xen_mem_acquire_resource, type, 2);
XEN_ASSERT_OFFSET(struct xen_mem_acquire_resource, id, 4);
XEN_ASSERT_OFFSET(struct xen_mem_acquire_resource, nr_frames, 8);
XEN_ASSERT_OFFSET(struct xen_mem_acquire_resource, pad, 12);
XEN_ASSERT_OFFSET(struct xen_mem_acquire_resource, frame, 16);
XEN_ASSERT_OFFSET(struct xen_mem_acquire_resource, frame_list, 24);

#endif /* PUBLIC_MEMORY_H */
