/* SPDX-License-Identifier: ISC */
/* Building dom0: memory, devices, device tree, kernel. */
#ifndef HYP_DOM0_H
#define HYP_DOM0_H

#include <hyp/bootinfo.h>

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
	struct range redist;       /* GICv3: as many redistributors as vCPUs */
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

/* boot/dom0_devices.c: what of the device tree's addresses dom0 may touch. */
void dom0_find_devices(const struct bootinfo *bi, struct dom0_plan *plan);

/*
 * boot/dom0_dt.c: dom0's device tree, from the host's, into buf (size bytes). 0 or a libfdt error.
 */
int dom0_make_dt(const struct bootinfo *bi, const struct dom0_plan *plan, void *buf, size_t size);
/* Is this node, with its registers and all that is in it, left out of what dom0 gets? */
struct fdt_walk;
bool dom0_hides_node(const struct bootinfo *bi, const struct fdt_walk *w);

/* boot/kernel.c: an arm64 Image. */
struct kernel_image {
	uint64_t text_offset;
	uint64_t image_size; /* memory it needs from its start */
};

/* NULL, or why it is none: a sentence. */
const char *kernel_image_read(const void *data, uint64_t size, struct kernel_image *k);

#endif
