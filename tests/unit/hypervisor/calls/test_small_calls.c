/* SPDX-License-Identifier: ISC */
/*
 * What the small hypercalls answer: sched_op, xen_version, hvm_op, platform_op, vcpu_op, plinth_op,
 * multicall.
 */
#include "unit.h"
#include <string.h>

#include <host/host.h>
#include <boot/bootinfo.h>
#include <lib/errno.h>
#include <mem/guest_access.h>
#include <hyp/hypercall.h>
#include <lib/lib.h>
#include <lib/time.h>
#include <mem/memory.h>
#include <public/hvm_op.h>
#include <public/hvm_params.h>
#include <public/memory.h>
#include <public/platform.h>
#include <public/plinth.h>
#include <public/sched.h>
#include <public/vcpu.h>
#include <public/version.h>
#include "whole.h"

static long watchdog(struct vcpu *v, uint32_t id, uint32_t timeout)
{
	struct sched_watchdog w = {.id = id, .timeout = timeout};

	return whole_guest_call(v, __HYPERVISOR_sched_op, SCHEDOP_watchdog, &w, sizeof(w));
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

/*
 * A pending event keeps one awake that waits for events, but not one in WFI whose guest has the
 * event interrupt disabled.
 */
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

static long xen_version(struct domain *d, uint64_t cmd, gvaddr_t va)
{
	return host_hypercall(d->vcpu[0], __HYPERVISOR_xen_version, cmd, va, 0);
}

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
	char *page = whole_guest_ram(d, RAM0);

	(void)state;
	str_copy(bootinfo.cmdline, "dom0_mem=1G secret", sizeof(bootinfo.cmdline));
	assert_int_equal(xen_version(d, XENVER_version, 0), 4 << 16 | 17);
	assert_int_equal(xen_version(d, XENVER_pagesize, 0), 4096);
	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (!sizes[i])
			continue;
		memset(page, 0xee, PAGE_SIZE);
		assert_int_equal(xen_version(d, i, GUEST_RAM0_BASE), 0);
		assert_int_not_equal((uint8_t)page[sizes[i] - 1], 0xee);
		assert_int_equal((uint8_t)page[sizes[i]], 0xee);
		assert_null(memmem(page, PAGE_SIZE, "secret", 6)); /* not a guest's business */
		assert_int_equal(xen_version(d, i, 0x100), -EFAULT);
	}
	whole_destroy(d->id);
}

static long guest_param(struct domain *d, uint64_t cmd, const struct xen_hvm_param *p)
{
	return whole_guest_call(d->vcpu[0], __HYPERVISOR_hvm_op, cmd, p, sizeof(*p));
}

static void parameters(void **state)
{
	struct domain *d = whole_domain(1, 4, true);
	struct xen_hvm_param *p = whole_scratch(sizeof(*p));
	struct xen_hvm_param q = {.domid = DOMID_SELF, .index = HVM_PARAM_CONSOLE_PFN, .value = 8};

	(void)state;
	*p = (struct xen_hvm_param){
		.domid = d->id, .index = HVM_PARAM_CONSOLE_PFN, .value = 0x39000};
	assert_int_equal(whole_hypercall(__HYPERVISOR_hvm_op, HVMOP_set_param, (uintptr_t)p), 0);
	assert_int_equal(guest_param(d, HVMOP_get_param, &q), 0);
	assert_int_equal(((struct xen_hvm_param *)whole_guest_ram(d, RAM0))->value, 0x39000);
	assert_int_equal(guest_param(d, HVMOP_set_param, &q), -EPERM);
	for (unsigned i = 0; i < 70; i++) {
		q.index = i;
		guest_param(d, HVMOP_set_param, &q);
		assert_true(i >= 64 || d->hvm_params[i] != 8);
	}
	q.index = ~0u;
	assert_int_equal(guest_param(d, HVMOP_get_param, &q), -EINVAL);
	whole_destroy(d->id);
}

static long set_time(const struct xen_platform_op *op)
{
	return whole_hypercall(__HYPERVISOR_platform_op, (uintptr_t)op, 0);
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
	assert_int_equal(set_time(op), 0);
	assert_int_equal(s->wc_version % 2, 0);
	assert_int_equal(s->wc_sec, 1700000000 - 3);
	assert_int_equal(s->wc_nsec, 999999995);
	assert_int_equal(whole_domctl(XEN_DOMCTL_settimeoffset, d->id, &offset), 0);
	assert_int_equal(s->wc_sec, 1700000000 - 3 - 3600);
	assert_int_equal(whole_dom0->shared_info->wc_sec, 1700000000 - 3);
	op->u.settime64.nsecs = 1000000000;
	assert_int_equal(set_time(op), -EINVAL);
	op->u.settime64.nsecs = 0;
	op->u.settime64.mbz = 1;
	assert_int_equal(set_time(op), -EINVAL);
	whole_destroy(d->id);
}

/* The structure lies in the guest's first page, its area at `to`. */
static long register_runstate(struct vcpu *v, uint64_t vcpu, uint64_t to)
{
	struct vcpu_register_runstate_memory_area area = {.addr.p = to};

	memcpy(whole_guest_ram(v->domain, RAM0), &area, sizeof(area));
	return host_hypercall(v, __HYPERVISOR_vcpu_op, VCPUOP_register_runstate_memory_area, vcpu,
			      GUEST_RAM0_BASE);
}

static void runstate(void **state)
{
	struct domain *d = whole_domain(2, 4, true);
	struct vcpu *v = d->vcpu[0];
	const uint64_t at = GUEST_RAM0_BASE + 2 * PAGE_SIZE - 16; /* across the end of a page */
	struct vcpu_runstate_info seen;
	unsigned refs = d->refs;

	(void)state;
	assert_int_equal(register_runstate(v, 0, at), 0);
	assert_int_equal(register_runstate(v, 1, at), -EINVAL); /* the address is this vCPU's */
	whole_domctl_plain(XEN_DOMCTL_unpausedomain, d->id);
	whole_settle();
	assert_int_equal(copy_from_domain(d, &seen, at, sizeof(seen)), 0);
	assert_int_equal(seen.state, RUNSTATE_running);
	assert_int_equal(seen.state_entry_time, v->sched.state_since);
	whole_domctl_plain(XEN_DOMCTL_pausedomain, d->id);
	assert_int_equal(copy_from_domain(d, &seen, at, sizeof(seen)), 0);
	assert_int_equal(seen.state, RUNSTATE_offline);
	/* Its page is taken away meanwhile: the hypervisor goes on writing to what it holds. */
	assert_int_equal(memory_remove_ram(d, GFN(RAM0 + 2)), 0);
	whole_domctl_plain(XEN_DOMCTL_unpausedomain, d->id);
	whole_settle();
	assert_int_equal(register_runstate(v, 0, ~0ULL - 8), -EINVAL);
	assert_int_equal(register_runstate(v, 0, at), -EFAULT); /* the second half is gone */
	assert_int_equal(register_runstate(v, 0, 0), 0);
	assert_int_equal(d->refs, refs);
	assert_int_equal(host_hypercall(v, __HYPERVISOR_vcpu_op, VCPUOP_is_up, 1, 0), 1);
	assert_int_equal(host_hypercall(v, __HYPERVISOR_vcpu_op, VCPUOP_is_up, 2, 0), -ENOENT);
	assert_int_equal(host_hypercall(v, __HYPERVISOR_vcpu_op, VCPUOP_is_up, ~0ULL, 0), -ENOENT);
	whole_destroy(d->id);
}

/*
 * What a guest sees but does not own: shared_info, and pages of others. Nobody's references change.
 */
static void runstate_in_others_pages(void **state)
{
	struct domain *d = whole_domain(1, 4, true), *other = whole_domain(1, 4, true);
	struct vcpu *v = d->vcpu[0];

	(void)state;
	assert_int_equal(memory_map_shared_info(d, GFN(RAM0 + 2)), 0);
	assert_int_equal(register_runstate(v, 0, GUEST_RAM0_BASE + 2 * PAGE_SIZE), -EFAULT);
	assert_int_equal(memory_map_foreign(d, GFN(RAM0 + 3), other, GFN(RAM0)), 0);
	assert_int_equal(register_runstate(v, 0, GUEST_RAM0_BASE + 3 * PAGE_SIZE), -EFAULT);
	assert_int_equal(register_runstate(v, 0, GUEST_RAM0_BASE + 2 * PAGE_SIZE - 16), -EFAULT);
	assert_int_equal(memory_remove(d, GFN(RAM0 + 3)), 0);
	assert_int_equal(other->tot_pages, 4);
	assert_int_equal(whole_destroy(d->id), 0);
	assert_int_equal(whole_destroy(other->id), 0);
}

static long copy_to(const struct plinth_copy_to_domain *c)
{
	return whole_hypercall(__HYPERVISOR_plinth_op, PLINTH_OP_copy_to_domain, (uintptr_t)c);
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
	assert_int_equal(copy_to(c), 0);
	assert_true(host_continuations > 2);
	assert_int_equal(c->done, 40000);
	assert_int_equal(copy_from_domain(d, back, c->gpa, sizeof(back)), 0);
	assert_memory_equal(back, buf, sizeof(back));
	c->done = 0;
	c->gpa = GUEST_RAM0_BASE + 19 * PAGE_SIZE + 1000;
	assert_int_equal(copy_to(c), -ENXIO);
	assert_int_equal(c->done, PAGE_SIZE - 1000);
	c->done = 40001;
	assert_int_equal(copy_to(c), -EINVAL);
	c->done = 0;
	c->domid = 0;
	assert_int_equal(copy_to(c), -EINVAL);
	c->domid = d->id;
	c->buffer = ~0ULL - 100;
	assert_int_equal(copy_to(c), -EINVAL);
	c->buffer = 0x1000;
	assert_int_equal(copy_to(c), -EFAULT);
	whole_destroy(d->id);
}

static void usage(void **state)
{
	struct plinth_usage *u = whole_scratch(sizeof(*u));
	struct domain *d = whole_domain(3, 20, true);

	(void)state;
	assert_int_equal(whole_hypercall(__HYPERVISOR_plinth_op, PLINTH_OP_get_usage, (uintptr_t)u),
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
	assert_int_equal(whole_hypercall(__HYPERVISOR_multicall, (uintptr_t)e, 3), 0);
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
		T(watchdogs),
		T(what_ends_a_sleep),
		T(versions),
		T(parameters),
		T(clock_is_set),
		T(runstate),
		T(copy_to_domain_call),
		T(usage),
		T(multicall),
		T(runstate_in_others_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
