/* SPDX-License-Identifier: ISC */
/* The vGIC's state machine: virtual interrupts between the ready lists and the list registers. */
#include "vgic.h"

/* vgic_vcpu.after */
#define AFTER_NOTIFY BIT(0) /* v has something new that this CPU cannot give it */
#define AFTER_MOVE   BIT(1) /* there is something in `leaving` */

static inline bool is_here(const struct vgic_vcpu *g)
{
	return g->cpu == this_cpu();
}

static inline bool virq_pending(const struct virq *q)
{
	return q->latch || (q->flags & (VIRQ_LINE | VIRQ_EDGE)) == VIRQ_LINE;
}

/*
 * Must it be in a list register or wait for one? Active ones too: how else could the guest end
 * them?
 */
static inline bool virq_wanted(const struct virq *q)
{
	return (q->flags & VIRQ_ACTIVE) || ((q->flags & VIRQ_ENABLED) && virq_pending(q));
}

/* May it signal the guest when it is in a list register? */
static inline bool virq_signals(const struct vcpu *v, const struct virq *q)
{
	return (q->flags & VIRQ_ENABLED) && READ_ONCE(v->domain->vgic.enabled);
}

/* Of a wanted one: is it worth a list register now? */
static inline bool virq_eligible(const struct vcpu *v, const struct virq *q)
{
	return (q->flags & VIRQ_ACTIVE) || virq_signals(v, q);
}

static inline uint32_t lrs_free(const struct vgic_vcpu *g)
{
	return ~g->used_lrs & (uint32_t)(BIT64(nr_lrs) - 1);
}

/* The physical interrupt behind a forwarded one. */

static void phys_forget(struct vcpu *v, struct virq *q)
{
	q->flags &= ~VIRQ_PHYS_ACTIVE;
	if (q->intid < NR_LOCALS)
		v->vgic.phys_local &= ~BIT(q->intid);
}

/*
 * The guest will not deactivate it any more. A PPI of a vCPU that is not loaded is not held: see
 * vgic_save(). One of a vCPU that is loaded elsewhere must be let go there: its bit in phys_local
 * stays, see phys_local_clean().
 */
static void phys_release(struct vcpu *v, struct virq *q)
{
	struct vgic_vcpu *g = &v->vgic;

	if (unlikely(q->intid < NR_LOCALS && g->cpu && !is_here(g))) {
		q->flags &= ~VIRQ_PHYS_ACTIVE;
		g->flush = g->resync = true;
		g->after |= AFTER_NOTIFY;
		return;
	}
	phys_forget(v, q);
	if (q->intid >= NR_LOCALS || is_here(g))
		irqchip->set_active(q->hwirq, false);
}

/* Let those of v's PPIs go that another CPU has released meanwhile. v is loaded here. */
static void phys_local_clean(struct vcpu *v)
{
	for (uint32_t left = v->vgic.phys_local; left; left &= left - 1) {
		struct virq *q = &v->vgic.local[__builtin_ctz(left)];

		if (!(q->flags & VIRQ_PHYS_ACTIVE))
			phys_release(v, q);
	}
}

/* All PPIs that v holds: give them to the next vCPU, or take them back. */
static void phys_local_switch(struct vcpu *v, bool active)
{
	for (uint32_t left = v->vgic.phys_local; left; left &= left - 1)
		irqchip->set_active(v->vgic.local[__builtin_ctz(left)].hwirq, active);
}

/*
 * List registers of the vCPU that is loaded here.
 */

/*
 * Read what has become of q. It stays the tenant of its list register, whose content is stale now:
 * lr_commit(), lr_release() or lrs_take_out() follows.
 */
static inline void lr_fold(struct vcpu *v, struct virq *q, bool empty)
{
	struct lr lr = {0};

	if (!empty) {
		lr = irqchip->lr_read(q->lr);
		empty = !lr.pending && !lr.active;
	}
	if (empty) {
		q->flags &= ~VIRQ_ACTIVE;
		if (q->flags & VIRQ_LR_HW)
			phys_forget(v, q);
		return;
	}
	if (lr.pending && (q->flags & VIRQ_LR_LATCH))
		q->latch |= BIT(lr_source(lr)) & ~q->drop;
	q->flags &= ~VIRQ_ACTIVE;
	if (lr.active) {
		q->flags |= VIRQ_ACTIVE;
		q->source = (uint8_t)lr_source(lr);
	}
}

/*
 * Write q's state into its list register. What does not fit in stays behind, and its end has to
 * tell us, by the maintenance interrupt: further senders of a GICv2 SGI; a level that is still
 * high; while it is active, a new pending state if that is for another vCPU, or if other interrupts
 * wait (it would become pending by itself, ahead of them).
 *
 * Without the hardware link (a quirk) the end of every forwarded interrupt tells us, too.
 *
 * With the hardware link (HW) pending and active at once is not allowed (IHI0069
 * ICH_LR<n>_EL2.State), as the pending state of such an interrupt is the physical one's. It happens
 * only if the guest sets its PPI pending by hand.
 */
static void lr_commit(struct vcpu *v, struct virq *q)
{
	unsigned flags = q->flags & ~(unsigned)VIRQ_LR_FLAGS, detail;
	bool line = (flags & (VIRQ_LINE | VIRQ_EDGE)) == VIRQ_LINE, active = flags & VIRQ_ACTIVE,
	     more;
	uint64_t lr = active ? LR_ACTIVE : 0;

	if (!active && q->latch)
		q->source = (uint8_t)__builtin_ctz(q->latch);
	detail = q->source;
	if (virq_signals(v, q) && likely(q->target == q->owner) && !(active && v->vgic.refill)) {
		if (q->latch & BIT(q->source)) {
			q->latch &= ~BIT(q->source);
			flags |= VIRQ_LR_PENDING | VIRQ_LR_LATCH;
			lr |= LR_PENDING;
		} else if (line && !active) {
			flags |= VIRQ_LR_PENDING;
			lr |= LR_PENDING;
		}
	}
	more = active && (lr & LR_PENDING || q->latch);
	if (!(flags & VIRQ_PHYS_ACTIVE)) {
		lr |= line || q->latch ? LR_EOI : 0;
	} else if (more || unlikely(!irq_hw_link)) {
		lr |= LR_EOI;
	} else {
		lr |= LR_HW;
		detail = q->hwirq;
		flags |= VIRQ_LR_HW;
	}
	q->flags = (uint16_t)flags;
	irqchip->lr_write(lr_make(q->intid, q->priority, detail, lr), q->lr);
}

static inline void lr_assign(struct vgic_vcpu *g, struct virq *q, unsigned i)
{
	g->used_lrs |= BIT(i);
	g->in_lr[i] = q;
	q->lr = (uint8_t)i;
}

/*
 * The most frequent case of lr_commit(): q is pending and that is all. hw: its physical interrupt has just become
 * active for it.
 */
static inline void lr_commit_pending(struct vcpu *v, struct virq *q, unsigned source, bool hw)
{
	unsigned flags = q->flags & ~(unsigned)(VIRQ_LR_FLAGS | VIRQ_ACTIVE | VIRQ_PHYS_ACTIVE);

	flags |= VIRQ_LR_PENDING | VIRQ_LR_LATCH;
	q->source = (uint8_t)source;
	if (hw) {
		flags |= VIRQ_LR_HW | VIRQ_PHYS_ACTIVE;
		if (q->intid < NR_LOCALS)
			v->vgic.phys_local |= BIT(q->intid);
	}
	q->flags = (uint16_t)flags;
	irqchip->lr_write(lr_make(q->intid, q->priority, hw ? q->hwirq : source,
				  LR_PENDING | (hw ? LR_HW : 0)),
			  q->lr);
}

/* q is eligible. */
static inline void lr_place(struct vcpu *v, struct virq *q)
{
	unsigned latch = q->latch;

	lr_assign(&v->vgic, q, (unsigned)__builtin_ctz(lrs_free(&v->vgic)));
	if (unlikely(q->flags & (VIRQ_ACTIVE | VIRQ_PHYS_ACTIVE | VIRQ_LINE) ||
		     q->target != q->owner || latch & (latch - 1))) {
		lr_commit(v, q);
		return;
	}
	q->latch = 0;
	lr_commit_pending(v, q, (unsigned)__builtin_ctz(latch), false);
}

static void lr_release(struct vcpu *v, struct virq *q)
{
	irqchip->lr_clear(q->lr);
	v->vgic.used_lrs &= ~BIT(q->lr);
	q->lr = NO_LR;
	q->flags &= ~VIRQ_LR_FLAGS;
}

/*
 * The ready list.
 */

static inline bool more_urgent(const struct virq *a, const struct virq *b)
{
	return a->priority != b->priority ? a->priority < b->priority : a->intid < b->intid;
}

static void ready_insert(struct vgic_vcpu *g, struct virq *q)
{
	struct virq *other;

	list_for_each (other, &g->ready, link)
		if (more_urgent(q, other))
			break;
	list_append(&other->link, &q->link); /* in front of other, or of the head: at the end */
}

static void set_refill(struct vgic_vcpu *g, unsigned when)
{
	if (g->refill != when) {
		g->refill = (uint8_t)when;
		irqchip->refill_irq(when);
	}
}

static void apply_requests(struct vcpu *v, struct virq *q)
{
	if ((q->flags & VIRQ_SET_PENDING) && !q->latch)
		irqchip->set_pending(q->hwirq, true);
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
 * The software state of q, which is on no list, is complete: apply what was asked for meanwhile,
 * and see whether it is (still) wanted by v. If it is not it may be on its way to its new target.
 */
static inline bool virq_settle(struct vcpu *v, struct virq *q)
{
	q->drop = 0;
	if (unlikely(q->flags & VIRQ_REQUESTS))
		apply_requests(v, q);
	if (q->flags & VIRQ_ACTIVE)
		return true;
	if ((q->flags & VIRQ_PHYS_ACTIVE) && !q->latch)
		phys_release(v, q);
	if (unlikely(q->target != q->owner)) {
		list_append(&v->vgic.leaving, &q->link);
		v->vgic.after |= AFTER_MOVE;
		return false;
	}
	return virq_wanted(q);
}

/* q's list register is empty: is that all there is to it? Its flags without what the list register had. */
static inline bool lr_ended(const struct virq *q, unsigned *flags)
{
	*flags = q->flags & ~(unsigned)(VIRQ_LR_FLAGS | VIRQ_ACTIVE);
	return !(*flags & (VIRQ_REQUESTS | VIRQ_PHYS_ACTIVE | VIRQ_LINE)) && !q->latch &&
	       q->target == q->owner;
}

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
static void end_uncounted(struct vcpu *v)
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

/*
 * Choose anew what is in the list registers: active ones first, as the guest can end only those,
 * but one register stays for the most urgent pending one.
 */
static void vgic_rebalance(struct vcpu *v)
{
	struct vgic_vcpu *g = &v->vgic;
	struct virq *q, *next;
	unsigned n, actives = 0, pendings = 0, when = 0;

	if (g->phys_local)
		phys_local_clean(v);
	if (unlikely(g->refill & REFILL_ACTIVE))
		end_uncounted(v);
	lrs_take_out(v);
	list_for_each (q, &g->ready, link) {
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
static __inline_here void vgic_refill(struct vcpu *v)
{
	struct vgic_vcpu *g = &v->vgic;
	struct virq *q, *next;

	if (unlikely(g->refill & REFILL_ACTIVE)) {
		vgic_rebalance(v);
		return;
	}
	list_for_each_safe (q, next, &g->ready, link) {
		if (!virq_eligible(v, q))
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

/*
 * One interrupt changes.
 */

static inline void owned_fold(struct vcpu *v, struct virq *q)
{
	if (q->lr == NO_LR || !is_here(&v->vgic))
		return;
	if (unlikely(v->vgic.refill & REFILL_ACTIVE))
		end_uncounted(v);
	lr_fold(v, q, irqchip->lr_empty() & BIT64(q->lr));
}

struct vcpu *virq_lock(struct domain *d, struct virq *q)
{
	struct vcpu *v = virq_owner_lock(d, q);

	owned_fold(v, q);
	return v;
}

/* q is wanted, v is loaded here. */
static void virq_deliver(struct vcpu *v, struct virq *q)
{
	struct vgic_vcpu *g = &v->vgic;

	if (unlikely(v->blocked) && virq_signals(v, q)) /* its CPU sleeps, and this is it */
		g->after |= AFTER_NOTIFY;
	if (q->lr != NO_LR) {
		if (likely(list_empty(&g->ready)) && virq_eligible(v, q)) {
			lr_commit(v, q);
			return;
		}
		lr_release(v, q); /* one that waits may be more urgent */
	}
	if (list_empty(&g->ready) && lrs_free(g) && virq_eligible(v, q)) {
		lr_place(v, q);
		return;
	}
	ready_insert(g, q);
	/* The most urgent one, and one that is active, may displace something. */
	if (g->ready.next == &q->link || (q->flags & VIRQ_ACTIVE) || lrs_free(g))
		vgic_refill(v);
}

void virq_update(struct vcpu *v, struct virq *q)
{
	struct vgic_vcpu *g = &v->vgic;
	bool here = is_here(g);

	if (unlikely(q->lr != NO_LR && !here)) {
		g->flush = g->resync = true;
		g->after |= AFTER_NOTIFY;
		return;
	}
	if (unlikely(!list_empty(&q->link)))
		list_remove(&q->link);
	if (!virq_settle(v, q)) {
		if (q->lr != NO_LR)
			lr_release(v, q);
	} else if (here) {
		virq_deliver(v, q);
	} else {
		ready_insert(g, q);
		g->flush = true;
		if (virq_signals(v, q))
			g->after |= AFTER_NOTIFY;
	}
}

/*
 * Make q pending in a list register, if that takes no further ado: its vCPU is loaded here and awake, nothing waits
 * for a list register, q is idle and may signal. false: it is not so. here: v is known to be loaded here.
 */
static __inline_here bool raise_direct(struct vcpu *v, struct virq *q, unsigned source, bool hw,
				       bool here)
{
	struct vgic_vcpu *g = &v->vgic;
	unsigned flags = q->flags, i = q->lr;

	if ((flags & (VIRQ_ENABLED | VIRQ_LINE | VIRQ_REQUESTS)) != VIRQ_ENABLED ||
	    !(here || is_here(g)) || !list_empty(&g->ready) || v->blocked || q->latch_drop ||
	    q->target != q->owner || !READ_ONCE(v->domain->vgic.enabled) || (hw && !irq_hw_link))
		return false;
	if (i == NO_LR) {
		uint32_t free = lrs_free(g);

		if (!free || flags & (VIRQ_ACTIVE | VIRQ_PHYS_ACTIVE))
			return false;
		i = (unsigned)__builtin_ctz(free);
		lr_assign(g, q, i);
	} else if (((flags & VIRQ_PHYS_ACTIVE) && !(hw && (flags & VIRQ_LR_HW))) ||
		   !(irqchip->lr_empty() & BIT64(i))) {
		/* The guest has not ended the last one, or not the physical interrupt that was active with it. */
		return false;
	}
	lr_commit_pending(v, q, source, hw);
	return true;
}

/* Queue q, idle so far, for a vCPU that is loaded nowhere. false: it is not so. */
static inline bool raise_waiting(struct vcpu *v, struct virq *q, unsigned source)
{
	struct vgic_vcpu *g = &v->vgic;

	if (g->cpu || !list_empty(&q->link) || q->target != q->owner ||
	    (q->flags & (VIRQ_ENABLED | VIRQ_ACTIVE | VIRQ_PHYS_ACTIVE | VIRQ_REQUESTS)) !=
		    VIRQ_ENABLED)
		return false;
	q->latch |= BIT(source);
	q->drop = 0;
	ready_insert(g, q);
	g->flush = true;
	return true;
}

static __noinline void raise_slow(struct vcpu *v, struct virq *q, unsigned source)
{
	owned_fold(v, q);
	q->latch |= BIT(source);
	virq_update(v, q);
	vgic_unlock(v);
}

/* Nearly all interrupts go one of the direct ways. The last way is right for all, just longer. */
void virq_raise(struct vcpu *v, struct virq *q, unsigned source)
{
	if (likely(raise_direct(v, q, source, false, false))) {
		spin_unlock(&v->vgic.lock);
	} else if (likely(raise_waiting(v, q, source))) {
		spin_unlock(&v->vgic.lock);
		if (virq_signals(v, q))
			vcpu_notify(v);
	} else {
		raise_slow(v, q, source);
	}
}

/*
 * That the physical interrupt comes again shows that the guest has ended the one before: a hardware
 * link that an unread list register still has is spent, and must not be taken for an end of this
 * one.
 */
static __noinline void forward_slow(struct vcpu *v, struct virq *q)
{
	owned_fold(v, q);
	q->flags &= ~VIRQ_LR_HW;
	q->latch = 1;
	phys_hold(v, q);
	virq_update(v, q);
	vgic_unlock(v);
}

void virq_forward(struct vcpu *v, struct virq *q)
{
	if (likely(raise_direct(v, q, 0, true, false)))
		spin_unlock(&v->vgic.lock);
	else
		forward_slow(v, q);
}

void virq_forward_local(struct vcpu *v, struct virq *q)
{
	if (likely(raise_direct(v, q, 0, true, true)))
		spin_unlock(&v->vgic.lock);
	else
		forward_slow(v, q);
}

static void hand_over(struct vcpu *v, struct virq *q)
{
	list_remove(&q->link);
	WRITE_ONCE(q->owner, q->target);
	spin_unlock(&v->vgic.lock);
	v = virq_lock(v->domain, q);
	virq_update(v, q);
	vgic_unlock(v);
}

/*
 * Handing over to a vCPU that is loaded here may read list registers there and find more that
 * leaves; handing those over to vCPUs that are not loaded here does not: the recursion ends.
 */
void vgic_unlock_after(struct vcpu *v)
{
	struct vgic_vcpu *g = &v->vgic;
	bool notify;

	while (unlikely(!list_empty(&g->leaving))) {
		hand_over(v, list_first(&g->leaving, struct virq, link));
		spin_lock(&g->lock);
	}
	notify = g->after & AFTER_NOTIFY;
	g->after = 0;
	spin_unlock(&g->lock);
	if (notify)
		vcpu_notify(v);
}

struct virq_state virq_state(struct domain *d, struct virq *q)
{
	struct vcpu *v = virq_lock(d, q);
	struct virq_state s;

	/*
	 * In a list register of another CPU: say what is known and make that CPU look for the next
	 * time.
	 */
	if (q->lr != NO_LR && !is_here(&v->vgic)) {
		virq_update(v, q);
		s.active = q->flags & VIRQ_ACTIVE;
		s.pending = q->latch | (q->flags & VIRQ_LR_PENDING ? BIT(q->source) : 0);
		if (!s.pending)
			s.pending = virq_pending(q);
	} else {
		s.pending = q->latch ? q->latch : virq_pending(q);
		s.active = q->flags & VIRQ_ACTIVE;
		virq_update(v, q);
	}
	vgic_unlock(v);
	return s;
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
	g->flush = g->resync = false;
	if (g->phys_local)
		phys_local_switch(v, true);
	if (!list_empty(&g->ready))
		vgic_refill(v);
	vgic_unlock(v);
}

void vgic_save(struct vcpu *v)
{
	struct vgic_vcpu *g = &v->vgic;

	spin_lock(&g->lock);
	if (unlikely(g->refill & REFILL_ACTIVE))
		end_uncounted(v);
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
	g->flush = g->resync = false;
	if (resync)
		vgic_rebalance(v);
	else
		vgic_refill(v);
	vgic_unlock(v);
}

void vgic_maintenance(struct vcpu *v)
{
	struct vgic_vcpu *g = &v->vgic;

	spin_lock(&g->lock);
	g->flush = g->resync = false;
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
			g->flush = g->resync = true;
			g->after |= AFTER_NOTIFY;
		}
		vgic_unlock(v);
	}
}

/*
 * The priority that a pending interrupt must be more urgent than, and how much of its own counts in
 * that comparison (IHI0069 4.8). VMCR's fields are where both versions have them: enable bits of
 * the groups 0 and 1 at 0 and 1, one binary point for both at 4, binary points at 21 and 18,
 * priority mask at 24. Active priorities: a bit for each of 32 levels. GICv2 guests' interrupts are
 * in group 0, GICv3 guests' in group 1.
 */
struct threshold {
	uint8_t mask;    /* PMR */
	uint8_t running; /* group priority of the most urgent active one, 0xff: none */
	uint8_t group;   /* bits of a priority that make its group priority */
};

static struct threshold threshold_of(const struct vcpu *v, const struct gic_cpu_state *s)
{
	bool v2 = v->domain->vgic.version == 2, one = v2 || (s->vmcr & BIT(4));
	uint32_t apr = s->apr[0];
	struct threshold t = {0};

	if (!(s->vmcr & (v2 ? BIT(0) : BIT(1))))
		return t; /* nothing is more urgent than 0 */
	t.mask = (uint8_t)(s->vmcr >> 24);
	t.running = apr ? (uint8_t)(__builtin_ctz(apr) << 3) : 0xff;
	t.group = (uint8_t)(0xff << (one ? (s->vmcr >> 21 & 7) + 1 : s->vmcr >> 18 & 7));
	return t;
}

static inline bool threshold_passed(struct threshold t, uint8_t priority)
{
	return priority < t.mask && (priority & t.group) < t.running;
}

static bool ready_would_signal(struct vcpu *v, struct threshold t)
{
	struct virq *q;

	list_for_each (q, &v->vgic.ready, link)
		if (!(q->flags & VIRQ_ACTIVE) && virq_signals(v, q))
			return threshold_passed(t, q->priority); /* the most urgent one */
	return false;
}

static bool lrs_would_signal(struct vcpu *v, struct threshold t)
{
	struct vgic_vcpu *g = &v->vgic;

	for (uint32_t left = g->used_lrs & ~(uint32_t)irqchip->lr_empty(); left; left &= left - 1) {
		struct lr lr = irqchip->lr_read((unsigned)__builtin_ctz(left));

		if (lr.pending && !lr.active && threshold_passed(t, lr.priority))
			return true;
	}
	return false;
}

bool vgic_has_pending(struct vcpu *v)
{
	struct vgic_vcpu *g = &v->vgic;
	struct gic_cpu_state now;
	struct threshold t;
	bool result;

	/*
	 * What is queued by another CPU after this look finds the vCPU blocked (vcpu_block(), vcpu_notify()). A guest that
	 * sleeps has nearly always ended all that was in its list registers.
	 */
	if (list_empty(&g->ready) && !g->resync &&
	    (!g->used_lrs || (is_here(g) && !(g->used_lrs & ~(uint32_t)irqchip->lr_empty()))))
		return false;
	spin_lock(&g->lock);
	if (is_here(g)) {
		if (g->resync)
			vgic_rebalance(v); /* what others changed counts */
		irqchip->peek(&now);
		t = threshold_of(v, &now);
		result = ready_would_signal(v, t) || lrs_would_signal(v, t);
	} else {
		result = ready_would_signal(v, threshold_of(v, &g->hw));
	}
	vgic_unlock(v);
	return result;
}
