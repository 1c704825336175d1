/* SPDX-License-Identifier: ISC */
/*
 * The architecture's functions for the hypervisor's own address space; they complete hyp/arch.h.
 * Each panics if it cannot map something.
 */
#ifndef HYP_ARCH_MMU_H
#define HYP_ARCH_MMU_H

#include <lib/types.h>
#include <asm/mmu.h>

/* Begin and end of the image and its sections in virtual addresses (from the linker script). */
extern char _start[], _ehead[], _etext[], _erodata[], _edata[], _end[];

/* Called first, with the image's physical address. */
void mmu_init_boot_cpu(paddr_t image);

/*
 * Map `size` bytes of the device tree read-only. A tree has at most 2 MiB. May be called again with
 * a larger size for the same address.
 */
const void *mmu_map_tree(paddr_t pa, uint64_t size);
void mmu_unmap_tree(void);

/*
 * Add whole pages of RAM for the tables needed before the page allocator runs:
 * FIRST_TABLES_SIZE(banks) bytes (asm/mmu.h). Leftover pages serve later tables.
 */
void mmu_add_first_tables(paddr_t start, uint64_t size);

/* Map a bank of RAM, [start, end). */
void mmu_map_ram(paddr_t start, paddr_t end);

/* Map RAM non-cacheable for good, as its only mapping (the log). Returns the address. */
void *mmu_map_noncacheable(paddr_t start, uint64_t size);

/* Map device registers as Device-nGnRE. Returns the address. A page may be mapped twice. */
void *mmu_map_device(paddr_t pa, uint64_t size);

#endif
