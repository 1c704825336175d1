/* SPDX-License-Identifier: ISC */
/*
 * The timers of a vCPU. The virtual timer is the hardware's (arch_vtimer_line()); the physical
 * timer is emulated here with one software timer a vCPU.
 */
#ifndef HYP_VTIMER_H
#define HYP_VTIMER_H

#include <lib/types.h>

struct vcpu;

#define VTIMER_PPI 27 /* the virtual timer, also the physical interrupt behind it */
#define PTIMER_PPI 30 /* the non-secure physical timer, as guests see it */

enum ptimer_reg { PTIMER_TVAL, PTIMER_CTL, PTIMER_CVAL };

void vtimer_vcpu_init(struct vcpu *v);
/* Switch both timers off: CPU_OFF. */
void vtimer_vcpu_stop(struct vcpu *v);
/* The same, for good; afterwards neither timer's function runs on any CPU. No locks held. */
void vtimer_vcpu_end(struct vcpu *v);

uint64_t ptimer_read(struct vcpu *v, enum ptimer_reg reg);
void ptimer_write(struct vcpu *v, enum ptimer_reg reg, uint64_t value);

#endif
