/* SPDX-License-Identifier: ISC */
/* Would a vCPU that executes WFI take an interrupt? */
#include <public/xen.h>
#include <hyp/virq.h>
#include "vgic.h"

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
		if (!(q->flags & VIRQ_ACTIVE) && virq_signals(v, q) && !virq_line_fell(v, q))
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

/* Is something pending in a list register whose line has fallen? */
static bool lrs_fell(struct vcpu *v)
{
	struct vgic_vcpu *g = &v->vgic;

	for (uint32_t left = g->used_lrs & ~(uint32_t)irqchip->lr_empty(); left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);

		if (virq_line_fell(v, g->in_lr[i]) && irqchip->lr_read(i).pending)
			return true;
	}
	return false;
}

/* Something waits, or is in a list register: is it enough to end the sleep? */
static __noinline bool would_signal(struct vcpu *v)
{
	struct vgic_vcpu *g = &v->vgic;
	struct gic_cpu_state now;
	struct threshold t;
	bool result;

	spin_lock(&g->lock);
	if (is_here(g)) {
		if (g->resync || lrs_fell(v))
			vgic_rebalance(v); /* what others and devices changed counts */
		irqchip->peek(&now);
		t = threshold_of(v, &now);
		result = ready_would_signal(v, t) || lrs_would_signal(v, t);
	} else {
		result = ready_would_signal(v, threshold_of(v, &g->hw));
	}
	vgic_unlock(v);
	return result;
}

bool vgic_has_pending(struct vcpu *v)
{
	struct vgic_vcpu *g = &v->vgic;

	/*
	 * What is queued by another CPU after this look finds the vCPU blocked (vcpu_block(),
	 * vcpu_notify()). A guest that sleeps has nearly always ended all that was in its list
	 * registers. One that is not loaded uses none.
	 */
	if (list_empty(&g->ready) && !READ_ONCE(g->resync) &&
	    (!g->used_lrs || !(g->used_lrs & ~(uint32_t)irqchip->lr_empty())))
		return false;
	return would_signal(v);
}
