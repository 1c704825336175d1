/* SPDX-License-Identifier: ISC */
/* What only dom0 may ask of the machine: platform_op(arg). */
#ifndef PUBLIC_PLATFORM_H
#define PUBLIC_PLATFORM_H

/* Facts from xen/platform.h. -EACCES: another interface version. */
#include "xen.h"

#define XENPF_INTERFACE_VERSION 0x03000001

#define XENPF_settime32 17
#define XENPF_settime64 62

/* Wall-clock time at a given system time; the hypervisor hands it on to all domains. */
struct xenpf_settime32 {
	uint32_t secs;        /* since 1970-01-01 00:00 UTC */
	uint32_t nsecs;       /* below 10^9 */
	uint64_t system_time; /* ns since boot */
};

struct xenpf_settime64 {
	uint64_t secs;
	uint32_t nsecs;
	uint32_t mbz; /* 0, else -EINVAL */
	uint64_t system_time;
};

struct xen_platform_op {
	uint32_t cmd;               /* XENPF_* */
	uint32_t interface_version; /* XENPF_INTERFACE_VERSION */
	union {
		struct xenpf_settime32 settime32;
		struct xenpf_settime64 settime64;
		uint8_t pad[128];
	} u;
};

/* Layout, in bytes. */
XEN_ASSERT_SIZE(struct xenpf_settime32, 16);
XEN_ASSERT_OFFSET(struct xenpf_settime32, nsecs, 4);
XEN_ASSERT_OFFSET(struct xenpf_settime32, system_time, 8);
XEN_ASSERT_SIZE(struct xenpf_settime64, 24);
XEN_ASSERT_OFFSET(struct xenpf_settime64, nsecs, 8);
XEN_ASSERT_OFFSET(struct xenpf_settime64, mbz, 12);
XEN_ASSERT_OFFSET(struct xenpf_settime64, system_time, 16);
XEN_ASSERT_SIZE(struct xen_platform_op, 136);
XEN_ASSERT_OFFSET(struct xen_platform_op, interface_version, 4);
XEN_ASSERT_OFFSET(struct xen_platform_op, u, 8);

#endif /* PUBLIC_PLATFORM_H */
