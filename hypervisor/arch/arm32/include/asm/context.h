/* SPDX-License-Identifier: ISC */
/*
 * State of a vCPU. "Current" means: loaded on this CPU, in a trap that it caused.
 */
#ifndef ASM_CONTEXT_H
#define ASM_CONTEXT_H

#include <arm/aarch32.h>
#include <arm/hyp_bits.h>
#include <asm/barrier.h>
#include <asm/cp15.h>
#include <asm/guest_ram.h>
#include <hyp/domain.h>

static inline uint64_t current_pc(void)
{
	return read_banked(ELR_hyp);
}

static inline void current_set_pc(uint64_t pc)
{
	write_banked(ELR_hyp, pc);
}

static inline uint64_t current_pstate(void)
{
	return read_banked(SPSR);
}

/* Skip the instruction that trapped, of 4 bytes or 2 (HSR.IL), and go on in a Thumb IT block. */
static inline void trap_skip(uint64_t esr)
{
	uint32_t spsr = (uint32_t)current_pstate();

	current_set_pc(current_pc() + 2 + (esr >> 24 & 2));
	if (unlikely(spsr & CPSR_IT))
		write_banked(SPSR_cxsf, aarch32_next_it(spsr));
}

/*
 * General register n as an instruction of the guest's mode names it: r13 and r14 are banked, in FIQ
 * mode r8-r12 too.
 */
#define FIRST_BANKED 8
uint32_t vcpu_banked(const struct vcpu *v, size_t n);
void vcpu_set_banked(struct vcpu *v, size_t n, uint32_t value);

static inline uint64_t vcpu_x(const struct vcpu *v, size_t n)
{
	return likely(n < FIRST_BANKED) ? v->arch.r[n] : vcpu_banked(v, n);
}

static inline void vcpu_set_x(struct vcpu *v, size_t n, uint64_t value)
{
	if (likely(n < FIRST_BANKED))
		v->arch.r[n] = (uint32_t)value;
	else
		vcpu_set_banked(v, n, (uint32_t)value);
}

static inline bool vcpu_is_32bit(const struct vcpu *v __unused)
{
	return true;
}

/* ---- Hypercalls: arguments are in r0-r4, zero-extended ---- */

static inline uint64_t *arch_hypercall_args(struct vcpu *v, uint64_t *room)
{
	for (unsigned i = 0; i < 5; i++)
		room[i] = v->arch.r[i];
	return room;
}

static inline void arch_hypercall_args_changed(struct vcpu *v, const uint64_t *arg)
{
	for (unsigned i = 0; i < 5; i++)
		v->arch.r[i] = (uint32_t)arg[i];
}

/* ---- Faults of the current vCPU ---- */

static inline uint64_t fault_data_va(void)
{
	return read_cp(HDFAR);
}

static inline uint64_t fault_insn_va(void)
{
	return read_cp(HIFAR);
}

/* HPFAR (B4.1.75): bits 39-12 of the address from bit 4 on. */
static inline gpaddr_t fault_page(void)
{
	return (gpaddr_t)(read_cp(HPFAR) >> 4) << PAGE_SHIFT;
}

/* The address comes in PAR's 64-bit or 32-bit format, as the guest's tables are. */
static inline bool guest_stage1(gvaddr_t va, gpaddr_t *gpa)
{
	uint64_t par = GUEST_TRANSLATE(ATS1CPR, va);
	uint64_t pa = par & PAR_LPAE ? PAR_PA(par) : par & ~(uint32_t)(PAGE_SIZE - 1);

	*gpa = pa | (va & ~PAGE_MASK);
	return !(par & PAR_F);
}

/* There is no decoder of A32 and T32 loads and stores. */
static inline bool current_insn_decodable(void)
{
	return false;
}

/* ---- Traps of the current vCPU ---- */

static inline void guest_wfe_direct(void)
{
	write_cp(HCR, read_cp(HCR) & ~HCR_TWE);
}

/* HCPTR.TCP10 and TCP11 (B4.1.59): Hyp mode traps too. */
#define HCPTR_FP (3U << 10)

static inline void fp_trap_on(void)
{
	write_cp(HCPTR, read_cp(HCPTR) | HCPTR_FP);
}

static inline void fp_trap_off(void)
{
	write_cp(HCPTR, read_cp(HCPTR) & ~HCPTR_FP);
	isb();
}

#endif
