/* SPDX-License-Identifier: ISC */
/* What is read out of device trees, QEMU's and a hand-made one, whole and damaged; dom0's device tree; building dom0. */
#include "unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <asm/context.h>
#include <host/host.h>
#include <hyp/board.h>
#include <hyp/bootinfo.h>
#include <hyp/dom0.h>
#include <hyp/domain.h>
#include <hyp/log.h>
#include <hyp/page.h>
#include <hyp/uart.h>
#include <libfdt.h>
#include <public/arch-arm.h>

static uint64_t ring[LOG_SIZE / 8], previous[LOG_SIZE / 8];
static struct bootinfo bi;
static void *fdt; /* exactly as many bytes as it says: what is read beyond is noticed */

/* ---- help ---- */

static void *load(const char *name)
{
	char path[256];
	static char buf[MiB(2)];
	size_t n;
	FILE *f;
	void *exact;

	snprintf(path, sizeof(path), "%s/%s.dtb", DTB_DIR, name);
	f = fopen(path, "r");
	if (!f)
		fail_msg("%s is not there", path);
	n = fread(buf, 1, sizeof(buf), f);
	fclose(f);
	assert_int_equal(fdt_check_full(buf, n), 0);
	assert_int_equal(fdt_pack(buf), 0);
	exact = malloc(fdt_totalsize(buf));
	return memcpy(exact, buf, fdt_totalsize(buf));
}

static void drop(void)
{
	free(fdt);
	fdt = NULL;
}

static int teardown(void **state)
{
	(void)state;
	drop();
	return 0;
}

/* Room to edit, and back to the exact size. */
static void begin_edit(void)
{
	void *wide = malloc(MiB(1));

	assert_int_equal(fdt_open_into(fdt, wide, MiB(1)), 0);
	drop();
	fdt = wide;
}

static void end_edit(void)
{
	void *exact;

	assert_int_equal(fdt_pack(fdt), 0);
	exact = malloc(fdt_totalsize(fdt));
	memcpy(exact, fdt, fdt_totalsize(fdt));
	drop();
	fdt = exact;
}

static int node_at(const char *path)
{
	int node = fdt_path_offset(fdt, path);

	if (node < 0)
		fail_msg("%s: no such node", path);
	return node;
}

static void set_cells(const char *path, const char *name, const uint32_t *cells, size_t nr)
{
	fdt32_t v[32];

	for (size_t i = 0; i < nr; i++)
		v[i] = cpu_to_fdt32(cells[i]);
	assert_int_equal(fdt_setprop(fdt, node_at(path), name, v, (int)(nr * 4)), 0);
}
#define SET_CELLS(path, name, ...)                             \
	set_cells(path, name, (const uint32_t[]){__VA_ARGS__}, \
		  sizeof((const uint32_t[]){__VA_ARGS__}) / 4)

static uint64_t log_at;

static const char *logged(void)
{
	static char text[LOG_SIZE + 1];

	text[log_read(&log_at, text, LOG_SIZE)] = 0;
	return text;
}

static void read_it(void)
{
	memset(&bi, 0, sizeof(bi));
	bi.cpu[0].hwid = 0;
	bootinfo_read(&bi, fdt, 0x4f000000, 0x40200000, MiB(2));
}

/* ---- a good one ---- */

static void reads_board(void **state)
{
	const char *text;

	(void)state;
	fdt = load("board");
	logged();
	read_it();
	text = logged();
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
	logged();
	bootinfo_parse_options(&bi, "  dom0_mem=1G   console=/soc/serial@1 dom0_mem maxcpus=3 "
				    "loglevel=0 guest_loglvl=all");
	assert_int_equal(bi.dom0_mem, GiB(1));
	assert_int_equal(bi.max_cpus, 3);
	assert_string_equal(bi.console, "/soc/serial@1");
	assert_int_equal(bi.loglevel, LOG_ERR);
	assert_non_null(strstr(logged(), "dom0_mem needs a value"));
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
		fdt = load(version == 2 ? "virt-gic2" : "virt-gic3");
		read_it();
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
		drop();
	}
}

/* ---- free memory ---- */

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
	fdt = load("board");
	read_it();
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
	fdt = load("board");
	read_it();
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
	fdt = load("board");
	begin_edit();
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
	end_edit();
	read_it();
	assert_int_equal(bi.nr_banks, 2);
	assert_int_equal(bi.nr_modules, 2);
	assert_non_null(bi.uart.driver);
}

/* ---- damaged ones ---- */

static void cut_off(void **state)
{
	void *whole;
	uint32_t size;

	(void)state;
	whole = load("board");
	size = fdt_totalsize(whole);
	for (uint32_t n = sizeof(struct fdt_header); n < size; n += 13) {
		fdt = malloc(n);
		memcpy(fdt, whole, n);
		fdt_set_totalsize(fdt, n); /* a loader that has read only so much */
		assert_true(HOST_PANICS("device tree", read_it()));
		drop();
	}
	fdt = whole;
	fdt_set_magic(fdt, 0x12345678);
	assert_true(HOST_PANICS("did not point to a device tree", read_it()));
	fdt_set_magic(fdt, FDT_MAGIC);
	fdt_set_totalsize(fdt, MiB(2) + 8);
	assert_true(HOST_PANICS("larger than 2 MiB", read_it()));
}

static void edited(void (*edit)(void), const char *panic_text, const char *log_text)
{
	fdt = load("board");
	begin_edit();
	edit();
	end_edit();
	logged();
	if (panic_text) {
		if (!HOST_PANICS(panic_text, read_it()))
			fail_msg("expected: %s, seen: %s", panic_text, host_panic_text);
	} else {
		read_it();
	}
	if (log_text && !strstr(logged(), log_text))
		fail_msg("nothing is said about: %s", log_text);
}

static void bank_twice(void)
{
	SET_CELLS("/memory@40000000", "reg", 0, 0x40000000, 0, 0x10000000, 0, 0x48000000, 0,
		  0x10000000);
}

static void bank_adjacent(void)
{
	SET_CELLS("/memory@40000000", "reg", 0, 0x70000000, 0, 0x10000000, 0, 0x40000000, 0,
		  0x10000000);
}

static void bank_empty(void)
{
	SET_CELLS("/memory@40000000", "reg", 0, 0x40000000, 0, 0);
}

static void bank_wraps(void)
{
	SET_CELLS("/memory@40000000", "reg", 0xffffffff, 0xfff00000, 0, 0x200000);
}

static void no_banks(void)
{
	assert_int_equal(fdt_nop_node(fdt, node_at("/memory@40000000")), 0);
	assert_int_equal(fdt_nop_node(fdt, node_at("/memory@80000000")), 0);
}

static void bank_of_odd_length(void)
{
	assert_int_equal(fdt_setprop(fdt, node_at("/memory@40000000"), "reg", "abcdefghijklm", 13),
			 0);
}

static void reserved_empty(void)
{
	SET_CELLS("/reserved-memory/firmware@4fff0000", "reg", 0, 0x4fff0000, 0, 0);
}

static void reserved_many(void)
{
	for (unsigned i = 0; i < 70; i++)
		assert_int_equal(fdt_add_mem_rsv(fdt, 0x41000000 + i * 0x2000, 0x1000), 0);
}

static void no_gic(void)
{
	assert_int_equal(fdt_setprop_string(fdt, node_at("/soc/interrupt-controller@100000"),
					    "compatible", "x"),
			 0);
}

static void gic_without_virtualization(void)
{
	SET_CELLS("/soc/interrupt-controller@100000", "reg", 0x100000, 0x1000, 0x102000, 0x2000);
}

static void gicv3_without_registers(void)
{
	assert_int_equal(fdt_setprop_string(fdt, node_at("/soc/interrupt-controller@100000"),
					    "compatible", "arm,gic-v3"),
			 0);
	SET_CELLS("/soc/interrupt-controller@100000", "reg", 0x100000, 0x1000);
}

static void gic_out_of_reach(void)
{
	assert_int_equal(fdt_delprop(fdt, node_at("/soc"), "ranges"), 0);
}

static void no_timer(void)
{
	assert_int_equal(fdt_nop_node(fdt, node_at("/timer")), 0);
}

static void cells_are_nonsense(void)
{
	assert_int_equal(fdt_setprop_u32(fdt, node_at("/soc"), "#address-cells", 77), 0);
	assert_int_equal(fdt_setprop_u32(fdt, node_at("/soc"), "#size-cells", 0xffffffff), 0);
}

static void strings_do_not_end(void)
{
	assert_int_equal(fdt_setprop(fdt, node_at("/chosen"), "bootargs", "dom0_mem=64M", 12), 0);
	assert_int_equal(fdt_setprop(fdt, node_at("/chosen"), "stdout-path", "serial0", 7), 0);
	assert_int_equal(fdt_setprop(fdt, node_at("/chosen/module@48000000"), "bootargs", "x", 1),
			 0);
	assert_int_equal(fdt_setprop(fdt, node_at("/psci"), "method", "hvc", 3), 0);
	assert_int_equal(
		fdt_setprop(fdt, node_at("/soc/serial@200000"), "compatible", "arm,pl011", 9), 0);
	assert_int_equal(fdt_setprop(fdt, node_at("/cpus/cpu@0"), "device_type", "cpu", 3), 0);
}

static void module_without_size(void)
{
	SET_CELLS("/chosen/module@4a000000", "reg", 0, 0x4a000000, 0, 0);
}

static void modules_too_many(void)
{
	for (unsigned i = 0; i < 6; i++) {
		char name[16];
		int node;

		snprintf(name, sizeof(name), "m%u", i);
		node = fdt_add_subnode(fdt, node_at("/chosen"), name);
		assert_true(node > 0);
		assert_int_equal(fdt_setprop_string(fdt, node, "compatible", "multiboot,module"),
				 0);
		assert_int_equal(fdt_appendprop_u64(fdt, node, "reg", 0x44000000 + i * 0x1000), 0);
		assert_int_equal(fdt_appendprop_u64(fdt, node, "reg", 0x1000), 0);
	}
}

static void arguments_too_long(void)
{
	static char args[1000];

	memset(args, 'a', sizeof(args) - 1);
	assert_int_equal(
		fdt_setprop_string(fdt, node_at("/chosen/module@48000000"), "bootargs", args), 0);
	assert_int_equal(fdt_setprop_string(fdt, node_at("/chosen"), "bootargs", args), 0);
}

static void irqs_beyond_the_gic(void)
{
	SET_CELLS("/soc/serial@200000", "interrupts", 0, 5000, 4);
	SET_CELLS("/soc/interrupt-controller@100000", "interrupts", 1, 0xfffffff0, 4);
}

static void damaged(void **state)
{
	(void)state;
	edited(bank_twice, NULL, "described twice");
	assert_int_equal(bi.nr_banks, 2);
	assert_int_equal(bi.banks[0].size, 0x18000000);
	drop();
	edited(bank_adjacent, NULL, NULL);
	assert_int_equal(bi.nr_banks, 2);
	assert_int_equal(bi.banks[1].base, 0x70000000);
	assert_int_equal(bi.banks[1].size, 0x20000000);
	drop();
	edited(bank_empty, NULL, "makes no sense");
	assert_int_equal(bi.nr_banks, 1);
	drop();
	edited(bank_wraps, NULL, "makes no sense");
	assert_int_equal(bi.nr_banks, 1);
	drop();
	edited(bank_of_odd_length, NULL, NULL);
	assert_int_equal(bi.nr_banks, 1);
	drop();
	edited(no_banks, "describes no memory", NULL);
	drop();
	edited(reserved_empty, NULL, "makes no sense");
	assert_int_equal(bi.nr_reserved, 1);
	drop();
	edited(reserved_many, "more than 64 reserved", NULL);
	drop();
	edited(no_gic, "no interrupt controller", NULL);
	drop();
	edited(gic_without_virtualization, "no virtualization extensions", NULL);
	drop();
	edited(gicv3_without_registers, "no usable registers", NULL);
	drop();
	edited(gic_out_of_reach, "virtualization extensions", NULL);
	drop();
	edited(no_timer, "no generic timer", NULL);
	drop();
	edited(cells_are_nonsense, "virtualization extensions", NULL);
	drop();
	edited(strings_do_not_end, NULL, NULL);
	assert_null(bi.uart.driver);
	assert_int_equal(bi.dom0_mem, MiB(512));
	assert_false(bi.psci.use_hvc);
	drop();
	edited(module_without_size, NULL, "without a usable reg");
	assert_int_equal(bi.nr_modules, 1);
	drop();
	edited(modules_too_many, NULL, "more than 4 boot modules");
	assert_int_equal(bi.nr_modules, 4);
	drop();
	edited(arguments_too_long, NULL, "were cut");
	assert_int_equal(strlen(bi.module[0].cmdline), BOOT_CMDLINE_MAX - 1);
	drop();
	edited(irqs_beyond_the_gic, NULL, NULL);
	assert_int_equal(bi.uart.irq, 0);
	assert_int_equal(bi.gic.maintenance_ppi, 25);
	drop();
}

/* ---- dom0's ---- */

static struct dom0_plan plan;
static char dom0_fdt[MiB(2)];

static void make_plan(unsigned vcpus)
{
	memset(&plan, 0, sizeof(plan));
	plan.ram[0] = (struct range){0x48000000, MiB(64)};
	plan.ram[1] = (struct range){0x80000000, MiB(32)};
	plan.nr_ram = 2;
	plan.grant_region = (struct range){GiB(4), MiB(64)};
	plan.extended = (struct range){GiB(4) + MiB(128), GiB(1)};
	plan.redist = (struct range){bi.gic.redist[0].base, vcpus * 0x20000};
	plan.ramdisk = (struct range){0x4a000000, 0x12345};
	plan.cmdline = "console=hvc0";
	plan.vcpus = vcpus;
	p2m_ipa_bits = 40;
}

static int count_type(const void *t, const char *type)
{
	int n = 0;

	for (int node = fdt_node_offset_by_prop_value(t, -1, "device_type", type,
						      (int)strlen(type) + 1);
	     node >= 0; node = fdt_node_offset_by_prop_value(t, node, "device_type", type,
							     (int)strlen(type) + 1))
		n++;
	return n;
}

static const char *str_of(const void *t, const char *path, const char *name)
{
	const char *s = fdt_getprop(t, fdt_path_offset(t, path), name, NULL);

	return s ? s : "";
}

/* Properties whose first cell is a phandle. */
static void check_references(const void *t)
{
	static const char *const names[] = {"interrupt-parent", "iommus", "msi-parent",
					    "interrupt-affinity", "clocks"};

	for (int node = 0, depth = 0; node >= 0; node = fdt_next_node(t, node, &depth))
		for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
			int len;
			const fdt32_t *p = fdt_getprop(t, node, names[i], &len);

			if (p && fdt_node_offset_by_phandle(t, fdt32_to_cpu(*p)) < 0)
				fail_msg("%s of %s refers to nothing", names[i],
					 fdt_get_name(t, node, NULL));
		}
}

static void check_aliases(const void *t)
{
	int offset, node = fdt_path_offset(t, "/aliases");

	fdt_for_each_property_offset(offset, t, node)
	{
		const char *name, *path = fdt_getprop_by_offset(t, offset, &name, NULL);

		if (fdt_path_offset(t, path) < 0)
			fail_msg("alias %s leads nowhere: %s", name, path);
	}
}

static void check_dom0_dt(unsigned vcpus)
{
	const void *t = dom0_fdt;
	char path[64];

	assert_int_equal(fdt_check_full(t, fdt_totalsize(t)), 0);
	assert_int_equal(count_type(t, "memory"), 2); /* its own, none of the host's */
	assert_true(fdt_path_offset(t, "/memory@48000000") > 0);
	assert_int_equal(count_type(t, "cpu"), vcpus);
	for (unsigned i = 0; i < vcpus; i++) {
		snprintf(path, sizeof(path), "/cpus/cpu@%x", (i >> 4) << 8 | (i & 0xf));
		assert_string_equal(str_of(t, path, "enable-method"), "psci");
	}
	assert_string_equal(str_of(t, "/psci", "method"), "hvc");
	assert_string_equal(str_of(t, "/hypervisor", "compatible"), "xen,xen-4.17");
	assert_string_equal(str_of(t, "/chosen", "bootargs"), "console=hvc0");
	assert_true(fdt_node_offset_by_compatible(t, -1, "multiboot,module") < 0);
	assert_true(fdt_node_offset_by_compatible(t, -1, "arm,smmu-v3") < 0);
	assert_true(fdt_node_offset_by_compatible(t, -1, "arm,armv8-pmuv3") < 0);
	assert_true(fdt_node_offset_by_compatible(t, -1, "arm,gic-v3-its") < 0);
	assert_int_equal(fdt_getprop(t, fdt_path_offset(t, "/chosen"), "stdout-path", NULL) == NULL,
			 1);
	check_references(t);
	check_aliases(t);
}

static void dom0_of_board(void **state)
{
	const fdt64_t *initrd;
	const void *t = dom0_fdt;
	int len;

	(void)state;
	fdt = load("board");
	read_it();
	make_plan(18);
	dom0_find_devices(&bi, &plan);
	/* One UART is left of all devices: the rest is the hypervisor's, or out of reach. */
	for (unsigned i = 0; i < plan.nr_devices; i++)
		assert_true(plan.device[i].base != 0x9000000 && plan.device[i].base != 0x8100000);
	assert_int_equal(plan.device[0].base, 0x9001000);
	assert_int_equal(dom0_make_dt(&bi, &plan, dom0_fdt, sizeof(dom0_fdt)), 0);
	check_dom0_dt(18);
	assert_true(fdt_path_offset(t, "/soc/serial@200000") < 0); /* the console is ours */
	assert_true(fdt_path_offset(t, "/soc/serial@201000") > 0);
	assert_null(fdt_getprop(t, fdt_path_offset(t, "/soc/serial@201000"), "iommus", NULL));
	initrd = fdt_getprop(t, fdt_path_offset(t, "/chosen"), "linux,initrd-end", &len);
	assert_int_equal(len, 8);
	assert_int_equal(fdt64_ld(initrd), 0x4a012345);
}

static void dom0_of_qemu(void **state)
{
	(void)state;
	for (unsigned version = 2; version <= 3; version++) {
		const void *t = dom0_fdt;
		const fdt32_t *reg;
		int len, gic;

		fdt = load(version == 2 ? "virt-gic2" : "virt-gic3");
		read_it();
		make_plan(4);
		dom0_find_devices(&bi, &plan);
		assert_in_range(plan.nr_devices, 3, 40);
		for (unsigned i = 0; i < plan.nr_devices; i++) {
			const struct range *r = &plan.device[i];

			/* GIC and UART; of the GICv2 the frame for MSIs is dom0's. */
			assert_true(r->base + r->size <= 0x8000000 || r->base > 0x9000fff ||
				    (version == 2 && r->base == 0x8020000 && r->size == PAGE_SIZE));
			assert_true(r->base + r->size <= GiB(1) || r->base >= GiB(3)); /* RAM */
		}
		assert_int_equal(dom0_make_dt(&bi, &plan, dom0_fdt, sizeof(dom0_fdt)), 0);
		check_dom0_dt(4);
		assert_true(fdt_path_offset(t, "/pl011@9000000") < 0);
		gic = fdt_node_offset_by_compatible(
			t, -1, version == 2 ? "arm,cortex-a15-gic" : "arm,gic-v3");
		assert_true(gic > 0);
		reg = fdt_getprop(t, gic, "reg", &len);
		assert_int_equal(len, 32); /* distributor, and CPU interface or redistributors */
		assert_int_equal(fdt32_to_cpu(reg[7]), version == 2 ? 0x2000 : 4 * 0x20000);
		drop();
	}
}

static void dom0_dt_without_room(void **state)
{
	(void)state;
	fdt = load("board");
	read_it();
	make_plan(2);
	for (size_t size = 0; size < fdt_totalsize(fdt) + 1500; size += 97) {
		void *exact = malloc(size + 1);
		int err = dom0_make_dt(&bi, &plan, exact, size);

		assert_true(err == 0 || err == -FDT_ERR_NOSPACE);
		free(exact);
	}
}

/* Any bytes: a panic with a sentence, or something that is used; never a crash of the reader. */
static void random_damage(void **state)
{
	uint64_t random = 0xfeed;
	volatile unsigned survived = 0;
	void *whole = load("board");
	uint32_t size = fdt_totalsize(whole);

	(void)state;
	for (unsigned round = 0; round < 4000; round++) {
		fdt = malloc(size);
		memcpy(fdt, whole, size);
		for (unsigned n = 1 + (unsigned)random_below(&random, 4); n; n--)
			((uint8_t *)fdt)[random_below(&random, size)] ^=
				(uint8_t)(1 << random_below(&random, 8));
		if (!fdt_check_header(fdt) && fdt_totalsize(fdt) <= size &&
		    !HOST_PANICS("", read_it())) {
			survived++;
			nr_pieces = 0;
			make_plan(3);
			dom0_find_devices(&bi, &plan);
			dom0_make_dt(&bi, &plan, dom0_fdt, sizeof(dom0_fdt));
		}
		drop();
	}
	free(whole);
	assert_true(survived > 500);
}

/* ---- dom0 itself ---- */

#define KERNEL 0x48000000
#define RAM    MiB(256)

/* An arm64 Image's header: 64 bytes. */
static void write_kernel(void)
{
	uint64_t *h = phys_to_virt(KERNEL);

	h[0] = 0;
	h[1] = 0;       /* text_offset */
	h[2] = MiB(16); /* image_size */
	h[3] = 0xa;
	((uint32_t *)h)[14] = 0x644d5241;
}

static void add_module(const char *kind, uint32_t base, uint32_t size)
{
	int node = fdt_add_subnode(fdt, node_at("/chosen"), kind + 10);

	assert_true(node > 0);
	assert_int_equal(fdt_setprop_string(fdt, node, "compatible", kind), 0);
	assert_int_equal(fdt_appendprop_string(fdt, node, "compatible", "multiboot,module"), 0);
	assert_int_equal(fdt_appendprop_u64(fdt, node, "reg", base), 0);
	assert_int_equal(fdt_appendprop_u64(fdt, node, "reg", size), 0);
}

static void check_maps(const struct domain *d, unsigned version)
{
	static const struct {
		uint64_t at;
		enum p2m_type type;
	} places[] = {{KERNEL, P2M_RAM},
		      {0x9000000, P2M_NONE} /* UART */,
		      {0x9010000, P2M_DEVICE} /* RTC */,
		      {0x8000000, P2M_NONE} /* distributor */,
		      {0xa000000, P2M_DEVICE},
		      {GiB(1) + MiB(2), P2M_NONE} /* the image */};
	enum p2m_type type;
	mfn_t mfn;

	for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
		if (p2m_lookup((struct domain *)(uintptr_t)d, gpa_to_gfn(places[i].at), &mfn, &type,
			       NULL))
			type = P2M_NONE;
		else
			assert_int_equal(mfn.n, places[i].at >> PAGE_SHIFT);
		assert_int_equal(type, places[i].type);
	}
	if (version == 2) {
		assert_int_equal(p2m_lookup((struct domain *)(uintptr_t)d, gpa_to_gfn(0x8010000),
					    &mfn, &type, NULL),
				 0);
		assert_int_equal(
			mfn.n, 0x8040000 >> PAGE_SHIFT); /* the CPU interface is the virtual one */
	}
}

static void build_dom0(unsigned version)
{
	static char descriptors[RAM / PAGE_SIZE * PAGE_DESCRIPTOR_SIZE] __aligned(64);
	struct cpu *c;

	fdt = load(version == 2 ? "virt-gic2" : "virt-gic3");
	begin_edit();
	SET_CELLS("/memory@40000000", "reg", 0, 0x40000000, 0, RAM);
	add_module("multiboot,kernel", KERNEL, MiB(8));
	add_module("multiboot,ramdisk", KERNEL + MiB(20), 12345);
	assert_int_equal(fdt_setprop_string(fdt, node_at("/chosen"), "bootargs", "dom0_mem=100M"),
			 0);
	end_edit();
	host_ram_add(HOST_RAM_BASE, RAM);
	write_kernel();
	host_cpus_init(2);
	time_init(HOST_HZ);
	read_it();
	page_init(descriptors, HOST_RAM_BASE >> PAGE_SHIFT, RAM >> PAGE_SHIFT);
	boot_for_each_free(&bi, page_add_region);
	dom0_reserve_memory(&bi);
	p2m_ipa_bits = 40;
	host_gic_init(version);
	for_each_cpu (c)
		sched_init_cpu(c);
	dom0_build(&bi);
	assert_non_null(domain0);
	assert_int_equal(domain0->tot_pages, MiB(100) >> PAGE_SHIFT);
	assert_int_equal(domain0->nr_vcpus, 2);
	assert_int_equal(domain0->vcpu[0]->arch.pc, KERNEL);
	assert_int_equal(fdt_check_full(phys_to_virt(domain0->vcpu[0]->arch.x[0]), MiB(2)), 0);
	assert_string_equal(
		str_of(phys_to_virt(domain0->vcpu[0]->arch.x[0]), "/hypervisor", "compatible"),
		"xen,xen-4.17");
	check_maps(domain0, version);
	domain_unpause(domain0);
	assert_int_equal(domain0->pause_count, 0);
	assert_ptr_equal(host_cpu_run(domain0->vcpu[0]->sched.cpu), domain0->vcpu[0]);
	drop();
}

/* It can be done once a process. */
static void builds_dom0(void **state)
{
	(void)state;
	for (unsigned version = 2; version <= 3; version++) {
		int status;
		pid_t child = fork();

		if (child == 0) {
			build_dom0(version);
			_exit(0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
	}
}

static void kernels(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *why;
	} bad[] = {{"\x1f\x8b\x08", 64, "gzip"},
		   {"\x28\xb5\x2f\xfd", 64, "zstd"},
		   {"\x7f"
		    "ELF",
		    64, "ELF"},
		   {"", 10, "shorter"},
		   {"", 64, "not an arm64"}};
	struct kernel_image k;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		uint8_t *p = calloc(1, bad[i].len);
		const char *why;

		memcpy(p, bad[i].bytes, strlen(bad[i].bytes));
		why = kernel_image_read(p, bad[i].len, &k);
		assert_non_null(why);
		assert_non_null(strstr(why, bad[i].why));
		free(p);
	}
}

#define T(f) cmocka_unit_test_teardown(f, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(reads_board),   T(options),      T(reads_qemu),
		T(free_memory),   T(cut_off),      T(damaged),
		T(dom0_of_board), T(dom0_of_qemu), T(dom0_dt_without_room),
		T(random_damage), T(builds_dom0),  T(kernels),
		T(releases_tree), T(deep_tree),
	};

	host_cpus_init(1);
	time_init(HOST_HZ);
	log_init(ring, previous);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
