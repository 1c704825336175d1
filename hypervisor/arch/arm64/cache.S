/* SPDX-License-Identifier: ISC */
/* Caches and bulk memory: zeroing, cleaning and invalidating. */
	.text

	/*
	 * x1 = block size of DC ZVA, which zeroes 4 << DCZID_EL0.BS bytes if DCZID_EL0.DZP allows
	 * it (Arm ARM D19.2.36); it divides a page. Not allowed: jumps to \otherwise.
	 */
	.macro	zva_size otherwise
	mrs	x1, dczid_el0
	tbnz	w1, #4, \otherwise
	and	w1, w1, #0xf
	mov	x2, #4
	lsl	x1, x2, x1
	.endm

	/* clear_page(x0) */
	.globl	clear_page
clear_page:
	add	x3, x0, #4096
	zva_size 2f
	cmp	x1, #1024		/* four at a time */
	b.hi	2f
1:
	.rept	4
	dc	zva, x0
	add	x0, x0, x1
	.endr
	cmp	x0, x3
	b.lo	1b
	ret
2:	stp	xzr, xzr, [x0]
	stp	xzr, xzr, [x0, #16]
	stp	xzr, xzr, [x0, #32]
	stp	xzr, xzr, [x0, #48]
	add	x0, x0, #64
	cmp	x0, x3
	b.lo	2b
	ret

	/*
	 * scrub_page(x0): zero, and clean and invalidate to the point of coherency, so that an
	 * observer with its caches off sees the zeroes too. One pass where a line is a block of DC
	 * ZVA, as on nearly all CPUs.
	 */
	.globl	scrub_page
scrub_page:
	add	x3, x0, #4096
	zva_size 4f
	mrs	x2, ctr_el0
	ubfx	x2, x2, #16, #4
	mov	x4, #4
	lsl	x2, x4, x2		/* the smallest line */
	cmp	x1, x2
	b.ne	4f
3:
	.rept	8
	dc	zva, x0
	dc	civac, x0
	add	x0, x0, x1
	.endr
	cmp	x0, x3
	b.lo	3b
	dsb	sy
	ret
4:	stp	x0, x30, [sp, #-16]!
	bl	clear_page
	ldp	x0, x30, [sp], #16
	mov	x1, #4096
	b	cache_clean_invalidate_range

	/*
	 * cache_clean_range(x0 = start, x1 = bytes), cache_clean_invalidate_range: by line, to the
	 * point of coherency; four lines a round as long as there are.
	 */
	.macro	by_line op
	add	x1, x0, x1
	mrs	x2, ctr_el0
	ubfx	x2, x2, #16, #4
	mov	x3, #4
	lsl	x2, x3, x2		/* the smallest line */
	sub	x3, x2, #1
	bic	x0, x0, x3
	sub	x3, x1, x2, lsl #2
	cmp	x0, x3
	b.hi	2f
1:
	.rept	4
	dc	\op, x0
	add	x0, x0, x2
	.endr
	cmp	x0, x3
	b.ls	1b
2:	cmp	x0, x1
	b.hs	3f
	dc	\op, x0
	add	x0, x0, x2
	b	2b
3:	dsb	sy
	ret
	.endm

	.globl	cache_clean_range, cache_clean_invalidate_range
cache_clean_range:
	by_line	cvac
cache_clean_invalidate_range:
	by_line	civac
