/* SPDX-License-Identifier: ISC */
/*
 * Entry from guests and return to them.
 *
 * TPIDR_EL2 holds the current vCPU. SP_EL2 is at the top of the CPU's stack, where struct cpu
 * begins.
 *
 *	vector   x0-x18, x30 -> vcpu.arch.x (what C may change); also x19-x29 if emulation may
 *	         read or write one of them
 *	         C handler
 *	exit     cpu.todo clear: restore, ERET
 *	         else save x19-x29; C chooses who runs next (and maybe sleeps); load x19-x29 of
 *	         that one; look again
 *
 * pc and pstate stay in ELR_EL2 and SPSR_EL2 as long as the vCPU is loaded: nothing at EL2 takes an
 * exception.
 */
#include <asm/layout.h>
#include <asm/vcpu_offsets.h>

	.macro	save_caller_saved
	stp	x0, x1, [sp, #-16]!
	mrs	x0, tpidr_el2
	stp	x2, x3, [x0, #VCPU_X(2)]
	stp	x4, x5, [x0, #VCPU_X(4)]
	stp	x6, x7, [x0, #VCPU_X(6)]
	stp	x8, x9, [x0, #VCPU_X(8)]
	ldp	x2, x3, [sp], #16
	stp	x10, x11, [x0, #VCPU_X(10)]
	stp	x12, x13, [x0, #VCPU_X(12)]
	stp	x14, x15, [x0, #VCPU_X(14)]
	stp	x16, x17, [x0, #VCPU_X(16)]
	str	x18, [x0, #VCPU_X(18)]
	str	x30, [x0, #VCPU_X(30)]
	stp	x2, x3, [x0, #VCPU_X(0)]
	.endm

	.macro	save_callee_saved
	stp	x19, x20, [x0, #VCPU_X(19)]
	stp	x21, x22, [x0, #VCPU_X(21)]
	stp	x23, x24, [x0, #VCPU_X(23)]
	stp	x25, x26, [x0, #VCPU_X(25)]
	stp	x27, x28, [x0, #VCPU_X(27)]
	str	x29, [x0, #VCPU_X(29)]
	.endm

	.macro	load_callee_saved
	ldp	x19, x20, [x0, #VCPU_X(19)]
	ldp	x21, x22, [x0, #VCPU_X(21)]
	ldp	x23, x24, [x0, #VCPU_X(23)]
	ldp	x25, x26, [x0, #VCPU_X(25)]
	ldp	x27, x28, [x0, #VCPU_X(27)]
	ldr	x29, [x0, #VCPU_X(29)]
	.endm

	.macro	bad_entry kind
	.align	7
	mov	x0, #\kind
	b	bad_entry
	.endm

	.macro	guest_entries
	.align	7
	save_caller_saved
	mrs	x1, esr_el2
	lsr	x2, x1, #26
	cmp	x2, #0x16		/* HVC executed at AArch64 (Arm ARM D19.2.37, ESR_EL2.EC) */
	b.ne	guest_sync
	mov	x2, x16			/* the hypercall's number */
	bl	trap_hvc
	b	guest_exit
	guest_interrupts
	.endm

	/* C may need any register: those of other modes are in x16 to x30. */
	.macro	guest_entries_aarch32
	.align	7
	save_caller_saved
	mrs	x1, esr_el2
	b	guest_sync_aarch32
	guest_interrupts
	.endm

	.macro	guest_interrupts
	.align	7
	save_caller_saved
	bl	trap_irq
	b	guest_exit
	.align	7
	save_caller_saved
	bl	trap_irq
	b	guest_exit
	.align	7
	save_caller_saved
	bl	trap_serror
	b	guest_exit
	.endm

	.text
	.align	11
	.globl	vectors
vectors:
	bad_entry 0			/* from EL2: the hypervisor's own mistake */
	bad_entry 1
	bad_entry 2
	bad_entry 3
	bad_entry 4
	bad_entry 5
	bad_entry 6
	bad_entry 7
	guest_entries			/* from AArch64 */
	guest_entries_aarch32

guest_sync_aarch32:
	save_callee_saved
	bl	trap_sync_aarch32
	b	guest_sync_done

	/*
	 * Emulation reads or writes one register, Rt: ISS bits 20-16 of a data abort, 9-5 of a
	 * system register. Those that C saves itself have to be in memory only if it is one of
	 * them. (EC is in x2, the syndrome in x1.)
	 */
guest_sync:
	ubfx	w3, w1, #16, #5
	ubfx	w4, w1, #5, #5
	cmp	w2, #0x18
	csel	w3, w4, w3, eq
	cmp	w3, #19
	b.hs	guest_sync_all
	bl	trap_sync
	b	guest_exit
guest_sync_all:
	save_callee_saved
	bl	trap_sync
guest_sync_done:
	mrs	x0, tpidr_el2
	load_callee_saved
guest_exit:
	ldr	w1, [sp, #CPU_TODO]
	cbnz	w1, guest_resched
	mrs	x0, tpidr_el2
	ldp	x2, x3, [x0, #VCPU_X(2)]
	ldp	x4, x5, [x0, #VCPU_X(4)]
	ldp	x6, x7, [x0, #VCPU_X(6)]
	ldp	x8, x9, [x0, #VCPU_X(8)]
	ldp	x10, x11, [x0, #VCPU_X(10)]
	ldp	x12, x13, [x0, #VCPU_X(12)]
	ldp	x14, x15, [x0, #VCPU_X(14)]
	ldp	x16, x17, [x0, #VCPU_X(16)]
	ldr	x18, [x0, #VCPU_X(18)]
	ldr	x30, [x0, #VCPU_X(30)]
	ldp	x0, x1, [x0, #VCPU_X(0)]
	eret
	/*
	 * Nothing behind ERET may be executed, not even speculatively (straight-line speculation).
	 */
	dsb	nsh
	isb

	/* First entry of a CPU: nobody is loaded, and never returns. */
	.globl	cpu_enter_guests
cpu_enter_guests:
	mov	x0, sp
	orr	x0, x0, #(STACK_SIZE - 1)
	sub	x0, x0, #(CPU_AREA - 1)
	mov	sp, x0
guest_resched:
	mrs	x0, tpidr_el2
	cbz	x0, 1f
	save_callee_saved
1:	bl	trap_resched		/* the vCPU to enter; loaded, TPIDR_EL2 set */
	load_callee_saved
	b	guest_exit

	/*
	 * An exception at EL2 (kind: its vector): give C the registers and stop. If the stack is
	 * used up, and that may be the reason, go on at its top: struct cpu must stay where SP
	 * says, and nobody will return. TPIDR_EL2 is not needed any more. x0 is lost.
	 */
#define PANIC_ROOM 2048
bad_entry:
	msr	tpidr_el2, x1
	mov	x1, sp
	and	x1, x1, #(STACK_SIZE - 1)
	sub	x1, x1, #GUARD_SIZE
	cmp	x1, #PANIC_ROOM
	b.ge	1f
	mov	x1, sp
	orr	x1, x1, #(STACK_SIZE - 1)
	sub	x1, x1, #(CPU_AREA - 1)
	mov	sp, x1
1:	mrs	x1, tpidr_el2
	sub	sp, sp, #(34 * 8)
	stp	xzr, x1, [sp, #VCPU_X(0)]
	stp	x2, x3, [sp, #VCPU_X(2)]
	stp	x4, x5, [sp, #VCPU_X(4)]
	stp	x6, x7, [sp, #VCPU_X(6)]
	stp	x8, x9, [sp, #VCPU_X(8)]
	stp	x10, x11, [sp, #VCPU_X(10)]
	stp	x12, x13, [sp, #VCPU_X(12)]
	stp	x14, x15, [sp, #VCPU_X(14)]
	stp	x16, x17, [sp, #VCPU_X(16)]
	str	x18, [sp, #VCPU_X(18)]
	stp	x19, x20, [sp, #VCPU_X(19)]
	stp	x21, x22, [sp, #VCPU_X(21)]
	stp	x23, x24, [sp, #VCPU_X(23)]
	stp	x25, x26, [sp, #VCPU_X(25)]
	stp	x27, x28, [sp, #VCPU_X(27)]
	stp	x29, x30, [sp, #VCPU_X(29)]
	mrs	x1, elr_el2
	mrs	x2, spsr_el2
	stp	x1, x2, [sp, #VCPU_PC]
	mov	x1, sp
	b	trap_hyp		/* (kind, registers): panics */
