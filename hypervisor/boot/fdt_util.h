/* SPDX-License-Identifier: ISC */
/* Device tree properties as numbers and strings, checked. */
#ifndef BOOT_FDT_UTIL_H
#define BOOT_FDT_UTIL_H

#include <lib/types.h>
#include <libfdt.h>

/* Big-endian cells to a number: 1 or 2 cells (more: the last two). */
uint64_t fdt_cells(const fdt32_t *p, int cells);

uint32_t fdt_u32(const void *fdt, int node, const char *name, uint32_t otherwise);

/* A string property, NULL: there is none, or it does not end. */
const char *fdt_str(const void *fdt, int node, const char *name);

#endif
