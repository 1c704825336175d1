/* SPDX-License-Identifier: ISC */
/* Switching vCPUs: what of the hardware's state is a vCPU's, and moving it in and out. */
#include <asm/context.h>
#include <asm/layout.h>
#include <asm/vcpu_offsets.h>
#include <asm/idregs.h>
#include <asm/vmid.h>
#include <hyp/errno.h>
#include <hyp/lib.h>
#include <hyp/vtimer.h>
#include <public/arch-arm.h>

_Static_assert(offsetof(struct vcpu, arch.x) == VCPU_X(0), "vectors.S");
_Static_assert(offsetof(struct vcpu, arch.pc) == VCPU_PC, "vectors.S");
_Static_assert(offsetof(struct vcpu, arch.pstate) == VCPU_PSTATE, "vectors.S");
_Static_assert(offsetof(struct cpu, todo) == CPU_TODO, "vectors.S");
_Static_assert(sizeof(struct cpu) <= CPU_AREA, "struct cpu lives above the stack");

/* Virtual timer registers (Arm ARM D19.12.16): ENABLE, IMASK. */
#define CNT_CTL_ENABLE BIT(0)
#define CNT_CTL_IMASK  BIT(1)

/* In fpsimd.S. */
void fp_save(struct fp_regs *fp);
void fp_load(const struct fp_regs *fp);

static void el1_save(struct el1_regs *r)
{
	r->sp_el0 = read_sysreg(sp_el0);
	r->sp_el1 = read_sysreg(sp_el1);
	r->elr_el1 = read_sysreg(elr_el1);
	r->spsr_el1 = read_sysreg(spsr_el1);
	r->sctlr = read_sysreg(sctlr_el1);
	r->cpacr = read_sysreg(cpacr_el1);
	r->vbar = read_sysreg(vbar_el1);
	r->ttbr0 = read_sysreg(ttbr0_el1);
	r->ttbr1 = read_sysreg(ttbr1_el1);
	r->tcr = read_sysreg(tcr_el1);
	r->mair = read_sysreg(mair_el1);
	r->amair = read_sysreg(amair_el1);
	r->esr = read_sysreg(esr_el1);
	r->far = read_sysreg(far_el1);
	r->par = read_sysreg(par_el1);
	r->afsr0 = read_sysreg(afsr0_el1);
	r->afsr1 = read_sysreg(afsr1_el1);
	r->contextidr = read_sysreg(contextidr_el1);
	r->csselr = read_sysreg(csselr_el1);
	r->cntkctl = read_sysreg(cntkctl_el1);
	r->tpidr_el0 = read_sysreg(tpidr_el0);
	r->tpidrro_el0 = read_sysreg(tpidrro_el0);
	r->tpidr_el1 = read_sysreg(tpidr_el1);
}

static void el1_load(const struct el1_regs *r)
{
	write_sysreg(sp_el0, r->sp_el0);
	write_sysreg(sp_el1, r->sp_el1);
	write_sysreg(elr_el1, r->elr_el1);
	write_sysreg(spsr_el1, r->spsr_el1);
	write_sysreg(sctlr_el1, r->sctlr);
	write_sysreg(cpacr_el1, r->cpacr);
	write_sysreg(vbar_el1, r->vbar);
	write_sysreg(ttbr0_el1, r->ttbr0);
	write_sysreg(ttbr1_el1, r->ttbr1);
	write_sysreg(tcr_el1, r->tcr);
	write_sysreg(mair_el1, r->mair);
	write_sysreg(amair_el1, r->amair);
	write_sysreg(esr_el1, r->esr);
	write_sysreg(far_el1, r->far);
	write_sysreg(par_el1, r->par);
	write_sysreg(afsr0_el1, r->afsr0);
	write_sysreg(afsr1_el1, r->afsr1);
	write_sysreg(contextidr_el1, r->contextidr);
	write_sysreg(csselr_el1, r->csselr);
	write_sysreg(cntkctl_el1, r->cntkctl);
	write_sysreg(tpidr_el0, r->tpidr_el0);
	write_sysreg(tpidrro_el0, r->tpidrro_el0);
	write_sysreg(tpidr_el1, r->tpidr_el1);
}

/* The virtual timer leaves with its vCPU. Stopped before the vGIC is saved, or it would fire again. */
static void vtimer_save(struct vcpu *v)
{
	struct el1_regs *r = &v->arch.el1;

	r->cntv_ctl = read_sysreg(cntv_ctl_el0);
	r->cntv_cval = read_sysreg(cntv_cval_el0);
	if (r->cntv_ctl & CNT_CTL_ENABLE)
		write_sysreg(cntv_ctl_el0, 0);
}

/*
 * A blocked vCPU whose timer is armed needs a software timer to wake it; one that only waits for a
 * CPU will see the hardware fire when it gets one. If the interrupt is with the guest already and
 * that sleeps all the same, then it does not want it now. Whether it is, is known once the vGIC has
 * been saved.
 */
static void vtimer_arm_wake(struct vcpu *v)
{
	const struct el1_regs *r = &v->arch.el1;
	bool armed = (r->cntv_ctl & (CNT_CTL_ENABLE | CNT_CTL_IMASK)) == CNT_CTL_ENABLE;

	if (v->blocked && armed && !(v->vgic.phys_local & BIT(VTIMER_PPI)))
		timer_set(&v->vtimer_wake, r->cntv_cval);
}

static void vtimer_load(struct vcpu *v)
{
	const struct el1_regs *r = &v->arch.el1;

	if (timer_armed(&v->vtimer_wake))
		timer_cancel(&v->vtimer_wake);
	write_sysreg(cntv_cval_el0, r->cntv_cval);
	write_sysreg(cntv_ctl_el0, r->cntv_ctl);
}

/*
 * FP and SIMD registers are loaded when the vCPU first touches them after it was switched in, and
 * saved when it is switched out if it did. fp_last and fp_cpu tell whether the hardware still holds
 * what was saved.
 */
static void fp_unload(struct vcpu *v)
{
	if (!v->arch.fp_live)
		return;
	fp_save(&v->arch.fp);
	v->arch.fp_live = false;
	write_sysreg(cptr_el2, CPTR_BASE | CPTR_TFP);
}

void vcpu_fp_trap(struct vcpu *v)
{
	struct cpu *c = this_cpu();

	write_sysreg(cptr_el2, CPTR_BASE);
	isb();
	if (c->fp_last != v || v->arch.fp_cpu != c->id) {
		fp_load(&v->arch.fp);
		c->fp_last = v;
		v->arch.fp_cpu = (uint16_t)c->id;
	}
	v->arch.fp_live = true;
}

void vcpu_unload(struct vcpu *v)
{
	v->arch.pc = read_sysreg(elr_el2);
	v->arch.pstate = read_sysreg(spsr_el2);
	v->arch.hcr = read_sysreg(hcr_el2); /* a virtual SError may have been taken meanwhile */
	el1_save(&v->arch.el1);
	vtimer_save(v);
	vgic_save(v);
	vtimer_arm_wake(v);
	fp_unload(v);
	write_sysreg(tpidr_el2, 0);
	write_sysreg(vttbr_el2, arch_vttbr_none());
	isb();
	this_cpu()->current = NULL;
	/*
	 * Pairs with the load-acquire in sched.c: whoever sees it clear may load the vCPU
	 * elsewhere.
	 */
	atomic_store_rel(&v->running, false);
}

void vcpu_load(struct vcpu *v)
{
	this_cpu()->current = v;
	write_sysreg(tpidr_el2, (uintptr_t)v);
	write_sysreg(vttbr_el2, arch_vttbr(v->domain));
	write_sysreg(hcr_el2,
		     v->arch.hcr | HCR_TWE); /* until it waits where nobody else does: trap_wfx() */
	write_sysreg(vmpidr_el2, v->arch.vmpidr);
	el1_load(&v->arch.el1);
	write_sysreg(elr_el2, v->arch.pc);
	write_sysreg(spsr_el2, v->arch.pstate);
	vgic_load(v);
	vtimer_load(v);
	/* The ERET that enters the guest synchronises all of the above (Arm ARM D1.13.4). */
}

int arch_vcpu_init(struct vcpu *v)
{
	v->arch.vmpidr = BIT64(31) | (uint64_t)(v->id >> 4) << 8 | (v->id & 0xf);
	v->arch.hcr = HCR_GUEST;
	v->arch.fp_cpu = ~0;
	arch_vcpu_reset(v, 0, 0);
	return 0;
}

void arch_vcpu_reset(struct vcpu *v, uint64_t pc, uint64_t x0)
{
	memset(v->arch.x, 0, sizeof(v->arch.x));
	memset(&v->arch.el1, 0, sizeof(v->arch.el1));
	memset(&v->arch.fp, 0, sizeof(v->arch.fp));
	v->arch.fp_cpu = ~0;
	v->arch.hcr = HCR_GUEST;
	v->arch.ptimer.ctl = 0;
	v->arch.el1.sctlr = SCTLR_EL1_RESET;
	v->arch.pc = pc;
	v->arch.pstate = PSTATE_EL1H_DAIF;
	v->arch.x[0] = x0;
}

/*
 * The vectors of EL1 (Arm ARM D1.3.1.2): from the current level with its own stack, or from EL0 at
 * AArch64 or AArch32.
 */
static uint64_t el1_vector(uint64_t pstate, unsigned kind)
{
	uint64_t base = read_sysreg(vbar_el1) + kind;

	if ((pstate & 0xf) == PSR_MODE_EL1t && !(pstate & PSR_MODE_BIT))
		return base;
	if ((pstate & 0xf) == PSR_MODE_EL1h && !(pstate & PSR_MODE_BIT))
		return base + 0x200;
	return base + (pstate & PSR_MODE_BIT ? 0x600 : 0x400);
}

#define PSTATE_NZCV  (0xfUL << 28)
#define PSTATE_PAN   BIT(22)
#define SCTLR_SPAN   BIT(23)
#define ESR_IL       BIT(25)
#define EC_UNDEF     0x00
#define EC_IABT_LOW  0x20
#define EC_DABT_LOW  0x24
#define FSC_EXTERNAL 0x10 /* synchronous external abort, not on a walk */

/* What the CPU does on taking a synchronous exception to EL1 (Arm ARM D1.3.1). */
static void inject_sync(uint64_t esr)
{
	uint64_t pstate = current_pstate();
	uint64_t now = (pstate & PSTATE_NZCV) | PSTATE_EL1H_DAIF | (pstate & PSTATE_PAN);

	if (pan_implemented && !(read_sysreg(sctlr_el1) & SCTLR_SPAN))
		now |= PSTATE_PAN;
	write_sysreg(elr_el1, current_pc());
	write_sysreg(spsr_el1, pstate);
	write_sysreg(esr_el1, esr);
	write_sysreg(spsr_el2, now);
	current_set_pc(el1_vector(pstate, 0));
}

void inject_undef(struct vcpu *v __unused, bool il)
{
	inject_sync((uint64_t)EC_UNDEF << 26 | (il ? ESR_IL : 0));
}

static void inject_abort(uint64_t ec_lower, uint64_t far)
{
	uint64_t pstate = current_pstate();
	bool from_el1 = !(pstate & PSR_MODE_BIT) && (pstate & 0xc);

	write_sysreg(far_el1, far);
	inject_sync((ec_lower + (from_el1 ? 1 : 0)) << 26 | ESR_IL | FSC_EXTERNAL);
}

void inject_data_abort(struct vcpu *v __unused, uint64_t far)
{
	inject_abort(EC_DABT_LOW, far);
}

void inject_instruction_abort(struct vcpu *v __unused, uint64_t far)
{
	inject_abort(EC_IABT_LOW, far);
}

void inject_serror(struct vcpu *v __unused)
{
	write_sysreg(hcr_el2, read_sysreg(hcr_el2) | HCR_VSE);
}

/* The toolstack names these; anything else of a vCPU starts at reset. */
int arch_vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *c)
{
	const struct vcpu_guest_core_regs *r = &c->user_regs;
	uint64_t mode = r->cpsr & 0x1f;

	if (mode != PSR_MODE_EL0t && mode != PSR_MODE_EL1t && mode != PSR_MODE_EL1h)
		return -EINVAL; /* AArch32 and EL2, EL3 */
	memcpy(v->arch.x, &r->x0, sizeof(v->arch.x));
	v->arch.pc = r->pc64;
	v->arch.pstate = r->cpsr & (PSTATE_NZCV | 0x3df);
	v->arch.el1.spsr_el1 = r->spsr_el1;
	v->arch.el1.sp_el0 = r->sp_el0;
	v->arch.el1.sp_el1 = r->sp_el1;
	v->arch.el1.elr_el1 = r->elr_el1;
	v->arch.el1.sctlr = c->sctlr;
	v->arch.el1.tcr = c->ttbcr;
	v->arch.el1.ttbr0 = c->ttbr0;
	v->arch.el1.ttbr1 = c->ttbr1;
	return 0;
}

void arch_vcpu_get_context(const struct vcpu *v, struct vcpu_guest_context *c)
{
	struct vcpu_guest_core_regs *r = &c->user_regs;

	memcpy(&r->x0, v->arch.x, sizeof(v->arch.x));
	r->pc64 = v->arch.pc;
	r->cpsr = v->arch.pstate;
	r->spsr_el1 = v->arch.el1.spsr_el1;
	r->sp_el0 = v->arch.el1.sp_el0;
	r->sp_el1 = v->arch.el1.sp_el1;
	r->elr_el1 = v->arch.el1.elr_el1;
	c->sctlr = v->arch.el1.sctlr;
	c->ttbcr = v->arch.el1.tcr;
	c->ttbr0 = v->arch.el1.ttbr0;
	c->ttbr1 = v->arch.el1.ttbr1;
	c->flags = v->offline ? 0 : VGCF_online;
}

void arch_domain_init(struct domain *d)
{
	d->arch.vttbr_base = mfn_to_pa(d->p2m.root);
}
