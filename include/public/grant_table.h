/* SPDX-License-Identifier: ISC */
/* Grant tables, version 1: grant_table_op(cmd, array, count), entries and status codes. */
#ifndef PUBLIC_GRANT_TABLE_H
#define PUBLIC_GRANT_TABLE_H

/*
 * Facts from xen/grant_table.h. Every operation takes an array of `count` structures and puts the
 * outcome of each into its `status` (GNTST_*, 0 or negative). The hypercall itself fails only
 * when the array cannot be read or written (-EFAULT), or for an unknown operation (-ENOSYS):
 * Linux treats any failure of map, unmap and copy as a bug. setup_table, query_size, set_version
 * and get_version want a count of 1 (-EINVAL).
 */
#include "xen.h"

typedef uint32_t grant_ref_t;    /* index into the granting domain's table */
typedef uint32_t grant_handle_t; /* names a mapping in the mapping domain */

/*
 * One entry of the shared table, 512 to a page. The granting domain writes frame and domid, then
 * flags; to revoke, it clears flags while neither READING nor WRITING is set.
 */
struct grant_entry_v1 {
	uint16_t flags; /* GTF_* */
	domid_t domid;  /* who may use it */
	uint32_t frame; /* guest frame number */
};

/* Entries that the toolstack fills in for a new guest. */
#define GNTTAB_NR_RESERVED_ENTRIES 8
#define GNTTAB_RESERVED_CONSOLE    0
#define GNTTAB_RESERVED_XENSTORE   1

/* Type of an entry, then modifiers; READING and WRITING are set by the hypervisor. */
#define GTF_invalid         (0U << 0)
#define GTF_permit_access   (1U << 0)
#define GTF_accept_transfer (2U << 0) /* not implemented */
#define GTF_type_mask       (3U << 0)
#define _GTF_readonly       (2)
#define GTF_readonly        (1U << _GTF_readonly)
#define _GTF_reading        (3)
#define GTF_reading         (1U << _GTF_reading)
#define _GTF_writing        (4)
#define GTF_writing         (1U << _GTF_writing)

#define GNTTABOP_map_grant_ref   0
#define GNTTABOP_unmap_grant_ref 1
#define GNTTABOP_setup_table     2
#define GNTTABOP_copy            5
#define GNTTABOP_query_size      6
#define GNTTABOP_set_version     8
#define GNTTABOP_get_version     10
#define GNTTABOP_swap_grant_ref  11
#define GNTTABOP_cache_flush     12

/* gnttab_map_grant_ref.flags */
#define _GNTMAP_device_map      (0)
#define GNTMAP_device_map       (1 << _GNTMAP_device_map) /* a device will access it by DMA */
#define _GNTMAP_host_map        (1)
#define GNTMAP_host_map         (1 << _GNTMAP_host_map) /* map it at host_addr */
#define _GNTMAP_readonly        (2)
#define GNTMAP_readonly         (1 << _GNTMAP_readonly)
#define _GNTMAP_application_map (3)
#define GNTMAP_application_map  (1 << _GNTMAP_application_map) /* x86 PV */
#define _GNTMAP_contains_pte    (4)
#define GNTMAP_contains_pte     (1 << _GNTMAP_contains_pte) /* x86 PV */

struct gnttab_map_grant_ref {
	uint64_t host_addr;    /* in: guest physical address to map at, page aligned */
	uint32_t flags;        /* in: GNTMAP_* */
	grant_ref_t ref;       /* in */
	domid_t dom;           /* in: the granting domain */
	int16_t status;        /* out: GNTST_* */
	grant_handle_t handle; /* out */
	uint64_t dev_bus_addr; /* out: machine address, for DMA */
};

struct gnttab_unmap_grant_ref {
	uint64_t host_addr;    /* in: as when it was mapped; 0 = leave that mapping */
	uint64_t dev_bus_addr; /* in: 0 = ignore */
	grant_handle_t handle; /* in */
	int16_t status;        /* out: GNTST_* */
};

/* Make the table at least nr_frames pages long and say which frames. */
struct gnttab_setup_table {
	domid_t dom;                            /* in */
	uint32_t nr_frames;                     /* in */
	int16_t status;                         /* out: GNTST_* */
	XEN_GUEST_HANDLE(xen_pfn_t) frame_list; /* out: nr_frames guest frame numbers */
};

/* gnttab_copy.flags: what u of the source and the destination is. */
#define _GNTCOPY_source_gref (0)
#define GNTCOPY_source_gref  (1 << _GNTCOPY_source_gref)
#define _GNTCOPY_dest_gref   (1)
#define GNTCOPY_dest_gref    (1 << _GNTCOPY_dest_gref)

/* Copy bytes within one page at each end. */
struct gnttab_copy {
	struct gnttab_copy_ptr {
		union {
			grant_ref_t ref;
			xen_pfn_t gmfn;
		} u;
		domid_t domid;
		uint16_t offset;
	} source, dest; /* in */
	uint16_t len;   /* in: bytes */
	uint16_t flags; /* in: GNTCOPY_* */
	int16_t status; /* out: GNTST_* */
};

struct gnttab_query_size {
	domid_t dom;            /* in */
	uint32_t nr_frames;     /* out: pages now */
	uint32_t max_nr_frames; /* out: pages at most */
	int16_t status;         /* out: GNTST_* */
};

/* One structure, no array and no status: the hypercall's result tells. Only version 1 is known. */
struct gnttab_set_version {
	uint32_t version; /* in and out */
};

struct gnttab_get_version {
	domid_t dom; /* in */
	uint16_t pad;
	uint32_t version; /* out */
};

/* Exchange two entries of the caller's own table. GNTST_eagain: one of them is in use. */
struct gnttab_swap_grant_ref {
	grant_ref_t ref_a; /* in */
	grant_ref_t ref_b; /* in */
	int16_t status;    /* out: GNTST_* */
};

/* gnttab_cache_flush.op */
#define GNTTAB_CACHE_CLEAN       (1u << 0)
#define GNTTAB_CACHE_INVAL       (1u << 1)
#define GNTTAB_CACHE_SOURCE_GREF (1u << 31) /* a.ref is used, else a.dev_bus_addr */

/* Cache maintenance on a foreign page, for DMA that is not coherent. The result tells. */
struct gnttab_cache_flush {
	union {
		uint64_t dev_bus_addr;
		grant_ref_t ref;
	} a;
	uint16_t offset; /* bytes into the page */
	uint16_t length; /* bytes */
	uint32_t op;     /* GNTTAB_CACHE_* */
};

#define GNTST_okay              (0)
#define GNTST_general_error     (-1)
#define GNTST_bad_domain        (-2)
#define GNTST_bad_gntref        (-3)
#define GNTST_bad_handle        (-4)
#define GNTST_bad_virt_addr     (-5)
#define GNTST_bad_dev_addr      (-6)
#define GNTST_no_device_space   (-7) /* no more mapping handles, too */
#define GNTST_permission_denied (-8)
#define GNTST_bad_page          (-9)
#define GNTST_bad_copy_arg      (-10) /* crosses a page boundary */
#define GNTST_address_too_big   (-11)
#define GNTST_eagain            (-12) /* try again later */
#define GNTST_no_space          (-13)

/* Layout, in bytes. */
XEN_ASSERT_SIZE(struct grant_entry_v1, 8);
XEN_ASSERT_OFFSET(struct grant_entry_v1, domid, 2);
XEN_ASSERT_OFFSET(struct grant_entry_v1, frame, 4);
XEN_ASSERT_SIZE(struct gnttab_map_grant_ref, 32);
XEN_ASSERT_OFFSET(struct gnttab_map_grant_ref, flags, 8);
XEN_ASSERT_OFFSET(struct gnttab_map_grant_ref, ref, 12);
XEN_ASSERT_OFFSET(struct gnttab_map_grant_ref, dom, 16);
XEN_ASSERT_OFFSET(struct gnttab_map_grant_ref, status, 18);
XEN_ASSERT_OFFSET(struct gnttab_map_grant_ref, handle, 20);
XEN_ASSERT_OFFSET(struct gnttab_map_grant_ref, dev_bus_addr, 24);
XEN_ASSERT_SIZE(struct gnttab_unmap_grant_ref, 24);
XEN_ASSERT_OFFSET(struct gnttab_unmap_grant_ref, dev_bus_addr, 8);
XEN_ASSERT_OFFSET(struct gnttab_unmap_grant_ref, handle, 16);
XEN_ASSERT_OFFSET(struct gnttab_unmap_grant_ref, status, 20);
XEN_ASSERT_SIZE(struct gnttab_setup_table, 24);
XEN_ASSERT_OFFSET(struct gnttab_setup_table, nr_frames, 4);
XEN_ASSERT_OFFSET(struct gnttab_setup_table, status, 8);
XEN_ASSERT_OFFSET(struct gnttab_setup_table, frame_list, 16);
XEN_ASSERT_SIZE(struct gnttab_copy, 40);
XEN_ASSERT_OFFSET(struct gnttab_copy, dest, 16);
XEN_ASSERT_OFFSET(struct gnttab_copy, len, 32);
XEN_ASSERT_OFFSET(struct gnttab_copy, flags, 34);
XEN_ASSERT_OFFSET(struct gnttab_copy, status, 36);
XEN_ASSERT_SIZE(struct gnttab_copy_ptr, 16);
XEN_ASSERT_OFFSET(struct gnttab_copy_ptr, domid, 8);
XEN_ASSERT_OFFSET(struct gnttab_copy_ptr, offset, 10);
XEN_ASSERT_SIZE(struct gnttab_query_size, 16);
XEN_ASSERT_OFFSET(struct gnttab_query_size, nr_frames, 4);
XEN_ASSERT_OFFSET(struct gnttab_query_size, max_nr_frames, 8);
XEN_ASSERT_OFFSET(struct gnttab_query_size, status, 12);
XEN_ASSERT_SIZE(struct gnttab_set_version, 4);
XEN_ASSERT_SIZE(struct gnttab_get_version, 8);
XEN_ASSERT_OFFSET(struct gnttab_get_version, pad, 2);
XEN_ASSERT_OFFSET(struct gnttab_get_version, version, 4);
XEN_ASSERT_SIZE(struct gnttab_swap_grant_ref, 12);
XEN_ASSERT_OFFSET(struct gnttab_swap_grant_ref, ref_b, 4);
XEN_ASSERT_OFFSET(struct gnttab_swap_grant_ref, status, 8);
XEN_ASSERT_SIZE(struct gnttab_cache_flush, 16);
XEN_ASSERT_OFFSET(struct gnttab_cache_flush, offset, 8);
XEN_ASSERT_OFFSET(struct gnttab_cache_flush, length, 10);
XEN_ASSERT_OFFSET(struct gnttab_cache_flush, op, 12);

#endif /* PUBLIC_GRANT_TABLE_H */
