/* SPDX-License-Identifier: ISC */
/* The GIC of the vGIC's tests, and the little of the hypervisor's core that the vGIC calls. */
#include <stdlib.h>
#include <string.h>
#include "unit.h"
#include "fake_gic.h"
#include <lib/lib.h>
#include <mem/pool.h>

struct fake_gic fake;
struct cpu *fake_this_cpu;
static unsigned highest_rank; /* of the locks held */
const struct irqchip *irqchip;
unsigned nr_irqs = FAKE_LINES, nr_lrs;
bool irq_hw_link = true;
struct cpu *cpus[MAX_CPUS];
unsigned nr_cpus = FAKE_CPUS;

static struct fake_cif *here(void)
{
	struct fake_cif *c = &fake.cif[fake_this_cpu->id];

	c->accesses++;
	return c;
}

static bool lr_valid(const struct lr *lr)
{
	return lr->pending || lr->active;
}

static void fake_lr_write(struct lr lr, unsigned index)
{
	struct fake_cif *c = here();

	c->lr_accesses++;
	assert_true(index < nr_lrs);
	assert_true(lr_valid(&lr)); /* nothing else is worth a write: lr_clear() is for that */
	assert_false(lr.hw && lr.pending && lr.active);
	assert_false(lr.hw && lr.virq < NR_SGIS);
	assert_true(lr.priority % 8 == 0);
	for (unsigned i = 0; i < nr_lrs; i++)
		if (i != index && lr_valid(&c->lr[i]))
			assert_int_not_equal(c->lr[i].virq, lr.virq);
	c->lr[index] = lr;
}

static struct lr fake_lr_read(unsigned index)
{
	here()->lr_accesses++;
	assert_true(index < nr_lrs);
	return fake.cif[fake_this_cpu->id].lr[index];
}

static void fake_lr_clear(unsigned index)
{
	here()->lr_accesses++;
	assert_true(index < nr_lrs);
	memset(&fake.cif[fake_this_cpu->id].lr[index], 0, sizeof(struct lr));
}

static uint64_t fake_lr_empty(void)
{
	struct fake_cif *c = here();
	uint64_t empty = 0;

	for (unsigned i = 0; i < nr_lrs; i++)
		if (!lr_valid(&c->lr[i]) && (c->lr[i].hw || !c->lr[i].eoi))
			empty |= BIT64(i);
	return empty;
}

static void fake_refill_irq(unsigned when)
{
	here()->refill = when;
}

static unsigned fake_eoi_count(void)
{
	struct fake_cif *c = here();
	unsigned n = c->eois;

	c->eois = 0;
	return n;
}

static void fake_peek(struct gic_cpu_state *s)
{
	struct fake_cif *c = here();

	s->vmcr = c->vmcr;
	s->apr[0] = c->apr;
}

/* After the vGIC has emptied the list registers: nothing of a vCPU may stay behind. */
static void fake_save(struct gic_cpu_state *s)
{
	struct fake_cif *c = here();

	for (unsigned i = 0; i < nr_lrs; i++)
		assert_false(lr_valid(&c->lr[i]) || (!c->lr[i].hw && c->lr[i].eoi));
	assert_int_equal(c->refill, 0);
	assert_true(c->on);
	c->on = false;
	c->eois = 0;
	fake_peek(s);
}

static void fake_load(const struct gic_cpu_state *s)
{
	struct fake_cif *c = here();

	assert_false(c->on);
	c->on = true;
	c->vmcr = s->vmcr;
	c->apr = s->apr[0];
}

static struct fake_spi *spi(unsigned intid)
{
	assert_true(intid >= NR_LOCALS && intid < FAKE_LINES);
	return &fake.spi[intid];
}

static void fake_deactivate_phys(unsigned intid)
{
	bool *active = intid == FAKE_TIMER ? &fake.cif[fake_this_cpu->id].timer_active
					   : &spi(intid)->active;

	*active = false;
}

static void fake_enable(unsigned intid)
{
	spi(intid)->enabled = true;
}

static void fake_disable(unsigned intid)
{
	spi(intid)->enabled = false;
}

static void fake_set_edge(unsigned intid, bool edge)
{
	spi(intid)->edge = edge;
}

static void fake_set_target(unsigned intid, struct cpu *c)
{
	spi(intid)->target = c;
}

static void fake_set_pending(unsigned intid, bool pending)
{
	spi(intid)->latch = pending;
}

static void fake_set_active(unsigned intid, bool active)
{
	if (intid == FAKE_TIMER)
		fake.cif[fake_this_cpu->id].timer_active = active;
	else
		spi(intid)->active = active;
}

static bool fake_is_pending(unsigned intid)
{
	return intid == FAKE_TIMER ? fake.cif[fake_this_cpu->id].timer_line
				   : fake_spi_pending(intid);
}

static const struct irqchip chip = {
	.name = "fake",
	.deactivate = fake_deactivate_phys,
	.enable = fake_enable,
	.disable = fake_disable,
	.set_edge = fake_set_edge,
	.set_target = fake_set_target,
	.set_pending = fake_set_pending,
	.set_active = fake_set_active,
	.is_pending = fake_is_pending,
	.lr_write = fake_lr_write,
	.lr_read = fake_lr_read,
	.lr_clear = fake_lr_clear,
	.lr_empty = fake_lr_empty,
	.refill_irq = fake_refill_irq,
	.eoi_count = fake_eoi_count,
	.peek = fake_peek,
	.load = fake_load,
	.save = fake_save,
};

void fake_reset(unsigned lrs, unsigned guest_version)
{
	memset(&fake, 0, sizeof(fake));
	for (unsigned i = 0; i < FAKE_CPUS; i++) {
		fake.cpu[i].id = i;
		cpus[i] = &fake.cpu[i];
	}
	fake.guest_version = guest_version;
	nr_lrs = lrs;
	irqchip = &chip;
	highest_rank = 0;
	fake_on(0);
}

void fake_on(unsigned cpu)
{
	fake_this_cpu = &fake.cpu[cpu];
}

/* The guest's side: IHI0069 4.8 and chapter 6. */

void fake_set_vmcr(unsigned cpu, bool enable, uint8_t mask, unsigned binary_point)
{
	bool v2 = fake.guest_version == 2;
	uint64_t bpr = v2 ? (uint64_t)binary_point << 21 : (uint64_t)(binary_point + 1) << 18;

	fake.cif[cpu].vmcr = (uint64_t)mask << 24 | bpr | (enable ? (v2 ? 1 : 2) : 0);
}

static unsigned group_mask(uint64_t vmcr)
{
	return 0xff & (fake.guest_version == 2 ? 0xffu << ((vmcr >> 21 & 7) + 1)
					       : 0xffu << (vmcr >> 18 & 7));
}

static struct lr *highest(struct fake_cif *c)
{
	struct lr *best = NULL;
	unsigned running = c->apr ? 8u * (unsigned)__builtin_ctz(c->apr) : 0x100;

	for (unsigned i = 0; i < nr_lrs; i++) {
		struct lr *lr = &c->lr[i];

		if (!lr->pending || lr->active)
			continue;
		if (!best || lr->priority < best->priority ||
		    (lr->priority == best->priority && lr->virq < best->virq))
			best = lr;
	}
	if (!c->on || !best || !(c->vmcr & (fake.guest_version == 2 ? 1 : 2)))
		return NULL;
	if (best->priority >= (c->vmcr >> 24 & 0xff) ||
	    (best->priority & group_mask(c->vmcr)) >= running)
		return NULL;
	return best;
}

static unsigned iar_of(const struct lr *lr)
{
	return lr ? lr->virq | (lr->hw ? 0 : (unsigned)lr->source << 10) : FAKE_NONE;
}

unsigned fake_highest(unsigned cpu)
{
	return iar_of(highest(&fake.cif[cpu]));
}

unsigned fake_ack(unsigned cpu)
{
	struct fake_cif *c = &fake.cif[cpu];
	struct lr *lr = highest(c);

	if (lr) {
		lr->pending = false;
		lr->active = true;
		c->apr |= 1u << ((lr->priority & group_mask(c->vmcr)) >> 3);
	}
	return iar_of(lr);
}

void fake_drop(unsigned cpu)
{
	fake.cif[cpu].apr &= fake.cif[cpu].apr - 1;
}

static void hw_deactivate(unsigned cpu, unsigned hwirq)
{
	bool *active = hwirq == FAKE_TIMER ? &fake.cif[cpu].timer_active : &spi(hwirq)->active;

	assert_true(*active); /* or the link was to something that is not ours any more */
	*active = false;
}

bool fake_deactivate(unsigned cpu, unsigned iar)
{
	struct fake_cif *c = &fake.cif[cpu];

	for (unsigned i = 0; i < nr_lrs; i++) {
		struct lr *lr = &c->lr[i];

		if (!lr->active || iar_of(lr) != iar)
			continue;
		lr->active = false;
		if (lr->hw)
			hw_deactivate(cpu, lr->hwirq);
		return true;
	}
	c->eois++;
	return false;
}

void fake_eoi(unsigned cpu, unsigned iar)
{
	fake_drop(cpu);
	fake_deactivate(cpu, iar);
}

bool fake_maintenance(unsigned cpu)
{
	const struct fake_cif *c = &fake.cif[cpu];
	unsigned valid = 0, pending = 0;

	for (unsigned i = 0; i < nr_lrs; i++) {
		const struct lr *lr = &c->lr[i];

		valid += lr_valid(lr);
		pending += lr->pending && !lr->active;
		if (!lr->hw && lr->eoi && !lr_valid(lr))
			return true; /* EISR */
	}
	if (c->refill & REFILL_PENDING && !pending)
		return true;
	return c->refill & REFILL_ACTIVE && (c->eois || valid <= 1);
}

/* Devices and the physical distributor. */

void fake_spi_line(unsigned intid, bool level)
{
	struct fake_spi *s = spi(intid);

	if (s->edge && level && !s->line)
		s->latch = true;
	s->line = level;
}

bool fake_spi_pending(unsigned intid)
{
	const struct fake_spi *s = spi(intid);

	return s->latch || (s->line && !s->edge);
}

unsigned fake_phys_ack(unsigned cpu)
{
	struct fake_cif *c = &fake.cif[cpu];

	if (c->timer_line && !c->timer_active) {
		c->timer_active = true;
		return FAKE_TIMER;
	}
	for (unsigned i = NR_LOCALS; i < FAKE_LINES; i++) {
		struct fake_spi *s = &fake.spi[i];

		if (s->enabled && !s->active && fake_spi_pending(i)) {
			s->active = true;
			s->latch = false;
			return i;
		}
	}
	return FAKE_NONE;
}

/* The hypervisor's core. */

void host_lock_acquire(struct spinlock *l, bool same_rank)
{
	assert_false(l->held);
	assert_true(l->rank > highest_rank ||
		    same_rank); /* two locks of the vGIC are never held at once */
	highest_rank = l->rank;
	l->held = true;
}

void host_lock_release(struct spinlock *l)
{
	assert_true(l->held);
	l->held = false;
	highest_rank = 0;
}

void *pool_alloc(struct pool *pool)
{
	return calloc(1, pool->size);
}

void pool_free(struct pool *pool __unused, void *object)
{
	free(object);
}

bool irq_is_reserved(unsigned intid)
{
	return intid == 33;
}

/* No events here. */
bool evtchn_upcall_pending(const struct vcpu *v __unused)
{
	return false;
}

/* As the real one: wake it, or make its CPU look. */
void vcpu_notify(struct vcpu *v)
{
	fake.notifications++;
	assert_int_equal(highest_rank, 0);
	if (v->blocked)
		v->blocked = 0;
	if (v->vgic.cpu && v->vgic.cpu != fake_this_cpu)
		fake.cif[v->vgic.cpu->id].kicked = true;
}
