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

/*
 * SGI 0 is the message that a job is posted, and nothing but that makes the CPU look: so it is
 * gone from the GIC, and not in any count, before the job begins.
 */
static void wait_for_post(struct cpu *cpu)
{
	for (;;) {
		u32 iar = gic_ack();
		unsigned intid = iar & GIC_INTID_MASK;

		if (intid < 1020)
			gic_end(iar);
		if (intid == 0)
			break;
		if (intid >= 1020)
			WFI();
	}
	(void)state_of(cpu->index); /* acquire: the job was written before the SGI was sent */
}

void smp_secondary(struct cpu *cpu)
{
	gic_init_cpu();
	gic_enable(0);
	set_state(cpu, SMP_IDLE);
	for (;;) {
		wait_for_post(cpu);
		set_state(cpu, SMP_BUSY);
		cpu->job(cpu, cpu->job_arg);
		IRQ_OFF();
		set_state(cpu, SMP_IDLE);
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
	set_state(&cpus[index], SMP_POSTED);
	gic_sgi_send(0, BIT(index));
	CHECK(WAIT_FOR(state_of(index) != SMP_POSTED));
}

bool smp_wait(unsigned index)
{
	return WAIT_FOR(state_of(index) == SMP_IDLE);
}

static void job_off(struct cpu *cpu, void *arg)
{
	(void)arg;
	set_state(cpu, SMP_OFF);
	psci_call(PSCI_CPU_OFF, 0, 0, 0);
	CHECK_FAIL("CPU_OFF returned on cpu %u", cpu->index);
}

/*
 * Stock Xen says OFF a moment before the vCPU has left its CPU_OFF call, and a CPU_ON in that
 * moment is lost: the new context's x0 becomes CPU_OFF's result. PSCI allows no such window, so
 * only stock Xen is given time.
 */
void smp_wait_off(unsigned index)
{
	CHECK(WAIT_FOR(psci_call(PSCI_AFFINITY_INFO, cpus[index].mpidr, 0, 0) == 1));
	for (unsigned n = 0; n < 300 && xen_is_stock(); n++)
		guest_yield();
}

void smp_stop_cpu(unsigned index)
{
	smp_run(index, job_off, NULL);
	smp_wait_off(index);
}
