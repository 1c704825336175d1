/* SPDX-License-Identifier: ISC */
/* The hypervisor's own address space. */
#ifndef ASM_MMU_H
#define ASM_MMU_H

#include <hyp/types.h>
#include <asm/layout.h>

/* RAM only; valid once mmu_map_ram() has mapped the bank. */
static inline void *phys_to_virt(paddr_t pa)
{
	return (void *)(uintptr_t)(HYP_VA_RAM + pa);
}

/* RAM window or image. */
paddr_t virt_to_phys(const void *va);

static inline void *device_virt(paddr_t pa)
{
	return (void *)(uintptr_t)(HYP_VA_DEVICE + pa);
}

/* Physical address of the image's start, and its extent. */
extern paddr_t image_pa;
extern char _start[], _ehead[], _etext[], _erodata[], _edata[], _end[];

/*
 * Boot, in this order: know where the image is; look at the device tree; have memory for the tables
 * that are needed before the page allocator runs; map RAM banks.
 */
void mmu_init_boot_cpu(paddr_t image);
/*
 * Read-only. A tree is at most 2 MiB; it may be called again when more of it is known to be there.
 */
const void *mmu_map_tree(paddr_t pa, uint64_t size);
void mmu_unmap_tree(void);
/* Whole pages of RAM, mapped or not. What is not needed before is used up afterwards. */
void mmu_add_first_tables(paddr_t start, uint64_t size);
void mmu_map_ram(paddr_t start, paddr_t end);

/*
 * How much that is. Tables of levels 1 to 3 for each end of a bank; 3 for the console; levels 2 and 3
 * for where the image's constants end, and for the log.
 */
#define FIRST_TABLES_SIZE(nr_banks) ((6UL * (nr_banks) + 7) * PAGE_SIZE)

/* Replace the cacheable mapping of a piece of RAM by a non-cacheable one (the log). */
void mmu_map_noncacheable(paddr_t start, uint64_t size);
/* Device-nGnRE; returns device_virt(pa). Mapping the same page twice is fine. */
void *mmu_map_device(paddr_t pa, uint64_t size);
/* What CPUs run before their MMU is on (head.S), at its physical address: until all have started. */
void mmu_map_identity(void);
void mmu_unmap_identity(void);
/* The nth stack, with a guard page, for a CPU to be started. Returns its top, NULL: no memory. */
void *mmu_alloc_stack(unsigned nth);

#endif
