/* SPDX-License-Identifier: ISC */
/*
 * dom0's device tree: the host's, less what is ours or describes what we virtualize, plus dom0's
 * own CPUs, memory, PSCI and the hypervisor node.
 */
#include <hyp/dom0.h>
#include <hyp/lib.h>
#include <public/arch-arm.h>

#include "fdt_util.h"

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

static const char *const hidden_types[] = {"memory"};

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
};

/* References to what is hidden. */
static const char *const hidden_properties[] = {"iommus", "iommu-map", "msi-map", "msi-parent"};

bool dom0_hides_node(const struct bootinfo *bi, const void *fdt, int node)
{
	const char *type = fdt_str(fdt, node, "device_type"), *name = fdt_get_name(fdt, node, NULL);
	uint64_t base, size;

	for (unsigned i = 0; i < ARRAY_SIZE(hidden_compatible); i++)
		if (fdt_node_check_compatible(fdt, node, hidden_compatible[i]) == 0)
			return true;
	for (unsigned i = 0; type && i < ARRAY_SIZE(hidden_types); i++)
		if (strcmp(type, hidden_types[i]) == 0)
			return true;
	if (name && (strcmp(name, "cpus") == 0 || strcmp(name, "hypervisor") == 0))
		return true;
	return bi->uart.driver && fdt_reg(fdt, node, 0, &base, &size) && base == bi->uart.regs.base;
}

/*
 * NOPs instead of removals: nothing moves, so the walk goes on where it was: at a NOPed node's
 * place the next one is found.
 */
static void hide_nodes(const struct bootinfo *bi, void *fdt)
{
	int depth = 0, node = 0, before = 0, depth_before = 0;

	while ((node = fdt_next_node(fdt, before, &depth)) >= 0 && depth > 0) {
		if (dom0_hides_node(bi, fdt, node)) {
			fdt_nop_node(fdt, node);
			depth = depth_before;
			continue;
		}
		for (unsigned i = 0; i < ARRAY_SIZE(hidden_properties); i++)
			fdt_nop_property(fdt, node, hidden_properties[i]);
		before = node;
		depth_before = depth;
	}
}

/* Names of what is hidden. From the start again after each, as offsets of properties do not outlive a change. */
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

static int add_chosen(const struct dom0_plan *plan, void *fdt)
{
	int node = fdt_path_offset(fdt, "/chosen"), err = 0;

	if (node < 0)
		node = fdt_add_subnode(fdt, 0, "chosen");
	if (node < 0)
		return node;
	for (unsigned i = 0; i < ARRAY_SIZE(hidden_chosen); i++)
		fdt_nop_property(fdt, node, hidden_chosen[i]);
	err = fdt_setprop_string(fdt, node, "bootargs", plan->cmdline);
	if (!err && plan->ramdisk.size) {
		err = fdt_setprop_u64(fdt, node, "linux,initrd-start", plan->ramdisk.base);
		if (!err)
			err = fdt_setprop_u64(fdt, node, "linux,initrd-end",
					      plan->ramdisk.base + plan->ramdisk.size);
	}
	return err;
}

static int add_cpus(const struct dom0_plan *plan, void *fdt)
{
	int parent = fdt_add_subnode(fdt, 0, "cpus"), err = parent < 0 ? parent : 0;

	if (!err)
		err = fdt_setprop_u32(fdt, parent, "#address-cells", 1);
	if (!err)
		err = fdt_setprop_u32(fdt, parent, "#size-cells", 0);
	/* New subnodes go in front: add the last first so that they stand in order. */
	for (unsigned i = plan->vcpus; i-- > 0 && !err;) {
		uint32_t mpidr = (i >> 4) << 8 | (i & 0xf);
		char name[16];
		int cpu;

		snprintf(name, sizeof(name), "cpu@%x", mpidr);
		cpu = fdt_add_subnode(fdt, parent, name);
		err = cpu < 0 ? cpu : fdt_setprop_string(fdt, cpu, "device_type", "cpu");
		if (!err)
			err = fdt_setprop_string(fdt, cpu, "compatible", "arm,armv8");
		if (!err)
			err = fdt_setprop_u32(fdt, cpu, "reg", mpidr);
		if (!err)
			err = fdt_setprop_string(fdt, cpu, "enable-method", "psci");
	}
	return err;
}

static int add_psci(void *fdt)
{
	static const char compatible[] = "arm,psci-1.0\0arm,psci-0.2";
	int node = fdt_add_subnode(fdt, 0, "psci"), err = node < 0 ? node : 0;

	if (!err)
		err = fdt_setprop(fdt, node, "compatible", compatible, sizeof(compatible));
	if (!err)
		err = fdt_setprop_string(fdt, node, "method", "hvc");
	return err;
}

/* reg entries with the root's cell counts. */
static int append_reg(void *fdt, int node, const struct range *r)
{
	int err = fdt_address_cells(fdt, 0) == 2
			  ? fdt_appendprop_u64(fdt, node, "reg", r->base)
			  : fdt_appendprop_u32(fdt, node, "reg", (uint32_t)r->base);

	if (err)
		return err;
	return fdt_size_cells(fdt, 0) == 2
		       ? fdt_appendprop_u64(fdt, node, "reg", r->size)
		       : fdt_appendprop_u32(fdt, node, "reg", (uint32_t)r->size);
}

static int add_memory(const struct dom0_plan *plan, void *fdt)
{
	int err = 0;

	for (unsigned i = plan->nr_ram; i-- > 0 && !err;) {
		char name[32];
		int node;

		snprintf(name, sizeof(name), "memory@%llx", (unsigned long long)plan->ram[i].base);
		node = fdt_add_subnode(fdt, 0, name);
		err = node < 0 ? node : fdt_setprop_string(fdt, node, "device_type", "memory");
		if (!err)
			err = append_reg(fdt, node, &plan->ram[i]);
	}
	return err;
}

/*
 * What Linux looks for (arch/arm/xen): the name, the version string, grant and extended regions,
 * the event PPI.
 */
static int add_hypervisor(const struct dom0_plan *plan, void *fdt)
{
	static const char compatible[] = "xen,xen-4.17\0xen,xen";
	int node = fdt_add_subnode(fdt, 0, "hypervisor"), err = node < 0 ? node : 0;

	if (!err)
		err = fdt_setprop(fdt, node, "compatible", compatible, sizeof(compatible));
	if (!err)
		err = append_reg(fdt, node, &plan->grant_region);
	if (!err && plan->extended.size)
		err = append_reg(fdt, node, &plan->extended);
	/* PPI, number from 16, CPU mask and "level, active low" */
	if (!err)
		err = fdt_setprop_u32(fdt, node, "interrupts", 1);
	if (!err)
		err = fdt_appendprop_u32(fdt, node, "interrupts", GUEST_EVTCHN_PPI - 16);
	if (!err)
		err = fdt_appendprop_u32(fdt, node, "interrupts", 0xf08);
	return err;
}

/*
 * dom0's interrupt controller is ours at the place of the real one, without the parts that serve a
 * hypervisor.
 */
static int edit_gic(const struct bootinfo *bi, const struct dom0_plan *plan, void *fdt)
{
	const char *compatible = bi->gic.version == 3 ? "arm,gic-v3" : NULL;
	static const char *const v2[] = {"arm,cortex-a15-gic", "arm,gic-400", "arm,cortex-a7-gic"};
	int node = -1, err;

	if (compatible)
		node = fdt_node_offset_by_compatible(fdt, -1, compatible);
	for (unsigned i = 0; node < 0 && i < ARRAY_SIZE(v2); i++)
		node = fdt_node_offset_by_compatible(fdt, -1, v2[i]);
	if (node < 0)
		return node;
	fdt_nop_property(fdt, node, "reg");
	fdt_nop_property(fdt, node, "interrupts"); /* maintenance */
	err = append_reg(fdt, node, &bi->gic.dist);
	if (err)
		return err;
	if (bi->gic.version == 2)
		return append_reg(fdt, node, &(struct range){bi->gic.cpu.base, 0x2000});
	err = append_reg(fdt, node, &plan->redist);
	return err ? err : fdt_setprop_u32(fdt, node, "#redistributor-regions", 1);
}

int dom0_make_dt(const struct bootinfo *bi, const struct dom0_plan *plan, void *buf, size_t size)
{
	int err = fdt_open_into(bi->fdt, buf, (int)size);

	if (err)
		return err;
	hide_nodes(bi, buf);
	hide_aliases(buf);
	if ((err = edit_gic(bi, plan, buf)) != 0 || (err = add_hypervisor(plan, buf)) != 0 ||
	    (err = add_memory(plan, buf)) != 0 || (err = add_psci(buf)) != 0 ||
	    (err = add_cpus(plan, buf)) != 0 || (err = add_chosen(plan, buf)) != 0)
		return err;
	return fdt_pack(buf);
}
