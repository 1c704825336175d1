/* SPDX-License-Identifier: ISC */
/*
 * The distributor's registers as a guest reads and writes them: enable, pending, active, priority,
 * configuration, routing; then every offset of the register frames, which must give a value or an
 * abort and never harm anybody.
 */

#include "abi.h"
#include "gic.h"

const char guest_name[] = "gicdist";

/* SPIs that no device of this machine is wired to: the highest that the distributor has. */
static unsigned spi_first, spi_count;

static void check_typer(void)
{
	u32 typer = gic_read(board.gic[0].base + GICD_TYPER);
	unsigned lines = gic_lines();

	check_note("GICv%u, %u lines, TYPER 0x%x, IIDR 0x%x", board.gic_version, lines, typer,
		   gic_read(board.gic[0].base + GICD_IIDR));
	CHECK(lines >= 32);
	if (board.gic_version == 2) {
		CHECK_EQ(FIELD(typer, 7, 5) + 1, board.cpu_count);
	} else {
		CHECK(FIELD(typer, 23, 19) >= 9);  /* IDbits */
		CHECK_EQ(FIELD(typer, 17, 17), 0); /* LPIS: the ITS is not there */
	}
	u64 pidr2;
	/* architecture revision (GICv2 spec 4.3.18). Xen's GICv2 has no identification registers.
	 */
	if (probe_read32(board.gic[0].base + (board.gic_version == 2 ? GICD_PIDR2 : GICD_V3_PIDR2),
			 &pidr2))
		XEN_DIFFERS("reading GICD_PIDR2 aborts");
	else
		CHECK_EQ(pidr2 >> 4 & 0xf, board.gic_version);
}

static void check_ctlr(void)
{
	u64 ctlr = board.gic[0].base + GICD_CTLR;
	u32 on = gic_read(ctlr);

	if (board.gic_version == 2) {
		CHECK_EQ(on & 1, 1);
		gic_write(ctlr, 0);
		CHECK_EQ(gic_read(ctlr) & 1, 0);
	} else {
		CHECK_EQ(on & 0x12, 0x12); /* ARE_NS, EnableGrp1A */
		gic_write(ctlr, 0x10);
		CHECK_EQ(gic_read(ctlr) & 0x12, 0x10);
	}
	gic_write(ctlr, on);
	CHECK_EQ(gic_read(ctlr) & 0x13, on & 0x13);
}

/* TYPER and IIDR cannot be written. */
static void check_read_only(void)
{
	static const u64 offsets[] = {GICD_TYPER, GICD_IIDR};

	for (unsigned n = 0; n < ARRAY_SIZE(offsets); n++) {
		u64 address = board.gic[0].base + offsets[n];
		u32 before = gic_read(address);

		probe_write32(address, ~before);
		CHECK_EQ(gic_read(address), before);
	}
}

/* Set and clear registers read the same state; writing 0 changes nothing. */
static void check_enable(void)
{
	for (unsigned n = spi_first; n < spi_first + spi_count; n++) {
		gic_enable(n);
		CHECK(gic_bit(GICD_ISENABLER, n));
		CHECK(gic_bit(GICD_ICENABLER, n));
		gic_write(gic_bank(GICD_ISENABLER, n, 1), 0);
		gic_write(gic_bank(GICD_ICENABLER, n, 1), 0);
		CHECK(gic_bit(GICD_ISENABLER, n));
		gic_disable(n);
		CHECK(!gic_bit(GICD_ISENABLER, n));
		CHECK(!gic_bit(GICD_ICENABLER, n));
	}
	CHECK_EQ(gic_read(gic_bank(GICD_ISENABLER, spi_first, 1)), 0);
	gic_write(gic_bank(GICD_ISENABLER, spi_first, 1), 0x00ff00ff);
	CHECK_EQ(gic_read(gic_bank(GICD_ISENABLER, spi_first, 1)), 0x00ff00ff);
	gic_write(gic_bank(GICD_ICENABLER, spi_first, 1), 0x000f000f);
	CHECK_EQ(gic_read(gic_bank(GICD_ISENABLER, spi_first, 1)), 0x00f000f0);
	gic_write(gic_bank(GICD_ICENABLER, spi_first, 1), ~0U);
	CHECK_EQ(gic_read(gic_bank(GICD_ISENABLER, spi_first, 1)), 0);
}

/* PPIs: banked, and independent of the others. */
static void check_enable_ppi(void)
{
	gic_enable(board.ppi_virt);
	CHECK(gic_bit(GICD_ISENABLER, board.ppi_virt));
	CHECK(!gic_bit(GICD_ISENABLER, board.ppi_phys));
	gic_disable(board.ppi_virt);
	CHECK(!gic_bit(GICD_ISENABLER, board.ppi_virt));
}

/* Each interrupt has a byte; at least 16 levels of priority are kept (GICv3 spec 4.8). */
static void check_priority(void)
{
	for (unsigned n = spi_first; n < spi_first + 8; n++)
		for (unsigned p = 0; p < 256; p += 16) {
			gic_set_priority(n, p);
			CHECK_EQ(gic_priority(n) & 0xf0, p);
		}
	for (unsigned n = spi_first; n < spi_first + 8; n++)
		gic_set_priority(n, n % 8 * 0x10);
	for (unsigned n = spi_first; n < spi_first + 8; n++)
		CHECK_EQ(gic_priority(n), n % 8 * 0x10);
	/* bytes, too */
	for (unsigned n = spi_first; n < spi_first + 4; n++) {
		u64 address = board.gic[0].base + GICD_IPRIORITYR + n, value;

		CHECK_EQ(probe_write8(address, 0x90 + (n & 3) * 0x10), 0);
		CHECK_EQ(probe_read8(address, &value), 0);
		CHECK_EQ(value, 0x90 + (n & 3) * 0x10);
	}
	CHECK_EQ(gic_read(gic_bank(GICD_IPRIORITYR, spi_first, 8)), 0xc0b0a090);
}

static void check_priority_ppi(void)
{
	for (unsigned n = 16; n < 32; n++) {
		gic_set_priority(n, 0x50);
		CHECK_EQ(gic_priority(n), 0x50);
		gic_set_priority(n, GIC_PRIORITY_DEFAULT);
	}
}

static void check_configuration(void)
{
	for (unsigned n = spi_first; n < spi_first + spi_count; n++) {
		gic_set_edge(n, true);
		CHECK(gic_is_edge(n));
		gic_set_edge(n, false);
		CHECK(!gic_is_edge(n));
	}
}

static void check_configuration_sgi(void)
{
	/* SGIs are edge-triggered whatever is written (GICv2 spec 4.3.13) */
	gic_write(gic_bank(GICD_ICFGR, 0, 2), 0);
	if ((gic_read(gic_bank(GICD_ICFGR, 0, 2)) & 0xaaaaaaaa) != 0xaaaaaaaa)
		XEN_DIFFERS("ICFGR0 is 0x%x, expected the SGIs to be edge-triggered",
			    gic_read(gic_bank(GICD_ICFGR, 0, 2)));
}

/* Routing of an SPI: what was written comes back. */
static void check_routing(void)
{
	u64 value;

	for (unsigned cpu = 0; cpu < board.cpu_count && cpu < 8; cpu++) {
		gic_route(spi_first, cpu);
		if (board.gic_version == 2) {
			CHECK_EQ(
				probe_read8(board.gic[0].base + GICD_ITARGETSR + spi_first, &value),
				0);
			CHECK_EQ(value, BIT(cpu));
		} else {
			CHECK_EQ(probe_read64(board.gic[0].base + GICD_IROUTER + 8UL * spi_first,
					      &value),
				 0);
			CHECK_EQ(value, cpus[cpu].mpidr);
		}
	}
	gic_route(spi_first, 0);
	if (board.gic_version == 2) /* the targets of the first 32 say which CPU is asking */
		CHECK_EQ(gic_read(board.gic[0].base + GICD_ITARGETSR), 0x01010101);
}

/*
 * Pending by software: it reads as pending in both registers while the CPU masks it, is delivered
 * once, and clearing it in time takes it back. Xen 4.17 implements neither register for reading.
 */
static void check_pending(void)
{
	const unsigned n = spi_first + 1;

	irq_counts_clear();
	gic_set_edge(n, true);
	gic_enable(n);
	gic_pend(n);
	if (!gic_bit(GICD_ISPENDR, n) || !gic_bit(GICD_ICPENDR, n))
		XEN_DIFFERS("a pending SPI does not read as pending");
	IRQ_ON();
	CHECK(WAIT_FOR(irq_count(n) == 1));
	guest_yield();
	IRQ_OFF();
	CHECK_EQ(irq_count(n), 1);
	CHECK(!gic_bit(GICD_ISPENDR, n));

	gic_disable(n);
	gic_pend(n);
	gic_unpend(n);
	gic_enable(n);
	IRQ_ON();
	for (unsigned k = 0; k < 50; k++)
		guest_yield();
	IRQ_OFF();
	if (irq_count(n) != 1)
		XEN_DIFFERS("an SPI that was cleared while disabled came all the same");
	gic_disable(n);
}

/* Pending while disabled waits for the enable. */
static void check_pending_disabled(void)
{
	const unsigned n = spi_first + 2;

	irq_counts_clear();
	gic_set_edge(n, true);
	gic_disable(n);
	gic_pend(n);
	IRQ_ON();
	for (unsigned k = 0; k < 50; k++)
		guest_yield();
	CHECK_EQ(irq_count(n), 0);
	gic_enable(n);
	CHECK(WAIT_FOR(irq_count(n) == 1));
	IRQ_OFF();
	gic_disable(n);
}

/* The active bit is seen while the handler runs, and only then. */
static u32 active_inside, pending_inside, running_inside;

static void hook_active(struct cpu *cpu, unsigned intid)
{
	(void)cpu;
	active_inside = gic_bit(GICD_ISACTIVER, intid);
	pending_inside = gic_bit(GICD_ISPENDR, intid);
	running_inside = gic_running_priority();
}

static void check_active(void)
{
	const unsigned n = spi_first + 3;

	irq_counts_clear();
	irq_hook = hook_active;
	gic_set_edge(n, true);
	gic_set_priority(n, 0x80);
	gic_enable(n);
	gic_pend(n);
	IRQ_ON();
	CHECK(WAIT_FOR(irq_count(n) == 1));
	IRQ_OFF();
	irq_hook = NULL;
	gic_disable(n);
	CHECK_EQ(pending_inside, 0);
	CHECK_EQ(running_inside & 0xf8, 0x80);
	CHECK_EQ(gic_running_priority() & 0xf8, 0xf8);
	/* Xen 4.17 keeps no active state that a guest can read */
	if (!active_inside)
		XEN_DIFFERS("an active SPI does not read as active");
	CHECK(!gic_bit(GICD_ISACTIVER, n));
}

/* A software-set active bit keeps a pending interrupt away until it is cleared. */
static void check_set_active(void)
{
	const unsigned n = spi_first + 4;

	irq_counts_clear();
	gic_set_edge(n, true);
	gic_enable(n);
	/* Xen answers the write with an abort */
	if (probe_write32(gic_bank(GICD_ISACTIVER, n, 1), 1U << n % 32) ||
	    !gic_bit(GICD_ISACTIVER, n)) {
		XEN_DIFFERS("ISACTIVER cannot be set");
		gic_disable(n);
		return;
	}
	gic_pend(n);
	IRQ_ON();
	for (unsigned k = 0; k < 50; k++)
		guest_yield();
	CHECK_EQ(irq_count(n), 0);
	gic_bit_set(GICD_ICACTIVER, n);
	CHECK(WAIT_FOR(irq_count(n) == 1));
	IRQ_OFF();
	gic_disable(n);
}

/* Registers of interrupts that are not there: zero, and writes are ignored (or an abort). */
static void check_beyond(void)
{
	unsigned lines = gic_lines();
	u64 value;

	if (lines > 988)
		return;
	for (unsigned n = lines; n < lines + 32 && n < 1020; n += 32) {
		u64 address = board.gic[0].base + GICD_ISENABLER + n / 8;

		probe_write32(address, ~0U);
		if (!probe_read32(address, &value))
			CHECK_EQ(value, 0);
		address = board.gic[0].base + GICD_IPRIORITYR + n;
		probe_write32(address, ~0U);
		if (!probe_read32(address, &value))
			CHECK_EQ(value, 0);
		address = board.gic[0].base + GICD_ICFGR + n / 4;
		probe_write32(address, ~0U);
		probe_read32(address, &value);
	}
}

/* The GICv3 redistributors: one a vCPU, the last one marked, affinities as in MPIDR. */
static void check_redistributors(void)
{
	unsigned found = 0;
	u64 value;

	if (board.gic_version != 3)
		return;
	for (unsigned cpu = 0; cpu < board.cpu_count; cpu++) {
		u64 frame = gic_redistributor(cpu);

		if (!CHECK(frame))
			return;
		found++;
		CHECK_EQ(probe_read64(frame + GICR_TYPER, &value), 0);
		CHECK_EQ(FIELD(value, 23, 8), cpu);                       /* Processor_Number */
		CHECK_EQ(FIELD(value, 0, 0), 0);                          /* PLPIS */
		CHECK_EQ(FIELD(value, 4, 4), cpu == board.cpu_count - 1); /* Last */
		CHECK_EQ(gic_read(frame + GICD_V3_PIDR2) >> 4 & 0xf, 3);
	}
	CHECK_EQ(found, board.cpu_count);
}

struct sweep {
	unsigned values, aborts;
};

/*
 * Every offset, in steps of a prime-ish stride for the large frames, with every access size, also
 * misaligned: reads anywhere; writes of zero where nothing is started or sent by it.
 */
static void sweep(u64 base, u64 size, u64 step, struct sweep *result)
{
	static u64 (*const reads[])(u64, u64 *) = {probe_read8, probe_read16, probe_read32,
						   probe_read64};
	static u64 (*const writes[])(u64, u64) = {probe_write8, probe_write16, probe_write32,
						  probe_write64};

	for (u64 off = 0; off < size; off += step)
		for (unsigned n = 0; n < 4; n++) {
			u64 value;
			u64 esr = reads[n](base + off, &value);

			result->aborts += !!esr;
			result->values += !esr;
			if (esr && ESR_EC(esr) != EC_DABT_SAME)
				CHECK_FAIL("read%u of 0x%lx: esr 0x%lx", 8U << n, base + off, esr);
			esr = writes[n](base + off, 0);
			if (esr && ESR_EC(esr) != EC_DABT_SAME)
				CHECK_FAIL("write%u of 0x%lx: esr 0x%lx", 8U << n, base + off, esr);
		}
}

static void check_sweep(void)
{
	struct sweep seen = {0, 0};
	const bool v3 = board.gic_version == 3;

	sweep(board.gic[0].base, 0x1000, 1, &seen);
	if (v3) {
		sweep(board.gic[0].base + 0x1000, 0xf000, 53, &seen);
		for (unsigned cpu = 0; cpu < board.cpu_count; cpu++) {
			u64 frame = gic_redistributor(cpu);

			sweep(frame, 0x400, 3, &seen);
			sweep(frame + GICR_FRAME, 0x1000, 7, &seen);
			sweep(frame, 2 * GICR_FRAME, 1013, &seen);
		}
		/* behind the last redistributor, within what the device tree promises, and around
		 * it */
		sweep(board.gic[1].base + board.cpu_count * 2 * GICR_FRAME - 8, 0x20000, 4099,
		      &seen);
		sweep(board.gic[1].base + board.gic[1].size - 0x1000, 0x1000, 61, &seen);
	} else {
		sweep(board.gic[1].base, board.gic[1].size > 0x2000 ? 0x2000 : board.gic[1].size,
		      13, &seen);
	}
	check_note("%u accesses gave a value, %u an abort", seen.values, seen.aborts);
	CHECK(seen.values > 100);
}

/* After all that the GIC still works. */
static void check_alive(void)
{
	gic_init();
	irq_counts_clear();
	gic_enable(1);
	gic_sgi_send_self(1);
	IRQ_ON();
	CHECK(WAIT_FOR(irq_count(1) == 1));
	IRQ_OFF();
}

static const struct check checks[] = {
	{"typer", check_typer},
	{"ctlr", check_ctlr},
	{"read-only", check_read_only},
	{"enable-ppi", check_enable_ppi},
	{"priority-ppi", check_priority_ppi},
	{"configuration-sgi", check_configuration_sgi},
};

static const struct check checks_spi[] = {
	{"enable", check_enable},
	{"priority", check_priority},
	{"configuration", check_configuration},
	{"routing", check_routing},
	{"pending", check_pending},
	{"pending-disabled", check_pending_disabled},
	{"active", check_active},
	{"set-active", check_set_active},
};

static const struct check checks_last[] = {
	{"beyond", check_beyond},
	{"redistributors", check_redistributors},
	{"sweep", check_sweep},
	{"alive", check_alive},
};

void guest_main(void)
{
	gic_init();
	check_run(checks, ARRAY_SIZE(checks));
	/* a guest without devices has no SPIs: there is nothing then that could be tried or counted
	 */
	if (gic_lines() > 32) {
		spi_first = (gic_lines() - 1) & ~31U;
		spi_count = gic_lines() - spi_first < 32 ? gic_lines() - spi_first : 32;
		check_run(checks_spi, ARRAY_SIZE(checks_spi));
	}
	check_run(checks_last, ARRAY_SIZE(checks_last));
}
