/* SPDX-License-Identifier: ISC */
/*
 * dom0's devices: every register range and PCI window in the device tree that is not RAM and not
 * ours.
 */
#include <boot/dom0.h>
#include <lib/lib.h>
#include <lib/log.h>
#include <mem/p2m.h>

#include <vdev/vgic.h>
#include "fdt_util.h"
#include "fdt_walk.h"

static bool overlaps(const struct range *r, paddr_t base, uint64_t size)
{
	return r->size && base < r->base + r->size && r->base < base + size;
}

/* RAM is mapped as RAM; what the hypervisor drives is not dom0's to touch. */
static bool is_kept(const struct bootinfo *bi, paddr_t base, uint64_t size)
{
	const struct range *own[] = {&bi->gic.dist, &bi->gic.cpu, &bi->gic.hyp, &bi->gic.vcpu};

	for (unsigned i = 0; i < ARRAY_SIZE(own); i++)
		if (overlaps(own[i], base, size))
			return true;
	for (unsigned i = 0; i < bi->gic.nr_redist; i++)
		if (overlaps(&bi->gic.redist[i], base, size))
			return true;
	for (unsigned i = 0; i < bi->nr_banks; i++)
		if (overlaps(&bi->banks[i], base, size))
			return true;
	return bi->uart.driver && overlaps(&bi->uart.regs, base, size);
}

static void add_device(const struct bootinfo *bi, struct dom0_plan *plan, paddr_t base,
		       uint64_t size)
{
	paddr_t start = ALIGN_DOWN(base, PAGE_SIZE), end = ALIGN_UP(base + size, PAGE_SIZE);

	if (!size || end <= start || is_kept(bi, base, size))
		return;
	if (end > BIT64(p2m_ipa_bits)) {
		log_warn("dom0: device memory at %llx is beyond the %u bits of guest addresses: "
			 "left out",
			 (unsigned long long)base, p2m_ipa_bits);
		return;
	}
	if (plan->nr_devices == DOM0_MAX_DEVICES) {
		log_warn("dom0: more than %u device ranges, the rest is left out",
			 DOM0_MAX_DEVICES);
		return;
	}
	plan->device[plan->nr_devices++] = (struct range){start, end - start};
}

/*
 * PCI host bridges: windows in `ranges` are rows of (3 cells PCI address, CPU address, 2 cells
 * size).
 */
static void add_pci_windows(const struct bootinfo *bi, struct dom0_plan *plan,
			    const struct fdt_walk *w)
{
	int parent = w->depth - 1, len = w->prop[FDT_RANGES].len, cells, row;
	const fdt32_t *p = w->prop[FDT_RANGES].data;

	if (!p || parent < 0 || !fdt_walk_has_type(w, "pci"))
		return;
	cells = w->bus[parent].address_cells;
	if (cells < 1 || cells > 2)
		return;
	row = 3 + cells + 2;
	for (; len >= row * 4; len -= row * 4, p += row) {
		uint64_t base = fdt_cells(p + 3, cells);

		if (fdt_walk_translate(w, parent, &base))
			add_device(bi, plan, base, fdt_cells(p + 3 + cells, 2));
	}
}

static void sort_and_merge(struct dom0_plan *plan)
{
	struct range *r = plan->device;
	unsigned n = 0;

	for (unsigned i = 1; i < plan->nr_devices; i++)
		for (unsigned j = i; j > 0 && r[j].base < r[j - 1].base; j--) {
			struct range t = r[j];

			r[j] = r[j - 1];
			r[j - 1] = t;
		}
	for (unsigned i = 0; i < plan->nr_devices; i++) {
		if (n && r[i].base <= r[n - 1].base + r[n - 1].size)
			r[n - 1].size = MAX(r[n - 1].base + r[n - 1].size, r[i].base + r[i].size) -
					r[n - 1].base;
		else
			r[n++] = r[i];
	}
	plan->nr_devices = n;
}

void dom0_find_devices(const struct bootinfo *bi, struct dom0_plan *plan)
{
	struct fdt_walk w;
	uint64_t base, size;

	for (fdt_walk_start(&w, bi->fdt); fdt_walk_next(&w);) {
		if (dom0_hides_node(bi, &w)) {
			fdt_walk_skip_children(&w);
			continue;
		}
		for (unsigned i = 0; fdt_walk_reg(&w, i, &base, &size); i++)
			add_device(bi, plan, base, size);
		add_pci_windows(bi, plan, &w);
	}
	sort_and_merge(plan);
}

void dom0_plan_gic(const struct bootinfo *bi, struct dom0_plan *plan)
{
	const struct vgic_model *gic = vgic_model(bi->gic.version);

	plan->gic[0] = bi->gic.dist;
	plan->gic[1] = *gic->machine_cpu(bi);
	plan->gic[1].size =
		gic->vcpu_stride ? plan->vcpus * (uint64_t)gic->vcpu_stride : gic->cpu_size;
	plan->gic_regions = gic->dt_regions;
}
