/* SPDX-License-Identifier: ISC */
/* Device trees of the tests of booting: see trees.h. */
#include "unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <host/host.h>
#include <hyp/domain.h>
#include <lib/log.h>
#include <lib/time.h>
#include "trees.h"

void *fdt;
struct bootinfo bi;
struct dom0_plan plan;
static struct range plan_devices[DOM0_MAX_DEVICES];

int trees_start(void **state)
{
	static uint64_t ring[LOG_SIZE / 8], previous[LOG_SIZE / 8];

	(void)state;
	host_cpus_init(1);
	time_init(HOST_HZ);
	log_init(ring, previous);
	return 0;
}

int trees_tear_down(void **state)
{
	(void)state;
	tree_drop();
	return 0;
}

void *tree_read(const char *name)
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

void tree_load(const char *name)
{
	tree_drop();
	fdt = tree_read(name);
}

void tree_load_virt(unsigned gic_version)
{
	tree_load(gic_version == 2 ? "virt-gic2" : "virt-gic3");
}

void tree_drop(void)
{
	free(fdt);
	fdt = NULL;
}

void tree_begin_edit(void)
{
	void *wide = malloc(MiB(1));

	assert_int_equal(fdt_open_into(fdt, wide, MiB(1)), 0);
	tree_drop();
	fdt = wide;
}

void tree_end_edit(void)
{
	void *exact;

	assert_int_equal(fdt_pack(fdt), 0);
	exact = malloc(fdt_totalsize(fdt));
	memcpy(exact, fdt, fdt_totalsize(fdt));
	tree_drop();
	fdt = exact;
}

int tree_node(const char *path)
{
	int node = fdt_path_offset(fdt, path);

	if (node < 0)
		fail_msg("%s: no such node", path);
	return node;
}

void tree_set_cells(const char *path, const char *name, const uint32_t *cells, size_t nr)
{
	fdt32_t v[32];

	for (size_t i = 0; i < nr; i++)
		v[i] = cpu_to_fdt32(cells[i]);
	assert_int_equal(fdt_setprop(fdt, tree_node(path), name, v, (int)(nr * 4)), 0);
}

void boot_read(void)
{
	memset(&bi, 0, sizeof(bi));
	bi.cpu[0].hwid = 0;
	bootinfo_read(&bi, fdt, 0x4f000000, 0x40200000, MiB(2));
}

const char *boot_logged(void)
{
	static char text[LOG_SIZE + 1];
	static uint64_t log_at;

	text[log_read(&log_at, text, LOG_SIZE)] = 0;
	return text;
}

static void make_plan(unsigned vcpus)
{
	memset(&plan, 0, sizeof(plan));
	plan.device = plan_devices;
	plan.ram[0] = (struct range){0x48000000, MiB(64)};
	plan.ram[1] = (struct range){0x80000000, MiB(32)};
	plan.nr_ram = 2;
	plan.grant_region = (struct range){GiB(4), MiB(64)};
	plan.extended = (struct range){GiB(4) + MiB(128), GiB(1)};
	plan.ramdisk = (struct range){0x4a000000, 0x12345};
	plan.cmdline = "console=hvc0";
	plan.vcpus = vcpus;
	dom0_plan_gic(&bi, &plan);
	p2m_ipa_bits = 40;
}

int tree_make_dom0(unsigned vcpus, void *to, size_t size)
{
	make_plan(vcpus);
	dom0_find_devices(&bi, &plan);
	return dom0_make_dt(&bi, &plan, to, size);
}
