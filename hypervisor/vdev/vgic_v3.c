/* SPDX-License-Identifier: ISC */
/*
 * GICv3 for guests: distributor, redistributors and SGI system registers (IHI0069, chapter 12). The
 * rest of the CPU interface is the hardware's.
 *
 * Affinity routing always, one security state (GICD_CTLR.DS), all interrupts in Group 1, no LPIs,
 * no 1-of-N routing.
 */
#include <boot/bootinfo.h>
#include <public/domctl.h>
#include "vgic.h"

#define DIST_SIZE 0x10000
#define RD_FRAME  0x10000 /* then the frame of SGIs and PPIs */

#define CTLR_ENABLE_GRP1 BIT(1)
#define CTLR_ARE         BIT(4)
#define CTLR_DS          BIT(6)

#define TYPER_ID_BITS(n) (((n)-1u) << 19)
#define TYPER_NO1N       BIT(25)

#define PIDR2_GICV3 0x30 /* ArchRev */

/* What stands at an offset of an 8-byte register. */
static inline uint64_t part(uint64_t reg, unsigned offset)
{
	return reg >> 8 * (offset & 7);
}

static uint64_t ctlr_read(struct vcpu *v, const struct mmio_reg *r __unused,
			  unsigned offset __unused, unsigned size __unused)
{
	return CTLR_DS | CTLR_ARE | (READ_ONCE(v->domain->vgic.enabled) ? CTLR_ENABLE_GRP1 : 0);
}

static void ctlr_write(struct vcpu *v, const struct mmio_reg *r __unused, unsigned offset __unused,
		       unsigned size __unused, uint64_t value)
{
	vgic_set_enabled(v->domain, value & CTLR_ENABLE_GRP1);
}

static uint64_t typer_read(struct vcpu *v, const struct mmio_reg *r __unused,
			   unsigned offset __unused, unsigned size __unused)
{
	return (v->domain->vgic.nr_spis + 31u) / 32 | TYPER_ID_BITS(10) | TYPER_NO1N;
}

/*
 * GICD_IROUTER<n>: 64 bits, may be accessed in halves. Aff3 is not supported: the upper half is
 * zero.
 */
static uint64_t irouter_read(struct vcpu *v, const struct mmio_reg *r, unsigned offset,
			     unsigned size __unused)
{
	struct virq *q = virq_find(v, r->info * 32u + offset / 8);

	return part(vgic_vcpu_affinity(q ? READ_ONCE(q->target) : 0), offset);
}

/* Aff0 in bits 7-0, Aff1 in 15-8, Aff2 in 23-16, Aff3 in 39-32. -1: no vCPU has it. */
static int vcpu_of_affinity(struct domain *d, uint64_t aff)
{
	unsigned id = (aff >> 8 & 0xff) << 4 | (aff & 0xf);

	if ((aff & 0xff00ff00f0) || !domain_vcpu(d, id))
		return -1;
	return (int)id;
}

static void irouter_write(struct vcpu *v, const struct mmio_reg *r, unsigned offset,
			  unsigned size __unused, uint64_t value)
{
	unsigned intid = r->info * 32u + offset / 8;
	int id = vcpu_of_affinity(v->domain, value);
	struct virq *q = virq_find(v, intid);
	struct vcpu *owner;

	if (offset & 4 || id < 0 || (!q && id == 0))
		return; /* upper half; nobody there: the route stays; as it is at reset */
	q = virq_get(v, intid);
	if (!q)
		return;
	owner = virq_lock(v->domain, q);
	virq_set_target(owner, q, (unsigned)id);
	virq_update(owner, q);
	vgic_unlock(owner);
}

/*
 * With affinity routing the registers of private interrupts are in the redistributors, here they
 * are reserved.
 */
static const struct mmio_reg dist_rows[] = {
	{.offset = 0x0000, .length = 4, .widths = 4, .read = ctlr_read, .write = ctlr_write},
	{.offset = 0x0004, .length = 4, .widths = 4, .read = typer_read},
	VGIC_CONST(0x0008, VGIC_IIDR),
	VGIC_BANK(0x0084, 0x7c, 4, 32, virq_group1),
	VGIC_BANK(0x0104, 0x7c, 4, 32, virq_enable_set),
	VGIC_BANK(0x0184, 0x7c, 4, 32, virq_enable_clear),
	VGIC_BANK(0x0204, 0x7c, 4, 32, virq_pending_set),
	VGIC_BANK(0x0284, 0x7c, 4, 32, virq_pending_clear),
	VGIC_BANK(0x0304, 0x7c, 4, 32, virq_active_set),
	VGIC_BANK(0x0384, 0x7c, 4, 32, virq_active_clear),
	VGIC_BANK(0x0420, 0x3e0, 4 | 1, 32, virq_priority),
	VGIC_BANK(0x0c08, 0xf8, 4, 32, virq_config),
	{.offset = 0x6100,
	 .length = 0x1ee0,
	 .widths = 8 | 4,
	 .info = 1,
	 .read = irouter_read,
	 .write = irouter_write},
	VGIC_CONST(0xffe8, PIDR2_GICV3),
	MMIO_END,
};
MMIO_TABLE(dist, DIST_SIZE);

/* GICR_TYPER: affinity in bits 63-32, the number in 23-8, 4 Last. No LPIs of any kind. */
static uint64_t gicr_typer_read(struct vcpu *v, const struct mmio_reg *r __unused,
				unsigned offset __unused, unsigned size __unused)
{
	uint64_t last = v->id == v->domain->max_vcpus - 1 ? BIT(4) : 0;

	return part(vgic_vcpu_affinity(v->id) << 32 | (uint64_t)v->id << 8 | last, offset);
}

/*
 * Not in the table, as they read as zero and ignore writes: GICR_CTLR, STATUSR, WAKER (a
 * redistributor never sleeps), SYNCR.
 */
static const struct mmio_reg redist_rows[] = {
	VGIC_CONST(0x0004, VGIC_IIDR),
	{.offset = 0x0008, .length = 8, .widths = 8 | 4, .read = gicr_typer_read},
	{.offset = 0x0040, .length = 0x10, .widths = 8 | 4}, /* SETLPIR, CLRLPIR */
	{.offset = 0x0070, .length = 0x10, .widths = 8 | 4}, /* PROPBASER, PENDBASER */
	{.offset = 0x00a0, .length = 8, .widths = 8 | 4},    /* INVLPIR */
	{.offset = 0x00b0, .length = 8, .widths = 8 | 4},    /* INVALLR */
	VGIC_CONST(0xffe8, PIDR2_GICV3),
	VGIC_BANK(RD_FRAME + 0x080, 4, 4, 0, virq_group1),
	VGIC_BANK(RD_FRAME + 0x100, 4, 4, 0, virq_enable_set),
	VGIC_BANK(RD_FRAME + 0x180, 4, 4, 0, virq_enable_clear),
	VGIC_BANK(RD_FRAME + 0x200, 4, 4, 0, virq_pending_set),
	VGIC_BANK(RD_FRAME + 0x280, 4, 4, 0, virq_pending_clear),
	VGIC_BANK(RD_FRAME + 0x300, 4, 4, 0, virq_active_set),
	VGIC_BANK(RD_FRAME + 0x380, 4, 4, 0, virq_active_clear),
	VGIC_BANK(RD_FRAME + 0x400, 0x20, 4 | 1, 0, virq_priority),
	VGIC_BANK(RD_FRAME + 0xc00, 8, 4, 0, virq_config),
	VGIC_CONST(RD_FRAME + 0xffe8, PIDR2_GICV3),
	MMIO_END,
};
MMIO_TABLE(redist, VGIC_REDIST_STRIDE);

/* One redistributor after another, in the order of vCPUs; any vCPU may access all. */
static struct mmio_result redist_read(struct vcpu *v, uint64_t offset, unsigned size,
				      const void *data __unused)
{
	v = domain_vcpu(v->domain, (unsigned)(offset / VGIC_REDIST_STRIDE));
	return v ? mmio_table_read(v, offset % VGIC_REDIST_STRIDE, size, &redist) : MMIO_REFUSED;
}

static bool redist_write(struct vcpu *v, uint64_t offset, unsigned size, uint64_t value,
			 const void *data __unused)
{
	v = domain_vcpu(v->domain, (unsigned)(offset / VGIC_REDIST_STRIDE));
	return v && mmio_table_write(v, offset % VGIC_REDIST_STRIDE, size, value, &redist);
}

static const struct mmio_device redist_device = {redist_read, redist_write};

static void init_tables(void)
{
	mmio_table_init(&dist);
	mmio_table_init(&redist);
}

static int init(struct domain *d, gpaddr_t dist_base, gpaddr_t redist_base)
{
	int err = mmio_register(d, dist_base, DIST_SIZE, &mmio_table_device, &dist);

	if (err)
		return err;
	return mmio_register(d, redist_base, (uint64_t)d->max_vcpus * VGIC_REDIST_STRIDE,
			     &redist_device, NULL);
}

static const struct range *machine_cpu(const struct bootinfo *bi)
{
	return &bi->gic.redist[0];
}

const struct vgic_model vgic_v3_model = {
	.version = 3,
	.domctl_version = XEN_DOMCTL_CONFIG_GIC_V3,
	.max_vcpus = MAX_VCPUS,
	.guest_dist = GUEST_GICV3_GICD_BASE,
	.guest_cpu = GUEST_GICV3_GICR0_BASE,
	.vcpu_stride = VGIC_REDIST_STRIDE,
	.dt_regions = "#redistributor-regions",
	.machine_cpu = machine_cpu,
	.init = init,
	.init_tables = init_tables,
};

/*
 * ICC_SGI1R_EL1: target list in bits 15-0, Aff1 in 23-16, INTID in 27-24, Aff2 in 39-32, IRM (all
 * but self) 40, RS (which sixteen of Aff0) in 47-44, Aff3 in 55-48. vCPUs have Aff0 below 16, and
 * Aff2 and Aff3 zero.
 */
#define SGI1R_IRM    BIT64(40)
#define SGI1R_ABSENT (0xffULL << 48 | 0xfULL << 44 | 0xffULL << 32)

static void send_to_others(struct vcpu *v, unsigned intid)
{
	struct vcpu *target;

	for_each_vcpu (v->domain, target)
		if (target != v)
			vgic_send_sgi(target, intid, 0);
}

void vgic_v3_write_sgi1r(struct vcpu *v, uint64_t value)
{
	unsigned intid = value >> 24 & 0xf, cluster = (value >> 16 & 0xff) << 4,
		 left = value & 0xffff;

	if (unlikely(value & (SGI1R_IRM | SGI1R_ABSENT))) {
		if (value & SGI1R_IRM)
			send_to_others(v, intid);
		return;
	}
	for (; left; left &= left - 1) {
		struct vcpu *target =
			domain_vcpu(v->domain, cluster | (unsigned)__builtin_ctz(left));

		if (target)
			vgic_send_sgi(target, intid, 0);
	}
}
