/* SPDX-License-Identifier: ISC */
/* Registers with some bits for each interrupt: one walker, and what the bits of each kind do. */
#include <hyp/arch.h>
#include <hyp/cpu.h>
#include <vdev/vtimer.h>
#include <public/xen.h>
#include "vgic.h"

/*
 * The walker. `info` of the row is the number of the first interrupt, in units of 32; interrupts
 * that are not implemented read as zero and ignore writes.
 */

struct walk {
	const struct virq_field *field;
	unsigned intid, end;
};

static struct walk walk_begin(struct vcpu *v, const struct mmio_reg *r, unsigned offset,
			      unsigned size)
{
	const struct virq_field *f = r->arg;
	unsigned first = r->info * 32u + (offset * 8 >> f->shift);
	unsigned end = first + (size * 8 >> f->shift);

	return (struct walk){f, first, MIN(end, vgic_nr_lines(v->domain))};
}

/* An access never reaches over one of the blocks of 32 that virqs are allocated in. */
uint64_t vgic_read_bank(struct vcpu *v, const struct mmio_reg *r, unsigned offset, unsigned size)
{
	struct walk w = walk_begin(v, r, offset, size);
	struct virq *q = w.intid < w.end ? virq_find(v, w.intid) : NULL;
	unsigned n = w.end - w.intid, bits = 1u << w.field->shift, flag = w.field->flag;
	uint64_t value = 0;

	if (w.intid >= w.end || (flag && !q))
		return 0;
	if (flag)
		for (unsigned i = 0; i < n; i++)
			value |= (uint64_t) !!(READ_ONCE(q[i].flags) & flag) << i;
	else
		for (unsigned i = 0; i < n; i++)
			value |= (uint64_t)w.field->get(v, q ? &q[i] : NULL) << i * bits;
	return value;
}

static void write_one(struct vcpu *v, const struct virq_field *f, unsigned intid, uint32_t value)
{
	struct virq *q = virq_find(v, intid);
	struct vcpu *owner;

	if (!q && (f->clears || (!f->flag && value == f->get(v, NULL))))
		return; /* as it is at reset */
	q = virq_get(v, intid);
	if (!q)
		return;
	owner = virq_lock(v->domain, q);
	f->set(owner, q, value);
	virq_update(owner, q);
	vgic_unlock(owner);
}

void vgic_write_bank(struct vcpu *v, const struct mmio_reg *r, unsigned offset, unsigned size,
		     uint64_t value)
{
	struct walk w = walk_begin(v, r, offset, size);
	unsigned bits = 1u << w.field->shift;
	uint32_t mask = (uint32_t)(BIT64(bits) - 1);

	if (!w.field->set)
		return;
	if (w.field->ones && bits == 1) {
		for (; value; value &= value - 1) {
			unsigned intid = w.intid + (unsigned)__builtin_ctzll(value);

			if (intid < w.end)
				write_one(v, w.field, intid, 1);
		}
		return;
	}
	for (; w.intid < w.end; w.intid++, value >>= bits)
		if (!w.field->ones || (value & mask))
			write_one(v, w.field, w.intid, (uint32_t)value & mask);
}

/*
 * The fields. A forwarded SPI's physical interrupt follows.
 */

static inline bool is_routed(const struct virq *q)
{
	return q->flags & VIRQ_ROUTED;
}

static inline bool is_sgi(const struct virq *q)
{
	return q->intid < NR_SGIS;
}

/* The physical interrupt goes where the target vCPU is now: it saves a hop most of the time. */
void virq_set_target(struct vcpu *v, struct virq *q, unsigned id)
{
	WRITE_ONCE(q->target, (uint8_t)id);
	if (is_routed(q))
		irqchip->set_target(q->hwirq, cpus[READ_ONCE(v->domain->vcpu[id]->sched.cpu)]);
}

static void set_enable(struct vcpu *v, struct virq *q, uint32_t value __unused)
{
	if (is_routed(q) && !(q->flags & VIRQ_ENABLED)) {
		virq_set_target(v, q, q->target);
		irqchip->enable(q->hwirq);
	}
	q->flags |= VIRQ_ENABLED;
}

/* GICv2's SGIs cannot be disabled (IHI0048B 4.3.5 leaves that to the implementation). */
static void clear_enable(struct vcpu *v, struct virq *q, uint32_t value __unused)
{
	if (v->domain->vgic.version == 2 && is_sgi(q))
		return;
	if (is_routed(q) && (q->flags & VIRQ_ENABLED))
		irqchip->disable(q->hwirq);
	q->flags &= ~VIRQ_ENABLED;
}

/*
 * The virtual timer's line, which its physical interrupt tells of a moment later, or when the guest
 * has ended the one before, or when v is loaded again. Of a vCPU that is loaded elsewhere it cannot
 * be seen.
 */
static bool vtimer_pending(const struct vcpu *v, const struct virq *q)
{
	const struct cpu *c = v->vgic.cpu;

	return q->intid == VTIMER_PPI && !(q->flags & VIRQ_EDGE) && (!c || c == this_cpu()) &&
	       arch_vtimer_line(v);
}

/* While the guest handles a forwarded interrupt, what comes next waits in the physical one. */
static uint32_t get_pending(struct vcpu *v, struct virq *q)
{
	if (!q)
		return 0;
	if (virq_state(v->domain, q).pending)
		return 1;
	return is_routed(q) ? irqchip->is_pending(q->hwirq) : vtimer_pending(v, q);
}

/*
 * Of a forwarded SPI the physical interrupt is made pending: it comes to us when it may, like one
 * from the device. An SGI of GICv2 cannot be: it would have no sender.
 */
static void set_pending(struct vcpu *v, struct virq *q, uint32_t value __unused)
{
	if (v->domain->vgic.version == 2 && is_sgi(q))
		return;
	if (is_routed(q)) {
		q->flags |= VIRQ_SET_PENDING;
	} else {
		q->latch = 1;
		q->flags |= VIRQ_BY_HAND;
	}
}

static void clear_pending(struct vcpu *v, struct virq *q, uint32_t value __unused)
{
	if (v->domain->vgic.version == 2 && is_sgi(q))
		return;
	if (is_routed(q))
		irqchip->set_pending(q->hwirq, false);
	q->flags &= ~(VIRQ_SET_PENDING | VIRQ_BY_HAND);
	q->latch = 0;
	q->drop = 1;
	/*
	 * The event upcall is a level in the guest's own memory: as long as it is set there, so is
	 * this.
	 */
	if (q->intid == v->domain->evtchn.ppi && evtchn_upcall_pending(v))
		q->latch = 1;
}

static uint32_t get_active(struct vcpu *v, struct virq *q)
{
	return q && virq_state(v->domain, q).active;
}

static void set_active(struct vcpu *v __unused, struct virq *q, uint32_t value __unused)
{
	q->flags &= ~VIRQ_CLEAR_ACTIVE;
	q->flags |= VIRQ_SET_ACTIVE;
}

static void clear_active(struct vcpu *v __unused, struct virq *q, uint32_t value __unused)
{
	q->flags &= ~VIRQ_SET_ACTIVE;
	q->flags |= VIRQ_CLEAR_ACTIVE;
}

static uint32_t get_priority(struct vcpu *v __unused, struct virq *q)
{
	return q ? READ_ONCE(q->priority) : 0;
}

/* 32 levels, as list registers have. */
static void set_priority(struct vcpu *v __unused, struct virq *q, uint32_t value)
{
	WRITE_ONCE(q->priority, value & 0xf8);
}

#define CONFIG_EDGE 2

static uint32_t get_config(struct vcpu *v __unused, struct virq *q)
{
	return q && (READ_ONCE(q->flags) & VIRQ_EDGE) ? CONFIG_EDGE : 0;
}

static void set_config(struct vcpu *v __unused, struct virq *q, uint32_t value)
{
	bool edge = value & CONFIG_EDGE;

	if (is_sgi(q) || edge == !!(q->flags & VIRQ_EDGE))
		return;
	if (is_routed(q))
		irqchip->set_edge(q->hwirq, edge);
	q->flags ^= VIRQ_EDGE;
}

static uint32_t get_one(struct vcpu *v __unused, struct virq *q __unused)
{
	return 1;
}

const struct virq_field virq_enable_set = {.ones = true, .flag = VIRQ_ENABLED, .set = set_enable};
const struct virq_field virq_enable_clear = {
	.ones = true, .clears = true, .flag = VIRQ_ENABLED, .set = clear_enable};
const struct virq_field virq_pending_set = {.ones = true, .get = get_pending, .set = set_pending};
const struct virq_field virq_pending_clear = {
	.ones = true, .clears = true, .get = get_pending, .set = clear_pending};
const struct virq_field virq_active_set = {.ones = true, .get = get_active, .set = set_active};
const struct virq_field virq_active_clear = {
	.ones = true, .clears = true, .get = get_active, .set = clear_active};
const struct virq_field virq_priority = {.shift = 3, .get = get_priority, .set = set_priority};
const struct virq_field virq_config = {.shift = 1, .get = get_config, .set = set_config};
const struct virq_field virq_group1 = {.get = get_one};
