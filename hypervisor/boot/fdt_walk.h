/* SPDX-License-Identifier: ISC */
/*
 * One pass over a device tree. It carries along what the meaning of a node depends on, the buses
 * that it is on: libfdt's look-ups of a parent begin at the root each time, which makes them
 * quadratic.
 *
 *	struct fdt_walk w;
 *
 *	for (fdt_walk_start(&w, fdt); fdt_walk_next(&w);)
 *		... w.node, w.depth, w.prop[FDT_REG], fdt_walk_reg(&w, 0, &base, &size) ...
 */
#ifndef BOOT_FDT_WALK_H
#define BOOT_FDT_WALK_H

#include <lib/types.h>
#include <libfdt.h>

/* Nodes that are deeper are left out. */
#define FDT_WALK_DEPTH 16

/* Properties that nearly everybody asks for, found while a node is read. */
enum fdt_known {
	FDT_COMPATIBLE,
	FDT_DEVICE_TYPE,
	FDT_STATUS,
	FDT_REG,
	FDT_RANGES,
	FDT_INTERRUPTS,
	FDT_ADDRESS_CELLS,
	FDT_SIZE_CELLS,
	FDT_NR_KNOWN
};

struct fdt_prop_value {
	const void *data; /* NULL: the node does not have it */
	int len;
};

/* A node as the bus of its children. */
struct fdt_bus {
	int node;
	const char *name;
	int address_cells, size_cells; /* negative: nonsense */
	bool own_cells;                /* not the defaults */
	struct fdt_prop_value ranges;
};

struct fdt_walk {
	const void *fdt;
	int node;  /* its offset */
	int depth; /* 0: the root */
	struct fdt_prop_value prop[FDT_NR_KNOWN];
	struct fdt_bus bus[FDT_WALK_DEPTH]; /* the node, at its depth, and those that it is in */
	int next;                           /* offset of what has not been read */
	int deepest;                        /* what is deeper is not shown */
};

void fdt_walk_start(struct fdt_walk *w, const void *fdt);
/* The next node in the order of the tree. false: there is none. */
bool fdt_walk_next(struct fdt_walk *w);
/* Do not show what is below the node. */
void fdt_walk_skip_children(struct fdt_walk *w);

/* About the node that was shown last. */

/* Is it a child of the top-level node of that name? */
bool fdt_walk_is_in(const struct fdt_walk *w, const char *name);
/* Is it that top-level node? */
bool fdt_walk_is(const struct fdt_walk *w, const char *name);
bool fdt_walk_compatible(const struct fdt_walk *w, const char *compatible);
bool fdt_walk_has_type(const struct fdt_walk *w, const char *device_type);
/* status is absent, "okay" or "ok". */
bool fdt_walk_enabled(const struct fdt_walk *w);

/*
 * Entry `index` of reg, translated through the ranges of the buses to a CPU address. false: there
 * is none.
 */
bool fdt_walk_reg(const struct fdt_walk *w, unsigned index, uint64_t *base, uint64_t *size);
/* The same for any address that children of w->bus[bus] use. */
bool fdt_walk_translate(const struct fdt_walk *w, int bus, uint64_t *addr);
/*
 * INTID of the index-th entry of `interrupts`, when the parent is a GIC. false: there is none, or
 * it cannot be.
 */
bool fdt_walk_irq(const struct fdt_walk *w, unsigned index, unsigned *intid);

/* A property's value as a string. NULL: there is none, or it does not end. */
const char *fdt_value_str(struct fdt_prop_value value);

#endif
