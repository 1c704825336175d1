/* SPDX-License-Identifier: ISC */
/* The hypervisor's own address space: RAM and devices are at their physical addresses. */
#ifndef ASM_MMU_H
#define ASM_MMU_H

#include <lib/types.h>
#include <asm/layout.h>

/* RAM below 4 GiB; valid once mmu_map_ram() has mapped the bank. */
static inline void *phys_to_virt(paddr_t pa)
{
	return (void *)(uintptr_t)pa;
}

/* RAM window or image. */
paddr_t virt_to_phys(const void *va);

static inline void *device_virt(paddr_t pa)
{
	return (void *)(uintptr_t)pa;
}

/*
 * What is needed before the page allocator runs: tables of levels 2 and 3 for each end of a bank; 2
 * for the console; 2 for where the image's constants end, and for the log.
 */
#define FIRST_TABLES_SIZE(nr_banks) ((4UL * (nr_banks) + 6) * PAGE_SIZE)

#endif
