/* SPDX-License-Identifier: ISC */
/* The core of the ABI: hypercall numbers, error numbers, domain ids, and shared_info. */
#ifndef PUBLIC_XEN_H
#define PUBLIC_XEN_H

/*
 * Facts from xen/xen.h and xen/errno.h, Xen 4.17. A hypercall number or sub-operation that is
 * not implemented returns -XEN_ENOSYS.
 */
#include "arch-arm.h"

#define __HYPERVISOR_platform_op      7
#define __HYPERVISOR_memory_op        12
#define __HYPERVISOR_multicall        13
#define __HYPERVISOR_xen_version      17
#define __HYPERVISOR_console_io       18
#define __HYPERVISOR_grant_table_op   20
#define __HYPERVISOR_vm_assist        21
#define __HYPERVISOR_vcpu_op          24
#define __HYPERVISOR_xsm_op           27
#define __HYPERVISOR_sched_op         29
#define __HYPERVISOR_event_channel_op 32
#define __HYPERVISOR_physdev_op       33
#define __HYPERVISOR_hvm_op           34
#define __HYPERVISOR_sysctl           35
#define __HYPERVISOR_domctl           36
#define __HYPERVISOR_argo_op          39
#define __HYPERVISOR_dm_op            41
#define __HYPERVISOR_hypfs_op         42

/* Virtual interrupts, bound by EVTCHNOP_bind_virq. Global ones have one binder in the machine. */
#define VIRQ_TIMER    0 /* per vCPU: one-shot timer has expired */
#define VIRQ_DEBUG    1 /* per vCPU: please print your state */
#define VIRQ_CONSOLE  2 /* global: input for dom0's emergency console */
#define VIRQ_DOM_EXC  3 /* global: a domain has shut down or died; look at all of them */
#define VIRQ_CON_RING 8 /* global: there is something new to read by sysctl readconsole */
#define NR_VIRQS      24

/* console_io(cmd, count, buffer): returns the number of bytes read, or 0 when all was written. */
#define CONSOLEIO_write 0
#define CONSOLEIO_read  1

/* vm_assist(cmd, type): switch a behaviour of this domain. */
#define VMASST_CMD_enable                0
#define VMASST_CMD_disable               1
#define VMASST_TYPE_runstate_update_flag 5 /* see XEN_RUNSTATE_UPDATE in vcpu.h */

/* Domain ids. Real domains are below DOMID_FIRST_RESERVED. */
#define DOMID_FIRST_RESERVED 0x7FF0U
#define DOMID_SELF           0x7FF0U /* the caller */
#define DOMID_IO             0x7FF1U /* owner of device memory */
#define DOMID_XEN            0x7FF2U /* owner of pages the hypervisor shares out */
#define DOMID_COW            0x7FF3U /* owner of shared copy-on-write pages */
#define DOMID_INVALID        0x7FF4U /* nobody; in the getters: no such domain */
#define DOMID_IDLE           0x7FFFU
#define DOMID_MASK           0x7FFFU

/* vcpu_time_info.flags */
#define XEN_PVCLOCK_TSC_STABLE_BIT (1 << 0)
#define XEN_PVCLOCK_GUEST_STOPPED  (1 << 1)

#ifndef __ASSEMBLER__

/* Hypercalls return these negated. They are Linux's numbers on every architecture. */
enum xen_errno {
	XEN_EPERM = 1,
	XEN_ENOENT = 2,
	XEN_ESRCH = 3,
	XEN_EIO = 5,
	XEN_ENXIO = 6,
	XEN_E2BIG = 7,
	XEN_ENOEXEC = 8,
	XEN_EBADF = 9,
	XEN_ECHILD = 10,
	XEN_EAGAIN = 11,
	XEN_ENOMEM = 12,
	XEN_EACCES = 13,
	XEN_EFAULT = 14,
	XEN_EBUSY = 16,
	XEN_EEXIST = 17,
	XEN_EXDEV = 18,
	XEN_ENODEV = 19,
	XEN_ENOTDIR = 20,
	XEN_EISDIR = 21,
	XEN_EINVAL = 22,
	XEN_ENFILE = 23,
	XEN_EMFILE = 24,
	XEN_ENOSPC = 28,
	XEN_EROFS = 30,
	XEN_EMLINK = 31,
	XEN_EDOM = 33,
	XEN_ERANGE = 34,
	XEN_EDEADLK = 35,
	XEN_ENAMETOOLONG = 36,
	XEN_ENOLCK = 37,
	XEN_ENOSYS = 38,
	XEN_ENOTEMPTY = 39,
	XEN_ENODATA = 61,
	XEN_ETIME = 62,
	XEN_EBADMSG = 74,
	XEN_EOVERFLOW = 75,
	XEN_EILSEQ = 84,
	XEN_ENOTSOCK = 88,
	XEN_EMSGSIZE = 90,
	XEN_EOPNOTSUPP = 95,
	XEN_EADDRINUSE = 98,
	XEN_EADDRNOTAVAIL = 99,
	XEN_ENOBUFS = 105,
	XEN_EISCONN = 106,
	XEN_ENOTCONN = 107,
	XEN_ETIMEDOUT = 110,
	XEN_ECONNREFUSED = 111,
};

/* multicall(entries, count): entry by entry, each with its own result. */
struct multicall_entry {
	xen_ulong_t op;      /* in: __HYPERVISOR_* */
	xen_ulong_t result;  /* out: what the hypercall returned, sign-extended */
	xen_ulong_t args[6]; /* in */
};

/* Part of vcpu_info. ARM guests read the architected counter, so all of it is 0 there. */
struct vcpu_time_info {
	uint32_t version; /* odd while it is being written */
	uint32_t pad0;
	uint64_t tsc_timestamp;
	uint64_t system_time; /* ns since boot */
	uint32_t tsc_to_system_mul;
	int8_t tsc_shift;
	uint8_t flags; /* XEN_PVCLOCK_* */
	uint8_t pad1[2];
};

/* One a vCPU: in shared_info, or where VCPUOP_register_vcpu_info has put it. */
struct vcpu_info {
	uint8_t evtchn_upcall_pending;  /* set before GUEST_EVTCHN_PPI is raised */
	uint8_t pad0;                   /* the upcall mask of x86 PV; ARM masks at the GIC */
	xen_ulong_t evtchn_pending_sel; /* bit n: look at evtchn_pending[n] */
	struct vcpu_time_info time;
};

/* One page a domain, mapped by XENMEM_add_to_physmap with XENMAPSPACE_shared_info. */
struct shared_info {
	struct vcpu_info vcpu_info[XEN_LEGACY_MAX_VCPUS];
	xen_ulong_t evtchn_pending[64]; /* bit p%64 of word p/64 is port p, 2-level ABI */
	xen_ulong_t evtchn_mask[64];
	/* Wall-clock time when the domain's counter was 0, since 1970-01-01 00:00 UTC. */
	uint32_t wc_version; /* odd while it is being written */
	uint32_t wc_sec;     /* low half of the seconds */
	uint32_t wc_nsec;
	uint32_t wc_sec_hi;
};

/* A bit map in the caller's memory; bit n is bit n%8 of byte n/8. */
struct xenctl_bitmap {
	XEN_GUEST_HANDLE(uint8_t) bitmap;
	uint32_t nr_bits;
};

/* Layout, in bytes. */
XEN_ASSERT_SIZE(struct multicall_entry, 64);
XEN_ASSERT_OFFSET(struct multicall_entry, result, 8);
XEN_ASSERT_OFFSET(struct multicall_entry, args, 16);
XEN_ASSERT_SIZE(struct vcpu_time_info, 32);
XEN_ASSERT_OFFSET(struct vcpu_time_info, pad0, 4);
XEN_ASSERT_OFFSET(struct vcpu_time_info, tsc_timestamp, 8);
XEN_ASSERT_OFFSET(struct vcpu_time_info, system_time, 16);
XEN_ASSERT_OFFSET(struct vcpu_time_info, tsc_to_system_mul, 24);
XEN_ASSERT_OFFSET(struct vcpu_time_info, tsc_shift, 28);
XEN_ASSERT_OFFSET(struct vcpu_time_info, flags, 29);
XEN_ASSERT_OFFSET(struct vcpu_time_info, pad1, 30);
XEN_ASSERT_SIZE(struct vcpu_info, 48);
XEN_ASSERT_OFFSET(struct vcpu_info, pad0, 1);
XEN_ASSERT_OFFSET(struct vcpu_info, evtchn_pending_sel, 8);
XEN_ASSERT_OFFSET(struct vcpu_info, time, 16);
XEN_ASSERT_SIZE(struct shared_info, 1088);
XEN_ASSERT_OFFSET(struct shared_info, evtchn_pending, 48);
XEN_ASSERT_OFFSET(struct shared_info, evtchn_mask, 560);
XEN_ASSERT_OFFSET(struct shared_info, wc_version, 1072);
XEN_ASSERT_OFFSET(struct shared_info, wc_sec, 1076);
XEN_ASSERT_OFFSET(struct shared_info, wc_nsec, 1080);
XEN_ASSERT_OFFSET(struct shared_info, wc_sec_hi, 1084);
XEN_ASSERT_SIZE(struct xenctl_bitmap, 16);
XEN_ASSERT_OFFSET(struct xenctl_bitmap, nr_bits, 8);

#endif /* __ASSEMBLER__ */
#endif /* PUBLIC_XEN_H */
