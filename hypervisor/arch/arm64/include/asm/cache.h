/* SPDX-License-Identifier: ISC */
/* Cache maintenance (Arm ARM B2.4, D7.5). */
#ifndef ASM_CACHE_H
#define ASM_CACHE_H

#include <arm/cache.h>

/*
 * All instruction caches of all CPUs, after what was written has been cleaned at least to the
 * point of unification. Not needed where CTR_EL0 says so (D19.2.34): DIC, and IDC, without which
 * data would have to be cleaned first.
 */
static inline void icache_invalidate_all(void)
{
	const uint64_t coherent = 1UL << 29 | 1UL << 28;
	uint64_t ctr;

	asm("mrs %0, ctr_el0" : "=r"(ctr));
	if ((ctr & coherent) == coherent)
		return;
	asm volatile("ic ialluis\n dsb ish\n isb" ::: "memory");
}

#endif
