/* SPDX-License-Identifier: ISC */
/*
 * The life of domains: every page comes back, whatever fails on the way, and references keep what
 * they should.
 */
#include "unit.h"
#include <string.h>

#include <host/host.h>
#include <lib/errno.h>
#include <hyp/hypercall.h>
#include <lib/list.h>
#include <public/event_channel.h>
#include <public/grant_table.h>
#include <public/memory.h>
#include <public/sched.h>
#include "whole.h"

static long call(struct vcpu *v, uint64_t nr, uint64_t cmd, void *arg)
{
	return host_hypercall(v, nr, cmd, (uintptr_t)arg, 0);
}

static struct domain *find(long id)
{
	struct domain *d = domain_get_any((domid_t)id);

	if (d)
		domain_put(d);
	return d;
}

/* ---- nothing is lost ---- */

static void create_and_destroy(void **state)
{
	uint64_t before = page_nr_free();

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		struct domain *d = whole_domain(1 + i % 9, i * 7 % 300, true);
		domid_t id = d->id;

		if (i % 3 == 0) {
			domain_unpause(d);
			whole_settle();
		}
		host_yield_every = i % 4;
		assert_int_equal(whole_destroy(id), 0);
		host_yield_every = 0;
		assert_null(find(id));
		assert_int_equal(page_nr_free(), before);
	}
}

static void largest(void **state)
{
	uint64_t before = page_nr_free();
	struct domain *d = whole_domain(128, 10, true);

	(void)state;
	domain_unpause(d);
	whole_settle();
	assert_int_equal(whole_destroy(d->id), 0);
	assert_int_equal(page_nr_free(), before);
}

static void many_at_once(void **state)
{
	long id[100];
	uint64_t before = page_nr_free();

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(id); i++)
		id[i] = whole_domain(1, 3, true)->id;
	for (unsigned i = 0; i < ARRAY_SIZE(id); i++) {
		struct domain *d = domain_get_next((domid_t)id[i]);

		assert_int_equal(d->id, id[i]);
		domain_put(d);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(id); i++)
		assert_int_equal(whole_destroy((domid_t)id[i * 37 % ARRAY_SIZE(id)]), 0);
	assert_int_equal(page_nr_free(), before);
}

/* What the hypervisor keeps for a guest: 64 KiB at most besides its memory. */
static void cost_of_a_guest(void **state)
{
	uint64_t before = page_nr_free();
	struct domain *d = whole_domain(1, 512, true);

	(void)state;
	assert_in_range(before - page_nr_free() - 512, 1, 16);
	assert_int_equal(whole_destroy(d->id), 0);
}

/* ---- failures ---- */

struct attempt {
	long id;
	unsigned steps; /* that succeeded */
};

static long step_map_grants(domid_t id)
{
	struct xen_add_to_physmap *a = whole_scratch(sizeof(*a));

	a->domid = id;
	a->space = XENMAPSPACE_grant_table;
	a->gpfn = GUEST_GNTTAB_BASE >> PAGE_SHIFT;
	return call(whole_vcpu, __HYPERVISOR_memory_op, XENMEM_add_to_physmap, a);
}

static long step_port(domid_t id)
{
	struct evtchn_alloc_unbound *a = whole_scratch(sizeof(*a));

	a->dom = id;
	a->remote_dom = 0;
	return call(whole_vcpu, __HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, a);
}

/* Everything that making a guest takes, up to the first failure. */
static struct attempt try_to_build(void)
{
	struct attempt a = {whole_create(3), 0};
	struct xen_domctl op = {.u.max_mem.max_memkb = 1200};

	if (a.id < 0)
		return a;
	a.steps++;
	assert_int_equal(whole_domctl(XEN_DOMCTL_max_mem, (domid_t)a.id, &op), 0);
	op.u.max_vcpus.max = 3;
	if (whole_domctl(XEN_DOMCTL_max_vcpus, (domid_t)a.id, &op))
		return a;
	a.steps++;
	if (whole_populate((domid_t)a.id, RAM0, 300) != 300)
		return a;
	a.steps++;
	if (step_map_grants((domid_t)a.id))
		return a;
	a.steps++;
	if (!step_port((domid_t)a.id))
		a.steps++;
	return a;
}

static void nth_allocation_fails(void **state)
{
	uint64_t before = page_nr_free();
	unsigned n = 1, seen[6] = {0};
	struct attempt a;

	(void)state;
	do {
		whole_allocations = 0;
		whole_fail_at = n++;
		a = try_to_build();
		whole_fail_at = 0;
		seen[a.steps]++;
		if (a.id > 0)
			assert_int_equal(whole_destroy((domid_t)a.id), 0);
		else
			assert_int_equal(a.id, -ENOMEM);
		assert_int_equal(page_nr_free(), before);
		assert_true(list_first(&domain_list, struct domain, all) == whole_dom0);
		assert_ptr_equal(domain_list.next, domain_list.prev);
		whole_scratch_reset();
	} while (whole_allocations >= n - 1);
	assert_int_equal(a.steps, 5);
	for (unsigned i = 0; i < 5; i++)
		assert_true(seen[i] > 0); /* each step has allocations of its own */
}

/* The machine's memory is used up for real. */
static void out_of_memory(void **state)
{
	uint64_t before = page_nr_free();
	struct xen_domctl op = {.u.max_mem.max_memkb = ~0ULL >> 1};
	struct domain *d = whole_domain(1, 0, true);
	long n, got = 0;

	(void)state;
	assert_int_equal(whole_domctl(XEN_DOMCTL_max_mem, d->id, &op), 0);
	op.u.paging_mempool.size = MiB(64);
	assert_int_equal(whole_domctl(XEN_DOMCTL_set_paging_mempool_size, d->id, &op), 0);
	do {
		n = whole_populate(d->id, RAM0 + (uint64_t)got, 1000);
		assert_true(n >= 0);
		got += n;
	} while (n == 1000);
	assert_true(page_nr_free() < 16);
	assert_int_equal(whole_create(1), -ENOMEM);
	assert_int_equal(whole_destroy(d->id), 0);
	assert_int_equal(page_nr_free(), before);
}

static void bad_configurations(void **state)
{
	static const struct xen_domctl_createdomain good = {.flags = 3,
							    .max_vcpus = 1,
							    .max_grant_frames = -1,
							    .max_maptrack_frames = -1,
							    .grant_opts = 1};
	struct xen_domctl_createdomain bad[16];
	unsigned n = 0;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		bad[i] = good;
	bad[n++].flags = 0;
	bad[n++].flags = 1;
	bad[n++].flags = 3 | XEN_DOMCTL_CDF_iommu;
	bad[n++].flags = ~0u;
	bad[n++].max_vcpus = 0;
	bad[n++].max_vcpus = 129;
	bad[n++].max_vcpus = ~0u;
	bad[n++].iommu_opts = 1;
	bad[n++].vmtrace_size = 4096;
	bad[n++].max_grant_frames = 513;
	bad[n++].max_maptrack_frames = 4097;
	bad[n++].arch.gic_version = XEN_DOMCTL_CONFIG_GIC_V2;
	bad[n++].arch.gic_version = 7;
	bad[n++].arch.nr_spis = 1000;
	bad[n++].arch.tee_type = 1;
	for (unsigned i = 0; i < n; i++) {
		struct xen_domctl op = {.u.createdomain = bad[i]};

		assert_int_equal(whole_domctl(XEN_DOMCTL_createdomain, 0, &op), -EINVAL);
	}
}

/* ---- identity ---- */

static void ids(void **state)
{
	struct xen_domctl op = {.u.createdomain = {.flags = 3,
						   .max_vcpus = 1,
						   .max_grant_frames = -1,
						   .max_maptrack_frames = -1,
						   .grant_opts = 1}};
	struct xen_domctl again = op;
	long a, b;

	(void)state;
	assert_int_equal(whole_domctl(XEN_DOMCTL_createdomain, 77, &op), 0);
	assert_int_equal(op.domain, 77);
	assert_int_equal(whole_domctl(XEN_DOMCTL_createdomain, 77, &again), -EEXIST);
	assert_int_equal(whole_destroy(77), 0);
	assert_int_equal(whole_destroy(77), -ESRCH);
	a = whole_create(1);
	b = whole_create(1);
	assert_int_equal(b, a + 1);
	assert_int_equal(whole_destroy((domid_t)a), 0);
	/* An id is not used again at once: who remembers it gets -ESRCH, not somebody else. */
	assert_int_not_equal(whole_create(1), a);
	assert_int_equal(whole_destroy((domid_t)b), 0);
	assert_int_equal(whole_destroy((domid_t)(b + 1)), 0);
	assert_int_equal(whole_destroy(0), -EINVAL);
	assert_int_equal(whole_destroy(DOMID_SELF), -EINVAL);
}

/* Somebody looks at it while it goes. */
static void reference_keeps_the_structure(void **state)
{
	struct domain *d = whole_domain(1, 4, true), *held = domain_get(d->id);
	domid_t id = d->id;

	(void)state;
	assert_ptr_equal(held, d);
	assert_int_equal(whole_destroy(id), 0);
	assert_int_equal(held->state, DOMAIN_DEAD);
	assert_int_equal(held->tot_pages, 0);
	assert_null(domain_get(id));
	assert_ptr_equal(find(id), held);
	assert_int_equal(whole_destroy(id), 0); /* done already */
	assert_int_equal(whole_domctl_plain(XEN_DOMCTL_pausedomain, id), -ESRCH);
	assert_int_equal(whole_create(1) != id, 1);
	domain_put(held);
	assert_null(find(id));
	host_kill(list_entry(domain_list.prev, struct domain, all));
}

/* ---- pages in use elsewhere ---- */

/* dom0 maps the page of another domain at a place of its own. */
static long map_foreign(struct domain *od, uint64_t gfn, uint64_t at)
{
	struct xen_add_to_physmap_batch *r = whole_scratch(sizeof(*r));
	uint64_t *idx = whole_scratch(8), *to = whole_scratch(8);
	int32_t *err = whole_scratch(4);
	long ret;

	*idx = gfn;
	*to = at;
	r->domid = DOMID_SELF;
	r->space = XENMAPSPACE_gmfn_foreign;
	r->size = 1;
	r->u.foreign_domid = od->id;
	r->idxs.va = (uintptr_t)idx;
	r->gpfns.va = (uintptr_t)to;
	r->errs.va = (uintptr_t)err;
	ret = call(whole_vcpu, __HYPERVISOR_memory_op, XENMEM_add_to_physmap_batch, r);
	return ret ? ret : *err;
}

static long unmap(uint64_t at)
{
	struct xen_remove_from_physmap *r = whole_scratch(sizeof(*r));

	r->domid = DOMID_SELF;
	r->gpfn = at;
	return call(whole_vcpu, __HYPERVISOR_memory_op, XENMEM_remove_from_physmap, r);
}

#define HOLE (GiB(4) >> PAGE_SHIFT)

static void foreign_page_survives(void **state)
{
	uint64_t before;
	struct domain *d = whole_domain(1, 40, true);
	domid_t id = d->id;
	char *page;

	(void)state;
	assert_int_equal(map_foreign(d, RAM0 + 5, HOLE), 0);
	page = whole_guest_ram(d, RAM0 + 5);
	strcpy(page, "here");
	assert_int_equal(whole_destroy(id), 0);
	assert_string_equal(page, "here");
	assert_ptr_equal(find(id), d); /* nobody else gets the number meanwhile */
	assert_int_equal(d->state, DOMAIN_DEAD);
	assert_int_equal(d->tot_pages, 1);
	before = page_nr_free();
	assert_int_equal(unmap(HOLE), 0);
	assert_null(find(id));
	assert_true(page_nr_free() > before);
}

static void granted_page_survives(void **state)
{
	struct domain *d = whole_domain(1, 40, true);
	struct gnttab_map_grant_ref *map = whole_scratch(sizeof(*map));
	struct gnttab_unmap_grant_ref *un = whole_scratch(sizeof(*un));
	struct grant_entry_v1 *table;
	domid_t id = d->id;

	(void)state;
	assert_int_equal(step_map_grants(id), 0);
	table = whole_guest_ram(d, GUEST_GNTTAB_BASE >> PAGE_SHIFT);
	table[9] =
		(struct grant_entry_v1){.flags = GTF_permit_access, .domid = 0, .frame = RAM0 + 7};
	map->host_addr = HOLE << PAGE_SHIFT;
	map->flags = GNTMAP_host_map;
	map->ref = 9;
	map->dom = id;
	assert_int_equal(host_hypercall(whole_vcpu, __HYPERVISOR_grant_table_op,
					GNTTABOP_map_grant_ref, (uintptr_t)map, 1),
			 0);
	assert_int_equal(map->status, GNTST_okay);
	assert_int_equal(whole_destroy(id), 0);
	assert_int_equal(d->state, DOMAIN_DEAD);
	assert_int_equal(d->tot_pages, 1);
	assert_ptr_equal(find(id), d);
	un->host_addr = map->host_addr;
	un->handle = map->handle;
	assert_int_equal(host_hypercall(whole_vcpu, __HYPERVISOR_grant_table_op,
					GNTTABOP_unmap_grant_ref, (uintptr_t)un, 1),
			 0);
	assert_int_equal(un->status, GNTST_okay);
	assert_null(find(id));
}

/* ---- stopping ---- */

static struct domain *running_domain(unsigned vcpus)
{
	struct domain *d = whole_domain(vcpus, 4, true);

	assert_int_equal(whole_domctl_plain(XEN_DOMCTL_unpausedomain, d->id), 0);
	whole_settle();
	return d;
}

static void destroyed_while_running(void **state)
{
	struct domain *d = running_domain(8);

	(void)state;
	assert_false(domain_is_quiet(d));
	assert_int_equal(whole_destroy(d->id), 0);
	assert_true(host_continuations > 0); /* it waited for the other CPUs */
}

static void destroy_is_continued(void **state)
{
	struct domain *d = whole_domain(2, 300, true);

	(void)state;
	assert_int_equal(step_port(d->id), 0);
	host_yield_every = 1;
	assert_int_equal(whole_destroy(d->id), 0);
	host_yield_every = 0;
	assert_true(host_continuations > 1);
}

static void shuts_down(void **state)
{
	static const unsigned reasons[] = {SHUTDOWN_poweroff, SHUTDOWN_reboot, SHUTDOWN_crash,
					   SHUTDOWN_suspend};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(reasons); i++) {
		struct domain *d = running_domain(2);
		struct sched_remote_shutdown *s = whole_scratch(sizeof(*s));
		struct xen_domctl op = {0};

		s->domain_id = d->id;
		s->reason = reasons[i];
		assert_int_equal(
			call(whole_vcpu, __HYPERVISOR_sched_op, SCHEDOP_remote_shutdown, s), 0);
		whole_settle();
		assert_true(domain_is_quiet(d));
		assert_int_equal(whole_domctl(XEN_DOMCTL_getdomaininfo, d->id, &op), 0);
		assert_true(op.u.getdomaininfo.flags & XEN_DOMINF_shutdown);
		assert_int_equal(op.u.getdomaininfo.flags >> XEN_DOMINF_shutdownshift &
					 XEN_DOMINF_shutdownmask,
				 reasons[i]);
		/* The first reason counts, and there is one pause to undo. */
		s->reason = SHUTDOWN_watchdog;
		assert_int_equal(
			call(whole_vcpu, __HYPERVISOR_sched_op, SCHEDOP_remote_shutdown, s), 0);
		assert_int_equal(d->shutdown_code, reasons[i]);
		assert_int_equal(whole_domctl_plain(XEN_DOMCTL_resumedomain, d->id), 0);
		whole_settle();
		assert_int_equal(d->pause_count, 0);
		assert_false(domain_is_quiet(d));
		assert_int_equal(whole_domctl_plain(XEN_DOMCTL_resumedomain, d->id), 0);
		assert_int_equal(d->pause_count, 0);
		assert_int_equal(whole_destroy(d->id), 0);
	}
}

static void dom0_is_the_machine(void **state)
{
	struct sched_shutdown *s = whole_scratch(sizeof(*s));

	(void)state;
	s->reason = SHUTDOWN_reboot;
	assert_true(HOST_PANICS("the machine is reset",
				call(whole_vcpu, __HYPERVISOR_sched_op, SCHEDOP_shutdown, s)));
	s->reason = SHUTDOWN_poweroff;
	assert_true(HOST_PANICS("the machine is switched off",
				call(whole_vcpu, __HYPERVISOR_sched_op, SCHEDOP_shutdown, s)));
	s->reason = SHUTDOWN_crash;
	assert_true(HOST_PANICS("dom0 has crashed",
				call(whole_vcpu, __HYPERVISOR_sched_op, SCHEDOP_shutdown, s)));
	s->reason = SHUTDOWN_MAX + 1;
	assert_int_equal(call(whole_vcpu, __HYPERVISOR_sched_op, SCHEDOP_shutdown, s), -EINVAL);
}

/*
 * GICv2 guests see the hardware's page: one more thing that can fail. What is left behind must not
 * be touched again.
 */
static void gicv2_creation_fails(void **state)
{
	uint64_t before = page_nr_free();
	unsigned n = 0;
	long id;

	(void)state;
	host_gic_init(2);
	do {
		whole_allocations = 0;
		whole_fail_at = ++n;
		id = whole_create(1);
		whole_fail_at = 0;
		if (id < 0)
			assert_int_equal(page_nr_free(), before);
	} while (id < 0);
	assert_true(n > 5);
	assert_int_equal(find(id)->teardown, 0);
	assert_int_equal(whole_destroy((domid_t)id), 0);
	host_gic_init(3);
}

/* vCPUs are made while somebody else destroys the domain. */
static void no_vcpus_for_the_dying(void **state)
{
	struct domain *d = whole_domain(1, 0, true), *held = domain_get(d->id);

	(void)state;
	d->vcpu[0]->offline = 1;
	assert_int_equal(whole_destroy(d->id), 0);
	spin_lock(&held->lock);
	assert_int_equal(domain_set_max_vcpus(held, 1), -ESRCH);
	spin_unlock(&held->lock);
	domain_put(held);
}

#define T(f) cmocka_unit_test_setup_teardown(f, whole_setup, whole_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(create_and_destroy),
		T(largest),
		T(many_at_once),
		T(cost_of_a_guest),
		T(nth_allocation_fails),
		T(out_of_memory),
		T(bad_configurations),
		T(ids),
		T(reference_keeps_the_structure),
		T(foreign_page_survives),
		T(granted_page_survives),
		T(destroyed_while_running),
		T(destroy_is_continued),
		T(shuts_down),
		T(dom0_is_the_machine),
		T(gicv2_creation_fails),
		T(no_vcpus_for_the_dying),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
