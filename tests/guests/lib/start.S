/* SPDX-License-Identifier: ISC */
/*
 * Image header, entry points and exception vectors of a bare-metal test guest.
 *
 * The image is a static PIE linked at 0: it may be loaded at any 2 MiB-aligned address and
 * relocates itself before the first line of C runs.
 */

#include "asm.h"

	.macro	mov_imm reg, value
	mov	\reg, #((\value) & 0xffff)
	movk	\reg, #(((\value) >> 16) & 0xffff), lsl #16
	.endm

	.section .head.begin, "ax"
	.global image_start
image_start:
	/* arm64 Image header (Linux Documentation/arm64/booting.rst) */
	b	_start
	.long	0
	.quad	0			/* text_offset: runs where it is loaded */
	/* image_size, .bss and stacks included: the linker script puts it here */
	.section .head.end, "ax"
	.quad	0xa			/* flags: little endian, 4 KiB pages, anywhere in RAM */
	.quad	0
	.quad	0
	.quad	0
	.ascii	"ARM\x64"
	.long	0

	.text
	.type	_start, %function
_start:
	/* what a fresh vCPU found: kept until there is a .bss to put it into (entry_state) */
	orr	x4, x4, x5
	.irp	r, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18
	orr	x4, x4, x\r
	.endr
	.irp	r, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
	orr	x4, x4, x\r
	.endr
	mrs	x20, sctlr_el1
	mrs	x21, daif
	mrs	x22, currentel
	mrs	x23, spsel
	orr	x24, x1, x2
	orr	x24, x24, x3
	mov	x25, x4
	mov	x26, sp
	msr	daifset, #0xf
	msr	spsel, #1
	mov	x19, x0			/* device tree */
	/*
	 * Only the file part of the image was cleaned to memory by the loader: throw away cache
	 * lines over .bss before writing it with the MMU off, so that no old line covers it later.
	 */
	adrp	x0, bss_start
	add	x0, x0, :lo12:bss_start
	adrp	x1, bss_end
	add	x1, x1, :lo12:bss_end
	mov	x2, x0
1:	dc	ivac, x2
	add	x2, x2, #16
	cmp	x2, x1
	b.lo	1b
	dsb	sy
2:	stp	xzr, xzr, [x0], #16
	cmp	x0, x1
	b.lo	2b

	adrp	x0, entry_state
	add	x0, x0, :lo12:entry_state
	stp	x19, x20, [x0]
	stp	x21, x22, [x0, #16]
	stp	x23, x24, [x0, #32]
	stp	x25, x26, [x0, #48]

	/* -fpie with hidden symbols leaves one kind of relocation only, R_AARCH64_RELATIVE */
	adrp	x0, rela_start
	add	x0, x0, :lo12:rela_start
	adrp	x1, rela_end
	add	x1, x1, :lo12:rela_end
	adrp	x2, image_start
	add	x2, x2, :lo12:image_start
3:	cmp	x0, x1
	b.hs	4f
	ldp	x3, x4, [x0], #16	/* r_offset, r_info */
	ldr	x5, [x0], #8		/* r_addend */
	add	x5, x5, x2
	str	x5, [x3, x2]
	b	3b
4:	dsb	sy

	adrp	x0, vectors
	add	x0, x0, :lo12:vectors
	msr	vbar_el1, x0
	isb
	adrp	x0, cpus
	add	x0, x0, :lo12:cpus
	msr	tpidr_el1, x0
	adrp	x1, stacks + STACK_SIZE
	add	x1, x1, :lo12:stacks + STACK_SIZE
	mov	sp, x1
	mov	x29, xzr
	mov	x30, xzr

	mov	x0, x19
	adrp	x1, image_start
	bl	mmu_build_early		/* C with the MMU off: writes only its own table */
	bl	mmu_enable
	mov	x0, x19
	bl	guest_start
	b	.

	/* PSCI CPU_ON comes here with x0 = struct cpu and the MMU off */
	.global	secondary_entry
	.type	secondary_entry, %function
secondary_entry:
	msr	daifset, #0xf
	mov	x19, x0
	msr	tpidr_el1, x0
	adrp	x1, vectors
	add	x1, x1, :lo12:vectors
	msr	vbar_el1, x1
	ldr	x1, [x0, #CPU_STACK]
	mov	sp, x1
	mov	x29, xzr
	mov	x30, xzr
	adrp	x0, mmu_final_table
	ldr	x0, [x0, :lo12:mmu_final_table]
	bl	mmu_enable
	mov	x0, x19
	bl	smp_secondary
	b	.

	/* void mmu_enable(u64 table): the tables map this code where it is */
	.global	mmu_enable
	.type	mmu_enable, %function
mmu_enable:
	mov_imm	x1, MAIR_VALUE
	msr	mair_el1, x1
	mov_imm	x1, TCR_VALUE
	mrs	x2, id_aa64mmfr0_el1
	and	x2, x2, #0xf		/* PARange, the output size this CPU has */
	cmp	x2, #5
	mov	x3, #5
	csel	x2, x2, x3, ls
	bfi	x1, x2, #32, #3		/* TCR_EL1.IPS */
	msr	tcr_el1, x1
	msr	ttbr0_el1, x0
	isb
	tlbi	vmalle1
	ic	iallu
	dsb	nsh
	isb
	mov_imm	x1, SCTLR_VALUE
	msr	sctlr_el1, x1
	isb
	ret

	/*
	 * void mmu_disable(void): the caller has cleaned what it will use to the point of coherency
	 */
	.global	mmu_disable
	.type	mmu_disable, %function
mmu_disable:
	mov_imm	x1, SCTLR_OFF
	dsb	sy
	msr	sctlr_el1, x1
	isb
	tlbi	vmalle1
	dsb	nsh
	isb
	ret

	.macro	vector index
	.balign	0x80
	sub	sp, sp, #FRAME_SIZE
	stp	x0, x1, [sp, #0]
	mov	x0, #\index
	b	trap_entry
	.endm

	.balign	0x800
	.global	vectors
vectors:
	.irp	index, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vector	\index
	.endr

	.balign	0x80
	.type	trap_entry, %function
trap_entry:
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x19, [sp, #144]
	stp	x20, x21, [sp, #160]
	stp	x22, x23, [sp, #176]
	stp	x24, x25, [sp, #192]
	stp	x26, x27, [sp, #208]
	stp	x28, x29, [sp, #224]
	add	x1, sp, #FRAME_SIZE
	stp	x30, x1, [sp, #240]
	mrs	x1, elr_el1
	mrs	x2, spsr_el1
	stp	x1, x2, [sp, #256]
	mrs	x1, esr_el1
	mrs	x2, far_el1
	stp	x1, x2, [sp, #272]
	mov	x1, sp
	bl	trap_handle		/* (vector index, frame) */
	ldp	x1, x2, [sp, #256]
	msr	elr_el1, x1
	msr	spsr_el1, x2
	ldp	x2, x3, [sp, #16]
	ldp	x4, x5, [sp, #32]
	ldp	x6, x7, [sp, #48]
	ldp	x8, x9, [sp, #64]
	ldp	x10, x11, [sp, #80]
	ldp	x12, x13, [sp, #96]
	ldp	x14, x15, [sp, #112]
	ldp	x16, x17, [sp, #128]
	ldp	x18, x19, [sp, #144]
	ldp	x20, x21, [sp, #160]
	ldp	x22, x23, [sp, #176]
	ldp	x24, x25, [sp, #192]
	ldp	x26, x27, [sp, #208]
	ldp	x28, x29, [sp, #224]
	ldr	x30, [sp, #240]
	ldp	x0, x1, [sp, #0]
	add	sp, sp, #FRAME_SIZE
	eret
