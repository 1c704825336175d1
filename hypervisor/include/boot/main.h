/* SPDX-License-Identifier: ISC */
/* Where an architecture's first instructions go on. */
#ifndef BOOT_MAIN_H
#define BOOT_MAIN_H

#include <lib/types.h>

/*
 * Called once, on the boot CPU's stack with the MMU on: the physical addresses of the device tree
 * and of the image.
 */
void hyp_main(paddr_t fdt, paddr_t image) __noreturn;

#endif
