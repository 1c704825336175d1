/* SPDX-License-Identifier: ISC */
/*
 * The list registers of GICv3 by number: that is part of the instruction, so a table of
 * instructions to jump into.
 */

	.text
	/* void ich_lr_write(uint64_t value, unsigned index) */
	.globl	ich_lr_write
ich_lr_write:
	adr	x2, 1f
	add	x2, x2, w1, uxtw #3
	br	x2
1:
	.irp	crm, 12, 13
	.irp	op2, 0, 1, 2, 3, 4, 5, 6, 7
	msr	S3_4_C12_C\crm\()_\op2, x0	/* ICH_LR<n>_EL2 */
	ret
	.endr
	.endr

	/* uint64_t ich_lr_read(unsigned index) */
	.globl	ich_lr_read
ich_lr_read:
	adr	x1, 1f
	add	x1, x1, w0, uxtw #3
	br	x1
1:
	.irp	crm, 12, 13
	.irp	op2, 0, 1, 2, 3, 4, 5, 6, 7
	mrs	x0, S3_4_C12_C\crm\()_\op2
	ret
	.endr
	.endr
