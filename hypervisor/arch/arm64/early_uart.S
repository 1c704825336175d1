/* SPDX-License-Identifier: ISC */
/*
 * Printing before there is anything: no stack, no MMU, one UART chosen at build time
 * (make EARLY_UART=pl011,0x9000000). For the first hours on a new board.
 */
#include <asm/early_uart.h>

#ifdef EARLY_UART_BASE
	.section .text.early, "ax"
	.globl	early_puts
	/* x0: physical address of a string. Clobbers x0-x3. */
early_puts:
	ldr	x1, =EARLY_UART_BASE
1:	ldrb	w2, [x0], #1
	cbz	w2, 3f
2:	EARLY_UART_WAIT x1, w3
	EARLY_UART_PUT x1, w2
	b	1b
3:	ret
	.ltorg
#endif
