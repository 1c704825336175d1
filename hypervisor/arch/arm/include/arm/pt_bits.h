/* SPDX-License-Identifier: ISC */
/*
 * Layout of translation table descriptors: VMSAv8-64 with 4 KiB granule (Arm ARM D8.3), and ARMv7's
 * LPAE, which has the same bits. Layout only; instructions on page tables are in asm/tlb.h.
 *
 *	63    59 58  55 54 53 52 51 50 48 47             12 11 10 9  8 7  6 5     2 1 0
 *	+------+------+-----+--+--+-----+------------------+--+--+----+----+-------+---+
 *	|      |  SW  | XN  |  |  |     | output address   |nG|AF| SH | AP | attrs |typ|
 *	+------+------+-----+--+--+-----+------------------+--+--+----+----+-------+---+
 *
 *	typ: 11 table (levels 0..2) or page (level 3); 01 block (levels 1, 2); x0 invalid
 */
#ifndef ARM_PT_BITS_H
#define ARM_PT_BITS_H

#include <lib/types.h>

#define PT_ENTRIES    512
#define PT_LAST_LEVEL 3
#define PT_MIN_BLOCK  1 /* the lowest level that can have a block: 1 GiB */

#define PT_VALID     BIT64(0)
#define PT_TABLE     BIT64(1) /* levels 0..2: a table, not a block; level 3: always set */
#define PT_ADDR_MASK 0x0000fffffffff000ULL
#define PT_SW_SHIFT  55
#define PT_SW_MASK   (0xfULL << PT_SW_SHIFT) /* ignored by hardware */

/* Both stages. */
#define PT_AF       BIT64(10)
#define PT_SH_NONE  (0ULL << 8)
#define PT_SH_OUTER (2ULL << 8)
#define PT_SH_INNER (3ULL << 8)

/* Stage 1 of EL2: index into MAIR, AP[2] (AP[1] is RES1: D8.4.2), XN. */
#define PT_S1_ATTR(index) ((uint64_t)(index) << 2)
#define PT_S1_AP1         BIT64(6)
#define PT_S1_RO          BIT64(7)
#define PT_S1_XN          BIT64(54)

/* Stage 2: memory type and permissions (D8.5.5, D8.4.3). */
#define PT_S2_NORMAL       (0xfULL << 2) /* write-back, inner and outer: does not weaken stage 1 */
#define PT_S2_NORMAL_NC    (0x5ULL << 2)
#define PT_S2_DEVICE_nGnRE (0x1ULL << 2)
#define PT_S2_READ         BIT64(6)
#define PT_S2_WRITE        BIT64(7)
#define PT_S2_XN           (2ULL << 53) /* neither EL1 nor EL0 */

/* log2 of what an entry of a level translates: 39, 30, 21, 12. */
static inline unsigned pt_level_shift(unsigned level)
{
	return PAGE_SHIFT + 9 * (PT_LAST_LEVEL - level);
}

static inline uint64_t pt_level_size(unsigned level)
{
	return BIT64(pt_level_shift(level));
}

static inline bool pt_is_valid(uint64_t desc)
{
	return desc & PT_VALID;
}

static inline bool pt_is_table(uint64_t desc, unsigned level)
{
	return level < PT_LAST_LEVEL && (desc & (PT_VALID | PT_TABLE)) == (PT_VALID | PT_TABLE);
}

static inline bool pt_is_leaf(uint64_t desc, unsigned level)
{
	return pt_is_valid(desc) && !pt_is_table(desc, level);
}

static inline paddr_t pt_address(uint64_t desc)
{
	return desc & PT_ADDR_MASK;
}

/* A leaf's attributes: all but type and address. */
static inline uint64_t pt_attributes(uint64_t desc)
{
	return desc & ~(PT_ADDR_MASK | PT_VALID | PT_TABLE);
}

static inline uint64_t pt_make_leaf(unsigned level, paddr_t pa, uint64_t attr)
{
	return pa | attr | (level == PT_LAST_LEVEL ? PT_TABLE : 0) | PT_VALID;
}

#endif
