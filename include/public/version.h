/* SPDX-License-Identifier: ISC */
/* What the hypervisor says about itself: xen_version(cmd, arg). */
#ifndef PUBLIC_VERSION_H
#define PUBLIC_VERSION_H

/* Facts from xen/version.h. Strings end with a NUL and the rest of the array is 0. */
#include "xen.h"
#include "features.h"

#define XENVER_version             0 /* no argument: returns major << 16 | minor */
#define XENVER_extraversion        1
#define XENVER_compile_info        2
#define XENVER_capabilities        3
#define XENVER_changeset           4
#define XENVER_platform_parameters 5
#define XENVER_get_features        6
#define XENVER_pagesize            7 /* no argument: returns bytes */
#define XENVER_guest_handle        8 /* xen_domain_handle_t of the caller */
#define XENVER_commandline         9
#define XENVER_build_id            10 /* null argument: returns the length */

typedef char xen_extraversion_t[16];
#define XEN_EXTRAVERSION_LEN (sizeof(xen_extraversion_t))

struct xen_compile_info {
	char compiler[64];
	char compile_by[16];
	char compile_domain[32];
	char compile_date[32];
};

/* Kinds of guest, separated by blanks: "xen-3.0-aarch64 xen-3.0-armv7l ". */
typedef char xen_capabilities_info_t[1024];
#define XEN_CAPABILITIES_INFO_LEN (sizeof(xen_capabilities_info_t))

typedef char xen_changeset_info_t[64];
#define XEN_CHANGESET_INFO_LEN (sizeof(xen_changeset_info_t))

struct xen_platform_parameters {
	xen_ulong_t virt_start; /* where the hypervisor begins in the virtual address space */
};

struct xen_feature_info {
	uint32_t submap_idx; /* in: 0 .. XENFEAT_NR_SUBMAPS - 1 */
	uint32_t submap;     /* out: bit n is feature submap_idx * 32 + n */
};

typedef char xen_commandline_t[1024];

struct xen_build_id {
	uint32_t len; /* in: bytes in buf */
	uint8_t buf[];
};

/* Layout, in bytes. */
XEN_ASSERT_SIZE(struct xen_compile_info, 144);
XEN_ASSERT_OFFSET(struct xen_compile_info, compile_by, 64);
XEN_ASSERT_OFFSET(struct xen_compile_info, compile_domain, 80);
XEN_ASSERT_OFFSET(struct xen_compile_info, compile_date, 112);
XEN_ASSERT_SIZE(struct xen_platform_parameters, 8);
XEN_ASSERT_SIZE(struct xen_feature_info, 8);
XEN_ASSERT_OFFSET(struct xen_feature_info, submap, 4);
XEN_ASSERT_SIZE(struct xen_build_id, 4);
XEN_ASSERT_OFFSET(struct xen_build_id, buf, 4);

#endif /* PUBLIC_VERSION_H */
