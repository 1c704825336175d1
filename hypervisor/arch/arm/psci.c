/* SPDX-License-Identifier: ISC */
/* The firmware's power services. */
#include <arm/psci.h>
#include <asm/smccc.h>

static bool use_hvc;

void psci_init(bool hvc)
{
	use_hvc = hvc;
}

int psci_cpu_on(uint64_t hwid, paddr_t entry, uint64_t context)
{
	return (int)smccc_firmware(use_hvc, PSCI_CPU_ON_64, hwid, entry, context);
}

void psci_system_off(void)
{
	smccc_firmware(use_hvc, PSCI_SYSTEM_OFF, 0, 0, 0);
}

void psci_system_reset(void)
{
	smccc_firmware(use_hvc, PSCI_SYSTEM_RESET, 0, 0, 0);
}
