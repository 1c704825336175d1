/* SPDX-License-Identifier: ISC */
/* Windows on pages: RAM below 4 GiB is mapped where it is. Included by mem/page.h. */
#ifndef ASM_PAGE_H
#define ASM_PAGE_H

#include <asm/mmu.h>

static inline void *map_page(mfn_t mfn)
{
	return phys_to_virt(mfn_to_pa(mfn));
}

static inline void unmap_page(const void *va __unused)
{
}

static inline void *ram_window_open(paddr_t pa, uint64_t size __unused)
{
	return phys_to_virt(pa);
}

static inline void ram_window_close(const void *va __unused, uint64_t size __unused)
{
}

static inline mfn_t hyp_va_to_mfn(const void *va)
{
	return pa_to_mfn((uintptr_t)va);
}

#endif
