/* SPDX-License-Identifier: ISC */
/*
 * What an ID register shows can be used: each field that is not zero has rows below that say what
 * its values promise, and what can be tried is tried. A field without a row is a failure.
 */

#include "abi.h"
#include "gic.h"

const char guest_name[] = "idregs";

#define ID(crm, op2) SYSREG_CODE(3, 0, 0, crm, op2)
#define PFR0         ID(4, 0)
#define PFR1         ID(4, 1)
#define DFR0         ID(5, 0)
#define ISAR0        ID(6, 0)
#define ISAR1        ID(6, 1)
#define ISAR2        ID(6, 2)
#define MMFR0        ID(7, 0)
#define MMFR1        ID(7, 1)
#define MMFR2        ID(7, 2)

#define PROPERTY 0 /* of tables, of speculation, of what traps: no instruction shows it */

/*
 * A field that has at least the value `from` promises this instruction. x0 is the address of some
 * memory. Signed fields begin at 0, and 15 is "not there".
 */
static const struct promise {
	const char *name;
	u16 reg;
	u8 low;
	u8 from;
	bool is_signed;
	u32 instruction;
} promises[] = {
	{"CSV3", PFR0, 60, 1, false, PROPERTY},
	{"CSV2", PFR0, 56, 1, false, PROPERTY},
	{"CSV2: SCXTNUM_EL1", PFR0, 56, 2, false, 0xd538d0e0},
	{"CSV2: SCXTNUM_EL0", PFR0, 56, 2, false, 0xd53bd0e0},
	{"DIT", PFR0, 48, 1, false, 0xd53b42a0}, /* mrs x0, dit */
	{"GIC: ICC_PMR_EL1", PFR0, 24, 1, false, 0xd5384600},
	{"AdvSIMD", PFR0, 20, 0, true, 0x4e208400},       /* add v0.16b, v0.16b, v0.16b */
	{"AdvSIMD: FP16", PFR0, 20, 1, true, 0x0e401400}, /* fadd v0.4h, v0.4h, v0.4h */
	{"FP", PFR0, 16, 0, true, 0x1e602800},            /* fadd d0, d0, d0 */
	{"FP: FP16", PFR0, 16, 1, true, 0x1ee02800},      /* fadd h0, h0, h0 */
	{"EL1", PFR0, 4, 1, false, PROPERTY},
	{"EL0: AArch32", PFR0, 0, 2, false, PROPERTY},
	{"CSV2_frac", PFR1, 32, 1, false, PROPERTY},
	{"CSV2_frac: SCXTNUM_EL1", PFR1, 32, 2, false, 0xd538d0e0},
	{"SSBS", PFR1, 4, 1, false, PROPERTY},
	{"SSBS: MRS", PFR1, 4, 2, false, 0xd53b42c0}, /* mrs x0, ssbs */
	{"BT", PFR1, 0, 1, false, PROPERTY},
	{"WRPs: DBGWVR1_EL1", DFR0, 20, 1, false, 0xd53001c0},
	{"BRPs: DBGBVR1_EL1", DFR0, 12, 1, false, 0xd5300180},
	{"DebugVer: MDSCR_EL1", DFR0, 0, 6, false, 0xd5300240},
	{"RNDR", ISAR0, 60, 1, false, 0xd53b2400},
	{"TLB: VMALLE1OS", ISAR0, 56, 1, false, 0xd508811f},
	{"TLB: RVAE1IS", ISAR0, 56, 2, false, 0xd5088220},
	{"TS: CFINV", ISAR0, 52, 1, false, 0xd500401f},
	{"TS: AXFLAG", ISAR0, 52, 2, false, 0xd500405f},
	{"FHM: FMLAL", ISAR0, 48, 1, false, 0x0e20ec00},
	{"DP: UDOT", ISAR0, 44, 1, false, 0x2e809400},
	{"SM4: SM4E", ISAR0, 40, 1, false, 0xcec08400},
	{"SM3: SM3PARTW1", ISAR0, 36, 1, false, 0xce60c000},
	{"SHA3: EOR3", ISAR0, 32, 1, false, 0xce000000},
	{"RDM: SQRDMLAH", ISAR0, 28, 1, false, 0x2e408400},
	{"Atomic: LDADD", ISAR0, 20, 2, false, 0xb8210002},
	{"CRC32: CRC32B", ISAR0, 16, 1, false, 0x1ac04000},
	{"SHA2: SHA256SU0", ISAR0, 12, 1, false, 0x5e282800},
	{"SHA2: SHA512SU0", ISAR0, 12, 2, false, 0xcec08000},
	{"SHA1: SHA1H", ISAR0, 8, 1, false, 0x5e280800},
	{"AES: AESE", ISAR0, 4, 1, false, 0x4e284800},
	{"AES: PMULL", ISAR0, 4, 2, false, 0x0ee0e000},
	{"I8MM: SMMLA", ISAR1, 52, 1, false, 0x4e80a400},
	{"DGH", ISAR1, 48, 1, false, 0xd50320df},
	{"BF16: BFDOT", ISAR1, 44, 1, false, 0x2e40fc00},
	{"SPECRES: CFP RCTX", ISAR1, 40, 1, false, 0xd50b7380},
	{"SB", ISAR1, 36, 1, false, 0xd50330ff},
	{"FRINTTS: FRINT32Z", ISAR1, 32, 1, false, 0x1e684000},
	{"LRCPC: LDAPR", ISAR1, 20, 1, false, 0xb8bfc001},
	{"LRCPC: LDAPUR", ISAR1, 20, 2, false, 0x99400001},
	{"FCMA: FCMLA", ISAR1, 16, 1, false, 0x6e80c400},
	{"JSCVT: FJCVTZS", ISAR1, 12, 1, false, 0x1e7e0000},
	{"DPB: DC CVAP", ISAR1, 0, 1, false, 0xd50b7c20},
	{"DPB: DC CVADP", ISAR1, 0, 2, false, 0xd50b7d20},
	{"BC: BC.EQ", ISAR2, 20, 1, false, 0x54000030}, /* to the next instruction */
	{"RPRES", ISAR2, 4, 1, false, PROPERTY},
	{"TGran4", MMFR0, 28, 0, true, PROPERTY},
	{"TGran64", MMFR0, 24, 0, true, PROPERTY},
	{"TGran16", MMFR0, 20, 1, false, PROPERTY},
	{"BigEndEL0", MMFR0, 16, 1, false, PROPERTY},
	{"BigEnd", MMFR0, 8, 1, false, PROPERTY},
	{"ASIDBits", MMFR0, 4, 2, false, PROPERTY},
	{"PARange", MMFR0, 0, 6, false, PROPERTY},
	{"ECBHB", MMFR1, 60, 1, false, PROPERTY},
	{"AFP", MMFR1, 44, 1, false, PROPERTY}, /* check_afp() */
	{"ETS", MMFR1, 36, 2, false, PROPERTY},
	{"PAN", MMFR1, 20, 1, false, 0xd5384260}, /* mrs x0, pan */
	{"PAN: AT S1E1RP", MMFR1, 20, 2, false, 0xd5087900},
	{"PAN: EPAN", MMFR1, 20, 3, false, PROPERTY},
	{"HPDS", MMFR1, 12, 2, false, PROPERTY},
	{"HAFDBS", MMFR1, 0, 2, false, PROPERTY},
	{"E0PD", MMFR2, 60, 1, false, PROPERTY},
	{"BBM", MMFR2, 52, 2, false, PROPERTY},
	{"TTL", MMFR2, 48, 1, false, PROPERTY},
	{"IDS", MMFR2, 36, 1, false, PROPERTY},
	{"AT", MMFR2, 32, 1, false, PROPERTY},
	{"ST", MMFR2, 28, 1, false, PROPERTY},
	{"CCIDX", MMFR2, 20, 1, false, PROPERTY},
	{"VARange", MMFR2, 16, 1, false, PROPERTY},
	{"LSM", MMFR2, 8, 1, false, PROPERTY},
	{"UAO", MMFR2, 4, 1, false, 0xd5384280}, /* mrs x0, uao */
};

static u64 id_value(unsigned reg)
{
	u64 value = 0, esr = probe_mrs(reg, &value);

	if (esr) {
		char name[32];

		sysreg_describe(name, sizeof(name), reg);
		CHECK_FAIL("%s: esr 0x%lx, expected a value", name, esr);
	}
	return value;
}

static bool is_shown(const struct promise *p, unsigned value)
{
	return value >= p->from && !(p->is_signed && value == 15);
}

static bool is_field(const struct promise *p, unsigned reg, unsigned low)
{
	return p->reg == reg && p->low == low;
}

/* The greatest value of the field that has a row, -1: none has. */
static int known(unsigned reg, unsigned low, unsigned value)
{
	int most = -1;

	for (unsigned n = 0; n < ARRAY_SIZE(promises); n++) {
		const struct promise *p = &promises[n];

		if (!is_field(p, reg, low))
			continue;
		if (p->is_signed && value == 15)
			return 15;
		if (p->from > most)
			most = p->from;
	}
	return most;
}

/* No field shows more than the rows know. Reserved registers are part of it: they show nothing. */
static void check_known(void)
{
	for (unsigned reg = ID(4, 0); reg <= ID(7, 7); reg++) {
		u64 all = id_value(reg);
		char name[32];

		sysreg_describe(name, sizeof(name), reg);
		for (unsigned low = 0; low < 64; low += 4) {
			unsigned value = all >> low & 15;

			/* stock Xen 4.17 shows fields of features that it does not handle */
			if (value && (int)value > known(reg, low, value))
				XEN_DIFFERS("%s, bit %u: %u is shown, no row says what it promises",
					    name, low, value);
		}
	}
}

static u64 memory[8] __attribute__((aligned(64)));

static void check_promises(void)
{
	unsigned tried = 0;

	for (unsigned n = 0; n < ARRAY_SIZE(promises); n++) {
		const struct promise *p = &promises[n];
		unsigned value = id_value(p->reg) >> p->low & 15;
		u64 x0 = (u64)memory, esr;

		if (p->instruction == PROPERTY || !is_shown(p, value))
			continue;
		esr = probe_instruction(p->instruction, &x0);
		tried++;
		if (esr)
			XEN_DIFFERS("%s is shown (%u), and its instruction is an exception (0x%lx)",
				    p->name, value, esr);
	}
	check_note("%u instructions tried", tried);
	CHECK(tried >= 10);
}

/* FPCR.AH and FIZ are there with AFP. */
static void check_afp(void)
{
	u64 old = SYSREG_READ(fpcr), value;

	if ((id_value(MMFR1) >> 44 & 15) == 0)
		return;
	SYSREG_WRITE(fpcr, old | 3);
	value = SYSREG_READ(fpcr);
	SYSREG_WRITE(fpcr, old);
	CHECK_EQ(value & 3, 3);
}

/* AArch32 at EL0: the registers that describe it are zero where it is not. */
static void check_aarch32(void)
{
	bool shown = (id_value(PFR0) & 15) == 2;

	for (unsigned reg = ID(1, 0); reg <= ID(3, 7); reg++) {
		u64 value = id_value(reg);

		if (value && !shown)
			XEN_DIFFERS("AArch32 is not shown, but encoding 0x%x reads 0x%lx", reg,
				    value);
	}
	if (shown)
		CHECK_EQ(id_value(ID(1, 0)) & 15, 1); /* ID_PFR0_EL1.State0: A32 */
}

/* The greatest physical address that is promised is one that stage 1 may put out. */
static void check_parange(void)
{
	static const u8 bits[] = {32, 36, 40, 42, 44, 48, 52};
	u64 range = id_value(MMFR0) & 15, par, va, top;

	if (!CHECK(range < ARRAY_SIZE(bits)))
		return;
	top = (1UL << bits[range]) - PAGE_SIZE;
	va = (u64)mmu_map_page(7, top, MMU_DEVICE);
	asm volatile("at s1e1r, %1\n\tisb\n\tmrs %0, par_el1" : "=r"(par) : "r"(va));
	mmu_map_page(7, 0, MMU_NONE);
	CHECK_EQ(par & 1, 0);
	CHECK_EQ(par & 0xffffffffff000, top);
}

static const struct check checks[] = {
	{"known", check_known},     {"promises", check_promises}, {"afp", check_afp},
	{"aarch32", check_aarch32}, {"parange", check_parange},
};

void guest_main(void)
{
	gic_init();
	SYSREG_WRITE(cpacr_el1, 3UL << 20);
	ISB();
	check_run(checks, ARRAY_SIZE(checks));
}
