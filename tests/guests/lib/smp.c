/* SPDX-License-Identifier: ISC */
/* Secondary vCPUs: started by PSCI, they take jobs from the boot vCPU and idle between them. */

#include "abi.h"
#include "gic.h"
#include "psci.h"

struct cpu cpus[MAX_CPUS];
char stacks[MAX_CPUS][STACK_SIZE] __attribute__((aligned(16)));

void secondary_entry(void);

void smp_init(void)
{
	for (unsigned n = 0; n < MAX_CPUS; n++) {
		cpus[n].index = n;
		cpus[n].stack_top = stacks[n] + STACK_SIZE;
		cpus[n].mpidr = board.cpu_mpidr[n];
	}
	cpus[0].state = SMP_BUSY;
	cpus[0].mpidr = SYSREG_READ(mpidr_el1) & 0xff00ffffffUL;
}

static unsigned state_of(unsigned index)
{
	return __atomic_load_n(&cpus[index].state, __ATOMIC_ACQUIRE);
}

static void set_state(struct cpu *cpu, unsigned state)
{
	/* partner: state_of() of the CPU that waits or serves */
	__atomic_store_n(&cpu->state, state, __ATOMIC_RELEASE);
}

void smp_secondary(struct cpu *cpu)
{
	if (board.gic_version)
		gic_init_cpu();
	set_state(cpu, SMP_IDLE);
	for (;;) {
		if (state_of(cpu->index) == SMP_BUSY) {
			cpu->job(cpu, cpu->job_arg);
			set_state(cpu, SMP_IDLE);
		}
		guest_yield();
	}
}

long smp_start_cpu(unsigned index)
{
	long rc;

	/* read by the new CPU with its caches off */
	cache_clean_invalidate(&cpus[index], sizeof(cpus[index]));
	cache_clean_invalidate(&mmu_final_table, sizeof(mmu_final_table));
	rc = psci_call(PSCI_CPU_ON, cpus[index].mpidr, (u64)secondary_entry, (u64)&cpus[index]);
	if (rc)
		return rc;
	return WAIT_FOR(state_of(index) == SMP_IDLE) ? 0 : PSCI_INTERNAL_FAILURE;
}

unsigned smp_start_all(void)
{
	unsigned running = 1;

	for (unsigned n = 1; n < board.cpu_count; n++) {
		if (state_of(n) == SMP_OFF)
			CHECK_RC(smp_start_cpu(n), PSCI_SUCCESS);
		running += state_of(n) != SMP_OFF;
	}
	return running;
}

void smp_run(unsigned index, void (*job)(struct cpu *, void *), void *arg)
{
	cpus[index].job = job;
	cpus[index].job_arg = arg;
	set_state(&cpus[index], SMP_BUSY);
}

bool smp_wait(unsigned index)
{
	return WAIT_FOR(state_of(index) == SMP_IDLE);
}

static void job_off(struct cpu *cpu, void *arg)
{
	(void)arg;
	IRQ_OFF();
	set_state(cpu, SMP_OFF);
	psci_call(PSCI_CPU_OFF, 0, 0, 0);
	CHECK_FAIL("CPU_OFF returned on cpu %u", cpu->index);
}

void smp_stop_cpu(unsigned index)
{
	smp_run(index, job_off, NULL);
	CHECK(WAIT_FOR(psci_call(PSCI_AFFINITY_INFO, cpus[index].mpidr, 0, 0) == 1));
}
