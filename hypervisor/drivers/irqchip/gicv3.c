/* SPDX-License-Identifier: ISC */
/*
 * GICv3 (Arm IHI 0069): distributor, redistributors, system register CPU interface, virtual CPU
 * interface.
 */
#include <asm/gicv3_regs.h>
#include <hyp/arch_mmu.h>
#include <boot/bootinfo.h>
#include <hyp/cpu.h>
#include <lib/io.h>
#include <hyp/irq.h>
#include <hyp/irqchip.h>
#include <lib/lib.h>
#include <lib/log.h>
#include <lib/spinlock.h>

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

#define GICR_CTLR                  0x0000
#define GICR_TYPER                 0x0008
#define GICR_WAKER                 0x0014
#define GICR_SGI_BASE              0x10000 /* SGIs and PPIs: the distributor's offsets from here */
#define GICR_CTLR_RWP              BIT(3)  /* bit 31 is UWP: SGIs it has sent */
#define GICR_TYPER_LAST            BIT64(4)
#define GICR_TYPER_VLPIS           BIT64(1)
#define GICR_WAKER_PROCESSOR_SLEEP BIT(1)
#define GICR_WAKER_CHILDREN_ASLEEP BIT(2)

static char *gicd;
static const struct bootinfo *machine;
static char *gicr[MAX_CPUS];         /* each CPU's redistributor */
static unsigned preemption_bits = 5; /* of the virtual interface: how many ICH_AP1R<n>_EL2 */

/* Where an interrupt's registers are: this CPU's redistributor or the distributor. */
static char *frame_of(unsigned intid)
{
	return intid < NR_LOCALS ? gicr[this_cpu()->id] + GICR_SGI_BASE : gicd;
}

static void write_bit(unsigned reg, unsigned intid)
{
	io_write32(frame_of(intid) + reg + intid / 32 * 4, 1U << intid % 32);
}

/* Bounded wait; a GIC that never answers is logged. */
static void wait_clear(char *ctlr, uint32_t rwp)
{
	for (unsigned i = 0; i < 1000000; i++)
		if (!(io_read32(ctlr) & rwp))
			return;
	log_err("gicv3: register write pending for too long");
}

/* Register writes have taken effect when RWP (register write pending) reads 0. */
static void wait_distributor(void)
{
	wait_clear(gicd + GICD_CTLR, GICD_CTLR_RWP);
}

static void wait_redistributor(char *r)
{
	wait_clear(r + GICR_CTLR, GICR_CTLR_RWP);
}

static void write_distributor_ctlr(uint32_t value)
{
	io_write32(gicd + GICD_CTLR, value);
	wait_distributor();
}

/*
 * Affinity routing may be switched on only while all groups are disabled, and never off again
 * (IHI0069, GICD_CTLR.ARE_NS). GICD_IROUTER<n> exists only while it is on.
 */
static void gicv3_init_distributor(void)
{
	write_distributor_ctlr(io_read32(gicd + GICD_CTLR) & GICD_CTLR_ARE_NS);
	write_distributor_ctlr(GICD_CTLR_ARE_NS);
	for (unsigned i = NR_LOCALS; i < nr_irqs; i += 32) {
		io_write32(gicd + GICD_ICENABLER + i / 8, ~0U);
		io_write32(gicd + GICD_ICACTIVER + i / 8, ~0U);
		io_write32(gicd + GICD_IGROUPR + i / 8, ~0U);
	}
	for (unsigned i = NR_LOCALS; i < nr_irqs; i += 4)
		io_write32(gicd + GICD_IPRIORITYR + i, 0xa0a0a0a0);
	for (unsigned i = NR_LOCALS; i < nr_irqs; i++)
		io_write64(gicd + GICD_IROUTER + 8 * i, this_cpu()->hwid);
	wait_distributor();
	write_distributor_ctlr(GICD_CTLR_ARE_NS | GICD_CTLR_GRP1A | GICD_CTLR_GRP1);
}

/* MPIDR affinity fields as GICR_TYPER and IROUTER have them: Aff3.Aff2.Aff1.Aff0. */
static uint32_t affinity32(uint64_t hwid)
{
	return (uint32_t)(hwid & 0xffffff) | (uint32_t)(hwid >> 32) << 24;
}

/* Each is mapped separately: a region often has room for many more CPUs than exist. */
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
	wait_redistributor(r);
}

/*
 * Guests have Group 1 only. Group 0's registers trap (TALL0), and sysreg.c answers as for a GIC
 * without such interrupts: ICH_AP0R<n>_EL2 are not switched, and a bit in one of them would mask
 * every virtual interrupt of this CPU.
 */
#define ICH_HCR_EN       BIT(0)
#define ICH_HCR_UIE      BIT(1)
#define ICH_HCR_LRENPIE  BIT(2)
#define ICH_HCR_NPIE     BIT(3)
#define ICH_HCR_TALL0    BIT(11)
#define ICH_HCR_EOICOUNT 27 /* bits 31:27 */
#define ICH_HCR_GUEST    (ICH_HCR_EN | ICH_HCR_TALL0)

/* Register, and how many preemption bits a CPU needs to have it (IHI0069, ICC_AP1R<n>_EL1). */
#define PHYSICAL_APRS(row) \
	row(ICC_AP1R0_EL1, 1) row(ICC_AP1R1_EL1, 6) row(ICC_AP1R2_EL1, 7) row(ICC_AP1R3_EL1, 7)
#define VIRTUAL_APRS(row)                                                                       \
	row(ICH_AP0R0_EL2, 1) row(ICH_AP1R0_EL2, 1) row(ICH_AP0R1_EL2, 6) row(ICH_AP1R1_EL2, 6) \
		row(ICH_AP0R2_EL2, 7) row(ICH_AP1R2_EL2, 7) row(ICH_AP0R3_EL2, 7)               \
			row(ICH_AP1R3_EL2, 7)
#define CLEAR_APR(reg, min) \
	if (bits >= (min))  \
		write_gicreg(reg, 0);

/*
 * List registers and active priorities are UNKNOWN at reset, or hold the values of an earlier
 * hypervisor. Clear them, so that nothing is pending or active.
 */
static void gicv3_init_virtual_interface(void)
{
	uint64_t vtr = read_gicreg(ICH_VTR_EL2);
	unsigned bits = ICH_VTR_PREBITS(vtr);

	write_gicreg(ICH_HCR_EL2, ICH_HCR_TALL0);
	isb();
	for (unsigned i = 0; i < ICH_VTR_LISTREGS(vtr); i++)
		ich_lr_write(0, i);
	VIRTUAL_APRS(CLEAR_APR)
	write_gicreg(ICH_VMCR_EL2, 0);
	isb();
}

static void gicv3_init_active_priorities(void)
{
	unsigned bits = ICC_CTLR_PRIBITS(read_gicreg(ICC_CTLR_EL1));

	PHYSICAL_APRS(CLEAR_APR)
}

static void gicv3_init_cpu(struct cpu *c)
{
	gicr[c->id] = find_redistributor(machine, c->hwid);
	if (!gicr[c->id])
		panic("gicv3: no redistributor for CPU %u (affinity %x)", c->id,
		      affinity32(c->hwid));
	gicv3_init_redistributor(gicr[c->id]);
	/*
	 * Enable the system registers for EL2 first: EL1's enable requires it. A guest that cleared
	 * ICC_SRE_EL1 would disable them for the next vCPU too, so guest accesses to it trap.
	 */
	write_gicreg(ICC_SRE_EL2, ICC_SRE_ALL | ICC_SRE_ENABLE);
	isb();
	write_gicreg(ICC_SRE_EL1, ICC_SRE_ALL);
	isb();
	write_gicreg(ICC_SRE_EL2, ICC_SRE_ALL);
	isb();
	gicv3_init_active_priorities();
	write_gicreg(ICC_PMR_EL1, 0xff);
	write_gicreg(ICC_BPR1_EL1, 0);
	write_gicreg(ICC_CTLR_EL1, ICC_CTLR_EOIMODE); /* EOI drops the priority, DIR deactivates */
	write_gicreg(ICC_IGRPEN1_EL1, 1);
	gicv3_init_virtual_interface();
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
	if (intid < NR_LOCALS)
		wait_redistributor(gicr[this_cpu()->id]);
	else
		wait_distributor();
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
	dsb(sy); /* complete before the caller starts the timer of this interrupt */
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

	dsb(ishst); /* make earlier stores visible to the other CPU before the interrupt */
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

static void gicv3_refill_irq(unsigned when)
{
	uint32_t hcr = ICH_HCR_GUEST;

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

/* One active priorities register holds 32 levels; more than 5 preemption bits need more. */
static void gicv3_load(const struct gic_cpu_state *s)
{
	write_gicreg(ICH_VMCR_EL2, s->vmcr);
	write_gicreg(ICH_AP1R0_EL2, s->apr[0]);
	if (unlikely(preemption_bits > 5)) {
		write_gicreg(ICH_AP1R1_EL2, s->apr[1]);
		if (preemption_bits > 6) {
			write_gicreg(ICH_AP1R2_EL2, s->apr[2]);
			write_gicreg(ICH_AP1R3_EL2, s->apr[3]);
		}
	}
	write_gicreg(ICH_HCR_EL2, s->hcr | ICH_HCR_GUEST);
}

static void gicv3_save(struct gic_cpu_state *s)
{
	s->vmcr = read_gicreg(ICH_VMCR_EL2);
	s->apr[0] = (uint32_t)read_gicreg(ICH_AP1R0_EL2);
	if (unlikely(preemption_bits > 5)) {
		s->apr[1] = (uint32_t)read_gicreg(ICH_AP1R1_EL2);
		if (preemption_bits > 6) {
			s->apr[2] = (uint32_t)read_gicreg(ICH_AP1R2_EL2);
			s->apr[3] = (uint32_t)read_gicreg(ICH_AP1R3_EL2);
		}
	}
	s->hcr = (uint32_t)read_gicreg(ICH_HCR_EL2) & ICH_HCR_UIE;
}

static const struct irqchip gicv3_chip = {
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
	.peek = gicv3_save, /* saving changes no register */
	.load = gicv3_load,
	.save = gicv3_save,
};

const struct irqchip *gicv3_init(const struct bootinfo *bi)
{
	uint64_t vtr;

	machine = bi;
	gicd = mmu_map_device(bi->gic.dist.base, bi->gic.dist.size);
	write_gicreg(ICC_SRE_EL2, ICC_SRE_ALL | ICC_SRE_ENABLE);
	isb();
	vtr = read_gicreg(ICH_VTR_EL2);
	nr_lrs = ICH_VTR_LISTREGS(vtr);
	preemption_bits = ICH_VTR_PREBITS(vtr);
	nr_irqs = MIN(32 * ((io_read32(gicd + GICD_TYPER) & 0x1f) + 1), (unsigned)MAX_IRQS);
	gicv3_init_distributor();
	return &gicv3_chip;
}
