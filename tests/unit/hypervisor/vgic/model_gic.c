/* SPDX-License-Identifier: ISC */
/* The reference model of a GIC: IHI0048B and IHI0069 as short as they can be said. */
#include <string.h>
#include "model_gic.h"

void model_reset(struct model_gic *m, unsigned version, unsigned nr_cpus, unsigned lines)
{
	memset(m, 0, sizeof(*m));
	m->version = version;
	m->nr_cpus = nr_cpus;
	m->lines = lines;
	for (unsigned c = 0; c < nr_cpus; c++)
		for (unsigned i = 0; i < 16; i++)
			m->local[c][i].enabled = m->local[c][i].edge = true;
	for (unsigned i = 0; i < MODEL_LINES; i++)
		m->spi[i].targets = 1;
}

struct model_irq *model_irq(struct model_gic *m, unsigned cpu, unsigned intid)
{
	if (intid < 32)
		return &m->local[cpu][intid];
	return intid < m->lines ? &m->spi[intid] : NULL;
}

bool model_pending(const struct model_irq *i)
{
	return i->latch || (i->line && !i->edge);
}

/* Registers. */

static bool fixed_sgi(const struct model_gic *m, unsigned intid)
{
	return m->version == 2 && intid < 16;
}

static void write_targets(struct model_gic *m, struct model_irq *i, unsigned value)
{
	i->targets = value & ((1u << m->nr_cpus) - 1);
	if (i->targets)
		i->target = (uint8_t)__builtin_ctz(i->targets);
}

void model_write(struct model_gic *m, unsigned cpu, unsigned intid, enum model_field f,
		 unsigned value)
{
	struct model_irq *i = model_irq(m, cpu, intid);

	if (!i)
		return;
	switch (f) {
	case MODEL_ENABLE_SET:
		i->enabled |= value;
		break;
	case MODEL_ENABLE_CLEAR:
		if (value && !fixed_sgi(m, intid))
			i->enabled = false;
		break;
	case MODEL_PENDING_SET:
		if (value && !fixed_sgi(m, intid))
			i->latch = 1;
		break;
	case MODEL_PENDING_CLEAR:
		if (value && !fixed_sgi(m, intid))
			i->latch = 0;
		break;
	case MODEL_ACTIVE_SET:
		i->active |= value;
		break;
	case MODEL_ACTIVE_CLEAR:
		i->active &= !value;
		break;
	case MODEL_PRIORITY:
		i->priority = value & 0xf8;
		break;
	case MODEL_CONFIG:
		if (intid >= 16)
			i->edge = value & 2;
		break;
	case MODEL_TARGETS:
		if (intid >= 32)
			write_targets(m, i, value);
		break;
	case MODEL_ROUTE:
		if (intid >= 32 && value < m->nr_cpus)
			i->target = (uint8_t)value;
		break;
	case MODEL_SGI_SET:
		i->latch |= (uint8_t)value;
		break;
	case MODEL_SGI_CLEAR:
		i->latch &= (uint8_t)~value;
		break;
	default:
		break;
	}
}

unsigned model_read(struct model_gic *m, unsigned cpu, unsigned intid, enum model_field f)
{
	const struct model_irq *i = model_irq(m, cpu, intid);

	if (!i)
		return 0;
	switch (f) {
	case MODEL_ENABLE_SET:
	case MODEL_ENABLE_CLEAR:
		return i->enabled;
	case MODEL_PENDING_SET:
	case MODEL_PENDING_CLEAR:
		return model_pending(i);
	case MODEL_ACTIVE_SET:
	case MODEL_ACTIVE_CLEAR:
		return i->active;
	case MODEL_PRIORITY:
		return i->priority;
	case MODEL_CONFIG:
		return i->edge ? 2 : 0;
	case MODEL_TARGETS:
		return intid < 32 ? 1u << cpu : i->targets;
	case MODEL_ROUTE:
		return i->target;
	case MODEL_SGI_SET:
	case MODEL_SGI_CLEAR:
		return i->latch;
	default:
		return 0;
	}
}

/* Sources. */

void model_pulse(struct model_gic *m, unsigned cpu, unsigned intid)
{
	model_irq(m, cpu, intid)->latch |= 1;
}

void model_line(struct model_gic *m, unsigned cpu, unsigned intid, bool level)
{
	struct model_irq *i = model_irq(m, cpu, intid);

	if (level && !i->line && i->edge)
		i->latch = 1;
	i->line = level;
}

void model_sgi(struct model_gic *m, unsigned from, unsigned to, unsigned intid)
{
	model_irq(m, to, intid)->latch |= (uint8_t)(m->version == 2 ? 1u << from : 1);
}

/* CPU interfaces. */

static unsigned group_priority(const struct model_cpu *c, unsigned priority)
{
	return priority & 0xff & 0xffu << (c->binary_point + 1);
}

static bool deliverable(const struct model_irq *i)
{
	return i->enabled && !i->active && model_pending(i);
}

unsigned model_highest(struct model_gic *m, unsigned cpu, const bool *skip)
{
	const struct model_cpu *c = &m->cpu[cpu];
	unsigned running = c->running ? 8u * (unsigned)__builtin_ctz(c->running) : 0x100,
		 best = MODEL_NONE;
	const struct model_irq *b = NULL;

	for (unsigned n = 0; n < m->lines; n++) {
		const struct model_irq *i = model_irq(m, cpu, n);

		if (!deliverable(i) || (n >= 32 && i->target != cpu) || (skip && skip[n]))
			continue;
		if (!b || i->priority < b->priority) {
			b = i;
			best = n;
		}
	}
	if (!m->enabled || !c->enable || !b || b->priority >= c->mask ||
	    group_priority(c, b->priority) >= running)
		return MODEL_NONE;
	return best < 16 ? best | (unsigned)__builtin_ctz(b->latch) << 10 : best;
}

void model_ack(struct model_gic *m, unsigned cpu, unsigned iar)
{
	struct model_cpu *c = &m->cpu[cpu];
	struct model_irq *i;

	if (iar == MODEL_NONE)
		return;
	i = model_irq(m, cpu, iar & 0x3ff);
	i->active = true;
	i->source = (uint8_t)(iar >> 10);
	i->latch &= (uint8_t) ~(1u << i->source);
	c->running |= 1u << (group_priority(c, i->priority) >> 3);
}

void model_drop(struct model_gic *m, unsigned cpu)
{
	m->cpu[cpu].running &= m->cpu[cpu].running - 1;
}

void model_deactivate(struct model_gic *m, unsigned cpu, unsigned iar)
{
	struct model_irq *i = model_irq(m, cpu, iar & 0x3ff);

	i->active = false;
}
