/* SPDX-License-Identifier: ISC */
/*
 * 32-bit guests: registers that only AArch32 has, traps from it, and exceptions that a guest takes
 * there. What traps for 64-bit guests traps for them too (HCR_EL2, MDCR_EL2, CNTHCTL_EL2).
 */
#include <arm/aarch32.h>
#include <asm/aarch32.h>
#include <asm/context.h>
#include <asm/idregs.h>
#include <asm/sysreg_access.h>
#include <hyp/arch.h>
#include <lib/errno.h>
#include <lib/lib.h>
#include <public/arch-arm.h>
#include <public/vcpu.h>
#include <vdev/vgic.h>
#include <vdev/vtimer.h>

#define PFR0_EL1        4       /* ID_AA64PFR0_EL1 */
#define PFR0_EL1_BOTH   2       /* EL1 can be AArch32 */
#define PSTATE_DIT      BIT(24) /* fields of SPSR_EL2 for AArch32 that CPSR has elsewhere or not */
#define PSTATE_SS       BIT(21)
#define SPSR32_DIT      BIT(21) /* where SPSR_abt and SPSR_und have it */
#define PSTATE_SSBS32   BIT(23)
#define PSTATE_PAN      BIT(22)
#define SCTLR_SPAN      BIT(23)
#define SCTLR_DSSBS32   BIT(31)
#define TTBCR_EAE       BIT(31)
#define FSR_LPAE        BIT(9)
#define FSR_EXTERNAL_64 0x10U /* synchronous external abort, in the long format */
#define FSR_EXTERNAL_32 0x08U

bool arch_has_width(unsigned bits)
{
	uint64_t el1 = ID_FIELD(read_sysreg(id_aa64pfr0_el1), PFR0_EL1);

	return bits == 64 || (bits == 32 && el1 == PFR0_EL1_BOTH);
}

const char *arch_capabilities(void)
{
	return arch_has_width(32) ? "xen-3.0-aarch64 xen-3.0-armv7l " : "xen-3.0-aarch64 ";
}

void arch_domain_set_width(struct domain *d, unsigned bits)
{
	struct vcpu *v;

	d->arch.aarch32 = bits == 32;
	for_each_vcpu (d, v)
		arch_vcpu_reset(v, 0, 0);
}

unsigned arch_domain_width(const struct domain *d)
{
	return d->arch.aarch32 ? 32 : 64;
}

/* ---- Registers ---- */

void aarch32_save(struct aarch32_regs *r)
{
	r->spsr_abt = (uint32_t)read_sysreg(spsr_abt);
	r->spsr_und = (uint32_t)read_sysreg(spsr_und);
	r->spsr_irq = (uint32_t)read_sysreg(spsr_irq);
	r->spsr_fiq = (uint32_t)read_sysreg(spsr_fiq);
	r->dacr = (uint32_t)read_sysreg(dacr32_el2);
	r->ifsr = (uint32_t)read_sysreg(ifsr32_el2);
}

void aarch32_load(const struct aarch32_regs *r)
{
	write_sysreg(spsr_abt, r->spsr_abt);
	write_sysreg(spsr_und, r->spsr_und);
	write_sysreg(spsr_irq, r->spsr_irq);
	write_sysreg(spsr_fiq, r->spsr_fiq);
	write_sysreg(dacr32_el2, r->dacr);
	write_sysreg(ifsr32_el2, r->ifsr);
}

/* The mode must be one of AArch32: ERET to another would be an illegal return, taken at EL2. */
int aarch32_set_context(struct vcpu *v, const struct vcpu_guest_core_regs *r)
{
	if (!aarch32_is_guest_mode((uint32_t)r->cpsr))
		return -EINVAL;
	v->arch.pc = (uint32_t)r->pc64;
	v->arch.pstate = r->cpsr & (AA32_NZCVQ | AA32_GE | AA32_IT | AA32_E | AA32_A | AA32_I |
				    AA32_F | AA32_T | AA32_MODE);
	v->arch.aarch32.spsr_fiq = r->spsr_fiq;
	v->arch.aarch32.spsr_irq = r->spsr_irq;
	v->arch.aarch32.spsr_und = r->spsr_und;
	v->arch.aarch32.spsr_abt = r->spsr_abt;
	return 0;
}

void aarch32_get_context(const struct vcpu *v, struct vcpu_guest_core_regs *r)
{
	r->spsr_fiq = v->arch.aarch32.spsr_fiq;
	r->spsr_irq = v->arch.aarch32.spsr_irq;
	r->spsr_und = v->arch.aarch32.spsr_und;
	r->spsr_abt = v->arch.aarch32.spsr_abt;
}

/* ---- Exceptions that the guest takes ---- */

static uint32_t sctlr(void)
{
	return (uint32_t)read_sysreg(sctlr_el1);
}

/* SPSR_EL2's fields, where SPSR_abt and SPSR_und have them (C5.2.19, G8.2.33). */
static uint64_t spsr32(uint64_t pstate)
{
	return (pstate & ~(PSTATE_DIT | PSTATE_SS)) | (pstate & PSTATE_DIT ? SPSR32_DIT : 0);
}

/*
 * SPSR_EL2 for the handler: what arm/aarch32.h says, and the fields that ARMv8 has added (G1.13.2).
 * DIT stays, PAN may be set, SSBS is what SCTLR says.
 */
static uint64_t pstate_in(const struct aarch32_exception *e, uint64_t before)
{
	uint64_t now = aarch32_cpsr_in(e, (uint32_t)before, sctlr()) | (before & PSTATE_DIT);

	if (idreg_guest_has(7, 1, 20) && !(sctlr() & SCTLR_SPAN)) /* ID_AA64MMFR1_EL1.PAN */
		now |= PSTATE_PAN;
	if (idreg_guest_has(4, 1, 4)) /* ID_AA64PFR1_EL1.SSBS */
		now = (now & ~PSTATE_SSBS32) | (sctlr() & SCTLR_DSSBS32 ? PSTATE_SSBS32 : 0);
	return now;
}

static void take(struct vcpu *v, const struct aarch32_exception *e, unsigned lr)
{
	uint64_t pstate = current_pstate();

	v->arch.x[lr] = (uint32_t)current_pc() + e->link[!!(pstate & AA32_T)];
	write_sysreg(spsr_el2, pstate_in(e, pstate));
	current_set_pc(aarch32_handler(e, sctlr(), (uint32_t)read_sysreg(vbar_el1)));
}

/* DFSR and IFSR: a synchronous external abort, in the format of the guest's tables. */
static uint32_t external_abort(void)
{
	return read_sysreg(tcr_el1) & TTBCR_EAE ? FSR_LPAE | FSR_EXTERNAL_64 : FSR_EXTERNAL_32;
}

void aarch32_inject_undef(struct vcpu *v)
{
	write_sysreg(spsr_und, spsr32(current_pstate()));
	take(v, &aarch32_undefined, X_LR_UND);
}

/* DFAR is the low half of FAR_EL1, IFAR the high one; DFSR is ESR_EL1 (D19.2.40, D19.2.37). */
void aarch32_inject_data_abort(struct vcpu *v, uint64_t far)
{
	write_sysreg(far_el1, (read_sysreg(far_el1) & ~0xffffffffUL) | (uint32_t)far);
	write_sysreg(esr_el1, external_abort());
	write_sysreg(spsr_abt, spsr32(current_pstate()));
	take(v, &aarch32_data_abort, X_LR_ABT);
}

void aarch32_inject_prefetch_abort(struct vcpu *v, uint64_t far)
{
	write_sysreg(far_el1, (uint32_t)read_sysreg(far_el1) | far << 32);
	write_sysreg(ifsr32_el2, external_abort());
	write_sysreg(spsr_abt, spsr32(current_pstate()));
	take(v, &aarch32_prefetch_abort, X_LR_ABT);
}

/* ---- Traps ---- */

/* CP15 by MCR and MRC: most registers have the names that their AArch64 versions have. */
static void trap_cp15(struct vcpu *v, uint64_t esr)
{
	uint32_t reg = SYSREG(3, 0, 0, 0, 0) | (ISS_SYSREG(esr) & ~SYSREG(3, 0, 0, 0, 0));
	uint64_t value = (uint32_t)v->arch.x[ISS_RT(esr)];

	if (!sysreg_access(v, reg, &value, esr & ISS_READ)) {
		aarch32_inject_undef(v);
		return;
	}
	if (esr & ISS_READ)
		v->arch.x[ISS_RT(esr)] = value;
	trap_skip(esr);
}

/* ISS of MCRR and MRRC: opc1 and CRm name the register, Rt2 is its upper half. */
#define ISS_RT2(iss)     (((iss) >> 10) & 0x1f)
#define CP_64(opc1, crm) ((uint32_t)(opc1) << 16 | (crm) << 1)
#define ISS_CP_64(iss)   ((uint32_t)(iss)&CP_64(15, 15))

static const struct {
	uint32_t reg;
	uint32_t sysreg;
} cp15_64[] = {
	{CP_64(0, 12), SYSREG(3, 0, 12, 11, 5)}, /* ICC_SGI1R */
	{CP_64(1, 12), SYSREG(3, 0, 12, 11, 6)}, /* ICC_ASGI1R */
	{CP_64(2, 12), SYSREG(3, 0, 12, 11, 7)}, /* ICC_SGI0R */
	{CP_64(2, 14), SYSREG(3, 3, 14, 2, 2)},  /* CNTP_CVAL */
};

static bool access_cp15_64(struct vcpu *v, uint64_t esr, uint64_t *value)
{
	for (unsigned i = 0; i < ARRAY_SIZE(cp15_64); i++)
		if (cp15_64[i].reg == ISS_CP_64(esr))
			return sysreg_access(v, cp15_64[i].sysreg, value, esr & ISS_READ);
	return false;
}

static void trap_cp15_64(struct vcpu *v, uint64_t esr)
{
	uint64_t *low = &v->arch.x[ISS_RT(esr)], *high = &v->arch.x[ISS_RT2(esr)];
	uint64_t value = *high << 32 | (uint32_t)*low;

	if (!access_cp15_64(v, esr, &value)) {
		aarch32_inject_undef(v);
		return;
	}
	if (esr & ISS_READ) {
		*low = (uint32_t)value;
		*high = value >> 32;
	}
	trap_skip(esr);
}

/* The debug registers (opc1 0) read as zero and ignore writes; there is no trace, no Jazelle. */
static void trap_cp14(struct vcpu *v, uint64_t esr)
{
	if (esr & SYSREG(0, 7, 0, 0, 0)) {
		aarch32_inject_undef(v);
		return;
	}
	if (esr & ISS_READ)
		v->arch.x[ISS_RT(esr)] = 0;
	trap_skip(esr);
}

/* The number is in r12, arguments are in r0-r4; what is above bit 31 is UNKNOWN. */
static void trap_hvc32(struct vcpu *v, uint64_t esr)
{
	for (unsigned i = 0; i < 5; i++)
		v->arch.x[i] = (uint32_t)v->arch.x[i];
	trap_hvc(v, esr, (uint32_t)v->arch.x[12]);
}

/* The rest, such as LDC of CP14, is undefined. */
static trap_fn *const traps[NR_EXCEPTION_CLASSES] = {
	[EC_WFX] = trap_wfx,
	[EC_CP15_32] = trap_cp15,
	[EC_CP15_64] = trap_cp15_64,
	[EC_CP14_32] = trap_cp14,
	[EC_FP] = trap_fp,
	[EC_HVC32] = trap_hvc32,
	[EC_SMC32] = trap_smc,
	[EC_IABT_GUEST] = trap_instruction_abort,
	[EC_DABT_GUEST] = trap_data_abort,
};

/* Classes whose syndrome has a condition. */
static bool is_conditional(unsigned ec)
{
	return (ec >= EC_WFX && ec <= EC_CP14_64) || ec == EC_SMC32;
}

void trap_sync_aarch32(struct vcpu *v, uint64_t esr)
{
	unsigned ec = ESR_EC(esr);

	if (!vcpu_is_32bit(v))
		trap_sync(v, esr);
	else if (is_conditional(ec) && !aarch32_passed((uint32_t)esr, (uint32_t)current_pstate()))
		trap_skip(esr);
	else if (traps[ec])
		traps[ec](v, esr);
	else
		aarch32_inject_undef(v);
}
