/* SPDX-License-Identifier: ISC */
/*
 * Device tree look-ups that libfdt leaves to its users: registers through bus translations,
 * interrupts, status.
 */
#ifndef BOOT_FDT_UTIL_H
#define BOOT_FDT_UTIL_H

#include <hyp/types.h>
#include <libfdt.h>

/* Big-endian cells to a number: 1 or 2 cells (more: the last two). */
uint64_t fdt_cells(const fdt32_t *p, int cells);

/*
 * reg entry `index`, translated through the parents' ranges to a CPU address. false: there is none.
 */
bool fdt_reg(const void *fdt, int node, unsigned index, uint64_t *base, uint64_t *size);

/* The same for any address of a bus: `bus` is the node whose children use it. */
bool fdt_translate(const void *fdt, int bus, uint64_t *addr);

/* INTID of the index-th entry of `interrupts`, when the parent is a GIC. false: there is none, or it cannot be. */
bool fdt_irq(const void *fdt, int node, unsigned index, unsigned *intid);

uint32_t fdt_u32(const void *fdt, int node, const char *name, uint32_t otherwise);

/* A string property, NULL: there is none, or it does not end. */
const char *fdt_str(const void *fdt, int node, const char *name);

/* status is absent, "okay" or "ok". */
bool fdt_node_enabled(const void *fdt, int node);

#endif
