/* SPDX-License-Identifier: ISC */
/*
 * GICv2 (Arm IHI 0048): distributor, CPU interface, virtual interface control. Every access is
 * uncached MMIO. The vGIC keeps its own record of the list registers, so that it seldom reads them.
 */
#include <hyp/arch_mmu.h>
#include <boot/bootinfo.h>
#include <hyp/cpu.h>
#include <lib/io.h>
#include <hyp/irq.h>
#include <hyp/irqchip.h>
#include <lib/lib.h>
#include <lib/spinlock.h>

#define GICD_CTLR       0x000
#define GICD_TYPER      0x004
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

#define GICC_CTLR 0x0000
#define GICC_PMR  0x0004
#define GICC_BPR  0x0008
#define GICC_IAR  0x000c
#define GICC_EOIR 0x0010
#define GICC_APR  0x00d0 /* four of them; unimplemented ones ignore writes */
#define GICC_DIR  0x1000

#define GICC_CTLR_ENABLE BIT(0)
#define GICC_CTLR_EOIMODE \
	BIT(9) /* EOIR drops the priority, DIR deactivates (4.4.1, with GICC_CTLR.EOImodeNS) */

#define GICH_HCR   0x00
#define GICH_VTR   0x04
#define GICH_VMCR  0x08
#define GICH_ELRSR 0x30
#define GICH_APR   0xf0
#define GICH_LR    0x100

#define GICH_HCR_EN       BIT(0)
#define GICH_HCR_UIE      BIT(1)
#define GICH_HCR_LRENPIE  BIT(2)
#define GICH_HCR_NPIE     BIT(3)
#define GICH_HCR_EOICOUNT 27 /* bits 31:27 */

/* GICH_LR<n> (5.3.7) */
#define LR_PHYSICAL_SHIFT 10
#define LR_PRIORITY_SHIFT 23 /* five bits */
#define LR_STATE_SHIFT    28 /* pending, active */
#define LR_HW_SHIFT       31

static char *gicd, *gicc, *gich;
static uint8_t cpu_target[MAX_CPUS]; /* each CPU's bit in ITARGETSR and SGIR */

static void write_bit(unsigned reg, unsigned intid)
{
	io_write32(gicd + reg + intid / 32 * 4, 1U << intid % 32);
}

static void gicv2_init_distributor(void)
{
	uint32_t self = io_read32(gicd + GICD_ITARGETSR) & 0xff;

	io_write32(gicd + GICD_CTLR, 0);
	for (unsigned i = NR_LOCALS; i < nr_irqs; i += 32) {
		io_write32(gicd + GICD_ICENABLER + i / 8, ~0U);
		io_write32(gicd + GICD_ICACTIVER + i / 8, ~0U);
	}
	for (unsigned i = NR_LOCALS; i < nr_irqs; i += 4) {
		io_write32(gicd + GICD_IPRIORITYR + i, 0xa0a0a0a0);
		io_write32(gicd + GICD_ITARGETSR + i, 0x01010101U * (self ? self : 1));
	}
	io_write32(gicd + GICD_CTLR, 1);
}

/*
 * List registers and active priorities are UNKNOWN at reset, or hold the values of an earlier
 * hypervisor. Clear them, so that nothing is pending or active.
 */
static void gicv2_init_virtual_interface(void)
{
	unsigned lrs = (io_read32(gich + GICH_VTR) & 0x3f) + 1; /* may exceed nr_lrs */

	io_write32(gich + GICH_HCR, 0);
	for (unsigned i = 0; i < lrs; i++)
		io_write32(gich + GICH_LR + 4 * i, 0);
	io_write32(gich + GICH_APR, 0);
	io_write32(gich + GICH_VMCR, 0);
}

static void gicv2_init_cpu(struct cpu *c)
{
	/*
	 * ITARGETSR of the banked interrupts reads as this CPU's own bit (4.3.12). A single CPU may
	 * read 0.
	 */
	cpu_target[c->id] = (uint8_t)io_read32(gicd + GICD_ITARGETSR);
	if (!cpu_target[c->id])
		cpu_target[c->id] = 1;
	io_write32(gicd + GICD_ICENABLER, 0xffff0000);
	io_write32(gicd + GICD_ICACTIVER, ~0U);
	io_write32(gicd + GICD_ISENABLER, 0xffff);
	for (unsigned i = 0; i < NR_LOCALS; i += 4)
		io_write32(gicd + GICD_IPRIORITYR + i, i < NR_SGIS ? 0x90909090 : 0xa0a0a0a0);
	for (unsigned i = 0; i < 4; i++)
		io_write32(gicc + GICC_APR + 4 * i, 0);
	io_write32(gicc + GICC_PMR, 0xff);
	io_write32(gicc + GICC_BPR, 0);
	io_write32(gicc + GICC_CTLR, GICC_CTLR_ENABLE | GICC_CTLR_EOIMODE);
	gicv2_init_virtual_interface();
}

/*
 * An SGI's acknowledge value names the sender too, and must be written back whole (4.4.4, 4.4.5).
 * One interrupt is handled at a time, so remembering it per CPU is enough.
 */
static uint32_t last_iar[MAX_CPUS];

static unsigned gicv2_acknowledge(void)
{
	uint32_t iar = io_read32(gicc + GICC_IAR);
	unsigned intid = iar & 0x3ff;

	dsb(sy);
	if (likely(intid < MAX_IRQS))
		io_write32(gicc + GICC_EOIR, iar);
	if (intid < NR_SGIS)
		last_iar[this_cpu()->id] = iar;
	return intid;
}

static uint32_t full_id(unsigned intid)
{
	uint32_t iar = last_iar[this_cpu()->id];

	return intid < NR_SGIS && (iar & 0x3ff) == intid ? iar : intid;
}

static void gicv2_deactivate(unsigned intid)
{
	io_write32(gicc + GICC_DIR, full_id(intid));
}

static void gicv2_enable(unsigned intid)
{
	write_bit(GICD_ISENABLER, intid);
}

static void gicv2_disable(unsigned intid)
{
	write_bit(GICD_ICENABLER, intid);
}

/* Sixteen interrupts share a word. */
static struct spinlock config_lock = SPINLOCK_INIT(RANK_IRQ);

static void gicv2_set_edge(unsigned intid, bool edge)
{
	char *reg = gicd + GICD_ICFGR + intid / 16 * 4;
	uint32_t bit = 2U << (intid % 16 * 2), v;

	spin_lock(&config_lock);
	v = io_read32(reg);
	io_write32(reg, edge ? v | bit : v & ~bit);
	spin_unlock(&config_lock);
}

static void gicv2_set_priority(unsigned intid, uint8_t priority)
{
	io_write8(gicd + GICD_IPRIORITYR + intid, priority);
}

static void gicv2_set_target(unsigned intid, struct cpu *c)
{
	if (intid >= NR_LOCALS)
		io_write8(gicd + GICD_ITARGETSR + intid, cpu_target[c->id]);
}

static void gicv2_set_pending(unsigned intid, bool pending)
{
	write_bit(pending ? GICD_ISPENDR : GICD_ICPENDR, intid);
}

static void gicv2_set_active(unsigned intid, bool active)
{
	write_bit(active ? GICD_ISACTIVER : GICD_ICACTIVER, intid);
	dsb(sy); /* complete before the caller starts the timer of this interrupt */
}

static bool gicv2_is_pending(unsigned intid)
{
	return io_read32(gicd + GICD_ISPENDR + intid / 32 * 4) & 1U << intid % 32;
}

static void gicv2_send_ipi(struct cpu *c, enum ipi ipi)
{
	dsb(ishst); /* make earlier stores visible to the other CPU before the interrupt */
	io_write32(gicd + GICD_SGIR, (uint32_t)cpu_target[c->id] << 16 | ipi);
}

/*
 * Without HW the sender of an SGI and EOI are in the lower and the topmost of the physical INTID's
 * bits, as in struct lr.
 */
static void gicv2_lr_write(struct lr lr, unsigned index)
{
	io_write32(gich + GICH_LR + 4 * index,
		   (uint32_t)(lr.virq | lr.hwirq << LR_PHYSICAL_SHIFT |
			      (lr.priority >> 3) << LR_PRIORITY_SHIFT |
			      (lr.bits >> 62) << LR_STATE_SHIFT | (uint64_t)lr.hw << LR_HW_SHIFT));
}

static struct lr gicv2_lr_read(unsigned index)
{
	uint32_t v = io_read32(gich + GICH_LR + 4 * index);

	return lr_make(v & 0x3ff, (v >> LR_PRIORITY_SHIFT & 0x1f) << 3,
		       v >> LR_PHYSICAL_SHIFT & 0x3ff,
		       (uint64_t)(v >> LR_STATE_SHIFT & 3) << 62 | (v >> LR_HW_SHIFT ? LR_HW : 0));
}

static void gicv2_lr_clear(unsigned index)
{
	io_write32(gich + GICH_LR + 4 * index, 0);
}

static uint64_t gicv2_lr_empty(void)
{
	return io_read32(gich + GICH_ELRSR);
}

static void gicv2_refill_irq(unsigned when)
{
	uint32_t hcr = GICH_HCR_EN;

	if (when & REFILL_PENDING)
		hcr |= GICH_HCR_NPIE;
	if (when & REFILL_ACTIVE)
		hcr |= GICH_HCR_UIE | GICH_HCR_LRENPIE;
	io_write32(gich + GICH_HCR, hcr);
}

static unsigned gicv2_eoi_count(void)
{
	uint32_t hcr = io_read32(gich + GICH_HCR);

	io_write32(gich + GICH_HCR, hcr & (BIT(GICH_HCR_EOICOUNT) - 1));
	return hcr >> GICH_HCR_EOICOUNT;
}

static void gicv2_peek(struct gic_cpu_state *s)
{
	s->vmcr = io_read32(gich + GICH_VMCR);
	s->apr[0] = io_read32(gich + GICH_APR);
}

static void gicv2_load(const struct gic_cpu_state *s)
{
	io_write32(gich + GICH_VMCR, (uint32_t)s->vmcr);
	io_write32(gich + GICH_APR, s->apr[0]);
	io_write32(gich + GICH_HCR, s->hcr | GICH_HCR_EN);
}

static void gicv2_save(struct gic_cpu_state *s)
{
	s->vmcr = io_read32(gich + GICH_VMCR);
	s->apr[0] = io_read32(gich + GICH_APR);
	s->hcr = io_read32(gich + GICH_HCR) & GICH_HCR_UIE;
	io_write32(gich + GICH_HCR, 0);
}

static const struct irqchip gicv2_chip = {
	.name = "GICv2",
	.version = 2,
	.init_cpu = gicv2_init_cpu,
	.acknowledge = gicv2_acknowledge,
	.deactivate = gicv2_deactivate,
	.enable = gicv2_enable,
	.disable = gicv2_disable,
	.set_edge = gicv2_set_edge,
	.set_priority = gicv2_set_priority,
	.set_target = gicv2_set_target,
	.set_pending = gicv2_set_pending,
	.set_active = gicv2_set_active,
	.is_pending = gicv2_is_pending,
	.send_ipi = gicv2_send_ipi,
	.lr_write = gicv2_lr_write,
	.lr_read = gicv2_lr_read,
	.lr_clear = gicv2_lr_clear,
	.lr_empty = gicv2_lr_empty,
	.refill_irq = gicv2_refill_irq,
	.eoi_count = gicv2_eoi_count,
	.peek = gicv2_peek,
	.load = gicv2_load,
	.save = gicv2_save,
};

const struct irqchip *gicv2_init(const struct bootinfo *bi)
{
	gicd = mmu_map_device(bi->gic.dist.base, bi->gic.dist.size);
	gicc = mmu_map_device(bi->gic.cpu.base, bi->gic.cpu.size);
	gich = mmu_map_device(bi->gic.hyp.base, bi->gic.hyp.size);
	nr_lrs = MIN((io_read32(gich + GICH_VTR) & 0x3f) + 1, 16u);
	nr_irqs = MIN(32 * ((io_read32(gicd + GICD_TYPER) & 0x1f) + 1), (unsigned)MAX_IRQS);
	gicv_base = bi->gic.vcpu.base;
	gicv2_init_distributor();
	return &gicv2_chip;
}
