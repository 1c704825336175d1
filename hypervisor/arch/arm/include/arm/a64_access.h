/* SPDX-License-Identifier: ISC */
/*
 * What an A64 load or store does, from its encoding: for accesses to emulated devices that come
 * without a valid syndrome (ESR_EL2.ISV = 0; Arm ARM D19.2.37: writeback, and two registers).
 */
#ifndef ARM_A64_ACCESS_H
#define ARM_A64_ACCESS_H

#include <lib/types.h>

#define A64_SP 31 /* as a base; as another register 31 is XZR */

struct a64_access {
	uint8_t size; /* bytes of a register's part in memory: 1, 2, 4, 8 */
	uint8_t nr;   /* registers: 1 or 2 */
	bool write;
	bool sign;      /* loads: sign-extended, else zero-extended */
	bool wide;      /* loads: to 64 bits, else to 32 and the upper half is zero */
	bool writeback; /* the base becomes base + offset */
	bool post;      /* the access is at base, not at base + offset */
	bool indexed;   /* the offset is register rm, extended and shifted; else `offset` */
	uint8_t rt, rt2, rn, rm;
	uint8_t extend; /* option field: 2 UXTW, 3 LSL, 6 SXTW, 7 SXTX */
	uint8_t shift;
	int32_t offset;
};

/*
 * Loads and stores of general registers: one (immediate, unscaled, unprivileged, post- and
 * pre-indexed, register offset) or two (also no-allocate). false: anything else, prefetches among
 * it, and what is CONSTRAINED UNPREDICTABLE: writeback to a register that is loaded or stored, two
 * loads of one register.
 */
bool a64_decode_access(uint32_t insn, struct a64_access *a);

/* The offset of an indexed access, from its register's value. */
uint64_t a64_extend_index(const struct a64_access *a, uint64_t value);

#endif
