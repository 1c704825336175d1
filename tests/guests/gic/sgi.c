/* SPDX-License-Identifier: ISC */
/* Software generated interrupts: to itself, to another vCPU, to all others; all sixteen of them. */

#include "abi.h"
#include "gic.h"

const char guest_name[] = "sgi";

static unsigned running;

static void all_sgis_on(void)
{
	for (unsigned sgi = 0; sgi < 16; sgi++)
		gic_enable(sgi);
}

/* The secondary's job: takes interrupts until told to stop, by one more of them. */
static u32 stop;

static void job_listen(struct cpu *cpu, void *arg)
{
	(void)cpu;
	(void)arg;
	all_sgis_on();
	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
		WFI(); /* with interrupts masked: none can slip in between the look and the sleep */
		IRQ_ON();
		ISB();
		IRQ_OFF();
	}
}

static void listeners_start(void)
{
	stop = 0;
	irq_counts_clear();
	for (unsigned n = 1; n < running; n++)
		smp_run(n, job_listen, NULL);
}

/* What the counts must be is checked before: the interrupt that ends the job is one more. */
static void listeners_stop(void)
{
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	for (unsigned n = 1; n < running; n++) {
		gic_sgi_send(15, BIT(n));
		CHECK(smp_wait(n));
	}
}

static u32 count_at(unsigned cpu, unsigned sgi)
{
	return READ_ONCE(cpus[cpu].irq_count[sgi]);
}

/* Every CPU has seen exactly so many of this SGI. */
static void expect_counts(unsigned sgi, const u32 *want)
{
	for (unsigned n = 0; n < running; n++)
		if (count_at(n, sgi) != want[n])
			CHECK_FAIL("cpu %u took SGI %u %u times, expected %u", n, sgi,
				   count_at(n, sgi), want[n]);
}

static void check_self(void)
{
	irq_counts_clear();
	all_sgis_on();
	IRQ_ON();
	for (unsigned sgi = 0; sgi < 16 && !check_failed(); sgi++) {
		gic_sgi_send(sgi, BIT(0));
		CHECK(WAIT_FOR(count_at(0, sgi) == 1));
		gic_sgi_send_self(sgi);
		CHECK(WAIT_FOR(count_at(0, sgi) == 2));
	}
	IRQ_OFF();
	for (unsigned sgi = 0; sgi < 16; sgi++)
		expect_counts(sgi, (u32[8]){2});
}

/* While the CPU masks interrupts, equal SGIs from one sender are one. */
static void check_coalesce(void)
{
	irq_counts_clear();
	for (unsigned n = 0; n < 10; n++)
		gic_sgi_send(5, BIT(0));
	gic_sgi_send(6, BIT(0));
	IRQ_ON();
	CHECK(WAIT_FOR(count_at(0, 5) && count_at(0, 6)));
	guest_yield();
	IRQ_OFF();
	CHECK_EQ(count_at(0, 5), 1);
	CHECK_EQ(count_at(0, 6), 1);
}

/* All sixteen at once, more than there are list registers: each once. */
static void check_all_at_once(void)
{
	irq_counts_clear();
	for (unsigned sgi = 0; sgi < 16; sgi++)
		gic_sgi_send_self(sgi);
	IRQ_ON();
	CHECK(WAIT_FOR(READ_ONCE(cpus[0].log_length) >= 16));
	guest_yield();
	IRQ_OFF();
	for (unsigned sgi = 0; sgi < 16; sgi++)
		expect_counts(sgi, (u32[8]){1});
}

static void check_other(void)
{
	listeners_start();
	for (unsigned to = 1; to < running && to < 8; to++)
		for (unsigned sgi = 0; sgi < 16 && !check_failed(); sgi++) {
			u32 want[8] = {0};

			want[to] = 1;
			for (unsigned n = 1; n < to; n++)
				want[n] = 1;
			gic_sgi_send(sgi, BIT(to));
			CHECK(WAIT_FOR(count_at(to, sgi) == 1));
			expect_counts(sgi, want);
		}
	listeners_stop();
}

static void check_broadcast(void)
{
	listeners_start();
	IRQ_ON();
	for (unsigned sgi = 0; sgi < 16 && !check_failed(); sgi++) {
		u32 want[8] = {0, 1, 1, 1, 1, 1, 1, 1};

		gic_sgi_send_others(sgi);
		for (unsigned n = 1; n < running; n++)
			CHECK(WAIT_FOR(count_at(n, sgi) == 1));
		expect_counts(sgi, want);
	}
	IRQ_OFF();
	listeners_stop();
}

/* A target set that has several CPUs, the sender among them. */
static void check_set(void)
{
	const u64 all = BIT(running) - 1;

	listeners_start();
	all_sgis_on();
	IRQ_ON();
	gic_sgi_send(3, all);
	for (unsigned n = 0; n < running; n++)
		CHECK(WAIT_FOR(count_at(n, 3) == 1));
	IRQ_OFF();
	expect_counts(3, (u32[8]){1, 1, 1, 1, 1, 1, 1, 1});
	listeners_stop();
}

static void gicd_sgir(u32 value)
{
	gic_write(board.gic[0].base + GICD_SGIR, value);
}

static void expect_none(void)
{
	for (unsigned n = 0; n < 100; n++)
		guest_yield();
	for (unsigned sgi = 0; sgi < 16; sgi++)
		expect_counts(sgi, (u32[8]){0});
}

/* Nobody there, a filter that does not exist: nothing happens, to anybody. */
static void check_nobody(void)
{
	listeners_start();
	IRQ_ON();
	for (u64 sgi = 0; sgi < 16; sgi++) {
		if (board.gic_version == 2) {
			/* reserved filter: ignored, or an abort as on Xen */
			probe_write32(board.gic[0].base + GICD_SGIR, 3U << 24 | 0xff0000 | sgi);
			gicd_sgir((u32)sgi); /* no target */
			if (running < 8)
				gicd_sgir(0x800000 | (u32)sgi);
		} else {
			SYSREG_WRITE(s3_0_c12_c11_5, sgi << 24); /* no target */
			SYSREG_WRITE(s3_0_c12_c11_5, sgi << 24 | 0x8000);
			SYSREG_WRITE(s3_0_c12_c11_5, sgi << 24 | 0xffUL << 16 | 1); /* Aff1 */
		}
	}
	expect_none();
	IRQ_OFF();
	listeners_stop();
}

/* Affinities above Aff1 and the range selector name CPUs that are not there. Xen ignores the
 * fields. */
static void check_nobody_far(void)
{
	static const u64 fields[] = {0xffUL << 32, 0xffUL << 48, 0xfUL << 44}; /* Aff2, Aff3, RS */

	if (board.gic_version == 2)
		return;
	for (unsigned n = 0; n < ARRAY_SIZE(fields); n++) {
		irq_counts_clear();
		IRQ_ON();
		SYSREG_WRITE(s3_0_c12_c11_5, 7UL << 24 | fields[n] | 1);
		ISB();
		for (unsigned k = 0; k < 100; k++)
			guest_yield();
		IRQ_OFF();
		if (count_at(0, 7))
			XEN_DIFFERS("ICC_SGI1R 0x%lx reached cpu 0", 7UL << 24 | fields[n] | 1);
	}
}

/* GICv2 says who sent it; GICv3 does not. */
static u32 seen_iar;

static void hook_iar(struct cpu *cpu, unsigned intid)
{
	(void)intid;
	if (cpu->index == 0)
		WRITE_ONCE(seen_iar, cpu->last_iar);
}

static void job_send(struct cpu *cpu, void *arg)
{
	(void)cpu;
	gic_sgi_send((unsigned)(u64)arg, BIT(0));
}

static void check_sender(void)
{
	irq_counts_clear();
	irq_hook = hook_iar;
	all_sgis_on();
	IRQ_ON();
	for (unsigned from = 1; from < running; from++) {
		smp_run(from, job_send, (void *)9);
		CHECK(WAIT_FOR(count_at(0, 9) == from));
		CHECK(smp_wait(from));
		/* GICv2 spec 4.4.4: GICC_IAR.CPUID. Xen leaves it 0. */
		if (READ_ONCE(seen_iar) != (9 | (board.gic_version == 2 ? from << 10 : 0)))
			XEN_DIFFERS("IAR of an SGI of cpu %u is 0x%x, expected 0x%x", from,
				    READ_ONCE(seen_iar), 9 | from << 10);
	}
	IRQ_OFF();
	irq_hook = NULL;
}

/* Back and forth, each side waiting for the other: nothing is lost. */
#define ROUNDS 100

static void hook_reply(struct cpu *cpu, unsigned intid)
{
	if (cpu->index == 1 && intid == 1)
		gic_sgi_send(2, BIT(0));
}

static void check_ping_pong(void)
{
	if (running < 2)
		return;
	listeners_start();
	irq_hook = hook_reply;
	all_sgis_on();
	IRQ_ON();
	for (u32 n = 1; n <= ROUNDS; n++) {
		gic_sgi_send(1, BIT(1));
		if (!CHECK(WAIT_FOR(count_at(0, 2) == n)))
			break;
	}
	IRQ_OFF();
	CHECK_EQ(count_at(1, 1), ROUNDS);
	listeners_stop();
	irq_hook = NULL;
}

/* A vCPU that sleeps in WFI is woken. */
static void job_sleep(struct cpu *cpu, void *arg)
{
	(void)arg;
	all_sgis_on();
	while (!READ_ONCE(cpu->irq_count[12])) {
		WFI();
		IRQ_ON();
		ISB();
		IRQ_OFF();
	}
}

static void check_wake(void)
{
	irq_counts_clear();
	for (unsigned n = 1; n < running; n++) {
		smp_run(n, job_sleep, NULL);
		for (unsigned k = 0; k < 20; k++)
			guest_yield(); /* most likely it is asleep by now; right either way */
		gic_sgi_send(12, BIT(n));
		CHECK(smp_wait(n));
	}
}

static const struct check checks[] = {
	{"self", check_self},
	{"coalesce", check_coalesce},
	{"all-at-once", check_all_at_once},
	{"other", check_other},
	{"broadcast", check_broadcast},
	{"set", check_set},
	{"nobody", check_nobody},
	{"nobody-far", check_nobody_far},
	{"sender", check_sender},
	{"ping-pong", check_ping_pong},
	{"wake", check_wake},
};

void guest_main(void)
{
	gic_init();
	running = smp_start_all();
	CHECK_EQ(running, board.cpu_count);
	check_run(checks, ARRAY_SIZE(checks));
}
