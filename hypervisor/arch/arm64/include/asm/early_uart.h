/* SPDX-License-Identifier: ISC */
/*
 * How to push one character out of each kind of early UART: a wait loop and a store, as assembler
 * macros.
 */
#ifndef ASM_EARLY_UART_H
#define ASM_EARLY_UART_H
/* Macros of assembly, which clang-format does not know. */
/* clang-format off */

#ifdef EARLY_UART_PL011 /* Arm PL011: FR at 0x18, bit 5 TXFF; DR at 0 */
	.macro EARLY_UART_WAIT base, tmp
9991:	ldr	\tmp, [\base, #0x18]
	tbnz	\tmp, #5, 9991b
	.endm
	.macro EARLY_UART_PUT base, c
	str	\c, [\base]
	.endm
#define EARLY_UART_BASE EARLY_UART_PL011
#endif

#ifdef EARLY_UART_EXYNOS /* Samsung S5P: UFSTAT at 0x18, bit 24 TX FIFO full; UTXH at 0x20 */
	.macro EARLY_UART_WAIT base, tmp
9991:	ldr	\tmp, [\base, #0x18]
	tbnz	\tmp, #24, 9991b
	.endm
	.macro EARLY_UART_PUT base, c
	strb	\c, [\base, #0x20]
	.endm
#define EARLY_UART_BASE EARLY_UART_EXYNOS
#endif

#ifdef EARLY_UART_CADENCE /* Cadence UART (Zynq): SR at 0x2c, bit 4 TXFULL; FIFO at 0x30 */
	.macro EARLY_UART_WAIT base, tmp
9991:	ldr	\tmp, [\base, #0x2c]
	tbnz	\tmp, #4, 9991b
	.endm
	.macro EARLY_UART_PUT base, c
	str	\c, [\base, #0x30]
	.endm
#define EARLY_UART_BASE EARLY_UART_CADENCE
#endif

#endif
