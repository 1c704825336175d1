/* SPDX-License-Identifier: ISC */
/* Bulk memory: zeroing a page, copying and filling with 64 bytes a round. */
	.text

	/*
	 * clear_page(x0): DC ZVA zeroes a block of 4 << DCZID_EL0.BS bytes, if DCZID_EL0.DZP allows it (Arm ARM D19.2.36);
	 * the block size divides a page.
	 */
	.globl	clear_page
clear_page:
	mrs	x1, dczid_el0
	tbnz	w1, #4, 2f
	and	w1, w1, #0xf
	mov	x2, #4
	lsl	x2, x2, x1
	add	x3, x0, #4096
1:	dc	zva, x0
	add	x0, x0, x2
	cmp	x0, x3
	b.lo	1b
	ret
2:	add	x3, x0, #4096
3:	stp	xzr, xzr, [x0]
	stp	xzr, xzr, [x0, #16]
	stp	xzr, xzr, [x0, #32]
	stp	xzr, xzr, [x0, #48]
	add	x0, x0, #64
	cmp	x0, x3
	b.lo	3b
	ret
