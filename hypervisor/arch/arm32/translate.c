/* SPDX-License-Identifier: ISC */
/* Guest virtual addresses, by the hardware's translation. */
#include <asm/guest_ram.h>
#include <hyp/arch.h>
#include <hyp/domain.h>
#include <lib/errno.h>

/* 0b01xx but 0b0100, and 0b11xx: Normal, write-back. */
static bool is_write_back(uint64_t nibble)
{
	return nibble & 4 && nibble != 4;
}

/* What PAR says of the memory type, in its 64-bit or its 32-bit format (B4.1.112). */
static bool is_cached(uint64_t par)
{
	if (par & PAR_LPAE)
		return is_write_back(PAR_ATTR(par) >> 4) && is_write_back(PAR_ATTR(par) & 0xf);
	return PAR32_INNER(par) >= PAR32_INNER_WBWA && PAR32_OUTER(par) & 1;
}

static paddr_t address_of(uint64_t par)
{
	return par & PAR_LPAE ? PAR_PA(par) : par & ~(uint64_t)(PAGE_SIZE - 1) & 0xffffffff;
}

/*
 * A translation of both stages is reported in the long format, whatever the guest's tables are, and
 * one of stage 1 in theirs. What stage 2 maps as a device need not show where stage 1 is off;
 * stage 2's own record does, for the address that stage 1 gives.
 */
int arch_guest_ram(struct vcpu *v, gvaddr_t va, bool write, paddr_t *pa)
{
	uint64_t both, ipa;

	if (va >> 32)
		return -EFAULT;
	if (arch_guest_ram_fast(v, va, write, pa))
		return GUEST_RAM_CACHED;
	both = write ? GUEST_TRANSLATE(ATS12NSOPW, va) : GUEST_TRANSLATE(ATS12NSOPR, va);
	ipa = write ? GUEST_TRANSLATE(ATS1CPW, va) : GUEST_TRANSLATE(ATS1CPR, va);
	if ((both | ipa) & PAR_F ||
	    guest_ram_locked(v->domain, address_of(ipa) | (va & (PAGE_SIZE - 1)), write, pa))
		return -EFAULT;
	return is_cached(both) && read_cp(SCTLR) & SCTLR_C ? GUEST_RAM_CACHED : GUEST_RAM_UNCACHED;
}
