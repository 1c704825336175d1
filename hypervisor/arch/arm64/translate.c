/* SPDX-License-Identifier: ISC */
/* Guest virtual addresses, by the hardware's translation. */
#include <asm/guest_ram.h>
#include <hyp/arch.h>
#include <hyp/domain.h>
#include <lib/errno.h>
#include <public/xen.h>

/* 0b01xx but 0b0100, and 0b11xx: Normal, write-back. */
static bool is_write_back(uint64_t nibble)
{
	return nibble & 4 && nibble != 4;
}

/*
 * ATTR is what both stages make of the page, so it does not tell RAM from a device of stage 2
 * where stage 1 is off, or says Device itself. Stage 2's own record does, for the address that
 * stage 1 gives.
 */
int arch_guest_ram(struct vcpu *v, gvaddr_t va, bool write, paddr_t *pa)
{
	uint64_t both, ipa;

	if (arch_guest_ram_fast(v, va, write, pa))
		return GUEST_RAM_CACHED;
	both = GUEST_TRANSLATE("s12e1", va, write);
	ipa = GUEST_TRANSLATE("s1e1", va, write);
	if ((both | ipa) & PAR_F ||
	    guest_ram_locked(v->domain, PAR_PA(ipa) | (va & (PAGE_SIZE - 1)), write, pa))
		return -EFAULT;
	if (is_write_back(PAR_ATTR(both) >> 4) && is_write_back(PAR_ATTR(both) & 0xf) &&
	    read_sysreg(sctlr_el1) & SCTLR_C)
		return GUEST_RAM_CACHED;
	return GUEST_RAM_UNCACHED;
}
