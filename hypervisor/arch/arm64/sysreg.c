/* SPDX-License-Identifier: ISC */
/*
 * System registers that trap: what a guest reads and what its writes do. Not in the table:
 * undefined.
 */
#include <arm/trap.h>
#include <asm/context.h>
#include <asm/idregs.h>
#include <hyp/domain.h>
#include <hyp/vgic.h>
#include <hyp/vtimer.h>

/*
 * ISS of a trapped MSR/MRS (Arm ARM D19.2.37): the register's name as one number, with Rt and
 * direction cleared.
 */
#define SYSREG(op0, op1, crn, crm, op2) \
	((uint32_t)(op0) << 20 | (op2) << 17 | (op1) << 14 | (crn) << 10 | (crm) << 1)
#define ISS_SYSREG(iss) ((uint32_t)(iss)&0x3ffc1eU)
#define ISS_RT(iss)     (((iss) >> 5) & 0x1f)
#define ISS_READ        BIT(0)
#define ISS_CRM(reg)    (((reg) >> 1) & 0xf)
#define ISS_OP2(reg)    (((reg) >> 17) & 7)

/* CRm and op2 bits, for ranges of registers that behave alike. */
#define ANY_CRM SYSREG(0, 0, 0, 15, 0)
#define ANY_OP2 SYSREG(0, 0, 0, 0, 7)

struct sysreg_row {
	uint32_t reg;
	uint32_t any; /* bits of the name that do not matter */
	bool (*access)(struct vcpu *v, uint32_t reg, uint64_t *value,
		       bool read); /* false: undefined */
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
	*value = BIT(3);
	return read;
}

static bool id_register(struct vcpu *v, uint32_t reg, uint64_t *value, bool read)
{
	*value = idreg_guest(ISS_CRM(reg), ISS_OP2(reg), v->domain->vgic.version);
	return read;
}

static bool sgi1r(struct vcpu *v, uint32_t reg __unused, uint64_t *value, bool read)
{
	return !read && vgic_v3_write_sgi1r(v, *value);
}

/* ICC_SGI0R_EL1, ICC_ASGI1R_EL1: groups that guests do not have. */
static bool sgi_other(struct vcpu *v, uint32_t reg __unused, uint64_t *value __unused, bool read)
{
	return !read && v->domain->vgic.version == 3;
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

static const struct sysreg_row sysreg_rows[] = {
	/* First what is frequent. */
	{SYSREG(3, 0, 12, 11, 5), 0, sgi1r},
	{SYSREG(3, 3, 14, 2, 0), 0, ptimer}, /* CNTP_TVAL_EL0 */
	{SYSREG(3, 3, 14, 2, 1), 0, ptimer}, /* CNTP_CTL_EL0 */
	{SYSREG(3, 3, 14, 2, 2), 0, ptimer}, /* CNTP_CVAL_EL0 */
	{SYSREG(3, 0, 12, 11, 6), 0, sgi_other},
	{SYSREG(3, 0, 12, 11, 7), 0, sgi_other},
	/* ID registers: CRn 0, CRm 1-7 trap (HCR_EL2.TID3). */
	{SYSREG(3, 0, 0, 0, 0), ANY_CRM | ANY_OP2, id_register},
	{SYSREG(3, 0, 1, 0, 1), 0, raz_wi}, /* ACTLR_EL1 */
	/* Self-hosted debug is not offered: locks are open, break- and watchpoints do nothing. */
	{SYSREG(2, 0, 0, 2, 2), 0, raz_wi},          /* MDSCR_EL1 */
	{SYSREG(2, 0, 0, 2, 0), 0, raz_wi},          /* MDCCINT_EL1 */
	{SYSREG(2, 0, 0, 0, 4), ANY_CRM, raz_wi},    /* DBGBVR<n>_EL1 */
	{SYSREG(2, 0, 0, 0, 5), ANY_CRM, raz_wi},    /* DBGBCR<n>_EL1 */
	{SYSREG(2, 0, 0, 0, 6), ANY_CRM, raz_wi},    /* DBGWVR<n>_EL1 */
	{SYSREG(2, 0, 0, 0, 7), ANY_CRM, raz_wi},    /* DBGWCR<n>_EL1 */
	{SYSREG(2, 0, 1, 0, 4), 0, write_ignored},   /* OSLAR_EL1 */
	{SYSREG(2, 0, 1, 1, 4), 0, oslsr},           /* OSLSR_EL1 */
	{SYSREG(2, 0, 1, 3, 4), 0, raz_wi},          /* OSDLR_EL1 */
	{SYSREG(2, 0, 1, 4, 4), 0, raz_wi},          /* DBGPRCR_EL1 */
	{SYSREG(2, 0, 1, 0, 0), 0, read_only_zero},  /* MDRAR_EL1 */
	{SYSREG(2, 0, 7, 8, 6), 0, raz_wi},          /* DBGCLAIMSET_EL1 */
	{SYSREG(2, 0, 7, 9, 6), 0, raz_wi},          /* DBGCLAIMCLR_EL1 */
	{SYSREG(2, 0, 7, 14, 6), 0, read_only_zero}, /* DBGAUTHSTATUS_EL1 */
	{SYSREG(2, 3, 0, 1, 0), 0, read_only_zero},  /* MDCCSR_EL0 */
	{SYSREG(2, 3, 0, 5, 0), 0, raz_wi},          /* DBGDTR_EL0 */
	{SYSREG(3, 3, 9, 14, 0), 0, raz_wi}, /* PMUSERENR_EL0: cleared by some kernels unasked */
};

void trap_sysreg(struct vcpu *v, uint64_t esr)
{
	uint32_t reg = ISS_SYSREG(esr);
	bool read = esr & ISS_READ;
	unsigned rt = ISS_RT(esr);
	uint64_t value = read ? 0 : vcpu_x(v, rt);

	for (const struct sysreg_row *row = sysreg_rows;
	     row < sysreg_rows + ARRAY_SIZE(sysreg_rows); row++) {
		if ((reg & ~row->any) != row->reg)
			continue;
		if (!row->access(v, reg, &value, read))
			break;
		if (read)
			vcpu_set_x(v, rt, value);
		trap_skip(esr);
		return;
	}
	inject_undef(v, true);
}
