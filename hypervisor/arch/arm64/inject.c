/* SPDX-License-Identifier: ISC */
/* Exceptions that the current vCPU takes at EL1. */
#include <arm/trap.h>
#include <arm/width.h>
#include <asm/aarch32.h>
#include <asm/context.h>
#include <asm/idregs.h>
#include <public/arch-arm.h>

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

#define PSTATE_DIT   BIT(24)
#define PSTATE_PAN   BIT(22)
#define PSTATE_SSBS  BIT(12)
#define SCTLR_SPAN   BIT(23)
#define SCTLR_DSSBS  BIT64(44)
#define ESR_EC_SHIFT 26
#define EC_FROM_EL1  1    /* added to the class of an abort from EL0 */
#define FSC_EXTERNAL 0x10 /* synchronous external abort, not on a walk */

/*
 * PSTATE after an exception to EL1 (Arm ARM D1.3.1, and the fields' own descriptions): flags, DIT
 * and PAN stay, PAN may be set, SSBS is what SCTLR_EL1 says. All else, which is UAO, BTYPE, IL and
 * single-step, is clear.
 */
static uint64_t pstate_at_el1(uint64_t before)
{
	uint64_t sctlr = read_sysreg(sctlr_el1);
	uint64_t now = before & (PSTATE_NZCV | PSTATE_DIT | PSTATE_PAN);

	if (idreg_guest_has(7, 1, 20) && !(sctlr & SCTLR_SPAN)) /* ID_AA64MMFR1_EL1.PAN */
		now |= PSTATE_PAN;
	if (idreg_guest_has(4, 1, 4) && sctlr & SCTLR_DSSBS) /* ID_AA64PFR1_EL1.SSBS */
		now |= PSTATE_SSBS;
	return now | PSTATE_EL1H_DAIF;
}

/* What the CPU does on taking a synchronous exception to EL1 (Arm ARM D1.3.1). */
static void inject_sync(uint64_t esr)
{
	uint64_t pstate = current_pstate();

	write_sysreg(elr_el1, current_pc());
	write_sysreg(spsr_el1, pstate);
	write_sysreg(esr_el1, esr);
	write_sysreg(spsr_el2, pstate_at_el1(pstate));
	current_set_pc(el1_vector(pstate, 0));
}

void inject_undef(struct vcpu *v, bool il)
{
	if (unlikely(vcpu_is_32bit(v))) {
		aarch32_inject_undef(v);
		return;
	}
	inject_sync((uint64_t)EC_UNKNOWN << ESR_EC_SHIFT | (il ? ESR_IL_32BIT : 0));
}

static void inject_abort(uint64_t ec_lower, uint64_t far)
{
	uint64_t pstate = current_pstate();
	bool from_el1 = !(pstate & PSR_MODE_BIT) && (pstate & 0xc);

	write_sysreg(far_el1, far);
	inject_sync((ec_lower + (from_el1 ? EC_FROM_EL1 : 0)) << ESR_EC_SHIFT | ESR_IL_32BIT |
		    FSC_EXTERNAL);
}

void inject_data_abort(struct vcpu *v, uint64_t far)
{
	if (unlikely(vcpu_is_32bit(v)))
		aarch32_inject_data_abort(v, far);
	else
		inject_abort(EC_DABT_GUEST, far);
}

void inject_instruction_abort(struct vcpu *v, uint64_t far)
{
	if (unlikely(vcpu_is_32bit(v)))
		aarch32_inject_prefetch_abort(v, far);
	else
		inject_abort(EC_IABT_GUEST, far);
}

/* For a 32-bit guest this is an asynchronous data abort. */
void inject_serror(struct vcpu *v __unused)
{
	write_sysreg(hcr_el2, read_sysreg(hcr_el2) | HCR_VSE);
}
