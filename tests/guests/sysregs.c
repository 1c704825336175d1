/* SPDX-License-Identifier: ISC */
/*
 * Every system register encoding, read and written from EL1: a value or an undefined instruction,
 * never anything else. Then what the ID registers promise, and that what they hide is not there.
 */

#include "abi.h"
#include "gic.h"

const char guest_name[] = "sysregs";

#define SYSREG_FIRST SYSREG_CODE(2, 0, 0, 0, 0)
#define SYSREG_LAST  SYSREG_CODE(3, 7, 15, 15, 7)

static u8 readable[0x10000 / 8]; /* a bit per encoding */

static bool is_readable(unsigned reg)
{
	return readable[reg / 8] >> reg % 8 & 1;
}

/*
 * Undefined, or trapped by this guest's own CPACR_EL1 (SVE and SME have classes of their own), or,
 * with FEAT_IDST, an ID register that is not implemented: a trapped MRS with op0 3, CRn 0.
 */
static bool is_refusal(u64 esr)
{
	unsigned class = ESR_EC(esr);

	return class == EC_UNKNOWN || class == 0x19 || class == 0x1d ||
	       (class == 0x18 && FIELD(esr, 21, 20) == 3 && FIELD(esr, 13, 10) == 0);
}

static void check_read_all(void)
{
	unsigned values = 0, refusals = 0;
	char name[32];

	for (unsigned reg = SYSREG_FIRST; reg <= SYSREG_LAST; reg++) {
		u64 value = 0xdeadbeef;
		u64 esr = probe_mrs(reg, &value);

		if (!esr) {
			readable[reg / 8] |= (u8)(1U << reg % 8);
			values++;
			continue;
		}
		refusals++;
		sysreg_describe(name, sizeof(name), reg);
		if (!is_refusal(esr))
			CHECK_FAIL("mrs %s: esr 0x%lx, expected a value or class 0", name, esr);
		else if (value != 0xdeadbeef)
			CHECK_FAIL("mrs %s: undefined, but x0 changed to 0x%lx", name, value);
	}
	check_note("%u encodings read a value, %u are undefined", values, refusals);
	CHECK(values > 50);
}

/*
 * Written with what was read, or with 0: neither changes what this guest runs on. TVAL is left out,
 * since writing it back moves the deadline.
 */
static void check_write_all(void)
{
	unsigned done = 0, refusals = 0;
	char name[32];

	for (unsigned reg = SYSREG_FIRST; reg <= SYSREG_LAST; reg++) {
		u64 value = 0, esr;

		if (is_readable(reg) && probe_mrs(reg, &value))
			CHECK_FAIL("encoding 0x%x reads no value the second time", reg);
		if (reg == SYSREG_CODE(3, 3, 14, 3, 0) || reg == SYSREG_CODE(3, 3, 14, 2, 0))
			continue;
		esr = probe_msr(reg, value);
		done += !esr;
		refusals += !!esr;
		if (esr && !is_refusal(esr)) {
			sysreg_describe(name, sizeof(name), reg);
			CHECK_FAIL("msr %s: esr 0x%lx, expected none or class 0", name, esr);
		}
	}
	check_note("%u encodings can be written, %u are undefined", done, refusals);
	CHECK_EQ(SYSREG_READ(tpidr_el1), (u64)&cpus[0]);
}

/* A field of an ID register that must have one of some values. */
struct id_field {
	const char *name;
	unsigned reg;
	unsigned low; /* bit, 4 wide */
	u16 allowed;  /* bit n: value n */
	bool xen; /* stock Xen 4.17 shows it although it neither saves nor emulates it in full */
};

#define ID_AA64PFR0  SYSREG_CODE(3, 0, 0, 4, 0)
#define ID_AA64PFR1  SYSREG_CODE(3, 0, 0, 4, 1)
#define ID_AA64ZFR0  SYSREG_CODE(3, 0, 0, 4, 4)
#define ID_AA64SMFR0 SYSREG_CODE(3, 0, 0, 4, 5)
#define ID_AA64DFR0  SYSREG_CODE(3, 0, 0, 5, 0)
#define ID_AA64DFR1  SYSREG_CODE(3, 0, 0, 5, 1)
#define ID_AA64ISAR1 SYSREG_CODE(3, 0, 0, 6, 1)
#define ID_AA64ISAR2 SYSREG_CODE(3, 0, 0, 6, 2)
#define ID_AA64MMFR0 SYSREG_CODE(3, 0, 0, 7, 0)
#define ID_AA64MMFR1 SYSREG_CODE(3, 0, 0, 7, 1)

static const struct id_field id_fields[] = {
	/* 64-bit, with or without 32-bit; EL2 and EL3 do not matter to a guest */
	{"PFR0.EL0", ID_AA64PFR0, 0, 1 << 1 | 1 << 2, false},
	{"PFR0.EL1", ID_AA64PFR0, 4, 1 << 1 | 1 << 2, false},
	{"PFR0.SVE", ID_AA64PFR0, 32, 1 << 0, false},
	{"PFR0.MPAM", ID_AA64PFR0, 40, 1 << 0, false},
	{"PFR0.AMU", ID_AA64PFR0, 44, 1 << 0, false},
	{"PFR1.MTE", ID_AA64PFR1, 8, 1 << 0 | 1 << 1, false}, /* 1: instructions only */
	{"PFR1.MPAM_frac", ID_AA64PFR1, 16, 1 << 0, false},
	{"PFR1.SME", ID_AA64PFR1, 24, 1 << 0, true},
	{"ZFR0.SVEver", ID_AA64ZFR0, 0, 1 << 0, false},
	{"SMFR0", ID_AA64SMFR0, 32, 1 << 0, false},
	{"DFR0.PMUVer", ID_AA64DFR0, 8, 1 << 0, true},
	{"DFR0.TraceVer", ID_AA64DFR0, 4, 1 << 0, false},
	{"DFR0.PMSVer", ID_AA64DFR0, 32, 1 << 0, false},
	{"DFR0.TraceFilt", ID_AA64DFR0, 40, 1 << 0, false},
	{"DFR0.TraceBuffer", ID_AA64DFR0, 44, 1 << 0, false},
	{"ISAR1.APA", ID_AA64ISAR1, 4, 1 << 0, false},
	{"ISAR1.API", ID_AA64ISAR1, 8, 1 << 0, false},
	{"ISAR1.GPA", ID_AA64ISAR1, 24, 1 << 0, false},
	{"ISAR1.GPI", ID_AA64ISAR1, 28, 1 << 0, false},
	{"MMFR1.LO", ID_AA64MMFR1, 16, 1 << 0, true},
	{"MMFR0.TGran4", ID_AA64MMFR0, 28, 1 << 0 | 1 << 1, false},
};

static void check_id_fields(void)
{
	for (unsigned n = 0; n < ARRAY_SIZE(id_fields); n++) {
		const struct id_field *f = &id_fields[n];
		u64 value = 0;
		u64 esr = probe_mrs(f->reg, &value);

		if (esr)
			CHECK_FAIL("ID_AA64%s: esr 0x%lx, expected a value", f->name, esr);
		else if (f->allowed >> (value >> f->low & 15) & 1)
			continue;
		else if (f->xen)
			XEN_DIFFERS("ID_AA64%s is %lu (register 0x%lx)", f->name,
				    value >> f->low & 15, value);
		else
			CHECK_FAIL(
				"ID_AA64%s is %lu (register 0x%lx), expected one of the set 0x%x",
				f->name, value >> f->low & 15, value, f->allowed);
	}
}

/* The interrupt controller that the device tree shows is the one that PFR0 names. */
static void check_id_gic(void)
{
	u64 value = 0;

	probe_mrs(ID_AA64PFR0, &value);
	if (board.gic_version == 3)
		CHECK_EQ(value >> 24 & 15, 1);
	else if (value >> 24 & 15)
		XEN_DIFFERS("ID_AA64PFR0.GIC is %lu in a guest with GICv2", value >> 24 & 15);
}

/*
 * What a register reads after it was written with all ones, or -1: the write or the read was
 * undefined.
 */
static int64_t after_ones(unsigned reg)
{
	u64 value = 0;

	return probe_msr(reg, 0xffffffff) || probe_mrs(reg, &value) ? -1 : (int64_t)value;
}

/*
 * GICv3's Group 0 has no interrupts here: its registers exist, and none of them is more than a
 * guest's own. With GICv2 none of the system registers exists.
 */
static void check_group0(void)
{
	static const struct {
		const char *name;
		unsigned reg;
		int64_t ones; /* stock Xen 4.17 lets the hardware answer */
	} regs[] = {
		{"ICC_AP0R0_EL1", SYSREG_CODE(3, 0, 12, 8, 4), 0},
		{"ICC_BPR0_EL1", SYSREG_CODE(3, 0, 12, 8, 3), 7},
		{"ICC_IGRPEN0_EL1", SYSREG_CODE(3, 0, 12, 12, 6), 1},
		{"ICC_SRE_EL1", SYSREG_CODE(3, 0, 12, 12, 5), 7},
	};
	u64 value = 0;

	for (unsigned n = 0; n < ARRAY_SIZE(regs); n++) {
		int64_t is = after_ones(regs[n].reg);

		probe_msr(regs[n].reg, 0);
		if (is != (board.gic_version == 3 ? regs[n].ones : -1))
			XEN_DIFFERS("%s reads %ld after ones were written", regs[n].name, is);
	}
	if (board.gic_version != 3)
		return;
	CHECK_EQ(probe_mrs(SYSREG_CODE(3, 0, 12, 8, 0), &value), 0); /* ICC_IAR0_EL1 */
	CHECK_EQ(value, GIC_SPURIOUS);
	CHECK_EQ(probe_mrs(SYSREG_CODE(3, 0, 12, 8, 2), &value), 0); /* ICC_HPPIR0_EL1 */
	CHECK_EQ(value, GIC_SPURIOUS);
	CHECK_EQ(probe_msr(SYSREG_CODE(3, 0, 12, 8, 1), 1023), 0); /* ICC_EOIR0_EL1 */
	CHECK(probe_mrs(SYSREG_CODE(3, 0, 12, 8, 1), &value));
	/* 0 is below the smallest binary point of any GIC with 32 to 128 preemption levels */
	CHECK_EQ(probe_mrs(SYSREG_CODE(3, 0, 12, 8, 3), &value), 0);
	CHECK(value <= 2);
}

/* The ID space that is not allocated reads as zero (Arm ARM D17.3.1). */
static void check_id_reserved(void)
{
	static const u8 reserved[][2] = {{4, 3}, {4, 6}, {5, 2}, {5, 3}, {5, 6},
					 {5, 7}, {6, 4}, {6, 7}, {7, 5}, {7, 7}};

	for (unsigned n = 0; n < ARRAY_SIZE(reserved); n++) {
		u64 value = 1, esr;

		esr = probe_mrs((unsigned)SYSREG_CODE(3, 0, 0, reserved[n][0], reserved[n][1]),
				&value);
		if (esr || value)
			CHECK_FAIL("reserved S3_0_C0_C%u_%u: esr 0x%lx value 0x%lx, expected 0",
				   reserved[n][0], reserved[n][1], esr, value);
	}
}

/* What the ID registers hide is undefined when it is tried. */
struct hidden {
	const char *name;
	unsigned reg;
};

static void check_hidden(void)
{
	static const struct hidden hidden[] = {
		{"ZCR_EL1", SYSREG_CODE(3, 0, 1, 2, 0)},
		{"SMCR_EL1", SYSREG_CODE(3, 0, 1, 2, 6)},
		{"AMCR_EL0", SYSREG_CODE(3, 3, 13, 2, 0)},
		{"AMCNTENSET0_EL0", SYSREG_CODE(3, 3, 13, 2, 5)},
		{"AMEVCNTR00_EL0", SYSREG_CODE(3, 3, 13, 4, 0)},
		{"PMSCR_EL1", SYSREG_CODE(3, 0, 9, 9, 0)},
		{"TRBLIMITR_EL1", SYSREG_CODE(3, 0, 9, 11, 0)},
		{"TRCPRGCTLR", SYSREG_CODE(2, 1, 0, 1, 0)},
		{"APIAKEYLO_EL1", SYSREG_CODE(3, 0, 2, 1, 0)},
		{"MPAM1_EL1", SYSREG_CODE(3, 0, 10, 5, 0)},
		{"LORC_EL1", SYSREG_CODE(3, 0, 10, 4, 3)},
	};

	for (unsigned n = 0; n < ARRAY_SIZE(hidden); n++) {
		u64 value = 0;
		u64 esr = probe_mrs(hidden[n].reg, &value);

		if (!esr)
			XEN_DIFFERS("%s reads 0x%lx, expected it to be undefined", hidden[n].name,
				    value);
	}
}

/* No register of EL2 or EL3 is reachable. */
static void check_higher_levels(void)
{
	unsigned found = 0;
	char name[32];

	for (unsigned op1 = 4; op1 <= 7; op1++)
		for (unsigned rest = 0; rest < 1 << 11; rest++) {
			unsigned reg = (unsigned)SYSREG_CODE(3, op1, 0, 0, 0) | rest;

			/* op1 5 is the EL12 aliases' space, 7 secure EL1's; none is EL1's */
			if (is_readable(reg) && !found++) {
				sysreg_describe(name, sizeof(name), reg);
				CHECK_FAIL("%s can be read at EL1", name);
			}
		}
}

/* Debug: there as far as it costs nothing, harmless, and without effect on anybody. */
static void check_debug(void)
{
	u64 value = 0;

	CHECK_EQ(probe_msr(SYSREG_CODE(2, 0, 1, 0, 4), 0), 0);      /* OSLAR_EL1 */
	CHECK_EQ(probe_mrs(SYSREG_CODE(2, 0, 0, 2, 2), &value), 0); /* MDSCR_EL1 */
	CHECK_EQ(probe_msr(SYSREG_CODE(2, 0, 0, 2, 2), value), 0);
	CHECK_EQ(probe_mrs(SYSREG_CODE(2, 0, 0, 0, 4), &value), 0); /* DBGBVR0_EL1 */
	CHECK_EQ(probe_mrs(SYSREG_CODE(2, 0, 0, 0, 5), &value), 0); /* DBGBCR0_EL1 */
	CHECK_EQ(probe_msr(SYSREG_CODE(2, 0, 0, 0, 4), (u64)check_debug), 0);
	CHECK_EQ(probe_msr(SYSREG_CODE(2, 0, 1, 3, 4), 0), 0);      /* OSDLR_EL1 */
	CHECK_EQ(probe_mrs(SYSREG_CODE(2, 0, 1, 0, 0), &value), 0); /* MDRAR_EL1 */
}

/* The PMU: hidden, but Linux and others look at it; a value or undefined, and it never counts. */
static void check_pmu(void)
{
	static const unsigned regs[] = {
		SYSREG_CODE(3, 3, 9, 12, 0), SYSREG_CODE(3, 3, 9, 12, 1),
		SYSREG_CODE(3, 3, 9, 12, 3), SYSREG_CODE(3, 3, 9, 13, 0),
		SYSREG_CODE(3, 0, 9, 14, 1),
	};

	for (unsigned n = 0; n < ARRAY_SIZE(regs); n++) {
		u64 before = 0, after = 0;
		u64 esr = probe_mrs(regs[n], &before);

		if (esr)
			continue;
		probe_msr(regs[n], ~0UL);
		for (unsigned k = 0; k < 100; k++)
			guest_yield();
		probe_mrs(regs[n], &after);
		if (n == 3 && before != after)
			CHECK_FAIL("PMCCNTR_EL0 counts: 0x%lx, then 0x%lx", before, after);
		probe_msr(regs[n], 0);
	}
}

/* Instructions of features that are hidden. */
static void check_instructions(void)
{
	u64 x0 = 0, esr;

	esr = probe_instruction(0x04bf5000, &x0); /* rdvl x0, #0 (SVE) */
	CHECK(esr && is_refusal(esr));
	CHECK_EQ(probe_instruction(0xd503237f, &x0), 0); /* pacibsp: a hint, so a NOP */
	CHECK_EQ(probe_instruction(0xd503221f, &x0), 0); /* esb: a hint */
	esr = probe_instruction(0x00000000, &x0);        /* udf #0 */
	CHECK_EQ(ESR_EC(esr), EC_UNKNOWN);
}

/* Address translation by instruction: PAR_EL1 gives the intermediate physical address. */
static void check_translation(void)
{
	u64 par, va = (u64)guest_name;

	asm volatile("at s1e1r, %1\n\tisb\n\tmrs %0, par_el1" : "=r"(par) : "r"(va));
	CHECK_EQ(par & 1, 0);
	CHECK_EQ(par & 0xfffffffff000, va & ~0xfffUL);
	va = (u64)mmu_map_page(5, 0, MMU_NONE);
	asm volatile("at s1e1r, %1\n\tisb\n\tmrs %0, par_el1" : "=r"(par) : "r"(va));
	CHECK_EQ(par & 1, 1);
	mmu_map_page(5, (u64)guest_name, MMU_NORMAL_RO);
	asm volatile("at s1e1w, %1\n\tisb\n\tmrs %0, par_el1" : "=r"(par) : "r"(va));
	CHECK_EQ(par & 1, 1);
	mmu_map_page(5, 0, MMU_NONE);
}

static const struct check checks[] = {
	{"read-all", check_read_all},
	{"write-all", check_write_all},
	{"id-fields", check_id_fields},
	{"id-gic", check_id_gic},
	{"group0", check_group0},
	{"id-reserved", check_id_reserved},
	{"hidden", check_hidden},
	{"higher-levels", check_higher_levels},
	{"debug", check_debug},
	{"pmu", check_pmu},
	{"instructions", check_instructions},
	{"translation", check_translation},
};

void guest_main(void)
{
	gic_init();
	SYSREG_WRITE(cpacr_el1, 3UL << 20);
	ISB();
	check_run(checks, ARRAY_SIZE(checks));
}
