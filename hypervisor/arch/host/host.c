/* SPDX-License-Identifier: ISC */
/* The test host's CPUs and clock. */
#include <host/host.h>
#include <hyp/arch.h>
#include <hyp/cpu.h>
#include <string.h>

__thread struct cpu *host_cpu;
uint64_t host_ticks;
unsigned host_yield_every;
__thread jmp_buf *host_cpu_asleep;

static struct cpu cpu_store[MAX_CPUS];
static uint64_t deadline[MAX_CPUS];

void host_cpus_init(unsigned nr)
{
	memset(cpu_store, 0, sizeof(cpu_store));
	for (unsigned i = 0; i < nr; i++) {
		cpus[i] = &cpu_store[i];
		cpus[i]->id = i;
		cpus[i]->hwid = i;
		cpus[i]->timers.programmed = TIMER_OFF;
		spin_lock_init(&cpus[i]->timers.lock, RANK_TIMER);
		deadline[i] = TIMER_OFF;
	}
	nr_cpus = nr;
	host_cpu = cpus[0];
}

void host_set_cpu(unsigned id)
{
	host_cpu = cpus[id];
}

uint64_t time_ticks(void)
{
	return atomic_load(&host_ticks);
}

uint32_t arch_timer_frequency(void)
{
	return HOST_HZ;
}

void arch_timer_program(uint64_t deadline_ticks)
{
	deadline[host_cpu->id] = deadline_ticks;
}

uint64_t host_timer_deadline(unsigned cpu)
{
	return deadline[cpu];
}

/*
 * Sleeping takes until the timer, which is the only thing that can happen here; or, in a test that
 * runs several CPUs in turn, until the test gives this one its next turn.
 */
void arch_wait_for_interrupt(void)
{
	if (host_cpu_asleep)
		longjmp(*host_cpu_asleep, 1);
	if (deadline[host_cpu->id] == TIMER_OFF)
		host_fail("CPU %u sleeps for ever", host_cpu->id);
	host_ticks = MAX(host_ticks, deadline[host_cpu->id]);
}

bool host_yield_now(void)
{
	static __thread unsigned asked;

	return host_yield_every && ++asked % host_yield_every == 0;
}

bool arch_interrupt_pending(void)
{
	return time_ticks() >= deadline[host_cpu->id] || host_yield_now();
}
