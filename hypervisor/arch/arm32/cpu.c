/* SPDX-License-Identifier: ISC */
/* What the CPU's own registers say of it, and what guests can have. */
#include <arm/width.h>
#include <asm/cp15.h>
#include <asm/mmu.h>
#include <hyp/arch.h>
#include <hyp/domain.h>

#define MPIDR_AFFINITY 0xffffffU

extern char secondary_entry[]; /* head.S */

uint64_t arch_cpu_hwid(void)
{
	return read_cp(MPIDR) & MPIDR_AFFINITY;
}

/* LPAE (DDI 0406C B3.6). */
unsigned cpu_ipa_bits(void)
{
	return 40;
}

unsigned cpu_nr_vmids(void)
{
	return 256;
}

paddr_t secondary_entry_pa(void)
{
	return virt_to_phys(secondary_entry);
}

/* Guests see the CPU's own ID registers: with TID3, Linux would trap at each switch of FP state. */
void idregs_init(unsigned gic_version __unused)
{
}

bool arch_has_width(unsigned bits)
{
	return bits == 32;
}

unsigned arch_domain_width(const struct domain *d __unused)
{
	return 32;
}

void arch_domain_set_width(struct domain *d, unsigned bits __unused)
{
	struct vcpu *v;

	for_each_vcpu (d, v)
		arch_vcpu_reset(v, 0, 0);
}

const char *arch_capabilities(void)
{
	return "xen-3.0-armv7l ";
}
