/* SPDX-License-Identifier: ISC */
/* The machine of the interleaving test, and what its vCPUs are at: see interleave.h. */
#include <public/xen.h>
#include <lib/errno.h>
#include <host/host.h>
#include <hyp/hypercall.h>
#include <hyp/irq.h>
#include <string.h>

#include "interleave.h"
#include "unit.h"

#define DOM0_ORDER 8
#define DOM0_VCPUS 2
#define ROUTED     4 /* SPIs of dom0's */

static struct domain *dom0;
static mfn_t dom0_ram;
static uint64_t rng, calls_left, free_before;
static int windows_before;
static struct caller callers[1 + IL_GUESTS][IL_VCPUS];
struct theme il_theme;

uint64_t il_below(uint64_t limit)
{
	return random_below(&rng, limit);
}

uint64_t il_few(uint64_t n)
{
	return il_below(il_theme.table[0] ? MIN(n, 2u) : n);
}

bool il_one_in(unsigned n)
{
	return il_below(n) == 0;
}

/* ---- what calls need ---- */

struct domain *world_dom0(void)
{
	return dom0;
}

uint64_t world_dom0_frame(void)
{
	return dom0_ram.n;
}

unsigned world_dom0_order(void)
{
	return DOM0_ORDER;
}

struct domain *world_guest(domid_t id)
{
	struct domain *d;

	for_each_domain (d)
		if (d->id == id)
			return d;
	return NULL;
}

void world_forget_calls(domid_t id)
{
	if (id <= IL_GUESTS)
		memset(callers[id], 0, sizeof(callers[id]));
}

struct caller *world_caller(struct vcpu *v)
{
	struct caller *c = &callers[v->domain->id][v->id];

	c->v = v;
	c->d = v->domain;
	return c;
}

uint64_t frame_at(const struct domain *d, uint64_t n)
{
	return (d == dom0 ? dom0_ram.n : GUEST_RAM0_BASE >> PAGE_SHIFT) + n;
}

void *frame_page(struct domain *d, uint64_t gfn)
{
	enum p2m_type type;
	mfn_t mfn;
	int err;

	cpus_hold();
	err = p2m_lookup(d, GFN(gfn), &mfn, &type, NULL);
	cpus_release();
	return err || !page_is_ram(mfn) ? NULL : phys_to_virt(mfn_to_pa(mfn));
}

void *args_page(struct caller *c)
{
	void *page = frame_page(c->d, frame_at(c->d, ARGS_AT + c->v->id));

	if (page)
		memset(page, 0, PAGE_SIZE);
	return page;
}

uint64_t args_va(const struct caller *c, size_t offset)
{
	/* A direct-mapped domain's physical addresses are the machine's. */
	return (frame_at(c->d, ARGS_AT + c->v->id) << PAGE_SHIFT) + offset;
}

/* ---- calls ---- */

void call_again(struct caller *c)
{
	long ret = hypercall_dispatch(c->v, c->nr, c->arg);

	if (host_locks_held())
		violation("%s ends with %u locks held", c->name, host_locks_held());
	if (ret == -ERESTART)
		return;
	c->pending = false;
	report_result(c, ret);
	if (c->done)
		c->done(c, ret);
}

void call(struct caller *c, uint64_t nr, uint64_t a0, uint64_t a1, uint64_t a2)
{
	c->nr = nr;
	memcpy(c->arg, (uint64_t[5]){a0, a1, a2}, sizeof(c->arg));
	c->pending = true;
	report_call(c);
	call_again(c);
}

void any_call(struct caller *c, const struct call_row *table)
{
	uint64_t all = 0, n;

	for (unsigned i = 0; table[i].fn; i++)
		all += table[i].weight;
	n = il_below(all);
	while (n >= table->weight)
		n -= (table++)->weight;
	c->name = table->name;
	c->done = NULL;
	table->fn(c);
}

static void new_call(struct caller *c)
{
	static const struct {
		const struct call_row *table;
		unsigned guest, dom0;
	} kinds[] = {
		{memory_calls, 30, 15}, {grant_calls, 35, 25}, {port_calls, 20, 15},
		{vcpu_calls, 20, 10},   {domain_calls, 0, 40},
	};
	uint64_t n = il_below(105);

	c->polls = false;
	if (il_theme.table[0] && !il_one_in(4)) {
		const struct call_row *table = il_theme.table[il_below(2)];

		if (table != domain_calls || c->d->privileged) {
			any_call(c, table);
			return;
		}
	}
	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
		unsigned weight = c->d == dom0 ? kinds[i].dom0 : kinds[i].guest;

		if (n < weight) {
			any_call(c, kinds[i].table);
			return;
		}
		n -= weight;
	}
}

static void vcpu_step(struct vcpu *v)
{
	struct caller *c = world_caller(v);

	if (c->d->teardown)
		violation("d%uv%u runs while its domain is taken apart", c->d->id, v->id);
	if (c->pending)
		call_again(c);
	else
		new_call(c);
	il_step++;
	cpu_call_done();
}

static void cpu_loop(unsigned cpu)
{
	for (;;) {
		struct vcpu *v = host_cpu_run(cpu);

		if (v && calls_left) {
			calls_left--;
			vcpu_step(v);
		} else {
			cpu_rest();
		}
	}
}

/* ---- the machine ---- */

void world_start(void)
{
	rng = 0x9e3779b97f4a7c15 * (il_seed + 1);
	host_machine_start(IL_RAM, IL_CPUS, 3);
	free_before = page_nr_free();
	windows_before = host_windows();
	dom0 = host_dom0(DOM0_ORDER, DOM0_VCPUS, &dom0_ram);
	for (unsigned i = 0; i < ROUTED; i++)
		if (vgic_route_spi(dom0, NR_LOCALS + i))
			host_fail("dom0 has no SPI %u", NR_LOCALS + i);
	atomic_store(&dom0->vcpu[1]->offline, 0);
	sched_wake(dom0->vcpu[1]);
	cpus_start(cpu_loop);
}

static void new_theme(void)
{
	static const struct theme themes[] = {
		{{memory_calls, grant_calls}, 0},  {{grant_calls, grant_calls}, 0},
		{{port_calls, port_calls}, 0},     {{port_calls, vcpu_calls}, 0},
		{{domain_calls, vcpu_calls}, 0},   {{domain_calls, domain_calls}, 0},
		{{memory_calls, domain_calls}, 0}, {{NULL, NULL}, 0},
	};

	il_theme = themes[il_below(ARRAY_SIZE(themes))];
	il_theme.aim = (domid_t)(1 + il_below(IL_GUESTS));
	if (il_theme.table[0] == domain_calls)
		for (unsigned i = 0; i < DOM0_VCPUS; i++)
			vcpu_unblock(dom0->vcpu[i]);
}

/* Time goes on, devices speak up, and long calls are stopped more or less often. */
static void environment(bool all_sleep)
{
	host_ticks += il_one_in(16) ? il_below(6000000) : il_below(100000);
	host_yield_every = il_one_in(2) ? 0 : 1 + (unsigned)il_below(6);
	if (il_one_in(8))
		host_raise_spi(NR_LOCALS + (unsigned)il_below(ROUTED));
	if (all_sleep)
		vcpu_unblock(dom0->vcpu[0]);
}

void world_run(uint64_t calls)
{
	uint64_t end = il_step + calls, before;
	unsigned quiet = 0;

	while (il_step < end) {
		before = il_step;
		calls_left = 1 + il_below(12);
		environment(quiet > 2);
		new_theme();
		report_forget();
		cpus_round();
		check_all();
		quiet = il_step == before ? quiet + 1 : 0;
		if (quiet > 1000)
			violation("no vCPU runs any more");
	}
}

/* A direct-mapped domain keeps the pages that it takes out of its address space. */
static void dom0_pages_back(void)
{
	enum p2m_type type;
	mfn_t mfn;

	for (uint64_t n = dom0_ram.n; n < dom0_ram.n + BIT64(DOM0_ORDER); n++)
		if (p2m_lookup(dom0, GFN(n), &mfn, &type, NULL) || type != P2M_RAM)
			page_put(MFN(n));
}

void world_stop(void)
{
	host_yield_every = 0;
	report_forget();
	host_set_cpu(0);
	/* Pages that dom0 has mapped keep dead ones. */
	for (domid_t id = 1; id <= IL_GUESTS; id++) {
		struct domain *d = world_guest(id);

		if (d && d->state != DOMAIN_DEAD)
			host_kill(d);
	}
	dom0_pages_back();
	host_kill(dom0);
	for (unsigned i = 0; i < 4 * IL_CPUS; i++)
		host_cpu_run(i % IL_CPUS);
	if (!list_empty(&domain_list))
		violation("a domain is held for ever");
	if (page_nr_free() != free_before)
		violation("%lld pages are lost", (long long)(free_before - page_nr_free()));
	if (host_windows() != windows_before)
		violation("%d windows on pages stay open", host_windows() - windows_before);
}
