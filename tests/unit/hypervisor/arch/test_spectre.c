/* SPDX-License-Identifier: ISC */
/*
 * What is decided about speculation: kinds of CPU, what their ID registers say, and what the
 * firmware answers.
 */
#include "unit.h"

#include <arm/psci.h>
#include <arm/spectre.h>
#include <lib/lib.h>

#define A53 0x410fd034 /* r0p4 */
#define A57 0x411fd070
#define A72 0x410fd083
#define A73 0x410fd092
#define A76 0x414fd0b1
#define N1  0x413fd0c1
#define N2  0x410fd490
#define V2  0x410fd4f1
#define NEW 0x410fdff0 /* nobody knows it */

#define CSV2(n)     .pfr0 = (uint64_t)(n) << 56
#define SSBS(n)     .pfr1 = (n) << 4
#define ECBHB       .mmfr1 = 1ULL << 60
#define CLRBHB      .isar2 = 1ULL << 28
#define FW(a, b, c) .wa1 = (a), .wa2 = (b), .wa3 = (c)
#define NO_FW       FW(-1, -1, -1)

#define OK   SPECTRE_UNAFFECTED
#define DONE SPECTRE_MITIGATED
#define BAD  SPECTRE_VULNERABLE
#define WA1  SMCCC_ARCH_WORKAROUND_1
#define WA3  SMCCC_ARCH_WORKAROUND_3

static const struct {
	const char *what;
	struct spectre_cpu cpu;
	struct spectre_plan want;
	int32_t answer[3]; /* to guests, of workarounds 1, 2 and 3 */
} cases[] = {
	{"A53", {A53, NO_FW}, {OK, OK, OK, ENTRY_PLAIN, 0, 0, 0}, {1, -2, 1}},
	{"A53 with new firmware",
	 {A53, FW(1, -2, 1)},
	 {OK, OK, OK, ENTRY_PLAIN, 0, 0, 0},
	 {1, -2, 1}},
	{"A57 of QEMU", {A57, NO_FW}, {BAD, DONE, BAD, ENTRY_LOOP, 8, 0, 0}, {-1, -1, -1}},
	{"A72, firmware of 2018",
	 {A72, FW(0, 0, -1)},
	 {DONE, DONE, DONE, ENTRY_FIRMWARE, 8, WA1, 1},
	 {0, -2, 0}},
	{"A72, firmware of 2022",
	 {A72, FW(0, 0, 0)},
	 {DONE, DONE, DONE, ENTRY_FIRMWARE, 0, WA3, 1},
	 {0, -2, 0}},
	{"A72, firmware without 1",
	 {A72, FW(-1, -1, 0)},
	 {DONE, DONE, BAD, ENTRY_FIRMWARE, 0, WA3, 0},
	 {0, -1, 0}},
	{"A72 r1p0, CSV2",
	 {A72, CSV2(1), FW(1, 0, -1)},
	 {OK, DONE, DONE, ENTRY_LOOP, 8, 0, 1},
	 {1, -2, 0}},
	{"A73, old firmware",
	 {A73, FW(0, 0, -1)},
	 {DONE, BAD, DONE, ENTRY_FIRMWARE, 0, WA1, 1},
	 {0, -2, -1}},
	{"A73, new firmware",
	 {A73, FW(0, 0, 0)},
	 {DONE, DONE, DONE, ENTRY_FIRMWARE, 0, WA3, 1},
	 {0, -2, 0}},
	{"A73 with CSV2, new firmware",
	 {A73, CSV2(1), FW(1, 0, 0)},
	 {OK, DONE, DONE, ENTRY_FIRMWARE, 0, WA3, 1},
	 {1, -2, 0}},
	{"A76", {A76, CSV2(1), SSBS(2), NO_FW}, {OK, DONE, DONE, ENTRY_LOOP, 24, 0, 0}, {1, -1, 0}},
	{"N1, firmware 3 not used",
	 {N1, CSV2(1), SSBS(2), FW(1, 1, 0)},
	 {OK, DONE, OK, ENTRY_LOOP, 24, 0, 0},
	 {1, -2, 0}},
	{"N2 with CLRBHB",
	 {N2, CSV2(1), SSBS(2), CLRBHB, NO_FW},
	 {OK, DONE, DONE, ENTRY_CLRBHB, 0, 0, 0},
	 {1, -1, 0}},
	{"V2", {V2, CSV2(2), SSBS(2), NO_FW}, {OK, DONE, DONE, ENTRY_LOOP, 132, 0, 0}, {1, -1, 0}},
	{"V2 with ECBHB",
	 {V2, CSV2(2), SSBS(2), ECBHB, NO_FW},
	 {OK, DONE, DONE, ENTRY_PLAIN, 0, 0, 0},
	 {1, -1, 0}},
	{"CSV2_3",
	 {NEW, CSV2(3), SSBS(2), NO_FW},
	 {OK, OK, DONE, ENTRY_PLAIN, 0, 0, 0},
	 {1, -1, 1}},
	{"unknown", {NEW, NO_FW}, {BAD, BAD, BAD, ENTRY_PLAIN, 0, 0, 0}, {-1, -1, -1}},
	{"unknown, CSV2", {NEW, CSV2(1), NO_FW}, {OK, BAD, BAD, ENTRY_PLAIN, 0, 0, 0}, {1, -1, -1}},
	{"unknown, all of the firmware",
	 {NEW, FW(0, 0, 0)},
	 {DONE, DONE, DONE, ENTRY_FIRMWARE, 0, WA3, 1},
	 {0, -2, 0}},
	{"unknown, firmware says it needs none",
	 {NEW, FW(1, 1, 1)},
	 {OK, OK, OK, ENTRY_PLAIN, 0, 0, 0},
	 {1, -2, 1}},
};

static void test_cpus(void **state)
{
	static const uint32_t ids[] = {WA1, SMCCC_ARCH_WORKAROUND_2, WA3};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct spectre_plan *w = &cases[i].want;
		struct spectre_plan p, all = {0};

		spectre_decide(&cases[i].cpu, &p);
		if (p.v2 != w->v2 || p.bhb != w->bhb || p.ssb != w->ssb || p.entry != w->entry ||
		    p.loop != w->loop || p.call != w->call || p.call_wa2 != w->call_wa2)
			fail_msg("%s: v2 %d bhb %d ssb %d entry %d loop %u call %x wa2 %d",
				 cases[i].what, p.v2, p.bhb, p.ssb, p.entry, p.loop, p.call,
				 p.call_wa2);
		spectre_add(&all, &p);
		for (unsigned n = 0; n < 3; n++)
			if (spectre_guest_feature(&all, ids[n]) != cases[i].answer[n])
				fail_msg("%s: guests hear %d of %x", cases[i].what,
					 spectre_guest_feature(&all, ids[n]), ids[n]);
	}
}

/*
 * Any CPU: what is called mitigated has something that does it, and nothing is called that is not
 * there.
 */
static void test_consistent(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++)
		for (unsigned bits = 0; bits < 4 * 2 * 2 * 27; bits++) {
			struct spectre_cpu c = {.midr = cases[i].cpu.midr,
						.pfr0 = (uint64_t)(bits % 4) << 56,
						.mmfr1 = (uint64_t)(bits / 4 % 2) << 60,
						.isar2 = (uint64_t)(bits / 8 % 2) << 28,
						.wa1 = (int)(bits / 16 % 3) - 1,
						.wa2 = (int)(bits / 48 % 3) - 1,
						.wa3 = (int)(bits / 144 % 3) - 1};
			struct spectre_plan p;

			spectre_decide(&c, &p);
			assert_true(p.entry < NR_ENTRIES);
			assert_int_equal(p.call != 0, p.entry == ENTRY_FIRMWARE);
			assert_true(p.call != WA1 || c.wa1 == 0);
			assert_true(p.call != WA3 || c.wa3 == 0);
			assert_true(!p.call_wa2 || c.wa2 == 0);
			assert_true(p.v2 != DONE || p.entry == ENTRY_FIRMWARE);
			assert_true(p.loop == 0 || p.entry == ENTRY_LOOP || p.call == WA1);
			assert_true(p.entry != ENTRY_LOOP || p.loop);
			if (p.bhb == DONE)
				assert_true(c.mmfr1 || p.loop || c.isar2 || p.call == WA3);
			/* it costs nothing where nothing is wrong */
			if (p.v2 != DONE && p.bhb != DONE)
				assert_int_equal(p.entry, ENTRY_PLAIN);
		}
}

/* The worst CPU counts, in whatever order they come. */
static void test_mixed(void **state)
{
	struct spectre_plan little, big, all = {0};

	(void)state;
	spectre_decide(&cases[0].cpu, &little);
	spectre_decide(&cases[3].cpu, &big);
	spectre_add(&all, &little);
	assert_int_equal(spectre_guest_feature(&all, WA1), 1);
	spectre_add(&all, &big);
	spectre_add(&all, &little);
	assert_int_equal(spectre_guest_feature(&all, WA1), 0);
	assert_int_equal(spectre_guest_feature(&all, SMCCC_ARCH_WORKAROUND_2), SMCCC_NOT_REQUIRED);
	assert_int_equal(spectre_guest_feature(&all, 0x80000002), SMCCC_NOT_SUPPORTED);
	spectre_decide(&cases[2].cpu, &big);
	spectre_add(&all, &big);
	assert_int_equal(spectre_guest_feature(&all, WA1), SMCCC_NOT_SUPPORTED);
	assert_int_equal(spectre_guest_feature(&all, SMCCC_ARCH_WORKAROUND_2), SMCCC_NOT_SUPPORTED);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cpus),
		cmocka_unit_test(test_consistent),
		cmocka_unit_test(test_mixed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
