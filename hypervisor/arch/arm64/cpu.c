/* SPDX-License-Identifier: ISC */
/* What the CPU's own registers say of it. */
#include <arm/width.h>
#include <asm/mmu.h>
#include <asm/sysreg.h>
#include <hyp/arch.h>

/* MPIDR_EL1: Aff3 in bits 39-32, Aff2 to Aff0 in bits 23-0. */
#define MPIDR_AFFINITY 0xff00ffffffUL

extern char secondary_entry[]; /* head.S */

uint64_t arch_cpu_hwid(void)
{
	return read_sysreg(mpidr_el1) & MPIDR_AFFINITY;
}

unsigned cpu_ipa_bits(void)
{
	static const uint8_t bits[] = {32, 36, 40, 42, 44, 48}; /* by PARange; above: 48 will do */
	uint64_t range = ID_FIELD(read_sysreg(id_aa64mmfr0_el1), MMFR0_PARANGE);

	return bits[MIN(range, ARRAY_SIZE(bits) - 1)];
}

unsigned cpu_nr_vmids(void)
{
	return ID_FIELD(read_sysreg(id_aa64mmfr1_el1), MMFR1_VMIDBITS) == VMIDBITS_16 ? 65536 : 256;
}

paddr_t secondary_entry_pa(void)
{
	return virt_to_phys(secondary_entry);
}
