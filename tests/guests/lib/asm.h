/* SPDX-License-Identifier: ISC */
/* Constants that the guest library's assembly and C share. */
#ifndef GUEST_ASM_H
#define GUEST_ASM_H

#define STACK_SIZE 8192
#define MAX_CPUS   128
#define FRAME_SIZE 288 /* struct frame */
#define CPU_STACK  0   /* offset of struct cpu.stack_top */

/* MAIR_EL1: 0 Device-nGnRnE, 1 Normal write-back, 2 Normal non-cacheable */
#define MAIR_VALUE 0x44ff00

/* TCR_EL1: 39-bit TTBR0 (T0SZ 25), 4 KiB, WBWA, inner shareable, no TTBR1 walks (EPD1) */
#define TCR_VALUE 0x80803519

/* SCTLR_EL1: the RES1 bits of Armv8.0, then I, SA, C, M; off is the same without I, C and M */
#define SCTLR_VALUE 0x30d0180d
#define SCTLR_OFF   0x30d00808

#endif
