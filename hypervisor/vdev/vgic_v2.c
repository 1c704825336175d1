/* SPDX-License-Identifier: ISC */
/*
 * GICv2 for guests: the distributor (IHI0048B chapter 4.3). The CPU interface is the hardware's
 * GICV page.
 *
 * One group, as without the Security Extensions: IGROUPR reads as zero, GICD_CTLR has one enable
 * bit.
 */
#include <boot/bootinfo.h>
#include <public/domctl.h>
#include "vgic.h"

#define DIST_SIZE 0x1000

static uint64_t ctlr_read(struct vcpu *v, const struct mmio_reg *r __unused,
			  unsigned offset __unused, unsigned size __unused)
{
	return READ_ONCE(v->domain->vgic.enabled);
}

static void ctlr_write(struct vcpu *v, const struct mmio_reg *r __unused, unsigned offset __unused,
		       unsigned size __unused, uint64_t value)
{
	vgic_set_enabled(v->domain, value & 1);
}

/* ITLinesNumber in bits 4-0, CPUNumber in 7-5. */
static uint64_t typer_read(struct vcpu *v, const struct mmio_reg *r __unused,
			   unsigned offset __unused, unsigned size __unused)
{
	const struct domain *d = v->domain;

	return (d->vgic.nr_spis + 31u) / 32 | (d->max_vcpus - 1u) << 5;
}

/* GICD_SGIR: TargetListFilter in bits 25-24, CPUTargetList in 23-16, SGIINTID in 3-0. */
static void sgir_write(struct vcpu *v, const struct mmio_reg *r __unused, unsigned offset __unused,
		       unsigned size __unused, uint64_t value)
{
	static const struct {
		uint8_t list, all, self;
	} filter[4] = {{.list = 0xff}, {.all = 0xff}, {.self = 0xff}, {0}}; /* 3 is reserved */
	unsigned f = value >> 24 & 3, self = 1u << v->id;
	unsigned targets =
		(filter[f].list & value >> 16) | (filter[f].all & ~self) | (filter[f].self & self);

	for (targets &= 0xff; targets; targets &= targets - 1) {
		struct vcpu *target = domain_vcpu(v->domain, (unsigned)__builtin_ctz(targets));

		if (target)
			vgic_send_sgi(target, value & 0xf, v->id);
	}
}

/* GICD_ITARGETSR: of private interrupts the reader itself, by which it learns its number. */
static uint32_t get_targets(struct vcpu *v __unused, struct virq *q)
{
	if (!q)
		return 1;
	return q->intid < NR_LOCALS ? 1u << q->owner : READ_ONCE(q->targets);
}

/*
 * An interrupt with several targets goes to one of them (IHI0048B 3.1.1, the 1-N model): here
 * always to the first. With none, or only such as are not there, it stays where it was.
 */
static void set_targets(struct vcpu *v, struct virq *q, uint32_t value)
{
	struct domain *d = v->domain;

	if (q->intid < NR_LOCALS)
		return;
	value &= BIT(d->max_vcpus) - 1;
	WRITE_ONCE(q->targets, (uint8_t)value);
	for (; value; value &= value - 1) {
		unsigned id = (unsigned)__builtin_ctz(value);

		if (domain_vcpu(d, id)) {
			virq_set_target(v, q, id);
			return;
		}
	}
}

/* GICD_SPENDSGIR, GICD_CPENDSGIR: of each SGI a bit for every sender. */
static uint32_t get_sgi_pending(struct vcpu *v, struct virq *q)
{
	return virq_state(v->domain, q).pending;
}

static void set_sgi_pending(struct vcpu *v __unused, struct virq *q, uint32_t value)
{
	q->latch |= value;
}

static void clear_sgi_pending(struct vcpu *v __unused, struct virq *q, uint32_t value)
{
	q->latch &= ~value;
	q->drop |= value;
}

static const struct virq_field targets = {.shift = 3, .get = get_targets, .set = set_targets};
static const struct virq_field sgi_pending_set = {
	.shift = 3, .ones = true, .get = get_sgi_pending, .set = set_sgi_pending};
static const struct virq_field sgi_pending_clear = {
	.shift = 3, .ones = true, .get = get_sgi_pending, .set = clear_sgi_pending};

static const struct mmio_reg dist_rows[] = {
	{.offset = 0x000, .length = 4, .widths = 4, .read = ctlr_read, .write = ctlr_write},
	{.offset = 0x004, .length = 4, .widths = 4, .read = typer_read},
	VGIC_CONST(0x008, VGIC_IIDR),
	VGIC_BANK(0x100, 0x80, 4, 0, virq_enable_set),
	VGIC_BANK(0x180, 0x80, 4, 0, virq_enable_clear),
	VGIC_BANK(0x200, 0x80, 4, 0, virq_pending_set),
	VGIC_BANK(0x280, 0x80, 4, 0, virq_pending_clear),
	VGIC_BANK(0x300, 0x80, 4, 0, virq_active_set),
	VGIC_BANK(0x380, 0x80, 4, 0, virq_active_clear),
	VGIC_BANK(0x400, 0x400, 4 | 1, 0, virq_priority),
	VGIC_BANK(0x800, 0x400, 4 | 1, 0, targets),
	VGIC_BANK(0xc00, 0x100, 4, 0, virq_config),
	{.offset = 0xf00, .length = 4, .widths = 4, .write = sgir_write},
	VGIC_BANK(0xf10, 0x10, 4 | 1, 0, sgi_pending_clear),
	VGIC_BANK(0xf20, 0x10, 4 | 1, 0, sgi_pending_set),
	VGIC_CONST(0xfe8, 0x20), /* ICPIDR2.ArchRev: GICv2 */
	MMIO_END,
};
MMIO_TABLE(dist, DIST_SIZE);

static void init_tables(void)
{
	mmio_table_init(&dist);
}

static int init(struct domain *d, gpaddr_t dist_base, gpaddr_t cpu_base __unused)
{
	return mmio_register(d, dist_base, DIST_SIZE, &mmio_table_device, &dist);
}

static const struct range *machine_cpu(const struct bootinfo *bi)
{
	return &bi->gic.cpu;
}

const struct vgic_model vgic_v2_model = {
	.version = 2,
	.domctl_version = XEN_DOMCTL_CONFIG_GIC_V2,
	.max_vcpus = 8, /* bits of GICD_ITARGETSR */
	.guest_dist = GUEST_GICD_BASE,
	.guest_cpu = GUEST_GICC_BASE,
	.cpu_size = GUEST_GICC_SIZE,
	.machine_cpu = machine_cpu,
	.init = init,
	.init_tables = init_tables,
};
