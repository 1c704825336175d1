/* SPDX-License-Identifier: ISC */
/*
 * Accesses without a syndrome: the decoder beside objdump, which a64_words.py asked about each
 * word, and what mmio_emulate_insn() makes of instructions and faults that do not belong together.
 */
#include "unit.h"

#include <arm/a64_access.h>
#include <hyp/domain.h>
#include <lib/errno.h>
#include <lib/lib.h>
#include <vdev/mmio.h>

static const struct {
	uint32_t word;
	bool ok;
	struct a64_access want;
} rows[] = {
#include "a64_words.inc"
};

static void test_beside_objdump(void **state)
{
	unsigned good = 0;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct a64_access a = {0};
		bool ok = a64_decode_access(rows[i].word, &a);

		if (ok != rows[i].ok)
			fail_msg("%08x: decoded %d, objdump says %d", rows[i].word, ok, rows[i].ok);
		if (!ok)
			continue;
		good++;
		if (a.size != rows[i].want.size || a.nr != rows[i].want.nr ||
		    a.write != rows[i].want.write || a.writeback != rows[i].want.writeback ||
		    a.post != rows[i].want.post || a.rt != rows[i].want.rt ||
		    a.rt2 != rows[i].want.rt2 || a.rn != rows[i].want.rn)
			fail_msg("%08x: not what objdump says", rows[i].word);
		if (!a.write)
			assert_true(a.sign == rows[i].want.sign && a.wide == rows[i].want.wide);
		assert_int_equal(a.indexed, rows[i].want.indexed);
		assert_int_equal(a.offset, rows[i].want.offset);
		assert_int_equal(a.rm, rows[i].want.rm);
		assert_int_equal(a.extend, rows[i].want.extend);
		assert_int_equal(a.shift, rows[i].want.shift);
	}
	assert_true(good > 10000);
}

/* Any word: what is accepted is of the class, and can be carried out. */
static void test_any_word(void **state)
{
	uint64_t seed = 7;
	unsigned accepted = 0;

	(void)state;
	for (unsigned i = 0; i < 5000000; i++) {
		uint32_t word = (uint32_t)random_next(&seed);
		struct a64_access a;

		if (!a64_decode_access(word, &a))
			continue;
		accepted++;
		assert_int_equal(word & 0x0e000000, 0x08000000); /* loads and stores, V = 0 */
		assert_true(a.size == 1 || a.size == 2 || a.size == 4 || a.size == 8);
		assert_true(a.nr == 1 || (a.nr == 2 && a.size >= 4));
		assert_true(a.rt < 32 && a.rt2 < 32 && a.rn < 32 && a.rm < 32);
		assert_int_equal(a.rn, word >> 5 & 31);
		assert_true(a.offset >= -512 && a.offset < 4096 * 8);
		assert_true(!a.write || (!a.sign || a.nr == 1));
		assert_true(!a.post || a.writeback);
		assert_true(!a.indexed || !a.writeback);
	}
	assert_true(accepted > 100000);
}

static void test_extends(void **state)
{
	const uint64_t value = 0x12345678fedcba98;
	static const struct {
		uint8_t extend, shift;
		uint64_t want;
	} cases[] = {
		{2, 0, 0xfedcba98},         {2, 3, 0x7f6e5d4c0},        {3, 0, 0x12345678fedcba98},
		{3, 3, 0x91a2b3c7f6e5d4c0}, {6, 0, 0xfffffffffedcba98}, {6, 2, 0xfffffffffb72ea60},
		{7, 1, 0x2468acf1fdb97530},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct a64_access a = {.extend = cases[i].extend, .shift = cases[i].shift};

		assert_true(a64_extend_index(&a, value) == cases[i].want);
	}
}

/* ---- a device: 256 bytes of memory at both ends of a page, of which some refuse ---- */

#define DEVICE  0x8000000ULL
#define REFUSES 0x40 /* no access here */

static uint8_t registers[2 * PAGE_SIZE];
static unsigned accesses;
static struct domain d;
static struct vcpu v;

static struct mmio_result device_read(struct vcpu *who, uint64_t offset, unsigned size,
				      const void *data)
{
	uint64_t value = ~0ULL; /* more bits than asked for */

	assert_ptr_equal(who, &v);
	assert_ptr_equal(data, registers);
	accesses++;
	if (offset == REFUSES)
		return MMIO_REFUSED;
	memcpy(&value, registers + offset, size);
	return (struct mmio_result){value, true};
}

static bool device_write(struct vcpu *who, uint64_t offset, unsigned size, uint64_t value,
			 const void *data)
{
	assert_ptr_equal(who, &v);
	assert_ptr_equal(data, registers);
	assert_true(value == mmio_cut(value, size));
	accesses++;
	if (offset == REFUSES)
		return false;
	memcpy(registers + offset, &value, size);
	return true;
}

static const struct mmio_device device = {device_read, device_write};

static int fresh(void **state)
{
	(void)state;
	memset(&d, 0, sizeof(d));
	memset(&v, 0, sizeof(v));
	v.domain = &d;
	accesses = 0;
	for (unsigned i = 0; i < sizeof(registers); i++)
		registers[i] = (uint8_t)(0x80 + i);
	for (unsigned i = 0; i < 31; i++)
		v.arch.x[i] = 0x1111111111111111ULL * (i % 16);
	return mmio_register(&d, DEVICE, sizeof(registers), &device, registers);
}

/* Stage 1 maps the device somewhere else. */
#define VA(offset) (0xffff000012340000 + (offset))

static bool emulate(uint32_t insn, uint64_t *sp, uint64_t offset, bool write)
{
	struct mmio_fault f = {VA(offset), DEVICE + offset, write};

	return mmio_emulate_insn(&v, insn, sp, &f);
}

static void test_loads(void **state)
{
	uint64_t sp = 0x5555;

	(void)state;
	v.arch.x[1] = VA(8);
	assert_true(emulate(0xb8404422, &sp, 8, false)); /* ldr w2, [x1], #4 */
	assert_true(v.arch.x[2] == 0x8b8a8988);
	assert_true(v.arch.x[1] == VA(12));
	assert_true(emulate(0x38dfcc23, &sp, 8, false)); /* ldrsb w3, [x1, #-4]! */
	assert_true(v.arch.x[3] == 0xffffff88 && v.arch.x[1] == VA(8));
	assert_true(emulate(0xb8804c24, &sp, 12, false)); /* ldrsw x4, [x1, #4]! */
	assert_true(v.arch.x[4] == 0xffffffff8f8e8d8c && v.arch.x[1] == VA(12));
	v.arch.x[1] = VA(16);
	assert_true(emulate(0xa9411424, &sp, 32, false)); /* ldp x4, x5, [x1, #16] */
	assert_true(v.arch.x[4] == 0xa7a6a5a4a3a2a1a0 && v.arch.x[5] == 0xafaeadacabaaa9a8);
	assert_true(v.arch.x[1] == VA(16));
	v.arch.x[3] = VA(16);
	assert_true(emulate(0x68c1787d, &sp, 16, false));
	assert_true(v.arch.x[29] == 0xffffffff93929190 && v.arch.x[30] == 0xffffffff97969594);
	/* to nowhere, from the stack pointer */
	sp = VA(64 + 8);
	assert_true(emulate(0xf84087ff, &sp, 72, false)); /* ldr xzr, [sp], #8 */
	assert_true(sp == VA(80));
}

static void test_stores(void **state)
{
	uint64_t sp = VA(128), value;

	(void)state;
	v.arch.x[1] = VA(8);
	v.arch.x[2] = 0xdeadbeef12345678;
	assert_true(emulate(0xb8004422, &sp, 8, true)); /* str w2, [x1], #4 */
	memcpy(&value, registers + 8, 8);
	assert_true(value == 0x8f8e8d8c12345678 && v.arch.x[1] == VA(12));
	assert_true(emulate(0xa9bf7fe2, &sp, 112, true)); /* stp x2, xzr, [sp, #-16]! */
	assert_true(sp == VA(112));
	memcpy(&value, registers + 112, 8);
	assert_true(value == 0xdeadbeef12345678);
	memcpy(&value, registers + 120, 8);
	assert_true(value == 0);
	v.arch.x[20] = VA(0x200);
	v.arch.x[21] = ~0ULL - 1;
	assert_true(emulate(0x78357a82, &sp, 0x1fc, true)); /* strh w2, [x20, x21, lsl #1] */
	memcpy(&value, registers + 0x1fc, 8);
	assert_true((value & 0xffffffff) == 0x7f7e5678);
}

/* Nothing is done, and nothing has changed. */
static void expect_refused(uint32_t insn, uint64_t sp, const struct mmio_fault *f)
{
	uint64_t was[31], sp_was = sp;
	unsigned before = accesses;

	memcpy(was, v.arch.x, sizeof(was));
	if (mmio_emulate_insn(&v, insn, &sp, f))
		fail_msg("%08x was carried out", insn);
	assert_memory_equal(was, v.arch.x, sizeof(was));
	assert_true(sp == sp_was);
	assert_int_equal(accesses, before);
}

/* Another vCPU has changed the instruction, or a register is not what it was when it faulted. */
static void test_another_instruction(void **state)
{
	struct mmio_fault f = {VA(8), DEVICE + 8, true};

	(void)state;
	v.arch.x[1] = VA(8);
	expect_refused(0xb8404422, 0, &f);     /* ldr, and a write has faulted */
	expect_refused(0xb8004c22, 0, &f);     /* str w2, [x1, #4]!: not there */
	expect_refused(0xb8004442, 0, &f);     /* str w2, [x2], #4 */
	expect_refused(0xb8214822, 0, &f);     /* str w2, [x1, w1, uxtw] */
	expect_refused(0xb80047e2, VA(4), &f); /* str w2, [sp], #4 */
	f.write = false;
	expect_refused(0xb8004422, 0, &f); /* str, and a read has faulted */
	f.far = VA(8) + 4096;              /* the same offset of another page */
	expect_refused(0xb8404422, 0, &f);
	f.far = VA(8) ^ 0xab00000000000000; /* a tag is no part of the address */
	assert_true(mmio_emulate_insn(&v, 0xb8404422, &(uint64_t){0}, &f));
}

static void test_refused_words(void **state)
{
	static const uint32_t words[] = {
		0xd503201f, /* nop */
		0xb8404421, /* ldr w1, [x1], #4 */
		0xa8c10c21, /* ldp x1, x3, [x1], #16 */
		0xa8c10823, /* ldp x3, x2, [x1], #16: 16 bytes at a page's end */
		0xa9400c23, /* ldp x3, x3, [x1] */
		0x885f7c22, /* ldxr w2, [x1] */
		0xb8210022, /* ldadd w1, w2, [x1] */
		0x3d400022, /* ldr b2, [x1] */
		0xbc404422, /* ldr s2, [x1], #4 */
		0x6d400822, /* ldp d2, d2, [x1] */
		0xf9800020, /* prfm [x1] */
		0xd5033fbf, /* dmb */
		0,          0xffffffff,
	};
	struct mmio_fault f = {VA(PAGE_SIZE - 8), DEVICE + PAGE_SIZE - 8, false};

	(void)state;
	v.arch.x[1] = VA(PAGE_SIZE - 8);
	for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
		expect_refused(words[i], 0, &f);
}

/*
 * The device says no, to the first or to the second of two: the base does not move, nothing is
 * loaded.
 */
static void test_device_refuses(void **state)
{
	uint64_t sp = 0;

	(void)state;
	v.arch.x[1] = VA(REFUSES);
	v.arch.x[2] = 2;
	v.arch.x[3] = 3;
	assert_false(emulate(0xb8404422, &sp, REFUSES, false));
	assert_false(emulate(0xb8004422, &sp, REFUSES, true));
	v.arch.x[1] = VA(REFUSES - 8);
	assert_false(emulate(0xa8c10c22, &sp, REFUSES - 8, false)); /* ldp x2, x3, [x1], #16 */
	assert_false(emulate(0xa8810c22, &sp, REFUSES - 8, true));
	assert_true(v.arch.x[1] == VA(REFUSES - 8) && v.arch.x[2] == 2 && v.arch.x[3] == 3);
	/* misaligned, and where no device is */
	v.arch.x[1] = VA(9);
	assert_false(emulate(0xb8404422, &sp, 9, false));
	v.arch.x[1] = VA(sizeof(registers));
	assert_false(emulate(0xb8404422, &sp, sizeof(registers), false));
	assert_true(v.arch.x[1] == VA(sizeof(registers)));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_beside_objdump),
		cmocka_unit_test(test_any_word),
		cmocka_unit_test(test_extends),
		cmocka_unit_test_setup(test_loads, fresh),
		cmocka_unit_test_setup(test_stores, fresh),
		cmocka_unit_test_setup(test_another_instruction, fresh),
		cmocka_unit_test_setup(test_refused_words, fresh),
		cmocka_unit_test_setup(test_device_refuses, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
