/* SPDX-License-Identifier: ISC */
/*
 * The list registers of the loaded vCPU and its ready list, as the two files of the state machine
 * see them (vgic_ready.c, vgic_change.c). What is on the way of most interrupts is inline.
 */
#ifndef VDEV_VGIC_LR_H
#define VDEV_VGIC_LR_H

#include <hyp/arch.h>
#include <hyp/cpu.h>
#include <public/xen.h>
#include "vgic.h"

/* vgic_vcpu.after */
#define AFTER_NOTIFY BIT(0) /* v has something new that this CPU cannot give it */
#define AFTER_MOVE   BIT(1) /* there is something in `leaving` */

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

/* Of a wanted one: is it worth a list register now? */
static inline bool virq_eligible(const struct vcpu *v, const struct virq *q)
{
	return (q->flags & VIRQ_ACTIVE) || virq_signals(v, q);
}

/*
 * Something in a list register of v has to change (or no longer has to). vgic_has_pending() and the
 * entry to the guest look without the lock.
 */
static inline void vgic_set_resync(struct vgic_vcpu *g, bool on)
{
	WRITE_ONCE(g->resync, on);
	WRITE_ONCE(g->flush, on);
}

static inline uint32_t lrs_free(const struct vgic_vcpu *g)
{
	return ~g->used_lrs & (uint32_t)(BIT64(nr_lrs) - 1);
}

/*
 * vgic_lr.c: the physical interrupt behind a forwarded one.
 */

/*
 * The guest will not deactivate it any more. A PPI of a vCPU that is not loaded is not held: see
 * vgic_save(). One of a vCPU that is loaded elsewhere must be let go there: its bit in phys_local
 * stays, see phys_local_clean().
 */
void phys_release(struct vcpu *v, struct virq *q);

/*
 * vgic_lr.c: list registers of the vCPU that is loaded here.
 */

/* The guest has taken what q's list register was given. */
static inline void lr_taken(struct virq *q)
{
	if (unlikely(q->flags & VIRQ_BY_HAND) && q->flags & VIRQ_LR_LATCH && !q->latch)
		q->flags &= ~VIRQ_BY_HAND;
}

/*
 * Read what has become of q. It stays the tenant of its list register, whose content is stale now:
 * lr_commit(), lr_release() or lrs_take_out() follows.
 */
void lr_fold(struct vcpu *v, struct virq *q, bool empty);

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
void lr_commit(struct vcpu *v, struct virq *q);
void lr_release(struct vcpu *v, struct virq *q);

static inline void lr_assign(struct vgic_vcpu *g, struct virq *q, unsigned i)
{
	g->used_lrs |= BIT(i);
	g->in_lr[i] = q;
	q->lr = (uint8_t)i;
}

/*
 * The most frequent case of lr_commit(): q is pending and that is all. hw: its physical interrupt
 * has just become active for it.
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

/*
 * vgic_ready.c: the ready list.
 */

static inline bool more_urgent(const struct virq *a, const struct virq *b)
{
	return a->priority != b->priority ? a->priority < b->priority : a->intid < b->intid;
}

static inline void ready_insert(struct vgic_vcpu *g, struct virq *q)
{
	struct virq *other;

	list_for_each (other, &g->ready, link)
		if (more_urgent(q, other))
			break;
	list_append(&other->link, &q->link); /* in front of other, or of the head: at the end */
}

/* Of q, which is on no list: do what was asked for while its list register was out of reach. */
void virq_apply_requests(struct vcpu *v, struct virq *q);

/*
 * The software state of q, which is on no list, is complete: apply what was asked for meanwhile,
 * and see whether it is (still) wanted by v. If it is not it may be on its way to its new target.
 */
static inline bool virq_settle(struct vcpu *v, struct virq *q)
{
	q->drop = 0;
	if (unlikely(q->flags & VIRQ_REQUESTS))
		virq_apply_requests(v, q);
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

/* Put what is ready into the list registers that are free. v is loaded here and locked. */
void vgic_refill(struct vcpu *v);
/* Take account of what the guest has ended that is in no list register (REFILL_ACTIVE). */
void vgic_end_uncounted(struct vcpu *v);

#endif
