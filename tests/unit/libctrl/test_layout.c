/* SPDX-License-Identifier: ISC */
/* Where kernel, ramdisk and device tree go, for guests of every size. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "guest/guest_layout.h"

#define MIB (1ull << 20)
#define GIB (1ull << 30)

static const struct ctrl_image_info kernel = {.image_size = 36 * MIB};

static void usual_guest(void **state)
{
	struct guest_layout l;

	(void)state;
	assert_int_equal(guest_layout_make(&l, 256 << 10, &kernel, 5 * MIB + 1, 4000), 0);
	assert_int_equal(l.nr_banks, 1);
	assert_int_equal(l.bank[0].base, 0x40000000);
	assert_int_equal(l.bank[0].size, 256 * MIB);
	assert_int_equal(l.kernel.base, 0x40000000);
	assert_int_equal(l.ramdisk.base, 0x48000000);
	assert_int_equal(l.ramdisk.size, 5 * MIB + 1);
	assert_int_equal(l.dtb.base, 0x48000000 + 5 * MIB + 4096);
}

static void small_guest(void **state)
{
	struct guest_layout l;

	(void)state;
	assert_int_equal(guest_layout_make(&l, 64 << 10, &kernel, MIB, 4000), 0);
	assert_int_equal(l.ramdisk.base, 0x40000000 + 64 * MIB - MIB - 4096);
	assert_int_equal(l.dtb.base + 4096, 0x40000000 + 64 * MIB);
}

static void no_ramdisk(void **state)
{
	struct guest_layout l;

	(void)state;
	assert_int_equal(guest_layout_make(&l, 256 << 10, &kernel, 0, 4000), 0);
	assert_int_equal(l.ramdisk.size, 0);
	assert_int_equal(l.dtb.base, 0x48000000);
}

static void two_banks(void **state)
{
	struct guest_layout l;

	(void)state;
	assert_int_equal(guest_layout_make(&l, 3 << 20, &kernel, MIB, 4000), 0);
	assert_int_equal(l.nr_banks, 1);
	assert_int_equal(guest_layout_make(&l, 5 << 20, &kernel, MIB, 4000), 0);
	assert_int_equal(l.nr_banks, 2);
	assert_int_equal(l.bank[0].size, 3 * GIB);
	assert_int_equal(l.bank[1].base, 0x200000000);
	assert_int_equal(l.bank[1].size, 2 * GIB);
}

static void text_offset_counts(void **state)
{
	struct ctrl_image_info k = {.image_size = 4 * MIB, .text_offset = 0x80000};
	struct guest_layout l;

	(void)state;
	assert_int_equal(guest_layout_make(&l, 128 << 10, &k, 0, 4000), 0);
	assert_int_equal(l.kernel.base, 0x40080000);
	/* 4 MiB and the offset and the device tree: one page less is too little. */
	assert_int_equal(guest_layout_make(&l, 4096 + 512 + 4, &k, 0, 4000), 0);
	assert_int_equal(guest_layout_make(&l, 4096 + 512, &k, 0, 4000), -ENOSPC);
}

static void impossible(void **state)
{
	struct guest_layout l;

	(void)state;
	assert_int_equal(guest_layout_make(&l, 32 << 10, &kernel, 0, 4000), -ENOSPC);
	assert_non_null(strstr(ctrl_error(), "32768 KiB"));
	assert_int_equal(guest_layout_make(&l, 256 << 10, &kernel, 221 * MIB, 4000), -ENOSPC);
	assert_int_equal(guest_layout_make(&l, 8 << 20, &kernel, 4 * GIB, 4000), -ENOSPC);
	assert_int_equal(guest_layout_make(&l, 8 << 20, &kernel, ~0ull, 4000), -ENOSPC);
	assert_int_equal(guest_layout_make(&l, (256 << 10) + 1, &kernel, 0, 4000), -EINVAL);
	assert_int_equal(guest_layout_make(&l, ~3ull, &kernel, 0, 4000), -EINVAL);
}

static void wide_and_narrow(void **state)
{
	struct ctrl_image_info k = {.image_size = 30 * MIB, .text_offset = 0x8000, .width = 32};
	struct guest_layout l;

	(void)state;
	assert_int_equal(guest_layout_make(&l, 2 << 20, &k, 500 * MIB, 4000), 0);
	assert_int_equal(l.kernel.base, 0x40008000);
	assert_int_equal(l.ramdisk.base, 0x48000000);
	/* The kernel could not reach the end of it; one of 64 bits can. */
	assert_int_equal(guest_layout_make(&l, 2 << 20, &k, 600 * MIB, 4000), -E2BIG);
	assert_non_null(strstr(ctrl_error(), "too big for a 32-bit guest"));
	k.width = 64;
	assert_int_equal(guest_layout_make(&l, 2 << 20, &k, 600 * MIB, 4000), 0);
}

static int overlap(struct guest_range a, struct guest_range b)
{
	return a.size && b.size && a.base < b.base + b.size && b.base < a.base + a.size;
}

static int inside(struct guest_range a, struct guest_range b)
{
	return !a.size || (a.base >= b.base && a.base + a.size <= b.base + b.size);
}

/* Whatever the sizes: what is accepted lies in RAM and nothing covers anything else. */
static void random_sizes(void **state)
{
	(void)state;
	srand(1);
	for (int i = 0; i < 100000; i++) {
		struct ctrl_image_info k = {.image_size = 64 + (uint64_t)rand() % (200 * MIB),
					    .text_offset = rand() % (2 * MIB)};
		uint64_t memory = (uint64_t)rand() % (rand() % 2 ? 6 << 20 : 400 << 10) & ~3ull;
		struct guest_layout l;

		if (guest_layout_make(&l, memory, &k, (uint64_t)rand() % (300 * MIB),
				      rand() % 30000) < 0)
			continue;
		assert_true(inside(l.kernel, l.bank[0]));
		assert_true(inside(l.ramdisk, l.bank[0]));
		assert_true(inside(l.dtb, l.bank[0]));
		assert_false(overlap(l.kernel, l.ramdisk));
		assert_false(overlap(l.kernel, l.dtb));
		assert_false(overlap(l.ramdisk, l.dtb));
		assert_int_equal(l.dtb.base % 4096, 0);
		assert_int_equal(l.ramdisk.base % 4096, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usual_guest),        cmocka_unit_test(small_guest),
		cmocka_unit_test(no_ramdisk),         cmocka_unit_test(two_banks),
		cmocka_unit_test(text_offset_counts), cmocka_unit_test(impossible),
		cmocka_unit_test(wide_and_narrow),    cmocka_unit_test(random_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
