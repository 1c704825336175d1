/* SPDX-License-Identifier: ISC */
/*
 * Damaged device trees: cut off, edited and with random bits: a sentence, or something that is
 * used.
 */
#include "unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <host/host.h>
#include <hyp/domain.h>
#include <lib/lib.h>
#include "trees.h"

static void cut_off(void **state)
{
	void *whole;
	uint32_t size;

	(void)state;
	whole = tree_read("board");
	size = fdt_totalsize(whole);
	for (uint32_t n = sizeof(struct fdt_header); n < size; n += 13) {
		fdt = malloc(n);
		memcpy(fdt, whole, n);
		fdt_set_totalsize(fdt, n); /* a loader that has read only so much */
		assert_true(HOST_PANICS("device tree", boot_read()));
		tree_drop();
	}
	fdt = whole;
	fdt_set_magic(fdt, 0x12345678);
	assert_true(HOST_PANICS("did not point to a device tree", boot_read()));
	fdt_set_magic(fdt, FDT_MAGIC);
	fdt_set_totalsize(fdt, MiB(2) + 8);
	assert_true(HOST_PANICS("larger than 2 MiB", boot_read()));
}

static void bank_twice(void)
{
	TREE_SET_CELLS("/memory@40000000", "reg", 0, 0x40000000, 0, 0x10000000, 0, 0x48000000, 0,
		       0x10000000);
}

static void bank_adjacent(void)
{
	TREE_SET_CELLS("/memory@40000000", "reg", 0, 0x70000000, 0, 0x10000000, 0, 0x40000000, 0,
		       0x10000000);
}

static void bank_empty(void)
{
	TREE_SET_CELLS("/memory@40000000", "reg", 0, 0x40000000, 0, 0);
}

static void bank_wraps(void)
{
	TREE_SET_CELLS("/memory@40000000", "reg", 0xffffffff, 0xfff00000, 0, 0x200000);
}

static void no_banks(void)
{
	assert_int_equal(fdt_nop_node(fdt, tree_node("/memory@40000000")), 0);
	assert_int_equal(fdt_nop_node(fdt, tree_node("/memory@80000000")), 0);
}

static void bank_of_odd_length(void)
{
	assert_int_equal(
		fdt_setprop(fdt, tree_node("/memory@40000000"), "reg", "abcdefghijklm", 13), 0);
}

static void reserved_empty(void)
{
	TREE_SET_CELLS("/reserved-memory/firmware@4fff0000", "reg", 0, 0x4fff0000, 0, 0);
}

static void reserved_many(void)
{
	for (unsigned i = 0; i < 70; i++)
		assert_int_equal(fdt_add_mem_rsv(fdt, 0x41000000 + i * 0x2000, 0x1000), 0);
}

static void no_gic(void)
{
	assert_int_equal(fdt_setprop_string(fdt, tree_node("/soc/interrupt-controller@100000"),
					    "compatible", "x"),
			 0);
}

static void gic_without_virtualization(void)
{
	TREE_SET_CELLS("/soc/interrupt-controller@100000", "reg", 0x100000, 0x1000, 0x102000,
		       0x2000);
}

static void gicv3_without_registers(void)
{
	assert_int_equal(fdt_setprop_string(fdt, tree_node("/soc/interrupt-controller@100000"),
					    "compatible", "arm,gic-v3"),
			 0);
	TREE_SET_CELLS("/soc/interrupt-controller@100000", "reg", 0x100000, 0x1000);
}

static void gic_out_of_reach(void)
{
	assert_int_equal(fdt_delprop(fdt, tree_node("/soc"), "ranges"), 0);
}

static void no_timer(void)
{
	assert_int_equal(fdt_nop_node(fdt, tree_node("/timer")), 0);
}

static void cells_are_nonsense(void)
{
	assert_int_equal(fdt_setprop_u32(fdt, tree_node("/soc"), "#address-cells", 77), 0);
	assert_int_equal(fdt_setprop_u32(fdt, tree_node("/soc"), "#size-cells", 0xffffffff), 0);
}

static void strings_do_not_end(void)
{
	assert_int_equal(fdt_setprop(fdt, tree_node("/chosen"), "bootargs", "dom0_mem=64M", 12), 0);
	assert_int_equal(fdt_setprop(fdt, tree_node("/chosen"), "stdout-path", "serial0", 7), 0);
	assert_int_equal(fdt_setprop(fdt, tree_node("/chosen/module@48000000"), "bootargs", "x", 1),
			 0);
	assert_int_equal(fdt_setprop(fdt, tree_node("/psci"), "method", "hvc", 3), 0);
	assert_int_equal(
		fdt_setprop(fdt, tree_node("/soc/serial@200000"), "compatible", "arm,pl011", 9), 0);
	assert_int_equal(fdt_setprop(fdt, tree_node("/cpus/cpu@0"), "device_type", "cpu", 3), 0);
}

static void module_without_size(void)
{
	TREE_SET_CELLS("/chosen/module@4a000000", "reg", 0, 0x4a000000, 0, 0);
}

static void modules_too_many(void)
{
	for (unsigned i = 0; i < 6; i++) {
		char name[16];
		int node;

		snprintf(name, sizeof(name), "m%u", i);
		node = fdt_add_subnode(fdt, tree_node("/chosen"), name);
		assert_true(node > 0);
		assert_int_equal(fdt_setprop_string(fdt, node, "compatible", "multiboot,module"),
				 0);
		assert_int_equal(fdt_appendprop_u64(fdt, node, "reg", 0x44000000 + i * 0x1000), 0);
		assert_int_equal(fdt_appendprop_u64(fdt, node, "reg", 0x1000), 0);
	}
}

static void long_arguments(void)
{
	static char args[1000];

	memset(args, 'a', sizeof(args) - 1);
	assert_int_equal(
		fdt_setprop_string(fdt, tree_node("/chosen/module@48000000"), "bootargs", args), 0);
	assert_int_equal(fdt_setprop_string(fdt, tree_node("/chosen"), "bootargs", args), 0);
}

static void irqs_beyond_the_gic(void)
{
	TREE_SET_CELLS("/soc/serial@200000", "interrupts", 0, 5000, 4);
	TREE_SET_CELLS("/soc/interrupt-controller@100000", "interrupts", 1, 0xfffffff0, 4);
}

static void check_bank_twice(void)
{
	assert_int_equal(bi.banks[0].size, 0x18000000);
}

static void check_bank_adjacent(void)
{
	assert_int_equal(bi.banks[1].base, 0x70000000);
	assert_int_equal(bi.banks[1].size, 0x20000000);
}

static void check_strings(void)
{
	assert_null(bi.uart.driver);
	assert_int_equal(bi.dom0_mem, MiB(512));
	assert_false(bi.psci.use_hvc);
}

static void check_arguments(void)
{
	assert_int_equal(strlen(bi.module[0].cmdline), 999); /* dom0's: as they are */
	assert_int_equal(strlen(bi.cmdline), BOOT_CMDLINE_MAX - 1);
}

static void check_irqs(void)
{
	assert_int_equal(bi.uart.irq, 0);
	assert_int_equal(bi.gic.maintenance_ppi, 25);
}

#define NAMED(edit) #edit, edit

static const struct damage {
	const char *name;
	void (*edit)(void);
	const char *panics; /* with this; NULL: it is read */
	const char *says;   /* in the log */
	struct {
		unsigned banks, reserved, modules;
	} left;
	void (*check)(void); /* what else is left */
} damages[] = {
	{NAMED(bank_twice), .says = "described twice", .left = {2, 2, 2},
	 .check = check_bank_twice},
	{NAMED(bank_adjacent), .left = {2, 2, 2}, .check = check_bank_adjacent},
	{NAMED(bank_empty), .says = "makes no sense", .left = {1, 2, 2}},
	{NAMED(bank_wraps), .says = "makes no sense", .left = {1, 2, 2}},
	{NAMED(bank_of_odd_length), .left = {1, 2, 2}},
	{NAMED(no_banks), .panics = "describes no memory"},
	{NAMED(reserved_empty), .says = "makes no sense", .left = {2, 1, 2}},
	{NAMED(reserved_many), .panics = "more than 64 reserved"},
	{NAMED(no_gic), .panics = "no interrupt controller"},
	{NAMED(gic_without_virtualization), .panics = "no virtualization extensions"},
	{NAMED(gicv3_without_registers), .panics = "no usable registers"},
	{NAMED(gic_out_of_reach), .panics = "virtualization extensions"},
	{NAMED(no_timer), .panics = "no generic timer"},
	{NAMED(cells_are_nonsense), .panics = "virtualization extensions"},
	{NAMED(strings_do_not_end), .left = {2, 2, 2}, .check = check_strings},
	{NAMED(module_without_size), .says = "without a usable reg", .left = {2, 2, 1}},
	{NAMED(modules_too_many), .says = "more than 4 boot modules", .left = {2, 2, 4}},
	{NAMED(long_arguments), .left = {2, 2, 2}, .check = check_arguments},
	{NAMED(irqs_beyond_the_gic), .left = {2, 2, 2}, .check = check_irqs},
};

static void do_damage(const struct damage *damage)
{
	tree_load("board");
	tree_begin_edit();
	damage->edit();
	tree_end_edit();
	boot_logged();
}

static void expect_panic(const char *text)
{
	if (!HOST_PANICS(text, boot_read()))
		fail_msg("expected: %s, seen: %s", text, host_panic_text);
}

static void expect_rest(const struct damage *damage)
{
	boot_read();
	if (damage->says && !strstr(boot_logged(), damage->says))
		fail_msg("nothing is said about: %s", damage->says);
	assert_int_equal(bi.nr_banks, damage->left.banks);
	assert_int_equal(bi.nr_reserved, damage->left.reserved);
	assert_int_equal(bi.nr_modules, damage->left.modules);
	if (damage->check)
		damage->check();
}

static void damaged(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(damages); i++) {
		print_message("%s\n", damages[i].name);
		do_damage(&damages[i]);
		if (damages[i].panics)
			expect_panic(damages[i].panics);
		else
			expect_rest(&damages[i]);
	}
}

/* Any bytes: a panic with a sentence, or something that is used; never a crash of the reader. */
static void random_damage(void **state)
{
	static char dom0_fdt[MiB(2)];
	uint64_t random = 0xfeed;
	volatile unsigned survived = 0;
	void *whole = tree_read("board");
	uint32_t size = fdt_totalsize(whole);

	(void)state;
	for (unsigned round = 0; round < 4000; round++) {
		fdt = malloc(size);
		memcpy(fdt, whole, size);
		for (unsigned n = 1 + (unsigned)random_below(&random, 4); n; n--)
			((uint8_t *)fdt)[random_below(&random, size)] ^=
				(uint8_t)(1 << random_below(&random, 8));
		if (!fdt_check_header(fdt) && fdt_totalsize(fdt) <= size &&
		    !HOST_PANICS("", boot_read())) {
			survived++;
			tree_make_dom0(3, dom0_fdt, sizeof(dom0_fdt));
		}
		tree_drop();
	}
	free(whole);
	assert_true(survived > 500);
}

#define T(f) cmocka_unit_test_teardown(f, trees_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(cut_off),
		T(damaged),
		T(random_damage),
	};

	return cmocka_run_group_tests(tests, trees_start, NULL);
}
