/* SPDX-License-Identifier: ISC */
/*
 * Domains and vCPUs, counted anew: references and pauses, grants in use, both ends of every port,
 * who is on which run queue, and whether somebody sleeps who should have been woken. No CPU is in
 * the hypervisor.
 */
#include <hyp/cpu.h>
#include <hyp/virq.h>
#include <host/host.h>
#include <public/xen.h>

#include "evtchn_priv.h"
#include "grant_priv.h"
#include "interleave.h"
#include "page_desc.h"

/* ---- grants in use ---- */

/* Handles of all domains for one grant; writers: of these. */
static unsigned users_of(const struct domain *granter, uint32_t ref, unsigned *writers)
{
	unsigned users = 0;
	struct domain *d;

	*writers = 0;
	for_each_domain (d) {
		for (uint32_t h = 0; h < d->grant.nr_maptrack * HANDLES_PER_PAGE; h++) {
			const struct grant_map *m =
				&d->grant.maptrack[h / HANDLES_PER_PAGE][h % HANDLES_PER_PAGE];

			if (!m->flags || m->granter != granter->slot || m->ref != ref)
				continue;
			users++;
			*writers += !(m->flags & GNTMAP_readonly);
		}
	}
	return users;
}

static void check_grants(struct domain *d)
{
	for (uint32_t ref = 0; ref < 16 && d->grant.active; ref++) {
		const struct grant_active *act =
			d->grant.active[0] ? &d->grant.active[0][ref] : NULL;
		unsigned writers, users = users_of(d, ref, &writers);

		if ((act ? act->users : 0) != users || (act ? act->writers : 0) != writers)
			violation("grant %u of d%u: %u users, %u of them write; counted are %u and "
				  "%u",
				  ref, d->id, users, writers, act ? act->users : 0,
				  act ? act->writers : 0);
	}
}

/* ---- references and pauses ---- */

static unsigned grants_held(const struct domain *granter)
{
	unsigned n = 0;
	struct domain *d;

	for_each_domain (d)
		for (uint32_t h = 0; h < d->grant.nr_maptrack * HANDLES_PER_PAGE; h++) {
			const struct grant_map *m =
				&d->grant.maptrack[h / HANDLES_PER_PAGE][h % HANDLES_PER_PAGE];

			n += m->flags && m->granter == granter->slot;
		}
	return n;
}

static void check_references(const struct domain *d)
{
	unsigned refs = (d->state < DOMAIN_DEAD) + (d->tot_pages != 0) + grants_held(d);

	if (d->refs != refs)
		violation("d%u is held %u times, and %u are known", d->id, d->refs, refs);
}

static void check_pauses(const struct domain *d)
{
	unsigned pauses = (d->paused_by_tools || d->being_paused) + d->shutting_down +
			  d->stopped_for_registers + (d->state >= DOMAIN_DYING);

	if (d->pause_count != pauses)
		violation("d%u is paused %u times, and has %u reasons", d->id, d->pause_count,
			  pauses);
	if (d->teardown && d->state < DOMAIN_DYING)
		violation("d%u is taken apart and not marked as dying (%d)", d->id, d->state);
}

/* ---- ports ---- */

static void check_peer(struct domain *d, uint32_t port, const struct evtchn *e)
{
	struct evtchn *peer = evtchn_lookup(e->remote_dom, e->peer);

	if (world_guest(e->remote_dom->id) != e->remote_dom)
		violation("port %u of d%u is connected with a domain that is gone", port, d->id);
	if (!peer || peer->state != EVTCHN_INTERDOMAIN || peer->remote_dom != d ||
	    peer->peer != port)
		violation("port %u of d%u is connected with port %u of d%u, but not the other way",
			  port, d->id, e->peer, e->remote_dom->id);
}

static void check_virq_port(struct domain *d, uint32_t port, const struct evtchn *e)
{
	const struct vcpu *at = d->vcpu[e->vcpu], *zero = d->vcpu[0];

	if ((!at || at->evtchn.virq_port[e->virq] != port) &&
	    zero->evtchn.virq_port[e->virq] != port)
		violation("port %u of d%u is not the one of its virq %u", port, d->id, e->virq);
}

static void check_ports(struct domain *d)
{
	uint32_t open = 0;

	for (uint32_t port = 1; port <= d->evtchn.max_port; port++) {
		const struct evtchn *e = evtchn_lookup(d, port);

		if (!e) {
			port |= EVTCHNS_PER_BUCKET - 1;
			continue;
		}
		open += e->state != EVTCHN_FREE;
		if (e->state == EVTCHN_FREE && port < d->evtchn.next_free)
			violation("port %u of d%u is free, and would not be found", port, d->id);
		if (e->state == EVTCHN_INTERDOMAIN)
			check_peer(d, port, e);
		if (e->state == EVTCHN_VIRQ)
			check_virq_port(d, port, e);
	}
	for (uint32_t port = 0; port <= d->evtchn.max_port; port++)
		if (d->evtchn.full[port / EVTCHNS_PER_BUCKET / 64] >>
				    port / EVTCHNS_PER_BUCKET % 64 &
			    1 &&
		    port && !evtchn_lookup_open(d, port))
			violation("port %u of d%u is free, in a bucket that is taken for full",
				  port, d->id);
	if (open != d->evtchn.nr_active)
		violation("d%u has %u ports open and counts %u", d->id, open, d->evtchn.nr_active);
	if ((d->evtchn.abi == &evtchn_2l_abi) != !d->evtchn.fifo)
		violation("the event channels of d%u are between two layouts", d->id);
}

static void check_virqs(const struct vcpu *v)
{
	for (unsigned virq = 0; virq < ARRAY_SIZE(v->evtchn.virq_port); virq++) {
		uint32_t port = v->evtchn.virq_port[virq];
		const struct evtchn *e = port ? evtchn_lookup_open(v->domain, port) : NULL;

		if (port && (!e || e->state != EVTCHN_VIRQ || e->virq != virq))
			violation("virq %u of d%uv%u has port %u, which is not its own", virq,
				  v->domain->id, v->id, port);
	}
}

/* ---- run states ---- */

static unsigned queued[IL_CPUS], homes[IL_CPUS];

/* A guest may have its vcpu_info in its grant table, whose entries it writes, too. */
static bool info_is_garbled(const struct vcpu *v)
{
	return mfn_valid(v->info_mfn) && pd_kind(*pd_of(v->info_mfn.n)) == PD_EXTRA;
}

/*
 * Sleeping is only for those whom nothing calls. SCHEDOP_poll waits for its ports, whatever else is
 * pending.
 */
static void check_sleep(struct vcpu *v)
{
	if (v->blocked == SLEEP_EVENT && world_caller(v)->polls && !v->poll)
		violation("d%uv%u sleeps in a poll that has ended", v->domain->id, v->id);
	if (v->poll)
		return;
	if (v->blocked == SLEEP_EVENT && !info_is_garbled(v) && evtchn_upcall_pending(v))
		violation("d%uv%u sleeps, and has an event", v->domain->id, v->id);
	if (v->blocked && vgic_has_pending(v))
		violation("d%uv%u sleeps, and has an interrupt", v->domain->id, v->id);
}

static void check_vcpu(struct vcpu *v)
{
	const struct cpu *c = cpus[v->sched.cpu];
	bool runs = c->rq.running == v, waits = heap_contains(&v->sched.node);

	if (vcpu_runnable(v) && !runs && !waits)
		violation("d%uv%u could run, and is forgotten", v->domain->id, v->id);
	if (waits && (runs || !vcpu_runnable(v)))
		violation("d%uv%u is in the queue of CPU %u, and %s", v->domain->id, v->id, c->id,
			  runs ? "runs" : "may not run");
	if (v->running != (runs || c->current == v))
		violation("d%uv%u is %s", v->domain->id, v->id,
			  v->running ? "loaded nowhere" : "loaded, and does not know");
	if (runs && !vcpu_runnable(v) && !(c->todo & TODO_RESCHED))
		violation("d%uv%u runs, though it may not, and CPU %u is not told", v->domain->id,
			  v->id, c->id);
	queued[c->id] += waits;
	homes[c->id] += v->domain->teardown == 0;
	check_sleep(v);
}

static void check_queues(void)
{
	for (unsigned i = 0; i < nr_cpus; i++) {
		const struct runqueue *rq = &cpus[i]->rq;

		if (rq->nr_ready != queued[i] || rq->nr_vcpus != homes[i])
			violation("CPU %u: %u wait, %u belong here; counted are %u and %u", i,
				  queued[i], homes[i], rq->nr_ready, rq->nr_vcpus);
		if (spin_is_locked(&rq->lock))
			violation("the queue of CPU %u is locked", i);
		queued[i] = homes[i] = 0;
	}
}

void check_domains(void)
{
	struct domain *d;
	struct vcpu *v;

	for_each_domain (d) {
		check_grants(d);
		check_references(d);
		check_pauses(d);
		check_ports(d);
		for_each_vcpu (d, v) {
			check_vcpu(v);
			check_virqs(v);
		}
	}
	check_queues();
}

void check_all(void)
{
	unsigned here = this_cpu()->id;

	check_pages();
	check_domains();
	host_set_cpu(here);
	if (host_tlb_stale())
		violation("%u entries of TLBs are stale", host_tlb_stale());
}
