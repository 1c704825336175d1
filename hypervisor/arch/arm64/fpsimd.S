/* SPDX-License-Identifier: ISC */
/* V0-V31, FPSR, FPCR and FPEXC to and from struct fp_regs (x0). */
#include <asm/vcpu_offsets.h>

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
	str	x1, [x0, #FP_FPSR]
	str	x2, [x0, #FP_FPCR]
	ldr	w1, [x0, #FP_AARCH32]
	cbz	w1, 1f
	mrs	x1, fpexc32_el2
	str	w1, [x0, #FP_FPEXC]
1:	ret

	.globl	fp_load
fp_load:
	fp_all	ldp
	ldr	x1, [x0, #FP_FPSR]
	ldr	x2, [x0, #FP_FPCR]
	msr	fpsr, x1
	msr	fpcr, x2
	ldr	w1, [x0, #FP_AARCH32]
	cbz	w1, 1f
	ldr	w1, [x0, #FP_FPEXC]
	msr	fpexc32_el2, x1
1:	ret
