/* SPDX-License-Identifier: ISC */
/*
 * Boards that need to be treated differently: data, looked up by the device tree's root compatible.
 */
#ifndef HYP_BOARD_H
#define HYP_BOARD_H

/*
 * A guest's deactivation of a hardware-linked interrupt is not seen as a reason to signal it again
 * while its level is still high (QEMU's GICv2 up to at least 7.2: it looks again only at the next
 * event). Such interrupts are then deactivated by us, after a maintenance interrupt.
 */
#define QUIRK_GICV2_NO_RETRIGGER (1 << 0)

struct board {
	const char *compatible;
	const char *name;
	unsigned quirks;
};

/* The row for this device tree; never NULL: the last row is "any board". */
const struct board *board_find(const void *fdt);

#endif
