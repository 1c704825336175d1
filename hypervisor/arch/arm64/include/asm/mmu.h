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
extern char _start[], _etext[], _erodata[], _edata[], _end[];

/*
 * Boot, in this order: know where the image is; map RAM banks; take tables from the page allocator
 * from now on.
 */
void mmu_init_boot_cpu(paddr_t image);
void mmu_map_ram(paddr_t start, paddr_t end);
void mmu_use_heap(void);
/* Replace the cacheable mapping of a piece of RAM by a non-cacheable one (the log). */
void mmu_map_noncacheable(paddr_t start, uint64_t size);
/* Device-nGnRE; returns device_virt(pa). Mapping the same page twice is fine. */
void *mmu_map_device(paddr_t pa, uint64_t size);
/* Read-only look at what firmware left somewhere (the device tree, before RAM is mapped). */
const void *mmu_map_boot_blob(paddr_t pa, uint64_t size);
void mmu_unmap_boot_blob(paddr_t pa, uint64_t size);
/* A stack with a guard page for a CPU that is to be started. Returns its top, NULL: no memory. */
void *mmu_alloc_stack(unsigned cpu);

#endif
