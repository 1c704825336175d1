/* SPDX-License-Identifier: ISC */
/*
 * Vectors of CPUs that need something done before anything of the hypervisor is executed for a
 * guest (arch/arm/spectre.h): the firmware's call if struct cpu names one, CLRBHB where it exists,
 * a loop of as many branches as struct cpu says. Each entry then goes on at the same entry of
 * `vectors`. SP_EL2 is where struct cpu begins; NZCV is free, as the guest's is in SPSR_EL2. No
 * indirect branch is executed before the end.
 */
#include <asm/layout.h>
#include <asm/vcpu_offsets.h>

	.macro	guard
	stp	x0, x1, [sp, #-16]!
	ldr	w0, [sp, #(CPU_ENTRY_CALL + 16)]
	cbz	w0, 1f
	stp	x2, x3, [sp, #-16]!
	smc	#0			/* changes x0-x3 at most (DEN0028 2.6) */
	ldp	x2, x3, [sp], #16
1:	ldr	w0, [sp, #(CPU_ENTRY_LOOP + 16)]
	hint	#22			/* CLRBHB (FEAT_CLRBHB); a NOP elsewhere */
	cbz	w0, 4f
2:	b	3f			/* two taken branches a round, as Arm's paper counts */
3:	subs	w0, w0, #1
	b.ne	2b
4:	dsb	nsh			/* nothing behind it is executed before the work is done */
	isb
	ldp	x0, x1, [sp], #16
	.endm

	.section .text.entries, "ax"
	.align	11
	.globl	vectors_guarded
vectors_guarded:
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7
	.align	7
	b	vectors + \n * 0x80	/* from EL2: nothing to hide */
	.endr
	.irp	n, 8, 9, 10, 11, 12, 13, 14, 15
	.align	7
	guard
	b	vectors + \n * 0x80
	.endr
