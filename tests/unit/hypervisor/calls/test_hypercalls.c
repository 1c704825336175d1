/* SPDX-License-Identifier: ISC */
/* Who may call what: guests, wrong versions, unknown operations, domains that are not there. */
#include "unit.h"
#include <string.h>

#include <host/host.h>
#include <lib/errno.h>
#include <hyp/hypercall.h>
#include <public/event_channel.h>
#include <public/grant_table.h>
#include <public/hvm_op.h>
#include <public/hvm_params.h>
#include <public/memory.h>
#include <public/platform.h>
#include <public/plinth.h>
#include <public/sched.h>
#include "whole.h"

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
		memcpy(s->page, whole_guest_ram(d, RAM0), PAGE_SIZE);
	s->d.log.budget = 0;
}

static void check_snapshot(const struct snapshot *s, struct domain *d)
{
	static struct snapshot now;

	take_snapshot(&now, d);
	assert_memory_equal(&now, s, sizeof(now));
}

/* The calls whose structure says what is to be done. */
static long guest_op(struct vcpu *v, uint64_t nr, const void *op, size_t size)
{
	memcpy(whole_guest_ram(v->domain, RAM0), op, size);
	return host_hypercall(v, nr, GUEST_RAM0_BASE, 0, 0);
}

static long guest_domctl(struct vcpu *v, uint32_t cmd, domid_t id)
{
	struct xen_domctl op = {
		.cmd = cmd, .interface_version = XEN_DOMCTL_INTERFACE_VERSION, .domain = id};

	return guest_op(v, __HYPERVISOR_domctl, &op, sizeof(op));
}

static long guest_sysctl(struct vcpu *v, uint32_t cmd)
{
	struct xen_sysctl op = {.cmd = cmd, .interface_version = XEN_SYSCTL_INTERFACE_VERSION};

	return guest_op(v, __HYPERVISOR_sysctl, &op, sizeof(op));
}

static long guest_platform_op(struct vcpu *v, uint32_t cmd)
{
	struct xen_platform_op op = {.cmd = cmd, .interface_version = XENPF_INTERFACE_VERSION};

	return guest_op(v, __HYPERVISOR_platform_op, &op, sizeof(op));
}

/* What would do something, to domain `victim` above all, if it came from dom0. */
static void guest_is_denied(void **state)
{
	struct domain *guest = whole_domain(1, 4, true), *victim = whole_domain(1, 4, true);
	struct vcpu *v = guest->vcpu[0];
	static struct snapshot before, own;

	(void)state;
	take_snapshot(&before, victim);
	take_snapshot(&own, whole_dom0);
	for (unsigned i = 0; i < 256; i++) {
		assert_int_equal(guest_domctl(v, i, victim->id), -EPERM);
		assert_int_equal(guest_domctl(v, i, DOMID_SELF), -EPERM);
		assert_int_equal(guest_sysctl(v, i), -EPERM);
		assert_int_equal(guest_platform_op(v, i), -EPERM);
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
static void expect_calls_denied(struct vcpu *v, domid_t id)
{
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
	struct evtchn_alloc_unbound au = {.dom = id, .remote_dom = v->domain->id};
	struct evtchn_status st = {.dom = id, .port = 1};
	struct evtchn_reset re = {.dom = id};
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
		long ret =
			whole_guest_call(v, calls[n].nr, calls[n].cmd, calls[n].arg, calls[n].size);

		if (ret != -EPERM)
			print_message("call %u\n", n);
		assert_int_equal(ret, -EPERM);
	}
}

/* These tell it in the structure. */
static void expect_grants_denied(struct vcpu *v, domid_t id)
{
	const struct gnttab_setup_table gs = {.dom = id, .nr_frames = 1};
	const struct gnttab_query_size gq = {.dom = id};
	const void *answer = whole_guest_ram(v->domain, RAM0);

	assert_int_equal(whole_guest_call(v, __HYPERVISOR_grant_table_op, GNTTABOP_setup_table, &gs,
					  sizeof(gs)),
			 0);
	assert_int_equal(((const struct gnttab_setup_table *)answer)->status,
			 GNTST_permission_denied);
	assert_int_equal(whole_guest_call(v, __HYPERVISOR_grant_table_op, GNTTABOP_query_size, &gq,
					  sizeof(gq)),
			 0);
	assert_int_equal(((const struct gnttab_query_size *)answer)->status,
			 GNTST_permission_denied);
}

static void guest_cannot_reach_others(void **state)
{
	struct domain *guest = whole_domain(1, 4, true), *victim = whole_domain(1, 4, true);
	domid_t aims[] = {victim->id, 0};
	static struct snapshot before;

	(void)state;
	take_snapshot(&before, victim);
	for (unsigned i = 0; i < ARRAY_SIZE(aims); i++) {
		expect_calls_denied(guest->vcpu[0], aims[i]);
		expect_grants_denied(guest->vcpu[0], aims[i]);
	}
	check_snapshot(&before, victim);
	whole_destroy(guest->id);
	whole_destroy(victim->id);
}

/*
 * These may well succeed: yield, block; numbers; an empty multicall; a vCPU asked about; a switch
 * that is a guest's own.
 */
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

static void wrong_versions(void **state)
{
	struct xen_domctl *op = whole_scratch(sizeof(*op));
	struct xen_sysctl *sys = whole_scratch(sizeof(*sys));
	struct xen_platform_op *plat = whole_scratch(sizeof(*plat));

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(domctls); i++) {
		op->cmd = domctls[i];
		op->interface_version = XEN_DOMCTL_INTERFACE_VERSION + 1;
		assert_int_equal(whole_hypercall(__HYPERVISOR_domctl, (uintptr_t)op, 0), -EACCES);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(sysctls); i++) {
		sys->cmd = sysctls[i];
		sys->interface_version = XEN_SYSCTL_INTERFACE_VERSION - 1;
		assert_int_equal(whole_hypercall(__HYPERVISOR_sysctl, (uintptr_t)sys, 0), -EACCES);
	}
	plat->cmd = XENPF_settime64;
	assert_int_equal(whole_hypercall(__HYPERVISOR_platform_op, (uintptr_t)plat, 0), -EACCES);
}

static bool listed(const uint8_t *list, size_t n, unsigned cmd)
{
	return memchr(list, (int)cmd, n) != NULL && cmd < 256;
}

static void unknown_operations(void **state)
{
	static const struct {
		uint64_t nr, cmd;
	} others[] = {
		{__HYPERVISOR_plinth_op, 99},   {__HYPERVISOR_hvm_op, 99},
		{__HYPERVISOR_physdev_op, 99},  {__HYPERVISOR_sched_op, 99},
		{__HYPERVISOR_xen_version, 99}, {__HYPERVISOR_vm_assist, 9},
		{__HYPERVISOR_console_io, 9},
	};

	(void)state;
	for (unsigned cmd = 0; cmd < 300; cmd++) {
		struct xen_domctl op = {0};
		struct xen_sysctl sys = {0};

		if (!listed(domctls, sizeof(domctls), cmd))
			assert_int_equal(whole_domctl(cmd, 0, &op), -ENOSYS);
		if (!listed(sysctls, sizeof(sysctls), cmd))
			assert_int_equal(whole_sysctl(cmd, &sys), -ENOSYS);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(others); i++)
		assert_int_equal(whole_hypercall(others[i].nr, others[i].cmd, 0), -ENOSYS);
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
	assert_int_equal(whole_hypercall(__HYPERVISOR_domctl, (uintptr_t)op, 0), -EFAULT);
	assert_int_equal(page_nr_free(), free);
	assert_null(domain_get_next(1));
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
