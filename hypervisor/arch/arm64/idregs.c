/* SPDX-License-Identifier: ISC */
/*
 * ID registers. A guest is shown what it can use without the hypervisor's help or what the
 * hypervisor saves and emulates; every other field reads as "not implemented". New fields of future
 * CPUs are hidden until somebody adds them here.
 */
#include <asm/idregs.h>
#include <asm/sysreg.h>
#include <hyp/p2m.h>

bool pan_implemented;

/* name, CRm, op2, the bits that are passed through */
#define ID_REGISTERS(row)                                                                          \
	row(id_pfr0_el1, 1, 0, 0x0000ffff) row(id_pfr1_el1, 1, 1, 0x00000000)                      \
		row(id_dfr0_el1, 1, 2, 0x0000000f) row(id_mmfr0_el1, 1, 4, ~0UL)                   \
			row(id_mmfr1_el1, 1, 5, ~0UL) row(id_mmfr2_el1, 1, 6, ~0UL) row(           \
				id_mmfr3_el1, 1, 7, ~0UL) row(id_isar0_el1, 2, 0,                  \
							      ~0UL) row(id_isar1_el1, 2, 1, ~0UL)  \
				row(id_isar2_el1, 2, 2, ~0UL) row(id_isar3_el1, 2, 3, ~0UL) row(   \
					id_isar4_el1, 2, 4, ~0UL) row(id_isar5_el1, 2, 5, ~0UL)    \
					row(mvfr0_el1, 3, 0, ~0UL) row(mvfr1_el1, 3, 1, ~0UL) row( \
						mvfr2_el1, 3, 2,                                   \
						~0UL) /* AA64PFR0: EL0, EL3, FP, AdvSIMD, DIT,     \
							 CSV2, CSV3; EL1 and GIC are set below */  \
		row(id_aa64pfr0_el1, 4, 0,                                                         \
		    0xff0f000000fff00fUL) /* AA64PFR1: BTI, SSBS, CSV2_frac */                     \
		row(id_aa64pfr1_el1, 4, 1,                                                         \
		    0x0000000f000000ffUL) /* AA64DFR0: numbers of break- and watchpoints (which do \
					     nothing); DebugVer is set below */                    \
		row(id_aa64dfr0_el1, 5, 0, 0x00000000f0f0f000UL) /* AA64ISAR0: all but TME */      \
		row(id_aa64isar0_el1, 6, 0,                                                        \
		    0xfffffffff0ffffffUL) /* AA64ISAR1: all but pointer authentication, XS and     \
					     LS64 */                                               \
		row(id_aa64isar1_el1, 6, 1, 0x00ffffff00fff00fUL) /* AA64ISAR2: RPRES, BC */       \
		row(id_aa64isar2_el1, 6, 2,                                                        \
		    0x0000000000f000f0UL) /* AA64MMFR0: ASIDBits, endianness, stage 1 granules;    \
					     PARange is set below */                               \
		row(id_aa64mmfr0_el1, 7, 0,                                                        \
		    0x00000000fffffff0UL) /* AA64MMFR1: HAFDBS, HPDS, PAN, ETS */                  \
		row(id_aa64mmfr1_el1, 7, 1,                                                        \
		    0x000000f000f0f00fUL) /* AA64MMFR2: UAO, LSM, VARange, CCIDX, ST, AT, TTL,     \
					     BBM, E0PD */                                          \
		row(id_aa64mmfr2_el1, 7, 2, 0xf0ff000ff0ff0ff0UL)

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

void idregs_init(unsigned gic_version)
{
#define READ_ONE(name, crm, op2, mask) values[crm][op2] = read_sysreg(name) & (mask);
	ID_REGISTERS(READ_ONE)
#undef READ_ONE
	pan_implemented = values[7][1] & 0xf00000;
	values[4][0] |= 1 << 4; /* EL1: AArch64 only */
	if (gic_version == 3)
		values[4][0] |= 1 << 24; /* system register GIC */
	values[5][0] |= 6; /* Armv8 debug */
	values[7][0] |= guest_parange();
}

uint64_t idreg_guest(unsigned crm, unsigned op2)
{
	return values[crm & 15][op2 & 7];
}
