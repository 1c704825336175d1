/* SPDX-License-Identifier: ISC */
/* The machine's interrupt controller; its driver sets these variables at boot. */
#include <hyp/irq.h>

const struct irqchip *irqchip;
unsigned nr_irqs, nr_lrs;
bool irq_hw_link = true;
paddr_t gicv_base;
