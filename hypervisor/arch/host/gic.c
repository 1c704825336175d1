/* SPDX-License-Identifier: ISC */
/*
 * The test host's interrupt controller: list registers, physical interrupts and IPIs of each CPU.
 */
#include <host/host.h>
#include <hyp/arch.h>
#include <hyp/cpu.h>
#include <hyp/domain.h>
#include <hyp/irq.h>
#include <string.h>

#define NR_LINES (NR_LOCALS + HOST_SPIS)

static struct cif {
	struct lr lr[HOST_LRS];
	struct gic_cpu_state virt;
	uint32_t ipis;
	bool vtimer_active;
	unsigned refill, eois;
} cif[MAX_CPUS];

static struct spi {
	bool enabled, pending, active;
	struct cpu *target;
} spis[NR_LINES];

static struct irqchip chip;
static unsigned gic_version;

static struct cif *here(void)
{
	return &cif[this_cpu()->id];
}

static bool lr_valid(const struct lr *lr)
{
	return lr->pending || lr->active;
}

static struct spi *spi(unsigned intid)
{
	if (intid < NR_LOCALS || intid >= NR_LINES)
		host_fail("there is no SPI %u", intid);
	return &spis[intid];
}

/* Physical interrupts. */

static bool timer_due(const struct cpu *c)
{
	return time_ticks() >= host_timer_deadline(c->id);
}

static bool vtimer_due(const struct cpu *c)
{
	const struct vcpu *v = c->current;

	return v && v->arch.vtimer.on && time_ticks() >= v->arch.vtimer.cval &&
	       !cif[c->id].vtimer_active;
}

/* Does a list register's end, or the lack of interrupts in them, call for attention? */
static bool maintenance(const struct cif *c)
{
	unsigned valid = 0, pending = 0;

	for (unsigned i = 0; i < HOST_LRS; i++) {
		valid += lr_valid(&c->lr[i]);
		pending += c->lr[i].pending && !c->lr[i].active;
		if (!c->lr[i].hw && c->lr[i].eoi && !lr_valid(&c->lr[i]))
			return true;
	}
	return (c->refill & REFILL_PENDING && !pending) ||
	       (c->refill & REFILL_ACTIVE && (c->eois || valid <= 1));
}

static unsigned first_spi(const struct cpu *c)
{
	for (unsigned i = NR_LOCALS; i < NR_LINES; i++)
		if (spis[i].enabled && spis[i].pending && !spis[i].active &&
		    (spis[i].target ? spis[i].target : cpus[0]) == c)
			return i;
	return HOST_NO_IRQ;
}

bool host_irq_pending(void)
{
	const struct cpu *c = this_cpu();

	return READ_ONCE(here()->ipis) || timer_due(c) || vtimer_due(c) ||
	       (c->current && maintenance(here())) || first_spi(c) != HOST_NO_IRQ;
}

static unsigned host_acknowledge(void)
{
	struct cpu *c = this_cpu();
	unsigned intid;

	if (READ_ONCE(here()->ipis)) {
		intid = (unsigned)__builtin_ctz(READ_ONCE(here()->ipis));
		atomic_and_full(&here()->ipis, ~BIT(intid));
		return intid;
	}
	if (timer_due(c))
		return HOST_TIMER_PPI;
	if (c->current && maintenance(here()))
		return HOST_MAINT_PPI;
	if (vtimer_due(c)) {
		here()->vtimer_active = true;
		return HOST_VTIMER_PPI;
	}
	intid = first_spi(c);
	if (intid != HOST_NO_IRQ) {
		spis[intid].active = true;
		spis[intid].pending = false;
	}
	return intid;
}

static void host_set_active(unsigned intid, bool active)
{
	if (intid == HOST_VTIMER_PPI)
		here()->vtimer_active = active;
	else if (intid >= NR_LOCALS)
		spi(intid)->active = active;
}

static void host_deactivate(unsigned intid)
{
	host_set_active(intid, false);
}

static void host_enable(unsigned intid)
{
	if (intid >= NR_LOCALS)
		spi(intid)->enabled = true;
}

static void host_disable(unsigned intid)
{
	if (intid >= NR_LOCALS)
		spi(intid)->enabled = false;
}

static void host_set_edge(unsigned intid __unused, bool edge __unused)
{
}

static void host_set_priority(unsigned intid __unused, uint8_t priority __unused)
{
}

static void host_set_target(unsigned intid, struct cpu *c)
{
	spi(intid)->target = c;
}

static void host_set_pending(unsigned intid, bool pending)
{
	if (intid >= NR_LOCALS)
		spi(intid)->pending = pending;
}

static bool host_is_pending(unsigned intid)
{
	/* A device's line stays high until the guest takes the interrupt. */
	return intid == HOST_VTIMER_PPI
		       ? vtimer_due(this_cpu())
		       : intid >= NR_LOCALS && (spi(intid)->pending || spi(intid)->active);
}

static void host_send_ipi(struct cpu *c, enum ipi ipi)
{
	if (c == this_cpu())
		host_fail("CPU %u sends itself an IPI", c->id);
	atomic_or_full(&cif[c->id].ipis, BIT(ipi));
}

void host_raise_spi(unsigned intid)
{
	spi(intid)->pending = true;
}

/* Virtual interrupts. */

static void host_lr_write(struct lr lr, unsigned index)
{
	if (index >= HOST_LRS || !lr_valid(&lr) || (lr.hw && lr.pending && lr.active))
		host_fail("list register %u is written with what may not be", index);
	for (unsigned i = 0; i < HOST_LRS; i++)
		if (i != index && lr_valid(&here()->lr[i]) && here()->lr[i].virq == lr.virq)
			host_fail("interrupt %u is in two list registers", lr.virq);
	here()->lr[index] = lr;
}

static struct lr host_lr_read(unsigned index)
{
	return here()->lr[index];
}

static void host_lr_clear(unsigned index)
{
	memset(&here()->lr[index], 0, sizeof(struct lr));
}

static uint64_t host_lr_empty(void)
{
	uint64_t empty = 0;

	for (unsigned i = 0; i < HOST_LRS; i++)
		if (!lr_valid(&here()->lr[i]) && (here()->lr[i].hw || !here()->lr[i].eoi))
			empty |= BIT64(i);
	return empty;
}

static void host_refill_irq(unsigned when)
{
	here()->refill = when;
}

static unsigned host_eoi_count(void)
{
	unsigned n = here()->eois;

	here()->eois = 0;
	return n;
}

static void host_peek(struct gic_cpu_state *s)
{
	*s = here()->virt;
}

static void host_load(const struct gic_cpu_state *s)
{
	here()->virt = *s;
}

static void host_save(struct gic_cpu_state *s)
{
	for (unsigned i = 0; i < HOST_LRS; i++)
		if (lr_valid(&here()->lr[i]))
			host_fail("a vCPU leaves interrupt %u behind in a list register",
				  here()->lr[i].virq);
	*s = here()->virt;
	memset(&here()->virt, 0, sizeof(here()->virt));
}

static void host_init_cpu(struct cpu *c)
{
	memset(&cif[c->id], 0, sizeof(cif[c->id]));
}

void host_guest_open(void)
{
	here()->virt.vmcr = 0xffULL << 24 | (gic_version == 2 ? 1 : 2);
}

unsigned host_guest_take(void)
{
	struct cif *c = here();
	struct lr *best = NULL;

	for (unsigned i = 0; i < HOST_LRS; i++)
		if (c->lr[i].pending && (!best || c->lr[i].priority < best->priority))
			best = &c->lr[i];
	if (!best || !(c->virt.vmcr & 3))
		return HOST_NO_IRQ;
	best->pending = false;
	if (best->hw)
		host_deactivate(best->hwirq);
	return best->virq;
}

static struct irqchip chip = {
	.name = "test host's GIC",
	.init_cpu = host_init_cpu,
	.acknowledge = host_acknowledge,
	.deactivate = host_deactivate,
	.enable = host_enable,
	.disable = host_disable,
	.set_edge = host_set_edge,
	.set_priority = host_set_priority,
	.set_target = host_set_target,
	.set_pending = host_set_pending,
	.set_active = host_set_active,
	.is_pending = host_is_pending,
	.send_ipi = host_send_ipi,
	.lr_write = host_lr_write,
	.lr_read = host_lr_read,
	.lr_clear = host_lr_clear,
	.lr_empty = host_lr_empty,
	.refill_irq = host_refill_irq,
	.eoi_count = host_eoi_count,
	.peek = host_peek,
	.load = host_load,
	.save = host_save,
};

void host_gic_init(unsigned version)
{
	struct cpu *c;

	memset(spis, 0, sizeof(spis));
	chip.version = gic_version = version;
	irqchip = &chip;
	nr_irqs = NR_LINES;
	nr_lrs = HOST_LRS;
	irq_hw_link = true;
	gicv_base = 0x8040000;
	for_each_cpu (c)
		host_init_cpu(c);
}
