/* SPDX-License-Identifier: ISC */
/*
 * Exceptions from guests, what is ARMv7's own of them: the table of classes, conditions, CP15 and
 * CP14 (DDI 0406C B3.13.6).
 */
#include <arm/aarch32.h>
#include <arm/trap.h>
#include <arm/width.h>
#include <asm/context.h>
#include <hyp/domain.h>
#include <lib/lib.h>
#include <lib/log.h>
#include <vdev/vtimer.h>

/* Called from vectors.S. */
void trap_serror(struct vcpu *v);

/* ISS of MCR and MRC: the register's name as one number. */
#define CP(opc1, crn, crm, opc2) ((uint32_t)(opc2) << 17 | (opc1) << 14 | (crn) << 10 | (crm) << 1)
#define ISS_CP(iss)              ((uint32_t)(iss)&CP(7, 15, 15, 7))
#define ISS_OPC1(iss)            ((iss) >> 14 & 7)
#define ISS_RT(iss)              ((iss) >> 5 & 0xf)
#define ISS_READ                 1U
/* ISS of MCRR and MRRC. */
#define CP_64(opc1, crm) ((uint32_t)(opc1) << 16 | (crm) << 1)
#define ISS_CP_64(iss)   ((uint32_t)(iss)&CP_64(15, 15))
#define ISS_RT2(iss)     ((iss) >> 10 & 0xf)

#define ACTLR_SMP (1U << 6)

typedef void cp_fn(struct vcpu *v, uint64_t *value, bool read);

/* Linux looks for SMP, and sets it where it is not. */
static void actlr(struct vcpu *v __unused, uint64_t *value, bool read)
{
	if (read)
		*value = ACTLR_SMP;
}

static void raz_wi(struct vcpu *v __unused, uint64_t *value, bool read)
{
	if (read)
		*value = 0;
}

static void ptimer(struct vcpu *v, enum ptimer_reg reg, uint64_t *value, bool read)
{
	if (read)
		*value = ptimer_read(v, reg);
	else
		ptimer_write(v, reg, *value);
}

static void ptimer_tval(struct vcpu *v, uint64_t *value, bool read)
{
	ptimer(v, PTIMER_TVAL, value, read);
}

static void ptimer_ctl(struct vcpu *v, uint64_t *value, bool read)
{
	ptimer(v, PTIMER_CTL, value, read);
}

static void ptimer_cval(struct vcpu *v, uint64_t *value, bool read)
{
	ptimer(v, PTIMER_CVAL, value, read);
}

/* L2CTLR of Cortex-A15 and A7: the number of CPUs less 1 in bits 25-24. */
static void l2ctlr(struct vcpu *v, uint64_t *value, bool read)
{
	if (read)
		*value = (uint64_t)MIN(v->domain->max_vcpus - 1, 3) << 24;
}

#define ANY_OPC2 CP(0, 0, 0, 7)

/* Registers that trap and are there for guests. Not in the tables: undefined. */
static const struct cp_row {
	uint32_t reg;
	uint32_t any; /* bits of the name that do not matter */
	cp_fn *access;
} cp15[] = {
	{CP(0, 1, 0, 1), 0, actlr},
	{CP(0, 9, 12, 0), ANY_OPC2, raz_wi}, /* the PMU, which the ID registers show: no counters */
	{CP(0, 9, 13, 0), ANY_OPC2, raz_wi},
	{CP(0, 9, 14, 0), ANY_OPC2, raz_wi},
	{CP(1, 9, 0, 2), 0, l2ctlr},
	{CP(1, 9, 0, 3), 0, raz_wi}, /* L2ECTLR */
	{CP(0, 14, 2, 0), 0, ptimer_tval},
	{CP(0, 14, 2, 1), 0, ptimer_ctl},
};

static const struct cp_row cp15_64[] = {
	{CP_64(2, 14), 0, ptimer_cval},
};

static cp_fn *find(const struct cp_row *row, unsigned nr, uint32_t reg)
{
	for (unsigned i = 0; i < nr; i++)
		if ((reg & ~row[i].any) == row[i].reg)
			return row[i].access;
	return NULL;
}

static void access(struct vcpu *v, uint64_t esr, cp_fn *fn)
{
	size_t rt = ISS_RT(esr);
	uint64_t value = vcpu_x(v, rt);

	if (!fn) {
		inject_undef(v, true);
		return;
	}
	fn(v, &value, esr & ISS_READ);
	if (esr & ISS_READ)
		vcpu_set_x(v, rt, value);
	trap_skip(esr);
}

static void trap_cp15(struct vcpu *v, uint64_t esr)
{
	access(v, esr, find(cp15, ARRAY_SIZE(cp15), ISS_CP(esr)));
}

static void trap_cp15_64(struct vcpu *v, uint64_t esr)
{
	cp_fn *fn = find(cp15_64, ARRAY_SIZE(cp15_64), ISS_CP_64(esr));
	size_t low = ISS_RT(esr), high = ISS_RT2(esr);
	uint64_t value = vcpu_x(v, high) << 32 | vcpu_x(v, low);

	if (!fn) {
		inject_undef(v, true);
		return;
	}
	fn(v, &value, esr & ISS_READ);
	if (esr & ISS_READ) {
		vcpu_set_x(v, low, value);
		vcpu_set_x(v, high, value >> 32);
	}
	trap_skip(esr);
}

/* The debug registers (opc1 0) read as zero and ignore writes; there is no trace. */
static void trap_cp14(struct vcpu *v, uint64_t esr)
{
	access(v, esr, ISS_OPC1(esr) == 0 ? raz_wi : NULL);
}

/* ISS of a trap by HCPTR: an instruction of SIMD, or of which coprocessor. */
#define ISS_SIMD      BIT(5)
#define ISS_COPROC(h) ((unsigned)(h)&0xf)
#define CP_FP_SINGLE  10U
#define CP_FP_DOUBLE  11U

/* FP and SIMD; guests have no other coprocessors. */
static void trap_coprocessor(struct vcpu *v, uint64_t esr)
{
	unsigned nr = ISS_COPROC(esr);

	if (esr & ISS_SIMD || nr == CP_FP_SINGLE || nr == CP_FP_DOUBLE)
		trap_fp(v, esr);
	else
		trap_undef(v, esr);
}

/* An asynchronous abort that the guest caused comes this way, or by the vector for data aborts. */
#define FSC_ASYNCHRONOUS 0x11U
#define FSC(esr)         ((unsigned)(esr)&0x3f)

static void trap_any_data_abort(struct vcpu *v, uint64_t esr)
{
	if (FSC(esr) == FSC_ASYNCHRONOUS)
		trap_serror(v);
	else
		trap_data_abort(v, esr);
}

/* DBGDRAR and DBGDSAR: there are no debug registers in memory. */
static void trap_cp14_64(struct vcpu *v, uint64_t esr)
{
	if (ISS_CP_64(esr) != CP_64(0, 1) && ISS_CP_64(esr) != CP_64(0, 2)) {
		inject_undef(v, true);
		return;
	}
	if (esr & ISS_READ) {
		vcpu_set_x(v, ISS_RT(esr), 0);
		vcpu_set_x(v, ISS_RT2(esr), 0);
	}
	trap_skip(esr);
}

/* The number is in r12. */
static void trap_hvc32(struct vcpu *v, uint64_t esr)
{
	trap_hvc(v, esr, v->arch.r[12]);
}

/* The rest is undefined. */
static trap_fn *const traps[NR_EXCEPTION_CLASSES] = {
	[EC_WFX] = trap_wfx,
	[EC_CP15_32] = trap_cp15,
	[EC_CP15_64] = trap_cp15_64,
	[EC_CP14_32] = trap_cp14,
	[EC_CP14_64] = trap_cp14_64,
	[EC_FP] = trap_coprocessor,
	[EC_HVC32] = trap_hvc32,
	[EC_SMC32] = trap_smc,
	[EC_IABT_GUEST] = trap_instruction_abort,
	[EC_DABT_GUEST] = trap_any_data_abort,
};

/* Classes whose syndrome has a condition. */
static bool is_conditional(unsigned ec)
{
	return (ec >= EC_WFX && ec <= EC_CP14_64) || ec == EC_SMC32;
}

void trap_sync(struct vcpu *v, uint64_t esr)
{
	unsigned ec = ESR_EC(esr);

	if (is_conditional(ec) && !aarch32_passed((uint32_t)esr, (uint32_t)current_pstate()))
		trap_skip(esr);
	else if (traps[ec])
		traps[ec](v, esr);
	else
		inject_undef(v, esr & ESR_IL_32BIT);
}

/* Most likely the guest caused it, or a device that it drives: it gets it back. */
void trap_serror(struct vcpu *v)
{
	log_guest(v->domain, "asynchronous abort, syndrome %x, passed on to vCPU %u", read_cp(HSR),
		  v->id);
	inject_serror(v);
}

/* current_insn_decodable() says no. */
void trap_insn(struct vcpu *v)
{
	inject_data_abort(v, fault_data_va());
}
