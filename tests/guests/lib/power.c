/* SPDX-License-Identifier: ISC */
/* Where C begins, giving way, and the end of a guest. */

#include "abi.h"
#include "gic.h"
#include "psci.h"

struct entry_state entry_state; /* filled by start.S */

void guest_start(const void *dtb)
{
	board_init(dtb);
	mmu_init();
	smp_init();
	console_init();
	guest_main();
	check_verdict();
}

/* A hypercall rather than WFE: it works with interrupts masked and whatever the others do. */
void guest_yield(void)
{
	if (xen_present())
		xen_sched_op(SCHEDOP_yield, NULL);
}

void guest_power_off(void)
{
	IRQ_OFF();
	if (xen_present())
		xen_shutdown(SHUTDOWN_poweroff);
	psci_call(PSCI_SYSTEM_OFF, 0, 0, 0);
	for (;;)
		WFI();
}
