/* SPDX-License-Identifier: ISC */
/* Cache maintenance by address, and clearing a page (Arm ARM B2.4, D7.5). */
#ifndef ASM_CACHE_H
#define ASM_CACHE_H

#include <hyp/types.h>
#include <asm/barrier.h>

/*
 * To the point of coherency: what an observer with its caches off will see. A guest starts with MMU
 * and caches off, so its image, and pages zeroed for it, must be cleaned (and stale lines
 * invalidated). len is not 0.
 */
void cache_clean_range(const void *va, size_t len);
void cache_clean_invalidate_range(const void *va, size_t len);

static inline void cache_clean_poc(const void *va, size_t len)
{
	if (len)
		cache_clean_range(va, len);
}

static inline void cache_clean_invalidate_poc(const void *va, size_t len)
{
	if (len)
		cache_clean_invalidate_range(va, len);
}

static inline void cache_clean_invalidate_page(const void *page)
{
	cache_clean_invalidate_range(page, PAGE_SIZE);
}

static inline void icache_invalidate_all(void)
{
	asm volatile("ic ialluis\n dsb ish\n isb" ::: "memory");
}

/* Zero one page. */
void clear_page(void *page);

/* Zero one page, also for observers with their caches off. */
void scrub_page(void *page);

#endif
