/* SPDX-License-Identifier: ISC */
/* RAM and devices in the hypervisor's address space: virtual addresses are physical ones. */
#ifndef ASM_MMU_H
#define ASM_MMU_H

#include <lib/types.h>
#include <asm/layout.h>

/* RAM below 4 GiB. */
static inline void *phys_to_virt(paddr_t pa)
{
	return (void *)(uintptr_t)pa;
}

#endif
