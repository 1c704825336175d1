/* SPDX-License-Identifier: ISC */
/*
 * Stage 1 of a test guest: an identity map of 512 GiB with RAM as Normal memory and everything else
 * as Device, and a window of 512 single pages for checks that need a page mapped in a certain way.
 *
 *   level 1 (1 GiB each)   device blocks, or a level 2 table where RAM or something shared is
 *   level 2 (2 MiB each)   device or normal blocks
 *   last GiB               the window: its first 2 MiB is a level 3 table
 */

#include "guest.h"

#define ENTRIES     512
#define GIB         (1UL << 30)
#define LEVEL2_POOL 12
#define WINDOW      (511 * GIB)
#define FOREIGN     (3 * GIB) /* mmu_map_table(): neither RAM nor a device in any machine here */

/* Arm ARM D8.3: descriptors. AF set, SH inner for Normal, AP RW or RO at EL1, UXN for all. */
#define DESC_TABLE 3UL
#define DESC_BLOCK 1UL
#define DESC_PAGE  3UL
#define DESC_AF    (1UL << 10)
#define DESC_INNER (3UL << 8)
#define DESC_RO    (2UL << 6)
#define DESC_PXN   (1UL << 53)
#define DESC_UXN   (1UL << 54)
#define DESC_ADDR  0x0000fffffffff000UL
#define ATTR(n)    ((u64)(n) << 2)

static u64 early_level1[ENTRIES] ALIGN_PAGE;
static u64 level1[ENTRIES] ALIGN_PAGE;
static u64 level2[LEVEL2_POOL][ENTRIES] ALIGN_PAGE;
static u64 window_level3[ENTRIES] ALIGN_PAGE;
static unsigned level2_used;
u64 mmu_final_table;

static u64 kind_bits(enum mmu_kind kind)
{
	switch (kind) {
	case MMU_NORMAL:
		return DESC_AF | DESC_INNER | DESC_UXN | ATTR(1);
	case MMU_NORMAL_RO:
		return DESC_AF | DESC_INNER | DESC_UXN | ATTR(1) | DESC_RO;
	case MMU_UNCACHED:
		return DESC_AF | DESC_INNER | DESC_UXN | ATTR(2);
	default:
		return DESC_AF | DESC_UXN | DESC_PXN | ATTR(0);
	}
}

/* Runs with the MMU off. The GiB of the image and of the device tree must be Normal, nothing else.
 */
u64 mmu_build_early(u64 dtb, u64 image)
{
	for (u64 n = 0; n < ENTRIES; n++) {
		bool normal = n == dtb / GIB || n == image / GIB;

		early_level1[n] =
			n * GIB | DESC_BLOCK | kind_bits(normal ? MMU_NORMAL : MMU_DEVICE);
	}
	DSB();
	return (u64)early_level1;
}

void cache_clean_invalidate(const void *start, size_t size)
{
	for (u64 p = (u64)start & ~(CACHE_LINE - 1UL); p < (u64)start + size; p += CACHE_LINE)
		asm volatile("dc civac, %0" ::"r"(p) : "memory");
	DSB();
}

/* Break before make (Arm ARM D8.14.1), then wait until the new entry is seen. */
static void entry_set(u64 *entry, u64 value)
{
	WRITE_ONCE(*entry, 0);
	asm volatile("dsb ishst; tlbi vmalle1is; dsb ish; isb" ::: "memory");
	WRITE_ONCE(*entry, value);
	asm volatile("dsb ishst; isb" ::: "memory");
}

static u64 *level2_of(u64 address)
{
	u64 *entry = &level1[address / GIB];
	u64 *table;

	if ((*entry & 3) == DESC_TABLE)
		return (u64 *)(*entry & DESC_ADDR);
	if (level2_used == LEVEL2_POOL)
		return NULL;
	table = level2[level2_used++];
	for (u64 n = 0; n < ENTRIES; n++)
		table[n] = (address & ~(GIB - 1)) | n * BLOCK_SIZE | DESC_BLOCK |
			   kind_bits(MMU_DEVICE);
	entry_set(entry, (u64)table | DESC_TABLE);
	return table;
}

void mmu_map_blocks(u64 address, u64 size, enum mmu_kind kind)
{
	u64 end = address + size;

	for (address &= ~(BLOCK_SIZE - 1); address < end; address += BLOCK_SIZE) {
		u64 *table = address < WINDOW ? level2_of(address) : NULL;
		u64 *entry = table ? &table[address / BLOCK_SIZE % ENTRIES] : NULL;
		u64 want = address | DESC_BLOCK | kind_bits(kind);

		if (entry && *entry != want)
			entry_set(entry, want);
	}
}

void *mmu_map_page(unsigned slot, u64 ipa, enum mmu_kind kind)
{
	u64 value = kind == MMU_NONE ? 0 : (ipa & DESC_ADDR) | DESC_PAGE | kind_bits(kind);

	entry_set(&window_level3[slot], value);
	return (void *)(WINDOW + slot * PAGE_SIZE + (ipa & (PAGE_SIZE - 1)));
}

void *mmu_map_table(u64 table)
{
	entry_set(&level1[FOREIGN / GIB], table ? (table & DESC_ADDR) | DESC_TABLE : 0);
	return (void *)FOREIGN;
}

void mmu_init(void)
{
	u64 *window = level2[level2_used++];

	for (u64 n = 0; n < ENTRIES; n++)
		level1[n] = n * GIB | DESC_BLOCK | kind_bits(MMU_DEVICE);
	window[0] = (u64)window_level3 | DESC_TABLE;
	level1[WINDOW / GIB] = (u64)window | DESC_TABLE;
	for (unsigned n = 0; n < board.ram_count; n++)
		mmu_map_blocks(board.ram[n].base, board.ram[n].size, MMU_NORMAL);
	mmu_map_blocks((u64)board.dtb, BLOCK_SIZE, MMU_NORMAL);

	/*
	 * Not in one step: some addresses change their memory type between the two tables, and
	 * that needs a moment without either (the MMU off).
	 */
	mmu_final_table = (u64)level1;
	cache_clean_invalidate(image_start, (size_t)(image_end - image_start));
	mmu_disable();
	mmu_enable(mmu_final_table);
}

/* fn must not print: the console's lock and ring want coherent memory. */
void mmu_call_off(void (*fn)(void *arg), void *arg)
{
	u64 daif = SYSREG_READ(daif);

	IRQ_OFF();
	cache_clean_invalidate(image_start, (size_t)(image_end - image_start));
	mmu_disable();
	fn(arg);
	mmu_enable(mmu_final_table);
	SYSREG_WRITE(daif, daif);
}
