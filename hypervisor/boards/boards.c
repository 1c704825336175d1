/* SPDX-License-Identifier: ISC */
/* The table of boards. Only what cannot be learned from the device tree is here. */
#include <hyp/board.h>
#include <lib/types.h>
#include <libfdt.h>

static const struct board boards[] = {
	{"linux,dummy-virt", "QEMU virt", QUIRK_GICV2_NO_RETRIGGER},
	{NULL, "any board", 0},
};

const struct board *board_find(const void *fdt)
{
	const struct board *b = boards;

	while (b->compatible && fdt_node_check_compatible(fdt, 0, b->compatible) != 0)
		b++;
	return b;
}
