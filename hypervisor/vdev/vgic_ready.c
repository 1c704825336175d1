/* SPDX-License-Identifier: ISC */
/*
 * Chooses which interrupts of a vCPU are in its list registers: when it is loaded, saved, or has
 * more than fit.
 */
#include "vgic_lr.h"
#include <hyp/virq.h>

/*
 * Parts.
 */

/* Let those of v's PPIs go that another CPU has released meanwhile. v is loaded here. */
static inline void phys_local_clean(struct vcpu *v)
{
	for (uint32_t left = v->vgic.phys_local; left; left &= left - 1) {
		struct virq *q = &v->vgic.local[__builtin_ctz(left)];

		if (!(q->flags & VIRQ_PHYS_ACTIVE))
			phys_release(v, q);
	}
}

/* All PPIs that v holds: give them to the next vCPU, or take them back. */
static inline void phys_local_switch(struct vcpu *v, bool active)
{
	for (uint32_t left = v->vgic.phys_local; left; left &= left - 1)
		irqchip->set_active(v->vgic.local[__builtin_ctz(left)].hwirq, active);
}

static void set_refill(struct vgic_vcpu *g, unsigned when)
{
	if (g->refill != when) {
		g->refill = (uint8_t)when;
		irqchip->refill_irq(when);
	}
}

void virq_apply_requests(struct vcpu *v, struct virq *q)
{
	if (q->flags & VIRQ_SET_PENDING) {
		q->flags |= VIRQ_BY_HAND;
		if (!q->latch)
			irqchip->set_pending(q->hwirq, true);
	}
	if (q->flags & VIRQ_SET_ACTIVE) {
		q->flags |= VIRQ_ACTIVE;
		if ((q->flags & VIRQ_ROUTED) && !(q->flags & VIRQ_PHYS_ACTIVE)) {
			irqchip->set_active(q->hwirq, true);
			phys_hold(v, q);
		}
	} else if (q->flags & VIRQ_CLEAR_ACTIVE) {
		q->flags &= ~VIRQ_ACTIVE;
	}
	q->flags &= ~VIRQ_REQUESTS;
}

/*
 * q's list register is empty: is that all there is to it? Its flags without what the list register
 * had.
 */
static inline bool lr_ended(const struct virq *q, unsigned *flags)
{
	*flags = q->flags & ~(unsigned)(VIRQ_LR_FLAGS | VIRQ_ACTIVE);
	return !(*flags & (VIRQ_REQUESTS | VIRQ_PHYS_ACTIVE | VIRQ_LINE | VIRQ_BY_HAND)) &&
	       !q->latch && q->target == q->owner;
}

/*
 * List registers to ready list, and back.
 */

/* Empty the list registers into the ready list. */
static __inline_here void lrs_take_out(struct vcpu *v)
{
	struct vgic_vcpu *g = &v->vgic;
	uint64_t empty = irqchip->lr_empty();

	for (uint32_t left = g->used_lrs; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left), flags;
		struct virq *q = g->in_lr[i];

		if (likely(empty & BIT64(i) && lr_ended(q, &flags))) { /* nearly always */
			q->flags = (uint16_t)flags;
			q->drop = 0;
			q->lr = NO_LR;
			continue;
		}
		lr_fold(v, q, empty & BIT64(i));
		if (!(empty & BIT64(i)))
			irqchip->lr_clear(i);
		q->lr = NO_LR;
		q->flags &= ~VIRQ_LR_FLAGS;
		if (virq_settle(v, q))
			ready_insert(g, q);
	}
	g->used_lrs = 0;
}

/*
 * The guest has ended interrupts that were active outside the list registers. Without a list
 * register the hardware only counts that; the most urgent active one is what runs, so that is what
 * ends.
 */
void vgic_end_uncounted(struct vcpu *v)
{
	struct vgic_vcpu *g = &v->vgic;
	unsigned n = irqchip->eoi_count();
	struct virq *q, *next;

	list_for_each_safe (q, next, &g->ready, link) {
		if (n == 0)
			break;
		if (!(q->flags & VIRQ_ACTIVE))
			continue;
		n--;
		q->flags &= ~VIRQ_ACTIVE;
		list_remove(&q->link);
		if (virq_settle(v, q))
			ready_insert(g, q);
	}
}

static __noinline bool ready_look(struct vcpu *v, struct virq *q)
{
	if (virq_phys_line(v, q))
		return true;
	q->latch = 0;
	if (q->flags & VIRQ_ACTIVE)
		return true;
	list_remove(&q->link);
	if (virq_settle(v, q))
		ready_insert(&v->vgic, q);
	return false;
}

/*
 * q is on the ready list. Its line may have fallen meanwhile: false if it is off the list
 * therefore.
 */
static inline bool ready_still(struct vcpu *v, struct virq *q)
{
	return likely(!virq_follows_line(q)) || ready_look(v, q);
}

/*
 * Active ones first, as the guest can end only those, but one register stays for the most urgent
 * pending one.
 */
void vgic_rebalance(struct vcpu *v)
{
	struct vgic_vcpu *g = &v->vgic;
	struct virq *q, *next;
	unsigned n, actives = 0, pendings = 0, when = 0;

	if (g->phys_local)
		phys_local_clean(v);
	if (unlikely(g->refill & REFILL_ACTIVE))
		vgic_end_uncounted(v);
	lrs_take_out(v);
	list_for_each_safe (q, next, &g->ready, link) {
		if (!ready_still(v, q))
			continue;
		if (q->flags & VIRQ_ACTIVE)
			actives++;
		else if (virq_signals(v, q))
			pendings++;
	}
	n = MIN(actives, nr_lrs - (pendings ? 1 : 0));
	if (n < actives) {
		when |= REFILL_ACTIVE;
		if (!(g->refill & REFILL_ACTIVE))
			irqchip->eoi_count(); /* from now on it means something */
	}
	if (pendings > nr_lrs - n)
		when |= REFILL_PENDING;
	set_refill(g, when);
	actives = n;
	pendings = nr_lrs - n;
	list_for_each_safe (q, next, &g->ready, link) {
		unsigned *slots = q->flags & VIRQ_ACTIVE ? &actives : &pendings;

		if (*slots == 0 || !virq_eligible(v, q))
			continue;
		--*slots;
		list_remove(&q->link);
		lr_place(v, q);
	}
}

/* Put what is ready into the list registers that are free. */
static __inline_here void refill(struct vcpu *v)
{
	struct vgic_vcpu *g = &v->vgic;
	struct virq *q, *next;

	if (unlikely(g->refill & REFILL_ACTIVE)) {
		vgic_rebalance(v);
		return;
	}
	list_for_each_safe (q, next, &g->ready, link) {
		if (!ready_still(v, q) || !virq_eligible(v, q))
			continue;
		if (!lrs_free(g)) {
			vgic_rebalance(v);
			return;
		}
		list_remove(&q->link);
		lr_place(v, q);
	}
	set_refill(g, 0);
}

void vgic_refill(struct vcpu *v)
{
	refill(v);
}

/*
 * vCPUs.
 */

void vgic_load(struct vcpu *v)
{
	struct vgic_vcpu *g = &v->vgic;

	irqchip->load(&g->hw);
	spin_lock(&g->lock);
	g->cpu = this_cpu();
	vgic_set_resync(g, false);
	if (g->phys_local)
		phys_local_switch(v, true);
	if (!list_empty(&g->ready))
		refill(v);
	vgic_unlock(v);
}

void vgic_save(struct vcpu *v)
{
	struct vgic_vcpu *g = &v->vgic;

	spin_lock(&g->lock);
	if (unlikely(g->refill & REFILL_ACTIVE))
		vgic_end_uncounted(v);
	if (g->used_lrs)
		lrs_take_out(v);
	set_refill(g, 0);
	if (g->phys_local) {
		phys_local_clean(v);
		phys_local_switch(v, false);
	}
	g->cpu = NULL;
	vgic_unlock(v);
	irqchip->save(&g->hw);
}

void vgic_flush(struct vcpu *v)
{
	struct vgic_vcpu *g = &v->vgic;
	bool resync;

	spin_lock(&g->lock);
	resync = g->resync;
	vgic_set_resync(g, false);
	if (resync)
		vgic_rebalance(v);
	else
		refill(v);
	vgic_unlock(v);
}

void vgic_maintenance(struct vcpu *v)
{
	struct vgic_vcpu *g = &v->vgic;

	spin_lock(&g->lock);
	vgic_set_resync(g, false);
	vgic_rebalance(v);
	vgic_unlock(v);
}

void vgic_set_enabled(struct domain *d, bool enabled)
{
	struct vcpu *v;

	if (READ_ONCE(d->vgic.enabled) == enabled)
		return;
	/* Whoever holds a vCPU's lock after us sees it. */
	WRITE_ONCE(d->vgic.enabled, enabled);
	for_each_vcpu (d, v) {
		struct vgic_vcpu *g = &v->vgic;

		spin_lock(&g->lock);
		if (is_here(g)) {
			vgic_rebalance(v);
		} else if (g->cpu || !list_empty(&g->ready)) {
			vgic_set_resync(g, true);
			g->after |= AFTER_NOTIFY;
		}
		vgic_unlock(v);
	}
}
