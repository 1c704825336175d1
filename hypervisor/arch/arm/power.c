/* SPDX-License-Identifier: ISC */
/* Power off and reset of the machine. */
#include <arm/psci.h>
#include <hyp/arch.h>
#include <hyp/cpu.h>
#include <hyp/irq.h>
#include <lib/log.h>

void arch_halt_other_cpus(void)
{
	struct cpu *c;

	for_each_cpu (c)
		if (c != this_cpu())
			irqchip->send_ipi(c, IPI_HALT);
}

void arch_machine_stop(bool reset)
{
	arch_halt_other_cpus();
	if (reset)
		psci_system_reset();
	else
		psci_system_off();
	log_info("halted: switch the machine off");
	arch_cpu_halt();
}
