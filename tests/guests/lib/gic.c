/* SPDX-License-Identifier: ISC */
/* The guest-side GIC driver: GICv2's memory-mapped CPU interface or GICv3's system registers. */

#include "gic.h"

#define GICD_CTLR_V2_ENABLE 1
#define GICD_CTLR_V3_ENABLE (BIT(4) | BIT(1)) /* ARE_NS, EnableGrp1A */
#define GICD_CTLR_RWP       BIT(31)

/* Names that the assembler may not know without an architecture extension */
#define ICC_PMR_EL1     s3_0_c4_c6_0
#define ICC_IAR1_EL1    s3_0_c12_c12_0
#define ICC_EOIR1_EL1   s3_0_c12_c12_1
#define ICC_HPPIR1_EL1  s3_0_c12_c12_2
#define ICC_DIR_EL1     s3_0_c12_c11_1
#define ICC_RPR_EL1     s3_0_c12_c11_3
#define ICC_SGI1R_EL1   s3_0_c12_c11_5
#define ICC_CTLR_EL1    s3_0_c12_c12_4
#define ICC_SRE_EL1     s3_0_c12_c12_5
#define ICC_IGRPEN1_EL1 s3_0_c12_c12_7

static bool gic_is_v3(void)
{
	return board.gic_version == 3;
}

u32 gic_read(u64 address)
{
	u32 value;

	asm volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
	return value;
}

void gic_write(u64 address, u32 value)
{
	asm volatile("str %w0, [%1]" ::"r"(value), "r"(address) : "memory");
}

static u64 gicd(u64 offset)
{
	return board.gic[0].base + offset;
}

static u64 gicc(u64 offset)
{
	return board.gic[1].base + offset;
}

static u64 gicr_typer(u64 frame)
{
	u64 value;

	asm volatile("ldr %0, [%1]" : "=r"(value) : "r"(frame + GICR_TYPER) : "memory");
	return value;
}

/* GICR_TYPER: Aff3.2.1.0 in bits 63-32, Last in bit 4. */
u64 gic_redistributor(unsigned cpu)
{
	u64 mpidr = cpus[cpu].mpidr;
	u32 affinity = (u32)((mpidr >> 32 & 0xff) << 24 | (mpidr & 0xffffff));

	for (u64 off = 0; off < board.gic[1].size; off += 2 * GICR_FRAME) {
		u64 typer = gicr_typer(board.gic[1].base + off);

		if (typer >> 32 == affinity)
			return board.gic[1].base + off;
		if (typer & BIT(4))
			break;
	}
	return 0;
}

static u64 own_redistributor(void)
{
	static u64 known[MAX_CPUS];
	u64 *slot = &known[cpu_self()->index];

	if (!*slot)
		*slot = gic_redistributor(cpu_self()->index);
	return *slot;
}

u64 gic_bank(u64 offset, unsigned intid, unsigned bits)
{
	u64 word = offset + (u64)intid * bits / 32 * 4;

	return gic_is_v3() && intid < 32 ? own_redistributor() + GICR_FRAME + word : gicd(word);
}

static void gic_wait_write(unsigned intid)
{
	u64 address = intid < 32 ? own_redistributor() + GICR_CTLR : gicd(GICD_CTLR);
	u32 rwp = intid < 32 ? BIT(3) : GICD_CTLR_RWP;

	while (gic_read(address) & rwp)
		;
}

bool gic_bit(u64 offset, unsigned intid)
{
	return gic_read(gic_bank(offset, intid, 1)) >> (intid % 32) & 1;
}

void gic_bit_set(u64 offset, unsigned intid)
{
	gic_write(gic_bank(offset, intid, 1), 1U << intid % 32);
	if (gic_is_v3() && offset == GICD_ICENABLER)
		gic_wait_write(intid);
	DSB();
}

void gic_set_priority(unsigned intid, unsigned priority)
{
	u64 address = gic_bank(GICD_IPRIORITYR, intid, 8);
	unsigned shift = intid % 4 * 8;

	gic_write(address, (gic_read(address) & ~(0xffU << shift)) | priority << shift);
}

unsigned gic_priority(unsigned intid)
{
	return gic_read(gic_bank(GICD_IPRIORITYR, intid, 8)) >> intid % 4 * 8 & 0xff;
}

void gic_set_edge(unsigned intid, bool edge)
{
	u64 address = gic_bank(GICD_ICFGR, intid, 2);
	u32 bit = 2U << intid % 16 * 2;
	u32 value = gic_read(address);

	gic_write(address, edge ? value | bit : value & ~bit);
}

bool gic_is_edge(unsigned intid)
{
	return gic_read(gic_bank(GICD_ICFGR, intid, 2)) >> intid % 16 * 2 & 2;
}

void gic_route(unsigned spi, unsigned cpu)
{
	if (gic_is_v3()) {
		u64 address = gicd(GICD_IROUTER + 8UL * spi);

		asm volatile("str %0, [%1]" ::"r"(cpus[cpu].mpidr), "r"(address) : "memory");
	} else {
		u64 address = gicd(GICD_ITARGETSR + spi);

		asm volatile("strb %w0, [%1]" ::"r"(1U << cpu), "r"(address) : "memory");
	}
}

unsigned gic_lines(void)
{
	unsigned lines = 32 * ((gic_read(gicd(GICD_TYPER)) & 0x1f) + 1);

	return lines > 1020 ? 1020 : lines;
}

/* Disable, clear and give one priority to the 32 interrupts that begin here. */
static void gic_reset_32(unsigned first)
{
	gic_write(gic_bank(GICD_ICENABLER, first, 1), ~0U);
	gic_write(gic_bank(GICD_ICPENDR, first, 1), ~0U);
	gic_write(gic_bank(GICD_ICACTIVER, first, 1), ~0U);
	for (unsigned n = first; n < first + 32; n += 4)
		gic_write(gic_bank(GICD_IPRIORITYR, n, 8), 0x01010101U * GIC_PRIORITY_DEFAULT);
	if (gic_is_v3())
		gic_write(gic_bank(GICD_IGROUPR, first, 1), ~0U); /* group 1, or ignored */
}

static void gic_init_interface_v2(void)
{
	gic_write(gicc(GICC_PMR), 0xff);
	gic_write(gicc(GICC_BPR), 0);
	gic_write(gicc(GICC_CTLR), 1);
}

static void gic_init_interface_v3(void)
{
	u64 waker = own_redistributor() + GICR_WAKER;

	gic_write(waker, gic_read(waker) & ~2U); /* ProcessorSleep */
	SYSREG_WRITE(ICC_SRE_EL1, 7);
	ISB();
	SYSREG_WRITE(ICC_PMR_EL1, 0xff);
	SYSREG_WRITE(ICC_CTLR_EL1, 0);
	SYSREG_WRITE(ICC_IGRPEN1_EL1, 1);
	ISB();
}

void gic_init_cpu(void)
{
	if (gic_is_v3())
		gic_init_interface_v3();
	gic_reset_32(0);
	if (!gic_is_v3())
		gic_init_interface_v2();
}

void gic_init(void)
{
	unsigned lines = gic_lines();

	gic_write(gicd(GICD_CTLR), gic_is_v3() ? GICD_CTLR_V3_ENABLE : GICD_CTLR_V2_ENABLE);
	for (unsigned n = 32; n < lines; n += 32)
		gic_reset_32(n);
	for (unsigned n = 32; n < lines; n++)
		gic_route(n, 0);
	gic_init_cpu();
}

u32 gic_ack(void)
{
	u32 iar = gic_is_v3() ? (u32)SYSREG_READ(ICC_IAR1_EL1) : gic_read(gicc(GICC_IAR));

	DSB(); /* the acknowledge is done before the handler looks at the device */
	return iar;
}

void gic_end(u32 iar)
{
	if (gic_is_v3())
		SYSREG_WRITE(ICC_EOIR1_EL1, iar);
	else
		gic_write(gicc(GICC_EOIR), iar);
	ISB();
}

void gic_deactivate(u32 iar)
{
	if (gic_is_v3())
		SYSREG_WRITE(ICC_DIR_EL1, iar);
	else
		gic_write(gicc(GICC_DIR), iar);
	ISB();
}

void gic_set_eoi_mode(bool split)
{
	if (gic_is_v3())
		SYSREG_WRITE(ICC_CTLR_EL1, split ? 2 : 0);
	else
		gic_write(gicc(GICC_CTLR), split ? 0x201 : 1);
	ISB();
}

void gic_set_mask(unsigned priority)
{
	if (gic_is_v3())
		SYSREG_WRITE(ICC_PMR_EL1, priority);
	else
		gic_write(gicc(GICC_PMR), priority);
	ISB();
}

unsigned gic_running_priority(void)
{
	return (gic_is_v3() ? (u32)SYSREG_READ(ICC_RPR_EL1) : gic_read(gicc(GICC_RPR))) & 0xff;
}

unsigned gic_highest_pending(void)
{
	u32 value = gic_is_v3() ? (u32)SYSREG_READ(ICC_HPPIR1_EL1) : gic_read(gicc(GICC_HPPIR));

	return value & GIC_INTID_MASK;
}

/* One write per CPU: ICC_SGI1R's target list holds CPUs of one Aff3.2.1 cluster. */
static void sgi_send_v3(unsigned sgi, unsigned cpu)
{
	u64 mpidr = cpus[cpu].mpidr;
	u64 value = (mpidr >> 32 & 0xff) << 48 | (mpidr >> 16 & 0xff) << 32 |
		    (mpidr >> 8 & 0xff) << 16 | (mpidr >> 4 & 0xf) << 44 | 1UL << (mpidr & 0xf) |
		    (u64)sgi << 24;

	SYSREG_WRITE(ICC_SGI1R_EL1, value);
}

void gic_sgi_send(unsigned sgi, u64 cpu_set)
{
	DSB(); /* what was written before is seen by whoever takes the interrupt */
	if (!gic_is_v3())
		gic_write(gicd(GICD_SGIR), (u32)(cpu_set & 0xff) << 16 | sgi);
	for (unsigned n = 0; gic_is_v3() && n < 64; n++)
		if (cpu_set & BIT(n))
			sgi_send_v3(sgi, n);
	ISB();
}

void gic_sgi_send_self(unsigned sgi)
{
	if (gic_is_v3())
		gic_sgi_send(sgi, BIT(cpu_self()->index));
	else
		gic_write(gicd(GICD_SGIR), 2U << 24 | sgi);
	DSB();
}

void gic_sgi_send_others(unsigned sgi)
{
	DSB();
	if (gic_is_v3())
		SYSREG_WRITE(ICC_SGI1R_EL1, 1UL << 40 | (u64)sgi << 24);
	else
		gic_write(gicd(GICD_SGIR), 1U << 24 | sgi);
	ISB();
}
