/* SPDX-License-Identifier: ISC */
/*
 * dom0's device tree: the host's, less what is ours or describes what we virtualize, plus dom0's
 * own CPUs, memory, PSCI and the hypervisor node. Written from front to end in one pass over the
 * host's.
 */
#include <boot/dom0.h>
#include <lib/lib.h>
#include <public/arch-arm.h>

#include "fdt_util.h"
#include "fdt_walk.h"

/* Things that dom0 must not find. */
static const char *const hidden_compatible[] = {
	"arm,psci",
	"arm,psci-0.2",
	"arm,psci-1.0",
	"arm,armv8-pmuv3",
	"arm,cortex-a53-pmu",
	"arm,cortex-a57-pmu",
	"arm,gic-v3-its",
	"arm,smmu-v3",
	"arm,mmu-500",
	"arm,smmu-v1",
	"arm,smmu-v2",
	"multiboot,module",
	"xen,multiboot-module",
};

static const char *const hidden_chosen[] = {
	"bootargs",
	"stdout-path",
	"linux,initrd-start",
	"linux,initrd-end",
	"xen,xen-bootargs",
	"xen,dom0-bootargs",
	"linux,uefi-system-table",
	"linux,uefi-mmap-start",
	"linux,uefi-mmap-size",
	"linux,uefi-mmap-desc-size",
	"linux,uefi-mmap-desc-ver",
	NULL,
};

/* References to what is hidden. */
static const char *const hidden_properties[] = {"iommus", "iommu-map", "msi-map", "msi-parent",
						NULL};

/*
 * dom0's interrupt controller is ours at the place of the real one, without the parts that serve a
 * hypervisor.
 */
static const char *const hidden_gic[] = {"reg", "interrupts", "#redistributor-regions", NULL};

bool dom0_hides_node(const struct bootinfo *bi, const struct fdt_walk *w)
{
	for (unsigned i = 0; i < ARRAY_SIZE(hidden_compatible); i++)
		if (fdt_walk_compatible(w, hidden_compatible[i]))
			return true;
	return fdt_walk_has_type(w, "memory") || fdt_walk_is(w, "cpus") ||
	       fdt_walk_is(w, "hypervisor") || (bi->uart.driver && w->node == bi->uart.node);
}

static bool is_listed(const char *const *list, const char *name)
{
	for (; *list; list++)
		if (strcmp(*list, name) == 0)
			return true;
	return false;
}

/* All properties of the node but those that are hidden. */
static int copy_properties(const struct fdt_walk *w, void *fdt, const char *const *also_hidden)
{
	int at, err = 0;

	fdt_for_each_property_offset(at, w->fdt, w->node)
	{
		const char *name;
		int len;
		const void *data = fdt_getprop_by_offset(w->fdt, at, &name, &len);

		if (!data || is_listed(hidden_properties, name) ||
		    (also_hidden && is_listed(also_hidden, name)))
			continue;
		err = fdt_property(fdt, name, data, len);
		if (err)
			break;
	}
	return err;
}

/* reg of some ranges, with the root's cell counts. */
#define MAX_REG 2

static int put_reg(void *fdt, const struct fdt_bus *root, const struct range *r, unsigned nr)
{
	fdt32_t cells[MAX_REG * 4];
	unsigned n = 0;

	ASSERT(nr <= MAX_REG);
	for (unsigned i = 0; i < nr; i++) {
		if (root->address_cells == 2)
			cells[n++] = cpu_to_fdt32((uint32_t)(r[i].base >> 32));
		cells[n++] = cpu_to_fdt32((uint32_t)r[i].base);
		if (root->size_cells == 2)
			cells[n++] = cpu_to_fdt32((uint32_t)(r[i].size >> 32));
		cells[n++] = cpu_to_fdt32((uint32_t)r[i].size);
	}
	return fdt_property(fdt, "reg", cells, (int)(n * 4));
}

static int put_chosen(const struct dom0_plan *plan, void *fdt)
{
	int err = fdt_property_string(fdt, "bootargs", plan->cmdline);

	if (!err && plan->ramdisk.size)
		err = fdt_property_u64(fdt, "linux,initrd-start", plan->ramdisk.base);
	if (!err && plan->ramdisk.size)
		err = fdt_property_u64(fdt, "linux,initrd-end",
				       plan->ramdisk.base + plan->ramdisk.size);
	return err;
}

static int put_gic(const struct dom0_plan *plan, const struct fdt_bus *root, void *fdt)
{
	int err = put_reg(fdt, root, plan->gic, ARRAY_SIZE(plan->gic));

	return err || !plan->gic_regions ? err : fdt_property_u32(fdt, plan->gic_regions, 1);
}

static int copy_node(const struct bootinfo *bi, const struct dom0_plan *plan,
		     const struct fdt_walk *w, void *fdt)
{
	bool chosen = fdt_walk_is(w, "chosen"), gic = w->node == bi->gic.node;
	int err = fdt_begin_node(fdt, w->bus[w->depth].name);

	if (!err)
		err = copy_properties(w, fdt, chosen ? hidden_chosen : gic ? hidden_gic : NULL);
	if (!err && chosen)
		err = put_chosen(plan, fdt);
	if (!err && gic)
		err = put_gic(plan, &w->bus[0], fdt);
	return err;
}

static int end_nodes(void *fdt, int from, int to)
{
	int err = 0;

	for (; from > to && !err; from--)
		err = fdt_end_node(fdt);
	return err;
}

/* What is left of the host's tree; the root stays open. */
static int copy_nodes(const struct bootinfo *bi, const struct dom0_plan *plan, struct fdt_walk *w,
		      void *fdt, bool *has_chosen)
{
	int open = 0, err = 0; /* nodes begun and not ended */

	*has_chosen = false;
	for (fdt_walk_start(w, bi->fdt); !err && fdt_walk_next(w);) {
		if (dom0_hides_node(bi, w)) {
			fdt_walk_skip_children(w);
			continue;
		}
		*has_chosen |= fdt_walk_is(w, "chosen");
		err = end_nodes(fdt, open, w->depth);
		if (!err)
			err = copy_node(bi, plan, w, fdt);
		open = w->depth + 1;
	}
	return err ? err : end_nodes(fdt, open, 1);
}

/*
 * Names of what is hidden. From the start again after each, as offsets of properties do not outlive
 * a change.
 */
static void hide_aliases(void *fdt)
{
	int node = fdt_path_offset(fdt, "/aliases"), at;

	for (at = fdt_first_property_offset(fdt, node); at >= 0;) {
		const char *name, *path = fdt_getprop_by_offset(fdt, at, &name, NULL);

		if (path && fdt_str(fdt, node, name) &&
		    fdt_path_offset(fdt, path) == -FDT_ERR_NOTFOUND &&
		    fdt_nop_property(fdt, node, name) == 0)
			at = fdt_first_property_offset(fdt, node);
		else
			at = fdt_next_property_offset(fdt, at);
	}
}

/*
 * dom0's own nodes, at the end of the root.
 */

static int add_cpu(void *fdt, unsigned id)
{
	uint32_t mpidr = (id >> 4) << 8 | (id & 0xf);
	char name[16];
	int err;

	snprintf(name, sizeof(name), "cpu@%x", mpidr);
	err = fdt_begin_node(fdt, name);
	if (!err)
		err = fdt_property_string(fdt, "device_type", "cpu");
	if (!err)
		err = fdt_property_string(fdt, "compatible", "arm,armv8");
	if (!err)
		err = fdt_property_u32(fdt, "reg", mpidr);
	if (!err)
		err = fdt_property_string(fdt, "enable-method", "psci");
	return err ? err : fdt_end_node(fdt);
}

static int add_cpus(const struct dom0_plan *plan, void *fdt)
{
	int err = fdt_begin_node(fdt, "cpus");

	if (!err)
		err = fdt_property_u32(fdt, "#address-cells", 1);
	if (!err)
		err = fdt_property_u32(fdt, "#size-cells", 0);
	for (unsigned i = 0; i < plan->vcpus && !err; i++)
		err = add_cpu(fdt, i);
	return err ? err : fdt_end_node(fdt);
}

static int add_psci(void *fdt)
{
	static const char compatible[] = "arm,psci-1.0\0arm,psci-0.2";
	int err = fdt_begin_node(fdt, "psci");

	if (!err)
		err = fdt_property(fdt, "compatible", compatible, sizeof(compatible));
	if (!err)
		err = fdt_property_string(fdt, "method", "hvc");
	return err ? err : fdt_end_node(fdt);
}

static int add_memory(const struct dom0_plan *plan, const struct fdt_bus *root, void *fdt)
{
	int err = 0;

	for (unsigned i = 0; i < plan->nr_ram && !err; i++) {
		char name[32];

		snprintf(name, sizeof(name), "memory@%llx", (unsigned long long)plan->ram[i].base);
		err = fdt_begin_node(fdt, name);
		if (!err)
			err = fdt_property_string(fdt, "device_type", "memory");
		if (!err)
			err = put_reg(fdt, root, &plan->ram[i], 1);
		if (!err)
			err = fdt_end_node(fdt);
	}
	return err;
}

/*
 * What Linux looks for (arch/arm/xen): the name, the version string, grant and extended regions,
 * the event PPI.
 */
static int add_hypervisor(const struct dom0_plan *plan, const struct fdt_bus *root, void *fdt)
{
	static const char compatible[] = "xen,xen-4.17\0xen,xen";
	const struct range regions[] = {plan->grant_region, plan->extended};
	/* PPI, number from 16, CPU mask and "level, active low" */
	const fdt32_t irq[] = {cpu_to_fdt32(1), cpu_to_fdt32(GUEST_EVTCHN_PPI - 16),
			       cpu_to_fdt32(0xf08)};
	int err = fdt_begin_node(fdt, "hypervisor");

	if (!err)
		err = fdt_property(fdt, "compatible", compatible, sizeof(compatible));
	if (!err)
		err = put_reg(fdt, root, regions, plan->extended.size ? 2 : 1);
	if (!err)
		err = fdt_property(fdt, "interrupts", irq, sizeof(irq));
	return err ? err : fdt_end_node(fdt);
}

static int add_chosen(const struct dom0_plan *plan, void *fdt)
{
	int err = fdt_begin_node(fdt, "chosen");

	if (!err)
		err = put_chosen(plan, fdt);
	return err ? err : fdt_end_node(fdt);
}

static int start_tree(const struct bootinfo *bi, void *fdt, size_t size)
{
	uint64_t base, length;
	/* Looking for each name among those that are there already would take most of the time. */
	int err = fdt_create_with_flags(fdt, (int)size, FDT_CREATE_FLAG_NO_NAME_DEDUP);

	for (int i = 0; !err && i < fdt_num_mem_rsv(bi->fdt); i++) {
		err = fdt_get_mem_rsv(bi->fdt, i, &base, &length);
		if (!err)
			err = fdt_add_reservemap_entry(fdt, base, length);
	}
	return err ? err : fdt_finish_reservemap(fdt);
}

int dom0_make_dt(const struct bootinfo *bi, const struct dom0_plan *plan, void *buf, size_t size)
{
	struct fdt_walk w;
	const struct fdt_bus *root = &w.bus[0];
	bool has_chosen;
	int err;

	if ((err = start_tree(bi, buf, size)) != 0 ||
	    (err = copy_nodes(bi, plan, &w, buf, &has_chosen)) != 0 ||
	    (err = add_hypervisor(plan, root, buf)) != 0 ||
	    (err = add_memory(plan, root, buf)) != 0 || (err = add_psci(buf)) != 0 ||
	    (err = add_cpus(plan, buf)) != 0 ||
	    (err = has_chosen ? 0 : add_chosen(plan, buf)) != 0 || (err = fdt_end_node(buf)) != 0 ||
	    (err = fdt_finish(buf)) != 0)
		return err;
	hide_aliases(buf);
	return 0;
}
