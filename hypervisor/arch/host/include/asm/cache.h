/* SPDX-License-Identifier: ISC */
/* Caches of the test host: clearing is real, maintenance is counted. */
#ifndef ASM_CACHE_H
#define ASM_CACHE_H

#include <hyp/lib.h>

/* Bytes maintained so far. */
extern uint64_t host_cache_bytes;

static inline void clear_page(void *page)
{
	memset(page, 0, PAGE_SIZE);
}

static inline void cache_clean_poc(const void *va __unused, size_t len)
{
	host_cache_bytes += len;
}

static inline void cache_clean_invalidate_poc(const void *va __unused, size_t len)
{
	host_cache_bytes += len;
}

static inline void cache_clean_invalidate_page(const void *page)
{
	cache_clean_invalidate_poc(page, PAGE_SIZE);
}

static inline void scrub_page(void *page)
{
	clear_page(page);
	cache_clean_invalidate_page(page);
}

static inline void icache_invalidate_all(void)
{
}

#endif
