/* SPDX-License-Identifier: ISC */
/*
 * System registers that trap: what a guest reads and what its writes do. Not in the table:
 * undefined.
 */
#include <arm/trap.h>
#include <arm/width.h>
#include <asm/context.h>
#include <asm/gicv3_regs.h>
#include <asm/idregs.h>
#include <asm/sysreg_access.h>
#include <hyp/domain.h>
#include <vdev/vgic.h>
#include <vdev/vtimer.h>

trap_fn trap_sysreg;

#define ISS_CRM(reg) (((reg) >> 1) & 0xf)
#define ISS_OP2(reg) (((reg) >> 17) & 7)

/* CRm and op2 bits, for ranges of registers that behave alike. */
#define ANY_CRM SYSREG(0, 0, 0, 15, 0)
#define ANY_OP2 SYSREG(0, 0, 0, 0, 7)

struct sysreg_row {
	uint32_t reg;
	uint32_t any; /* bits of the name that do not matter */
	/*
	 * value: the general register, to be read or to be written. false: undefined, and nothing
	 * has changed.
	 */
	bool (*access)(struct vcpu *v, uint32_t reg, uint64_t *value, bool read);
};

static bool raz_wi(struct vcpu *v __unused, uint32_t reg __unused, uint64_t *value, bool read)
{
	if (read)
		*value = 0;
	return true;
}

static bool read_only_zero(struct vcpu *v __unused, uint32_t reg __unused, uint64_t *value,
			   bool read)
{
	if (read)
		*value = 0;
	return read;
}

static bool write_ignored(struct vcpu *v __unused, uint32_t reg __unused, uint64_t *value __unused,
			  bool read)
{
	return !read;
}

/* OSLSR_EL1 (D19.3.19): the OS lock is implemented and never locked. */
static bool oslsr(struct vcpu *v __unused, uint32_t reg __unused, uint64_t *value, bool read)
{
	if (read)
		*value = BIT(3);
	return read;
}

static bool id_register(struct vcpu *v __unused, uint32_t reg, uint64_t *value, bool read)
{
	if (read)
		*value = idreg_guest(ISS_CRM(reg), ISS_OP2(reg));
	return read;
}

static bool has_gicv3(const struct vcpu *v)
{
	return v->domain->vgic.version == 3;
}

/* ICC_SGI0R_EL1, ICC_ASGI1R_EL1: groups that guests do not have. ICC_EOIR0_EL1: nothing to end. */
static bool gic_write_ignored(struct vcpu *v, uint32_t reg __unused, uint64_t *value __unused,
			      bool read)
{
	return !read && has_gicv3(v);
}

/* A 32-bit guest's; trap_sysreg() has those of 64-bit guests. */
static bool gic_sgi1r(struct vcpu *v, uint32_t reg __unused, uint64_t *value, bool read)
{
	if (read || !has_gicv3(v))
		return false;
	vgic_v3_write_sgi1r(v, *value);
	return true;
}

/* ICC_AP0R<n>_EL1: no interrupt of Group 0 is ever active. */
static bool gic_raz_wi(struct vcpu *v, uint32_t reg __unused, uint64_t *value, bool read)
{
	if (read)
		*value = 0;
	return has_gicv3(v);
}

/* ICC_IAR0_EL1, ICC_HPPIR0_EL1: no interrupt of Group 0 is ever pending. */
static bool gic_spurious(struct vcpu *v, uint32_t reg __unused, uint64_t *value, bool read)
{
	if (read)
		*value = 1023;
	return read && has_gicv3(v);
}

/* ICC_SRE_EL1: there is no other way to the CPU interface. */
static bool gic_sre(struct vcpu *v, uint32_t reg __unused, uint64_t *value, bool read)
{
	if (read)
		*value = ICC_SRE_ALL;
	return has_gicv3(v);
}

/* The fields of ICH_VMCR_EL2 are the guest's own: they are switched. */
static void vmcr_access(unsigned shift, uint64_t mask, uint64_t *value, bool read)
{
	uint64_t vmcr = read_gicreg(ICH_VMCR_EL2);

	if (read)
		*value = vmcr >> shift & mask;
	else
		write_gicreg(ICH_VMCR_EL2, (vmcr & ~(mask << shift)) | (*value & mask) << shift);
}

/* ICC_IGRPEN0_EL1: kept, and enables nothing. */
static bool gic_group0_enable(struct vcpu *v, uint32_t reg __unused, uint64_t *value, bool read)
{
	if (!has_gicv3(v))
		return false;
	vmcr_access(0, ICH_VMCR_VENG0, value, read);
	return true;
}

/*
 * ICC_BPR0_EL1: Group 1's too while ICC_CTLR_EL1.CBPR is set. A value below the
 * smallest means the smallest (IHI0069, ICC_BPR0_EL1).
 */
static bool gic_group0_bpr(struct vcpu *v, uint32_t reg __unused, uint64_t *value, bool read)
{
	uint64_t bpr = *value & 7;

	if (!has_gicv3(v))
		return false;
	bpr = MAX(bpr, 7 - ICH_VTR_PREBITS(read_gicreg(ICH_VTR_EL2)));
	vmcr_access(ICH_VMCR_VBPR0_SHIFT, 7, read ? value : &bpr, read);
	return true;
}

static bool ptimer(struct vcpu *v, uint32_t reg, uint64_t *value, bool read)
{
	static const enum ptimer_reg names[8] = {PTIMER_TVAL, PTIMER_CTL, PTIMER_CVAL};

	if (read)
		*value = ptimer_read(v, names[ISS_OP2(reg)]);
	else
		ptimer_write(v, names[ISS_OP2(reg)], *value);
	return true;
}

/*
 * By op0 (2: debug, 3) and CRn, as there are many. Names without _EL are AArch32's, by MCR and MRC;
 * where the numbers are the same, a row is for both.
 */

/* Self-hosted debug is not offered: locks are open, break- and watchpoints do nothing. */
static const struct sysreg_row debug_rows[] = {
	{SYSREG(2, 0, 0, 2, 2), 0, raz_wi},         /* MDSCR_EL1 */
	{SYSREG(2, 0, 0, 2, 0), 0, raz_wi},         /* MDCCINT_EL1 */
	{SYSREG(2, 0, 0, 0, 4), ANY_CRM, raz_wi},   /* DBGBVR<n>_EL1 */
	{SYSREG(2, 0, 0, 0, 5), ANY_CRM, raz_wi},   /* DBGBCR<n>_EL1 */
	{SYSREG(2, 0, 0, 0, 6), ANY_CRM, raz_wi},   /* DBGWVR<n>_EL1 */
	{SYSREG(2, 0, 0, 0, 7), ANY_CRM, raz_wi},   /* DBGWCR<n>_EL1 */
	{SYSREG(2, 3, 0, 1, 0), 0, read_only_zero}, /* MDCCSR_EL0 */
	{SYSREG(2, 3, 0, 5, 0), 0, raz_wi},         /* DBGDTR_EL0 */
};

static const struct sysreg_row debug_lock_rows[] = {
	{SYSREG(2, 0, 1, 0, 4), 0, write_ignored},  /* OSLAR_EL1 */
	{SYSREG(2, 0, 1, 1, 4), 0, oslsr},          /* OSLSR_EL1 */
	{SYSREG(2, 0, 1, 3, 4), 0, raz_wi},         /* OSDLR_EL1 */
	{SYSREG(2, 0, 1, 4, 4), 0, raz_wi},         /* DBGPRCR_EL1 */
	{SYSREG(2, 0, 1, 0, 0), 0, read_only_zero}, /* MDRAR_EL1 */
};

static const struct sysreg_row debug_claim_rows[] = {
	{SYSREG(2, 0, 7, 8, 6), 0, raz_wi},          /* DBGCLAIMSET_EL1 */
	{SYSREG(2, 0, 7, 9, 6), 0, raz_wi},          /* DBGCLAIMCLR_EL1 */
	{SYSREG(2, 0, 7, 14, 6), 0, read_only_zero}, /* DBGAUTHSTATUS_EL1 */
};

static const struct sysreg_row id_rows[] = {
	/* CRm 1-7 trap (HCR_EL2.TID3). */
	{SYSREG(3, 0, 0, 0, 0), ANY_CRM | ANY_OP2, id_register},
};

static const struct sysreg_row control_rows[] = {
	{SYSREG(3, 0, 1, 0, 1), 0, raz_wi}, /* ACTLR_EL1 */
};

static const struct sysreg_row pmu_rows[] = {
	{SYSREG(3, 3, 9, 14, 0), 0, raz_wi}, /* PMUSERENR_EL0: cleared by some kernels unasked */
	{SYSREG(3, 0, 9, 14, 0), 0, raz_wi}, /* PMUSERENR */
};

static const struct sysreg_row gic_rows[] = {
	{SYSREG(3, 0, 12, 11, 5), 0, gic_sgi1r},         /* ICC_SGI1R_EL1 */
	{SYSREG(3, 0, 12, 11, 6), 0, gic_write_ignored}, /* ICC_ASGI1R_EL1 */
	{SYSREG(3, 0, 12, 11, 7), 0, gic_write_ignored}, /* ICC_SGI0R_EL1 */
	{SYSREG(3, 0, 12, 8, 0), 0, gic_spurious},       /* ICC_IAR0_EL1 */
	{SYSREG(3, 0, 12, 8, 1), 0, gic_write_ignored},  /* ICC_EOIR0_EL1 */
	{SYSREG(3, 0, 12, 8, 2), 0, gic_spurious},       /* ICC_HPPIR0_EL1 */
	{SYSREG(3, 0, 12, 8, 3), 0, gic_group0_bpr},     /* ICC_BPR0_EL1 */
	{SYSREG(3, 0, 12, 8, 4), 0, gic_raz_wi},         /* ICC_AP0R0_EL1 */
	{SYSREG(3, 0, 12, 8, 5), 0, gic_raz_wi},         /* ICC_AP0R1_EL1 */
	{SYSREG(3, 0, 12, 8, 6), 0, gic_raz_wi},         /* ICC_AP0R2_EL1 */
	{SYSREG(3, 0, 12, 8, 7), 0, gic_raz_wi},         /* ICC_AP0R3_EL1 */
	{SYSREG(3, 0, 12, 12, 5), 0, gic_sre},           /* ICC_SRE_EL1 */
	{SYSREG(3, 0, 12, 12, 6), 0, gic_group0_enable}, /* ICC_IGRPEN0_EL1 */
};

static const struct sysreg_row timer_rows[] = {
	{SYSREG(3, 0, 14, 2, 0), 0, ptimer}, /* CNTP_TVAL */
	{SYSREG(3, 0, 14, 2, 1), 0, ptimer}, /* CNTP_CTL */
	{SYSREG(3, 3, 14, 2, 0), 0, ptimer}, /* CNTP_TVAL_EL0 */
	{SYSREG(3, 3, 14, 2, 1), 0, ptimer}, /* CNTP_CTL_EL0 */
	{SYSREG(3, 3, 14, 2, 2), 0, ptimer}, /* CNTP_CVAL_EL0 */
};

#define GROUP(op0, crn, table) [((op0)&1) << 4 | (crn)] = {(table), (table) + ARRAY_SIZE(table)}

static const struct {
	const struct sysreg_row *row, *end;
} groups[32] = {
	GROUP(2, 0, debug_rows), GROUP(2, 1, debug_lock_rows), GROUP(2, 7, debug_claim_rows),
	GROUP(3, 0, id_rows),    GROUP(3, 1, control_rows),    GROUP(3, 9, pmu_rows),
	GROUP(3, 12, gic_rows),  GROUP(3, 14, timer_rows),
};

/* op0's lower bit and CRn: bits 20 and 13-10. What traps has op0 2 or 3. */
static inline unsigned group_of(uint32_t reg)
{
	return (reg >> 16 & 0x10) | (reg >> 10 & 0xf);
}

bool sysreg_access(struct vcpu *v, uint32_t reg, uint64_t *value, bool read)
{
	unsigned group = group_of(reg);

	for (const struct sysreg_row *row = groups[group].row; row < groups[group].end; row++)
		if ((reg & ~row->any) == row->reg)
			return row->access(v, reg, value, read);
	return false;
}

static __noinline void trap_any_sysreg(struct vcpu *v, uint64_t esr)
{
	unsigned rt = ISS_RT(esr);
	uint64_t zero = 0, *value = rt == 31 ? &zero : &v->arch.x[rt];

	if (likely(sysreg_access(v, ISS_SYSREG(esr), value, esr & ISS_READ)))
		current_set_pc(current_pc() + 4);
	else
		inject_undef(v, true);
}

/* Interrupts between vCPUs are what is frequent. */
void trap_sysreg(struct vcpu *v, uint64_t esr)
{
	const uint32_t sgi1r_write = SYSREG(3, 0, 12, 11, 5);

	if (unlikely((esr & (ISS_SYSREG(~0U) | ISS_READ)) != sgi1r_write) ||
	    unlikely(v->domain->vgic.version != 3)) {
		trap_any_sysreg(v, esr);
		return;
	}
	current_set_pc(current_pc() + 4);
	vgic_v3_write_sgi1r(v, vcpu_x(v, ISS_RT(esr)));
}
