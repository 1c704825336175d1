/* SPDX-License-Identifier: ISC */
/*
 * What a GIC is, without list registers, locks or laziness: the reference that the vGIC is compared
 * with. Everything takes effect at once. One vCPU is one CPU interface; devices are wired straight
 * to it.
 */
#ifndef TESTS_MODEL_GIC_H
#define TESTS_MODEL_GIC_H

#include <stdbool.h>
#include <stdint.h>

#define MODEL_CPUS  8
#define MODEL_LINES 128
#define MODEL_NONE  1023

struct model_irq {
	bool enabled, edge, line, active;
	uint8_t latch;  /* pending without the line; of a GICv2 SGI a bit for each sender */
	uint8_t source; /* of what is active */
	uint8_t priority, target, targets;
};

struct model_cpu {
	bool enable;
	uint8_t mask;
	unsigned binary_point;
	uint32_t running; /* active group priorities, a bit for each eighth */
};

struct model_gic {
	unsigned version, nr_cpus, lines;
	bool enabled;
	struct model_irq local[MODEL_CPUS][32], spi[MODEL_LINES];
	struct model_cpu cpu[MODEL_CPUS];
};

/* Registers with bits for each interrupt. */
enum model_field {
	MODEL_ENABLE_SET,
	MODEL_ENABLE_CLEAR,
	MODEL_PENDING_SET,
	MODEL_PENDING_CLEAR,
	MODEL_ACTIVE_SET,
	MODEL_ACTIVE_CLEAR,
	MODEL_PRIORITY,
	MODEL_CONFIG,
	MODEL_TARGETS,   /* GICv2 */
	MODEL_ROUTE,     /* GICv3: number of a vCPU */
	MODEL_SGI_SET,   /* GICv2 */
	MODEL_SGI_CLEAR, /* GICv2 */
	MODEL_FIELDS
};

void model_reset(struct model_gic *m, unsigned version, unsigned nr_cpus, unsigned lines);
struct model_irq *model_irq(struct model_gic *m, unsigned cpu, unsigned intid);
void model_write(struct model_gic *m, unsigned cpu, unsigned intid, enum model_field f,
		 unsigned value);
unsigned model_read(struct model_gic *m, unsigned cpu, unsigned intid, enum model_field f);
bool model_pending(const struct model_irq *i);
void model_pulse(struct model_gic *m, unsigned cpu, unsigned intid);
void model_line(struct model_gic *m, unsigned cpu, unsigned intid, bool level);
void model_sgi(struct model_gic *m, unsigned from, unsigned to, unsigned intid);
/* What an acknowledge by this CPU would return, of the INTIDs for which skip is not set. */
unsigned model_highest(struct model_gic *m, unsigned cpu, const bool *skip);
/* It acknowledges that (or another sender's of the same SGI). */
void model_ack(struct model_gic *m, unsigned cpu, unsigned iar);
void model_drop(struct model_gic *m, unsigned cpu);
void model_deactivate(struct model_gic *m, unsigned cpu, unsigned iar);

#endif
