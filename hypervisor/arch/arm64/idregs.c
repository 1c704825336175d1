/* SPDX-License-Identifier: ISC */
/*
 * ID registers. A guest is shown what it can use without the hypervisor's help or what the
 * hypervisor saves and emulates; every other field reads as "not implemented". New fields, and new
 * values of fields, of future CPUs are hidden until somebody adds them here.
 */
#include <arm/width.h>
#include <asm/idregs.h>
#include <asm/sysreg.h>
#include <lib/lib.h>
#include <mem/p2m.h>

/*
 * CRm, op2, most, absent. Each hexadecimal digit is a field: the greatest value that is shown; a
 * CPU with more has that, too (Arm ARM D17.1.3: fields only grow). absent: an f for each field in
 * which f means that the feature is not there. What is not listed reads as zero. What a field
 * promises is tried by tests/guests/idregs.c.
 */
// clang-format off
#define ID_REGISTERS(row)                                                                        \
	/* AArch32, for EL0: the instruction sets; debug as in v8.0; memory model; instructions */ \
	row(1, 0, 0x00001231, 0)          /* ID_PFR0 */                                          \
	row(1, 2, 0x00000006, 0)          /* ID_DFR0 */                                          \
	row(1, 4, 0x10201105, 0xf0000f00) /* ID_MMFR0 */                                         \
	row(1, 5, 0x40000000, 0)          /* ID_MMFR1 */                                         \
	row(1, 6, 0x01260000, 0)          /* ID_MMFR2 */                                         \
	row(1, 7, 0x02122211, 0xf0000000) /* ID_MMFR3 */                                         \
	row(2, 0, 0x02101110, 0)          /* ID_ISAR0 */                                         \
	row(2, 1, 0x13112111, 0)          /* ID_ISAR1 */                                         \
	row(2, 2, 0x21232042, 0)          /* ID_ISAR2 */                                         \
	row(2, 3, 0x01112131, 0)          /* ID_ISAR3 */                                         \
	row(2, 4, 0x00011142, 0)          /* ID_ISAR4 */                                         \
	row(2, 5, 0x11011121, 0)          /* ID_ISAR5 */                                         \
	row(2, 7, 0x01111111, 0)          /* ID_ISAR6 */                                         \
	row(3, 0, 0x10111222, 0)          /* MVFR0 */                                            \
	row(3, 1, 0x13211111, 0)          /* MVFR1 */                                            \
	row(3, 2, 0x00000043, 0)          /* MVFR2 */                                            \
	/*                                                                                       \
	 * ID_AA64PFR0: CSV3, CSV2 (1: more brings SCXTNUM_EL1, which traps), DIT, AdvSIMD, FP,  \
	 * EL0; EL1 and GIC are set below                                                        \
	 */                                                                                      \
	row(4, 0, 0x1101000000110002, 0x0000000000ff0000)                                        \
	row(4, 1, 0x0000000100000021, 0) /* ID_AA64PFR1: CSV2_frac (1, likewise), SSBS, BT */    \
	/*                                                                                       \
	 * ID_AA64DFR0: two break- and two watchpoints (which do nothing), as few as there may   \
	 * be; DebugVer is set below                                                             \
	 */                                                                                      \
	row(5, 0, 0x0000000000101000, 0)                                                         \
	row(6, 0, 0x1221111110212120, 0) /* ID_AA64ISAR0: all but TME */                         \
	/* ID_AA64ISAR1: all but LS64, XS and pointer authentication */                          \
	row(6, 1, 0x0011111100211002, 0)                                                         \
	row(6, 2, 0x0000000000100010, 0) /* ID_AA64ISAR2: BC, RPRES; WFxT would be a plain WFx */ \
	/* ID_AA64MMFR0: granules, endianness, ASIDBits; PARange is set below */                 \
	row(7, 0, 0x0000000000110120, 0x00000000ff000000)                                        \
	/* ID_AA64MMFR1: ECBHB, AFP, ETS, PAN, HPDS, HAFDBS */                                   \
	row(7, 1, 0x1000102000302002, 0)                                                         \
	/* ID_AA64MMFR2: E0PD, BBM, TTL, IDS, AT, ST, CCIDX, VARange, LSM, UAO */                \
	row(7, 2, 0x1021001110110110, 0)
// clang-format on

static uint64_t values[16][8]; /* what guests see, by CRm and op2; CRm above 7: zero */

/* ID_AA64MMFR0_EL1.PARange for the guests' address space (D19.2.64). */
static uint64_t guest_parange(void)
{
	static const uint8_t bits[] = {32, 36, 40, 42, 44, 48};
	unsigned i = 0;

	while (i + 1 < ARRAY_SIZE(bits) && bits[i + 1] <= p2m_ipa_bits)
		i++;
	return i;
}

/* Of each field what the CPU has, but at most as much as in `most`. */
static uint64_t limit(uint64_t value, uint64_t most, uint64_t absent)
{
	uint64_t shown = 0;

	for (unsigned low = 0; low < 64; low += 4) {
		uint64_t has = value >> low & 0xf, may = most >> low & 0xf;

		if (has != 0xf || !(absent >> low & 0xf))
			has = MIN(has, may);
		shown |= has << low;
	}
	return shown;
}

void idregs_init(unsigned gic_version)
{
#define READ_ONE(crm, op2, most, absent) \
	values[crm][op2] = limit(read_sysreg(S3_0_C0_C##crm##_##op2), most, absent);
	ID_REGISTERS(READ_ONE)
#undef READ_ONE
	if ((values[4][0] & 0xf) != 2) /* no AArch32: its registers are UNKNOWN */
		memset(values, 0, 4 * sizeof(values[0]));
	values[4][0] |= 1 << 4; /* EL1: AArch64 only */
	if (gic_version == 3)
		values[4][0] |= 1 << 24; /* system register GIC */
	values[5][0] |= 6;               /* Armv8 debug */
	values[7][0] |= guest_parange();
}

uint64_t idreg_guest(unsigned crm, unsigned op2)
{
	return values[crm & 15][op2 & 7];
}
