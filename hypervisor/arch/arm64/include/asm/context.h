/* SPDX-License-Identifier: ISC */
/*
 * State of a vCPU. "Current" means: loaded on this CPU, in a trap that it caused.
 */
#ifndef ASM_CONTEXT_H
#define ASM_CONTEXT_H

#include <arm/aarch32.h>
#include <asm/barrier.h>
#include <asm/guest_ram.h>
#include <asm/sysreg.h>
#include <hyp/domain.h>

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

/*
 * Skip the instruction that trapped: of 4 bytes, or of 2 if it was a T32 one of AArch32.
 */
static inline void trap_skip(uint64_t esr)
{
	uint64_t pstate = current_pstate();

	current_set_pc(current_pc() + 2 + (esr >> 24 & 2)); /* ESR_EL2.IL */
	if (unlikely(pstate & PSTATE_AARCH32))
		write_sysreg(spsr_el2, aarch32_next_it((uint32_t)pstate));
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

static inline bool vcpu_is_32bit(const struct vcpu *v)
{
	return !(v->arch.hcr & HCR_RW);
}

/* ---- Hypercalls: arguments are in x0-x4, and are changed there ---- */

static inline uint64_t *arch_hypercall_args(struct vcpu *v, uint64_t *room __unused)
{
	return v->arch.x;
}

static inline void arch_hypercall_args_changed(struct vcpu *v __unused,
					       const uint64_t *arg __unused)
{
}

/* ---- Faults of the current vCPU ---- */

static inline uint64_t fault_data_va(void)
{
	return read_sysreg(far_el2);
}

static inline uint64_t fault_insn_va(void)
{
	return read_sysreg(far_el2);
}

/* HPFAR_EL2 (D19.2.60): bits 47-12 of the address from bit 4 on. */
static inline gpaddr_t fault_page(void)
{
	return read_sysreg(hpfar_el2) >> 4 << PAGE_SHIFT;
}

static inline bool guest_stage1(gvaddr_t va, gpaddr_t *gpa)
{
	uint64_t par = GUEST_TRANSLATE("s1e1", va, false);

	*gpa = PAR_PA(par) | (va & ~PAGE_MASK);
	return !(par & PAR_F);
}

/* A64, not the instruction sets of 32-bit EL0. */
static inline bool current_insn_decodable(void)
{
	return !(current_pstate() & PSTATE_AARCH32);
}

/* ---- Traps of the current vCPU ---- */

static inline void guest_wfe_direct(void)
{
	write_sysreg(hcr_el2, read_sysreg(hcr_el2) & ~HCR_TWE);
}

static inline void fp_trap_on(void)
{
	write_sysreg(cptr_el2, CPTR_BASE | CPTR_TFP);
}

static inline void fp_trap_off(void)
{
	write_sysreg(cptr_el2, CPTR_BASE);
	isb();
}

#endif
