/* SPDX-License-Identifier: ISC */
/* Operations on the whole machine, for the toolstack: sysctl(arg). */
#ifndef PUBLIC_SYSCTL_H
#define PUBLIC_SYSCTL_H

/*
 * Facts from xen/sysctl.h, Xen 4.17. Errors common to all: -EACCES another interface version,
 * -EPERM the caller is not privileged, -EFAULT an unreadable argument, -ENOSYS not implemented.
 */
#include "domctl.h"
#include "xen.h"

#define XEN_SYSCTL_INTERFACE_VERSION 0x00000015

#define XEN_SYSCTL_readconsole       1
#define XEN_SYSCTL_physinfo          3
#define XEN_SYSCTL_sched_id          4
#define XEN_SYSCTL_getdomaininfolist 6
#define XEN_SYSCTL_debug_keys        7
#define XEN_SYSCTL_getcpuinfo        8
#define XEN_SYSCTL_availheap         9
#define XEN_SYSCTL_cputopoinfo       16
#define XEN_SYSCTL_numainfo          17
#define XEN_SYSCTL_cpupool_op        18
#define XEN_SYSCTL_scheduler_op      19

/* The hypervisor's log ring. */
struct xen_sysctl_readconsole {
	uint8_t clear;       /* in: forget what was read */
	uint8_t incremental; /* in: from `index` on, else from the oldest byte */
	uint8_t pad0, pad1;
	uint32_t index;                /* in and out: where to go on next time */
	XEN_GUEST_HANDLE(char) buffer; /* out */
	uint32_t count;                /* in: bytes of the buffer; out: bytes read */
};

/* physinfo.capabilities */
#define _XEN_SYSCTL_PHYSCAP_hvm      0
#define XEN_SYSCTL_PHYSCAP_hvm       (1u << _XEN_SYSCTL_PHYSCAP_hvm)
#define _XEN_SYSCTL_PHYSCAP_pv       1
#define XEN_SYSCTL_PHYSCAP_pv        (1u << _XEN_SYSCTL_PHYSCAP_pv)
#define _XEN_SYSCTL_PHYSCAP_directio 2 /* there is an IOMMU */
#define XEN_SYSCTL_PHYSCAP_directio  (1u << _XEN_SYSCTL_PHYSCAP_directio)
#define _XEN_SYSCTL_PHYSCAP_hap      3
#define XEN_SYSCTL_PHYSCAP_hap       (1u << _XEN_SYSCTL_PHYSCAP_hap)
#define _XEN_SYSCTL_PHYSCAP_shadow   4
#define XEN_SYSCTL_PHYSCAP_shadow    (1u << _XEN_SYSCTL_PHYSCAP_shadow)
#define XEN_SYSCTL_PHYSCAP_vmtrace   (1u << 6)
#define XEN_SYSCTL_PHYSCAP_vpmu      (1u << 7)
#define XEN_SYSCTL_PHYSCAP_gnttab_v1 (1u << 8)
#define XEN_SYSCTL_PHYSCAP_gnttab_v2 (1u << 9)

/* Out only. */
struct xen_sysctl_physinfo {
	uint32_t threads_per_core;
	uint32_t cores_per_socket;
	uint32_t nr_cpus;    /* online */
	uint32_t max_cpu_id; /* highest possible */
	uint32_t nr_nodes;
	uint32_t max_node_id;
	uint32_t cpu_khz;           /* ARM: of the generic timer */
	uint32_t capabilities;      /* XEN_SYSCTL_PHYSCAP_* */
	uint32_t arch_capabilities; /* 0 on ARM */
	uint32_t pad;
	uint64_t total_pages;
	uint64_t free_pages;
	uint64_t scrub_pages; /* free, not yet clean */
	uint64_t outstanding_pages;
	uint64_t max_mfn;
	uint32_t hw_cap[8]; /* 0 on ARM */
};

struct xen_sysctl_sched_id {
	uint32_t sched_id; /* out: XEN_SCHEDULER_* */
};

struct xen_sysctl_getdomaininfolist {
	domid_t first_domain;                                     /* in: this id and higher */
	uint32_t max_domains;                                     /* in: elements of buffer */
	XEN_GUEST_HANDLE(struct xen_domctl_getdomaininfo) buffer; /* out */
	uint32_t num_domains;                                     /* out: elements written */
};

/* As if the keys had been typed at the hypervisor's console. */
struct xen_sysctl_debug_keys {
	XEN_GUEST_HANDLE(char) keys;
	uint32_t nr_keys;
};

struct xen_sysctl_cpuinfo {
	uint64_t idletime; /* ns */
};

struct xen_sysctl_getcpuinfo {
	uint32_t max_cpus;                                /* in: elements of info */
	XEN_GUEST_HANDLE(struct xen_sysctl_cpuinfo) info; /* out */
	uint32_t nr_cpus;                                 /* out: elements written */
};

struct xen_sysctl_availheap {
	uint32_t min_bitwidth; /* in: smallest width of an address, 0 = any */
	uint32_t max_bitwidth; /* in: largest width of an address, 0 = any */
	int32_t node;          /* in: -1 = all */
	uint64_t avail_bytes;  /* out */
};

#define XEN_INVALID_CORE_ID   (~0U)
#define XEN_INVALID_SOCKET_ID (~0U)
#define XEN_INVALID_NODE_ID   (~0U)

struct xen_sysctl_cputopo {
	uint32_t core;
	uint32_t socket;
	uint32_t node;
};

/* num_cpus: in, elements; out, elements written, or needed if the handle is null. */
struct xen_sysctl_cputopoinfo {
	uint32_t num_cpus;
	XEN_GUEST_HANDLE(struct xen_sysctl_cputopo) cputopo;
};

#define XEN_INVALID_MEM_SZ    (~0U)
#define XEN_INVALID_NODE_DIST (~0U)

struct xen_sysctl_meminfo {
	uint64_t memsize; /* bytes */
	uint64_t memfree; /* bytes */
};

/* num_nodes: as num_cpus above. distance is a square of num_nodes rows; 10 = local. */
struct xen_sysctl_numainfo {
	uint32_t num_nodes;
	XEN_GUEST_HANDLE(struct xen_sysctl_meminfo) meminfo;
	XEN_GUEST_HANDLE(uint32_t) distance;
};

#define XEN_SYSCTL_CPUPOOL_OP_CREATE     1
#define XEN_SYSCTL_CPUPOOL_OP_DESTROY    2
#define XEN_SYSCTL_CPUPOOL_OP_INFO       3
#define XEN_SYSCTL_CPUPOOL_OP_ADDCPU     4
#define XEN_SYSCTL_CPUPOOL_OP_RMCPU      5
#define XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN 6
#define XEN_SYSCTL_CPUPOOL_OP_FREEINFO   7
#define XEN_SYSCTL_CPUPOOL_PAR_ANY       0xFFFFFFFF

/* INFO finds the pool with this id or the next one: -ENOENT when there is none any more. */
struct xen_sysctl_cpupool_op {
	uint32_t op;                 /* in: XEN_SYSCTL_CPUPOOL_OP_* */
	uint32_t cpupool_id;         /* in and out */
	uint32_t sched_id;           /* in: CREATE; out: INFO */
	uint32_t domid;              /* in: MOVEDOMAIN */
	uint32_t cpu;                /* in: ADDCPU, RMCPU */
	uint32_t n_dom;              /* out: INFO */
	struct xenctl_bitmap cpumap; /* out: INFO, FREEINFO */
};

#define XEN_SYSCTL_SCHED_RATELIMIT_MAX 500000
#define XEN_SYSCTL_SCHED_RATELIMIT_MIN 100

struct xen_sysctl_credit2_schedule {
	uint32_t ratelimit_us; /* a vCPU runs at least this long, 0 = no such limit */
};

#define XEN_SYSCTL_SCHEDOP_putinfo 0
#define XEN_SYSCTL_SCHEDOP_getinfo 1

struct xen_sysctl_scheduler_op {
	uint32_t cpupool_id; /* in */
	uint32_t sched_id;   /* in: XEN_SCHEDULER_* */
	uint32_t cmd;        /* in: XEN_SYSCTL_SCHEDOP_* */
	union {
		struct xen_sysctl_sched_arinc653 {
			XEN_GUEST_HANDLE(void) schedule;
		} sched_arinc653; /* not implemented; it determines the alignment */
		struct {
			uint32_t tslice_ms;
			uint32_t ratelimit_us;
			uint32_t vcpu_migr_delay_us;
		} sched_credit; /* not implemented; it determines the size */
		struct xen_sysctl_credit2_schedule sched_credit2;
	} u;
};

struct xen_sysctl {
	uint32_t cmd;               /* XEN_SYSCTL_* */
	uint32_t interface_version; /* XEN_SYSCTL_INTERFACE_VERSION */
	union {
		struct xen_sysctl_readconsole readconsole;
		struct xen_sysctl_physinfo physinfo;
		struct xen_sysctl_cputopoinfo cputopoinfo;
		struct xen_sysctl_numainfo numainfo;
		struct xen_sysctl_sched_id sched_id;
		struct xen_sysctl_getdomaininfolist getdomaininfolist;
		struct xen_sysctl_debug_keys debug_keys;
		struct xen_sysctl_getcpuinfo getcpuinfo;
		struct xen_sysctl_availheap availheap;
		struct xen_sysctl_cpupool_op cpupool_op;
		struct xen_sysctl_scheduler_op scheduler_op;
		uint8_t pad[128];
	} u;
};

/* Layout, in bytes. */
XEN_ASSERT_SIZE(struct xen_sysctl_readconsole, 24);
XEN_ASSERT_OFFSET(struct xen_sysctl_readconsole, incremental, 1);
XEN_ASSERT_OFFSET(struct xen_sysctl_readconsole, pad0, 2);
XEN_ASSERT_OFFSET(struct xen_sysctl_readconsole, pad1, 3);
XEN_ASSERT_OFFSET(struct xen_sysctl_readconsole, index, 4);
XEN_ASSERT_OFFSET(struct xen_sysctl_readconsole, buffer, 8);
XEN_ASSERT_OFFSET(struct xen_sysctl_readconsole, count, 16);
XEN_ASSERT_SIZE(struct xen_sysctl_physinfo, 112);
XEN_ASSERT_OFFSET(struct xen_sysctl_physinfo, cores_per_socket, 4);
XEN_ASSERT_OFFSET(struct xen_sysctl_physinfo, nr_cpus, 8);
XEN_ASSERT_OFFSET(struct xen_sysctl_physinfo, max_cpu_id, 12);
XEN_ASSERT_OFFSET(struct xen_sysctl_physinfo, nr_nodes, 16);
XEN_ASSERT_OFFSET(struct xen_sysctl_physinfo, max_node_id, 20);
XEN_ASSERT_OFFSET(struct xen_sysctl_physinfo, cpu_khz, 24);
XEN_ASSERT_OFFSET(struct xen_sysctl_physinfo, capabilities, 28);
XEN_ASSERT_OFFSET(struct xen_sysctl_physinfo, arch_capabilities, 32);
XEN_ASSERT_OFFSET(struct xen_sysctl_physinfo, pad, 36);
XEN_ASSERT_OFFSET(struct xen_sysctl_physinfo, total_pages, 40);
XEN_ASSERT_OFFSET(struct xen_sysctl_physinfo, free_pages, 48);
XEN_ASSERT_OFFSET(struct xen_sysctl_physinfo, scrub_pages, 56);
XEN_ASSERT_OFFSET(struct xen_sysctl_physinfo, outstanding_pages, 64);
XEN_ASSERT_OFFSET(struct xen_sysctl_physinfo, max_mfn, 72);
XEN_ASSERT_OFFSET(struct xen_sysctl_physinfo, hw_cap, 80);
XEN_ASSERT_SIZE(struct xen_sysctl_sched_id, 4);
XEN_ASSERT_SIZE(struct xen_sysctl_getdomaininfolist, 24);
XEN_ASSERT_OFFSET(struct xen_sysctl_getdomaininfolist, max_domains, 4);
XEN_ASSERT_OFFSET(struct xen_sysctl_getdomaininfolist, buffer, 8);
XEN_ASSERT_OFFSET(struct xen_sysctl_getdomaininfolist, num_domains, 16);
XEN_ASSERT_SIZE(struct xen_sysctl_debug_keys, 16);
XEN_ASSERT_OFFSET(struct xen_sysctl_debug_keys, nr_keys, 8);
XEN_ASSERT_SIZE(struct xen_sysctl_cpuinfo, 8);
XEN_ASSERT_SIZE(struct xen_sysctl_getcpuinfo, 24);
XEN_ASSERT_OFFSET(struct xen_sysctl_getcpuinfo, info, 8);
XEN_ASSERT_OFFSET(struct xen_sysctl_getcpuinfo, nr_cpus, 16);
XEN_ASSERT_SIZE(struct xen_sysctl_availheap, 24);
XEN_ASSERT_OFFSET(struct xen_sysctl_availheap, max_bitwidth, 4);
XEN_ASSERT_OFFSET(struct xen_sysctl_availheap, node, 8);
XEN_ASSERT_OFFSET(struct xen_sysctl_availheap, avail_bytes, 16);
XEN_ASSERT_SIZE(struct xen_sysctl_cputopo, 12);
XEN_ASSERT_OFFSET(struct xen_sysctl_cputopo, socket, 4);
XEN_ASSERT_OFFSET(struct xen_sysctl_cputopo, node, 8);
XEN_ASSERT_SIZE(struct xen_sysctl_cputopoinfo, 16);
XEN_ASSERT_OFFSET(struct xen_sysctl_cputopoinfo, cputopo, 8);
XEN_ASSERT_SIZE(struct xen_sysctl_meminfo, 16);
XEN_ASSERT_OFFSET(struct xen_sysctl_meminfo, memfree, 8);
XEN_ASSERT_SIZE(struct xen_sysctl_numainfo, 24);
XEN_ASSERT_OFFSET(struct xen_sysctl_numainfo, meminfo, 8);
XEN_ASSERT_OFFSET(struct xen_sysctl_numainfo, distance, 16);
XEN_ASSERT_SIZE(struct xen_sysctl_cpupool_op, 40);
XEN_ASSERT_OFFSET(struct xen_sysctl_cpupool_op, cpupool_id, 4);
XEN_ASSERT_OFFSET(struct xen_sysctl_cpupool_op, sched_id, 8);
XEN_ASSERT_OFFSET(struct xen_sysctl_cpupool_op, domid, 12);
XEN_ASSERT_OFFSET(struct xen_sysctl_cpupool_op, cpu, 16);
XEN_ASSERT_OFFSET(struct xen_sysctl_cpupool_op, n_dom, 20);
XEN_ASSERT_OFFSET(struct xen_sysctl_cpupool_op, cpumap, 24);
XEN_ASSERT_SIZE(struct xen_sysctl_credit2_schedule, 4);
XEN_ASSERT_SIZE(struct xen_sysctl_scheduler_op, 32);
XEN_ASSERT_OFFSET(struct xen_sysctl_scheduler_op, sched_id, 4);
XEN_ASSERT_OFFSET(struct xen_sysctl_scheduler_op, cmd, 8);
XEN_ASSERT_OFFSET(struct xen_sysctl_scheduler_op, u, 16);
XEN_ASSERT_OFFSET(struct xen_sysctl_scheduler_op, u.sched_credit.ratelimit_us, 20);
XEN_ASSERT_OFFSET(struct xen_sysctl_scheduler_op, u.sched_credit.vcpu_migr_delay_us, 24);
XEN_ASSERT_SIZE(struct xen_sysctl_sched_arinc653, 8);
XEN_ASSERT_SIZE(struct xen_sysctl, 136);
XEN_ASSERT_OFFSET(struct xen_sysctl, interface_version, 4);
XEN_ASSERT_OFFSET(struct xen_sysctl, u, 8);

#endif /* PUBLIC_SYSCTL_H */
