/* SPDX-License-Identifier: ISC */
/* Changes of one virtual interrupt: raised, forwarded, reconfigured or read; and what follows. */
#include "vgic_lr.h"

static inline void owned_fold(struct vcpu *v, struct virq *q)
{
	if (q->lr == NO_LR || !is_here(&v->vgic))
		return;
	if (unlikely(v->vgic.refill & REFILL_ACTIVE))
		vgic_end_uncounted(v);
	lr_fold(v, q, irqchip->lr_empty() & BIT64(q->lr));
}

struct vcpu *virq_lock(struct domain *d, struct virq *q)
{
	struct vcpu *v = virq_owner_lock(d, q);

	owned_fold(v, q);
	if (q->latch && virq_line_fell(v, q))
		q->latch = 0;
	return v;
}

/* q is wanted, v is loaded here. */
static void virq_deliver(struct vcpu *v, struct virq *q)
{
	struct vgic_vcpu *g = &v->vgic;

	if (unlikely(READ_ONCE(v->blocked)) &&
	    virq_signals(v, q)) /* its CPU sleeps, and this is it */
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
		vgic_set_resync(g, true);
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
		WRITE_ONCE(g->flush, true);
		if (virq_signals(v, q))
			g->after |= AFTER_NOTIFY;
	}
}

/*
 * Make q pending in a list register, if that takes no further ado: its vCPU is loaded here and
 * awake, nothing waits for a list register, q is idle and may signal. false: it is not so. here: v
 * is known to be loaded here.
 */
static __inline_here bool raise_direct(struct vcpu *v, struct virq *q, unsigned source, bool hw,
				       bool here)
{
	struct vgic_vcpu *g = &v->vgic;
	unsigned flags = q->flags, i = q->lr;

	if ((flags & (VIRQ_ENABLED | VIRQ_LINE | VIRQ_REQUESTS | VIRQ_BY_HAND)) != VIRQ_ENABLED ||
	    !(here || is_here(g)) || !list_empty(&g->ready) || READ_ONCE(v->blocked) ||
	    q->latch_drop || q->target != q->owner || !READ_ONCE(v->domain->vgic.enabled) ||
	    (hw && !irq_hw_link))
		return false;
	if (i == NO_LR) {
		uint32_t free = lrs_free(g);

		if (!free || flags & (VIRQ_ACTIVE | VIRQ_PHYS_ACTIVE))
			return false;
		i = (unsigned)__builtin_ctz(free);
		lr_assign(g, q, i);
	} else if (((flags & VIRQ_PHYS_ACTIVE) && !(hw && (flags & VIRQ_LR_HW))) ||
		   !(irqchip->lr_empty() & BIT64(i))) {
		/*
		 * The guest has not ended the last one, or not the physical interrupt that was
		 * active with it.
		 */
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
	WRITE_ONCE(g->flush, true);
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
		bool tell = virq_signals(v, q);

		spin_unlock(&v->vgic.lock);
		if (tell)
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
	lr_taken(q);
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
		else if (virq_line_fell(v, q))
			s.pending = 0;
	} else {
		s.pending = q->latch ? q->latch : virq_pending(q);
		s.active = q->flags & VIRQ_ACTIVE;
		virq_update(v, q);
	}
	vgic_unlock(v);
	return s;
}
