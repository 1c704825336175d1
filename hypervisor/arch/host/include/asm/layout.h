/* SPDX-License-Identifier: ISC */
/* The little of an address space layout that pure code tells about. */
#ifndef ASM_LAYOUT_H
#define ASM_LAYOUT_H

#define HYP_VIRT_START 0x200000000000

#endif
