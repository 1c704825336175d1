/* SPDX-License-Identifier: ISC */
/* Translating a guest's addresses by the hardware's own walk (ATS; Arm ARM DDI 0406C B3.12). */
#ifndef ASM_GUEST_RAM_H
#define ASM_GUEST_RAM_H

#include <asm/barrier.h>
#include <asm/cp15.h>
#include <mem/guest_access.h>

/* Write the address to an operation, read PAR; the guest keeps its PAR. */
#define GUEST_TRANSLATE(operation, va)                  \
	({                                              \
		uint64_t _saved = read_cp64(PAR), _par; \
                                                        \
		write_cp(operation, va);                \
		isb();                                  \
		_par = read_cp64(PAR);                  \
		write_cp64(PAR, _saved);                \
		_par;                                   \
	})

/* PAR in its 64-bit format (B4.1.112). ATTR has MAIR's encoding. */
#define PAR_F         BIT64(0)
#define PAR_LPAE      BIT64(11)
#define PAR_PA(par)   ((par)&0xfffffff000ULL)
#define PAR_ATTR(par) ((par) >> 56)
/* The 32-bit format: inner attributes 4-6 (5, 6, 7: write-back or write-through), outer 2-3. */
#define PAR32_INNER(par) ((par) >> 4 & 7)
#define PAR32_INNER_WBWA 5
#define PAR32_OUTER(par) ((par) >> 2 & 3)
#define ATTR_WB          0xffU /* Normal, write-back, as nearly all guests have it */

/*
 * One page of guest virtual memory to machine memory, by a walk through both stages, so that the
 * permissions of both apply. The caller holds the p2m lock. false: anything that is not plain
 * write-back RAM of a guest with its caches on; arch_guest_ram() then looks at it more closely.
 */
static inline bool arch_guest_ram_fast(struct vcpu *v __unused, gvaddr_t va, bool write,
				       paddr_t *pa)
{
	uint64_t par = write ? GUEST_TRANSLATE(ATS12NSOPW, va) : GUEST_TRANSLATE(ATS12NSOPR, va);

	if ((par & (PAR_F | PAR_LPAE)) != PAR_LPAE || PAR_ATTR(par) != ATTR_WB ||
	    !(read_cp(SCTLR) & SCTLR_C))
		return false;
	*pa = PAR_PA(par) | (va & (PAGE_SIZE - 1));
	return true;
}

#endif
