/* SPDX-License-Identifier: ISC */
/*
 * Conditions of trapped AArch32 instructions, from the syndrome and from the IT state, and what an
 * exception makes of CPSR and the pc.
 */
#include "unit.h"

#include <arm/aarch32.h>

#define N BIT(31)
#define Z BIT(30)
#define C BIT(29)
#define V BIT(28)

#define CV         BIT(24)
#define COND(cond) (CV | (uint32_t)(cond) << 20)

/* Each condition as a truth table: bit i is for flags i, N Z C V from bit 3 to bit 0. */
static const struct {
	const char *name;
	uint16_t passes;
} conditions[16] = {
	{"EQ", 0xf0f0}, {"NE", 0x0f0f}, {"CS", 0xcccc}, {"CC", 0x3333},
	{"MI", 0xff00}, {"PL", 0x00ff}, {"VS", 0xaaaa}, {"VC", 0x5555},
	{"HI", 0x0c0c}, {"LS", 0xf3f3}, {"GE", 0xaa55}, {"LT", 0x55aa},
	{"GT", 0x0a05}, {"LE", 0xf5fa}, {"AL", 0xffff}, {"none", 0xffff},
};

/* An IT state with this condition for the next instruction, in CPSR's two pieces. */
static uint32_t it_state(unsigned cond)
{
	unsigned it = cond << 4 | 8; /* the only instruction of its block */

	return (it >> 2) << 10 | (it & 3) << 25;
}

static void test_conditions(void **state)
{
	(void)state;
	for (unsigned cond = 0; cond < 16; cond++) {
		for (unsigned flags = 0; flags < 16; flags++) {
			uint32_t cpsr = flags << 28 | AA32_SVC;
			bool want = conditions[cond].passes >> flags & 1;

			if (aarch32_passed(COND(cond), cpsr) != want)
				fail_msg("%s with flags %x: not %d", conditions[cond].name, flags,
					 want);
			/* Without CV the syndrome's condition does not matter. */
			if (aarch32_passed(COND(cond ^ 1) & ~(uint32_t)CV,
					   cpsr | AA32_T | it_state(cond)) != want)
				fail_msg("IT %s with flags %x: not %d", conditions[cond].name,
					 flags, want);
		}
	}
}

/* Outside of an IT block a T32 instruction has no condition. */
static void test_no_it_state(void **state)
{
	(void)state;
	for (unsigned cond = 0; cond < 16; cond++)
		assert_true(aarch32_passed(cond << 20, AA32_T | AA32_USR));
	/* A last instruction with a condition of 0 (EQ), and Z clear. */
	assert_false(aarch32_passed(0, AA32_T | AA32_USR | it_state(0)));
}

/* ITSTATE of a block of four instructions, EQ EQ NE EQ, and after it. */
static void test_next_it(void **state)
{
	static const uint8_t states[] = {0x05, 0x0a, 0x14, 0x08, 0x00, 0x00};

	(void)state;
	for (size_t i = 0; i + 1 < ARRAY_SIZE(states); i++) {
		const uint32_t others = N | AA32_T | AA32_SVC | AA32_GE | AA32_E;
		uint32_t cpsr = others | (states[i] >> 2) << 10 | (uint32_t)(states[i] & 3) << 25;

		assert_int_equal(aarch32_next_it(cpsr), others | (states[i + 1] >> 2) << 10 |
								(uint32_t)(states[i + 1] & 3)
									<< 25);
	}
}

static void test_modes(void **state)
{
	(void)state;
	for (uint32_t mode = 0; mode < 32; mode++) {
		bool is = mode == AA32_USR || mode == AA32_FIQ || mode == AA32_IRQ ||
			  mode == AA32_SVC || mode == AA32_ABT || mode == AA32_UND ||
			  mode == AA32_SYS;

		/* 0x16 is Monitor mode, 0x1a Hyp mode; below 0x10 it is AArch64. */
		assert_int_equal(aarch32_is_guest_mode(mode | N | AA32_T), is);
	}
}

#define ANY_BEFORE (N | Z | C | V | BIT(27) | AA32_GE | AA32_F | AA32_USR)

static const struct {
	const struct aarch32_exception *e;
	uint32_t cpsr, sctlr, want_cpsr, want_pc;
} taken[] = {
	{&aarch32_undefined, AA32_USR, 0, AA32_UND | AA32_I, 0x8004},
	{&aarch32_prefetch_abort, AA32_SYS, 0, AA32_ABT | AA32_I | AA32_A, 0x800c},
	{&aarch32_data_abort, AA32_SVC, 0, AA32_ABT | AA32_I | AA32_A, 0x8010},
	/* Flags, GE, F and A stay. */
	{&aarch32_undefined, ANY_BEFORE, 0, (ANY_BEFORE & ~AA32_MODE) | AA32_UND | AA32_I, 0x8004},
	{&aarch32_undefined, AA32_A | AA32_SVC, 0, AA32_A | AA32_UND | AA32_I, 0x8004},
	/* T, E, IT, J, single-step and illegal state go. */
	{&aarch32_undefined, AA32_T | AA32_E | AA32_IT | BIT(24) | BIT(21) | BIT(20) | AA32_USR, 0,
	 AA32_UND | AA32_I, 0x8004},
	/* SCTLR.V, EE and TE. */
	{&aarch32_data_abort, AA32_USR, BIT(13), AA32_ABT | AA32_I | AA32_A, 0xffff0010},
	{&aarch32_undefined, AA32_USR, BIT(25), AA32_UND | AA32_I | AA32_E, 0x8004},
	{&aarch32_undefined, AA32_USR, BIT(30), AA32_UND | AA32_I | AA32_T, 0x8004},
};

static void test_exceptions(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++) {
		assert_int_equal(aarch32_cpsr_in(taken[i].e, taken[i].cpsr, taken[i].sctlr),
				 taken[i].want_cpsr);
		assert_int_equal(aarch32_handler(taken[i].e, taken[i].sctlr, 0x8000),
				 taken[i].want_pc);
	}
	/* Preferred return addresses (G1.13.2): the instruction's, plus these. */
	assert_int_equal(aarch32_undefined.link[0], 4);
	assert_int_equal(aarch32_undefined.link[1], 2);
	assert_int_equal(aarch32_prefetch_abort.link[1], 4);
	assert_int_equal(aarch32_data_abort.link[1], 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conditions), cmocka_unit_test(test_no_it_state),
		cmocka_unit_test(test_next_it),    cmocka_unit_test(test_modes),
		cmocka_unit_test(test_exceptions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
