/* SPDX-License-Identifier: ISC */
/* Per-vCPU registrations: vcpu_op(cmd, vcpuid, arg). */
#ifndef PUBLIC_VCPU_H
#define PUBLIC_VCPU_H

/* Facts from xen/vcpu.h. -ENOENT: the caller has no such vCPU. */
#include "xen.h"

#define VCPUOP_is_up                         3 /* no argument: returns 0 or 1 */
#define VCPUOP_get_runstate_info             4
#define VCPUOP_register_runstate_memory_area 5
#define VCPUOP_register_vcpu_info            10

/* vcpu_runstate_info.state */
#define RUNSTATE_running  0
#define RUNSTATE_runnable 1 /* wants a CPU */
#define RUNSTATE_blocked  2
#define RUNSTATE_offline  3

/* Set in state_entry_time while the area is being written (if vm_assist switched it on). */
#define XEN_RUNSTATE_UPDATE (1ULL << 63)

struct vcpu_runstate_info {
	int32_t state;             /* RUNSTATE_* */
	uint64_t state_entry_time; /* system time in ns */
	uint64_t time[4];          /* ns spent in each RUNSTATE_* */
};

/* A virtual address that stays mapped; the hypervisor writes there at each switch. 0 = none. */
struct vcpu_register_runstate_memory_area {
	union {
		XEN_GUEST_HANDLE(struct vcpu_runstate_info) h;
		uint64_t p;
	} addr;
};

/* Once in a vCPU's life. -ENXIO: leaves the page; -EINVAL: the second time, or not aligned. */
struct vcpu_register_vcpu_info {
	uint64_t mfn;    /* in: guest frame */
	uint32_t offset; /* in: bytes into that page */
	uint32_t rsvd;
};

/* Layout, in bytes. */
XEN_ASSERT_SIZE(struct vcpu_runstate_info, 48);
XEN_ASSERT_OFFSET(struct vcpu_runstate_info, state_entry_time, 8);
XEN_ASSERT_OFFSET(struct vcpu_runstate_info, time, 16);
XEN_ASSERT_SIZE(struct vcpu_register_runstate_memory_area, 8);
XEN_ASSERT_SIZE(struct vcpu_register_vcpu_info, 16);
XEN_ASSERT_OFFSET(struct vcpu_register_vcpu_info, offset, 8);
XEN_ASSERT_OFFSET(struct vcpu_register_vcpu_info, rsvd, 12);

#endif /* PUBLIC_VCPU_H */
