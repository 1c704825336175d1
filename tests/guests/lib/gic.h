/* SPDX-License-Identifier: ISC */
/* A guest-side driver of both GIC versions, thin enough for tests to reach every register. */
#ifndef GUEST_GIC_H
#define GUEST_GIC_H

#include "guest.h"

#define GIC_INTID_MASK 0x3ff
#define GIC_SPURIOUS   1023

/* Distributor registers, by offset (GICv3 spec chapter 12.9, GICv2 spec chapter 4.3). */
#define GICD_CTLR       0x000
#define GICD_TYPER      0x004
#define GICD_IIDR       0x008
#define GICD_IGROUPR    0x080
#define GICD_ISENABLER  0x100
#define GICD_ICENABLER  0x180
#define GICD_ISPENDR    0x200
#define GICD_ICPENDR    0x280
#define GICD_ISACTIVER  0x300
#define GICD_ICACTIVER  0x380
#define GICD_IPRIORITYR 0x400
#define GICD_ITARGETSR  0x800
#define GICD_ICFGR      0xc00
#define GICD_SGIR       0xf00
#define GICD_CPENDSGIR  0xf10
#define GICD_SPENDSGIR  0xf20
#define GICD_IROUTER    0x6000
#define GICD_PIDR2      0xfe8  /* v2 */
#define GICD_V3_PIDR2   0xffe8 /* v3 */

/* GICv2 CPU interface */
#define GICC_CTLR  0x00
#define GICC_PMR   0x04
#define GICC_BPR   0x08
#define GICC_IAR   0x0c
#define GICC_EOIR  0x10
#define GICC_RPR   0x14
#define GICC_HPPIR 0x18
#define GICC_DIR   0x1000

/* GICv3 redistributor: two 64 KiB frames */
#define GICR_FRAME 0x10000
#define GICR_CTLR  0x0000
#define GICR_TYPER 0x0008
#define GICR_WAKER 0x0014

#define GIC_PRIORITY_DEFAULT 0xa0

void gic_init(void); /* distributor and this CPU; with everything disabled, all priorities equal */
void gic_init_cpu(void);

u32 gic_ack(void);     /* IAR: interrupt id, with the source CPU of a GICv2 SGI in bits 12-10 */
void gic_end(u32 iar); /* EOIR */
void gic_deactivate(u32 iar);         /* DIR */
void gic_set_eoi_mode(bool split);    /* CTLR.EOImode */
void gic_set_mask(unsigned priority); /* PMR */
unsigned gic_running_priority(void);  /* RPR */
unsigned gic_highest_pending(void);   /* HPPIR */

/* To a set of CPUs by index; self and others use the GIC's own filters. */
void gic_sgi_send(unsigned sgi, u64 cpu_set);
void gic_sgi_send_self(unsigned sgi);
void gic_sgi_send_others(unsigned sgi);

/* Address of a register bank's word for an interrupt: v3 keeps the first 32 in the redistributor.
 */
u64 gic_bank(u64 offset, unsigned intid, unsigned bits);
u32 gic_read(u64 address);
void gic_write(u64 address, u32 value);
u64 gic_redistributor(unsigned cpu); /* base of its RD frame, 0 if it has none */

bool gic_bit(u64 offset, unsigned intid);     /* reads a bit-per-interrupt register */
void gic_bit_set(u64 offset, unsigned intid); /* writes only that bit to it */
void gic_set_priority(unsigned intid, unsigned priority);
unsigned gic_priority(unsigned intid);
void gic_set_edge(unsigned intid, bool edge);
bool gic_is_edge(unsigned intid);
void gic_route(unsigned spi, unsigned cpu); /* to one CPU */
unsigned gic_lines(void);                   /* number of INTIDs that the distributor has */

static inline void gic_enable(unsigned intid)
{
	gic_bit_set(GICD_ISENABLER, intid);
}

static inline void gic_disable(unsigned intid)
{
	gic_bit_set(GICD_ICENABLER, intid);
}

static inline void gic_pend(unsigned intid)
{
	gic_bit_set(GICD_ISPENDR, intid);
}

static inline void gic_unpend(unsigned intid)
{
	gic_bit_set(GICD_ICPENDR, intid);
}

#endif
