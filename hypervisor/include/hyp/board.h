/* SPDX-License-Identifier: ISC */
/* Quirks of boards: a table, indexed by the compatible string of the device tree's root. */
#ifndef HYP_BOARD_H
#define HYP_BOARD_H

/*
 * The GIC does not signal a hardware-linked interrupt again if its level is still high when the
 * guest deactivates it. QEMU's GICv2 up to at least 7.2 evaluates the level only at the next event.
 * The hypervisor then deactivates such interrupts itself, after a maintenance interrupt.
 */
#define QUIRK_GICV2_NO_RETRIGGER (1 << 0)

struct board {
	const char *compatible;
	const char *name;
	unsigned quirks;
};

/* The table row for this device tree. Never NULL: the last row matches any board. */
const struct board *board_find(const void *fdt);

#endif
