/* SPDX-License-Identifier: ISC */
/*
 * How long an SGI takes to a vCPU on another CPU and back through memory, as the median of ROUNDS
 * (a figure for benchmarks, not a check): to one that spins, to one that sleeps in WFI. rounds=N
 * changes their number.
 */

#include "gic.h"

const char guest_name[] = "sgitime";

#define SGI       5
#define MAX_TIMES 4096

static u32 taken, stop;
static u64 times[MAX_TIMES];

static void count_sgi(struct cpu *cpu, unsigned intid)
{
	(void)cpu;
	if (intid == SGI)
		WRITE_ONCE(taken, taken + 1);
}

static void job_spin(struct cpu *cpu, void *arg)
{
	(void)cpu;
	(void)arg;
	gic_enable(SGI);
	IRQ_ON();
	while (!READ_ONCE(stop))
		;
	IRQ_OFF();
}

static void job_sleep(struct cpu *cpu, void *arg)
{
	(void)cpu;
	(void)arg;
	gic_enable(SGI);
	while (!READ_ONCE(stop)) {
		WFI();
		IRQ_ON();
		ISB();
		IRQ_OFF();
	}
}

/*
 * Answers before it acknowledges, so that the next one is sent while this one is still pending or
 * active.
 */
static void job_early(struct cpu *cpu, void *arg)
{
	(void)cpu;
	(void)arg;
	gic_enable(SGI);
	while (!READ_ONCE(stop)) {
		u32 iar;

		if (!SYSREG_READ(isr_el1))
			continue;
		WRITE_ONCE(taken, taken + 1);
		iar = gic_ack();
		if ((iar & GIC_INTID_MASK) < 1020)
			gic_end(iar);
	}
}

static void sort(u64 *a, unsigned n)
{
	for (unsigned gap = n / 2; gap; gap /= 2)
		for (unsigned i = gap; i < n; i++)
			for (unsigned j = i; j >= gap && a[j - gap] > a[j]; j -= gap) {
				u64 t = a[j];

				a[j] = a[j - gap];
				a[j - gap] = t;
			}
}

static bool one_round(void)
{
	u32 before = READ_ONCE(taken);
	u64 limit = timer_now() + WAIT_SECONDS * timer_frequency();

	gic_sgi_send(SGI, BIT(1));
	while (READ_ONCE(taken) == before)
		if (timer_now() > limit)
			return CHECK_FAIL("an SGI did not arrive");
	return true;
}

static u64 in_ns(u64 ticks)
{
	return ticks * 1000 / (timer_frequency() / 1000000);
}

static void measure(const char *what, void (*job)(struct cpu *, void *), unsigned rounds)
{
	u64 start = timer_now(), total;

	stop = 0;
	smp_run(1, job, NULL);
	for (unsigned n = 0; n < 20; n++)
		if (!one_round())
			return;
	start = timer_now();
	for (unsigned n = 0; n < rounds; n++) {
		u64 began = timer_now();

		if (!one_round())
			return;
		times[n] = timer_now() - began;
	}
	total = timer_now() - start;
	WRITE_ONCE(stop, 1);
	gic_sgi_send(SGI, BIT(1)); /* one that sleeps has to look */
	CHECK(smp_wait(1));
	sort(times, rounds);
	check_note("%s: %u rounds, median %lu ns, mean %lu, p10 %lu, p90 %lu", what, rounds,
		   in_ns(times[rounds / 2]), in_ns(total) / rounds, in_ns(times[rounds / 10]),
		   in_ns(times[rounds * 9 / 10]));
}

static void check_time(void)
{
	u64 rounds = board_arg_u64("rounds", 1000);

	if (board.cpu_count < 2)
		return;
	if (rounds > MAX_TIMES)
		rounds = MAX_TIMES;
	irq_hook = count_sgi;
	CHECK_RC(smp_start_cpu(1), 0);
	measure("spinning", job_spin, (unsigned)rounds);
	measure("answering before the acknowledge", job_early, (unsigned)rounds);
	measure("sleeping", job_sleep, (unsigned)rounds);
}

void guest_main(void)
{
	static const struct check check = {"sgi-time", check_time};

	gic_init();
	check_run(&check, 1);
}
