/* SPDX-License-Identifier: ISC */
/* Who may call what, and what domctl, sysctl and the small hypercalls answer. */
#include "unit.h"
#include <stdlib.h>
#include <string.h>

#include <host/host.h>
#include <asm/cache.h>
#include <hyp/bootinfo.h>
#include <hyp/errno.h>
#include <hyp/guest_access.h>
#include <hyp/hypercall.h>
#include <hyp/log.h>
#include <hyp/memory.h>
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
#include "whole.h"

#define RAM0 (GUEST_RAM0_BASE >> PAGE_SHIFT)

static const uint8_t domctls[] = {
	XEN_DOMCTL_createdomain,
	XEN_DOMCTL_destroydomain,
	XEN_DOMCTL_pausedomain,
	XEN_DOMCTL_unpausedomain,
	XEN_DOMCTL_resumedomain,
	XEN_DOMCTL_getdomaininfo,
	XEN_DOMCTL_max_mem,
	XEN_DOMCTL_max_vcpus,
	XEN_DOMCTL_setvcpucontext,
	XEN_DOMCTL_getvcpucontext,
	XEN_DOMCTL_getvcpuinfo,
	XEN_DOMCTL_setvcpuaffinity,
	XEN_DOMCTL_getvcpuaffinity,
	XEN_DOMCTL_setnodeaffinity,
	XEN_DOMCTL_getnodeaffinity,
	XEN_DOMCTL_scheduler_op,
	XEN_DOMCTL_setdomainhandle,
	XEN_DOMCTL_settimeoffset,
	XEN_DOMCTL_set_address_size,
	XEN_DOMCTL_get_address_size,
	XEN_DOMCTL_cacheflush,
	XEN_DOMCTL_vuart_op,
	XEN_DOMCTL_set_paging_mempool_size,
	XEN_DOMCTL_get_paging_mempool_size,
};

static const uint8_t sysctls[] = {
	XEN_SYSCTL_readconsole,       XEN_SYSCTL_physinfo,     XEN_SYSCTL_sched_id,
	XEN_SYSCTL_getdomaininfolist, XEN_SYSCTL_debug_keys,   XEN_SYSCTL_getcpuinfo,
	XEN_SYSCTL_availheap,         XEN_SYSCTL_cputopoinfo,  XEN_SYSCTL_numainfo,
	XEN_SYSCTL_cpupool_op,        XEN_SYSCTL_scheduler_op,
};

/* A guest's own memory at gfn, as this process sees it. */
static void *guest_ram(struct domain *d, uint64_t gfn)
{
	enum p2m_type type;
	mfn_t mfn;

	assert_int_equal(p2m_lookup(d, GFN(gfn), &mfn, &type, NULL), 0);
	return phys_to_virt(mfn_to_pa(mfn));
}

/* The guest calls with a structure in its first page. */
static long guest_call(struct vcpu *v, uint64_t nr, uint64_t a0, void *arg, size_t size)
{
	memcpy(guest_ram(v->domain, RAM0), arg, size);
	return host_hypercall(v, nr, a0, GUEST_RAM0_BASE, 1);
}

/* ---- what a guest cannot do ---- */

/* All that a call by one domain must leave alone in another. */
struct snapshot {
	struct domain d;
	struct vcpu v;
	uint64_t free;
	uint8_t page[PAGE_SIZE];
};

static void take_snapshot(struct snapshot *s, struct domain *d)
{
	memset(s, 0, sizeof(*s));
	s->d = *d;
	s->v = *d->vcpu[0];
	s->free = page_nr_free();
	if (d->id)
		memcpy(s->page, guest_ram(d, RAM0), PAGE_SIZE);
	s->d.log.budget = 0;
}

static void check_snapshot(const struct snapshot *s, struct domain *d)
{
	static struct snapshot now;

	take_snapshot(&now, d);
	assert_memory_equal(&now, s, sizeof(now));
}

/* Structures that would do something to domain `victim` if they came from dom0. */
static void fill_argument(struct vcpu *v, uint64_t nr, uint64_t cmd, domid_t victim)
{
	uint64_t *words = guest_ram(v->domain, RAM0);
	void *p = words;

	memset(p, 0, PAGE_SIZE);
	switch (nr) {
	case __HYPERVISOR_domctl:
		*(struct xen_domctl *)p =
			(struct xen_domctl){.cmd = (uint32_t)cmd,
					    .interface_version = XEN_DOMCTL_INTERFACE_VERSION,
					    .domain = victim};
		break;
	case __HYPERVISOR_sysctl:
		*(struct xen_sysctl *)p = (struct xen_sysctl){
			.cmd = (uint32_t)cmd, .interface_version = XEN_SYSCTL_INTERFACE_VERSION};
		break;
	case __HYPERVISOR_platform_op:
		*(struct xen_platform_op *)p = (struct xen_platform_op){
			.cmd = (uint32_t)cmd, .interface_version = XENPF_INTERFACE_VERSION};
		break;
	default:
		break;
	}
}

static void guest_is_denied(void **state)
{
	struct domain *guest = whole_domain(1, 4, true), *victim = whole_domain(1, 4, true);
	struct vcpu *v = guest->vcpu[0];
	static struct snapshot before, own;

	(void)state;
	take_snapshot(&before, victim);
	take_snapshot(&own, whole_dom0);
	for (unsigned i = 0; i < 256; i++) {
		fill_argument(v, __HYPERVISOR_domctl, i, victim->id);
		assert_int_equal(host_hypercall(v, __HYPERVISOR_domctl, GUEST_RAM0_BASE, 0, 0),
				 -EPERM);
		fill_argument(v, __HYPERVISOR_domctl, i, DOMID_SELF);
		assert_int_equal(host_hypercall(v, __HYPERVISOR_domctl, GUEST_RAM0_BASE, 0, 0),
				 -EPERM);
		fill_argument(v, __HYPERVISOR_sysctl, i, 0);
		assert_int_equal(host_hypercall(v, __HYPERVISOR_sysctl, GUEST_RAM0_BASE, 0, 0),
				 -EPERM);
		fill_argument(v, __HYPERVISOR_platform_op, i, 0);
		assert_int_equal(host_hypercall(v, __HYPERVISOR_platform_op, GUEST_RAM0_BASE, 0, 0),
				 -EPERM);
		assert_int_equal(host_hypercall(v, __HYPERVISOR_plinth_op, i, GUEST_RAM0_BASE, 0),
				 -EPERM);
		assert_int_equal(host_hypercall(v, __HYPERVISOR_console_io, i, 8, GUEST_RAM0_BASE),
				 -EPERM);
		assert_true(host_hypercall(v, __HYPERVISOR_physdev_op, i, GUEST_RAM0_BASE, 0) < 0);
	}
	check_snapshot(&before, victim);
	check_snapshot(&own, whole_dom0);
	whole_destroy(guest->id);
	whole_destroy(victim->id);
}

/* Operations that are for everybody, aimed at somebody else. */
static void guest_cannot_reach_others(void **state)
{
	struct domain *guest = whole_domain(1, 4, true), *victim = whole_domain(1, 4, true);
	struct vcpu *v = guest->vcpu[0];
	domid_t aims[] = {victim->id, 0};
	static struct snapshot before;

	(void)state;
	take_snapshot(&before, victim);
	for (unsigned i = 0; i < ARRAY_SIZE(aims); i++) {
		domid_t id = aims[i];
		struct xen_memory_reservation r = {
			.extent_start.va = GUEST_RAM0_BASE + 256, .nr_extents = 1, .domid = id};
		struct xen_memory_domain m = {.domid = id};
		struct xen_add_to_physmap add = {
			.domid = id, .space = XENMAPSPACE_grant_table, .gpfn = RAM0 + 1};
		struct xen_remove_from_physmap rem = {.domid = id, .gpfn = RAM0 + 1};
		struct xen_mem_acquire_resource res = {.domid = id,
						       .type = XENMEM_resource_grant_table,
						       .nr_frames = 1,
						       .frame_list.va = GUEST_RAM0_BASE + 256};
		struct xen_hvm_param p = {.domid = id, .index = HVM_PARAM_CONSOLE_PFN, .value = 1};
		struct sched_remote_shutdown s = {.domain_id = id};
		struct evtchn_alloc_unbound au = {.dom = id, .remote_dom = guest->id};
		struct evtchn_status st = {.dom = id, .port = 1};
		struct evtchn_reset re = {.dom = id};
		struct gnttab_setup_table gs = {.dom = id, .nr_frames = 1};
		struct gnttab_query_size gq = {.dom = id};
		const struct {
			uint64_t nr, cmd;
			void *arg;
			size_t size;
		} calls[] = {
			{__HYPERVISOR_memory_op, XENMEM_populate_physmap, &r, sizeof(r)},
			{__HYPERVISOR_memory_op, XENMEM_decrease_reservation, &r, sizeof(r)},
			{__HYPERVISOR_memory_op, XENMEM_claim_pages, &r, sizeof(r)},
			{__HYPERVISOR_memory_op, XENMEM_current_reservation, &m, sizeof(m)},
			{__HYPERVISOR_memory_op, XENMEM_maximum_reservation, &m, sizeof(m)},
			{__HYPERVISOR_memory_op, XENMEM_maximum_gpfn, &m, sizeof(m)},
			{__HYPERVISOR_memory_op, XENMEM_add_to_physmap, &add, sizeof(add)},
			{__HYPERVISOR_memory_op, XENMEM_remove_from_physmap, &rem, sizeof(rem)},
			{__HYPERVISOR_memory_op, XENMEM_acquire_resource, &res, sizeof(res)},
			{__HYPERVISOR_hvm_op, HVMOP_set_param, &p, sizeof(p)},
			{__HYPERVISOR_hvm_op, HVMOP_get_param, &p, sizeof(p)},
			{__HYPERVISOR_sched_op, SCHEDOP_remote_shutdown, &s, sizeof(s)},
			{__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, &au, sizeof(au)},
			{__HYPERVISOR_event_channel_op, EVTCHNOP_status, &st, sizeof(st)},
			{__HYPERVISOR_event_channel_op, EVTCHNOP_reset, &re, sizeof(re)},
		};

		for (unsigned n = 0; n < ARRAY_SIZE(calls); n++) {
			long ret = guest_call(v, calls[n].nr, calls[n].cmd, calls[n].arg,
					      calls[n].size);

			if (ret != -EPERM)
				print_message("call %u\n", n);
			assert_int_equal(ret, -EPERM);
		}
		/* These tell it in the structure. */
		assert_int_equal(guest_call(v, __HYPERVISOR_grant_table_op, GNTTABOP_setup_table,
					    &gs, sizeof(gs)),
				 0);
		assert_int_equal(((struct gnttab_setup_table *)guest_ram(guest, RAM0))->status,
				 GNTST_permission_denied);
		assert_int_equal(guest_call(v, __HYPERVISOR_grant_table_op, GNTTABOP_query_size,
					    &gq, sizeof(gq)),
				 0);
		assert_int_equal(((struct gnttab_query_size *)guest_ram(guest, RAM0))->status,
				 GNTST_permission_denied);
	}
	check_snapshot(&before, victim);
	whole_destroy(guest->id);
	whole_destroy(victim->id);
}

/* These may well succeed: yield, block; numbers; an empty multicall; a vCPU asked about; a switch that is a guest's own. */
static bool harmless(uint64_t nr, uint64_t cmd, uint64_t a)
{
	return (nr == __HYPERVISOR_sched_op && cmd <= SCHEDOP_block) ||
	       nr == __HYPERVISOR_xen_version || nr == __HYPERVISOR_memory_op ||
	       (nr == __HYPERVISOR_multicall && (uint32_t)a == 0) ||
	       (nr == __HYPERVISOR_vcpu_op && a == 0) || nr == __HYPERVISOR_vm_assist;
}

/* Every number of a hypercall, with rubbish: an error. */
static void guest_rubbish(void **state)
{
	struct domain *guest = whole_domain(1, 4, true);
	struct vcpu *v = guest->vcpu[0];
	static const uint64_t addresses[] = {0,
					     1,
					     ~0ULL,
					     ~7ULL,
					     GUEST_RAM0_BASE - 8,
					     GUEST_RAM0_BASE + 4 * PAGE_SIZE - 3,
					     1ULL << 63,
					     1ULL << 40};

	(void)state;
	for (uint64_t nr = 0; nr < 70; nr++)
		for (uint64_t cmd = 0; cmd < 40; cmd++)
			for (unsigned i = 0; i < ARRAY_SIZE(addresses); i++) {
				long ret = host_hypercall(v, nr, cmd, addresses[i], ~0ULL);

				if (!harmless(nr, cmd, addresses[i]) && ret >= 0)
					fail_msg("hypercall %u, %u, %#llx: %ld", (unsigned)nr,
						 (unsigned)cmd, (unsigned long long)addresses[i],
						 ret);
				assert_int_equal(guest->state, DOMAIN_BUILDING);
			}
	assert_int_equal(host_hypercall(v, ~0ULL, 0, 0, 0), -ENOSYS);
	assert_int_equal(host_hypercall(v, 64, 0, 0, 0), -ENOSYS);
	assert_int_equal(guest->tot_pages, 4);
	whole_destroy(guest->id);
}

/* ---- versions, unknown operations, bad addresses ---- */

static void wrong_versions(void **state)
{
	struct xen_domctl *op = whole_scratch(sizeof(*op));
	struct xen_sysctl *sys = whole_scratch(sizeof(*sys));
	struct xen_platform_op *plat = whole_scratch(sizeof(*plat));

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(domctls); i++) {
		op->cmd = domctls[i];
		op->interface_version = XEN_DOMCTL_INTERFACE_VERSION + 1;
		assert_int_equal(
			host_hypercall(whole_vcpu, __HYPERVISOR_domctl, (uintptr_t)op, 0, 0),
			-EACCES);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(sysctls); i++) {
		sys->cmd = sysctls[i];
		sys->interface_version = XEN_SYSCTL_INTERFACE_VERSION - 1;
		assert_int_equal(
			host_hypercall(whole_vcpu, __HYPERVISOR_sysctl, (uintptr_t)sys, 0, 0),
			-EACCES);
	}
	plat->cmd = XENPF_settime64;
	assert_int_equal(
		host_hypercall(whole_vcpu, __HYPERVISOR_platform_op, (uintptr_t)plat, 0, 0),
		-EACCES);
}

static bool listed(const uint8_t *list, size_t n, unsigned cmd)
{
	return memchr(list, (int)cmd, n) != NULL && cmd < 256;
}

static void unknown_operations(void **state)
{
	(void)state;
	for (unsigned cmd = 0; cmd < 300; cmd++) {
		struct xen_domctl op = {0};
		struct xen_sysctl sys = {0};

		if (!listed(domctls, sizeof(domctls), cmd))
			assert_int_equal(whole_domctl(cmd, 0, &op), -ENOSYS);
		if (!listed(sysctls, sizeof(sysctls), cmd))
			assert_int_equal(whole_sysctl(cmd, &sys), -ENOSYS);
	}
	assert_int_equal(host_hypercall(whole_vcpu, __HYPERVISOR_plinth_op, 99, 0, 0), -ENOSYS);
	assert_int_equal(host_hypercall(whole_vcpu, __HYPERVISOR_hvm_op, 99, 0, 0), -ENOSYS);
	assert_int_equal(host_hypercall(whole_vcpu, __HYPERVISOR_physdev_op, 99, 0, 0), -ENOSYS);
	assert_int_equal(host_hypercall(whole_vcpu, __HYPERVISOR_sched_op, 99, 0, 0), -ENOSYS);
	assert_int_equal(host_hypercall(whole_vcpu, __HYPERVISOR_xen_version, 99, 0, 0), -ENOSYS);
	assert_int_equal(host_hypercall(whole_vcpu, __HYPERVISOR_vm_assist, 9, 0, 0), -ENOSYS);
	assert_int_equal(host_hypercall(whole_vcpu, __HYPERVISOR_console_io, 9, 0, 0), -ENOSYS);
}

static void no_such_domain(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(domctls); i++) {
		if (domctls[i] == XEN_DOMCTL_createdomain)
			continue;
		assert_int_equal(whole_domctl_plain(domctls[i], 4711), -ESRCH);
		if (domctls[i] != XEN_DOMCTL_getdomaininfo)
			assert_int_equal(whole_domctl_plain(domctls[i], DOMID_INVALID), -ESRCH);
	}
}

/* A structure that cannot be written to: nothing is done. */
static void result_cannot_be_delivered(void **state)
{
	uint64_t free;
	struct xen_domctl *op = whole_scratch(sizeof(*op));
	mfn_t mfn = hyp_va_to_mfn(op), dropped;
	enum p2m_type type;

	(void)state;
	*op = (struct xen_domctl){.cmd = XEN_DOMCTL_createdomain,
				  .interface_version = XEN_DOMCTL_INTERFACE_VERSION,
				  .u.createdomain = {.flags = 3, .max_vcpus = 1}};
	assert_int_equal(p2m_take(whole_dom0, GFN(mfn.n), BIT(P2M_RAM), mfn, &dropped, &type), 0);
	assert_int_equal(p2m_map(whole_dom0, GFN(mfn.n), mfn, 1, P2M_RAM_RO), 0);
	free = page_nr_free();
	assert_int_equal(host_hypercall(whole_vcpu, __HYPERVISOR_domctl, (uintptr_t)op, 0, 0),
			 -EFAULT);
	assert_int_equal(page_nr_free(), free);
	assert_null(domain_get_next(1));
}

/* ---- domctl's answers ---- */

static void domain_info(void **state)
{
	struct domain *d = whole_domain(3, 10, false);
	struct xen_domctl op = {.u.setdomainhandle.handle = {1, 2, 3}};
	const struct xen_domctl_getdomaininfo *info = &op.u.getdomaininfo;

	(void)state;
	assert_int_equal(whole_domctl(XEN_DOMCTL_setdomainhandle, d->id, &op), 0);
	assert_int_equal(whole_domctl(XEN_DOMCTL_getdomaininfo, d->id, &op), 0);
	assert_int_equal(info->domain, d->id);
	assert_int_equal(info->flags, XEN_DOMINF_paused | XEN_DOMINF_blocked |
					      XEN_DOMINF_hvm_guest | XEN_DOMINF_hap);
	assert_int_equal(info->tot_pages, 10);
	assert_int_equal(info->max_pages, 10);
	assert_int_equal(info->nr_online_vcpus, 0);
	assert_int_equal(info->max_vcpu_id, 2);
	assert_int_equal(info->handle[2], 3);
	assert_int_equal(info->cpu_time, 0);
	assert_int_equal(info->arch_config.gic_version, XEN_DOMCTL_CONFIG_GIC_V3);
	d->vcpu[0]->offline = 0;
	assert_int_equal(whole_domctl_plain(XEN_DOMCTL_unpausedomain, d->id), 0);
	whole_settle();
	host_ticks += 5000;
	assert_int_equal(whole_domctl(XEN_DOMCTL_getdomaininfo, d->id, &op), 0);
	assert_int_equal(info->flags, XEN_DOMINF_running | XEN_DOMINF_hvm_guest | XEN_DOMINF_hap);
	assert_int_equal(info->nr_online_vcpus, 1);
	assert_int_equal(info->cpu_time, 5000);
	assert_int_equal(whole_domctl_plain(XEN_DOMCTL_pausedomain, d->id), 0);
	assert_true(domain_is_quiet(d));
	/* The next higher one answers, and nobody after the last. */
	assert_int_equal(whole_domctl(XEN_DOMCTL_getdomaininfo, 1, &op), 0);
	assert_int_equal(info->domain, d->id);
	assert_int_equal(op.domain, d->id);
	assert_int_equal(whole_domctl(XEN_DOMCTL_getdomaininfo, (domid_t)(d->id + 1), &op), -ESRCH);
	whole_destroy(d->id);
}

/* Pauses by the toolstack are counted. One that has to wait for a vCPU counts once, however often it is issued. */
static void pauses_are_counted(void **state)
{
	struct domain *d = whole_domain(1, 4, true);

	(void)state;
	assert_int_equal(whole_domctl_plain(XEN_DOMCTL_unpausedomain, d->id), 0);
	assert_int_equal(whole_domctl_plain(XEN_DOMCTL_unpausedomain, d->id), -EINVAL);
	whole_settle();
	assert_true(d->vcpu[0]->running);
	assert_int_equal(whole_domctl_plain(XEN_DOMCTL_pausedomain, d->id), 0);
	assert_int_equal(d->paused_by_tools, 1);
	assert_int_equal(whole_domctl_plain(XEN_DOMCTL_pausedomain, d->id), 0);
	assert_int_equal(d->pause_count, 1); /* all of them together */
	assert_int_equal(whole_domctl_plain(XEN_DOMCTL_unpausedomain, d->id), 0);
	whole_settle();
	assert_false(d->vcpu[0]->running);
	for (unsigned i = 1; i < 255; i++)
		assert_int_equal(whole_domctl_plain(XEN_DOMCTL_pausedomain, d->id), 0);
	assert_int_equal(whole_domctl_plain(XEN_DOMCTL_pausedomain, d->id), -EOVERFLOW);
	for (unsigned i = 0; i < 255; i++)
		assert_int_equal(whole_domctl_plain(XEN_DOMCTL_unpausedomain, d->id), 0);
	assert_int_equal(d->pause_count, 0);
	whole_settle();
	assert_true(d->vcpu[0]->running);
	whole_destroy(d->id);
}

static long watchdog(struct vcpu *v, uint32_t id, uint32_t timeout)
{
	struct sched_watchdog w = {.id = id, .timeout = timeout};

	return guest_call(v, __HYPERVISOR_sched_op, SCHEDOP_watchdog, &w, sizeof(w));
}

/* Runs all CPUs' timers until `seconds` from now. */
static void wait_seconds(unsigned seconds)
{
	host_ticks += (uint64_t)seconds * time_hz;
	for (unsigned i = 0; i < WHOLE_CPUS; i++)
		host_cpu_run(i);
	whole_settle();
}

static void watchdogs(void **state)
{
	struct domain *d = whole_domain(1, 4, true);
	struct vcpu *v = d->vcpu[0];

	(void)state;
	assert_int_equal(watchdog(v, 1, 5), -EINVAL); /* not given out */
	assert_int_equal(watchdog(v, 3, 5), -EINVAL);
	assert_int_equal(watchdog(v, ~0u, 5), -EINVAL);
	assert_int_equal(watchdog(v, 0, 10), 1);
	assert_int_equal(watchdog(v, 0, ~0u), 2);
	assert_int_equal(watchdog(v, 0, 10), -ENOSPC);
	assert_int_equal(watchdog(v, 2, 0), 0);
	assert_int_equal(watchdog(v, 2, 0), -EINVAL);
	assert_int_equal(host_hypercall(v, __HYPERVISOR_sched_op, SCHEDOP_watchdog, 8, 0), -EFAULT);
	for (unsigned i = 0; i < 4; i++) {
		wait_seconds(9);
		assert_false(d->shutting_down);
		assert_int_equal(watchdog(v, 1, 10), 0);
	}
	wait_seconds(11);
	assert_true(d->shutting_down);
	assert_int_equal(d->shutdown_code, SHUTDOWN_watchdog);
	whole_destroy(d->id);
	/* One that is armed goes with its domain. */
	d = whole_domain(1, 4, true);
	assert_int_equal(watchdog(d->vcpu[0], 0, 10), 1);
	whole_destroy(d->id);
	wait_seconds(11);
}

static void vcpu_context(void **state)
{
	struct domain *d = whole_domain(2, 4, false);
	struct vcpu_guest_context *c = whole_scratch(sizeof(*c)),
				  *back = whole_scratch(sizeof(*back));
	struct xen_domctl op = {.u.vcpucontext = {.vcpu = 1, .ctxt.va = (uintptr_t)c}};

	(void)state;
	c->user_regs.cpsr = PSR_GUEST64_INIT;
	c->user_regs.pc64 = 0x40080000;
	c->user_regs.x0 = 0x48000000;
	c->sctlr = SCTLR_GUEST_INIT;
	c->flags = VGCF_online;
	assert_int_equal(whole_domctl(XEN_DOMCTL_setvcpucontext, d->id, &op), 0);
	assert_int_equal(d->vcpu[1]->offline, 0);
	assert_int_equal(d->vcpu[1]->arch.pc, 0x40080000);
	op.u.vcpucontext.ctxt.va = (uintptr_t)back;
	assert_int_equal(whole_domctl(XEN_DOMCTL_getvcpucontext, d->id, &op), 0);
	assert_memory_equal(c, back, sizeof(*c));
	c->user_regs.cpsr = PSR_MODE_EL2h;
	op.u.vcpucontext.ctxt.va = (uintptr_t)c;
	assert_int_equal(whole_domctl(XEN_DOMCTL_setvcpucontext, d->id, &op), -EINVAL);
	op.u.vcpucontext.vcpu = 2;
	assert_int_equal(whole_domctl(XEN_DOMCTL_setvcpucontext, d->id, &op), -EINVAL);
	op.u.vcpucontext.vcpu = ~0u;
	assert_int_equal(whole_domctl(XEN_DOMCTL_getvcpucontext, d->id, &op), -EINVAL);
	op.u.vcpucontext.vcpu = 0;
	op.u.vcpucontext.ctxt.va = 8;
	assert_int_equal(whole_domctl(XEN_DOMCTL_setvcpucontext, d->id, &op), -EFAULT);
	assert_int_equal(d->pause_count, 1);
	/* Of a running domain it waits until that is off its CPUs, and lets it go on. */
	assert_int_equal(whole_domctl_plain(XEN_DOMCTL_unpausedomain, d->id), 0);
	whole_settle();
	op.u.vcpucontext.vcpu = 1;
	op.u.vcpucontext.ctxt.va = (uintptr_t)back;
	assert_int_equal(whole_domctl(XEN_DOMCTL_getvcpucontext, d->id, &op), 0);
	whole_settle();
	assert_true(d->vcpu[1]->running);
	whole_destroy(d->id);
}

static void affinity(void **state)
{
	struct domain *d = whole_domain(1, 0, true);
	uint8_t *hard = whole_scratch(16), *soft = whole_scratch(16);
	struct xen_domctl op = {0};
	struct xen_domctl_vcpuaffinity *a = &op.u.vcpuaffinity;

	(void)state;
	a->flags = XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT;
	a->cpumap_hard.nr_bits = a->cpumap_soft.nr_bits = 128;
	a->cpumap_hard.bitmap.va = (uintptr_t)hard;
	a->cpumap_soft.bitmap.va = (uintptr_t)soft;
	hard[0] = 0xf6;
	soft[0] = 0x0c;
	assert_int_equal(whole_domctl(XEN_DOMCTL_setvcpuaffinity, d->id, &op), 0);
	assert_int_equal(hard[0], 0x06); /* what became effective */
	assert_int_equal(soft[0], 0x04);
	assert_int_equal(whole_domctl(XEN_DOMCTL_getvcpuaffinity, d->id, &op), 0);
	assert_int_equal(hard[0], 0xf6); /* what was asked for */
	assert_int_equal(soft[0], 0x0c);
	hard[0] = 0x02;
	soft[0] = 0x0c; /* a preference for what it may not use has no effect */
	assert_int_equal(whole_domctl(XEN_DOMCTL_setvcpuaffinity, d->id, &op), 0);
	assert_int_equal(soft[0], 0);
	hard[0] = 0xf6;
	soft[0] = 0x0c;
	assert_int_equal(whole_domctl(XEN_DOMCTL_setvcpuaffinity, d->id, &op), 0);
	hard[0] = 0xf0; /* none of these exists */
	assert_int_equal(whole_domctl(XEN_DOMCTL_setvcpuaffinity, d->id, &op), -EINVAL);
	assert_int_equal(d->vcpu[0]->sched.hard_affinity, 0xf6);
	hard[0] = 0x06; /* a wish that cannot be granted is none */
	soft[0] = 0x08;
	assert_int_equal(whole_domctl(XEN_DOMCTL_setvcpuaffinity, d->id, &op), 0);
	assert_int_equal(hard[0], 0x06);
	assert_int_equal(soft[0], 0);
	a->flags = 0;
	assert_int_equal(whole_domctl(XEN_DOMCTL_setvcpuaffinity, d->id, &op), -EINVAL);
	/* Sizes at the edges: a map without bits, and one so large that its size in bytes wraps. */
	a->flags = XEN_VCPUAFFINITY_HARD;
	a->cpumap_hard.nr_bits = 0;
	assert_int_equal(whole_domctl(XEN_DOMCTL_setvcpuaffinity, d->id, &op), -EINVAL);
	a->cpumap_hard.nr_bits = ~0u;
	hard[0] = 0x01;
	memset(hard + 1, 0, 15);
	assert_int_equal(whole_domctl(XEN_DOMCTL_setvcpuaffinity, d->id, &op), 0);
	assert_int_equal(d->vcpu[0]->sched.hard_affinity, 1);
	a->vcpu = 1;
	assert_int_equal(whole_domctl(XEN_DOMCTL_getvcpuaffinity, d->id, &op), -ESRCH);
	whole_destroy(d->id);
}

static void scheduler_parameters(void **state)
{
	struct domain *d = whole_domain(1, 0, true);
	struct xen_domctl op = {.u.scheduler_op = {.sched_id = XEN_SCHEDULER_CREDIT2,
						   .cmd = XEN_DOMCTL_SCHEDOP_getinfo}};
	struct xen_domctl_scheduler_op *s = &op.u.scheduler_op;

	(void)state;
	assert_int_equal(whole_domctl(XEN_DOMCTL_scheduler_op, d->id, &op), 0);
	assert_int_equal(s->u.credit2.weight, 256);
	assert_int_equal(s->u.credit2.cap, 0);
	s->cmd = XEN_DOMCTL_SCHEDOP_putinfo;
	s->u.credit2.weight = 1000;
	s->u.credit2.cap = 30;
	assert_int_equal(whole_domctl(XEN_DOMCTL_scheduler_op, d->id, &op), 0);
	assert_int_equal(d->sched_weight, 1000);
	assert_int_equal(d->sched_cap, 30);
	s->sched_id = XEN_SCHEDULER_CREDIT;
	assert_int_equal(whole_domctl(XEN_DOMCTL_scheduler_op, d->id, &op), -EINVAL);
	s->sched_id = XEN_SCHEDULER_CREDIT2;
	s->cmd = XEN_DOMCTL_SCHEDOP_putvcpuinfo;
	assert_int_equal(whole_domctl(XEN_DOMCTL_scheduler_op, d->id, &op), -EINVAL);
	whole_destroy(d->id);
}

/* A pending event keeps one awake that waits for events, but not one in WFI whose guest has the event interrupt disabled. */
static void what_ends_a_sleep(void **state)
{
	struct vcpu *v = whole_vcpu;

	(void)state;
	assert_non_null(v->info);
	v->info->evtchn_upcall_pending = 1;
	assert_int_equal(host_hypercall(v, __HYPERVISOR_sched_op, SCHEDOP_block, 0, 0), 0);
	assert_int_equal(v->blocked, 0);
	vcpu_block(v, SLEEP_IRQ);
	assert_int_equal(v->blocked, SLEEP_IRQ);
	vcpu_stay_awake(v);
	v->info->evtchn_upcall_pending = 0;
}

static void limits(void **state)
{
	struct domain *d = whole_domain(2, 10, true);
	struct xen_domctl op = {.u.max_mem.max_memkb = 39};

	(void)state;
	assert_int_equal(whole_domctl(XEN_DOMCTL_max_mem, d->id, &op),
			 0); /* it has more, and keeps it */
	assert_int_equal(whole_populate(d->id, RAM0 + 10, 1), 0);
	op.u.max_mem.max_memkb = 44;
	assert_int_equal(whole_domctl(XEN_DOMCTL_max_mem, d->id, &op), 0);
	assert_int_equal(whole_populate(d->id, RAM0 + 10, 5), 1);
	op.u.max_vcpus.max = 3;
	assert_int_equal(whole_domctl(XEN_DOMCTL_max_vcpus, d->id, &op), -EINVAL);
	assert_int_equal(whole_domctl(XEN_DOMCTL_get_paging_mempool_size, d->id, &op), 0);
	assert_int_equal(op.u.paging_mempool.size, 65536); /* of a new domain */
	op.u.paging_mempool.size = 4097;
	assert_int_equal(whole_domctl(XEN_DOMCTL_set_paging_mempool_size, d->id, &op), -EINVAL);
	op.u.paging_mempool.size = 4096;
	assert_int_equal(whole_domctl(XEN_DOMCTL_set_paging_mempool_size, d->id, &op), -EBUSY);
	op.u.paging_mempool.size = MiB(2);
	assert_int_equal(whole_domctl(XEN_DOMCTL_set_paging_mempool_size, d->id, &op), 0);
	op.u.paging_mempool.size = 0;
	assert_int_equal(whole_domctl(XEN_DOMCTL_get_paging_mempool_size, d->id, &op), 0);
	assert_int_equal(op.u.paging_mempool.size, MiB(2));
	op.u.address_size.size = 32;
	assert_int_equal(whole_domctl(XEN_DOMCTL_set_address_size, d->id, &op), -EINVAL);
	op.u.address_size.size = 64;
	assert_int_equal(whole_domctl(XEN_DOMCTL_set_address_size, d->id, &op), 0);
	whole_destroy(d->id);
}

/* Flushing ends, however large the range, and tells in the structure where it is. */
static void cache_flush(void **state)
{
	struct domain *d = whole_domain(1, 200, true);
	struct xen_domctl op = {.u.cacheflush = {.start_pfn = RAM0, .nr_pfns = 200}};
	uint64_t before = host_cache_bytes;

	(void)state;
	host_yield_every = 1;
	assert_int_equal(whole_domctl(XEN_DOMCTL_cacheflush, d->id, &op), 0);
	assert_true(host_continuations > 1);
	assert_int_equal(host_cache_bytes - before, 200 * PAGE_SIZE);
	host_yield_every = 0;
	op.u.cacheflush.start_pfn = 0;
	op.u.cacheflush.nr_pfns = ~0ULL;
	assert_int_equal(whole_domctl(XEN_DOMCTL_cacheflush, d->id, &op), 0);
	op.u.cacheflush.start_pfn = ~0ULL;
	op.u.cacheflush.nr_pfns = 2;
	assert_int_equal(whole_domctl(XEN_DOMCTL_cacheflush, d->id, &op), -EINVAL);
	whole_destroy(d->id);
}

/* ---- sysctl's answers ---- */

static void machine_info(void **state)
{
	struct xen_sysctl op = {0};
	const struct xen_sysctl_physinfo *p = &op.u.physinfo;

	(void)state;
	assert_int_equal(whole_sysctl(XEN_SYSCTL_physinfo, &op), 0);
	assert_int_equal(p->nr_cpus, WHOLE_CPUS);
	assert_int_equal(p->max_cpu_id, WHOLE_CPUS - 1);
	assert_int_equal(p->total_pages, WHOLE_RAM / PAGE_SIZE);
	assert_int_equal(p->free_pages, page_nr_free());
	assert_int_equal(p->cpu_khz, HOST_HZ / 1000);
	assert_int_equal(p->max_mfn, (HOST_RAM_BASE + WHOLE_RAM) / PAGE_SIZE - 1);
	assert_int_equal(whole_sysctl(XEN_SYSCTL_sched_id, &op), 0);
	assert_int_equal(op.u.sched_id.sched_id, XEN_SCHEDULER_CREDIT2);
	assert_int_equal(whole_sysctl(XEN_SYSCTL_availheap, &op), 0);
	assert_int_equal(op.u.availheap.avail_bytes, page_nr_free() * PAGE_SIZE);
}

static void domain_list_info(void **state)
{
	struct domain *d[5];
	struct xen_domctl_getdomaininfo *info = whole_scratch(8 * sizeof(*info));
	struct xen_sysctl op = {
		.u.getdomaininfolist = {.max_domains = 8, .buffer.va = (uintptr_t)info}};

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		d[i] = whole_domain(1, 1, true);
	assert_int_equal(whole_sysctl(XEN_SYSCTL_getdomaininfolist, &op), 0);
	assert_int_equal(op.u.getdomaininfolist.num_domains, 6);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(info[i + 1].domain, d[i]->id);
	op.u.getdomaininfolist.first_domain = d[2]->id;
	op.u.getdomaininfolist.max_domains = 2;
	memset(info, 0xee, 8 * sizeof(*info));
	assert_int_equal(whole_sysctl(XEN_SYSCTL_getdomaininfolist, &op), 0);
	assert_int_equal(op.u.getdomaininfolist.num_domains, 2);
	assert_int_equal(info[1].domain, d[3]->id);
	assert_int_equal(info[2].domain, 0xeeee);
	op.u.getdomaininfolist.buffer.va = 16;
	assert_int_equal(whole_sysctl(XEN_SYSCTL_getdomaininfolist, &op), -EFAULT);
	for (unsigned i = 0; i < 5; i++)
		whole_destroy(d[i]->id);
}

static void log_is_read(void **state)
{
	char *buf = whole_scratch(LOG_SIZE);
	struct xen_sysctl op = {
		.u.readconsole = {.count = LOG_SIZE, .buffer.va = (uintptr_t)buf, .clear = 1}};
	struct xen_sysctl_readconsole *c = &op.u.readconsole;
	uint32_t index;

	(void)state;
	assert_int_equal(whole_sysctl(XEN_SYSCTL_readconsole, &op), 0);
	index = c->index;
	log_info("first");
	c->clear = 0;
	c->count = 100;
	assert_int_equal(whole_sysctl(XEN_SYSCTL_readconsole, &op), 0);
	buf[c->count] = 0;
	assert_non_null(strstr(buf, "] first\n"));
	assert_null(strchr(buf, '\n')[1] ? buf : NULL);
	log_info("second");
	c->incremental = 1;
	c->index = index;
	c->count = 10;
	assert_int_equal(whole_sysctl(XEN_SYSCTL_readconsole, &op), 0);
	assert_int_equal(c->count, 10);
	assert_int_equal(c->index, index + 10);
	c->count = 1000;
	assert_int_equal(whole_sysctl(XEN_SYSCTL_readconsole, &op), 0);
	buf[c->count] = 0;
	assert_non_null(strstr(buf, "first\n"));
	assert_non_null(strstr(buf, "second\n"));
	/* More than the ring holds: what is left of it, from its oldest byte on. */
	for (unsigned i = 0; i < 2000; i++)
		log_info("line %u of very many that push the others out of the ring", i);
	c->index = index;
	c->count = LOG_SIZE;
	assert_int_equal(whole_sysctl(XEN_SYSCTL_readconsole, &op), 0);
	assert_in_range(c->count, LOG_SIZE - 100, LOG_SIZE);
	assert_non_null(strstr(buf, "line 1999 of"));
	c->buffer.va = 3;
	assert_int_equal(whole_sysctl(XEN_SYSCTL_readconsole, &op),
			 0); /* nothing new: nothing to write */
	c->index = index;
	c->count = 10;
	assert_int_equal(whole_sysctl(XEN_SYSCTL_readconsole, &op), -EFAULT);
}

static void debug_keys(void **state)
{
	char *keys = whole_scratch(16);
	struct xen_sysctl op = {.u.debug_keys = {.nr_keys = 5, .keys.va = (uintptr_t)keys}};

	(void)state;
	memcpy(keys, "hqrmx", 5);
	assert_int_equal(whole_sysctl(XEN_SYSCTL_debug_keys, &op), 0);
	memcpy(keys, "C", 2);
	op.u.debug_keys.nr_keys = 1;
	assert_true(HOST_PANICS("debug key", whole_sysctl(XEN_SYSCTL_debug_keys, &op)));
	whole_scratch_reset();
}

/* One pool, one node. */
static void pools_and_nodes(void **state)
{
	uint8_t *map = whole_scratch(8);
	struct xen_sysctl op = {
		.u.cpupool_op = {.op = XEN_SYSCTL_CPUPOOL_OP_INFO,
				 .cpupool_id = XEN_SYSCTL_CPUPOOL_PAR_ANY,
				 .cpumap = {.bitmap.va = (uintptr_t)map, .nr_bits = 64}}};
	struct xen_sysctl_cpuinfo *idle = whole_scratch(WHOLE_CPUS * sizeof(*idle));
	struct xen_sysctl_cputopo *topo = whole_scratch(WHOLE_CPUS * sizeof(*topo));

	(void)state;
	assert_int_equal(whole_sysctl(XEN_SYSCTL_cpupool_op, &op), 0);
	assert_int_equal(map[0], 0xf);
	assert_int_equal(op.u.cpupool_op.n_dom, 1);
	op.u.cpupool_op.cpupool_id = 3;
	assert_int_equal(whole_sysctl(XEN_SYSCTL_cpupool_op, &op), -ENOENT);
	op.u.cpupool_op.op = 77;
	assert_int_equal(whole_sysctl(XEN_SYSCTL_cpupool_op, &op), -EOPNOTSUPP);
	op = (struct xen_sysctl){.u.getcpuinfo = {.max_cpus = 100, .info.va = (uintptr_t)idle}};
	assert_int_equal(whole_sysctl(XEN_SYSCTL_getcpuinfo, &op), 0);
	assert_int_equal(op.u.getcpuinfo.nr_cpus, WHOLE_CPUS);
	op = (struct xen_sysctl){.u.cputopoinfo = {.num_cpus = 100, .cputopo.va = (uintptr_t)topo}};
	assert_int_equal(whole_sysctl(XEN_SYSCTL_cputopoinfo, &op), 0);
	assert_int_equal(op.u.cputopoinfo.num_cpus, WHOLE_CPUS);
	assert_int_equal(topo[3].core, 3);
}

/* ---- the small ones ---- */

static void versions(void **state)
{
	static const size_t sizes[] = {[XENVER_extraversion] = sizeof(xen_extraversion_t),
				       [XENVER_compile_info] = sizeof(struct xen_compile_info),
				       [XENVER_capabilities] = sizeof(xen_capabilities_info_t),
				       [XENVER_changeset] = sizeof(xen_changeset_info_t),
				       [XENVER_platform_parameters] =
					       sizeof(struct xen_platform_parameters),
				       [XENVER_guest_handle] = sizeof(xen_domain_handle_t),
				       [XENVER_commandline] = sizeof(xen_commandline_t)};
	struct domain *d = whole_domain(1, 4, true);
	char *page = guest_ram(d, RAM0);

	(void)state;
	str_copy(bootinfo.cmdline, "dom0_mem=1G secret", sizeof(bootinfo.cmdline));
	assert_int_equal(host_hypercall(d->vcpu[0], __HYPERVISOR_xen_version, XENVER_version, 0, 0),
			 4 << 16 | 17);
	assert_int_equal(
		host_hypercall(d->vcpu[0], __HYPERVISOR_xen_version, XENVER_pagesize, 0, 0), 4096);
	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (!sizes[i])
			continue;
		memset(page, 0xee, PAGE_SIZE);
		assert_int_equal(
			host_hypercall(d->vcpu[0], __HYPERVISOR_xen_version, i, GUEST_RAM0_BASE, 0),
			0);
		assert_int_not_equal((uint8_t)page[sizes[i] - 1], 0xee);
		assert_int_equal((uint8_t)page[sizes[i]], 0xee);
		assert_null(memmem(page, PAGE_SIZE, "secret", 6)); /* not a guest's business */
		assert_int_equal(host_hypercall(d->vcpu[0], __HYPERVISOR_xen_version, i, 0x100, 0),
				 -EFAULT);
	}
	whole_destroy(d->id);
}

static void parameters(void **state)
{
	struct domain *d = whole_domain(1, 4, true);
	struct xen_hvm_param *p = whole_scratch(sizeof(*p));
	struct xen_hvm_param q = {.domid = DOMID_SELF, .index = HVM_PARAM_CONSOLE_PFN, .value = 8};

	(void)state;
	*p = (struct xen_hvm_param){
		.domid = d->id, .index = HVM_PARAM_CONSOLE_PFN, .value = 0x39000};
	assert_int_equal(
		host_hypercall(whole_vcpu, __HYPERVISOR_hvm_op, HVMOP_set_param, (uintptr_t)p, 0),
		0);
	assert_int_equal(
		guest_call(d->vcpu[0], __HYPERVISOR_hvm_op, HVMOP_get_param, &q, sizeof(q)), 0);
	assert_int_equal(((struct xen_hvm_param *)guest_ram(d, RAM0))->value, 0x39000);
	assert_int_equal(
		guest_call(d->vcpu[0], __HYPERVISOR_hvm_op, HVMOP_set_param, &q, sizeof(q)),
		-EPERM);
	for (unsigned i = 0; i < 70; i++) {
		q.index = i;
		guest_call(d->vcpu[0], __HYPERVISOR_hvm_op, HVMOP_set_param, &q, sizeof(q));
		assert_true(i >= 64 || d->hvm_params[i] != 8);
	}
	q.index = ~0u;
	assert_int_equal(
		guest_call(d->vcpu[0], __HYPERVISOR_hvm_op, HVMOP_get_param, &q, sizeof(q)),
		-EINVAL);
	whole_destroy(d->id);
}

/* The wall clock: what guests compute from shared_info. */
static void clock_is_set(void **state)
{
	struct domain *d = whole_domain(1, 4, true);
	struct xen_platform_op *op = whole_scratch(sizeof(*op));
	struct xen_domctl offset = {.u.settimeoffset.time_offset_seconds = -3600};
	const struct shared_info *s = d->shared_info;

	(void)state;
	*op = (struct xen_platform_op){
		.cmd = XENPF_settime64,
		.interface_version = XENPF_INTERFACE_VERSION,
		.u.settime64 = {.secs = 1700000000, .nsecs = 5, .system_time = 2000000010}};
	assert_int_equal(host_hypercall(whole_vcpu, __HYPERVISOR_platform_op, (uintptr_t)op, 0, 0),
			 0);
	assert_int_equal(s->wc_version % 2, 0);
	assert_int_equal(s->wc_sec, 1700000000 - 3);
	assert_int_equal(s->wc_nsec, 999999995);
	assert_int_equal(whole_domctl(XEN_DOMCTL_settimeoffset, d->id, &offset), 0);
	assert_int_equal(s->wc_sec, 1700000000 - 3 - 3600);
	assert_int_equal(whole_dom0->shared_info->wc_sec, 1700000000 - 3);
	op->u.settime64.nsecs = 1000000000;
	assert_int_equal(host_hypercall(whole_vcpu, __HYPERVISOR_platform_op, (uintptr_t)op, 0, 0),
			 -EINVAL);
	op->u.settime64.nsecs = 0;
	op->u.settime64.mbz = 1;
	assert_int_equal(host_hypercall(whole_vcpu, __HYPERVISOR_platform_op, (uintptr_t)op, 0, 0),
			 -EINVAL);
	whole_destroy(d->id);
}

static void runstate(void **state)
{
	struct domain *d = whole_domain(2, 4, true);
	struct vcpu *v = d->vcpu[0];
	/* Across the end of a page. */
	struct vcpu_register_runstate_memory_area area = {.addr.p = GUEST_RAM0_BASE +
								    2 * PAGE_SIZE - 16};
	struct vcpu_runstate_info seen;
	unsigned refs = d->refs;

	(void)state;
	memcpy(guest_ram(d, RAM0), &area, sizeof(area));
	assert_int_equal(host_hypercall(v, __HYPERVISOR_vcpu_op,
					VCPUOP_register_runstate_memory_area, 0, GUEST_RAM0_BASE),
			 0);
	assert_int_equal(host_hypercall(v, __HYPERVISOR_vcpu_op,
					VCPUOP_register_runstate_memory_area, 1, GUEST_RAM0_BASE),
			 -EINVAL); /* the address is this vCPU's */
	whole_domctl_plain(XEN_DOMCTL_unpausedomain, d->id);
	whole_settle();
	assert_int_equal(copy_from_domain(d, &seen, area.addr.p, sizeof(seen)), 0);
	assert_int_equal(seen.state, RUNSTATE_running);
	assert_int_equal(seen.state_entry_time, v->sched.state_since);
	whole_domctl_plain(XEN_DOMCTL_pausedomain, d->id);
	assert_int_equal(copy_from_domain(d, &seen, area.addr.p, sizeof(seen)), 0);
	assert_int_equal(seen.state, RUNSTATE_offline);
	/* Its page is taken away meanwhile: the hypervisor goes on writing to what it holds. */
	assert_int_equal(memory_remove_ram(d, GFN(RAM0 + 2)), 0);
	whole_domctl_plain(XEN_DOMCTL_unpausedomain, d->id);
	whole_settle();
	area.addr.p = ~0ULL - 8;
	memcpy(guest_ram(d, RAM0), &area, sizeof(area));
	assert_int_equal(host_hypercall(v, __HYPERVISOR_vcpu_op,
					VCPUOP_register_runstate_memory_area, 0, GUEST_RAM0_BASE),
			 -EINVAL);
	area.addr.p = GUEST_RAM0_BASE + 2 * PAGE_SIZE - 16; /* the second half is gone */
	memcpy(guest_ram(d, RAM0), &area, sizeof(area));
	assert_int_equal(host_hypercall(v, __HYPERVISOR_vcpu_op,
					VCPUOP_register_runstate_memory_area, 0, GUEST_RAM0_BASE),
			 -EFAULT);
	area.addr.p = 0;
	memcpy(guest_ram(d, RAM0), &area, sizeof(area));
	assert_int_equal(host_hypercall(v, __HYPERVISOR_vcpu_op,
					VCPUOP_register_runstate_memory_area, 0, GUEST_RAM0_BASE),
			 0);
	assert_int_equal(d->refs, refs);
	assert_int_equal(host_hypercall(v, __HYPERVISOR_vcpu_op, VCPUOP_is_up, 1, 0), 1);
	assert_int_equal(host_hypercall(v, __HYPERVISOR_vcpu_op, VCPUOP_is_up, 2, 0), -ENOENT);
	assert_int_equal(host_hypercall(v, __HYPERVISOR_vcpu_op, VCPUOP_is_up, ~0ULL, 0), -ENOENT);
	whole_destroy(d->id);
}

/* Plinth's own. */
static void copy_to_domain_call(void **state)
{
	struct domain *d = whole_domain(1, 20, true);
	struct plinth_copy_to_domain *c = whole_scratch(sizeof(*c));
	uint8_t *buf = whole_scratch(40000), back[40000];

	(void)state;
	for (unsigned i = 0; i < sizeof(back); i++)
		buf[i] = (uint8_t)(i * 7);
	*c = (struct plinth_copy_to_domain){.gpa = GUEST_RAM0_BASE + 100,
					    .buffer = (uintptr_t)buf,
					    .length = 40000,
					    .domid = d->id};
	host_yield_every = 2;
	assert_int_equal(host_hypercall(whole_vcpu, __HYPERVISOR_plinth_op,
					PLINTH_OP_copy_to_domain, (uintptr_t)c, 0),
			 0);
	assert_true(host_continuations > 2);
	assert_int_equal(c->done, 40000);
	assert_int_equal(copy_from_domain(d, back, c->gpa, sizeof(back)), 0);
	assert_memory_equal(back, buf, sizeof(back));
	c->done = 0;
	c->gpa = GUEST_RAM0_BASE + 19 * PAGE_SIZE + 1000;
	assert_int_equal(host_hypercall(whole_vcpu, __HYPERVISOR_plinth_op,
					PLINTH_OP_copy_to_domain, (uintptr_t)c, 0),
			 -ENXIO);
	assert_int_equal(c->done, PAGE_SIZE - 1000);
	c->done = 40001;
	assert_int_equal(host_hypercall(whole_vcpu, __HYPERVISOR_plinth_op,
					PLINTH_OP_copy_to_domain, (uintptr_t)c, 0),
			 -EINVAL);
	c->done = 0;
	c->domid = 0;
	assert_int_equal(host_hypercall(whole_vcpu, __HYPERVISOR_plinth_op,
					PLINTH_OP_copy_to_domain, (uintptr_t)c, 0),
			 -EINVAL);
	c->domid = d->id;
	c->buffer = ~0ULL - 100;
	assert_int_equal(host_hypercall(whole_vcpu, __HYPERVISOR_plinth_op,
					PLINTH_OP_copy_to_domain, (uintptr_t)c, 0),
			 -EINVAL);
	c->buffer = 0x1000;
	assert_int_equal(host_hypercall(whole_vcpu, __HYPERVISOR_plinth_op,
					PLINTH_OP_copy_to_domain, (uintptr_t)c, 0),
			 -EFAULT);
	whole_destroy(d->id);
}

static void usage(void **state)
{
	struct plinth_usage *u = whole_scratch(sizeof(*u));
	struct domain *d = whole_domain(3, 20, true);

	(void)state;
	assert_int_equal(host_hypercall(whole_vcpu, __HYPERVISOR_plinth_op, PLINTH_OP_get_usage,
					(uintptr_t)u, 0),
			 0);
	assert_int_equal(u->free_pages, page_nr_free());
	assert_int_equal(u->domains, 2);
	assert_int_equal(u->vcpus, 4);
	assert_int_equal(u->domain_pages, 512 + 20);
	assert_int_equal(u->free_pages + u->domain_pages + u->own_pages + u->p2m_pages,
			 page_nr_total());
	whole_destroy(d->id);
}

/* A call that is continued within a multicall. */
static void multicall(void **state)
{
	struct domain *d = whole_domain(1, 0, true);
	struct xen_domctl op = {.u.max_mem.max_memkb = 400};
	uint64_t *frames = whole_scratch(60 * sizeof(*frames));
	struct xen_memory_reservation *r = whole_scratch(sizeof(*r));
	struct multicall_entry *e = whole_scratch(3 * sizeof(*e));

	(void)state;
	assert_int_equal(whole_domctl(XEN_DOMCTL_max_mem, d->id, &op), 0);
	for (unsigned i = 0; i < 60; i++)
		frames[i] = RAM0 + i;
	*r = (struct xen_memory_reservation){
		.extent_start.va = (uintptr_t)frames, .nr_extents = 60, .domid = d->id};
	e[0] = (struct multicall_entry){.op = __HYPERVISOR_xen_version, .args = {XENVER_version}};
	e[1] = (struct multicall_entry){.op = __HYPERVISOR_memory_op,
					.args = {XENMEM_populate_physmap, (uintptr_t)r}};
	e[2] = (struct multicall_entry){.op = 63};
	host_yield_every = 3;
	assert_int_equal(host_hypercall(whole_vcpu, __HYPERVISOR_multicall, (uintptr_t)e, 3, 0), 0);
	assert_true(host_continuations > 1);
	assert_int_equal(e[0].result, 4 << 16 | 17);
	assert_int_equal(e[1].result, 60);
	assert_int_equal(e[2].result, -ENOSYS);
	assert_int_equal(d->tot_pages, 60);
	whole_destroy(d->id);
}

#define T(f) cmocka_unit_test_setup_teardown(f, whole_setup, whole_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(guest_is_denied),
		T(guest_cannot_reach_others),
		T(guest_rubbish),
		T(wrong_versions),
		T(unknown_operations),
		T(no_such_domain),
		T(result_cannot_be_delivered),
		T(domain_info),
		T(pauses_are_counted),
		T(watchdogs),
		T(vcpu_context),
		T(affinity),
		T(scheduler_parameters),
		T(what_ends_a_sleep),
		T(limits),
		T(cache_flush),
		T(machine_info),
		T(domain_list_info),
		T(log_is_read),
		T(debug_keys),
		T(pools_and_nodes),
		T(versions),
		T(parameters),
		T(clock_is_set),
		T(runstate),
		T(copy_to_domain_call),
		T(usage),
		T(multicall),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
