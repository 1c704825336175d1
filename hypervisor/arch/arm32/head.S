/* SPDX-License-Identifier: ISC */
/*
 * First instructions of every CPU: from "MMU off, anywhere" to C at the link address.
 *
 * Entered in Hyp mode with the MMU and caches off, little endian, the image at any 4 KiB boundary,
 * r2 = the device tree (Linux's Documentation/arm/booting). The header is a zImage's, so that boot
 * loaders take it for one. The final page tables of the image, with permissions per page, are made
 * here. A mapping of the first page at its physical address carries a CPU across the switch, and
 * does not outlive it.
 */
#include <arm/mair.h>
#include <asm/layout.h>

	.arch	armv7-a
	.arch_extension virt
	.arm

#define PTE_TABLE 3
#define PTE_PAGE  3
#define PTE_BLOCK 1
/* AF, inner shareable, AP[1] (RES1 in the Hyp regime), AttrIndx = MAIR_NORMAL (DDI 0406C B3.6.2) */
#define PTE_NORMAL  ((1 << 10) | (3 << 8) | (1 << 6))
#define PTE_RO	    (1 << 7)
#define PTE_XN_HIGH (1 << 22) /* XN is bit 54: of the upper word */

#define MODE_HYP 0x1a

	/* rd = the physical address of a symbol; r12 = physical minus link address */
	.macro	phys rd, symbol
	ldr	\rd, =\symbol
	add	\rd, \rd, r12
	.endm

	.section .head, "ax"
	.globl	_start
_start:
	.rept	8
	nop
	.endr
	b	primary_entry
	.long	0x016f2818		/* this is a zImage, */
	.long	0			/* which runs at any address, */
	.long	_end - _start		/* of this size, */
	.long	0x04030201		/* little endian */
	.long	0x45454545, 0		/* no table of more */

primary_entry:
	cpsid	aif
	mov	r10, r2			/* device tree */
	adr	r11, _start		/* where we are */
	ldr	r12, =_start
	sub	r12, r11, r12
	bl	check_hyp

	phys	r0, _bss
	phys	r1, _end
	mov	r2, #0
	mov	r3, #0
1:	strd	r2, r3, [r0], #8
	cmp	r0, r1
	blo	1b

	bl	make_tables
	/*
	 * What was written with the caches off must not be shadowed by lines that the firmware left
	 * there (A3.5.7: mismatched attributes): drop them.
	 */
	dmb	sy
	phys	r0, _bss
	phys	r1, _end
	mrc	p15, 0, r2, c0, c0, 1	/* CTR.DminLine: words, log2 */
	ubfx	r2, r2, #16, #4
	mov	r3, #4
	lsl	r2, r3, r2
1:	mcr	p15, 0, r0, c7, c6, 1	/* DCIMVAC */
	add	r0, r0, r2
	cmp	r0, r1
	blo	1b
	dsb	sy

	bl	enable_mmu
	bl	drop_identity
	ldr	sp, =(HYP_VA_BOOT_STACK + STACK_SIZE - CPU_AREA)
	mov	r0, #0
	mcr	p15, 4, r0, c13, c0, 2	/* HTPIDR: no vCPU is loaded */
	mov	r0, r10
	mov	r1, #0
	mov	r2, r11
	mov	r3, #0
	mov	fp, #0			/* which is r11 */
	mov	lr, #0
	ldr	r4, =hyp_main
	bx	r4			/* hyp_main(device tree, image) */
	.ltorg

/*
 * PSCI CPU_ON comes here: r0 = top of the CPU's stack, a virtual address. The tables are in memory
 * by then, with what mmu_map_identity() adds.
 */
	.globl	secondary_entry
secondary_entry:
	cpsid	aif
	mov	r10, r0
	adr	r11, _start
	ldr	r12, =_start
	sub	r12, r11, r12
	bl	check_hyp
	bl	enable_mmu
	mov	sp, r10
	mov	r0, #0
	mcr	p15, 4, r0, c13, c0, 2
	mov	fp, #0
	mov	lr, #0
	ldr	r4, =hyp_main_secondary
	bx	r4
	.ltorg

check_hyp:
	mrs	r0, cpsr
	and	r0, r0, #0x1f
	cmp	r0, #MODE_HYP
	bxeq	lr
1:	wfi				/* no way to say so: there is no console yet */
	b	1b

/*
 * root[image] -> image_l2 -> image_l3: a page each, text R X, rodata R, the rest RW.   root[pa] ->
 * identity_l2 -> the 2 MiB that the first page is in, R X. The stack, at the end of the image, is
 * mapped away from it, so that what is below is a hole and guards it. Until it is used, identity_l2
 * is in its place. r11 = physical address of the image. Clobbers r0-r9.
 */
make_tables:
	mov	r3, #0			/* the upper words: addresses are below 4 GiB */
	phys	r0, hyp_root
	phys	r1, image_l2
	orr	r2, r1, #PTE_TABLE
	strd	r2, r3, [r0]
	phys	r4, image_l3
	orr	r2, r4, #PTE_TABLE
	strd	r2, r3, [r1, #(HYP_VA_IMAGE >> 21) * 8]

	phys	r5, _etext
	phys	r6, _erodata
	phys	r7, _end
	phys	r8, boot_stack
	mov	r9, r11
1:	movw	r2, #(PTE_PAGE | PTE_NORMAL)
	orr	r2, r2, r9
	mov	r3, #PTE_XN_HIGH
	cmp	r9, r6
	orrlo	r2, r2, #PTE_RO
	cmp	r9, r5
	movlo	r3, #0
	cmp	r9, r8
	bne	2f
	phys	r4, image_l3
	add	r4, r4, #(((HYP_VA_BOOT_STACK + GUARD_SIZE - HYP_VA_IMAGE) >> 12) * 8) & 0xf00
	add	r4, r4, #(((HYP_VA_BOOT_STACK + GUARD_SIZE - HYP_VA_IMAGE) >> 12) * 8) & 0xff
2:	strd	r2, r3, [r4], #8
	add	r9, r9, #4096
	cmp	r9, r7
	blo	1b

	mov	r3, #0
	phys	r1, identity_l2
	orr	r2, r1, #PTE_TABLE
	lsr	r4, r11, #30
	add	r0, r0, r4, lsl #3
	strd	r2, r3, [r0]
	lsr	r2, r11, #21
	ubfx	r4, r11, #21, #9
	lsl	r2, r2, #21
	movw	r5, #(PTE_BLOCK | PTE_NORMAL | PTE_RO)
	orr	r2, r2, r5
	add	r1, r1, r4, lsl #3
	strd	r2, r3, [r1]
	bx	lr
	.ltorg

/*
 * No entry, and none in the TLB: its table may become the stack. Other CPUs do not run yet.
 * Clobbers r0-r3.
 */
drop_identity:
	ldr	r0, =hyp_root
	lsr	r1, r11, #30
	add	r0, r0, r1, lsl #3
	mov	r2, #0
	mov	r3, #0
	strd	r2, r3, [r0]
	dsb	nshst
	mcr	p15, 4, r2, c8, c7, 0	/* TLBIALLH */
	dsb	nsh
	isb
	bx	lr

/* Translation on, caches on, and return to the caller at its link address. Clobbers r0-r1. */
enable_mmu:
	ldr	r0, =MAIR_VALUE
	mcr	p15, 4, r0, c10, c2, 0	/* HMAIR0 */
	mov	r0, #0
	mcr	p15, 4, r0, c10, c2, 1	/* HMAIR1 */
	/* HTCR: RES1 bits, write-back, inner shareable, 32 bits of addresses (B4.1.76) */
	ldr	r0, =((1 << 31) | (1 << 23) | (3 << 12) | (1 << 10) | (1 << 8))
	mcr	p15, 4, r0, c2, c0, 2
	phys	r0, hyp_root
	mov	r1, #0
	mcrr	p15, 4, r0, r1, c2	/* HTTBR */
	isb
	mcr	p15, 4, r0, c8, c7, 0	/* TLBIALLH */
	mcr	p15, 0, r0, c7, c5, 0	/* ICIALLU */
	mcr	p15, 0, r0, c7, c5, 6	/* BPIALL */
	dsb	nsh
	isb
	ldr	r0, =0x30cd183d		/* HSCTLR: RES1, M C I, WXN */
	mcr	p15, 4, r0, c1, c0, 0
	isb
	ldr	r0, =vectors
	mcr	p15, 4, r0, c12, c0, 0	/* HVBAR */
	isb
	sub	lr, lr, r12		/* leave the identity map */
	bx	lr
	.ltorg

	.section .tables, "aw", %nobits
	.align	12
	.globl	hyp_root
hyp_root:	.skip	4096
image_l2:	.skip	4096
image_l3:	.skip	4096

	.section .stack, "aw", %nobits
	.align	12
boot_stack:
identity_l2:	.skip	4096
		.skip	STACK_SIZE - GUARD_SIZE - 4096
