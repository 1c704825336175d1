/* SPDX-License-Identifier: ISC */
/* The firmware's power services. */
#include <arm/psci.h>
#include <asm/smccc.h>

static bool present, use_hvc;

void psci_init(bool is_present, bool hvc)
{
	present = is_present;
	use_hvc = hvc;
}

int psci_cpu_on(uint64_t hwid, paddr_t entry, uint64_t context)
{
	return (int)smccc_firmware(use_hvc, PSCI_CPU_ON_32 | SMCCC_WIDE, hwid, entry, context);
}

void psci_system_off(void)
{
	if (present)
		smccc_firmware(use_hvc, PSCI_SYSTEM_OFF, 0, 0, 0);
}

void psci_system_reset(void)
{
	if (present)
		smccc_firmware(use_hvc, PSCI_SYSTEM_RESET, 0, 0, 0);
}
