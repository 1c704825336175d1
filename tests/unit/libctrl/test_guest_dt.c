/* SPDX-License-Identifier: ISC */
/* The guest's device tree, read back by libfdt. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <libfdt.h>

#include "files.h"
#include "guest/guest_dt.h"

static const struct guest_layout layout = {
	.nr_banks = 2,
	.bank = {{0x40000000, 0xc0000000}, {0x200000000, 0x10000000}},
	.ramdisk = {0x48000000, 12345},
};

static const uint8_t seed[GUEST_DT_SEED_SIZE] = {1, 2, 3};

static void *make(struct guest_dt *dt)
{
	void *fdt;
	size_t size;

	if (!dt->layout)
		dt->layout = &layout;
	if (!dt->gic_version)
		dt->gic_version = CTRL_GIC_V3;
	dt->major = 4;
	dt->minor = 17;
	assert_int_equal(guest_dt_make(dt, &fdt, &size), 0);
	assert_int_equal(fdt_check_full(fdt, size), 0);
	assert_true(size <= guest_dt_max_size(dt));
	return fdt;
}

static const void *prop(const void *fdt, const char *path, const char *name, int size)
{
	int node = fdt_path_offset(fdt, path);
	const void *value;
	int len;

	assert_true(node >= 0);
	value = fdt_getprop(fdt, node, name, &len);
	assert_non_null(value);
	if (size >= 0)
		assert_int_equal(len, size);
	return value;
}

static uint64_t cell(const void *fdt, const char *path, const char *name, int i, int size)
{
	return fdt32_ld((const fdt32_t *)prop(fdt, path, name, size) + i);
}

/* Compatible strings: all of them, in order. */
static void check_strings(const void *fdt, const char *path, const char *name,
			  const char *const *want, int n)
{
	int node = fdt_path_offset(fdt, path);

	assert_true(node >= 0);
	assert_int_equal(fdt_stringlist_count(fdt, node, name), n);
	for (int i = 0; i < n; i++)
		assert_string_equal(fdt_stringlist_get(fdt, node, name, i, NULL), want[i]);
}

static void root_and_chosen(void **state)
{
	struct guest_dt dt = {.nr_cpus = 1, .cmdline = "console=hvc0 x", .seed = seed};
	void *fdt = make(&dt);

	(void)state;
	assert_string_equal(prop(fdt, "/", "model", -1), "XENVM-4.17");
	check_strings(fdt, "/", "compatible", (const char *[]){"xen,xenvm-4.17", "xen,xenvm"}, 2);
	assert_int_equal(fdt_address_cells(fdt, 0), 2);
	assert_int_equal(fdt_size_cells(fdt, 0), 2);
	assert_string_equal(prop(fdt, "/chosen", "bootargs", -1), "console=hvc0 x");
	assert_int_equal(fdt64_ld(prop(fdt, "/chosen", "linux,initrd-start", 8)), 0x48000000);
	assert_int_equal(fdt64_ld(prop(fdt, "/chosen", "linux,initrd-end", 8)), 0x48000000 + 12345);
	assert_memory_equal(prop(fdt, "/chosen", "rng-seed", 128), seed, 128);
	free(fdt);
}

static void no_ramdisk_no_seed(void **state)
{
	struct guest_layout l = layout;
	struct guest_dt dt = {.nr_cpus = 1, .layout = &l};
	void *fdt;
	int chosen;

	(void)state;
	l.ramdisk.size = 0;
	fdt = make(&dt);
	chosen = fdt_path_offset(fdt, "/chosen");
	assert_null(fdt_getprop(fdt, chosen, "linux,initrd-start", NULL));
	assert_null(fdt_getprop(fdt, chosen, "linux,initrd-end", NULL));
	assert_null(fdt_getprop(fdt, chosen, "rng-seed", NULL));
	free(fdt);
}

static void memory_banks(void **state)
{
	struct guest_dt dt = {.nr_cpus = 1};
	void *fdt = make(&dt);

	(void)state;
	assert_string_equal(prop(fdt, "/memory@40000000", "device_type", -1), "memory");
	assert_int_equal(cell(fdt, "/memory@40000000", "reg", 1, 16), 0x40000000);
	assert_int_equal(cell(fdt, "/memory@40000000", "reg", 3, 16), 0xc0000000);
	assert_int_equal(cell(fdt, "/memory@200000000", "reg", 0, 16), 2);
	assert_int_equal(cell(fdt, "/memory@200000000", "reg", 3, 16), 0x10000000);
	free(fdt);
}

/* 128 CPUs: 16 to a cluster, the numbers ascending and unique. */
static void cpus(void **state)
{
	struct guest_dt dt = {.nr_cpus = 128};
	void *fdt = make(&dt);
	int cpus_node = fdt_path_offset(fdt, "/cpus"), node;
	unsigned int i = 0;

	(void)state;
	assert_int_equal(cell(fdt, "/cpus", "#address-cells", 0, 4), 1);
	assert_int_equal(cell(fdt, "/cpus", "#size-cells", 0, 4), 0);
	fdt_for_each_subnode(node, fdt, cpus_node)
	{
		uint32_t reg = fdt32_ld(fdt_getprop(fdt, node, "reg", NULL));

		assert_int_equal(reg, i % 16 + (i / 16) * 256);
		assert_string_equal(fdt_getprop(fdt, node, "enable-method", NULL), "psci");
		assert_string_equal(fdt_getprop(fdt, node, "device_type", NULL), "cpu");
		assert_int_equal(strtoul(strchr(fdt_get_name(fdt, node, NULL), '@') + 1, NULL, 16),
				 reg);
		i++;
	}
	assert_int_equal(i, 128);
	free(fdt);
}

static void interrupts(void **state)
{
	static const uint32_t timer[] = {1, 13, 0xf08, 1, 14, 0xf08, 1, 11, 0xf08};
	struct guest_dt dt = {.nr_cpus = 1, .clock_frequency = 62500000};
	void *fdt = make(&dt);
	int gic;

	(void)state;
	for (int i = 0; i < 9; i++)
		assert_int_equal(cell(fdt, "/timer", "interrupts", i, 36), timer[i]);
	assert_int_equal(cell(fdt, "/timer", "clock-frequency", 0, 4), 62500000);
	gic = fdt_node_offset_by_phandle(fdt, cell(fdt, "/", "interrupt-parent", 0, 4));
	assert_true(gic >= 0);
	assert_int_equal(fdt_node_check_compatible(fdt, gic, "arm,gic-v3"), 0);
	assert_non_null(fdt_getprop(fdt, gic, "interrupt-controller", NULL));
	free(fdt);
}

static void both_gics(void **state)
{
	struct guest_dt dt = {.nr_cpus = 8, .gic_version = CTRL_GIC_V2};
	void *fdt = make(&dt);
	const char *path = "/interrupt-controller@3001000";

	(void)state;
	assert_string_equal(prop(fdt, path, "compatible", -1), "arm,cortex-a15-gic");
	assert_int_equal(cell(fdt, path, "reg", 1, 32), 0x03001000);
	assert_int_equal(cell(fdt, path, "reg", 5, 32), 0x03002000);
	free(fdt);
	dt.gic_version = CTRL_GIC_V3;
	fdt = make(&dt);
	assert_int_equal(cell(fdt, path, "reg", 3, 32), 0x10000);
	assert_int_equal(cell(fdt, path, "reg", 5, 32), 0x03020000);
	assert_int_equal(cell(fdt, path, "reg", 7, 32), 0x01000000);
	assert_int_equal(cell(fdt, path, "#interrupt-cells", 0, 4), 3);
	free(fdt);
}

static void hypervisor(void **state)
{
	struct guest_layout l = layout;
	struct guest_dt dt = {.nr_cpus = 1};
	void *fdt = make(&dt);

	(void)state;
	check_strings(fdt, "/hypervisor", "compatible", (const char *[]){"xen,xen-4.17", "xen,xen"},
		      2);
	/* All of bank 0 is RAM: only the grant table's region. */
	assert_int_equal(cell(fdt, "/hypervisor", "reg", 1, 16), 0x38000000);
	assert_int_equal(cell(fdt, "/hypervisor", "reg", 3, 16), 0x01000000);
	assert_int_equal(cell(fdt, "/hypervisor", "interrupts", 1, 12), 15);
	assert_int_equal(cell(fdt, "/hypervisor", "interrupts", 2, 12), 0xf08);
	free(fdt);
	/* A region for foreign pages, in whole 128 MiB, behind the RAM. */
	l.bank[0].size = 200 << 20;
	dt.layout = &l;
	fdt = make(&dt);
	assert_int_equal(cell(fdt, "/hypervisor", "reg", 5, 32), 0x50000000);
	assert_int_equal(cell(fdt, "/hypervisor", "reg", 7, 32), 0xb0000000);
	free(fdt);
}

static void psci(void **state)
{
	struct guest_dt dt = {.nr_cpus = 1};
	void *fdt = make(&dt);

	(void)state;
	check_strings(fdt, "/psci", "compatible",
		      (const char *[]){"arm,psci-1.0", "arm,psci-0.2", "arm,psci"}, 3);
	assert_string_equal(prop(fdt, "/psci", "method", -1), "hvc");
	free(fdt);
}

/* What a 32-bit kernel expects, and for the other one as it always was. */
static void widths(void **state)
{
	static const struct {
		uint8_t width;
		const char *cpu, *timer;
	} rows[] = {{64, "arm,armv8", "arm,armv8-timer"},
		    {32, "arm,cortex-a15", "arm,armv7-timer"}};
	char cmdline[1025] = "";

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct guest_dt dt = {.nr_cpus = 1, .width = rows[i].width, .cmdline = cmdline};
		void *fdt = make(&dt);

		assert_string_equal(prop(fdt, "/cpus/cpu@0", "compatible", -1), rows[i].cpu);
		assert_string_equal(prop(fdt, "/timer", "compatible", -1), rows[i].timer);
		free(fdt);
	}
	memset(cmdline, 'x', 1024);
	struct guest_dt dt = {.layout = &layout,
			      .nr_cpus = 1,
			      .gic_version = CTRL_GIC_V2,
			      .width = 32,
			      .cmdline = cmdline};
	void *fdt;
	size_t size;

	assert_int_equal(guest_dt_make(&dt, &fdt, &size), -E2BIG);
	cmdline[1023] = '\0';
	free(make(&dt));
}

static void long_command_line(void **state)
{
	char cmdline[2100];
	struct guest_dt dt = {.nr_cpus = 128, .cmdline = cmdline, .seed = seed};
	void *fdt;
	size_t size;

	(void)state;
	memset(cmdline, 'x', sizeof(cmdline));
	cmdline[2047] = '\0';
	free(make(&dt));
	cmdline[2047] = 'x';
	cmdline[2048] = '\0';
	assert_int_equal(guest_dt_make(&dt, &fdt, &size), -E2BIG);
	assert_non_null(strstr(ctrl_error(), "2048 bytes"));
}

static void bad_gic(void **state)
{
	struct guest_dt dt = {.layout = &layout, .nr_cpus = 1, .gic_version = 3};
	void *fdt;
	size_t size;

	(void)state;
	assert_int_equal(guest_dt_make(&dt, &fdt, &size), -EINVAL);
}

/* The public way in: from a configuration and files, without any hypervisor. */
static void from_a_config(void **state)
{
	uint8_t *image = files_arm64(100000, 0, 0, 0);
	struct ctrl_guest_config config;
	size_t size;
	void *fdt;

	(void)state;
	ctrl_guest_config_init(&config);
	config.kernel = files_write("Image", image, 100000);
	config.ramdisk = files_write("initrd", "abcdef", 6);
	config.cmdline = "quiet";
	config.vcpus = 2;
	config.max_vcpus = 3;
	assert_int_equal(ctrl_make_guest_dtb(&config, &fdt, &size), 0);
	assert_int_equal(fdt_check_full(fdt, size), 0);
	assert_string_equal(prop(fdt, "/chosen", "bootargs", -1), "quiet");
	assert_int_equal(fdt64_ld(prop(fdt, "/chosen", "linux,initrd-end", 8)) -
				 fdt64_ld(prop(fdt, "/chosen", "linux,initrd-start", 8)),
			 6);
	assert_true(fdt_path_offset(fdt, "/cpus/cpu@2") >= 0);
	assert_true(fdt_path_offset(fdt, "/cpus/cpu@3") < 0);
	free(fdt);
	free(image);
}

static void emulated_uart(void **state)
{
	static const char *const compatible[] = {"arm,sbsa-uart"};
	static const char path[] = "/sbsa-uart@22000000";
	struct guest_dt dt = {.nr_cpus = 1, .vuart = true};
	void *fdt = make(&dt);

	(void)state;
	check_strings(fdt, path, "compatible", compatible, 1);
	assert_int_equal(cell(fdt, path, "reg", 1, 16), 0x22000000);
	assert_int_equal(cell(fdt, path, "reg", 3, 16), 0x1000);
	assert_int_equal(cell(fdt, path, "interrupts", 0, 12), 0); /* SPI 0 is INTID 32 */
	assert_int_equal(cell(fdt, path, "interrupts", 1, 12), 0);
	assert_int_equal(cell(fdt, path, "interrupts", 2, 12), 4); /* level, high */
	assert_int_equal(cell(fdt, path, "current-speed", 0, 4), 115200);
	free(fdt);
	dt.vuart = false;
	fdt = make(&dt);
	assert_true(fdt_path_offset(fdt, path) < 0);
	free(fdt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(root_and_chosen),
		cmocka_unit_test(no_ramdisk_no_seed),
		cmocka_unit_test(memory_banks),
		cmocka_unit_test(cpus),
		cmocka_unit_test(interrupts),
		cmocka_unit_test(both_gics),
		cmocka_unit_test(hypervisor),
		cmocka_unit_test(psci),
		cmocka_unit_test(long_command_line),
		cmocka_unit_test(bad_gic),
		cmocka_unit_test(from_a_config),
		cmocka_unit_test(emulated_uart),
		cmocka_unit_test(widths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
