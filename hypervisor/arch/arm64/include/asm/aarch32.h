/* SPDX-License-Identifier: ISC */
/*
 * 32-bit guests: vCPUs whose EL1 is AArch32. Their general registers are in struct arch_vcpu.x as
 * the Arm ARM maps them (D1.6.4): r0-r12, SP and LR of User mode, and from x16 on the banked ones.
 */
#ifndef ASM_AARCH32_H
#define ASM_AARCH32_H

#include <arm/trap.h>
#include <asm/sysreg.h>

struct aarch32_regs;
struct vcpu;
struct vcpu_guest_core_regs;

/* x[] of the banked link registers that exceptions write. */
#define X_LR_ABT 20
#define X_LR_UND 22

/* ID registers are the CPU's own: with TID3, Linux would trap at each switch of its FP state. */
#define HCR_GUEST_AARCH32 (HCR_GUEST & ~(HCR_RW | HCR_TID3))

/* SPSR: Supervisor mode, A32, A I F masked: the state of a CPU that was just started. */
#define PSTATE_SVC_AIF 0x1d3

/* SCTLR at the start of a vCPU: MMU and caches off, RES1 bits (G8.2.126). */
#define SCTLR_AARCH32_RESET 0x00c50838

/* Registers that only these vCPUs have: guest_regs_save() and guest_regs_load(). */
void aarch32_save(struct aarch32_regs *r);
void aarch32_load(const struct aarch32_regs *r);

int aarch32_set_context(struct vcpu *v, const struct vcpu_guest_core_regs *r);
void aarch32_get_context(const struct vcpu *v, struct vcpu_guest_core_regs *r);

/* Synchronous exceptions from AArch32, that is a 32-bit guest or EL0 of a 64-bit one. */
trap_fn trap_sync_aarch32;

/* Exceptions for the current vCPU; see arm/width.h. */
void aarch32_inject_undef(struct vcpu *v);
void aarch32_inject_data_abort(struct vcpu *v, uint64_t far);
void aarch32_inject_prefetch_abort(struct vcpu *v, uint64_t far);

#endif
