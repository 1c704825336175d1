/* SPDX-License-Identifier: ISC */
/*
 * Function ids of the SMC calling convention over all services, by HVC and by SMC: the few that
 * exist are answered, all others are not supported. run.py looks into QEMU's log afterwards: none
 * of them has reached the firmware.
 */

#include "psci.h"
#include "abi.h"

const char guest_name[] = "smccc";

/*
 * What may have another answer than "not supported", here or on stock Xen, whatever the arguments
 * are.
 */
static const u32 known[] = {
	PSCI_VERSION,
	PSCI_CPU_SUSPEND_32,
	PSCI_CPU_SUSPEND,
	PSCI_CPU_OFF,
	PSCI_CPU_ON_32,
	PSCI_CPU_ON,
	PSCI_AFFINITY_INFO_32,
	PSCI_AFFINITY_INFO,
	PSCI_MIGRATE_INFO_TYPE,
	PSCI_SYSTEM_OFF,
	PSCI_SYSTEM_RESET,
	PSCI_FEATURES,
	SMCCC_VERSION,
	SMCCC_ARCH_FEATURES,
	0x80008000, /* the workarounds */
	0x80007fff,
	0x80003fff,
	0x8600ff00, /* hypervisor service: count, UID, revision */
	0x8600ff01,
	0x8600ff03,
	0x8400ff00, /* standard service */
	0x8400ff01,
	0x8400ff03,
};

static bool xen_stock;

static bool is_known(u32 id)
{
	/*
	 * stock Xen has PSCI 0.1 too, where 1 would switch this vCPU off; and standard hypervisor
	 * services
	 */
	if (xen_stock && (id == 1 || id == 2 || (id & ~0xfU) == 0x8500ff00))
		return true;
	for (unsigned n = 0; n < ARRAY_SIZE(known); n++)
		if (known[n] == id)
			return true;
	return false;
}

static long call(bool smc, u64 id)
{
	register u64 x0 asm("x0") = id;
	register u64 x1 asm("x1") = 0x1111;
	register u64 x2 asm("x2") = 0x2222;
	register u64 x3 asm("x3") = 0x3333;

	if (smc)
		asm volatile("smc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)::"memory");
	else
		asm volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)::"memory");
	return (int)x0;
}

static void expect_unsupported(u64 id)
{
	for (unsigned smc = 0; smc < 2; smc++) {
		long rc = call(smc, id);

		if (rc != PSCI_NOT_SUPPORTED)
			CHECK_FAIL("%s of 0x%lx is %ld, expected -1", smc ? "SMC" : "HVC", id, rc);
	}
}

/* Fast and yielding, of 32 and of 64 bits, of all owners. */
static void sweep(const u16 *numbers, unsigned count)
{
	for (u32 owner = 0; owner < 64; owner++)
		for (u32 kind = 0; kind < 4; kind++)
			for (unsigned n = 0; n < count; n++) {
				u32 id = kind << 30 | owner << 24 | numbers[n];

				if (!is_known(id))
					expect_unsupported(id);
			}
}

static void check_small_numbers(void)
{
	u16 numbers[36];

	for (unsigned n = 0; n < ARRAY_SIZE(numbers); n++)
		numbers[n] = (u16)n;
	sweep(numbers, ARRAY_SIZE(numbers));
}

static void check_special_numbers(void)
{
	static const u16 numbers[] = {0x00ff, 0x0100, 0x3ffe, 0x3fff, 0x4000, 0x7ffe,
				      0x7fff, 0x8000, 0x8001, 0xc0de, 0xfeff, 0xff00,
				      0xff01, 0xff02, 0xff03, 0xff04, 0xffff};

	sweep(numbers, ARRAY_SIZE(numbers));
}

/* Bits 23-16 must be zero. */
static void check_reserved_bits(void)
{
	for (unsigned n = 0; n < ARRAY_SIZE(known); n++)
		for (unsigned bit = 16; bit < 24; bit++)
			if (known[n] != PSCI_CPU_OFF)
				expect_unsupported(known[n] | 1U << bit);
}

/* A workaround that is offered can be called; nothing else is changed by the call. */
static void check_workarounds(void)
{
	static const u32 ids[] = {0x80008000, 0x80003fff, 0x80007fff};

	for (unsigned n = 0; n < ARRAY_SIZE(ids); n++) {
		struct smccc_result r = smccc_call(SMCCC_ARCH_FEATURES, ids[n], 0, 0);
		int offered = (int)r.x[0];

		check_note("workaround 0x%x: %ld", ids[n], (long)offered);
		CHECK(offered >= -2 && offered <= 1);
		if (offered >= 0) {
			call(false, ids[n]);
			call(true, ids[n]);
		}
	}
}

static const struct check checks[] = {
	{"small-numbers", check_small_numbers},
	{"special-numbers", check_special_numbers},
	{"reserved-bits", check_reserved_bits},
	{"workarounds", check_workarounds},
};

void guest_main(void)
{
	xen_stock = xen_is_stock();
	check_run(checks, ARRAY_SIZE(checks));
}
