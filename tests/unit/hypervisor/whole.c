/* SPDX-License-Identifier: ISC */
/* The machine of the whole hypervisor's tests: see whole.h. */
#include "unit.h"
#include <string.h>

#include <host/host.h>
#include <lib/errno.h>
#include <hyp/cpu.h>
#include <hyp/hypercall.h>
#include <mem/pool.h>
#include <public/memory.h>
#include "whole.h"

#define DOM0_ORDER 9

struct domain *whole_dom0;
struct vcpu *whole_vcpu;
unsigned whole_fail_at, whole_allocations;
unsigned whole_gic_version = 3;

static char *scratch;
static size_t scratch_used;
static uint64_t free_before;
static int windows_before;

/* ---- failing allocations: the linker's --wrap puts these before the real ones ---- */

static bool fails(void)
{
	return ++whole_allocations == whole_fail_at;
}

mfn_t __real_page_alloc(unsigned order, unsigned flags);
mfn_t __wrap_page_alloc(unsigned order, unsigned flags);
mfn_t __wrap_page_alloc(unsigned order, unsigned flags)
{
	return fails() ? INVALID_MFN : __real_page_alloc(order, flags);
}

void *__real_hyp_pages_alloc(unsigned order);
void *__wrap_hyp_pages_alloc(unsigned order);
void *__wrap_hyp_pages_alloc(unsigned order)
{
	return fails() ? NULL : __real_hyp_pages_alloc(order);
}

int __real_domain_page_alloc(struct domain *d, unsigned order, unsigned flags, mfn_t *mfn);
int __wrap_domain_page_alloc(struct domain *d, unsigned order, unsigned flags, mfn_t *mfn);
int __wrap_domain_page_alloc(struct domain *d, unsigned order, unsigned flags, mfn_t *mfn)
{
	return fails() ? -ENOMEM : __real_domain_page_alloc(d, order, flags, mfn);
}

void *__real_pool_alloc(struct pool *pool);
void *__wrap_pool_alloc(struct pool *pool);
void *__wrap_pool_alloc(struct pool *pool)
{
	return fails() ? NULL : __real_pool_alloc(pool);
}

/* ---- the machine ---- */

int whole_setup(void **state)
{
	static bool started;
	mfn_t ram;

	(void)state;
	if (!started)
		host_machine_start(WHOLE_RAM, WHOLE_CPUS, whole_gic_version);
	started = true;
	host_yield_every = 0;
	whole_fail_at = 0;
	host_set_cpu(0);
	free_before = page_nr_free();
	windows_before = host_windows();
	whole_dom0 = host_dom0(DOM0_ORDER, 1, &ram);
	assert_non_null(whole_dom0);
	whole_vcpu = whole_dom0->vcpu[0];
	scratch = phys_to_virt(mfn_to_pa(ram));
	whole_scratch_reset();
	whole_settle();
	host_set_cpu(whole_vcpu->sched.cpu);
	return 0;
}

/*
 * A direct-mapped domain keeps the pages that it takes out of its address space, for ever: dom0
 * does not end.
 */
static void take_back_pages(void)
{
	mfn_t first = hyp_va_to_mfn(scratch), mfn;
	enum p2m_type type;

	for (uint64_t n = first.n; n < first.n + BIT64(DOM0_ORDER); n++)
		if ((p2m_lookup(whole_dom0, GFN(n), &mfn, &type, NULL) || mfn.n != n) &&
		    page_owner(MFN(n)) == whole_dom0)
			page_put(MFN(n));
}

/* The newest domain but dom0 that is not dead yet; NULL: there is none. */
static struct domain *living_guest(void)
{
	for (struct list *at = domain_list.prev; at != &domain_list; at = at->prev) {
		struct domain *d = list_entry(at, struct domain, all);

		if (d != whole_dom0 && d->state != DOMAIN_DEAD)
			return d;
	}
	return NULL;
}

/*
 * What a test has left, or could not destroy. A dead domain stays for as long as another one has
 * its pages mapped.
 */
static void kill_guests(void)
{
	struct domain *d;

	while ((d = living_guest()) != NULL)
		host_kill(d);
}

int whole_teardown(void **state)
{
	(void)state;
	whole_fail_at = host_yield_every = 0;
	kill_guests();
	take_back_pages();
	host_kill(whole_dom0);
	whole_settle();
	assert_int_equal(page_nr_free(), free_before);
	assert_int_equal(host_windows(), windows_before);
	assert_true(list_empty(&domain_list));
	for (unsigned i = 0; i < nr_cpus; i++) {
		assert_int_equal(cpus[i]->rq.nr_vcpus, 0);
		assert_int_equal(cpus[i]->rq.nr_ready, 0);
		assert_null(cpus[i]->rq.running);
		assert_null(cpus[i]->current);
	}
	return 0;
}

void whole_settle(void)
{
	unsigned here = this_cpu()->id;

	for (unsigned round = 0; round < 4; round++)
		for (unsigned i = 0; i < nr_cpus; i++)
			host_cpu_run(i);
	host_set_cpu(here);
}

char *whole_ram(void)
{
	return scratch;
}

void *whole_scratch(size_t n)
{
	void *p = scratch + scratch_used;

	scratch_used += ALIGN_UP(n, 64ul);
	assert_true(scratch_used <= PAGE_SIZE << (DOM0_ORDER - 1));
	memset(p, 0, n);
	return p;
}

void whole_scratch_reset(void)
{
	scratch_used = 0;
}

/* ---- calls ---- */

long whole_hypercall(uint64_t nr, uint64_t a0, uint64_t a1)
{
	return host_hypercall(whole_vcpu, nr, a0, a1, 0);
}

void *whole_guest_ram(struct domain *d, uint64_t gfn)
{
	enum p2m_type type;
	mfn_t mfn;

	assert_int_equal(p2m_lookup(d, GFN(gfn), &mfn, &type, NULL), 0);
	return phys_to_virt(mfn_to_pa(mfn));
}

long whole_guest_call(struct vcpu *v, uint64_t nr, uint64_t cmd, const void *arg, size_t size)
{
	memcpy(whole_guest_ram(v->domain, RAM0), arg, size);
	return host_hypercall(v, nr, cmd, GUEST_RAM0_BASE, 1);
}

/* ---- the toolstack ---- */

static long call(uint64_t nr, void *op, size_t size)
{
	size_t used = scratch_used;
	void *p = whole_scratch(size);
	long ret;

	memcpy(p, op, size);
	ret = whole_hypercall(nr, (uintptr_t)p, 0);
	memcpy(op, p, size);
	scratch_used = used;
	return ret;
}

long whole_domctl(uint32_t cmd, domid_t id, struct xen_domctl *op)
{
	op->cmd = cmd;
	op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	op->domain = id;
	return call(__HYPERVISOR_domctl, op, sizeof(*op));
}

long whole_domctl_plain(uint32_t cmd, domid_t id)
{
	struct xen_domctl op = {0};

	return whole_domctl(cmd, id, &op);
}

long whole_sysctl(uint32_t cmd, struct xen_sysctl *op)
{
	op->cmd = cmd;
	op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	return call(__HYPERVISOR_sysctl, op, sizeof(*op));
}

long whole_create(unsigned vcpus)
{
	struct xen_domctl op = {.u.createdomain = {.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap,
						   .max_vcpus = vcpus,
						   .max_evtchn_port = 1023,
						   .max_grant_frames = -1,
						   .max_maptrack_frames = -1,
						   .grant_opts = 1}};
	long ret = whole_domctl(XEN_DOMCTL_createdomain, 0, &op);

	return ret ? ret : op.domain;
}

/* The number of pages populated, or an error. */
long whole_populate(domid_t id, uint64_t gfn, unsigned nr)
{
	size_t used = scratch_used;
	uint64_t *frames = whole_scratch(nr * sizeof(*frames));
	struct xen_memory_reservation *r = whole_scratch(sizeof(*r));
	long ret;

	for (unsigned i = 0; i < nr; i++)
		frames[i] = gfn + i;
	r->extent_start.va = (uintptr_t)frames;
	r->nr_extents = nr;
	r->domid = id;
	ret = whole_hypercall(__HYPERVISOR_memory_op, XENMEM_populate_physmap, (uintptr_t)r);
	scratch_used = used;
	return ret;
}

long whole_destroy(domid_t id)
{
	return whole_domctl_plain(XEN_DOMCTL_destroydomain, id);
}

struct domain *whole_domain(unsigned vcpus, unsigned pages, bool online)
{
	struct xen_domctl op = {0};
	long id = whole_create(vcpus);
	struct domain *d;
	struct vcpu *v;

	assert_true(id > 0);
	op.u.max_mem.max_memkb = pages * 4;
	assert_int_equal(whole_domctl(XEN_DOMCTL_max_mem, (domid_t)id, &op), 0);
	op.u.max_vcpus.max = vcpus;
	assert_int_equal(whole_domctl(XEN_DOMCTL_max_vcpus, (domid_t)id, &op), 0);
	if (pages)
		assert_int_equal(whole_populate((domid_t)id, RAM0, pages), pages);
	d = domain_get((domid_t)id);
	assert_non_null(d);
	domain_put(d);
	for_each_vcpu (d, v)
		v->offline = !online;
	return d;
}
