/* SPDX-License-Identifier: ISC */
/* Registers of a vCPU: reset, the ABI's view of them, and moving them in and out of the CPU. */
#include <arm/aarch32.h>
#include <arm/vmid.h>
#include <arm/width.h>
#include <asm/aarch32.h>
#include <asm/context.h>
#include <asm/vcpu_offsets.h>
#include <hyp/arch.h>
#include <hyp/cpu.h>
#include <lib/errno.h>
#include <lib/lib.h>
#include <public/arch-arm.h>
#include <public/vcpu.h>

_Static_assert(offsetof(struct vcpu, arch.x) == VCPU_X(0), "vectors.S");
_Static_assert(offsetof(struct vcpu, arch.pc) == VCPU_PC, "vectors.S");
_Static_assert(offsetof(struct vcpu, arch.pstate) == VCPU_PSTATE, "vectors.S");
_Static_assert(offsetof(struct fp_regs, fpsr) == FP_FPSR, "fpsimd.S");
_Static_assert(offsetof(struct fp_regs, fpcr) == FP_FPCR, "fpsimd.S");
_Static_assert(offsetof(struct fp_regs, aarch32) == FP_AARCH32, "fpsimd.S");
_Static_assert(offsetof(struct fp_regs, fpexc) == FP_FPEXC, "fpsimd.S");
_Static_assert(offsetof(struct cpu, todo) == CPU_TODO, "vectors.S");
_Static_assert(sizeof(struct cpu) <= CPU_AREA, "struct cpu lives above the stack");

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

/*
 * What nothing keeps a guest from writing, although the ID registers hide it, does not stay for the
 * next vCPU: it reads as zero there. DISR_EL1 of a guest is VDISR_EL2 (Arm ARM, HCR_EL2.AMO).
 */
static void clear_untrapped(unsigned registers)
{
	if (registers & UNTRAPPED_VDISR)
		write_sysreg(S3_4_C12_C1_1, 0); /* VDISR_EL2 */
	if (registers & UNTRAPPED_TPIDR2)
		write_sysreg(S3_3_C13_C0_5, 0); /* TPIDR2_EL0 */
}

void guest_regs_save(struct vcpu *v)
{
	v->arch.pc = read_sysreg(elr_el2);
	v->arch.pstate = read_sysreg(spsr_el2);
	v->arch.hcr = read_sysreg(hcr_el2); /* a virtual SError may have been taken meanwhile */
	el1_save(&v->arch.el1);
	if (unlikely(vcpu_is_32bit(v)))
		aarch32_save(&v->arch.aarch32);
}

void guest_regs_none(void)
{
	write_sysreg(tpidr_el2, 0);
	write_sysreg(vttbr_el2, vttbr_none());
	isb();
}

/* The ERET that enters the guest synchronises all of this (Arm ARM D1.13.4). */
void guest_regs_load(struct vcpu *v)
{
	unsigned untrapped = this_cpu()->untrapped;

	write_sysreg(tpidr_el2, (uintptr_t)v);
	write_sysreg(vttbr_el2, vttbr_of(v->domain));
	/* WFE traps until trap_wfx() finds that no other vCPU waits for this CPU. */
	write_sysreg(hcr_el2, v->arch.hcr | HCR_TWE);
	write_sysreg(vmpidr_el2, v->arch.vmpidr);
	el1_load(&v->arch.el1);
	if (unlikely(vcpu_is_32bit(v)))
		aarch32_load(&v->arch.aarch32);
	if (unlikely(untrapped))
		clear_untrapped(untrapped);
	write_sysreg(elr_el2, v->arch.pc);
	write_sysreg(spsr_el2, v->arch.pstate);
}

int arch_vcpu_init(struct vcpu *v)
{
	v->arch.vmpidr = VMPIDR_RES1 | vgic_vcpu_affinity(v->id);
	arch_vcpu_reset(v, 0, 0);
	return 0;
}

static void reset_64bit(struct vcpu *v, uint64_t pc)
{
	v->arch.hcr = HCR_GUEST;
	v->arch.el1.sctlr = SCTLR_EL1_RESET;
	v->arch.pc = pc;
	v->arch.pstate = PSTATE_EL1H_DAIF;
}

/* Bit 0 of the entry address selects T32 (DEN0022 5.6). */
static void reset_32bit(struct vcpu *v, uint64_t pc)
{
	v->arch.hcr = HCR_GUEST_AARCH32;
	v->arch.el1.sctlr = SCTLR_AARCH32_RESET;
	v->arch.pc = pc & ~1UL;
	v->arch.pstate = PSTATE_SVC_AIF | (pc & 1 ? AA32_T : 0);
	v->arch.fp.aarch32 = true;
}

void arch_vcpu_reset(struct vcpu *v, uint64_t pc, uint64_t context)
{
	memset(v->arch.x, 0, sizeof(v->arch.x));
	memset(&v->arch.el1, 0, sizeof(v->arch.el1));
	memset(&v->arch.aarch32, 0, sizeof(v->arch.aarch32));
	memset(&v->arch.vtimer, 0, sizeof(v->arch.vtimer));
	memset(&v->arch.fp, 0, sizeof(v->arch.fp));
	v->arch.fp_cpu = ~0;
	v->arch.ptimer.ctl = 0;
	if (v->domain->arch.aarch32)
		reset_32bit(v, pc);
	else
		reset_64bit(v, pc);
	v->arch.x[0] = context;
}

void arch_vcpu_boot(struct vcpu *v, uint64_t entry, gpaddr_t dtb)
{
	arch_vcpu_reset(v, entry, dtb);
}

static int set_state_64bit(struct vcpu *v, const struct vcpu_guest_core_regs *r)
{
	uint64_t mode = r->cpsr & 0x1f;

	if (mode != PSR_MODE_EL0t && mode != PSR_MODE_EL1t && mode != PSR_MODE_EL1h)
		return -EINVAL; /* AArch32 and EL2, EL3 */
	v->arch.pc = r->pc64;
	v->arch.pstate = r->cpsr & (PSTATE_NZCV | 0x3df);
	return 0;
}

/* The toolstack names these; anything else of a vCPU starts at reset. */
int arch_vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *c)
{
	const struct vcpu_guest_core_regs *r = &c->user_regs;
	int err = vcpu_is_32bit(v) ? aarch32_set_context(v, r) : set_state_64bit(v, r);

	if (err)
		return err;
	memcpy(v->arch.x, &r->x0, sizeof(v->arch.x));
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
	aarch32_get_context(v, r);
	c->sctlr = v->arch.el1.sctlr;
	c->ttbcr = v->arch.el1.tcr;
	c->ttbr0 = v->arch.el1.ttbr0;
	c->ttbr1 = v->arch.el1.ttbr1;
	c->flags = v->offline ? 0 : VGCF_online;
}
