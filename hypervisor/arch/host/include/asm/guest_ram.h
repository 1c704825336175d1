/* SPDX-License-Identifier: ISC */
/* Translating a guest's addresses on the test host: there is one way only. */
#ifndef ASM_GUEST_RAM_H
#define ASM_GUEST_RAM_H

#include <hyp/arch.h>
#include <mem/guest_access.h>

static inline bool arch_guest_ram_fast(struct vcpu *v, gvaddr_t va, bool write, paddr_t *pa)
{
	return arch_guest_ram(v, va, write, pa) == GUEST_RAM_CACHED;
}

#endif
