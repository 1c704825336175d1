/* SPDX-License-Identifier: ISC */
/*
 * What arch/arm, the part of the architecture that both widths share, needs of each width:
 * functions in its source files here, inline ones in its asm/context.h, asm/gtimer.h and
 * asm/tlb.h, checked by OWED() in arch/arm/width.c.
 */
#ifndef ARM_WIDTH_H
#define ARM_WIDTH_H

#include <lib/types.h>

struct bootinfo;
struct cpu;
struct fp_regs;
struct vcpu;

/* ---- Boot and CPUs ---- */

/* What guests are shown of the CPU; arch_init_guests(). p2m_ipa_bits is set. */
void idregs_init(unsigned gic_version);

/* Bits of guest physical addresses that the CPU can translate. */
unsigned cpu_ipa_bits(void);

/* The number of VMIDs, 0 included. */
unsigned cpu_nr_vmids(void);

/* The hypervisor's own registers of the calling CPU, whose struct c is: traps, stage 2, timers. */
void hyp_regs_init(struct cpu *c);

/* On the boot CPU, before mitigate_init_cpu(): may the firmware be asked (PSCI by SMC)? */
void mitigate_init(bool firmware);
void mitigate_init_cpu(struct cpu *c);

/* The root of the hypervisor's own tables, made by head.S with the image in it. */
extern uint64_t hyp_root[];

/*
 * What another CPU runs before its MMU is on, mapped at its physical address until all have
 * started; its entry point's physical address, which expects the top of the CPU's stack as its
 * argument.
 */
void mmu_map_identity(void);
void mmu_unmap_identity(void);
paddr_t secondary_entry_pa(void);
/* The nth stack, with a guard page, for a CPU to be started. Returns its top, NULL: no memory. */
void *mmu_alloc_stack(unsigned nth);

/* ---- Switching vCPUs ---- */

/*
 * The guest's registers but timers, vGIC and FP: from the hardware into v, and the opposite with
 * what else makes v the one that the vectors serve: pointer, stage 2, traps.
 */
void guest_regs_save(struct vcpu *v);
void guest_regs_load(struct vcpu *v);
/* No vCPU is loaded: stage 2 maps nothing. */
void guest_regs_none(void);

/* Assembly; access is enabled. */
void fp_save(struct fp_regs *fp);
void fp_load(const struct fp_regs *fp);

/* ---- Traps ---- */

/* Exceptions for the current vCPU to take. il: the instruction had 4 bytes. */
void inject_undef(struct vcpu *v, bool il);
void inject_data_abort(struct vcpu *v, uint64_t far);
void inject_instruction_abort(struct vcpu *v, uint64_t far);
void inject_serror(struct vcpu *v);

/*
 * TODO_INSN: carry out the access to a device whose syndrome does not describe it, from the
 * instruction. Nothing has trapped since the fault, and all general registers are in v.
 */
void trap_insn(struct vcpu *v);

#endif
