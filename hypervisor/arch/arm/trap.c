/* SPDX-License-Identifier: ISC */
/*
 * Exceptions from guests that are no aborts: hypercalls, calls of the firmware, waiting, FP,
 * physical interrupts, and the way back to a guest.
 */
#include <lib/errno.h>
#include <arm/trap.h>
#include <arm/width.h>
#include <asm/context.h>
#include <hyp/cpu.h>
#include <hyp/domain.h>
#include <hyp/hypercall.h>
#include <hyp/run.h>
#include <hyp/virq.h>
#include <public/xen.h>

#define HVC_LENGTH 4 /* in every instruction set */

/*
 * The pc is after the instruction already. A long hypercall that gives way has updated its
 * arguments and is issued again.
 */
static inline void hypercall(struct vcpu *v, uint64_t nr)
{
	uint64_t room[5], *arg = arch_hypercall_args(v, room);
	long ret = hypercall_dispatch(v, nr, arg);

	if (unlikely(ret == -ERESTART)) {
		arch_hypercall_args_changed(v, arg);
		current_set_pc(current_pc() - HVC_LENGTH);
	} else {
		vcpu_set_x(v, 0, (uint64_t)ret);
	}
}

void trap_hvc(struct vcpu *v, uint64_t esr, uint64_t nr)
{
	unsigned imm = ESR_HVC_IMM(esr);

	if (likely(imm == XEN_HYPERCALL_TAG)) {
		hypercall(v, nr);
		return;
	}
	if (imm == 0) {
		smccc_call(v);
		return;
	}
	current_set_pc(current_pc() - HVC_LENGTH); /* an undefined instruction is not skipped */
	inject_undef(v, true);
}

/* SMC traps before it executes. Same calls as HVC #0; nothing reaches the firmware. */
void trap_smc(struct vcpu *v, uint64_t esr)
{
	if (ESR_HVC_IMM(esr) != 0) {
		inject_undef(v, true);
		return;
	}
	trap_skip(esr);
	smccc_call(v);
}

void trap_undef(struct vcpu *v, uint64_t esr)
{
	inject_undef(v, esr & ESR_IL_32BIT);
}

/*
 * WFI: sleep until there is something to do. WFE: yield; if no other vCPU waits for this CPU, stop
 * trapping WFE until the vCPU is next loaded.
 */
void trap_wfx(struct vcpu *v, uint64_t esr)
{
	trap_skip(esr);
	if (!(esr & ESR_WFX_WFE))
		vcpu_block(v, SLEEP_IRQ);
	else if (!sched_yield(v))
		guest_wfe_direct();
}

void trap_irq(struct vcpu *v)
{
	irq_handle_one(v);
}

struct vcpu *trap_resched(struct vcpu *v)
{
	struct cpu *c = this_cpu();
	uint32_t todo = atomic_swap(&c->todo, 0);

	if (todo & TODO_INSN)
		trap_insn(v);
	if (todo & TODO_VGIC && v)
		vgic_flush(v);
	if (todo & TODO_SLICE)
		sched_start_slice(c);
	if (todo & TODO_RESCHED || !v)
		return run_next(c);
	return v;
}
