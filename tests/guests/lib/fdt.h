/* SPDX-License-Identifier: ISC */
/* A read-only view of a flattened device tree, independent of the libfdt that wrote or checked it.
 */
#ifndef GUEST_FDT_H
#define GUEST_FDT_H

#include "guest.h"

/* A node is the offset of its FDT_BEGIN_NODE word in the structure block; FDT_NONE: there is none.
 */
#define FDT_NONE 0xffffffffU

bool fdt_valid(const void *dtb);
u32 fdt_size(const void *dtb);
u32 fdt_root(const void *dtb);
/* The node after this one in document order; *depth is kept up to date (root: 0). */
u32 fdt_next(const void *dtb, u32 node, int *depth);
const char *fdt_name(const void *dtb, u32 node);
u32 fdt_child(const void *dtb, u32 parent, const char *name); /* name with or without @unit */
const void *fdt_property(const void *dtb, u32 node, const char *name, u32 *length);
u32 fdt_compatible(const void *dtb, const char *compatible); /* the first such node */
u32 fdt_u32(const void *dtb, u32 node, const char *name, u32 absent);
/* Entry number index of a big-endian cell list. */
u64 fdt_cells(const void *cells, u32 first, u32 count);
/* reg entry of a child of the root (#address-cells and #size-cells of the root). */
bool fdt_reg(const void *dtb, u32 node, unsigned index, struct range *range);

#endif
