/* SPDX-License-Identifier: ISC */
/*
 * FP and SIMD registers are loaded when the vCPU first uses them after it was loaded, and saved
 * when it is unloaded if it did. fp_last and fp_cpu tell whether the hardware still holds what
 * was saved.
 */
#include <hyp/cpu.h>
#include <arm/context.h>
#include <arm/trap.h>
#include <arm/width.h>
#include <asm/context.h>

void fp_unload(struct vcpu *v)
{
	if (!v->arch.fp_live)
		return;
	fp_save(&v->arch.fp);
	v->arch.fp_live = false;
	fp_trap_on();
}

void trap_fp(struct vcpu *v, uint64_t esr __unused)
{
	struct cpu *c = this_cpu();

	fp_trap_off();
	if (c->fp_last != v || v->arch.fp_cpu != c->id) {
		fp_load(&v->arch.fp);
		c->fp_last = v;
		v->arch.fp_cpu = (uint16_t)c->id;
	}
	v->arch.fp_live = true;
}
