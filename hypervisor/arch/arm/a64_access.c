/* SPDX-License-Identifier: ISC */
/*
 * A decoder of A64 loads and stores of general registers (Arm ARM C4.1.94 and the instructions' own
 * pages in C6.2).
 */
#include <arm/a64_access.h>
#include <lib/lib.h>

/* How an encoding gives the address. */
enum {
	PAIR = BIT(0),
	IMM12 = BIT(1), /* scaled, unsigned; else imm9, for pairs imm7 */
	REGISTER = BIT(2),
	WRITEBACK = BIT(3),
	POST = BIT(4),
	NO_ALLOCATE = BIT(5),
};

/* Bit 26 (V) is clear: general registers. */
static const struct encoding {
	uint32_t mask, match;
	unsigned form;
} encodings[] = {
	{0x3f000000, 0x39000000, IMM12},                   /* LDR, STR (unsigned offset) */
	{0x3f200c00, 0x38000000, 0},                       /* LDUR, STUR */
	{0x3f200c00, 0x38000400, WRITEBACK | POST},        /* LDR, STR (post-index) */
	{0x3f200c00, 0x38000800, 0},                       /* LDTR, STTR */
	{0x3f200c00, 0x38000c00, WRITEBACK},               /* LDR, STR (pre-index) */
	{0x3f200c00, 0x38200800, REGISTER},                /* LDR, STR (register) */
	{0x3f800000, 0x28000000, PAIR | NO_ALLOCATE},      /* LDNP, STNP */
	{0x3f800000, 0x28800000, PAIR | WRITEBACK | POST}, /* LDP, STP, LDPSW (post-index) */
	{0x3f800000, 0x29000000, PAIR},                    /* LDP, STP, LDPSW (signed offset) */
	{0x3f800000, 0x29800000, PAIR | WRITEBACK},        /* LDP, STP, LDPSW (pre-index) */
};

static uint32_t field(uint32_t insn, unsigned low, unsigned bits)
{
	return insn >> low & ((1U << bits) - 1);
}

static int32_t signed_field(uint32_t insn, unsigned low, unsigned bits)
{
	return (int32_t)(insn << (32 - low - bits)) >> (32 - bits);
}

/* By opc, bits 23-22, and size, bits 31-30. */
static bool decode_one(uint32_t insn, struct a64_access *a)
{
	uint32_t size = field(insn, 30, 2), opc = field(insn, 22, 2);

	a->size = (uint8_t)(1U << size);
	a->nr = 1;
	a->write = opc == 0;
	a->sign = opc >= 2;
	a->wide = opc == 2 || size == 3;
	/*
	 * Sign-extended, LDRSW is the widest to 64 bits and LDRSH to 32. Size 3 with opc 2 is PRFM.
	 */
	return opc < 2 || size + opc < 5;
}

/* By opc, bits 31-30, and L, bit 22. */
static bool decode_two(uint32_t insn, unsigned form, struct a64_access *a)
{
	uint32_t opc = field(insn, 30, 2);

	a->size = opc == 2 ? 8 : 4;
	a->nr = 2;
	a->write = !field(insn, 22, 1);
	a->sign = opc == 1; /* LDPSW: loads only, no-allocate not */
	a->wide = opc != 0;
	a->rt2 = (uint8_t)field(insn, 10, 5);
	return opc != 3 && !(a->sign && (a->write || form & NO_ALLOCATE));
}

static bool decode_register_offset(uint32_t insn, struct a64_access *a)
{
	a->indexed = true;
	a->rm = (uint8_t)field(insn, 16, 5);
	a->extend = (uint8_t)field(insn, 13, 3);
	a->shift = (uint8_t)(field(insn, 12, 1) ? field(insn, 30, 2) : 0);
	return a->extend & 2;
}

static bool decode_address(uint32_t insn, unsigned form, struct a64_access *a)
{
	a->rn = (uint8_t)field(insn, 5, 5);
	a->writeback = form & WRITEBACK;
	a->post = form & POST;
	if (form & REGISTER)
		return decode_register_offset(insn, a);
	if (form & PAIR)
		a->offset = signed_field(insn, 15, 7) * a->size;
	else if (form & IMM12)
		a->offset = (int32_t)field(insn, 10, 12) * a->size;
	else
		a->offset = signed_field(insn, 12, 9);
	return true;
}

/* Writeback to SP meets no register but SP: as Rt, 31 is XZR. */
static bool is_unpredictable(const struct a64_access *a)
{
	if (a->writeback && a->rn != A64_SP && (a->rn == a->rt || (a->nr == 2 && a->rn == a->rt2)))
		return true;
	return a->nr == 2 && !a->write && a->rt == a->rt2;
}

bool a64_decode_access(uint32_t insn, struct a64_access *a)
{
	const struct encoding *e = encodings;

	while (e < encodings + ARRAY_SIZE(encodings) && (insn & e->mask) != e->match)
		e++;
	if (e == encodings + ARRAY_SIZE(encodings))
		return false;
	*a = (struct a64_access){.rt = (uint8_t)field(insn, 0, 5)};
	if (!(e->form & PAIR ? decode_two(insn, e->form, a) : decode_one(insn, a)))
		return false;
	return decode_address(insn, e->form, a) && !is_unpredictable(a);
}

uint64_t a64_extend_index(const struct a64_access *a, uint64_t value)
{
	if (a->extend == 2)
		value = (uint32_t)value;
	else if (a->extend == 6)
		value = (uint64_t)(int32_t)value;
	return value << a->shift;
}
