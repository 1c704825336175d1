/* SPDX-License-Identifier: ISC */
/* Spins for ever and counts; with every=SECONDS it prints the count, with cpus=N on so many vCPUs.
 */

#include "abi.h"
#include "gic.h"

const char guest_name[] = "hog";

static u64 counts[MAX_CPUS][8]; /* a cache line each */

static void job_spin(struct cpu *cpu, void *arg)
{
	(void)arg;
	for (;;)
		WRITE_ONCE(counts[cpu->index][0], counts[cpu->index][0] + 1);
}

void guest_main(void)
{
	const u64 every = board_arg_u64("every", 0) * timer_frequency();
	const u64 wanted = board_arg_u64("cpus", 1);
	u64 next = timer_now() + every;

	gic_init();
	for (unsigned n = 1; n < board.cpu_count && n < wanted; n++)
		if (!smp_start_cpu(n))
			smp_run(n, job_spin, NULL);
	guest_printf("VERDICT hog PASS 0/0\nhog: %lu vCPUs spin\n", wanted);
	for (;;) {
		for (unsigned n = 0; n < 1000000; n++)
			WRITE_ONCE(counts[0][0], counts[0][0] + 1);
		if (!every || timer_now() < next)
			continue;
		next += every;
		for (unsigned n = 0; n < wanted && n < board.cpu_count; n++)
			guest_printf("hog: cpu %u count %lu\n", n, READ_ONCE(counts[n][0]));
	}
}
