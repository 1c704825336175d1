/* SPDX-License-Identifier: ISC */
/* The physical CPUs, and how one CPU requests work of another. */
#include <hyp/cpu.h>
#include <hyp/irq.h>

struct cpu *cpus[MAX_CPUS];
unsigned nr_cpus;

void cpu_kick(struct cpu *c, uint32_t todo)
{
	uint32_t old = atomic_or_full(&c->todo, todo);

	/* If all bits were set already, the CPU that set them sent the interrupt. */
	if (c != this_cpu() && (old & todo) != todo)
		irqchip->send_ipi(c, IPI_KICK);
}
