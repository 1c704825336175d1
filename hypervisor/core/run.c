/* SPDX-License-Identifier: ISC */
/*
 * How a CPU runs vCPUs: it switches them in and out, puts them to sleep, idles, and takes physical
 * interrupts. sched.c decides which vCPU runs.
 */
#include <asm/tlb.h>
#include <hyp/arch.h>
#include <hyp/cpu.h>
#include <hyp/domain.h>
#include <hyp/irq.h>
#include <lib/log.h>
#include <hyp/run.h>
#include <hyp/virq.h>
#include <mem/page.h>
#include <public/vcpu.h>
#include <vdev/vtimer.h>

/*
 * Interrupts: each goes to a handler of the hypervisor, to the timer of the running vCPU, or to
 * dom0.
 */

/* SGIs between CPUs. The work is in cpu.todo; only IPI_HALT is handled here. */
static void handle_ipi(unsigned intid)
{
	irqchip->deactivate(intid);
	if (intid == IPI_HALT)
		arch_cpu_halt();
}

static void spurious(unsigned intid)
{
	log_warn("irq: nobody wants interrupt %u: disabled", intid);
	irqchip->disable(intid);
	irqchip->deactivate(intid);
}

static __noinline bool handle_other(unsigned intid)
{
	if (intid >= MAX_IRQS)
		return false;
	if (intid == VTIMER_PPI)
		/* Raised just before its vCPU was switched out; vcpu_load() arms it again. */
		irqchip->deactivate(intid);
	else if (intid < NR_SGIS)
		handle_ipi(intid);
	else if (irq_handle_own(intid))
		;
	else if (intid >= NR_LOCALS && domain0 &&
		 intid < NR_LOCALS + (unsigned)domain0->vgic.nr_spis)
		vgic_forward_spi(domain0, intid);
	else
		spurious(intid);
	return true;
}

/* The guest's timer comes first: it is by far the most frequent interrupt. */
bool irq_handle_one(struct vcpu *v)
{
	unsigned intid = irqchip->acknowledge();

	if (unlikely(intid != VTIMER_PPI || !v))
		return handle_other(intid);
	vgic_forward_vtimer(v);
	return true;
}

/* Switching */

static void switch_in(struct cpu *c, struct vcpu *v)
{
	struct domain *d = v->domain;

	c->current = v;
	vcpu_load(v);
	/*
	 * vCPUs of a domain share a VMID. A guest may use ASIDs and non-global pages differently on
	 * each of its CPUs, so TLB entries of the vCPU that ran here before must not be used.
	 */
	if (d->last_vcpu[c->id] != (uint8_t)v->id) {
		if (d->nr_vcpus > 1)
			tlb_flush_current_local();
		d->last_vcpu[c->id] = (uint8_t)v->id;
	}
	if (mfn_valid(v->runstate.mfn[0]))
		vcpu_write_runstate(v);
}

static void resume(struct vcpu *v)
{
	if (READ_ONCE(v->vgic.flush))
		vgic_flush(v);
	if (mfn_valid(v->runstate.mfn[0]))
		vcpu_write_runstate(v);
}

static void switch_out(struct cpu *c, struct vcpu *v)
{
	vcpu_unload(v);
	c->current = NULL;
	if (mfn_valid(v->runstate.mfn[0]))
		vcpu_write_runstate(v);
}

/* Sleeping */

/*
 * Cancel a sleep. A CPU that saw v blocked relies on resume() to deliver what it queued. v never
 * slept, so request that flush here.
 */
void vcpu_stay_awake(struct vcpu *v)
{
	atomic_store(&v->blocked, 0);
	smp_mb(); /* pairs with the barrier in vcpu_notify() */
	if (READ_ONCE(v->vgic.flush))
		atomic_or(&this_cpu()->todo, TODO_VGIC);
}

void vcpu_block(struct vcpu *v, enum vcpu_sleep sleep)
{
	atomic_store(&v->blocked, sleep);
	/*
	 * Pairs with the barrier in vcpu_notify(): either this CPU sees the interrupt or the sender
	 * sees v blocked.
	 */
	smp_mb();
	if ((sleep == SLEEP_EVENT && evtchn_upcall_pending(v)) || vgic_has_pending(v))
		vcpu_stay_awake(v);
	else
		atomic_or(&this_cpu()->todo, TODO_RESCHED);
}

/*
 * Background work of idle CPUs. One CPU at a time: a single CPU already uses the whole memory
 * bandwidth, and more would contend for the allocator's lock. Returns true if there may be more
 * work.
 */
static bool idle_work(void)
{
	static uint32_t busy;
	bool more;

	if (!page_nr_dirty() || atomic_swap(&busy, 1))
		return false;
	more = page_scrub_some();
	atomic_store_rel(&busy, 0);
	return more;
}

/* No vCPU can run: do background work or sleep until an interrupt, then handle the interrupts. */
static void idle_once(struct cpu *c)
{
	uint64_t start = time_ticks();

	if (!idle_work() && !READ_ONCE(c->todo))
		arch_wait_for_interrupt();
	while (irq_handle_one(c->current))
		;
	c->idle_ticks += time_ticks() - start;
}

/* A vCPU that only sleeps stays loaded: if it wakes first, nothing has to be switched. */
static bool may_stay_loaded(const struct vcpu *v, const struct cpu *c)
{
	return !READ_ONCE(v->offline) && !READ_ONCE(v->pause_count) &&
	       !READ_ONCE(v->domain->pause_count) && sched_allows(&v->sched, c->id);
}

static void enter(struct cpu *c, struct vcpu *next)
{
	if (c->current != next)
		switch_in(c, next);
	else
		resume(next);
	/* Its affinity changed while it was loaded: reschedule, so that it moves to another CPU. */
	if (unlikely(!sched_allows(&next->sched, c->id)))
		atomic_or(&c->todo, TODO_RESCHED);
}

struct vcpu *run_next(struct cpu *c)
{
	for (;;) {
		struct vcpu *loaded = c->current, *next = sched_choose(c);

		if (loaded && loaded != next &&
		    (next || c->rq.hand_over || !may_stay_loaded(loaded, c))) {
			switch_out(c, loaded);
			sched_let_go(c, loaded);
		}
		if (next) {
			enter(c, next);
			return next;
		}
		idle_once(c);
		/*
		 * Requests made meanwhile need no more work: sched_choose() looks at the queue and
		 * enter() handles the rest.
		 */
		atomic_swap(&c->todo, 0);
	}
}
