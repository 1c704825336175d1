/* SPDX-License-Identifier: ISC */
/* Cache maintenance by address, and clearing a page (Arm ARM B2.4, D7.5). */
#ifndef ASM_CACHE_H
#define ASM_CACHE_H

#include <hyp/types.h>
#include <asm/barrier.h>

extern unsigned dcache_line; /* bytes, from CTR_EL0.DminLine */

#define cache_by_line(op, va, len)                                                                 \
	do {                                                                                       \
		uintptr_t _a = (uintptr_t)(va) & ~(uintptr_t)(dcache_line - 1);                    \
		for (; _a < (uintptr_t)(va) + (len); _a += dcache_line)                            \
			asm volatile(op ", %0" ::"r"(_a) : "memory");                              \
		dsb(sy);                                                                           \
	} while (0)

/*
 * To the point of coherency: what an observer with its caches off will see. A guest starts with MMU and caches off,
 * so its image, and pages zeroed for it, must be cleaned (and stale lines invalidated).
 */
static inline void cache_clean_poc(const void *va, size_t len)
{
	cache_by_line("dc cvac", va, len);
}

static inline void cache_clean_invalidate_poc(const void *va, size_t len)
{
	cache_by_line("dc civac", va, len);
}

static inline void icache_invalidate_all(void)
{
	asm volatile("ic ialluis\n dsb ish\n isb" ::: "memory");
}

/* In cache.S: zero one page with DC ZVA where the CPU has it. */
void clear_page(void *page);

/* The whole stage 2 RAM of a domain or a range of machine memory. */
static inline void cache_clean_invalidate_page(const void *page)
{
	cache_clean_invalidate_poc(page, PAGE_SIZE);
}

#endif
