/* SPDX-License-Identifier: ISC */
/*
 * vCPUs of the test host: nothing executes, but loading and saving does to the rest what it does on
 * a real machine.
 */
#include <arm/spectre.h>
#include <asm/context.h>
#include <host/host.h>
#include <hyp/arch.h>
#include <hyp/cpu.h>
#include <lib/errno.h>
#include <lib/lib.h>
#include <vdev/vtimer.h>
#include <public/arch-arm.h>
#include <public/vcpu.h>

struct spectre_plan spectre_all; /* nothing speculates here */

int arch_vcpu_init(struct vcpu *v)
{
	v->arch.vmpidr = BIT64(31) | vgic_vcpu_affinity(v->id);
	arch_vcpu_reset(v, 0, 0);
	return 0;
}

void arch_vcpu_reset(struct vcpu *v, uint64_t pc, uint64_t x0)
{
	memset(v->arch.x, 0, sizeof(v->arch.x));
	v->arch.ptimer.ctl = 0;
	v->arch.vtimer.on = false;
	v->arch.sctlr = SCTLR_GUEST_INIT;
	v->arch.pc = pc;
	v->arch.pstate = PSR_GUEST64_INIT;
	v->arch.x[0] = x0;
}

void arch_vcpu_boot(struct vcpu *v, uint64_t entry, gpaddr_t dtb)
{
	arch_vcpu_reset(v, entry, dtb);
}

bool arch_has_width(unsigned bits)
{
	return bits == 32 || bits == 64;
}

unsigned arch_domain_width(const struct domain *d)
{
	return d->arch.aarch32 ? 32 : 64;
}

void arch_domain_set_width(struct domain *d, unsigned bits)
{
	struct vcpu *v;

	d->arch.aarch32 = bits == 32;
	for_each_vcpu (d, v)
		arch_vcpu_reset(v, 0, 0);
}

const char *arch_capabilities(void)
{
	return "xen-3.0-aarch64 xen-3.0-armv7l ";
}

void arch_domain_init(struct domain *d)
{
	d->arch.vttbr_base = mfn_to_pa(d->p2m.root);
}

bool arch_vtimer_line(const struct vcpu *v)
{
	return v->arch.vtimer.on && time_ticks() >= v->arch.vtimer.cval;
}

void vcpu_load(struct vcpu *v)
{
	struct cpu *c = this_cpu();

	if (c->current != v || v->vgic.cpu)
		host_fail("CPU %u loads a vCPU over another, or one that is loaded", c->id);
	if (!v->running || v->sched.cpu != c->id)
		host_fail("CPU %u loads a vCPU that was not chosen for it", c->id);
	v->arch.loads++;
	vgic_load(v);
	timer_cancel(&v->vtimer_wake);
}

void vcpu_unload(struct vcpu *v)
{
	struct cpu *c = this_cpu();

	if (c->current != v)
		host_fail("CPU %u unloads a vCPU that it does not have", c->id);
	vgic_save(v); /* then it is known whether the timer's interrupt is with the guest already */
	if (READ_ONCE(v->blocked) && v->arch.vtimer.on && !(v->vgic.phys_local & BIT(VTIMER_PPI)))
		timer_set(&v->vtimer_wake, v->arch.vtimer.cval);
}

int arch_vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *c)
{
	const struct vcpu_guest_core_regs *r = &c->user_regs;
	uint64_t mode = r->cpsr & 0x1f;

	if (mode != PSR_MODE_EL0t && mode != PSR_MODE_EL1t && mode != PSR_MODE_EL1h)
		return -EINVAL;
	memcpy(v->arch.x, &r->x0, sizeof(v->arch.x));
	v->arch.pc = r->pc64;
	v->arch.pstate = r->cpsr;
	v->arch.spsr_el1 = r->spsr_el1;
	v->arch.sp_el0 = r->sp_el0;
	v->arch.sp_el1 = r->sp_el1;
	v->arch.elr_el1 = r->elr_el1;
	v->arch.sctlr = c->sctlr;
	v->arch.tcr = c->ttbcr;
	v->arch.ttbr0 = c->ttbr0;
	v->arch.ttbr1 = c->ttbr1;
	return 0;
}

void arch_vcpu_get_context(const struct vcpu *v, struct vcpu_guest_context *c)
{
	struct vcpu_guest_core_regs *r = &c->user_regs;

	memcpy(&r->x0, v->arch.x, sizeof(v->arch.x));
	r->pc64 = v->arch.pc;
	r->cpsr = v->arch.pstate;
	r->spsr_el1 = v->arch.spsr_el1;
	r->sp_el0 = v->arch.sp_el0;
	r->sp_el1 = v->arch.sp_el1;
	r->elr_el1 = v->arch.elr_el1;
	c->sctlr = v->arch.sctlr;
	c->ttbcr = v->arch.tcr;
	c->ttbr0 = v->arch.ttbr0;
	c->ttbr1 = v->arch.ttbr1;
	c->flags = v->offline ? 0 : VGCF_online;
}

/*
 * The end of a CPU or of the machine is a panic to a test: it comes back to where HOST_PANICS() was
 * said.
 */

void arch_cpu_halt(void)
{
	panic("CPU %u halts", this_cpu()->id);
}

void arch_machine_stop(bool reset)
{
	panic("the machine is %s", reset ? "reset" : "switched off");
}

unsigned arch_backtrace(uintptr_t *pc __unused, unsigned max __unused)
{
	return 0;
}
