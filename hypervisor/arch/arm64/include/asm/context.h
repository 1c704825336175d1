/* SPDX-License-Identifier: ISC */
/*
 * Loading, saving and looking at vCPU state. "Current" means: loaded on this CPU, in a trap it
 * caused.
 */
#ifndef ASM_CONTEXT_H
#define ASM_CONTEXT_H

#include <hyp/domain.h>
#include <asm/sysreg.h>

/*
 * Reset state: entry at pc with x0, MMU off, everything else as PSCI CPU_ON asks (DEN0022 6.4.3.2).
 */
void arch_vcpu_reset(struct vcpu *v, uint64_t pc, uint64_t x0);
int arch_vcpu_init(struct vcpu *v);
void arch_domain_init(struct domain *d);

/* Put the hardware's state into v (it is not loaded afterwards), and the other way. */
void vcpu_unload(struct vcpu *v);
void vcpu_load(struct vcpu *v);

/* A vCPU touched FP registers while they trap. */
void vcpu_fp_trap(struct vcpu *v);

/* pc and pstate of the current vCPU. */
static inline uint64_t current_pc(void)
{
	return read_sysreg(elr_el2);
}

static inline void current_set_pc(uint64_t pc)
{
	write_sysreg(elr_el2, pc);
}

static inline uint64_t current_pstate(void)
{
	return read_sysreg(spsr_el2);
}

/* Skip the instruction that trapped: of 4 bytes, or of 2 if it was a T32 one of AArch32. */
static inline void trap_skip(uint64_t esr)
{
	current_set_pc(current_pc() + 2 + (esr >> 24 & 2)); /* ESR_EL2.IL */
}

/* General register n as an instruction names it: 31 is the zero register. */
static inline uint64_t vcpu_x(const struct vcpu *v, size_t n)
{
	return n == 31 ? 0 : v->arch.x[n];
}

static inline void vcpu_set_x(struct vcpu *v, size_t n, uint64_t value)
{
	if (n != 31)
		v->arch.x[n] = value;
}

/* Exceptions for the current vCPU to take at EL1. */
void inject_undef(struct vcpu *v, bool il);
void inject_data_abort(struct vcpu *v, uint64_t far);
void inject_instruction_abort(struct vcpu *v, uint64_t far);
void inject_serror(struct vcpu *v);

/* The state of a vCPU that is not loaded, as the toolstack sees it. */
struct vcpu_guest_context;
int arch_vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *c);
void arch_vcpu_get_context(const struct vcpu *v, struct vcpu_guest_context *c);

#endif
