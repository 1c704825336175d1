/* SPDX-License-Identifier: ISC */
/* Switching vCPUs: in which order the parts of a vCPU's state leave the hardware and enter it. */
#include <arm/context.h>
#include <arm/width.h>
#include <hyp/arch.h>
#include <hyp/domain.h>

void vcpu_unload(struct vcpu *v)
{
	guest_regs_save(v);
	vtimer_save(v);
	vgic_save(v);
	vtimer_arm_wake(v);
	fp_unload(v);
	guest_regs_none();
}

void vcpu_load(struct vcpu *v)
{
	guest_regs_load(v);
	vgic_load(v);
	vtimer_load(v);
}

void arch_domain_init(struct domain *d)
{
	d->arch.vttbr_base = mfn_to_pa(d->p2m.root);
}
