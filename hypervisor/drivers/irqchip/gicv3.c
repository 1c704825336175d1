/* SPDX-License-Identifier: ISC */
/*
 * GICv3 (Arm IHI 0069): distributor, redistributors, system register CPU interface, virtual CPU
 * interface.
 */
#include <asm/gicv3_regs.h>
#include <asm/mmu.h>
#include <hyp/bootinfo.h>
#include <hyp/cpu.h>
#include <hyp/io.h>
#include <hyp/irq.h>
#include <hyp/irqchip.h>
#include <hyp/lib.h>
#include <hyp/log.h>
#include <hyp/spinlock.h>

#define GICD_CTLR       0x0000
#define GICD_TYPER      0x0004
#define GICD_IGROUPR    0x0080
#define GICD_ISENABLER  0x0100
#define GICD_ICENABLER  0x0180
#define GICD_ISPENDR    0x0200
#define GICD_ICPENDR    0x0280
#define GICD_ISACTIVER  0x0300
#define GICD_ICACTIVER  0x0380
#define GICD_IPRIORITYR 0x0400
#define GICD_ICFGR      0x0c00
#define GICD_IROUTER    0x6000

#define GICD_CTLR_RWP    BIT(31)
#define GICD_CTLR_ARE_NS BIT(4)
#define GICD_CTLR_GRP1A  BIT(1)
#define GICD_CTLR_GRP1   BIT(0) /* non-secure view: EnableGrp1 */

#define GICR_TYPER                 0x0008
#define GICR_WAKER                 0x0014
#define GICR_SGI_BASE              0x10000 /* SGIs and PPIs: the distributor's offsets from here */
#define GICR_TYPER_LAST            BIT64(4)
#define GICR_TYPER_VLPIS           BIT64(1)
#define GICR_WAKER_PROCESSOR_SLEEP BIT(1)
#define GICR_WAKER_CHILDREN_ASLEEP BIT(2)

static char *gicd;
static char *gicr[MAX_CPUS];       /* each CPU's redistributor */
static unsigned priority_bits = 5; /* of the virtual interface, for lr_write: ICH_VTR_EL2.PRIbits */

/* Where an interrupt's registers are: this CPU's redistributor or the distributor. */
static char *frame_of(unsigned intid)
{
	return intid < NR_LOCALS ? gicr[this_cpu()->id] + GICR_SGI_BASE : gicd;
}

static void write_bit(unsigned reg, unsigned intid)
{
	io_write32(frame_of(intid) + reg + intid / 32 * 4, 1U << intid % 32);
}

/*
 * Register writes have taken effect when RWP reads 0 (12.9.4). Bounded: a broken GIC is told, not
 * waited for.
 */
static void wait_rwp(char *ctlr)
{
	for (unsigned i = 0; i < 1000000; i++)
		if (!(io_read32(ctlr) & GICD_CTLR_RWP))
			return;
	log_err("gicv3: register write pending for too long");
}

static void gicv3_init_distributor(void)
{
	io_write32(gicd + GICD_CTLR, 0);
	wait_rwp(gicd + GICD_CTLR);
	for (unsigned i = NR_LOCALS; i < nr_irqs; i += 32) {
		io_write32(gicd + GICD_ICENABLER + i / 8, ~0U);
		io_write32(gicd + GICD_ICACTIVER + i / 8, ~0U);
		io_write32(gicd + GICD_IGROUPR + i / 8, ~0U);
	}
	for (unsigned i = NR_LOCALS; i < nr_irqs; i += 4)
		io_write32(gicd + GICD_IPRIORITYR + i, 0xa0a0a0a0);
	for (unsigned i = NR_LOCALS; i < nr_irqs; i++)
		io_write64(gicd + GICD_IROUTER + 8 * i, this_cpu()->hwid);
	wait_rwp(gicd + GICD_CTLR);
	io_write32(gicd + GICD_CTLR, GICD_CTLR_ARE_NS | GICD_CTLR_GRP1A | GICD_CTLR_GRP1);
}

/* MPIDR affinity fields as GICR_TYPER and IROUTER have them: Aff3.Aff2.Aff1.Aff0. */
static uint32_t affinity32(uint64_t hwid)
{
	return (uint32_t)(hwid & 0xffffff) | (uint32_t)(hwid >> 32) << 24;
}

/* Mapped one by one: a region often has room for many more CPUs than there are. */
#define REDIST_SIZE 0x20000

static char *find_redistributor(const struct bootinfo *bi, uint64_t hwid)
{
	for (unsigned i = 0; i < bi->gic.nr_redist; i++) {
		paddr_t at = bi->gic.redist[i].base, end = at + bi->gic.redist[i].size;

		while (at < end) {
			char *p = mmu_map_device(at, REDIST_SIZE);
			uint64_t typer = io_read64(p + GICR_TYPER);

			if ((uint32_t)(typer >> 32) == affinity32(hwid))
				return p;
			if (typer & GICR_TYPER_LAST)
				break;
			at += typer & GICR_TYPER_VLPIS ? 2 * REDIST_SIZE : REDIST_SIZE;
		}
	}
	return NULL;
}

static void gicv3_init_redistributor(char *r)
{
	char *sgi = r + GICR_SGI_BASE;

	io_write32(r + GICR_WAKER,
		   io_read32(r + GICR_WAKER) & ~(uint32_t)GICR_WAKER_PROCESSOR_SLEEP);
	for (unsigned i = 0; i < 1000000 && io_read32(r + GICR_WAKER) & GICR_WAKER_CHILDREN_ASLEEP;
	     i++)
		cpu_relax();
	io_write32(sgi + GICD_ICENABLER, 0xffff0000); /* PPIs off, */
	io_write32(sgi + GICD_ICACTIVER, ~0U);
	io_write32(sgi + GICD_IGROUPR, ~0U);
	for (unsigned i = 0; i < NR_LOCALS; i += 4)
		io_write32(sgi + GICD_IPRIORITYR + i, i < NR_SGIS ? 0x90909090 : 0xa0a0a0a0);
	io_write32(sgi + GICD_ISENABLER, 0xffff); /* SGIs on */
	wait_rwp(r);
}

static void gicv3_init_cpu(struct cpu *c)
{
	gicr[c->id] = find_redistributor(&bootinfo, c->hwid);
	if (!gicr[c->id])
		panic("gicv3: no redistributor for CPU %u (affinity %x)", c->id,
		      affinity32(c->hwid));
	gicv3_init_redistributor(gicr[c->id]);
	/* System registers for us and for guests (12.2.24 ICC_SRE_EL2: SRE, DFB, DIB, Enable). */
	write_gicreg(ICC_SRE_EL2, 0xf);
	isb();
	write_gicreg(ICC_PMR_EL1, 0xff);
	write_gicreg(ICC_BPR1_EL1, 0);
	write_gicreg(ICC_CTLR_EL1, ICC_CTLR_EOIMODE); /* EOI drops the priority, DIR deactivates */
	write_gicreg(ICC_IGRPEN1_EL1, 1);
	write_gicreg(ICH_HCR_EL2, 0);
	write_gicreg(ICH_VMCR_EL2, 0);
	isb();
}

static unsigned gicv3_acknowledge(void)
{
	unsigned intid = (unsigned)read_gicreg(ICC_IAR1_EL1);

	dsb(sy); /* the acknowledge is done before what the handler does to devices (4.1.2) */
	if (likely(intid < MAX_IRQS))
		write_gicreg(ICC_EOIR1_EL1, intid);
	isb();
	return intid;
}

static void gicv3_deactivate(unsigned intid)
{
	write_gicreg(ICC_DIR_EL1, intid);
	isb();
}

static void gicv3_enable(unsigned intid)
{
	write_bit(GICD_ISENABLER, intid);
}

static void gicv3_disable(unsigned intid)
{
	write_bit(GICD_ICENABLER, intid);
	wait_rwp(intid < NR_LOCALS ? gicr[this_cpu()->id] : gicd);
}

/* Sixteen interrupts share a word. */
static struct spinlock config_lock = SPINLOCK_INIT(RANK_IRQ);

static void gicv3_set_edge(unsigned intid, bool edge)
{
	char *reg = frame_of(intid) + GICD_ICFGR + intid / 16 * 4;
	uint32_t bit = 2U << (intid % 16 * 2), v;

	spin_lock(&config_lock);
	v = io_read32(reg);
	io_write32(reg, edge ? v | bit : v & ~bit);
	spin_unlock(&config_lock);
}

static void gicv3_set_priority(unsigned intid, uint8_t priority)
{
	io_write8(frame_of(intid) + GICD_IPRIORITYR + intid, priority);
}

static void gicv3_set_target(unsigned intid, struct cpu *c)
{
	if (intid >= NR_LOCALS)
		io_write64(gicd + GICD_IROUTER + 8 * intid, c->hwid);
}

static void gicv3_set_pending(unsigned intid, bool pending)
{
	write_bit(pending ? GICD_ISPENDR : GICD_ICPENDR, intid);
}

static void gicv3_set_active(unsigned intid, bool active)
{
	write_bit(active ? GICD_ISACTIVER : GICD_ICACTIVER, intid);
	dsb(sy); /* before the timer that it belongs to is started */
}

static bool gicv3_is_pending(unsigned intid)
{
	return io_read32(frame_of(intid) + GICD_ISPENDR + intid / 32 * 4) & 1U << intid % 32;
}

/*
 * ICC_SGI1R_EL1 (12.2.20): target list in bits 15:0, Aff1 23:16, INTID 27:24, Aff2 39:32, RS 47:44,
 * Aff3 55:48.
 */
static void gicv3_send_ipi(struct cpu *c, enum ipi ipi)
{
	uint64_t aff = c->hwid;
	uint64_t v = 1UL << (aff & 0xf) | (aff >> 8 & 0xff) << 16 | (uint64_t)ipi << 24 |
		     (aff >> 16 & 0xff) << 32 | (aff >> 4 & 0xf) << 44 | (aff >> 32 & 0xff) << 48;

	dsb(ishst); /* what the other CPU is to look at is visible before the interrupt */
	write_gicreg(ICC_SGI1R_EL1, v);
	isb();
}

/* ICH_LR<n>_EL2 (12.4.5) is like struct lr. Guests' interrupts are in group 1. */
#define LR_GROUP1 BIT64(60)

static void gicv3_lr_write(struct lr lr, unsigned index)
{
	ich_lr_write(lr.bits | LR_GROUP1, index);
}

static struct lr gicv3_lr_read(unsigned index)
{
	return (struct lr){.bits = ich_lr_read(index) & ~LR_GROUP1};
}

static void gicv3_lr_clear(unsigned index)
{
	ich_lr_write(0, index);
}

static uint64_t gicv3_lr_empty(void)
{
	return read_gicreg(ICH_ELRSR_EL2);
}

#define ICH_HCR_EN       BIT(0)
#define ICH_HCR_UIE      BIT(1)
#define ICH_HCR_LRENPIE  BIT(2)
#define ICH_HCR_NPIE     BIT(3)
#define ICH_HCR_EOICOUNT 27 /* bits 31:27 */

static void gicv3_refill_irq(unsigned when)
{
	uint32_t hcr = ICH_HCR_EN;

	if (when & REFILL_PENDING)
		hcr |= ICH_HCR_NPIE;
	if (when & REFILL_ACTIVE)
		hcr |= ICH_HCR_UIE | ICH_HCR_LRENPIE;
	write_gicreg(ICH_HCR_EL2, hcr);
}

static unsigned gicv3_eoi_count(void)
{
	uint32_t hcr = (uint32_t)read_gicreg(ICH_HCR_EL2);

	write_gicreg(ICH_HCR_EL2, hcr & (BIT(ICH_HCR_EOICOUNT) - 1));
	return hcr >> ICH_HCR_EOICOUNT;
}

/*
 * Active priorities: one register holds 32 levels; more than 5 bits of preemption would need more
 * of them.
 */
static void gicv3_load(const struct gic_cpu_state *s)
{
	write_gicreg(ICH_VMCR_EL2, s->vmcr);
	write_gicreg(ICH_AP1R0_EL2, s->apr[0]);
	if (unlikely(priority_bits > 5)) {
		write_gicreg(ICH_AP1R1_EL2, s->apr[1]);
		if (priority_bits > 6) {
			write_gicreg(ICH_AP1R2_EL2, s->apr[2]);
			write_gicreg(ICH_AP1R3_EL2, s->apr[3]);
		}
	}
	write_gicreg(ICH_HCR_EL2, s->hcr | ICH_HCR_EN);
}

static void gicv3_save(struct gic_cpu_state *s)
{
	s->vmcr = read_gicreg(ICH_VMCR_EL2);
	s->apr[0] = (uint32_t)read_gicreg(ICH_AP1R0_EL2);
	if (unlikely(priority_bits > 5)) {
		s->apr[1] = (uint32_t)read_gicreg(ICH_AP1R1_EL2);
		if (priority_bits > 6) {
			s->apr[2] = (uint32_t)read_gicreg(ICH_AP1R2_EL2);
			s->apr[3] = (uint32_t)read_gicreg(ICH_AP1R3_EL2);
		}
	}
	s->hcr = (uint32_t)read_gicreg(ICH_HCR_EL2) & ICH_HCR_UIE;
}

const struct irqchip gicv3_chip = {
	.name = "GICv3",
	.version = 3,
	.init_cpu = gicv3_init_cpu,
	.acknowledge = gicv3_acknowledge,
	.deactivate = gicv3_deactivate,
	.enable = gicv3_enable,
	.disable = gicv3_disable,
	.set_edge = gicv3_set_edge,
	.set_priority = gicv3_set_priority,
	.set_target = gicv3_set_target,
	.set_pending = gicv3_set_pending,
	.set_active = gicv3_set_active,
	.is_pending = gicv3_is_pending,
	.send_ipi = gicv3_send_ipi,
	.lr_write = gicv3_lr_write,
	.lr_read = gicv3_lr_read,
	.lr_clear = gicv3_lr_clear,
	.lr_empty = gicv3_lr_empty,
	.refill_irq = gicv3_refill_irq,
	.eoi_count = gicv3_eoi_count,
	.peek = gicv3_save, /* which changes nothing */
	.load = gicv3_load,
	.save = gicv3_save,
};

const struct irqchip *gicv3_init(const struct bootinfo *bi)
{
	uint64_t vtr;

	gicd = mmu_map_device(bi->gic.dist.base, bi->gic.dist.size);
	write_gicreg(ICC_SRE_EL2, 0xf);
	isb();
	vtr = read_gicreg(ICH_VTR_EL2);
	nr_lrs = (vtr & 0x1f) + 1;
	priority_bits = ((vtr >> 26) & 7) + 1;
	nr_irqs = MIN(32 * ((io_read32(gicd + GICD_TYPER) & 0x1f) + 1), (unsigned)MAX_IRQS);
	gicv3_init_distributor();
	return &gicv3_chip;
}
