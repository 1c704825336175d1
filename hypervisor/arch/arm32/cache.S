/* SPDX-License-Identifier: ISC */
/* Caches and bulk memory: zeroing, cleaning and invalidating (DDI 0406C B2.2). */
	.arch	armv7-a
	.arm
	.text

	/* clear_page(r0) */
	.globl	clear_page
clear_page:
	push	{r4-r7, lr}
	add	lr, r0, #4096
	mov	r1, #0
	mov	r2, #0
	mov	r3, #0
	mov	r4, #0
	mov	r5, #0
	mov	r6, #0
	mov	r7, #0
	mov	r12, #0
1:	stm	r0!, {r1-r7, r12}
	stm	r0!, {r1-r7, r12}
	cmp	r0, lr
	blo	1b
	pop	{r4-r7, pc}

	/*
	 * scrub_page(r0): zero, and clean and invalidate to the point of coherency, so that an
	 * observer with its caches off sees the zeroes too.
	 */
	.globl	scrub_page
scrub_page:
	push	{r0, lr}
	bl	clear_page
	pop	{r0, lr}
	mov	r1, #4096
	b	cache_clean_invalidate_range

	/*
	 * cache_clean_range(r0 = start, r1 = bytes), cache_clean_invalidate_range: by line, to the
	 * point of coherency. \crm: the operation's.
	 */
	.macro	by_line crm
	add	r1, r0, r1
	mrc	p15, 0, r2, c0, c0, 1	/* CTR.DminLine: words, log2 */
	ubfx	r2, r2, #16, #4
	mov	r3, #4
	lsl	r2, r3, r2
	sub	r3, r2, #1
	bic	r0, r0, r3
1:	mcr	p15, 0, r0, c7, \crm, 1
	add	r0, r0, r2
	cmp	r0, r1
	blo	1b
	dsb	sy
	bx	lr
	.endm

	.globl	cache_clean_range, cache_clean_invalidate_range
cache_clean_range:
	by_line	c10			/* DCCMVAC */
cache_clean_invalidate_range:
	by_line	c14			/* DCCIMVAC */
