/* SPDX-License-Identifier: ISC */
/* Where the test host sees machine memory. */
#ifndef ASM_MMU_H
#define ASM_MMU_H

#include <lib/types.h>
#include <asm/layout.h>

/* RAM only. arch/host/ram.c */
void *phys_to_virt(paddr_t pa);

#endif
