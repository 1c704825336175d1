/* SPDX-License-Identifier: ISC */
/* V0-V31, FPSR and FPCR to and from struct fp_regs (x0). */
	.arch	armv8-a+fp+simd
	.macro	fp_all op
	.irp	n, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
	fp_pair \op, \n, %(\n + 1)
	.endr
	.endm
	.altmacro
	.macro	fp_pair op, a, b
	\op	q\a, q\b, [x0, #16 * \a]
	.endm

	.text
	.globl	fp_save
fp_save:
	fp_all	stp
	mrs	x1, fpsr
	mrs	x2, fpcr
	str	x1, [x0, #512]
	str	x2, [x0, #520]
	ret

	.globl	fp_load
fp_load:
	fp_all	ldp
	ldr	x1, [x0, #512]
	ldr	x2, [x0, #520]
	msr	fpsr, x1
	msr	fpcr, x2
	ret
