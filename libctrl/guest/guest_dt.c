/* SPDX-License-Identifier: ISC */
/* Makes the device tree that a guest is started with. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libfdt.h>

#include <public/arch-arm.h>

#include "guest_dt.h"
#include "../internal.h"

#define PHANDLE_GIC 1

/* Interrupt specifiers of the GIC binding (Documentation/devicetree/bindings: arm,gic). */
#define GIC_SPI        0
#define GIC_SPI_BASE   32
#define GIC_PPI        1
#define GIC_PPI_BASE   16    /* the binding counts PPIs from interrupt ID 16 */
#define GIC_LEVEL_LOW  0xf08 /* level, active low, for all CPUs */
#define GIC_LEVEL_HIGH 4

/* Space that the guest may map foreign pages into; Linux uses whole 128 MiB sections of it. */
#define EXT_REGION_ALIGN (128ull << 20)

/* What a kernel of each width calls its CPUs and its timer, and takes for a command line. */
static const struct width {
	const char *cpu, *timer;
	size_t cmdline_max; /* Linux's COMMAND_LINE_SIZE, end included */
} width_64 = {"arm,armv8", "arm,armv8-timer", 2048},
  width_32 = {"arm,cortex-a15", "arm,armv7-timer", 1024};

static const struct width *width_of(const struct guest_dt *dt)
{
	return dt->width == 32 ? &width_32 : &width_64;
}

/* The tree under construction; after an error the calls do nothing, and the caller looks once. */
struct tree {
	void *fdt;
	int err;
};

static void begin(struct tree *t, const char *name)
{
	if (!t->err)
		t->err = fdt_begin_node(t->fdt, name);
}

static void end(struct tree *t)
{
	if (!t->err)
		t->err = fdt_end_node(t->fdt);
}

static void prop(struct tree *t, const char *name, const void *value, size_t len)
{
	if (!t->err)
		t->err = fdt_property(t->fdt, name, value, len);
}

static void prop_string(struct tree *t, const char *name, const char *value)
{
	prop(t, name, value, strlen(value) + 1);
}

static void prop_u32(struct tree *t, const char *name, uint32_t value)
{
	if (!t->err)
		t->err = fdt_property_u32(t->fdt, name, value);
}

static void prop_u64(struct tree *t, const char *name, uint64_t value)
{
	if (!t->err)
		t->err = fdt_property_u64(t->fdt, name, value);
}

static void prop_flag(struct tree *t, const char *name)
{
	prop(t, name, NULL, 0);
}

/* reg of nodes below the root: two cells of address, two of size. */
static void prop_reg(struct tree *t, const struct guest_range *ranges, size_t nr)
{
	fdt64_t cells[4][2];

	for (size_t i = 0; i < nr; i++) {
		cells[i][0] = cpu_to_fdt64(ranges[i].base);
		cells[i][1] = cpu_to_fdt64(ranges[i].size);
	}
	prop(t, "reg", cells, nr * sizeof(cells[0]));
}

static void prop_ppis(struct tree *t, const unsigned int *irqs, size_t nr)
{
	fdt32_t cells[4][3];

	for (size_t i = 0; i < nr; i++) {
		cells[i][0] = cpu_to_fdt32(GIC_PPI);
		cells[i][1] = cpu_to_fdt32(irqs[i] - GIC_PPI_BASE);
		cells[i][2] = cpu_to_fdt32(GIC_LEVEL_LOW);
	}
	prop(t, "interrupts", cells, nr * sizeof(cells[0]));
}

/* Strings, each with its end, one after the other. */
#define prop_strings(t, name, strings) prop(t, name, strings, sizeof(strings))

static void add_root(struct tree *t, const struct guest_dt *dt)
{
	char text[64];

	snprintf(text, sizeof(text), "XENVM-%u.%u", dt->major, dt->minor);
	prop_string(t, "model", text);
	/* "xen,xenvm-4.17\0xen,xenvm" */
	int n = snprintf(text, sizeof(text), "xen,xenvm-%u.%u%cxen,xenvm", dt->major, dt->minor, 0);
	prop(t, "compatible", text, n + 1);
	prop_u32(t, "#address-cells", 2);
	prop_u32(t, "#size-cells", 2);
	prop_u32(t, "interrupt-parent", PHANDLE_GIC);
}

static void add_chosen(struct tree *t, const struct guest_dt *dt)
{
	const struct guest_range *ramdisk = &dt->layout->ramdisk;

	begin(t, "chosen");
	prop_string(t, "bootargs", dt->cmdline ? dt->cmdline : "");
	if (ramdisk->size) {
		prop_u64(t, "linux,initrd-start", ramdisk->base);
		prop_u64(t, "linux,initrd-end", ramdisk->base + ramdisk->size);
	}
	if (dt->seed)
		prop(t, "rng-seed", dt->seed, GUEST_DT_SEED_SIZE);
	end(t);
}

/* As Xen 4.17 numbers them: 16 vCPUs share an affinity level 1, as a GICv3 SGI target list does. */
static uint32_t vcpu_mpidr(unsigned int vcpu)
{
	return (vcpu & 0xf) | (vcpu >> 4 & 0xff) << 8;
}

static void add_cpus(struct tree *t, const struct guest_dt *dt)
{
	begin(t, "cpus");
	prop_u32(t, "#address-cells", 1);
	prop_u32(t, "#size-cells", 0);
	for (unsigned int i = 0; i < dt->nr_cpus; i++) {
		uint32_t mpidr = vcpu_mpidr(i);
		char name[32];

		snprintf(name, sizeof(name), "cpu@%" PRIx32, mpidr);
		begin(t, name);
		prop_string(t, "device_type", "cpu");
		prop_string(t, "compatible", width_of(dt)->cpu);
		prop_string(t, "enable-method", "psci");
		prop_u32(t, "reg", mpidr);
		end(t);
	}
	end(t);
}

static void add_psci(struct tree *t)
{
	static const char compatible[] = "arm,psci-1.0\0arm,psci-0.2\0arm,psci";

	begin(t, "psci");
	prop_strings(t, "compatible", compatible);
	prop_string(t, "method", "hvc");
	/* Function numbers of PSCI 0.1, which the last of the three names needs. */
	prop_u32(t, "cpu_off", 1);
	prop_u32(t, "cpu_on", 2);
	end(t);
}

static void add_memory(struct tree *t, const struct guest_dt *dt)
{
	for (unsigned int i = 0; i < dt->layout->nr_banks; i++) {
		char name[32];

		snprintf(name, sizeof(name), "memory@%" PRIx64, dt->layout->bank[i].base);
		begin(t, name);
		prop_string(t, "device_type", "memory");
		prop_reg(t, &dt->layout->bank[i], 1);
		end(t);
	}
}

static const struct gic {
	const char *name;
	const char *compatible;
	struct guest_range reg[2]; /* distributor; CPU interface or redistributors */
} gics[] = {
	[CTRL_GIC_V2] = {"interrupt-controller@3001000",
			 "arm,cortex-a15-gic",
			 {{GUEST_GICD_BASE, GUEST_GICD_SIZE}, {GUEST_GICC_BASE, GUEST_GICC_SIZE}}},
	[CTRL_GIC_V3] = {"interrupt-controller@3001000",
			 "arm,gic-v3",
			 {{GUEST_GICV3_GICD_BASE, GUEST_GICV3_GICD_SIZE},
			  {GUEST_GICV3_GICR0_BASE, GUEST_GICV3_GICR0_SIZE}}},
};

static void add_gic(struct tree *t, const struct guest_dt *dt)
{
	const struct gic *gic = &gics[dt->gic_version];

	begin(t, gic->name);
	prop_string(t, "compatible", gic->compatible);
	prop_u32(t, "#interrupt-cells", 3);
	prop_u32(t, "#address-cells", 0);
	prop_flag(t, "interrupt-controller");
	prop_reg(t, gic->reg, ARRAY_SIZE(gic->reg));
	prop_u32(t, "phandle", PHANDLE_GIC);
	end(t);
}

static void add_timer(struct tree *t, const struct guest_dt *dt)
{
	static const unsigned int irqs[] = {GUEST_TIMER_PHYS_S_PPI, GUEST_TIMER_PHYS_NS_PPI,
					    GUEST_TIMER_VIRT_PPI};

	begin(t, "timer");
	prop_string(t, "compatible", width_of(dt)->timer);
	prop_ppis(t, irqs, ARRAY_SIZE(irqs));
	if (dt->clock_frequency)
		prop_u32(t, "clock-frequency", dt->clock_frequency);
	end(t);
}

/* The grant table's place, then the part of bank 0 that has no RAM, for foreign mappings. */
static size_t hypervisor_ranges(const struct guest_layout *layout, struct guest_range *ranges)
{
	uint64_t bank_end = GUEST_RAM0_BASE + GUEST_RAM0_SIZE;
	uint64_t free_from = layout->bank[0].base + layout->bank[0].size;

	ranges[0] = (struct guest_range){GUEST_GNTTAB_BASE, GUEST_GNTTAB_SIZE};
	free_from = (free_from + EXT_REGION_ALIGN - 1) & ~(EXT_REGION_ALIGN - 1);
	if (free_from >= bank_end)
		return 1;
	ranges[1] = (struct guest_range){free_from, bank_end - free_from};
	return 2;
}

static void add_hypervisor(struct tree *t, const struct guest_dt *dt)
{
	static const unsigned int irqs[] = {GUEST_EVTCHN_PPI};
	struct guest_range ranges[2];
	size_t nr = hypervisor_ranges(dt->layout, ranges);
	char text[64];
	int n = snprintf(text, sizeof(text), "xen,xen-%u.%u%cxen,xen", dt->major, dt->minor, 0);

	/* Linux looks for this very name, right below the root. */
	begin(t, "hypervisor");
	prop(t, "compatible", text, n + 1);
	prop_reg(t, ranges, nr);
	prop_ppis(t, irqs, ARRAY_SIZE(irqs));
	end(t);
}

/* Documentation/devicetree/bindings: arm,sbsa-uart. It wants a speed, and has none. */
static void add_vuart(struct tree *t)
{
	static const struct guest_range reg = {GUEST_PL011_BASE, GUEST_PL011_SIZE};
	const fdt32_t irq[] = {cpu_to_fdt32(GIC_SPI), cpu_to_fdt32(GUEST_VPL011_SPI - GIC_SPI_BASE),
			       cpu_to_fdt32(GIC_LEVEL_HIGH)};

	begin(t, "sbsa-uart@22000000");
	prop_string(t, "compatible", "arm,sbsa-uart");
	prop_reg(t, &reg, 1);
	prop(t, "interrupts", irq, sizeof(irq));
	prop_u32(t, "current-speed", 115200);
	end(t);
}

static int make(const struct guest_dt *dt, void *buf, size_t size)
{
	struct tree t = {.fdt = buf};

	t.err = fdt_create(buf, size);
	if (!t.err)
		t.err = fdt_finish_reservemap(buf);
	begin(&t, "");
	add_root(&t, dt);
	add_chosen(&t, dt);
	add_cpus(&t, dt);
	add_psci(&t);
	add_memory(&t, dt);
	add_gic(&t, dt);
	add_timer(&t, dt);
	add_hypervisor(&t, dt);
	if (dt->vuart)
		add_vuart(&t);
	end(&t);
	if (!t.err)
		t.err = fdt_finish(buf);
	return t.err;
}

size_t guest_dt_max_size(const struct guest_dt *dt)
{
	size_t cmdline = dt->cmdline ? strlen(dt->cmdline) : 0;

	/* A CPU node takes about 100 bytes, everything else together about 1300. */
	return 4096 + cmdline + 160 * (size_t)dt->nr_cpus;
}

static int check(const struct guest_dt *dt)
{
	if (dt->gic_version != CTRL_GIC_V2 && dt->gic_version != CTRL_GIC_V3)
		return ctrl_fail(-EINVAL,
				 "cannot make a device tree: GIC version %u is neither 2 nor 3",
				 dt->gic_version == CTRL_GIC_HOST ? 0 : dt->gic_version + 1);
	if (dt->cmdline && strlen(dt->cmdline) >= width_of(dt)->cmdline_max)
		return ctrl_fail(-E2BIG,
				 "the kernel command line is %zu bytes long; Linux takes %zu at "
				 "most",
				 strlen(dt->cmdline), width_of(dt)->cmdline_max - 1);
	return 0;
}

int guest_dt_make(const struct guest_dt *dt, void **dtb, size_t *size)
{
	size_t room = guest_dt_max_size(dt);
	int ret = check(dt);
	void *buf;

	if (ret < 0)
		return ret;
	buf = calloc(1, room);
	if (!buf)
		return ctrl_fail_file(-ENOMEM, "make the guest's device tree");
	ret = make(dt, buf, room);
	if (ret) {
		free(buf);
		return ctrl_fail(-EINVAL, "cannot make the guest's device tree: libfdt: %s",
				 fdt_strerror(ret));
	}
	*dtb = buf;
	*size = fdt_totalsize(buf);
	return 0;
}
