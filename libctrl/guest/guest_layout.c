/* SPDX-License-Identifier: ISC */
/* Decides where kernel, ramdisk and device tree lie in a guest's memory. */
#include <errno.h>
#include <inttypes.h>

#include <public/arch-arm.h>

#include "guest_layout.h"
#include "../internal.h"

/* Far enough behind the kernel for Linux to grow there, and below 512 MiB as arm64 once wanted. */
#define MODULES_OFFSET (128ull << 20)

static uint64_t page_up(uint64_t v)
{
	return (v + CTRL_PAGE_SIZE - 1) & ~(uint64_t)(CTRL_PAGE_SIZE - 1);
}

static void fill_banks(struct guest_layout *layout, uint64_t memory)
{
	static const struct guest_range banks[GUEST_MAX_BANKS] = {
		{GUEST_RAM0_BASE, GUEST_RAM0_SIZE},
		{GUEST_RAM1_BASE, GUEST_RAM1_SIZE},
	};

	for (size_t i = 0; i < GUEST_MAX_BANKS && memory; i++) {
		uint64_t size = memory < banks[i].size ? memory : banks[i].size;

		layout->bank[layout->nr_banks++] =
			(struct guest_range){.base = banks[i].base, .size = size};
		memory -= size;
	}
}

static int fail_too_small(uint64_t memory_kib, uint64_t needed)
{
	return ctrl_fail(-ENOSPC,
			 "the guest's memory of %" PRIu64 " KiB is too small: kernel, ramdisk and "
			 "device tree alone take %" PRIu64 " KiB; give more (memory=)",
			 memory_kib, needed >> 10);
}

/*
 * What a 32-bit kernel reaches before it has page tables for all of its memory (lowmem: 760 MiB
 * with 3 GiB for programs), with some to spare.
 */
#define REACH_32 (704ull << 20)

static int check_reach(const struct guest_layout *layout)
{
	uint64_t end = layout->dtb.base + layout->dtb.size;

	if (end - GUEST_RAM0_BASE <= REACH_32)
		return 0;
	return ctrl_fail(-E2BIG,
			 "the ramdisk of %" PRIu64
			 " KiB is too big for a 32-bit guest, whose kernel "
			 "reaches %llu MiB at its start; give a smaller one",
			 layout->ramdisk.size >> 10, REACH_32 >> 20);
}

/* Ramdisk and device tree, one after the other, from base on. */
static void place_modules(struct guest_layout *layout, uint64_t base, uint64_t ramdisk_size,
			  uint64_t dtb_size)
{
	layout->ramdisk = (struct guest_range){ramdisk_size ? base : 0, ramdisk_size};
	layout->dtb = (struct guest_range){base + page_up(ramdisk_size), dtb_size};
}

int guest_layout_make(struct guest_layout *layout, uint64_t memory_kib,
		      const struct ctrl_image_info *kernel, uint64_t ramdisk_size,
		      uint64_t dtb_size)
{
	uint64_t modules = page_up(ramdisk_size) + page_up(dtb_size);
	uint64_t needed = kernel->text_offset + page_up(kernel->image_size) + modules;
	uint64_t kernel_end, bank_end;

	*layout = (struct guest_layout){0};
	if (memory_kib > GUEST_RAM_MAX >> 10 || memory_kib % 4)
		return ctrl_fail(-EINVAL,
				 "a guest cannot have %" PRIu64 " KiB of memory: give a multiple "
				 "of 4 KiB, at most %llu GiB",
				 memory_kib, GUEST_RAM_MAX >> 30);
	/* No overflow: image_size was limited when the header was read, the others are file sizes.
	 */
	if (ramdisk_size > GUEST_RAM0_SIZE || needed > memory_kib << 10 || needed > GUEST_RAM0_SIZE)
		return fail_too_small(memory_kib, needed);
	fill_banks(layout, memory_kib << 10);
	bank_end = layout->bank[0].base + layout->bank[0].size;
	layout->kernel =
		(struct guest_range){GUEST_RAM0_BASE + kernel->text_offset, kernel->image_size};
	kernel_end = page_up(layout->kernel.base + layout->kernel.size);
	if (kernel_end <= GUEST_RAM0_BASE + MODULES_OFFSET &&
	    GUEST_RAM0_BASE + MODULES_OFFSET + modules <= bank_end)
		place_modules(layout, GUEST_RAM0_BASE + MODULES_OFFSET, ramdisk_size, dtb_size);
	else
		place_modules(layout, bank_end - modules, ramdisk_size, dtb_size);
	return kernel->width == 32 ? check_reach(layout) : 0;
}
