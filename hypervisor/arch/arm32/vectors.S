/* SPDX-License-Identifier: ISC */
/*
 * Entry from guests and return to them (DDI 0406C B1.8).
 *
 * HTPIDR holds the current vCPU. SP_hyp is at the top of the CPU's stack, where struct cpu begins.
 *
 *	vector   r0-r12 and LR of User mode, which Hyp mode has in common -> vcpu.arch
 *	         C handler
 *	exit     cpu.todo clear: restore, ERET
 *	         else C chooses who runs next (and maybe sleeps); look again
 *
 * SP and the banked registers of the guest's modes stay where they are. pc and cpsr stay in ELR_hyp
 * and SPSR_hyp as long as the vCPU is loaded: nothing in Hyp mode takes an exception.
 */
#include <asm/layout.h>
#include <asm/vcpu_offsets.h>

	.arch	armv7-a
	.arch_extension virt
	.arm

	.macro	save_guest
	push	{r0, r1}
	mrc	p15, 4, r0, c13, c0, 2	/* HTPIDR */
	add	r1, r0, #VCPU_R + 8
	stm	r1, {r2-r12}
	pop	{r2, r3}
	stm	r0, {r2, r3}
	str	lr, [r0, #VCPU_LR_USR]
	.endm

	.text
	.align	5
	.globl	vectors
vectors:
	b	bad_reset
	b	bad_undefined
	b	bad_hvc
	b	bad_prefetch
	b	data_abort
	b	guest_sync
	b	guest_irq
	b	guest_irq		/* FIQ */

guest_sync:
	save_guest
	mrc	p15, 4, r2, c5, c2, 0	/* HSR */
	mov	r3, #0
	bl	trap_sync		/* (vCPU, syndrome of 64 bits) */
guest_exit:
	ldr	r1, [sp, #CPU_TODO]
	cmp	r1, #0
	bne	guest_resched
	mrc	p15, 4, r0, c13, c0, 2
	ldr	lr, [r0, #VCPU_LR_USR]
	clrex				/* ERET leaves the monitor as it is (A3.4.5) */
	ldm	r0, {r0-r12}
	eret
	/* Nothing after ERET may be executed, not even speculatively. */
	dsb	nsh
	isb

guest_irq:
	save_guest
	bl	trap_irq
	b	guest_exit

	/* First entry of a CPU: nobody is loaded, and never returns. */
	.globl	cpu_enter_guests
cpu_enter_guests:
	ldr	r1, =(STACK_SIZE - 1)
	mov	r0, sp
	orr	r0, r0, r1
	sub	r0, r0, #CPU_AREA
	add	sp, r0, #1
guest_resched:
	mrc	p15, 4, r0, c13, c0, 2
	bl	trap_resched		/* the vCPU to enter; loaded, HTPIDR set */
	b	guest_exit
	.ltorg

	/*
	 * From Hyp mode it is our own; an asynchronous one of a guest comes here too (B1.9.8).
	 * HMAIR1 keeps r0: no mapping uses its memory types, and the stack may be what is broken.
	 */
data_abort:
	mcr	p15, 4, r0, c10, c2, 1
	mrs	r0, SPSR
	and	r0, r0, #0x1f
	cmp	r0, #0x1a
	mrc	p15, 4, r0, c10, c2, 1
	beq	bad_data
	save_guest
	bl	trap_serror
	b	guest_exit

	/*
	 * An exception in Hyp mode: give C the registers and stop. If the stack is used up, which
	 * may be the reason, go on at its top: nobody will return. HTPIDR is not needed any more.
	 */
#define PANIC_ROOM 2048
	.macro	bad kind
	mcr	p15, 4, r0, c10, c2, 1
	mov	r0, #\kind
	b	bad_entry
	.endm

bad_reset:	bad 0
bad_undefined:	bad 1
bad_hvc:	bad 2
bad_prefetch:	bad 3
bad_data:	bad 4

bad_entry:
	mcr	p15, 4, r1, c13, c0, 2
	ldr	r1, =(STACK_SIZE - 1)
	and	r1, r1, sp
	sub	r1, r1, #GUARD_SIZE
	cmp	r1, #PANIC_ROOM
	bge	1f
	ldr	r1, =(STACK_SIZE - 1)
	orr	r1, r1, sp
	sub	r1, r1, #CPU_AREA
	add	sp, r1, #1
1:	sub	sp, sp, #(16 * 4)
	mrc	p15, 4, r1, c13, c0, 2
	str	r1, [sp, #4]
	mrc	p15, 4, r1, c10, c2, 1
	str	r1, [sp, #0]
	add	r1, sp, #8
	stm	r1, {r2-r12}
	str	lr, [sp, #(13 * 4)]
	mrs	r2, ELR_hyp
	str	r2, [sp, #(14 * 4)]
	mrs	r2, SPSR
	str	r2, [sp, #(15 * 4)]
	mov	r1, sp
	b	trap_hyp		/* (kind, registers): panics */
	.ltorg
