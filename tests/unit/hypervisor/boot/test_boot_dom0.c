/* SPDX-License-Identifier: ISC */
/* What dom0 gets to see: its device tree, its kernel, its memory and devices. */
#include "unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <asm/cache.h>
#include <asm/context.h>
#include <host/host.h>
#include <hyp/domain_parts.h>
#include <hyp/cpu.h>
#include <hyp/domain.h>
#include <mem/page.h>
#include <lib/time.h>
#include <public/arch-arm.h>
#include "trees.h"

static char dom0_fdt[MiB(2)];

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
	assert_null(fdt_getprop(t, fdt_path_offset(t, "/chosen"), "stdout-path", NULL));
	check_references(t);
	check_aliases(t);
}

static void dom0_of_board(void **state)
{
	const fdt64_t *initrd;
	const void *t = dom0_fdt;
	int len;

	(void)state;
	tree_load("board");
	boot_read();
	assert_int_equal(tree_make_dom0(18, dom0_fdt, sizeof(dom0_fdt)), 0);
	/* One UART is left of all devices: the rest is the hypervisor's, or out of reach. */
	for (unsigned i = 0; i < plan.nr_devices; i++)
		assert_true(plan.device[i].base != 0x9000000 && plan.device[i].base != 0x8100000);
	assert_int_equal(plan.device[0].base, 0x9001000);
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

		tree_load_virt(version);
		boot_read();
		assert_int_equal(tree_make_dom0(4, dom0_fdt, sizeof(dom0_fdt)), 0);
		assert_in_range(plan.nr_devices, 3, 40);
		for (unsigned i = 0; i < plan.nr_devices; i++) {
			const struct range *r = &plan.device[i];

			/* GIC and UART; of the GICv2 the frame for MSIs is dom0's. */
			assert_true(r->base + r->size <= 0x8000000 || r->base > 0x9000fff ||
				    (version == 2 && r->base == 0x8020000 && r->size == PAGE_SIZE));
			assert_true(r->base + r->size <= GiB(1) || r->base >= GiB(3)); /* RAM */
		}
		check_dom0_dt(4);
		assert_true(fdt_path_offset(t, "/pl011@9000000") < 0);
		gic = fdt_node_offset_by_compatible(
			t, -1, version == 2 ? "arm,cortex-a15-gic" : "arm,gic-v3");
		assert_true(gic > 0);
		reg = fdt_getprop(t, gic, "reg", &len);
		assert_int_equal(len, 32); /* distributor, and CPU interface or redistributors */
		assert_int_equal(fdt32_to_cpu(reg[7]), version == 2 ? 0x2000 : 4 * 0x20000);
	}
}

static void dom0_dt_without_room(void **state)
{
	(void)state;
	tree_load("board");
	boot_read();
	for (size_t size = 0; size < fdt_totalsize(fdt) + 1500; size += 97) {
		void *exact = malloc(size + 1);
		int err = tree_make_dom0(2, exact, size);

		assert_true(err == 0 || err == -FDT_ERR_NOSPACE);
		free(exact);
	}
}

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
	int node = fdt_add_subnode(fdt, tree_node("/chosen"), kind + 10);

	assert_true(node > 0);
	assert_int_equal(fdt_setprop_string(fdt, node, "compatible", kind), 0);
	assert_int_equal(fdt_appendprop_string(fdt, node, "compatible", "multiboot,module"), 0);
	assert_int_equal(fdt_appendprop_u64(fdt, node, "reg", base), 0);
	assert_int_equal(fdt_appendprop_u64(fdt, node, "reg", size), 0);
}

static void check_maps(struct domain *d, unsigned version)
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
		if (p2m_lookup(d, gpa_to_gfn(places[i].at), &mfn, &type, NULL))
			type = P2M_NONE;
		else
			assert_int_equal(mfn.n, places[i].at >> PAGE_SHIFT);
		assert_int_equal(type, places[i].type);
	}
	if (version == 2) {
		assert_int_equal(p2m_lookup(d, gpa_to_gfn(0x8010000), &mfn, &type, NULL), 0);
		assert_int_equal(
			mfn.n, 0x8040000 >> PAGE_SHIFT); /* the CPU interface is the virtual one */
	}
}

/* The kernel starts with its caches off: what it sees is memory. */
static void expect_in_memory(paddr_t at, size_t size)
{
	if (memcmp(host_memory(at), phys_to_virt(at), size) != 0)
		fail_msg("%llx is not in memory yet", (unsigned long long)at);
}

static void build_dom0(unsigned version)
{
	static char descriptors[RAM / PAGE_SIZE * PAGE_DESCRIPTOR_SIZE] __aligned(64);
	uint64_t invalidations;
	struct cpu *c;

	tree_load_virt(version);
	tree_begin_edit();
	TREE_SET_CELLS("/memory@40000000", "reg", 0, 0x40000000, 0, RAM);
	add_module("multiboot,kernel", KERNEL, MiB(8));
	add_module("multiboot,ramdisk", KERNEL + MiB(20), 12345);
	assert_int_equal(fdt_setprop_string(fdt, tree_node("/chosen"), "bootargs", "dom0_mem=100M"),
			 0);
	tree_end_edit();
	host_ram_add(HOST_RAM_BASE, RAM);
	write_kernel();
	memset(phys_to_virt(KERNEL + 64), 0x5a, MiB(8) - 64);
	memset(phys_to_virt(KERNEL + MiB(20)), 0xa5, 12345);
	host_cpus_init(2);
	time_init(HOST_HZ);
	boot_read();
	page_init(descriptors, HOST_RAM_BASE >> PAGE_SHIFT, RAM >> PAGE_SHIFT);
	boot_for_each_free(&bi, page_add_region);
	dom0_reserve_memory(&bi);
	p2m_ipa_bits = 40;
	host_gic_init(version);
	for_each_cpu (c)
		sched_init_cpu(c);
	domain_init(domain_parts, nr_domain_parts, NULL);
	invalidations = host_icache_invalidations;
	dom0_build(&bi);
	assert_non_null(domain0);
	expect_in_memory(KERNEL, MiB(8));
	expect_in_memory(KERNEL + MiB(20), 12345);
	expect_in_memory(domain0->vcpu[0]->arch.x[0],
			 fdt_totalsize(phys_to_virt(domain0->vcpu[0]->arch.x[0])));
	assert_true(host_icache_invalidations > invalidations);
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
	tree_drop();
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
		   {"", 64, "neither an arm64"}};
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

/* Words of a zImage, by their offset in bytes: header, table of sizes, the size unpacked. */
struct word {
	size_t at;
	uint32_t value;
};

static const char *read_zimage(const struct word *changed, struct kernel_image *k)
{
	static const struct word words[] = {
		{0x24, 0x016f2818}, {0x30, 0x04030201}, {0x34, 0x45454545}, {0x38, 0x80},
		{0x80, 6},          {0x84, 0x5a534c4b}, {0x88, 0xc1},       {0x8c, 0x1000},
		{0x90, 0x208000},   {0x94, 0x10000},    {0xc1, 40 << 20},
	};
	uint8_t *p = calloc(1, 200);
	const char *why;

	for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
		memcpy(p + words[i].at, &words[i].value, 4);
	if (changed)
		memcpy(p + changed->at, &changed->value, 4);
	why = kernel_image_read(p, 200, k);
	free(p);
	return why;
}

static void zimages(void **state)
{
	/* Without a table that makes sense it is what most kernels need. */
	static const struct word no_sizes[] = {
		{0x34, 0}, {0x38, 0xb1}, {0x38, ~0U}, {0x84, 0}, {0x88, 0xc5}, {0x88, ~0U},
	};
	static const struct word big_endian = {0x30, 0x01020304}, huge = {0xc1, ~0U};
	struct kernel_image k;

	(void)state;
	assert_null(read_zimage(NULL, &k));
	assert_int_equal(k.width, 32);
	assert_int_equal(k.window, MiB(128));
	/* 0x208000 + 40 MiB + 0x1000 + 0x10000 + 200, in whole blocks of 2 MiB */
	assert_int_equal(k.room, MiB(44));
	for (unsigned i = 0; i < ARRAY_SIZE(no_sizes); i++) {
		assert_null(read_zimage(&no_sizes[i], &k));
		assert_int_equal(k.room, MiB(32));
	}
	assert_non_null(strstr(read_zimage(&big_endian, &k), "big-endian"));
	assert_non_null(strstr(read_zimage(&huge, &k), "makes no sense"));
}

#define T(f) cmocka_unit_test_teardown(f, trees_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(dom0_of_board), T(dom0_of_qemu), T(dom0_dt_without_room),
		T(builds_dom0),   T(kernels),      T(zimages),
	};

	return cmocka_run_group_tests(tests, trees_start, NULL);
}
