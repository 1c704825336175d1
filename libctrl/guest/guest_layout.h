/* SPDX-License-Identifier: ISC */
/*
 * Where everything lies in a guest's memory (public/arch-arm.h has the banks):
 *
 *	RAM0 0x40000000  kernel: 2 MiB boundary + text_offset (a zImage unpacks itself in its room)
 *	     0x48000000  ramdisk, device tree            if they fit there, else at the bank's top
 *	RAM1 0x200000000 what exceeds 3 GiB
 */
#ifndef LIBCTRL_GUEST_LAYOUT_H
#define LIBCTRL_GUEST_LAYOUT_H

#include <stdint.h>

#include "libctrl.h"

#define GUEST_MAX_BANKS 2

struct guest_range {
	uint64_t base, size; /* bytes */
};

struct guest_layout {
	unsigned int nr_banks;
	struct guest_range bank[GUEST_MAX_BANKS];
	struct guest_range kernel;  /* from the first byte of the image, bss included */
	struct guest_range ramdisk; /* size 0: none */
	struct guest_range dtb;     /* room for it */
};

/* dtb_size: room to set aside. Fails with a sentence when it does not fit. */
int guest_layout_make(struct guest_layout *layout, uint64_t memory_kib,
		      const struct ctrl_image_info *kernel, uint64_t ramdisk_size,
		      uint64_t dtb_size);

#endif /* LIBCTRL_GUEST_LAYOUT_H */
