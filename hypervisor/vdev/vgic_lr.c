/* SPDX-License-Identifier: ISC */
/* One virtual interrupt in a list register of this CPU, and the physical interrupt linked to it. */
#include <vdev/vtimer.h>
#include "vgic_lr.h"

/*
 * The physical interrupt behind a forwarded one.
 */

bool virq_phys_line(const struct vcpu *v, const struct virq *q)
{
	if (q->intid >= NR_LOCALS)
		return irqchip->is_pending(q->hwirq);
	return (v->vgic.cpu && !is_here(&v->vgic)) || arch_vtimer_line(v);
}

static void phys_forget(struct vcpu *v, struct virq *q)
{
	q->flags &= ~VIRQ_PHYS_ACTIVE;
	if (q->intid < NR_LOCALS)
		v->vgic.phys_local &= ~BIT(q->intid);
}

void phys_release(struct vcpu *v, struct virq *q)
{
	struct vgic_vcpu *g = &v->vgic;

	if (unlikely(q->intid < NR_LOCALS && g->cpu && !is_here(g))) {
		q->flags &= ~VIRQ_PHYS_ACTIVE;
		vgic_set_resync(g, true);
		g->after |= AFTER_NOTIFY;
		return;
	}
	phys_forget(v, q);
	if (q->intid >= NR_LOCALS || is_here(g))
		irqchip->set_active(q->hwirq, false);
}

/*
 * List registers.
 */

void lr_fold(struct vcpu *v, struct virq *q, bool empty)
{
	struct lr lr = {0};

	if (!empty) {
		lr = irqchip->lr_read(q->lr);
		empty = !lr.pending && !lr.active;
	}
	if (!lr.pending)
		lr_taken(q);
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

void lr_commit(struct vcpu *v, struct virq *q)
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

void lr_release(struct vcpu *v, struct virq *q)
{
	irqchip->lr_clear(q->lr);
	v->vgic.used_lrs &= ~BIT(q->lr);
	q->lr = NO_LR;
	q->flags &= ~VIRQ_LR_FLAGS;
}
