/* SPDX-License-Identifier: ISC */
/*
 * D0-D31 and the control registers to and from struct fp_regs (r0). Access is enabled in HCPTR. The
 * guest may have switched its own access off in FPEXC, which counts in Hyp mode too (DDI 0406C
 * B1.11.4).
 */
#include <asm/vcpu_offsets.h>

	.arch	armv7-a
	.fpu	neon-vfpv4
	.arm

#define FPEXC_EX   (1 << 31)
#define FPEXC_EN   (1 << 30)
#define FPEXC_FP2V (1 << 28)

	/* Z: there are D16-D31 (MVFR0, A_SIMD registers: 2) */
	.macro	has_32 tmp
	vmrs	\tmp, mvfr0
	and	\tmp, \tmp, #0xf
	cmp	\tmp, #2
	.endm

	.text
	.globl	fp_save
fp_save:
	vmrs	r1, fpexc
	str	r1, [r0, #FP_FPEXC]
	orr	r2, r1, #FPEXC_EN
	vmsr	fpexc, r2
	tst	r1, #FPEXC_EX
	beq	1f
	vmrs	r2, fpinst
	str	r2, [r0, #FP_FPINST]
	tst	r1, #FPEXC_FP2V
	vmrsne	r2, fpinst2
	strne	r2, [r0, #FP_FPINST2]
	mov	r2, #FPEXC_EN		/* other accesses are undefined while EX is set (B6.1.39) */
	vmsr	fpexc, r2
1:	vmrs	r2, fpscr
	str	r2, [r0, #FP_FPSCR]
	vstmia	r0!, {d0-d15}
	has_32	r2
	vstmiaeq r0, {d16-d31}
	vmsr	fpexc, r1		/* they stay the guest's until others are loaded */
	bx	lr

	.globl	fp_load
fp_load:
	mov	r3, r0
	mov	r2, #FPEXC_EN
	vmsr	fpexc, r2
	vldmia	r0!, {d0-d15}
	has_32	r2
	vldmiaeq r0, {d16-d31}
	ldr	r2, [r3, #FP_FPSCR]
	vmsr	fpscr, r2
	ldr	r1, [r3, #FP_FPEXC]
	tst	r1, #FPEXC_EX
	beq	1f
	ldr	r2, [r3, #FP_FPINST]
	vmsr	fpinst, r2
	tst	r1, #FPEXC_FP2V
	ldrne	r2, [r3, #FP_FPINST2]
	vmsrne	fpinst2, r2
1:	vmsr	fpexc, r1
	bx	lr
