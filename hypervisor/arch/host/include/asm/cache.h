/* SPDX-License-Identifier: ISC */
/*
 * Caches of the test host: clearing is real, maintenance is counted, and each bank has a second
 * copy, its memory, that only maintenance moves lines to and from. arch/host/ram.c
 */
#ifndef ASM_CACHE_H
#define ASM_CACHE_H

#include <lib/lib.h>

/* Bytes maintained so far, and invalidations of the instruction caches. */
extern uint64_t host_cache_bytes, host_icache_invalidations;

void host_cache_clean(const void *va, size_t len);
/* Lines that were not written since they were last maintained are read from memory again. */
void host_cache_clean_invalidate(const void *va, size_t len);

static inline void clear_page(void *page)
{
	memset(page, 0, PAGE_SIZE);
}

static inline void cache_clean_poc(const void *va, size_t len)
{
	host_cache_clean(va, len);
}

static inline void cache_clean_invalidate_poc(const void *va, size_t len)
{
	host_cache_clean_invalidate(va, len);
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
	__atomic_fetch_add(&host_icache_invalidations, 1, __ATOMIC_RELAXED);
}

#endif
