/* SPDX-License-Identifier: ISC */
/*
 * What calls write into their callers' memory: nothing that was on the hypervisor's stack before,
 * and nothing beyond their results. Each call is made twice, with the stack painted in two colours;
 * a byte that shows the one and then the other was never written. docs/abi.md, which another test
 * compares with the hypervisor's tables, says which calls there are: each has a row here.
 */
#include "unit.h"
#include <stdio.h>
#include <string.h>

#include <host/host.h>
#include <lib/errno.h>
#include <hyp/hypercall.h>
#include <lib/log.h>
#include <public/event_channel.h>
#include <public/grant_table.h>
#include <public/hvm_op.h>
#include <public/hvm_params.h>
#include <public/memory.h>
#include <public/physdev.h>
#include <public/platform.h>
#include <public/plinth.h>
#include <public/sched.h>
#include <public/vcpu.h>
#include <public/version.h>
#include "paint.h"
#include "whole.h"

#define UNTOUCHED 0xa5       /* what the caller's memory holds before */
#define BUFFER    2048       /* where in its page other buffers than the structure begin */
#define FRAME     (RAM0 + 8) /* a frame that a guest's call may do something to */

static const uint8_t colours[2] = {0x3c, 0xc7};

struct call {
	struct domain *d; /* a guest, the caller unless dom0 is */
	uint64_t a[3];    /* the arguments, nearly always ready */
	uint64_t va;      /* of the page, as the caller sees it */
	char *page;       /* structure, then UNTOUCHED to BUFFER */
};

struct row {
	const char *name;
	uint64_t nr, cmd;
	enum { GUEST, DOM0 } by;
	size_t size;   /* of the structure */
	size_t buffer; /* what is written to the buffer */
	void (*prepare)(struct call *c);
	long result; /* at least that */
};

static uint64_t buffer_of(const struct call *c)
{
	return c->va + BUFFER;
}

/* A structure of `type` that is in the page. */
#define SET(type, ...) (*(type *)c->page = (type){__VA_ARGS__})
#define PREPARE(name)  static void name(struct call *c)
#define DOMCTL_ON(id, ...)                                                                        \
	SET(struct xen_domctl, .interface_version = XEN_DOMCTL_INTERFACE_VERSION, .domain = (id), \
	    ##__VA_ARGS__)
#define DOMCTL(...) DOMCTL_ON(c->d->id, ##__VA_ARGS__)
#define SYSCTL(...) \
	SET(struct xen_sysctl, .interface_version = XEN_SYSCTL_INTERFACE_VERSION, ##__VA_ARGS__)

/* ---- versions ---- */

PREPARE(feature)
{
	((struct xen_feature_info *)c->page)->submap_idx = 0;
}

PREPARE(no_argument)
{
	c->a[1] = 0;
}

/* ---- memory ---- */

PREPARE(one_frame)
{
	*(uint64_t *)(c->page + BUFFER) = FRAME;
	SET(struct xen_memory_reservation, .extent_start.va = buffer_of(c), .nr_extents = 1,
	    .domid = DOMID_SELF);
}

PREPARE(new_frame)
{
	c->d->max_pages++;
	one_frame(c);
	*(uint64_t *)(c->page + BUFFER) = RAM0 + 100;
}

PREPARE(claim)
{
	SET(struct xen_memory_reservation, .nr_extents = 1, .domid = c->d->id);
}

PREPARE(self)
{
	*(domid_t *)c->page = DOMID_SELF;
}

PREPARE(add_table)
{
	SET(struct xen_add_to_physmap, .domid = DOMID_SELF, .space = XENMAPSPACE_grant_table,
	    .gpfn = RAM0 + 100);
}

PREPARE(add_batch)
{
	uint64_t *at = (uint64_t *)(c->page + BUFFER);

	at[1] = 0;
	at[2] = RAM0 + 100;
	SET(struct xen_add_to_physmap_batch, .domid = DOMID_SELF, .space = XENMAPSPACE_grant_table,
	    .size = 1, .errs.va = buffer_of(c), .idxs.va = buffer_of(c) + 8,
	    .gpfns.va = buffer_of(c) + 16);
}

PREPARE(remove_frame)
{
	struct xen_remove_from_physmap *r = (void *)c->page;

	r->domid = DOMID_SELF;
	r->gpfn = FRAME;
}

PREPARE(acquire)
{
	SET(struct xen_mem_acquire_resource, .domid = c->d->id,
	    .type = XENMEM_resource_grant_table);
}

/* ---- event channels ---- */

static uint32_t port_of(struct call *c)
{
	uint32_t port;

	assert_int_equal(evtchn_bind_ipi(c->d, 0, &port), 0);
	return port;
}

PREPARE(alloc_unbound)
{
	struct evtchn_alloc_unbound *a = (void *)c->page;

	a->dom = a->remote_dom = DOMID_SELF;
}

PREPARE(bind_interdomain)
{
	struct evtchn_bind_interdomain *a = (void *)c->page;

	assert_int_equal(evtchn_alloc_unbound(c->d, c->d->id, &a->remote_port), 0);
	a->remote_dom = DOMID_SELF;
}

PREPARE(bind_virq)
{
	struct evtchn_bind_virq *a = (void *)c->page;

	a->virq = VIRQ_TIMER;
	a->vcpu = 0;
}

PREPARE(bind_ipi)
{
	((struct evtchn_bind_ipi *)c->page)->vcpu = 0;
}

PREPARE(port)
{
	*(uint32_t *)c->page = port_of(c);
}

PREPARE(port_status)
{
	struct evtchn_status *a = (void *)c->page;

	a->dom = DOMID_SELF;
	a->port = port_of(c);
}

PREPARE(bind_vcpu)
{
	struct evtchn_bind_vcpu *a = (void *)c->page;

	assert_int_equal(evtchn_alloc_unbound(c->d, c->d->id, &a->port), 0);
	a->vcpu = 1;
}

PREPARE(init_control)
{
	struct evtchn_init_control *a = (void *)c->page;

	a->control_gfn = FRAME;
	a->offset = a->vcpu = 0;
}

static void fifo(struct call *c)
{
	assert_int_equal(evtchn_fifo_init_control(c->d, 0, GFN(FRAME), 0), 0);
}

PREPARE(expand_array)
{
	fifo(c);
	((struct evtchn_expand_array *)c->page)->array_gfn = FRAME + 1;
}

PREPARE(priority)
{
	fifo(c);
	SET(struct evtchn_set_priority, .port = port_of(c), .priority = 3);
}

/* ---- grants: one structure each ---- */

/* The guest grants itself a frame: reference 8. */
static void grant(struct call *c)
{
	static const struct xen_add_to_physmap add = {
		.domid = DOMID_SELF, .space = XENMAPSPACE_grant_table, .gpfn = RAM0 + 100};
	struct grant_entry_v1 *entry;
	char kept[256];

	c->a[2] = 1;
	memcpy(kept, c->page, sizeof(kept));
	assert_int_equal(whole_guest_call(c->d->vcpu[0], __HYPERVISOR_memory_op,
					  XENMEM_add_to_physmap, &add, sizeof(add)),
			 0);
	memcpy(c->page, kept, sizeof(kept));
	entry = whole_guest_ram(c->d, RAM0 + 100);
	entry[8] = (struct grant_entry_v1){GTF_permit_access, c->d->id, (uint32_t)FRAME};
}

PREPARE(map_ref)
{
	struct gnttab_map_grant_ref *a = (void *)c->page;

	grant(c);
	a->host_addr = (RAM0 + 101) << PAGE_SHIFT;
	a->flags = GNTMAP_host_map;
	a->ref = 8;
	a->dom = c->d->id;
}

PREPARE(unmap_ref)
{
	struct gnttab_unmap_grant_ref *a = (void *)c->page;

	c->a[2] = 1;
	a->host_addr = a->dev_bus_addr = 0;
	a->handle = 77;
}

PREPARE(setup_table)
{
	struct gnttab_setup_table *a = (void *)c->page;

	c->a[2] = 1;
	a->dom = DOMID_SELF;
	a->nr_frames = 1;
	a->frame_list.va = buffer_of(c);
}

PREPARE(copy_grant)
{
	struct gnttab_copy *a = (void *)c->page;

	grant(c);
	a->source.u.ref = 8;
	a->source.domid = a->dest.domid = DOMID_SELF;
	a->source.offset = a->dest.offset = 0;
	a->dest.u.gmfn = FRAME + 1;
	a->len = 100;
	a->flags = GNTCOPY_source_gref;
}

PREPARE(one_self)
{
	c->a[2] = 1;
	self(c);
}

PREPARE(set_version)
{
	c->a[2] = 1;
	((struct gnttab_set_version *)c->page)->version = 1;
}

PREPARE(swap_refs)
{
	struct gnttab_swap_grant_ref *a = (void *)c->page;

	grant(c);
	a->ref_a = 8;
	a->ref_b = 9;
}

PREPARE(flush_cache)
{
	uint64_t frame = hyp_va_to_mfn(whole_guest_ram(c->d, FRAME)).n;

	c->a[2] = 1;
	SET(struct gnttab_cache_flush, .a.dev_bus_addr = frame << PAGE_SHIFT, .length = 64,
	    .op = GNTTAB_CACHE_CLEAN);
}

/* ---- scheduling, vCPUs, parameters ---- */

PREPARE(reason)
{
	*(uint32_t *)c->page = SHUTDOWN_poweroff;
}

PREPARE(poll)
{
	*(uint32_t *)(c->page + BUFFER) = port_of(c);
	SET(struct sched_poll, .ports.va = buffer_of(c), .nr_ports = 1);
}

PREPARE(remote_shutdown)
{
	SET(struct sched_remote_shutdown, .domain_id = c->d->id, .reason = SHUTDOWN_poweroff);
}

PREPARE(watchdog)
{
	SET(struct sched_watchdog, .timeout = 100);
}

PREPARE(vcpu_1)
{
	c->a[1] = 1;
	c->a[2] = c->va;
}

PREPARE(runstate_area)
{
	c->a[1] = 0;
	c->a[2] = c->va;
	((struct vcpu_register_runstate_memory_area *)c->page)->addr.p = buffer_of(c);
}

PREPARE(vcpu_info)
{
	vcpu_1(c);
	SET(struct vcpu_register_vcpu_info, .mfn = FRAME);
}

PREPARE(param)
{
	SET(struct xen_hvm_param, .domid = c->d->id, .index = HVM_PARAM_CONSOLE_PFN, .value = 1);
}

PREPARE(assist)
{
	c->a[1] = VMASST_TYPE_runstate_update_flag;
}

/* ---- dom0's ---- */

PREPARE(console)
{
	strcpy(c->page + BUFFER, "hello\n");
	c->a[1] = 6;
	c->a[2] = buffer_of(c);
}

PREPARE(settime)
{
	SET(struct xen_platform_op, .cmd = (uint32_t)c->a[0],
	    .interface_version = XENPF_INTERFACE_VERSION, .u.settime64.secs = 5);
	c->a[0] = c->va;
}

/* The structure says what to do, and the argument is its address. */
static uint32_t command(struct call *c)
{
	uint32_t cmd = (uint32_t)c->a[0];

	c->a[0] = c->va;
	return cmd;
}

PREPARE(domctl)
{
	DOMCTL(.cmd = command(c));
}

PREPARE(createdomain)
{
	DOMCTL_ON(0, .cmd = command(c),
		  .u.createdomain = {.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap,
				     .max_vcpus = 1,
				     .max_evtchn_port = 1023,
				     .grant_opts = 1});
}

PREPARE(unpause)
{
	DOMCTL(.cmd = command(c));
}

PREPARE(max_mem)
{
	DOMCTL(.cmd = command(c), .u.max_mem.max_memkb = 1024);
}

PREPARE(max_vcpus)
{
	DOMCTL(.cmd = command(c), .u.max_vcpus.max = 2);
}

PREPARE(context)
{
	struct vcpu_guest_context *regs = (void *)(c->page + BUFFER);

	DOMCTL(.cmd = command(c), .u.vcpucontext.ctxt.va = buffer_of(c));
	if (((struct xen_domctl *)c->page)->cmd == XEN_DOMCTL_setvcpucontext)
		*regs = (struct vcpu_guest_context){.user_regs.cpsr = PSR_MODE_EL1h};
}

PREPARE(affinity)
{
	c->page[BUFFER] = c->page[BUFFER + 8] = 0xf;
	DOMCTL(.cmd = command(c),
	       .u.vcpuaffinity = {.flags = XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT,
				  .cpumap_hard = {{.va = buffer_of(c)}, 60},
				  .cpumap_soft = {{.va = buffer_of(c) + 8}, 60}});
}

PREPARE(node_affinity)
{
	c->page[BUFFER] = 1;
	DOMCTL(.cmd = command(c), .u.nodeaffinity.nodemap = {{.va = buffer_of(c)}, 64});
}

PREPARE(weight)
{
	DOMCTL(.cmd = command(c), .u.scheduler_op = {.sched_id = XEN_SCHEDULER_CREDIT2,
						     .cmd = XEN_DOMCTL_SCHEDOP_getinfo});
}

PREPARE(address_size)
{
	DOMCTL(.cmd = command(c), .u.address_size.size = 64);
}

PREPARE(cacheflush)
{
	DOMCTL(.cmd = command(c), .u.cacheflush = {RAM0, 4});
}

PREPARE(vuart)
{
	struct xen_domctl op = {.u.createdomain = {.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap,
						   .max_vcpus = 1,
						   .max_evtchn_port = 1023,
						   .grant_opts = 1,
						   .arch.nr_spis = 32}};

	/* One that has the UART's interrupt; it ends with the test. */
	assert_int_equal(whole_domctl(XEN_DOMCTL_createdomain, 0, &op), 0);
	op.u.max_mem.max_memkb = 4;
	assert_int_equal(whole_domctl(XEN_DOMCTL_max_mem, op.domain, &op), 0);
	assert_int_equal(whole_populate(op.domain, RAM0, 1), 1);
	DOMCTL_ON(op.domain, .cmd = command(c), .u.vuart_op.gfn = RAM0);
}

PREPARE(mempool)
{
	DOMCTL(.cmd = command(c), .u.paging_mempool.size = MiB(1));
}

PREPARE(sysctl)
{
	SYSCTL(.cmd = command(c));
}

PREPARE(readconsole)
{
	log_info("a line");
	SYSCTL(.cmd = command(c), .u.readconsole = {.buffer.va = buffer_of(c), .count = 300});
}

PREPARE(list_domains)
{
	SYSCTL(.cmd = command(c),
	       .u.getdomaininfolist = {.buffer.va = buffer_of(c), .max_domains = 2});
}

PREPARE(debug_keys)
{
	c->page[BUFFER] = 'h';
	SYSCTL(.cmd = command(c), .u.debug_keys = {{.va = buffer_of(c)}, 1});
}

PREPARE(cpu_info)
{
	SYSCTL(.cmd = command(c), .u.getcpuinfo = {.max_cpus = 4, .info.va = buffer_of(c)});
}

PREPARE(availheap)
{
	SYSCTL(.cmd = command(c), .u.availheap.node = -1);
}

PREPARE(cpu_topology)
{
	SYSCTL(.cmd = command(c), .u.cputopoinfo = {4, {.va = buffer_of(c)}});
}

PREPARE(numa)
{
	SYSCTL(.cmd = command(c),
	       .u.numainfo = {1, {.va = buffer_of(c)}, {.va = buffer_of(c) + 16}});
}

static void pool_op(struct call *c, uint32_t op)
{
	SYSCTL(.cmd = command(c),
	       .u.cpupool_op = {.op = op, .domid = c->d->id, .cpumap = {{.va = buffer_of(c)}, 64}});
}

PREPARE(pool_info)
{
	pool_op(c, XEN_SYSCTL_CPUPOOL_OP_INFO);
}

PREPARE(pool_move)
{
	pool_op(c, XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN);
}

PREPARE(pool_free)
{
	pool_op(c, XEN_SYSCTL_CPUPOOL_OP_FREEINFO);
}

PREPARE(scheduler)
{
	SYSCTL(.cmd = command(c), .u.scheduler_op = {.sched_id = XEN_SCHEDULER_CREDIT2,
						     .cmd = XEN_SYSCTL_SCHEDOP_getinfo});
}

PREPARE(copy_to_domain)
{
	SET(struct plinth_copy_to_domain, .gpa = FRAME << PAGE_SHIFT, .buffer = buffer_of(c),
	    .length = 100, .domid = c->d->id);
}

PREPARE(previous_log)
{
	struct plinth_read_previous_log *a = (void *)c->page;

	a->buffer = buffer_of(c);
	a->offset = 0;
	a->length = 100;
}

/* The entry's call writes to the buffer. */
PREPARE(multicall)
{
	SET(struct multicall_entry, .op = __HYPERVISOR_xen_version,
	    .args = {XENVER_get_features, buffer_of(c)});
	*(uint32_t *)(c->page + BUFFER) = 0;
	c->a[0] = c->va;
	c->a[1] = 1;
}

#define ROW(name, call, ...)                           \
	{                                              \
		name, __HYPERVISOR_##call, __VA_ARGS__ \
	}
#define OP(call, cmd, ...)        ROW(#cmd, call, cmd, __VA_ARGS__)
#define GRANT_OP(cmd, type, ...)  ROW(#cmd, grant_table_op, cmd, GUEST, sizeof(type), __VA_ARGS__)
#define EVTCHN_OP(cmd, type, ...) ROW(#cmd, event_channel_op, cmd, GUEST, sizeof(type), __VA_ARGS__)
#define DOM_OP(cmd, ...)          ROW(#cmd, domctl, cmd, DOM0, sizeof(struct xen_domctl), __VA_ARGS__)
#define SYS_OP(cmd, ...)          ROW(#cmd, sysctl, cmd, DOM0, sizeof(struct xen_sysctl), __VA_ARGS__)
#define POOL_OP(op, ...) \
	ROW(#op, sysctl, XEN_SYSCTL_cpupool_op, DOM0, sizeof(struct xen_sysctl), __VA_ARGS__)

static const struct row rows[] = {
	ROW("__HYPERVISOR_multicall", multicall, 0, GUEST, sizeof(struct multicall_entry), 8,
	    multicall, 0),
	OP(xen_version, XENVER_version, GUEST, 0, 0, NULL, 1),
	OP(xen_version, XENVER_extraversion, GUEST, sizeof(xen_extraversion_t), 0, NULL, 0),
	OP(xen_version, XENVER_compile_info, GUEST, sizeof(struct xen_compile_info), 0, NULL, 0),
	OP(xen_version, XENVER_capabilities, GUEST, sizeof(xen_capabilities_info_t), 0, NULL, 0),
	OP(xen_version, XENVER_changeset, GUEST, sizeof(xen_changeset_info_t), 0, NULL, 0),
	OP(xen_version, XENVER_platform_parameters, GUEST, sizeof(struct xen_platform_parameters),
	   0, NULL, 0),
	OP(xen_version, XENVER_get_features, GUEST, sizeof(struct xen_feature_info), 0, feature, 0),
	OP(xen_version, XENVER_pagesize, GUEST, 0, 0, NULL, 1),
	OP(xen_version, XENVER_guest_handle, GUEST, sizeof(xen_domain_handle_t), 0, NULL, 0),
	OP(xen_version, XENVER_commandline, GUEST, sizeof(xen_commandline_t), 0, NULL, 0),
	OP(xen_version, XENVER_build_id, GUEST, 0, 0, no_argument, -ENODATA),
	OP(memory_op, XENMEM_decrease_reservation, GUEST, 0, 0, one_frame, 1),
	OP(memory_op, XENMEM_maximum_ram_page, GUEST, 0, 0, NULL, 1),
	OP(memory_op, XENMEM_current_reservation, GUEST, 0, 0, self, 1),
	OP(memory_op, XENMEM_maximum_reservation, GUEST, 0, 0, self, 1),
	OP(memory_op, XENMEM_populate_physmap, GUEST, 0, 8, new_frame, 1),
	OP(memory_op, XENMEM_add_to_physmap, GUEST, 0, 0, add_table, 0),
	OP(memory_op, XENMEM_maximum_gpfn, GUEST, 0, 0, self, 1),
	OP(memory_op, XENMEM_remove_from_physmap, GUEST, 0, 0, remove_frame, 0),
	OP(memory_op, XENMEM_add_to_physmap_batch, GUEST, 0, 4, add_batch, 0),
	OP(memory_op, XENMEM_claim_pages, DOM0, 0, 0, claim, 0),
	OP(memory_op, XENMEM_acquire_resource, DOM0, sizeof(struct xen_mem_acquire_resource), 0,
	   acquire, 0),
	EVTCHN_OP(EVTCHNOP_bind_interdomain, struct evtchn_bind_interdomain, 0, bind_interdomain,
		  0),
	EVTCHN_OP(EVTCHNOP_bind_virq, struct evtchn_bind_virq, 0, bind_virq, 0),
	EVTCHN_OP(EVTCHNOP_close, struct evtchn_close, 0, port, 0),
	EVTCHN_OP(EVTCHNOP_send, struct evtchn_send, 0, port, 0),
	EVTCHN_OP(EVTCHNOP_status, struct evtchn_status, 0, port_status, 0),
	EVTCHN_OP(EVTCHNOP_alloc_unbound, struct evtchn_alloc_unbound, 0, alloc_unbound, 0),
	EVTCHN_OP(EVTCHNOP_bind_ipi, struct evtchn_bind_ipi, 0, bind_ipi, 0),
	EVTCHN_OP(EVTCHNOP_bind_vcpu, struct evtchn_bind_vcpu, 0, bind_vcpu, 0),
	EVTCHN_OP(EVTCHNOP_unmask, struct evtchn_unmask, 0, port, 0),
	EVTCHN_OP(EVTCHNOP_reset, struct evtchn_reset, 0, self, 0),
	EVTCHN_OP(EVTCHNOP_init_control, struct evtchn_init_control, 0, init_control, 0),
	EVTCHN_OP(EVTCHNOP_expand_array, struct evtchn_expand_array, 0, expand_array, 0),
	EVTCHN_OP(EVTCHNOP_set_priority, struct evtchn_set_priority, 0, priority, 0),
	GRANT_OP(GNTTABOP_map_grant_ref, struct gnttab_map_grant_ref, 0, map_ref, 0),
	GRANT_OP(GNTTABOP_unmap_grant_ref, struct gnttab_unmap_grant_ref, 0, unmap_ref, 0),
	GRANT_OP(GNTTABOP_setup_table, struct gnttab_setup_table, 8, setup_table, 0),
	GRANT_OP(GNTTABOP_copy, struct gnttab_copy, 0, copy_grant, 0),
	GRANT_OP(GNTTABOP_query_size, struct gnttab_query_size, 0, one_self, 0),
	GRANT_OP(GNTTABOP_set_version, struct gnttab_set_version, 0, set_version, 0),
	GRANT_OP(GNTTABOP_get_version, struct gnttab_get_version, 0, one_self, 0),
	GRANT_OP(GNTTABOP_swap_grant_ref, struct gnttab_swap_grant_ref, 0, swap_refs, 0),
	GRANT_OP(GNTTABOP_cache_flush, struct gnttab_cache_flush, 0, flush_cache, 0),
	OP(sched_op, SCHEDOP_yield, GUEST, 0, 0, NULL, 0),
	OP(sched_op, SCHEDOP_block, GUEST, 0, 0, NULL, 0),
	OP(sched_op, SCHEDOP_shutdown, GUEST, 0, 0, reason, 0),
	OP(sched_op, SCHEDOP_poll, GUEST, 0, 0, poll, 0),
	OP(sched_op, SCHEDOP_remote_shutdown, DOM0, 0, 0, remote_shutdown, 0),
	OP(sched_op, SCHEDOP_shutdown_code, GUEST, 0, 0, reason, 0),
	OP(sched_op, SCHEDOP_watchdog, GUEST, 0, 0, watchdog, 1),
	OP(vcpu_op, VCPUOP_is_up, GUEST, 0, 0, vcpu_1, 0),
	OP(vcpu_op, VCPUOP_get_runstate_info, GUEST, sizeof(struct vcpu_runstate_info), 0, vcpu_1,
	   0),
	OP(vcpu_op, VCPUOP_register_runstate_memory_area, GUEST, 0,
	   sizeof(struct vcpu_runstate_info), runstate_area, 0),
	OP(vcpu_op, VCPUOP_register_vcpu_info, GUEST, 0, 0, vcpu_info, 0),
	OP(hvm_op, HVMOP_set_param, DOM0, 0, 0, param, 0),
	OP(hvm_op, HVMOP_get_param, GUEST, sizeof(struct xen_hvm_param), 0, param, 0),
	OP(console_io, CONSOLEIO_write, DOM0, 0, 0, console, 0),
	OP(console_io, CONSOLEIO_read, DOM0, 0, 6, console, 0),
	OP(vm_assist, VMASST_CMD_enable, GUEST, 0, 0, assist, 0),
	OP(vm_assist, VMASST_CMD_disable, GUEST, 0, 0, assist, 0),
	OP(platform_op, XENPF_settime32, DOM0, 0, 0, settime, 0),
	OP(platform_op, XENPF_settime64, DOM0, 0, 0, settime, 0),
	OP(physdev_op, PHYSDEVOP_manage_pci_add, DOM0, 0, 0, NULL, 0),
	OP(physdev_op, PHYSDEVOP_manage_pci_remove, DOM0, 0, 0, NULL, 0),
	OP(physdev_op, PHYSDEVOP_manage_pci_add_ext, DOM0, 0, 0, NULL, 0),
	OP(physdev_op, PHYSDEVOP_pci_device_add, DOM0, 0, 0, NULL, 0),
	OP(physdev_op, PHYSDEVOP_pci_device_remove, DOM0, 0, 0, NULL, 0),
	DOM_OP(XEN_DOMCTL_createdomain, 0, createdomain, 0),
	DOM_OP(XEN_DOMCTL_destroydomain, 0, domctl, 0),
	DOM_OP(XEN_DOMCTL_pausedomain, 0, domctl, 0),
	DOM_OP(XEN_DOMCTL_unpausedomain, 0, unpause, 0),
	DOM_OP(XEN_DOMCTL_getdomaininfo, 0, domctl, 0),
	DOM_OP(XEN_DOMCTL_setvcpuaffinity, 16, affinity, 0),
	DOM_OP(XEN_DOMCTL_max_mem, 0, max_mem, 0),
	DOM_OP(XEN_DOMCTL_setvcpucontext, 0, context, 0),
	DOM_OP(XEN_DOMCTL_getvcpucontext, sizeof(struct vcpu_guest_context), context, 0),
	DOM_OP(XEN_DOMCTL_getvcpuinfo, 0, domctl, 0),
	DOM_OP(XEN_DOMCTL_max_vcpus, 0, max_vcpus, 0),
	DOM_OP(XEN_DOMCTL_scheduler_op, 0, weight, 0),
	DOM_OP(XEN_DOMCTL_setdomainhandle, 0, domctl, 0),
	DOM_OP(XEN_DOMCTL_settimeoffset, 0, domctl, 0),
	DOM_OP(XEN_DOMCTL_getvcpuaffinity, 16, affinity, 0),
	DOM_OP(XEN_DOMCTL_resumedomain, 0, domctl, 0),
	DOM_OP(XEN_DOMCTL_set_address_size, 0, address_size, 0),
	DOM_OP(XEN_DOMCTL_get_address_size, 0, domctl, 0),
	DOM_OP(XEN_DOMCTL_setnodeaffinity, 0, node_affinity, 0),
	DOM_OP(XEN_DOMCTL_getnodeaffinity, 8, node_affinity, 0),
	DOM_OP(XEN_DOMCTL_cacheflush, 0, cacheflush, 0),
	DOM_OP(XEN_DOMCTL_vuart_op, 0, vuart, 0),
	DOM_OP(XEN_DOMCTL_get_paging_mempool_size, 0, domctl, 0),
	DOM_OP(XEN_DOMCTL_set_paging_mempool_size, 0, mempool, 0),
	SYS_OP(XEN_SYSCTL_readconsole, 300, readconsole, 0),
	SYS_OP(XEN_SYSCTL_physinfo, 0, sysctl, 0),
	SYS_OP(XEN_SYSCTL_sched_id, 0, sysctl, 0),
	SYS_OP(XEN_SYSCTL_getdomaininfolist, 2 * sizeof(struct xen_domctl_getdomaininfo),
	       list_domains, 0),
	SYS_OP(XEN_SYSCTL_debug_keys, 0, debug_keys, 0),
	SYS_OP(XEN_SYSCTL_getcpuinfo, 4 * sizeof(struct xen_sysctl_cpuinfo), cpu_info, 0),
	SYS_OP(XEN_SYSCTL_availheap, 0, availheap, 0),
	SYS_OP(XEN_SYSCTL_cputopoinfo, 4 * sizeof(struct xen_sysctl_cputopo), cpu_topology, 0),
	SYS_OP(XEN_SYSCTL_numainfo, 20, numa, 0),
	SYS_OP(XEN_SYSCTL_cpupool_op, 8, pool_info, 0),
	POOL_OP(XEN_SYSCTL_CPUPOOL_OP_INFO, 8, pool_info, 0),
	POOL_OP(XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, 8, pool_move, 0),
	POOL_OP(XEN_SYSCTL_CPUPOOL_OP_FREEINFO, 8, pool_free, 0),
	SYS_OP(XEN_SYSCTL_scheduler_op, 0, scheduler, 0),
	OP(plinth_op, PLINTH_OP_version, DOM0, 0, 0, NULL, 1),
	OP(plinth_op, PLINTH_OP_copy_to_domain, DOM0, sizeof(struct plinth_copy_to_domain), 0,
	   copy_to_domain, 0),
	OP(plinth_op, PLINTH_OP_read_previous_log, DOM0, sizeof(struct plinth_read_previous_log),
	   100, previous_log, -ENODATA),
	OP(plinth_op, PLINTH_OP_get_usage, DOM0, sizeof(struct plinth_usage), 0, NULL, 0),
};

/* ---- the calls are made ---- */

static char before[PAGE_SIZE], after[2][PAGE_SIZE];

static void make_call(const struct row *r, uint8_t colour, char *result)
{
	struct call c = {.d = whole_domain(2, 16, true), .a = {r->cmd}};
	struct vcpu *v = r->by == DOM0 ? whole_vcpu : c.d->vcpu[0];
	char *scratch = whole_scratch(2 * PAGE_SIZE);
	domid_t id = c.d->id;
	long ret;

	c.page = r->by == DOM0 ? (char *)ALIGN_UP((uintptr_t)scratch, PAGE_SIZE)
			       : whole_guest_ram(c.d, RAM0);
	c.va = r->by == DOM0 ? (uintptr_t)c.page : GUEST_RAM0_BASE;
	c.a[1] = c.va;
	memset(c.page, UNTOUCHED, PAGE_SIZE);
	if (r->prepare)
		r->prepare(&c);
	memcpy(before, c.page, PAGE_SIZE);
	stack_paint = colour;
	ret = host_hypercall(v, r->nr, c.a[0], c.a[1], c.a[2]);
	stack_paint = 0;
	if (ret < r->result)
		fail_msg("%s: %ld", r->name, ret);
	memcpy(result, c.page, PAGE_SIZE);
	whole_destroy(id);
	whole_scratch_reset();
}

static bool may_change(const struct row *r, size_t i)
{
	return i < r->size || (i >= BUFFER && i < BUFFER + r->buffer);
}

static void check_row(const struct row *r)
{
	for (unsigned i = 0; i < 2; i++)
		make_call(r, colours[i], after[i]);
	for (size_t i = 0; i < PAGE_SIZE; i++) {
		if ((uint8_t)after[0][i] == colours[0] && (uint8_t)after[1][i] == colours[1])
			fail_msg("%s: byte %zu is the hypervisor's stack", r->name, i);
		if (!may_change(r, i) && after[1][i] != before[i])
			fail_msg("%s: byte %zu is none of its result", r->name, i);
	}
}

static void no_call_tells_of_the_stack(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		check_row(&rows[i]);
}

/* ---- the list is complete ---- */

static bool has_row(const char *name, size_t n)
{
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		if (strlen(rows[i].name) == n && !memcmp(rows[i].name, name, n))
			return true;
	return false;
}

static bool is_an_operation(const char *name)
{
	static const char *const kinds[] = {
		"XENVER_",   "XENMEM_",     "EVTCHNOP_",  "GNTTABOP_",  "SCHEDOP_",
		"VCPUOP_",   "HVMOP_",      "CONSOLEIO_", "VMASST_CMD", "XENPF_",
		"PHYSDEVOP", "XEN_DOMCTL_", "XEN_SYSCTL", "PLINTH_",    "__HYPERVISOR_multicall"};

	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strncmp(name, kinds[i], strlen(kinds[i])))
			return true;
	return false;
}

/* Lines such as "| `XENVER_version` | yes | 4.17 |". PSCI answers in registers. */
static void every_call_has_a_row(void **state)
{
	FILE *f = fopen("docs/abi.md", "r");
	char line[1024];
	unsigned n = 0;

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		char *name = line + 3, *end = strchr(name, '`');

		if (strncmp(line, "| `", 3) || !end || !is_an_operation(name) ||
		    !strncmp(end, "` | no |", 8))
			continue;
		n++;
		if (!has_row(name, (size_t)(end - name)))
			fail_msg("no row for %.*s", (int)(end - name), name);
	}
	fclose(f);
	assert_true(n > 90);
}

#define T(f) cmocka_unit_test_setup_teardown(f, whole_setup, whole_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(no_call_tells_of_the_stack),
		T(every_call_has_a_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
