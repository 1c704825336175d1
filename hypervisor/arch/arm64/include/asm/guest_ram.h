/* SPDX-License-Identifier: ISC */
/* Translating a guest's addresses by the hardware's own walk (AT; Arm ARM C5.5). */
#ifndef ASM_GUEST_RAM_H
#define ASM_GUEST_RAM_H

#include <asm/sysreg.h>
#include <mem/guest_access.h>
#include <mem/page.h>

/*
 * AT for a data access at EL1, through stage 1 only ("s1e1") or both stages ("s12e1"); the guest
 * keeps its PAR_EL1.
 */
#define GUEST_TRANSLATE(stages, va, write)                                             \
	({                                                                             \
		uint64_t _saved = read_sysreg(par_el1), _par;                          \
                                                                                       \
		if (write)                                                             \
			asm volatile("at " stages "w, %0\n isb" ::"r"(va) : "memory"); \
		else                                                                   \
			asm volatile("at " stages "r, %0\n isb" ::"r"(va) : "memory"); \
		_par = read_sysreg(par_el1);                                           \
		write_sysreg(par_el1, _saved);                                         \
		_par;                                                                  \
	})

/*
 * PAR_EL1 (D19.2.108). ATTR has MAIR's encoding: a nibble for the outer and one for the inner
 * caches.
 */
#define PAR_F         BIT(0)
#define PAR_PA(par)   ((par)&0xffffffffff000UL)
#define PAR_ATTR(par) ((par) >> 56)
#define ATTR_WB       0xffUL /* Normal, write-back, as nearly all guests have it */

/*
 * One page of guest virtual memory to machine memory, by a walk through both stages, so that the
 * permissions of both apply. The caller holds the p2m lock, so stage 2 does not change under it.
 * What stage 2 maps as a device cannot come out as write-back: that is RAM. ATTR need not show that
 * the guest has switched its caches off (D19.2.108), SCTLR_EL1.C does. false: anything else; see
 * arch_guest_ram().
 */
static inline bool arch_guest_ram_fast(struct vcpu *v __unused, gvaddr_t va, bool write,
				       paddr_t *pa)
{
	uint64_t par = GUEST_TRANSLATE("s12e1", va, write);
	uint64_t attr_and_f = PAR_ATTR(par) | par << 8; /* a rotation */

	if ((attr_and_f & (PAR_F << 8 | 0xff)) != ATTR_WB || !(read_sysreg(sctlr_el1) & SCTLR_C))
		return false;
	*pa = PAR_PA(par) | (va & (PAGE_SIZE - 1));
	return true;
}

#endif
