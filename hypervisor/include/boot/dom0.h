/* SPDX-License-Identifier: ISC */
/* Building dom0: memory, devices, device tree, kernel. */
#ifndef HYP_DOM0_H
#define HYP_DOM0_H

#include <boot/bootinfo.h>

struct domain;

#define DOM0_MAX_CHUNKS  16
#define DOM0_MAX_DEVICES 256

/*
 * What is decided about dom0 before anything is built. All of it is 1:1, guest physical = machine
 * physical.
 */
struct dom0_plan {
	struct range ram[DOM0_MAX_CHUNKS]; /* the first one holds kernel, ramdisk and device tree */
	unsigned nr_ram;
	struct range *device; /* DOM0_MAX_DEVICES at most: page-aligned, ascending, disjoint */
	unsigned nr_devices;
	struct range grant_region; /* where Linux puts its grant frames */
	struct range extended;     /* unused addresses for foreign pages */
	struct range gic[2];       /* distributor, CPU area: struct vgic_model */
	const char *gic_regions;   /* of its node: property with the number of CPU areas, or NULL */
	paddr_t kernel_entry;
	struct range ramdisk; /* size 0: none */
	struct range dtb;
	const char *cmdline;
	unsigned vcpus;
};

/*
 * First, before anything else is allocated: keep the memory around kernel and ramdisk for it.
 * Panics when there is no usable kernel.
 */
void dom0_reserve_memory(const struct bootinfo *bi);

/* Build it and leave it ready to be unpaused. Panics with a reason if it cannot be done. */
void dom0_build(const struct bootinfo *bi);

/* dom0 has shut down (SHUTDOWN_*): so does the machine. */
void dom0_ended(uint8_t reason) __noreturn;

/* boot/dom0_devices.c: what of the device tree's addresses dom0 may touch. */
void dom0_find_devices(const struct bootinfo *bi, struct dom0_plan *plan);

/* The areas of dom0's GIC: they lie where the machine has its own, for plan->vcpus vCPUs. */
void dom0_plan_gic(const struct bootinfo *bi, struct dom0_plan *plan);

/*
 * boot/dom0_dt.c: dom0's device tree, from the host's, into buf (size bytes). 0 or a libfdt error.
 */
int dom0_make_dt(const struct bootinfo *bi, const struct dom0_plan *plan, void *buf, size_t size);
/* Is this node, with its registers and all that is in it, left out of what dom0 gets? */
struct fdt_walk;
bool dom0_hides_node(const struct bootinfo *bi, const struct fdt_walk *w);

/* boot/kernel.c: the formats are rows of a table there. */
struct kernel_image {
	unsigned width;     /* of the CPUs that it is for, in bits */
	uint64_t alignment; /* of its place, less text_offset */
	uint64_t text_offset;
	uint64_t image_size; /* memory it needs from its start */
	uint64_t room;       /* from the start of its RAM, what it unpacks itself to */
	uint64_t window; /* its RAM begins within the multiple of this that it is in; 0: anywhere */
	uint64_t reach;  /* from the start of its RAM, to where ramdisk and device tree may be */
};

/* NULL, or why the image cannot be used: a sentence. */
const char *kernel_image_read(const void *data, uint64_t size, struct kernel_image *k);

#endif
