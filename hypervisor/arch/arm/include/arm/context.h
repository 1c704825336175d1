/* SPDX-License-Identifier: ISC */
/* Parts of a vCPU's state that both widths move in and out of the hardware in the same way. */
#ifndef ARM_CONTEXT_H
#define ARM_CONTEXT_H

struct vcpu;

/*
 * The virtual timer. vtimer_save() stops it, before vgic_save(), or it would fire again.
 * vtimer_arm_wake() comes after that: a blocked vCPU gets a software timer in its place.
 * vtimer_load() comes after vgic_load().
 */
void vtimer_save(struct vcpu *v);
void vtimer_arm_wake(struct vcpu *v);
void vtimer_load(struct vcpu *v);

/* FP and SIMD registers: saved if v used them, and access traps again. */
void fp_unload(struct vcpu *v);

#endif
