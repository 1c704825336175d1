/* SPDX-License-Identifier: ISC */
/*
 * The emulated UART: registers, output and its interrupt beside the daemon in dom0; then a guest
 * that plays the daemon itself, as it can reach the ring's page, and scribbles on it. Only as a
 * guest of a dom0, with vuart="sbsa_uart".
 */

#include "gic.h"
#include <public/arch-arm.h>
#include <public/io/console.h>

const char guest_name[] = "vuart";

enum { DR = 0x00, RSR = 0x04, FR = 0x18, IMSC = 0x38, RIS = 0x3c, MIS = 0x40, ICR = 0x44 };

#define FR_RXFE BIT(4)
#define FR_TXFF BIT(5)
#define INT_RX  BIT(4)
#define INT_TX  BIT(5)
#define INT_RT  BIT(6)

#define RING_PAGE (GUEST_MAGIC_BASE + 3 * PAGE_SIZE)

static u64 uart;
static struct xencons_interface *ring;

static u32 get(unsigned reg)
{
	u64 value = ~0UL;

	CHECK_EQ(probe_read32(uart + reg, &value), 0);
	return (u32)value;
}

static void put(unsigned reg, u32 value)
{
	CHECK_EQ(probe_write32(uart + reg, value), 0);
}

static void write_text(const char *text)
{
	for (; *text; text++) {
		CHECK(WAIT_FOR(!(get(FR) & FR_TXFF)));
		put(DR, (u8)*text);
	}
}

static bool all_taken(void)
{
	return READ_ONCE(ring->out_cons) == READ_ONCE(ring->out_prod);
}

/* Which sizes there are, and what is no register. */
static void check_sizes(void)
{
	u64 value;

	CHECK_EQ(probe_read8(uart + FR, &value), 0);
	CHECK(value & FR_RXFE);
	CHECK_EQ(probe_read16(uart + FR, &value), 0);
	CHECK_EQ(probe_write16(uart + IMSC, 0), 0);
	CHECK_EQ(probe_write8(uart + DR, '.'), 0);
	CHECK_EQ(ESR_EC(probe_read64(uart + DR, &value)), EC_DABT_SAME);
	CHECK_EQ(get(RSR), 0);
	/*
	 * What a whole PL011 has besides. The SBSA leaves it open; stock Xen aborts, which keeps
	 * drivers of such a one from working.
	 */
	for (unsigned reg = 0x24; reg <= 0x34; reg += 4)
		if (probe_write32(uart + reg, 0x70))
			XEN_DIFFERS("a write to register 0x%x is an abort", reg);
}

static void check_mask(void)
{
	put(IMSC, 0x7ff);
	CHECK_EQ(get(IMSC), 0x7ff);
	put(IMSC, 0);
	CHECK_EQ(get(IMSC), 0);
	CHECK_EQ(get(MIS), 0);
	CHECK_EQ(get(FR) & FR_RXFE, FR_RXFE);
	CHECK_EQ(get(DR), 0);
}

/* More than the ring holds, at once: nothing is lost, and dom0 gets all of it. */
static void check_output(void)
{
	u32 before = READ_ONCE(ring->out_prod);

	for (unsigned n = 0; n < 100; n++)
		write_text("a line of output on the emulated UART, and then the next\n");
	CHECK_EQ(READ_ONCE(ring->out_prod) - before, 100 * 57);
	CHECK(WAIT_FOR(all_taken()));
}

static u32 taken; /* interrupts */
static u32 seen;  /* UARTMIS in the handler */

static void on_irq(struct cpu *cpu, unsigned intid)
{
	(void)cpu;
	if (intid != GUEST_VPL011_SPI)
		return;
	taken++;
	seen = get(MIS);
	put(IMSC, 0); /* or it would come for ever: it is a level */
}

static bool interrupts(u32 mask)
{
	u32 before = taken;
	bool came;

	seen = 0;
	put(IMSC, mask);
	IRQ_ON();
	came = WAIT_FOR(READ_ONCE(taken) != before);
	IRQ_OFF();
	return came;
}

static void check_interrupt(void)
{
	irq_hook = on_irq;
	gic_set_edge(GUEST_VPL011_SPI, false);
	gic_route(GUEST_VPL011_SPI, 0);
	gic_enable(GUEST_VPL011_SPI);
	write_text("!");
	CHECK(interrupts(INT_TX));
	CHECK_EQ(seen, INT_TX);
	CHECK_EQ(taken, 1);
	put(IMSC, INT_TX);
	/* Pending is the line's level (GICv2 spec 4.3.7); stock Xen reads as zero. */
	if (!gic_bit(GICD_ISPENDR, GUEST_VPL011_SPI))
		XEN_DIFFERS("the interrupt is not pending in the distributor");
	put(IMSC, 0);
	CHECK(!gic_bit(GICD_ISPENDR, GUEST_VPL011_SPI));
	CHECK(WAIT_FOR(all_taken()));
}

/*
 * Its line falls before the guest has taken it: with the interrupt disabled in the GIC, or masked
 * at the CPU.
 */
static void check_line_falls(void)
{
	for (unsigned masked = 0; masked < 2; masked++) {
		if (!masked)
			gic_disable(GUEST_VPL011_SPI);
		taken = 0;
		write_text("?");
		put(IMSC, INT_TX);
		put(IMSC, 0);
		gic_enable(GUEST_VPL011_SPI);
		IRQ_ON();
		guest_yield();
		IRQ_OFF();
		if (taken)
			XEN_DIFFERS("an interrupt without a cause, %u", masked);
	}
	CHECK(interrupts(INT_TX));
}

/* From here on dom0's daemon may think what it wants of this ring. */
static void check_input(void)
{
	u32 prod = READ_ONCE(ring->in_prod);
	static const char text[] = "input";

	for (unsigned n = 0; n < strlen(text); n++)
		ring->in[(prod + n) % sizeof(ring->in)] = text[n];
	DMB();
	WRITE_ONCE(ring->in_prod, prod + (u32)strlen(text));
	DMB();
	for (unsigned n = 0; n < strlen(text); n++)
		CHECK_EQ(get(DR), text[n]);
	CHECK_EQ(READ_ONCE(ring->in_cons), prod + strlen(text));
	CHECK_EQ(get(FR) & FR_RXFE, FR_RXFE);
	CHECK_EQ(get(RIS) & (INT_RX | INT_RT), 0);
}

/* Whatever stands in the ring: an answer, and no harm. */
static void check_scribbling(void)
{
	static const u8 regs[8] = {RSR, FR, IMSC, RIS, MIS, FR, RIS, MIS};
	u32 *index = (u32 *)&ring->in_cons;
	u64 seed = 88172645463325252UL;

	for (unsigned n = 0; n < 20000; n++) {
		u64 value;

		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		WRITE_ONCE(index[seed & 3], (u32)(seed >> 32) & (seed & 0x100 ? ~0u : 0xfff));
		switch (seed >> 10 & 3) {
		case 0:
			CHECK_EQ(probe_write32(uart + DR, (u32)seed), 0);
			break;
		case 1:
			CHECK_EQ(probe_read32(uart + DR, &value), 0);
			break;
		default:
			CHECK_EQ(probe_read32(uart + regs[seed >> 20 & 7], &value), 0);
			break;
		}
	}
	put(IMSC, 0);
	WRITE_ONCE(ring->in_prod, READ_ONCE(ring->in_cons) + 1025);
	/* More than the ring can hold is nothing. Stock Xen's flag is from its last look. */
	if (!(get(FR) & FR_RXFE))
		XEN_DIFFERS("UARTFR promises data");
}

void guest_main(void)
{
	static const struct check checks[] = {
		{"sizes", check_sizes},           {"mask", check_mask},
		{"output", check_output},         {"interrupt", check_interrupt},
		{"line-falls", check_line_falls}, {"input", check_input},
		{"scribbling", check_scribbling},
	};

	uart = (u64)mmu_map_page(0, GUEST_PL011_BASE, MMU_DEVICE);
	ring = mmu_map_page(1, RING_PAGE, MMU_NORMAL);
	gic_init();
	check_run(checks, ARRAY_SIZE(checks));
}
