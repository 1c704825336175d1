/* SPDX-License-Identifier: ISC */
/*
 * First instructions of every CPU: from "MMU off, anywhere" to C at the link address.
 *
 * Entered at EL2 with the MMU and caches off, little endian, the image at any 2 MiB-aligned
 * physical address, x0 = the device tree (Linux's Documentation/arm64/booting). The final page
 * tables of the image, with permissions per page, are made here. A mapping of the image at its
 * physical address carries a CPU across the switch, and does not outlive it.
 */
#include <arm/mair.h>
#include <asm/layout.h>

#define PTE_TABLE   3
#define PTE_PAGE    3
/* AF, inner shareable, AP[1] (RES1 in the EL2 regime), AttrIndx = MAIR_NORMAL (Arm ARM D8.3.2) */
#define PTE_NORMAL  ((1 << 10) | (3 << 8) | (1 << 6))
#define PTE_RO	    (1 << 7)
#define PTE_XN	    (1 << 54)

#ifdef EARLY_UART_BUILD
	.macro	early_print string
	adr	x0, 8801f
	bl	early_puts
	b	8802f
8801:	.asciz	"\string\r\n"
	.align	2
8802:
	.endm
#else
	.macro	early_print string
	.endm
#endif

	.section .head, "ax"
	.globl	_start
_start:
	b	primary_entry
	.long	0
	.quad	0			/* text_offset: load at a 2 MiB boundary */
	.quad	_end - _start		/* image_size */
	.quad	0xa			/* flags: little endian, 4 KiB pages, anywhere in memory */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0

primary_entry:
	msr	daifset, #15
	mov	x20, x0			/* device tree */
	adrp	x19, _start		/* where we are */
	early_print "plinth: entered"
	bl	check_el2

	/* .bss, with 16-byte stores: memory is Device as long as the MMU is off */
	adrp	x0, _bss
	add	x0, x0, :lo12:_bss
	adrp	x1, _end
1:	stp	xzr, xzr, [x0], #16
	cmp	x0, x1
	b.lo	1b

	bl	make_tables
	/*
	 * What was written with the caches off must not be shadowed by lines that the firmware left
	 * there (B2.8.1: mismatched attributes): drop them.
	 */
	dmb	sy
	adrp	x0, _bss
	adrp	x1, _end
	mrs	x2, ctr_el0
	ubfx	x2, x2, #16, #4
	mov	x3, #4
	lsl	x2, x3, x2
1:	dc	ivac, x0
	add	x0, x0, x2
	cmp	x0, x1
	b.lo	1b
	dsb	sy

	bl	enable_mmu
	bl	drop_identity
	ldr	x0, =(HYP_VA_BOOT_STACK + STACK_SIZE - CPU_AREA)
	mov	sp, x0
	msr	tpidr_el2, xzr
	mov	x29, xzr
	mov	x30, xzr
	mov	x0, x20
	mov	x1, x19
	ldr	x2, =hyp_main
	br	x2			/* hyp_main(device tree, image) */
	.ltorg

/*
 * PSCI CPU_ON comes here: x0 = top of the CPU's stack, a virtual address. The tables are in memory
 * by then, with what mmu_map_identity() adds.
 */
	.globl	secondary_entry
secondary_entry:
	msr	daifset, #15
	mov	x20, x0
	bl	check_el2
	bl	enable_mmu
	mov	sp, x20
	msr	tpidr_el2, xzr
	mov	x29, xzr
	mov	x30, xzr
	ldr	x2, =hyp_main_secondary
	br	x2
	.ltorg

check_el2:
	mrs	x0, CurrentEL
	cmp	x0, #(2 << 2)
	b.ne	1f
	msr	spsel, #1		/* SP_EL2, whichever the firmware left */
	ret
1:	early_print "plinth: not entered at EL2: the firmware must start it in hypervisor mode"
2:	wfi
	b	2b

/*
 * l0[image] -> l1 -> l2 -> l3: a page each, text R X, rodata R, the rest RW.   l0[pa] -> id_l1 ->
 * id_l2 -> the same l3. The stack, at the end of the image, is mapped away from it, so that what is
 * below is a hole and guards it. Until it is used, id_l1 and id_l2 are in its place. x19 = physical
 * address of the image. Clobbers x0-x9.
 */
make_tables:
	adrp	x0, hyp_root
	adrp	x1, image_l1
	adrp	x2, image_l2
	adrp	x3, image_l3
	orr	x4, x1, #PTE_TABLE
	str	x4, [x0, #(HYP_VA_IMAGE >> 39) * 8]
	orr	x4, x2, #PTE_TABLE
	str	x4, [x1]
	orr	x4, x3, #PTE_TABLE
	str	x4, [x2]

	adrp	x5, _etext
	adrp	x6, _erodata
	adrp	x7, _end
	adrp	x8, boot_stack
	mov	x4, x19
	ldr	x9, =(PTE_PAGE | PTE_NORMAL)
1:	orr	x0, x4, x9
	cmp	x4, x6
	b.hs	3f
	orr	x0, x0, #PTE_RO
	cmp	x4, x5
	b.lo	4f
3:	orr	x0, x0, #PTE_XN
4:	cmp	x4, x8
	b.ne	5f
	adrp	x3, image_l3
	add	x3, x3, #((HYP_VA_BOOT_STACK + GUARD_SIZE - HYP_VA_IMAGE) >> 12) * 8
5:	str	x0, [x3], #8
	add	x4, x4, #4096
	cmp	x4, x7
	b.lo	1b

	adrp	x0, hyp_root
	adrp	x1, identity_l1
	adrp	x2, identity_l2
	orr	x4, x1, #PTE_TABLE
	ubfx	x5, x19, #39, #9
	str	x4, [x0, x5, lsl #3]
	orr	x4, x2, #PTE_TABLE
	ubfx	x5, x19, #30, #9
	str	x4, [x1, x5, lsl #3]
	adrp	x3, image_l3		/* the image begins at a multiple of 2 MiB */
	orr	x4, x3, #PTE_TABLE
	ubfx	x5, x19, #21, #9
	str	x4, [x2, x5, lsl #3]
	ret
	.ltorg

/*
 * No entry, and none in the TLB: their tables may become the stack. Other CPUs do not run yet.
 * Clobbers x0-x1.
 */
drop_identity:
	adrp	x0, hyp_root
	ubfx	x1, x19, #39, #9
	str	xzr, [x0, x1, lsl #3]
	dsb	nshst
	tlbi	alle2
	dsb	nsh
	isb
	ret

/* Translation on, caches on, and return to the caller at its link address. Clobbers x0-x3. */
enable_mmu:
	/* HCR_EL2: RW; E2H off, whatever the firmware left, before any register that it changes */
	mov	x0, #(1 << 31)
	msr	hcr_el2, x0
	isb
	ldr	x0, =MAIR_VALUE
	msr	mair_el2, x0
	/*
	 * TCR_EL2: 48 bits, 4 KiB, write-back, inner shareable, RES1 bits; PS from the CPU, at most
	 * 48 bits
	 */
	ldr	x0, =((1 << 31) | (1 << 23) | (3 << 12) | (1 << 10) | (1 << 8) | 16)
	mrs	x1, id_aa64mmfr0_el1
	and	x1, x1, #0xf
	mov	x2, #5
	cmp	x1, x2
	csel	x1, x2, x1, hi
	orr	x0, x0, x1, lsl #16
	msr	tcr_el2, x0
	adrp	x0, hyp_root
	msr	ttbr0_el2, x0
	isb
	tlbi	alle2
	ic	iallu
	dsb	nsh
	isb
	ldr	x0, =0x30cd183d		/* SCTLR_EL2: RES1, M C SA I, WXN */
	msr	sctlr_el2, x0
	isb
	ldr	x0, =vectors
	msr	vbar_el2, x0
	isb
	adrp	x1, _start		/* leave the identity map for the image's own */
	ldr	x2, =_start
	sub	x2, x2, x1
	add	x30, x30, x2
	ret
	.ltorg

	.section .tables, "aw", %nobits
	.align	12
	.globl	hyp_root
hyp_root:		.skip	4096
image_l1:	.skip	4096
image_l2:	.skip	4096
image_l3:	.skip	4096

	.section .stack, "aw", %nobits
	.align	12
boot_stack:
identity_l1:	.skip	4096
identity_l2:	.skip	4096
		.skip	STACK_SIZE - GUARD_SIZE - 2 * 4096
