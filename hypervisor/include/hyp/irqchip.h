/* SPDX-License-Identifier: ISC */
/*
 * The drivers of interrupt controllers: each finds its registers in bootinfo and returns its
 * operations.
 */
#ifndef HYP_IRQCHIP_H
#define HYP_IRQCHIP_H

struct irqchip;
struct bootinfo;

const struct irqchip *gicv2_init(const struct bootinfo *bi);
const struct irqchip *gicv3_init(const struct bootinfo *bi);

#endif
