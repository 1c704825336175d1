/* SPDX-License-Identifier: ISC */
/* The generic timer: the counter, the virtual timer's interrupt, and the emulated physical timer.
 */

#include "abi.h"
#include "gic.h"

const char guest_name[] = "timer";

struct timer_ops {
	const char *name;
	u64 (*ctl)(void);
	void (*set_ctl)(u64 value);
	u64 (*cval)(void);
	void (*set_cval)(u64 value);
	u64 (*tval)(void);
	void (*set_tval)(u64 value);
	u64 (*count)(void);
};

#define TIMER_ACCESSORS(prefix, counter)                                            \
	static u64 prefix##_ctl(void)                                               \
	{                                                                           \
		ISB();                                                              \
		return SYSREG_READ(prefix##_ctl_el0);                               \
	}                                                                           \
	static void prefix##_set_ctl(u64 value)                                     \
	{                                                                           \
		SYSREG_WRITE(prefix##_ctl_el0, value);                              \
		ISB();                                                              \
	}                                                                           \
	static u64 prefix##_cval(void)                                              \
	{                                                                           \
		return SYSREG_READ(prefix##_cval_el0);                              \
	}                                                                           \
	static void prefix##_set_cval(u64 value)                                    \
	{                                                                           \
		SYSREG_WRITE(prefix##_cval_el0, value);                             \
		ISB();                                                              \
	}                                                                           \
	static u64 prefix##_tval(void)                                              \
	{                                                                           \
		ISB();                                                              \
		return SYSREG_READ(prefix##_tval_el0);                              \
	}                                                                           \
	static void prefix##_set_tval(u64 value)                                    \
	{                                                                           \
		SYSREG_WRITE(prefix##_tval_el0, value);                             \
		ISB();                                                              \
	}                                                                           \
	static u64 prefix##_count(void)                                             \
	{                                                                           \
		ISB();                                                              \
		return SYSREG_READ(counter);                                        \
	}                                                                           \
	static const struct timer_ops prefix = {                                    \
		#prefix,           prefix##_ctl,  prefix##_set_ctl,  prefix##_cval, \
		prefix##_set_cval, prefix##_tval, prefix##_set_tval, prefix##_count};

TIMER_ACCESSORS(cntv, cntvct_el0)
TIMER_ACCESSORS(cntp, cntpct_el0)

/*
 * A deadline that is never reached here, an hour or more away. Stock Xen's physical timer converts
 * a greater CVAL to nanoseconds with an overflow and fires at once.
 */
#define FAR_AWAY (1UL << 42)

static const struct timer_ops *timer;
static unsigned timer_ppi;

/* What the hook did and saw. */
static struct {
	u64 next;   /* deadline that the next interrupt belongs to */
	u64 period; /* 0: one shot */
	u32 early;
	u32 not_asserted; /* ISTATUS was clear */
	u32 masked;       /* IMASK was set, by whom? */
	bool cval_only;   /* the hook moves CVAL and leaves CTL alone */
	u32 ticks;
	u32 wanted;
} tick;

static void timer_hook(struct cpu *cpu, unsigned intid)
{
	(void)cpu;
	if (intid != timer_ppi)
		return;
	tick.ticks++;
	tick.early += timer->count() < tick.next;
	tick.not_asserted += !(timer->ctl() & TIMER_ISTATUS);
	tick.masked += !!(timer->ctl() & TIMER_IMASK);
	if (tick.period && tick.ticks < tick.wanted) {
		tick.next += tick.period;
		timer->set_cval(tick.next);
		if (!tick.cval_only)
			timer->set_ctl(TIMER_ENABLE);
	} else {
		timer->set_ctl(0);
	}
}

static void timer_use(const struct timer_ops *ops, unsigned ppi)
{
	timer = ops;
	timer_ppi = ppi;
	ops->set_ctl(0);
	ops->set_cval(TIMER_NEVER);
	irq_counts_clear();
	memset(&tick, 0, sizeof(tick));
	gic_unpend(ppi);
	gic_enable(ppi);
}

static void check_counter(void)
{
	u64 last = timer_now();

	CHECK(timer_frequency() >= 1000000 && timer_frequency() <= 1000000000);
	for (unsigned n = 0; n < 100000; n++) {
		u64 now = timer_now();

		if (now < last) {
			CHECK_FAIL("CNTVCT went from 0x%lx back to 0x%lx", last, now);
			return;
		}
		last = now;
	}
	/* CNTVCT = CNTPCT - CNTVOFF, and the offset does not move */
	u64 p0 = SYSREG_READ(cntpct_el0), v = timer_now();
	ISB();
	u64 p1 = SYSREG_READ(cntpct_el0);

	CHECK(p0 <= p1);
	CHECK(v <= p1);
}

static void check_registers_of(const struct timer_ops *t)
{
	t->set_ctl(0);
	t->set_cval(0x123456789abcdefUL);
	CHECK_EQ(t->cval(), 0x123456789abcdefUL);
	t->set_cval(t->count() + FAR_AWAY);
	CHECK_EQ(t->ctl() & 7, 0);
	t->set_ctl(TIMER_ENABLE);
	CHECK_EQ(t->ctl() & 7, TIMER_ENABLE);
	t->set_ctl(TIMER_ENABLE | TIMER_IMASK);
	CHECK_EQ(t->ctl() & 7, TIMER_ENABLE | TIMER_IMASK);
	t->set_cval(1); /* long ago: the condition is met, but masked */
	CHECK_EQ(t->ctl() & 7, TIMER_ENABLE | TIMER_IMASK | TIMER_ISTATUS);
	t->set_ctl(0);
	/* TVAL is CVAL - count: signed, and only the low 32 bits are stored (Arm ARM D17.11) */
	t->set_tval(0x40000000);
	u64 now = t->count(), cval = t->cval();
	CHECK(cval <= now + 0x40000000 && cval > now + 0x30000000);
	u64 tval = t->tval();
	CHECK(tval <= 0x40000000 && tval > 0x30000000);
	t->set_tval((u32)-1000);
	CHECK(t->cval() < t->count());
	t->set_cval(TIMER_NEVER);
}

static void check_registers(void)
{
	gic_disable(board.ppi_virt);
	gic_disable(board.ppi_phys);
	check_registers_of(&cntv);
	check_registers_of(&cntp);
	gic_unpend(board.ppi_virt);
	gic_unpend(board.ppi_phys);
}

/* Interrupts at a rate: each one at or after its deadline, none lost, none too many. */
static void rate(u32 hz, u32 count)
{
	tick.period = timer_frequency() / hz;
	tick.wanted = count;
	tick.next = timer->count() + tick.period;
	timer->set_cval(tick.next);
	timer->set_ctl(TIMER_ENABLE);
	IRQ_ON();
	CHECK(WAIT_FOR(READ_ONCE(tick.ticks) >= count));
	guest_yield();
	IRQ_OFF();
	timer->set_ctl(0);
	CHECK_EQ(tick.ticks, count);
	CHECK_EQ(irq_count(timer_ppi), count);
	CHECK_EQ(tick.early, 0);
	CHECK_EQ(tick.not_asserted, 0);
}

static void check_virtual_rate(void)
{
	timer_use(&cntv, board.ppi_virt);
	rate(1000, 100);
}

/*
 * The same without writing CTL. Stock Xen masks the virtual timer (IMASK, as the guest can see)
 * when it injects the interrupt, so only one comes there; Linux writes CTL each time and never
 * notices. The architecture has no such side effect.
 */
static void check_virtual_cval_only(void)
{
	timer_use(&cntv, board.ppi_virt);
	tick.cval_only = true;
	tick.period = timer_frequency() / 1000;
	tick.wanted = 20;
	tick.next = timer->count() + tick.period;
	timer->set_cval(tick.next);
	timer->set_ctl(TIMER_ENABLE);
	IRQ_ON();
	CHECK(WAIT_FOR(READ_ONCE(tick.ticks) >= tick.wanted || READ_ONCE(tick.masked)));
	IRQ_OFF();
	if (tick.masked)
		XEN_DIFFERS("the virtual timer is masked when it is injected");
	timer->set_ctl(0);
	CHECK_EQ(tick.early, 0);
}

static void check_physical_rate(void)
{
	timer_use(&cntp, board.ppi_phys);
	rate(1000, 50);
}

/* Deadlines that are all past when they are set: as many interrupts as deadlines. */
static void check_past(void)
{
	timer_use(&cntv, board.ppi_virt);
	tick.wanted = 20;
	tick.period = 1;
	tick.next = 1;
	timer->set_cval(1);
	timer->set_ctl(TIMER_ENABLE);
	IRQ_ON();
	CHECK(WAIT_FOR(READ_ONCE(tick.ticks) >= 20));
	IRQ_OFF();
	CHECK_EQ(tick.ticks, 20);

	timer_use(&cntp, board.ppi_phys);
	tick.wanted = 20;
	tick.period = 1;
	tick.next = 1;
	timer->set_cval(1);
	timer->set_ctl(TIMER_ENABLE);
	IRQ_ON();
	CHECK(WAIT_FOR(READ_ONCE(tick.ticks) >= 20));
	IRQ_OFF();
	CHECK_EQ(tick.ticks, 20);
}

static void spin(u64 ticks)
{
	u64 end = timer_now() + ticks;

	while (timer_now() < end)
		;
}

/* IMASK keeps the interrupt away, and it comes when the mask goes. */
static void masked(const struct timer_ops *ops, unsigned ppi)
{
	timer_use(ops, ppi);
	tick.wanted = 1;
	timer->set_cval(timer->count());
	timer->set_ctl(TIMER_ENABLE | TIMER_IMASK);
	IRQ_ON();
	spin(timer_frequency() / 200);
	guest_yield();
	CHECK_EQ(tick.ticks, 0);
	CHECK(timer->ctl() & TIMER_ISTATUS);
	timer->set_ctl(TIMER_ENABLE);
	CHECK(WAIT_FOR(READ_ONCE(tick.ticks)));
	IRQ_OFF();
	CHECK_EQ(tick.ticks, 1);
}

static void check_imask(void)
{
	masked(&cntv, board.ppi_virt);
	masked(&cntp, board.ppi_phys);
}

/* Disabled at the distributor: pending only, delivered on enable. */
static void check_gic_disabled(void)
{
	timer_use(&cntv, board.ppi_virt);
	gic_disable(board.ppi_virt);
	tick.wanted = 1;
	timer->set_cval(timer->count());
	timer->set_ctl(TIMER_ENABLE);
	IRQ_ON();
	spin(timer_frequency() / 200);
	CHECK_EQ(tick.ticks, 0);
	gic_enable(board.ppi_virt);
	CHECK(WAIT_FOR(READ_ONCE(tick.ticks)));
	IRQ_OFF();
	CHECK_EQ(tick.ticks, 1);
}

/* Three ways to take an expired timer's cause away. */
static void cause_off(unsigned way)
{
	if (way == 0)
		timer->set_ctl(0);
	else if (way == 1)
		timer->set_ctl(TIMER_ENABLE | TIMER_IMASK);
	else
		timer->set_cval(timer->count() + FAR_AWAY);
}

/* Its line is high; the interrupt is pending. Stock Xen's pending registers read as zero. */
static void expire(void)
{
	timer->set_cval(1);
	timer->set_ctl(TIMER_ENABLE);
	if (WAIT_FOR(gic_bit(GICD_ISPENDR, timer_ppi) || xen_is_stock()) &&
	    !gic_bit(GICD_ISPENDR, timer_ppi))
		XEN_DIFFERS("the interrupt is not pending in the distributor");
	spin(timer_frequency() / 1000);
}

static void none_comes(unsigned way, const char *what)
{
	IRQ_ON();
	spin(timer_frequency() / 2000);
	guest_yield();
	IRQ_OFF();
	if (tick.ticks)
		XEN_DIFFERS("%s, %s, way %u: an interrupt without a cause", timer->name, what, way);
	tick.ticks = 0;
}

/*
 * The timer's interrupt is a level: pending only as long as its line is high (IHI0069 4.1.2). It
 * must be forgotten when the guest takes the cause away before it takes the interrupt: disabled in
 * the GIC (way 0-2), or enabled and masked at the CPU. The GIC is asked then, as the hypervisor
 * does not see the writes to the virtual timer.
 */
static void line_falls(const struct timer_ops *ops, unsigned ppi)
{
	for (unsigned way = 0; way < 3; way++) {
		timer_use(ops, ppi);
		gic_disable(ppi);
		expire();
		cause_off(way);
		gic_enable(ppi);
		CHECK(!gic_bit(GICD_ISPENDR, ppi));
		none_comes(way, "disabled in the GIC");

		timer_use(ops, ppi);
		expire();
		cause_off(way);
		CHECK(!gic_bit(GICD_ISPENDR, ppi));
		none_comes(way, "masked at the CPU");

		/* and the next one comes */
		timer_use(ops, ppi);
		tick.wanted = 1;
		timer->set_cval(1);
		timer->set_ctl(TIMER_ENABLE);
		IRQ_ON();
		CHECK(WAIT_FOR(READ_ONCE(tick.ticks)));
		IRQ_OFF();
		CHECK_EQ(tick.ticks, 1);
	}
	/* What the guest makes pending itself is not forgotten (IHI0069 12.11.23 GICR_ISPENDR0). */
	timer_use(ops, ppi);
	gic_disable(ppi);
	gic_pend(ppi);
	gic_enable(ppi);
	IRQ_ON();
	CHECK(WAIT_FOR(READ_ONCE(tick.ticks)));
	IRQ_OFF();
	timer->set_ctl(0);
}

static void check_line_falls(void)
{
	line_falls(&cntv, board.ppi_virt);
	line_falls(&cntp, board.ppi_phys);
}

/*
 * ISTATUS tells of the condition, whatever becomes of the interrupt (Arm ARM D11.2.4): masked at
 * the timer, disabled in the GIC, masked at the CPU. It is seen at or after the deadline, and at
 * once.
 */
static void istatus(const struct timer_ops *ops, unsigned ppi, u64 ctl)
{
	u64 deadline, seen = 0, status = 0, limit;

	timer_use(ops, ppi);
	gic_disable(ppi);
	deadline = timer->count() + timer_frequency() / 500;
	limit = deadline + WAIT_SECONDS * timer_frequency();
	timer->set_cval(deadline);
	timer->set_ctl(ctl);
	while (seen < limit && !(status & TIMER_ISTATUS)) {
		status = timer->ctl();
		seen = timer->count();
	}
	CHECK(seen >= deadline);
	if ((status & 7) != (ctl | TIMER_ISTATUS)) /* see check_virtual_cval_only() */
		XEN_DIFFERS("%s: CTL reads as %lx at the deadline", timer->name, status & 7);
	timer->set_cval(timer->count() + FAR_AWAY); /* and it goes with the condition */
	CHECK_EQ(timer->ctl() & TIMER_ISTATUS, 0);
	timer->set_ctl(0);
	gic_unpend(ppi);
}

static void check_istatus(void)
{
	istatus(&cntv, board.ppi_virt, TIMER_ENABLE);
	istatus(&cntv, board.ppi_virt, TIMER_ENABLE | TIMER_IMASK);
	istatus(&cntp, board.ppi_phys, TIMER_ENABLE);
	istatus(&cntp, board.ppi_phys, TIMER_ENABLE | TIMER_IMASK);
}

static void job_expire(struct cpu *cpu, void *arg)
{
	(void)cpu;
	(void)arg;
	for (unsigned n = 0; n < 2; n++) {
		timer = n ? &cntp : &cntv;
		timer_ppi = n ? board.ppi_phys : board.ppi_virt;
		gic_disable(timer_ppi);
		expire();
	}
}

static void job_look(struct cpu *cpu, void *arg)
{
	u32 *bits = arg;

	(void)cpu;
	*bits = gic_bit(GICD_ISPENDR, board.ppi_virt) | gic_bit(GICD_ISPENDR, board.ppi_phys) << 1 |
		!!(cntv_ctl() & TIMER_ENABLE) << 2 | !!(cntp_ctl() & TIMER_ENABLE) << 3;
}

/*
 * A CPU that is switched off with expired timers starts with timers that are off, and without their
 * interrupts.
 */
static void check_cpu_off(void)
{
	u32 bits = ~0u;

	if (board.cpu_count < 2)
		return;
	CHECK_RC(smp_start_cpu(1), 0);
	smp_run(1, job_expire, NULL);
	CHECK(smp_wait(1));
	smp_stop_cpu(1);
	CHECK_RC(smp_start_cpu(1), 0);
	smp_run(1, job_look, &bits);
	CHECK(smp_wait(1));
	if (READ_ONCE(bits) == 0xc)
		XEN_DIFFERS("the timers of a CPU that was off are on");
	else
		CHECK_EQ(READ_ONCE(bits), 0);
	smp_stop_cpu(1);
}

/* WFI sleeps until the timer, also with interrupts masked at the CPU. */
static void check_wfi(void)
{
	timer_use(&cntv, board.ppi_virt);
	for (unsigned n = 0; n < 20; n++) {
		u64 deadline = timer->count() + timer_frequency() / 500;

		tick.next = deadline;
		tick.wanted = n + 1;
		timer->set_cval(deadline);
		timer->set_ctl(TIMER_ENABLE);
		while (timer->count() < deadline)
			WFI();
		/* in a while: QEMU sets ISTATUS when its own timer runs, a moment after the counter
		 */
		CHECK(WAIT_FOR(timer->ctl() & TIMER_ISTATUS));
		IRQ_ON();
		CHECK(WAIT_FOR(READ_ONCE(tick.ticks) == n + 1));
		IRQ_OFF();
	}
	CHECK_EQ(tick.early, 0);
}

/* The far future: nothing now, whether the vCPU runs or sleeps meanwhile. */
static void never(const struct timer_ops *ops, unsigned ppi, u64 cval)
{
	timer_use(ops, ppi);
	timer->set_cval(cval);
	timer->set_ctl(TIMER_ENABLE);
	IRQ_ON();
	spin(timer_frequency() / 500);
	for (unsigned n = 0; n < 20; n++)
		guest_yield();
	IRQ_OFF();
}

static void check_never(void)
{
	never(&cntv, board.ppi_virt, timer_now() + FAR_AWAY);
	CHECK_EQ(tick.ticks, 0);
	CHECK_EQ(timer->ctl() & 7, TIMER_ENABLE);
	timer->set_ctl(0);
	never(&cntp, board.ppi_phys, cntp_count() + FAR_AWAY);
	CHECK_EQ(tick.ticks, 0);
	CHECK_EQ(timer->ctl() & 7, TIMER_ENABLE);
	timer->set_ctl(0);
}

/* Toggling the mask a thousand times loses nothing and adds nothing. */
static void check_toggle(void)
{
	timer_use(&cntv, board.ppi_virt);
	tick.wanted = 1;
	timer->set_cval(1);
	for (unsigned n = 0; n < 1000; n++) {
		timer->set_ctl(TIMER_ENABLE);
		timer->set_ctl(TIMER_ENABLE | TIMER_IMASK);
	}
	timer->set_ctl(TIMER_ENABLE);
	IRQ_ON();
	CHECK(WAIT_FOR(READ_ONCE(tick.ticks)));
	guest_yield();
	IRQ_OFF();
	CHECK_EQ(tick.ticks, 1);
}

/*
 * The last deadlines there are: CVAL is unsigned (Arm ARM D11.2.4). See FAR_AWAY for stock Xen,
 * where the virtual timer does the same if the vCPU happens to leave its CPU.
 */
static void check_overflow(void)
{
	static const u64 cvals[] = {TIMER_NEVER, ~0UL, 1UL << 63, ~0UL - 1000};

	never(&cntv, board.ppi_virt, TIMER_NEVER); /* not the greater ones: see TIMER_NEVER */
	if (tick.ticks || timer->ctl() & TIMER_ISTATUS)
		XEN_DIFFERS("the virtual timer fires at once for CVAL 0x%lx", TIMER_NEVER);
	timer->set_ctl(0);
	for (unsigned n = 0; n < ARRAY_SIZE(cvals); n++) {
		never(&cntp, board.ppi_phys, cvals[n]);
		if (tick.ticks || timer->ctl() & TIMER_ISTATUS)
			XEN_DIFFERS("the physical timer fires at once for CVAL 0x%lx", cvals[n]);
		timer->set_ctl(0);
	}
}

static const struct check checks[] = {
	{"counter", check_counter},
	{"registers", check_registers},
	{"virtual-rate", check_virtual_rate},
	{"virtual-cval-only", check_virtual_cval_only},
	{"physical-rate", check_physical_rate},
	{"past-deadline", check_past},
	{"imask", check_imask},
	{"gic-disabled", check_gic_disabled},
	{"line-falls", check_line_falls},
	{"istatus", check_istatus},
	{"cpu-off", check_cpu_off},
	{"wfi", check_wfi},
	{"never", check_never},
	{"toggle", check_toggle},
	{"overflow", check_overflow},
};

void guest_main(void)
{
	gic_init();
	irq_hook = timer_hook;
	check_run(checks, ARRAY_SIZE(checks));
}
