/* SPDX-License-Identifier: ISC */
/* What is read out of device trees, QEMU's and a hand-made one: the board, options, free memory. */
#include "unit.h"
#include <string.h>

#include <host/host.h>
#include <hyp/board.h>
#include <hyp/cpu.h>
#include <lib/log.h>
#include <mem/page.h>
#include <hyp/uart.h>
#include "trees.h"

static void reads_board(void **state)
{
	const char *text;

	(void)state;
	tree_load("board");
	boot_logged();
	boot_read();
	text = boot_logged();
	assert_int_equal(bi.nr_banks, 2);
	assert_int_equal(bi.banks[0].base, 0x40000000);
	assert_int_equal(bi.banks[1].base, 0x80000000);
	assert_int_equal(bootinfo_end_of_ram(&bi), 0x90000000);
	assert_int_equal(bi.nr_reserved, 2);
	assert_int_equal(bi.reserved[0].base, 0x40010000);
	assert_int_equal(bi.reserved[1].base, 0x4fff0000);
	assert_int_equal(bi.nr_cpus, 2); /* one of three is disabled */
	assert_int_equal(bi.cpu[0].hwid, 0);
	assert_int_equal(bi.cpu[1].hwid, 0x100);
	assert_int_equal(bi.gic.version, 2);
	assert_int_equal(bi.gic.dist.base, 0x8100000); /* through the bus */
	assert_int_equal(bi.gic.vcpu.base, 0x8106000);
	assert_int_equal(bi.gic.maintenance_ppi, 25);
	assert_int_equal(bi.timer.hyp_ppi, 26);
	assert_int_equal(bi.timer.virt_ppi, 27);
	assert_int_equal(bi.timer.phys_ppi, 30);
	assert_int_equal(bi.timer.hz, 19200000);
	assert_true(bi.psci.present && bi.psci.use_hvc);
	assert_int_equal(bi.uart.regs.base, 0x9000000);
	assert_ptr_equal(bi.uart.driver, &pl011_driver);
	assert_int_equal(bi.uart.irq, 33);
	assert_int_equal(bi.nr_modules, 2);
	assert_int_equal(bi.module[0].kind, MODULE_KERNEL);
	assert_string_equal(bi.module[0].cmdline, "console=hvc0 root=/dev/vda");
	assert_int_equal(bi.module[1].kind, MODULE_RAMDISK);
	assert_int_equal(bi.module[1].range.size, 0x12345);
	assert_int_equal(bi.dom0_mem, MiB(64));
	assert_int_equal(bi.dom0_max_vcpus, 2);
	assert_int_equal(bi.loglevel, LOG_DEBUG);
	assert_non_null(strstr(text, "unknown option nonsense"));
}

static void options(void **state)
{
	(void)state;
	memset(&bi, 0, sizeof(bi));
	boot_logged();
	bootinfo_parse_options(&bi, "  dom0_mem=1G   console=/soc/serial@1 dom0_mem maxcpus=3 "
				    "loglevel=0 guest_loglvl=all");
	assert_int_equal(bi.dom0_mem, GiB(1));
	assert_int_equal(bi.max_cpus, 3);
	assert_string_equal(bi.console, "/soc/serial@1");
	assert_int_equal(bi.loglevel, LOG_ERR);
	assert_non_null(strstr(boot_logged(), "dom0_mem needs a value"));
	bootinfo_parse_options(&bi, "dom0_mem=2048"); /* KiB */
	assert_int_equal(bi.dom0_mem, MiB(2));
	bootinfo_parse_options(&bi, "dom0_mem=0x100M");
	assert_int_equal(bi.dom0_mem, MiB(256));
}

/* As it comes from QEMU: guest-loader's modules are added when the machine starts, so not here. */
static void reads_qemu(void **state)
{
	(void)state;
	for (unsigned version = 2; version <= 3; version++) {
		tree_load_virt(version);
		boot_read();
		assert_int_equal(bi.nr_banks, 1);
		assert_int_equal(bi.banks[0].base, 0x40000000);
		assert_int_equal(bi.banks[0].size, GiB(2));
		assert_int_equal(bi.nr_cpus, 4);
		assert_int_equal(bi.gic.version, version);
		assert_int_equal(bi.gic.dist.base, 0x8000000);
		assert_int_equal(bi.gic.maintenance_ppi, 25);
		assert_int_equal(bi.timer.hyp_ppi, 26);
		assert_true(bi.psci.present && !bi.psci.use_hvc);
		assert_int_equal(bi.uart.regs.base, 0x9000000);
		assert_ptr_equal(bi.uart.driver, &pl011_driver);
		assert_int_equal(bi.uart.irq, 33);
		assert_true(bi.board->quirks & QUIRK_GICV2_NO_RETRIGGER);
		if (version == 2) {
			assert_int_equal(bi.gic.hyp.base, 0x8030000);
		} else {
			assert_int_equal(bi.gic.nr_redist, 1);
			assert_int_equal(bi.gic.redist[0].base, 0x80a0000);
		}
	}
}

static struct range pieces[32];
static unsigned nr_pieces;

static void note_piece(paddr_t start, paddr_t end)
{
	assert_true(start < end && !(start % PAGE_SIZE) && !(end % PAGE_SIZE));
	pieces[nr_pieces++] = (struct range){start, end - start};
}

static bool is_free(paddr_t at)
{
	nr_pieces = 0;
	boot_for_each_free(&bi, note_piece);
	for (unsigned i = 0; i < nr_pieces; i++)
		if (at - pieces[i].base < pieces[i].size)
			return true;
	return false;
}

static void free_memory(void **state)
{
	static const paddr_t taken[] = {0x40010000, 0x40200000, 0x403fffff, 0x48000000, 0x481fffff,
					0x4a000000, 0x4a012345, 0x4a012fff, 0x4f000000, 0x4fff0000,
					0x4fffffff, 0x50000000, 0x7fffffff, 0x90000000, 0x3fffffff};
	static const paddr_t given[] = {0x40000000, 0x4000ffff, 0x40011000, 0x40400000,
					0x4a013000, 0x4ffeffff, 0x80000000, 0x8fffffff};
	paddr_t own, log;

	(void)state;
	tree_load("board");
	boot_read();
	for (unsigned i = 0; i < ARRAY_SIZE(taken); i++)
		assert_false(is_free(taken[i]));
	for (unsigned i = 0; i < ARRAY_SIZE(given); i++)
		assert_true(is_free(given[i]));
	/* The log keeps clear of what firmware has reserved at the end of the bank. */
	log = boot_place_log(&bi, LOG_SIZE);
	assert_int_equal(log, 0x4ffe0000);
	assert_false(is_free(log));
	own = boot_alloc(&bi, 12345);
	assert_int_equal(own, 0x90000000 - 0x4000);
	assert_false(is_free(own));
	assert_false(is_free(own + 0x3fff));
	assert_true(HOST_PANICS("no memory for", boot_alloc(&bi, GiB(4))));
}

/* Whole pages that the tree alone occupied. */
static void releases_tree(void **state)
{
	(void)state;
	tree_load("board");
	boot_read();
	bi.fdt_range = (struct range){0x4f000800, 0x5000};
	bi.reserved[bi.nr_reserved++] = (struct range){0x4f003000, 0x10};
	assert_false(is_free(0x4f001000));
	nr_pieces = 0;
	boot_release_fdt(&bi, note_piece);
	assert_int_equal(nr_pieces, 2);
	assert_int_equal(pieces[0].base, 0x4f001000);
	assert_int_equal(pieces[0].size, 0x2000);
	assert_int_equal(pieces[1].base, 0x4f004000);
	assert_int_equal(pieces[1].size, 0x1000);
	assert_null(bi.fdt);
	assert_true(is_free(0x4f001000));
	/* One that lies outside of RAM. */
	bi.fdt_range = (struct range){0x1000000, MiB(1)};
	nr_pieces = 0;
	boot_release_fdt(&bi, note_piece);
	assert_int_equal(nr_pieces, 0);
}

/* What is nested too deeply is left out, whatever stands behind it is not. */
static void deep_tree(void **state)
{
	int node;

	(void)state;
	tree_load("board");
	tree_begin_edit();
	/* A new node stands in front of the others. */
	node = fdt_add_subnode(fdt, 0, "deep");
	for (unsigned depth = 2; depth <= 40; depth++) {
		node = fdt_add_subnode(fdt, node, "deep");
		assert_true(node > 0);
		assert_int_equal(fdt_setprop(fdt, node, "ranges", NULL, 0), 0);
		if (depth != 4 && depth != 39)
			continue;
		assert_int_equal(fdt_setprop_string(fdt, node, "device_type", "memory"), 0);
		assert_int_equal(fdt_setprop_u32(fdt, node, "#address-cells", 2), 0);
	}
	tree_end_edit();
	boot_read();
	assert_int_equal(bi.nr_banks, 2);
	assert_int_equal(bi.nr_modules, 2);
	assert_non_null(bi.uart.driver);
}

#define T(f) cmocka_unit_test_teardown(f, trees_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(reads_board), T(options),       T(reads_qemu),
		T(free_memory), T(releases_tree), T(deep_tree),
	};

	return cmocka_run_group_tests(tests, trees_start, NULL);
}
