/* SPDX-License-Identifier: ISC */
/* Cache maintenance (Arm ARM DDI 0406C B2.2). */
#ifndef ASM_CACHE_H
#define ASM_CACHE_H

#include <arm/cache.h>
#include <asm/barrier.h>
#include <asm/cp15.h>

/* ARMv7's branch predictors are not invalidated with the instruction caches. */
static inline void icache_invalidate_all(void)
{
	write_cp(ICIALLUIS, 0);
	write_cp(BPIALLIS, 0);
	dsb(ish);
	isb();
}

#endif
