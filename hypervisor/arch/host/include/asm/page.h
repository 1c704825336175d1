/* SPDX-License-Identifier: ISC */
/*
 * Windows on pages of the fake machine's memory. Opened and closed ones are counted: arm32 cannot
 * leak them.
 */
#ifndef ASM_PAGE_H
#define ASM_PAGE_H

#include <asm/mmu.h>

/* arch/host/ram.c */
void *map_page(mfn_t mfn);
void unmap_page(const void *va);
void *ram_window_open(paddr_t pa, uint64_t size);
void ram_window_close(const void *va, uint64_t size);
mfn_t hyp_va_to_mfn(const void *va);

#endif
