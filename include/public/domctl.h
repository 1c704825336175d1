/* SPDX-License-Identifier: ISC */
/* Operations on one domain, for the toolstack: domctl(arg). */
#ifndef PUBLIC_DOMCTL_H
#define PUBLIC_DOMCTL_H

/*
 * Facts from xen/domctl.h, Xen 4.17. Errors common to all: -EACCES another interface version,
 * -EPERM the caller is not privileged, -ESRCH no such domain, -EFAULT an unreadable argument,
 * -ENOSYS not implemented.
 */
#include "event_channel.h"
#include "memory.h"
#include "xen.h"

#define XEN_DOMCTL_INTERFACE_VERSION 0x00000015

#define XEN_DOMCTL_createdomain            1
#define XEN_DOMCTL_destroydomain           2
#define XEN_DOMCTL_pausedomain             3
#define XEN_DOMCTL_unpausedomain           4
#define XEN_DOMCTL_getdomaininfo           5
#define XEN_DOMCTL_setvcpuaffinity         9
#define XEN_DOMCTL_max_mem                 11
#define XEN_DOMCTL_setvcpucontext          12
#define XEN_DOMCTL_getvcpucontext          13
#define XEN_DOMCTL_getvcpuinfo             14
#define XEN_DOMCTL_max_vcpus               15
#define XEN_DOMCTL_scheduler_op            16
#define XEN_DOMCTL_setdomainhandle         17
#define XEN_DOMCTL_setdebugging            18
#define XEN_DOMCTL_irq_permission          19
#define XEN_DOMCTL_iomem_permission        20
#define XEN_DOMCTL_settimeoffset           24
#define XEN_DOMCTL_getvcpuaffinity         25
#define XEN_DOMCTL_resumedomain            27
#define XEN_DOMCTL_sendtrigger             28
#define XEN_DOMCTL_set_address_size        35
#define XEN_DOMCTL_get_address_size        36
#define XEN_DOMCTL_memory_mapping          39
#define XEN_DOMCTL_setnodeaffinity         68
#define XEN_DOMCTL_getnodeaffinity         69
#define XEN_DOMCTL_cacheflush              71
#define XEN_DOMCTL_vuart_op                81
#define XEN_DOMCTL_get_paging_mempool_size 85
#define XEN_DOMCTL_set_paging_mempool_size 86

/* createdomain.flags. An ARM guest has hvm and hap set. */
#define _XEN_DOMCTL_CDF_hvm          0
#define XEN_DOMCTL_CDF_hvm           (1U << _XEN_DOMCTL_CDF_hvm)
#define _XEN_DOMCTL_CDF_hap          1
#define XEN_DOMCTL_CDF_hap           (1U << _XEN_DOMCTL_CDF_hap)
#define _XEN_DOMCTL_CDF_s3_integrity 2
#define XEN_DOMCTL_CDF_s3_integrity  (1U << _XEN_DOMCTL_CDF_s3_integrity)
#define _XEN_DOMCTL_CDF_oos_off      3
#define XEN_DOMCTL_CDF_oos_off       (1U << _XEN_DOMCTL_CDF_oos_off)
#define _XEN_DOMCTL_CDF_xs_domain    4
#define XEN_DOMCTL_CDF_xs_domain     (1U << _XEN_DOMCTL_CDF_xs_domain)
#define _XEN_DOMCTL_CDF_iommu        5
#define XEN_DOMCTL_CDF_iommu         (1U << _XEN_DOMCTL_CDF_iommu)
#define _XEN_DOMCTL_CDF_nested_virt  6
#define XEN_DOMCTL_CDF_nested_virt   (1U << _XEN_DOMCTL_CDF_nested_virt)
#define XEN_DOMCTL_CDF_vpmu          (1U << 7)
#define XEN_DOMCTL_CDF_MAX           XEN_DOMCTL_CDF_vpmu /* no higher bit is known */

/* createdomain.grant_opts: the highest grant table version, in the low four bits. */
#define XEN_DOMCTL_GRANT_version_mask 0xf
#define XEN_DOMCTL_GRANT_version(v)   (XEN_DOMCTL_GRANT_version_mask & (v))

/*
 * The new domain is paused and has no memory and no vCPUs. xen_domctl.domain: in, the wanted id,
 * or 0 or >= DOMID_FIRST_RESERVED for any; out, the id.
 * -EEXIST: the id is taken. -EINVAL: a flag or limit that cannot be.
 */
struct xen_domctl_createdomain {
	uint32_t ssidref; /* 0: there are no security labels */
	xen_domain_handle_t handle;
	uint32_t flags;      /* XEN_DOMCTL_CDF_* */
	uint32_t iommu_opts; /* 0 */
	uint32_t max_vcpus;
	uint32_t max_evtchn_port;    /* highest port number it may have */
	int32_t max_grant_frames;    /* pages of grant table, negative = default */
	int32_t max_maptrack_frames; /* pages of mapping handles, negative = default */
	uint32_t grant_opts;         /* XEN_DOMCTL_GRANT_version() */
	uint32_t vmtrace_size;       /* 0: there is no such buffer on ARM */
	uint32_t cpupool_id;
	struct xen_arch_domainconfig arch; /* in and out */
};

/* getdomaininfo.flags; the shutdown reason (SHUTDOWN_*) is in bits 16..23. */
#define _XEN_DOMINF_dying        0
#define XEN_DOMINF_dying         (1U << _XEN_DOMINF_dying)
#define _XEN_DOMINF_hvm_guest    1
#define XEN_DOMINF_hvm_guest     (1U << _XEN_DOMINF_hvm_guest)
#define _XEN_DOMINF_shutdown     2
#define XEN_DOMINF_shutdown      (1U << _XEN_DOMINF_shutdown)
#define _XEN_DOMINF_paused       3
#define XEN_DOMINF_paused        (1U << _XEN_DOMINF_paused)
#define _XEN_DOMINF_blocked      4 /* no vCPU can run */
#define XEN_DOMINF_blocked       (1U << _XEN_DOMINF_blocked)
#define _XEN_DOMINF_running      5 /* some vCPU runs now */
#define XEN_DOMINF_running       (1U << _XEN_DOMINF_running)
#define _XEN_DOMINF_debugged     6
#define XEN_DOMINF_debugged      (1U << _XEN_DOMINF_debugged)
#define _XEN_DOMINF_xs_domain    7
#define XEN_DOMINF_xs_domain     (1U << _XEN_DOMINF_xs_domain)
#define _XEN_DOMINF_hap          8
#define XEN_DOMINF_hap           (1U << _XEN_DOMINF_hap)
#define XEN_DOMINF_shutdownmask  255
#define XEN_DOMINF_shutdownshift 16

#define XEN_INVALID_MAX_VCPU_ID (~0U) /* max_vcpu_id of a domain without vCPUs */

/* Out only. The domain asked about, or the next higher one: compare `domain`. */
struct xen_domctl_getdomaininfo {
	domid_t domain;
	uint16_t pad1;
	uint32_t flags;             /* XEN_DOMINF_* */
	uint64_t tot_pages;         /* pages it has */
	uint64_t max_pages;         /* pages it may have */
	uint64_t outstanding_pages; /* claimed, not yet given */
	uint64_t shr_pages;
	uint64_t paged_pages;
	uint64_t shared_info_frame; /* guest frame */
	uint64_t cpu_time;          /* ns, all vCPUs together */
	uint32_t nr_online_vcpus;
	uint32_t max_vcpu_id;
	uint32_t ssidref;
	xen_domain_handle_t handle;
	uint32_t cpupool;
	uint8_t gpaddr_bits; /* width of its physical addresses */
	uint8_t pad2[7];
	struct xen_arch_domainconfig arch_config;
};

struct xen_domctl_max_mem {
	uint64_t max_memkb; /* in: KiB */
};

/* setvcpucontext, getvcpucontext. -EINVAL: no such vCPU, or registers that cannot be. */
struct xen_domctl_vcpucontext {
	uint32_t vcpu;                                    /* in */
	XEN_GUEST_HANDLE(struct vcpu_guest_context) ctxt; /* in or out */
};

struct xen_domctl_getvcpuinfo {
	uint32_t vcpu;     /* in */
	uint8_t online;    /* out: not offline by PSCI */
	uint8_t blocked;   /* out: waits for an event */
	uint8_t running;   /* out: on a CPU now */
	uint64_t cpu_time; /* out: ns */
	uint32_t cpu;      /* out: the CPU it was on last */
};

/* setnodeaffinity, getnodeaffinity; one node, bit 0. */
struct xen_domctl_nodeaffinity {
	struct xenctl_bitmap nodemap;
};

/* vcpuaffinity.flags: which of the two maps. */
#define _XEN_VCPUAFFINITY_HARD  0
#define XEN_VCPUAFFINITY_HARD   (1U << _XEN_VCPUAFFINITY_HARD)
#define _XEN_VCPUAFFINITY_SOFT  1
#define XEN_VCPUAFFINITY_SOFT   (1U << _XEN_VCPUAFFINITY_SOFT)
#define _XEN_VCPUAFFINITY_FORCE 2
#define XEN_VCPUAFFINITY_FORCE  (1U << _XEN_VCPUAFFINITY_FORCE)

/*
 * setvcpuaffinity, getvcpuaffinity. set writes back what became effective: hard = wanted and
 * online, soft = that and wanted. get gives the maps as they were set.
 * -EINVAL: an empty effective map, no such vCPU, no flag.
 */
struct xen_domctl_vcpuaffinity {
	uint32_t vcpu;  /* in */
	uint32_t flags; /* in: XEN_VCPUAFFINITY_* */
	struct xenctl_bitmap cpumap_hard;
	struct xenctl_bitmap cpumap_soft;
};

/* Makes the vCPUs, all offline. -EINVAL: not the number given to createdomain. */
struct xen_domctl_max_vcpus {
	uint32_t max; /* in */
};

/* sched_id here and in sysctl. Plinth answers credit2. */
#define XEN_SCHEDULER_CREDIT   5
#define XEN_SCHEDULER_CREDIT2  6
#define XEN_SCHEDULER_ARINC653 7
#define XEN_SCHEDULER_RTDS     8
#define XEN_SCHEDULER_NULL     9

struct xen_domctl_sched_credit2 {
	uint16_t weight; /* share of the CPU, relative; 256 is usual */
	uint16_t cap;    /* percent of one CPU at most, 0 = no limit */
};

struct xen_domctl_schedparam_vcpu {
	union {
		struct xen_domctl_sched_credit2 credit2;
		struct {
			uint32_t period; /* microseconds */
			uint32_t budget; /* microseconds in each period */
			uint32_t flags;
		} rtds; /* not implemented; it determines the size */
	} u;
	uint32_t vcpuid;
};

#define XEN_DOMCTL_SCHEDOP_putinfo     0
#define XEN_DOMCTL_SCHEDOP_getinfo     1
#define XEN_DOMCTL_SCHEDOP_putvcpuinfo 2
#define XEN_DOMCTL_SCHEDOP_getvcpuinfo 3

/* -EINVAL: a scheduler that does not run here; put: a weight of 0. */
struct xen_domctl_scheduler_op {
	uint32_t sched_id; /* in: XEN_SCHEDULER_* */
	uint32_t cmd;      /* in: XEN_DOMCTL_SCHEDOP_* */
	union {
		struct xen_domctl_sched_credit2 credit2; /* putinfo, getinfo */
		struct {
			XEN_GUEST_HANDLE(struct xen_domctl_schedparam_vcpu) vcpus;
			uint32_t nr_vcpus; /* in: elements; out: how many were done */
			uint32_t padding;
		} v; /* putvcpuinfo, getvcpuinfo */
	} u;
};

struct xen_domctl_setdomainhandle {
	xen_domain_handle_t handle;
};

struct xen_domctl_setdebugging {
	uint8_t enable; /* 0 or 1 */
};

struct xen_domctl_irq_permission {
	uint32_t pirq;        /* interrupt ID of the GIC */
	uint8_t allow_access; /* 0 = take away */
	uint8_t pad[3];
};

struct xen_domctl_iomem_permission {
	uint64_t first_mfn;
	uint64_t nr_mfns;
	uint8_t allow_access; /* 0 = take away */
};

struct xen_domctl_settimeoffset {
	int64_t time_offset_seconds; /* of the domain's wall clock, to UTC */
};

/* set_address_size, get_address_size: 32 or 64, before the first vCPU exists. */
struct xen_domctl_address_size {
	uint32_t size; /* bits */
};

#define XEN_DOMCTL_SENDTRIGGER_NMI   0
#define XEN_DOMCTL_SENDTRIGGER_RESET 1
#define XEN_DOMCTL_SENDTRIGGER_INIT  2
#define XEN_DOMCTL_SENDTRIGGER_POWER 3
#define XEN_DOMCTL_SENDTRIGGER_SLEEP 4

struct xen_domctl_sendtrigger {
	uint32_t trigger; /* XEN_DOMCTL_SENDTRIGGER_* */
	uint32_t vcpu;
};

#define DPCI_ADD_MAPPING    1
#define DPCI_REMOVE_MAPPING 0

/* Device memory into a guest. -E2BIG: more than the hypervisor does in one call, split it. */
struct xen_domctl_memory_mapping {
	uint64_t first_gfn;
	uint64_t first_mfn;
	uint64_t nr_mfns;
	uint32_t add_mapping; /* DPCI_* */
	uint32_t padding;
};

/* Clean and invalidate guest frames to the point of coherency, before the guest starts. */
struct xen_domctl_cacheflush {
	xen_pfn_t start_pfn, nr_pfns;
};

/* get_paging_mempool_size, set_paging_mempool_size: memory for stage-2 tables. */
struct xen_domctl_paging_mempool {
	uint64_t size; /* bytes, whole pages */
};

#define XEN_DOMCTL_VUART_OP_INIT     0
#define XEN_DOMCTL_VUART_TYPE_VPL011 0

struct xen_domctl_vuart_op {
	uint32_t cmd;          /* XEN_DOMCTL_VUART_OP_* */
	uint32_t type;         /* XEN_DOMCTL_VUART_TYPE_* */
	uint64_t gfn;          /* in: guest frame of the console ring */
	domid_t console_domid; /* in: who serves it */
	uint8_t pad[2];
	evtchn_port_t evtchn; /* out: remote port for that domain to bind */
};

struct xen_domctl {
	uint32_t cmd;               /* XEN_DOMCTL_* */
	uint32_t interface_version; /* XEN_DOMCTL_INTERFACE_VERSION */
	domid_t domain;
	uint16_t _pad[3];
	union {
		struct xen_domctl_createdomain createdomain;
		struct xen_domctl_getdomaininfo getdomaininfo;
		struct xen_domctl_nodeaffinity nodeaffinity;
		struct xen_domctl_vcpuaffinity vcpuaffinity;
		struct xen_domctl_max_mem max_mem;
		struct xen_domctl_vcpucontext vcpucontext;
		struct xen_domctl_getvcpuinfo getvcpuinfo;
		struct xen_domctl_max_vcpus max_vcpus;
		struct xen_domctl_scheduler_op scheduler_op;
		struct xen_domctl_setdomainhandle setdomainhandle;
		struct xen_domctl_setdebugging setdebugging;
		struct xen_domctl_irq_permission irq_permission;
		struct xen_domctl_iomem_permission iomem_permission;
		struct xen_domctl_settimeoffset settimeoffset;
		struct xen_domctl_address_size address_size;
		struct xen_domctl_sendtrigger sendtrigger;
		struct xen_domctl_memory_mapping memory_mapping;
		struct xen_domctl_cacheflush cacheflush;
		struct xen_domctl_paging_mempool paging_mempool;
		struct xen_domctl_vuart_op vuart_op;
		uint8_t pad[128];
	} u;
};

/* Layout, in bytes. */
XEN_ASSERT_SIZE(struct xen_domctl_createdomain, 68);
XEN_ASSERT_OFFSET(struct xen_domctl_createdomain, handle, 4);
XEN_ASSERT_OFFSET(struct xen_domctl_createdomain, flags, 20);
XEN_ASSERT_OFFSET(struct xen_domctl_createdomain, iommu_opts, 24);
XEN_ASSERT_OFFSET(struct xen_domctl_createdomain, max_vcpus, 28);
XEN_ASSERT_OFFSET(struct xen_domctl_createdomain, max_evtchn_port, 32);
XEN_ASSERT_OFFSET(struct xen_domctl_createdomain, max_grant_frames, 36);
XEN_ASSERT_OFFSET(struct xen_domctl_createdomain, max_maptrack_frames, 40);
XEN_ASSERT_OFFSET(struct xen_domctl_createdomain, grant_opts, 44);
XEN_ASSERT_OFFSET(struct xen_domctl_createdomain, vmtrace_size, 48);
XEN_ASSERT_OFFSET(struct xen_domctl_createdomain, cpupool_id, 52);
XEN_ASSERT_OFFSET(struct xen_domctl_createdomain, arch, 56);
XEN_ASSERT_SIZE(struct xen_domctl_getdomaininfo, 120);
XEN_ASSERT_OFFSET(struct xen_domctl_getdomaininfo, pad1, 2);
XEN_ASSERT_OFFSET(struct xen_domctl_getdomaininfo, flags, 4);
XEN_ASSERT_OFFSET(struct xen_domctl_getdomaininfo, tot_pages, 8);
XEN_ASSERT_OFFSET(struct xen_domctl_getdomaininfo, max_pages, 16);
XEN_ASSERT_OFFSET(struct xen_domctl_getdomaininfo, outstanding_pages, 24);
XEN_ASSERT_OFFSET(struct xen_domctl_getdomaininfo, shr_pages, 32);
XEN_ASSERT_OFFSET(struct xen_domctl_getdomaininfo, paged_pages, 40);
XEN_ASSERT_OFFSET(struct xen_domctl_getdomaininfo, shared_info_frame, 48);
XEN_ASSERT_OFFSET(struct xen_domctl_getdomaininfo, cpu_time, 56);
XEN_ASSERT_OFFSET(struct xen_domctl_getdomaininfo, nr_online_vcpus, 64);
XEN_ASSERT_OFFSET(struct xen_domctl_getdomaininfo, max_vcpu_id, 68);
XEN_ASSERT_OFFSET(struct xen_domctl_getdomaininfo, ssidref, 72);
XEN_ASSERT_OFFSET(struct xen_domctl_getdomaininfo, handle, 76);
XEN_ASSERT_OFFSET(struct xen_domctl_getdomaininfo, cpupool, 92);
XEN_ASSERT_OFFSET(struct xen_domctl_getdomaininfo, gpaddr_bits, 96);
XEN_ASSERT_OFFSET(struct xen_domctl_getdomaininfo, pad2, 97);
XEN_ASSERT_OFFSET(struct xen_domctl_getdomaininfo, arch_config, 104);
XEN_ASSERT_SIZE(struct xen_domctl_max_mem, 8);
XEN_ASSERT_SIZE(struct xen_domctl_vcpucontext, 16);
XEN_ASSERT_OFFSET(struct xen_domctl_vcpucontext, ctxt, 8);
XEN_ASSERT_SIZE(struct xen_domctl_getvcpuinfo, 24);
XEN_ASSERT_OFFSET(struct xen_domctl_getvcpuinfo, online, 4);
XEN_ASSERT_OFFSET(struct xen_domctl_getvcpuinfo, blocked, 5);
XEN_ASSERT_OFFSET(struct xen_domctl_getvcpuinfo, running, 6);
XEN_ASSERT_OFFSET(struct xen_domctl_getvcpuinfo, cpu_time, 8);
XEN_ASSERT_OFFSET(struct xen_domctl_getvcpuinfo, cpu, 16);
XEN_ASSERT_SIZE(struct xen_domctl_nodeaffinity, 16);
XEN_ASSERT_SIZE(struct xen_domctl_vcpuaffinity, 40);
XEN_ASSERT_OFFSET(struct xen_domctl_vcpuaffinity, flags, 4);
XEN_ASSERT_OFFSET(struct xen_domctl_vcpuaffinity, cpumap_hard, 8);
XEN_ASSERT_OFFSET(struct xen_domctl_vcpuaffinity, cpumap_soft, 24);
XEN_ASSERT_SIZE(struct xen_domctl_max_vcpus, 4);
XEN_ASSERT_SIZE(struct xen_domctl_sched_credit2, 4);
XEN_ASSERT_OFFSET(struct xen_domctl_sched_credit2, cap, 2);
XEN_ASSERT_SIZE(struct xen_domctl_schedparam_vcpu, 16);
XEN_ASSERT_OFFSET(struct xen_domctl_schedparam_vcpu, u.rtds.budget, 4);
XEN_ASSERT_OFFSET(struct xen_domctl_schedparam_vcpu, u.rtds.flags, 8);
XEN_ASSERT_OFFSET(struct xen_domctl_schedparam_vcpu, vcpuid, 12);
XEN_ASSERT_SIZE(struct xen_domctl_scheduler_op, 24);
XEN_ASSERT_OFFSET(struct xen_domctl_scheduler_op, cmd, 4);
XEN_ASSERT_OFFSET(struct xen_domctl_scheduler_op, u, 8);
XEN_ASSERT_OFFSET(struct xen_domctl_scheduler_op, u.v.nr_vcpus, 16);
XEN_ASSERT_OFFSET(struct xen_domctl_scheduler_op, u.v.padding, 20);
XEN_ASSERT_SIZE(struct xen_domctl_setdomainhandle, 16);
XEN_ASSERT_SIZE(struct xen_domctl_setdebugging, 1);
XEN_ASSERT_SIZE(struct xen_domctl_irq_permission, 8);
XEN_ASSERT_OFFSET(struct xen_domctl_irq_permission, allow_access, 4);
XEN_ASSERT_OFFSET(struct xen_domctl_irq_permission, pad, 5);
XEN_ASSERT_SIZE(struct xen_domctl_iomem_permission, 24);
XEN_ASSERT_OFFSET(struct xen_domctl_iomem_permission, nr_mfns, 8);
XEN_ASSERT_OFFSET(struct xen_domctl_iomem_permission, allow_access, 16);
XEN_ASSERT_SIZE(struct xen_domctl_settimeoffset, 8);
XEN_ASSERT_SIZE(struct xen_domctl_address_size, 4);
XEN_ASSERT_SIZE(struct xen_domctl_sendtrigger, 8);
XEN_ASSERT_OFFSET(struct xen_domctl_sendtrigger, vcpu, 4);
XEN_ASSERT_SIZE(struct xen_domctl_memory_mapping, 32);
XEN_ASSERT_OFFSET(struct xen_domctl_memory_mapping, first_mfn, 8);
XEN_ASSERT_OFFSET(struct xen_domctl_memory_mapping, nr_mfns, 16);
XEN_ASSERT_OFFSET(struct xen_domctl_memory_mapping, add_mapping, 24);
XEN_ASSERT_OFFSET(struct xen_domctl_memory_mapping, padding, 28);
XEN_ASSERT_SIZE(struct xen_domctl_cacheflush, 16);
XEN_ASSERT_OFFSET(struct xen_domctl_cacheflush, nr_pfns, 8);
XEN_ASSERT_SIZE(struct xen_domctl_paging_mempool, 8);
XEN_ASSERT_SIZE(struct xen_domctl_vuart_op, 24);
XEN_ASSERT_OFFSET(struct xen_domctl_vuart_op, type, 4);
XEN_ASSERT_OFFSET(struct xen_domctl_vuart_op, gfn, 8);
XEN_ASSERT_OFFSET(struct xen_domctl_vuart_op, console_domid, 16);
XEN_ASSERT_OFFSET(struct xen_domctl_vuart_op, pad, 18);
XEN_ASSERT_OFFSET(struct xen_domctl_vuart_op, evtchn, 20);
XEN_ASSERT_SIZE(struct xen_domctl, 144);
XEN_ASSERT_OFFSET(struct xen_domctl, interface_version, 4);
XEN_ASSERT_OFFSET(struct xen_domctl, domain, 8);
XEN_ASSERT_OFFSET(struct xen_domctl, _pad, 10);
XEN_ASSERT_OFFSET(struct xen_domctl, u, 16);

#endif /* PUBLIC_DOMCTL_H */
