/* SPDX-License-Identifier: ISC */
/*
 * void marker_set(unsigned long number): executes the marker with that number, for the counting
 * plugin.
 */
	.text
	.global	marker_set
	.type	marker_set, %function
marker_set:
	adr	x1, 1f
	add	x1, x1, x0, lsl #3
	br	x1
	.set	number, 0
1:	.rept	256
	movz	xzr, #number
	ret
	.set	number, number + 1
	.endr
	.section .note.GNU-stack, "", %progbits
