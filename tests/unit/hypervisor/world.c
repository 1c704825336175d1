/* SPDX-License-Identifier: ISC */
/* The machine of the resource tests: see world.h. */
#include "unit.h"
#include <hyp/virq.h>
#include <stdlib.h>
#include <string.h>

#include <host/host.h>
#include <mem/guest_access.h>
#include <lib/errno.h>
#include <lib/lib.h>
#include <mem/pool.h>
#include <public/xen.h>
#include "page_desc.h"
#include "world.h"

struct world world;
unsigned world_continuations;
struct domain *domain0, *dom0, *a, *b;
struct list domain_list = LIST_INIT(domain_list);

/* ---- failures and interference: the linker's --wrap puts these before the real ones ---- */

static bool countdown(int *n)
{
	return *n > 0 && --*n == 0;
}

void *__real_hyp_pages_alloc(unsigned order);
void *__wrap_hyp_pages_alloc(unsigned order);
void *__wrap_hyp_pages_alloc(unsigned order)
{
	return countdown(&world.alloc_fails_in) ? NULL : __real_hyp_pages_alloc(order);
}

void *__real_pool_alloc(struct pool *pool);
void *__wrap_pool_alloc(struct pool *pool);
void *__wrap_pool_alloc(struct pool *pool)
{
	return countdown(&world.alloc_fails_in) ? NULL : __real_pool_alloc(pool);
}

int __real_domain_page_alloc(struct domain *d, unsigned order, unsigned flags, mfn_t *mfn);
int __wrap_domain_page_alloc(struct domain *d, unsigned order, unsigned flags, mfn_t *mfn);
int __wrap_domain_page_alloc(struct domain *d, unsigned order, unsigned flags, mfn_t *mfn)
{
	return countdown(&world.alloc_fails_in) ? -ENOMEM
						: __real_domain_page_alloc(d, order, flags, mfn);
}

int __real_p2m_map(struct domain *d, gfn_t gfn, mfn_t mfn, uint64_t nr, enum p2m_type type);
int __wrap_p2m_map(struct domain *d, gfn_t gfn, mfn_t mfn, uint64_t nr, enum p2m_type type);
int __wrap_p2m_map(struct domain *d, gfn_t gfn, mfn_t mfn, uint64_t nr, enum p2m_type type)
{
	return countdown(&world.map_fails_in) ? -ENOMEM : __real_p2m_map(d, gfn, mfn, nr, type);
}

int __real_p2m_replace(struct domain *d, gfn_t gfn, mfn_t mfn, enum p2m_type type, unsigned over,
		       struct p2m_mapping *old);
int __wrap_p2m_replace(struct domain *d, gfn_t gfn, mfn_t mfn, enum p2m_type type, unsigned over,
		       struct p2m_mapping *old);
int __wrap_p2m_replace(struct domain *d, gfn_t gfn, mfn_t mfn, enum p2m_type type, unsigned over,
		       struct p2m_mapping *old)
{
	*old = (struct p2m_mapping){INVALID_MFN, P2M_NONE};
	return countdown(&world.map_fails_in) ? -ENOMEM
					      : __real_p2m_replace(d, gfn, mfn, type, over, old);
}

int __real_p2m_get_page(struct domain *d, gfn_t gfn, bool write, mfn_t *mfn);
int __wrap_p2m_get_page(struct domain *d, gfn_t gfn, bool write, mfn_t *mfn);
int __wrap_p2m_get_page(struct domain *d, gfn_t gfn, bool write, mfn_t *mfn)
{
	if (world.on_translate)
		world.on_translate(d, gfn);
	return __real_p2m_get_page(d, gfn, write, mfn);
}

/* ---- guest memory ---- */

enum p2m_type world_type(struct domain *d, uint64_t gfn)
{
	enum p2m_type type;
	mfn_t mfn;

	return p2m_lookup(d, GFN(gfn), &mfn, &type, NULL) ? P2M_NONE : type;
}

mfn_t world_mfn(struct domain *d, uint64_t gfn)
{
	enum p2m_type type;
	mfn_t mfn;

	return p2m_lookup(d, GFN(gfn), &mfn, &type, NULL) ? INVALID_MFN : mfn;
}

void *world_page(struct domain *d, uint64_t gfn)
{
	void *page = map_page(world_mfn(d, gfn));

	unmap_page(page); /* the test host's RAM stays where it is */
	return page;
}

unsigned world_refs(mfn_t mfn)
{
	uint64_t head = pd_find_head(mfn.n);
	uint32_t desc = *pd_of(head);

	return pd_kind(desc) == PD_BLOCK ? 1 : pd_kind(desc) < PD_PAGE ? 0 : pd_value(desc);
}

/* ---- domains ---- */

static struct domain *domains[WORLD_SLOTS];
static uint64_t free_before;

void domain_hold(struct domain *d)
{
	d->refs++;
}

static void destroy(struct domain *d)
{
	for (unsigned i = 0; i < d->max_vcpus; i++) {
		evtchn_vcpu_destroy(d->vcpu[i]);
		free(d->vcpu[i]);
	}
	free(d->vcpu);
	evtchn_domain_destroy(d);
	grant_table_destroy(d);
	hyp_pages_free(d->shared_info, 0);
	p2m_destroy(d);
	domains[d->slot] = NULL;
	if (domain0 == d)
		domain0 = NULL;
	free(d);
	world.domains--;
}

void domain_put(struct domain *d)
{
	if (--d->refs)
		return;
	if (host_locks_held())
		host_fail("the end of a domain while a lock is held");
	destroy(d);
}

struct domain *domain_by_slot(unsigned slot)
{
	return domains[slot];
}

struct domain *domain_get(domid_t id)
{
	for (unsigned i = 1; i < WORLD_SLOTS; i++) {
		if (domains[i] && domains[i]->id == id && domains[i]->state < DOMAIN_DYING) {
			domain_hold(domains[i]);
			return domains[i];
		}
	}
	return NULL;
}

struct domain *domain_get_for(struct vcpu *v, domid_t id)
{
	if (id != DOMID_SELF && id != v->domain->id)
		return domain_get(id);
	domain_hold(v->domain);
	return v->domain;
}

int domain_get_target(struct vcpu *v, domid_t id, struct domain **out)
{
	struct domain *d = domain_get_for(v, id);

	if (!d)
		return -ESRCH;
	if (d != v->domain && !v->domain->privileged) {
		domain_put(d);
		return -EPERM;
	}
	*out = d;
	return 0;
}

void domain_crash(struct domain *d, const char *fmt, ...)
{
	(void)fmt;
	if (host_locks_held())
		host_fail("domain_crash() while a lock is held");
	world.crashed++;
	world.last_crashed = d;
}

static struct domain *new_domain(domid_t id, bool privileged, unsigned vcpus)
{
	struct domain *d = calloc(1, sizeof(*d));
	unsigned slot = 1;

	while (domains[slot])
		slot++;
	assert_in_range(slot, 1, WORLD_SLOTS - 1);
	domains[slot] = d;
	d->id = id;
	d->slot = (uint16_t)slot;
	d->refs = 1;
	d->state = DOMAIN_RUNNING;
	d->privileged = privileged;
	d->max_vcpus = d->nr_vcpus = (uint16_t)vcpus;
	d->vcpu = calloc(vcpus, sizeof(*d->vcpu));
	d->max_pages = WORLD_RAM / PAGE_SIZE;
	spin_lock_init(&d->lock, RANK_DOMAIN);
	assert_int_equal(p2m_init(d), 0);
	d->shared_info = hyp_pages_alloc(0);
	assert_int_equal(evtchn_domain_init(d, 1023), 0);
	assert_int_equal(grant_table_init(d, 8, 4), 0);
	for (unsigned i = 0; i < vcpus; i++) {
		d->vcpu[i] = calloc(1, sizeof(struct vcpu));
		d->vcpu[i]->domain = d;
		d->vcpu[i]->id = (uint16_t)i;
		evtchn_vcpu_init(d->vcpu[i]);
	}
	if (privileged)
		domain0 = d;
	world.domains++;
	return d;
}

struct domain *world_domain(domid_t id, bool privileged, unsigned vcpus, unsigned nr)
{
	struct domain *d = new_domain(id, privileged, vcpus);
	mfn_t mfn;

	for (unsigned gfn = 0; gfn < nr; gfn++) {
		assert_int_equal(domain_page_alloc(d, 0, PAGE_ZERO, &mfn), 0);
		assert_int_equal(p2m_map(d, GFN(gfn), mfn, 1, P2M_RAM), 0);
	}
	return d;
}

struct domain *world_direct_domain(domid_t id, unsigned order, uint64_t *first_gfn)
{
	struct domain *d = new_domain(id, true, 1);
	mfn_t mfn;

	d->direct_mapped = true;
	assert_int_equal(domain_page_alloc(d, order, PAGE_ZERO, &mfn), 0);
	assert_int_equal(p2m_map(d, GFN(mfn.n), mfn, BIT64(order), P2M_RAM), 0);
	*first_gfn = mfn.n;
	return d;
}

static void until_done(struct domain *d, int (*fn)(struct domain *d))
{
	int err;

	do
		err = fn(d);
	while (err == -ERESTART);
	assert_int_equal(err, 0);
}

void world_kill(struct domain *d)
{
	domain_hold(d);
	d->state = DOMAIN_DYING;
	until_done(d, evtchn_relinquish);
	until_done(d, grant_table_relinquish);
	until_done(d, p2m_relinquish);
	d->state = DOMAIN_DEAD;
	domain_put(d); /* the table's */
	domain_put(d);
}

/* ---- what the machine does with events ---- */

void vgic_raise_local(struct vcpu *v, unsigned intid)
{
	assert_int_equal(intid, GUEST_EVTCHN_PPI);
	world.upcalls[v->domain->slot][v->id]++;
}

void vcpu_unblock(struct vcpu *v)
{
	v->blocked = 0;
	world.unblocked++;
}

/* ---- machine ---- */

long hypercall_dispatch(struct vcpu *v, uint64_t nr, uint64_t *arg)
{
	switch (nr) {
	case __HYPERVISOR_memory_op:
		return do_memory_op(v, arg);
	case __HYPERVISOR_grant_table_op:
		return do_grant_table_op(v, arg);
	case __HYPERVISOR_event_channel_op:
		return do_event_channel_op(v, arg);
	default:
		return -ENOSYS;
	}
}

/* ---- guest buffers ---- */

static struct {
	uint64_t start, end;
	bool writable;
} exposed[16];
static unsigned nr_exposed;

void world_expose(void *p, size_t len, bool writable)
{
	exposed[nr_exposed].start = (uintptr_t)p;
	exposed[nr_exposed].end = (uintptr_t)p + len;
	exposed[nr_exposed++].writable = writable;
}

void world_hide_all(void)
{
	nr_exposed = 0;
}

static int check_buffer(gvaddr_t va, size_t len, bool write)
{
	for (unsigned i = 0; i < nr_exposed; i++)
		if (va >= exposed[i].start && va <= exposed[i].end && len <= exposed[i].end - va &&
		    (!write || exposed[i].writable))
			return 0;
	return -EFAULT;
}

int copy_from_guest(struct vcpu *v, void *dst, gvaddr_t src, size_t len)
{
	(void)v;
	if (check_buffer(src, len, false))
		return -EFAULT;
	memcpy(dst, (const void *)(uintptr_t)src, len);
	return 0;
}

int copy_to_guest(struct vcpu *v, gvaddr_t dst, const void *src, size_t len)
{
	(void)v;
	if (check_buffer(dst, len, true))
		return -EFAULT;
	memcpy((void *)(uintptr_t)dst, src, len);
	return 0;
}

int probe_guest_write(struct vcpu *v, gvaddr_t dst, size_t len)
{
	(void)v;
	return check_buffer(dst, len, true);
}

long world_call(hypercall_fn *fn, struct vcpu *v, uint64_t a0, uint64_t a1, uint64_t a2)
{
	uint64_t arg[5] = {a0, a1, a2, 0, 0};
	long ret;

	world_continuations = 0;
	while ((ret = fn(v, arg)) == -ERESTART) {
		assert_int_equal(host_locks_held(), 0);
		if (++world_continuations > 1000000)
			host_fail("a hypercall that never ends");
	}
	assert_int_equal(host_locks_held(), 0);
	return ret;
}

void world_init(void)
{
	assert_int_equal(world.domains, 0);
	if (!page_nr_total()) {
		host_cpus_init(1);
		host_heap_init(WORLD_RAM);
	}
	host_yield_every = 0;
	memset(&world, 0, sizeof(world));
	world_hide_all();
	free_before = page_nr_free();
}

int world_tear_down(void **state)
{
	(void)state;
	world.alloc_fails_in = world.map_fails_in = 0;
	world.on_translate = NULL;
	host_yield_every = 0;
	for (unsigned slot = WORLD_SLOTS - 1; slot; slot--)
		if (domains[slot] && domains[slot]->state < DOMAIN_DYING)
			world_kill(domains[slot]);
	assert_int_equal(world.domains, 0);
	assert_int_equal(page_nr_free(), free_before);
	return 0;
}
