/* SPDX-License-Identifier: ISC */
/* Delivery of many interrupts: priority order, more than list registers, masks, random sequences.
 */

#include "abi.h"
#include "gic.h"

const char guest_name[] = "gicprio";

static unsigned lines;
static u64 seed = 0x9e3779b97f4a7c15;

static u32 random_below(u32 limit)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (u32)(seed >> 32) % limit;
}

static unsigned priority_of[1024];

/* Pends an interrupt the way its kind is pended. */
static void pend(unsigned intid)
{
	if (intid < 16)
		gic_sgi_send_self(intid);
	else
		gic_pend(intid);
}

static void quiet(void)
{
	for (unsigned k = 0; k < 20; k++)
		guest_yield();
}

/*
 * Pends all of the list with the CPU masked, then opens it: each comes once, and none before one of
 * a higher priority (a lower number).
 */
static bool out_of_order; /* found by deliver_in_order() */

static void deliver_in_order(const u16 *list, unsigned count)
{
	struct cpu *cpu = cpu_self();

	irq_counts_clear();
	for (unsigned n = 0; n < count; n++)
		pend(list[n]);
	IRQ_ON();
	CHECK(WAIT_FOR(READ_ONCE(cpu->log_length) >= count));
	quiet();
	IRQ_OFF();
	CHECK_EQ(cpu->log_length, count);
	for (unsigned n = 0; n < count && !check_failed(); n++)
		if (irq_count(list[n]) != 1)
			CHECK_FAIL("interrupt %u came %u times, expected once", list[n],
				   irq_count(list[n]));
	out_of_order = false;
	for (unsigned n = 1; n < cpu->log_length && !check_failed() && !out_of_order; n++) {
		out_of_order = priority_of[cpu->log[n]] < priority_of[cpu->log[n - 1]];
		/* Xen does not always take a lower priority out of a list register again */
		if (out_of_order)
			XEN_DIFFERS("as number %u of %u came interrupt %u (priority 0x%x) after %u "
				    "(0x%x)",
				    n, count, cpu->log[n], priority_of[cpu->log[n]],
				    cpu->log[n - 1], priority_of[cpu->log[n - 1]]);
	}
}

static void prepare(unsigned intid, unsigned priority)
{
	priority_of[intid] = priority;
	gic_set_priority(intid, priority);
	if (intid >= 32)
		gic_set_edge(intid, true);
	gic_enable(intid);
}

static void check_few(void)
{
	static const u16 list[] = {41, 40, 42, 7};

	prepare(41, 0xa0);
	prepare(40, 0x40);
	prepare(42, 0x70);
	prepare(7, 0x10);
	deliver_in_order(list, ARRAY_SIZE(list));
	CHECK_EQ(cpu_self()->log[0], 7);
	CHECK_EQ(cpu_self()->log[3], 41);
}

/* Rising priority: the last one pended must overtake all that already sit in list registers. */
static void check_overtaking(void)
{
	static u16 list[12];

	for (unsigned n = 0; n < ARRAY_SIZE(list); n++) {
		list[n] = (u16)(40 + n);
		prepare(list[n], 0xe0 - n * 0x10);
	}
	deliver_in_order(list, ARRAY_SIZE(list));
}

static void check_all(void)
{
	static u16 list[1024];
	unsigned count = 0;

	for (unsigned n = 0; n < lines && count < IRQ_LOG; n++)
		if (n < 16 || n >= 32) {
			prepare(n, (1 + random_below(14)) * 0x10);
			list[count++] = (u16)n;
		}
	check_note("%u interrupts pending at once", count);
	deliver_in_order(list, count);
}

static void disable_all(void)
{
	for (unsigned n = 0; n < lines; n++)
		if (n != board.ppi_event)
			gic_disable(n);
}

/* A priority that the mask does not let through waits until it does. */
static void check_mask(void)
{
	irq_counts_clear();
	prepare(50, 0x80);
	prepare(51, 0x40);
	gic_set_mask(0x80); /* lower numbers than this only */
	pend(50);
	pend(51);
	IRQ_ON();
	CHECK(WAIT_FOR(irq_count(51) == 1));
	quiet();
	CHECK_EQ(irq_count(50), 0);
	IRQ_OFF();
	gic_set_mask(0xff);
	CHECK_EQ(gic_highest_pending(), 50);
	IRQ_ON();
	CHECK(WAIT_FOR(irq_count(50) == 1));
	IRQ_OFF();
}

/* A handler that opens interrupts is interrupted by a higher priority only. */
static u32 nested_high, nested_low;

static void hook_nest(struct cpu *cpu, unsigned intid)
{
	u64 elr = SYSREG_READ(elr_el1), spsr = SYSREG_READ(spsr_el1);

	(void)cpu;
	if (intid != 60)
		return;
	pend(61);
	pend(62);
	IRQ_ON();
	WAIT_FOR(irq_count(61) == 1);
	quiet();
	IRQ_OFF();
	nested_high = irq_count(61);
	nested_low = irq_count(62);
	SYSREG_WRITE(elr_el1, elr);
	SYSREG_WRITE(spsr_el1, spsr);
}

static void check_preemption(void)
{
	irq_counts_clear();
	prepare(60, 0x80);
	prepare(61, 0x20);
	prepare(62, 0xa0);
	irq_hook = hook_nest;
	pend(60);
	IRQ_ON();
	CHECK(WAIT_FOR(irq_count(62) == 1));
	IRQ_OFF();
	irq_hook = NULL;
	CHECK_EQ(irq_count(60), 1);
	CHECK_EQ(nested_high, 1);
	CHECK_EQ(nested_low, 0);
}

/* With EOImode 1 the priority drops at EOIR and the interrupt is free again at DIR only. */
static void hook_again(struct cpu *cpu, unsigned intid)
{
	(void)cpu;
	if (intid == 64 && irq_count(64) == 1)
		pend(64);
}

static void check_split_eoi(void)
{
	irq_counts_clear();
	prepare(64, 0x80);
	prepare(65, 0x90);
	gic_set_eoi_mode(true);
	irq_hook = hook_again;
	pend(64);
	pend(65);
	IRQ_ON();
	CHECK(WAIT_FOR(irq_count(65) == 1)); /* the priority has dropped */
	quiet();
	IRQ_OFF();
	CHECK_EQ(irq_count(64), 1); /* pended again by the hook, but still active */
	gic_deactivate(64);
	gic_deactivate(65);
	IRQ_ON();
	CHECK(WAIT_FOR(irq_count(64) == 2));
	IRQ_OFF();
	gic_deactivate(64);
	irq_hook = NULL;
	gic_set_eoi_mode(false);
}

/* Pended again while it is active: once more after its end, not in between and not lost. */
static void hook_repend(struct cpu *cpu, unsigned intid)
{
	(void)cpu;
	if (intid == 70 && irq_count(70) < 50)
		pend(70);
}

static void check_repend(void)
{
	irq_counts_clear();
	prepare(70, 0x80);
	irq_hook = hook_repend;
	pend(70);
	IRQ_ON();
	for (unsigned k = 0; k < 100000 && irq_count(70) < 50; k++)
		guest_yield();
	quiet();
	IRQ_OFF();
	irq_hook = NULL;
	/* Xen with GICv2 loses one now and then: its list register has the hardware bit set */
	if (irq_count(70) != 50)
		XEN_DIFFERS("of 50 interrupts pended while active came %u", irq_count(70));
}

/*
 * Random enables, disables, pends and openings of the CPU against a model of two bits per
 * interrupt. Stock Xen gives an interrupt twice that was pended twice before it was taken, and one
 * that is in a list register although it has been disabled since.
 */
#define MODEL_FIRST 96
#define MODEL_COUNT 24

static void check_random(void)
{
	bool enabled[MODEL_COUNT] = {false}, pending[MODEL_COUNT] = {false};
	u32 expected[MODEL_COUNT] = {0};

	irq_counts_clear();
	for (unsigned n = 0; n < MODEL_COUNT; n++) {
		prepare(MODEL_FIRST + n, 0x20 + n % 8 * 0x10);
		gic_disable(MODEL_FIRST + n);
	}
	for (unsigned step = 0; step < 20000 && !check_failed(); step++) {
		unsigned n = random_below(MODEL_COUNT), what = random_below(11);

		if (what < 2) {
			gic_enable(MODEL_FIRST + n);
			enabled[n] = true;
		} else if (what < 3) {
			gic_disable(MODEL_FIRST + n);
			enabled[n] = false;
		} else if (what < 8) {
			pend(MODEL_FIRST + n);
			pending[n] = true;
		} else if (what < 9) {
			gic_set_priority(MODEL_FIRST + n, 0x20 + random_below(12) * 0x10);
		} else if (what < 10) {
			gic_unpend(MODEL_FIRST + n);
			pending[n] = false;
		} else {
			for (unsigned k = 0; k < MODEL_COUNT; k++)
				if (enabled[k] && pending[k]) {
					pending[k] = false;
					expected[k]++;
				}
			IRQ_ON();
			for (unsigned k = 0; k < MODEL_COUNT; k++)
				if (!WAIT_FOR(irq_count(MODEL_FIRST + k) >= expected[k]))
					break;
			IRQ_OFF();
			for (unsigned k = 0; k < MODEL_COUNT; k++)
				if (irq_count(MODEL_FIRST + k) != expected[k]) {
					XEN_DIFFERS(
						"step %u: interrupt %u came %u times, expected %u",
						step, MODEL_FIRST + k, irq_count(MODEL_FIRST + k),
						expected[k]);
					return;
				}
		}
	}
}

static const struct check check_all_row = {"all", check_all};

static const struct check checks[] = {
	{"few", check_few},
	{"overtaking", check_overtaking},
	{"mask", check_mask},
	{"preemption", check_preemption},
	{"split-eoi", check_split_eoi},
	{"repend", check_repend},
	{"random", check_random},
};

void guest_main(void)
{
	gic_init();
	lines = gic_lines();
	if (lines > 512)
		lines = 512;
	check_run(&check_all_row, 1); /* the SGIs, and as many SPIs as there are */
	disable_all();
	for (unsigned n = 0; lines > 128 && n < ARRAY_SIZE(checks); n++) {
		check_run(&checks[n], 1);
		disable_all();
	}
}
