/* SPDX-License-Identifier: ISC */
/* Data caches by address, and clearing a page: functions in each width's cache.S. */
#ifndef ARM_CACHE_H
#define ARM_CACHE_H

#include <lib/types.h>

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

/* Zero one page. */
void clear_page(void *page);

/* Zero one page, also for observers with their caches off. */
void scrub_page(void *page);

#endif
