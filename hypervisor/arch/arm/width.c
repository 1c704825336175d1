/* SPDX-License-Identifier: ISC */
/* No code: the compiler's check that a width has the inline functions that arch/arm needs. */
#include <asm/gtimer.h>
#include <hyp/arch_inline.h>

/* ---- asm/context.h: the current vCPU ---- */

OWED(uint64_t, current_pc, void);
OWED(void, current_set_pc, uint64_t pc);
/* Skip the instruction that trapped. */
OWED(void, trap_skip, uint64_t esr);
/*
 * The five arguments of a hypercall, which the call may change: in place, or in room. The second
 * function is for a call that will be issued again: it makes the guest see the changes.
 */
OWED(uint64_t *, arch_hypercall_args, struct vcpu *v, uint64_t *room);
OWED(void, arch_hypercall_args_changed, struct vcpu *v, const uint64_t *arg);
/* The addresses of a data abort and of an instruction abort, virtual. */
OWED(uint64_t, fault_data_va, void);
OWED(uint64_t, fault_insn_va, void);
/* The page of a stage 2 fault, guest physical: translation and access flag faults, and walks. */
OWED(gpaddr_t, fault_page, void);
/* Stage 1 of the current vCPU, for a read of va. false: it is not mapped. */
OWED(bool, guest_stage1, gvaddr_t va, gpaddr_t *gpa);
/* Can trap_insn() decode the instruction at the current pc? */
OWED(bool, current_insn_decodable, void);
/* WFE does not trap until a vCPU is next loaded. */
OWED(void, guest_wfe_direct, void);
/* FP access of guest and hypervisor traps, or does not. */
OWED(void, fp_trap_on, void);
OWED(void, fp_trap_off, void);

/* ---- asm/gtimer.h: the generic timer ---- */

OWED(uint64_t, counter_read, void);
OWED(uint32_t, counter_frequency, void);
OWED(void, hyp_timer_start, uint64_t deadline);
OWED(void, hyp_timer_stop, void);
OWED(uint64_t, vtimer_ctl_read, void);
OWED(void, vtimer_ctl_write, uint64_t ctl);
OWED(uint64_t, vtimer_cval_read, void);
OWED(void, vtimer_cval_write, uint64_t cval);

/* ---- asm/tlb.h: stage 2 ---- */

OWED(uint64_t, vttbr_read, void);
OWED(void, vttbr_write, uint64_t vttbr);
/* Of the VMID in VTTBR, in all CPUs' TLBs, complete on return. */
OWED(void, tlbi_current_page, gpaddr_t ipa);
OWED(void, tlbi_current_all, void);
