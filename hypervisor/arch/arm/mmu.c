/* SPDX-License-Identifier: ISC */
/*
 * The hypervisor's own address space: windows on RAM and devices, stacks. The image itself and the
 * boot CPU's stack are mapped by head.S. Where things are is in asm/layout.h.
 */
#include <arm/mair.h>
#include <arm/pt.h>
#include <arm/width.h>
#include <asm/cache.h>
#include <asm/mmu.h>
#include <asm/tlb.h>
#include <hyp/arch_mmu.h>
#include <hyp/cpu.h>
#include <lib/lib.h>
#include <mem/page.h>

static paddr_t image_pa; /* of the image's start */

/* Tables that are used up before the page allocator is asked for more, seen at HYP_VA_TABLES. */
static struct {
	paddr_t start, next, end;
} first_tables;

static struct spinlock mmu_lock = SPINLOCK_INIT(RANK_MMU);

paddr_t virt_to_phys(const void *va)
{
	uintptr_t a = (uintptr_t)va;

	return a - HYP_VA_IMAGE < (uintptr_t)(_end - _start) ? a - HYP_VA_IMAGE + image_pa
							     : a - HYP_VA_RAM;
}

static bool in_image(paddr_t pa)
{
	return pa - image_pa < (paddr_t)(_end - _start);
}

static bool in_first_tables(paddr_t pa)
{
	return pa - first_tables.start < first_tables.end - first_tables.start;
}

static void *table_virt(paddr_t pa)
{
	if (in_image(pa))
		return (void *)(uintptr_t)(pa - image_pa + HYP_VA_IMAGE);
	if (in_first_tables(pa))
		return (void *)(uintptr_t)(pa - first_tables.start + HYP_VA_TABLES);
	return phys_to_virt(pa);
}

static paddr_t table_alloc(struct pt *pt __unused)
{
	paddr_t first = first_tables.next;
	void *table;

	if (first < first_tables.end) {
		first_tables.next += PAGE_SIZE;
		clear_page(table_virt(first));
		return first;
	}
	table = hyp_pages_alloc(0);
	return table ? virt_to_phys(table) : PT_NO_TABLE;
}

static void table_free(struct pt *pt __unused, paddr_t table)
{
	if (!in_image(table) && !in_first_tables(table))
		hyp_pages_free(phys_to_virt(table), 0);
}

static uint64_t *table_map(struct pt *pt __unused, paddr_t table)
{
	return table_virt(table);
}

static void table_publish(struct pt *pt __unused)
{
	tlb_publish();
}

static void flush_leaf(struct pt *pt __unused, uint64_t va)
{
	tlb_flush_hyp_page(va);
}

static void flush_all(struct pt *pt __unused)
{
	tlb_flush_hyp_all();
}

static const struct pt_ops hyp_pt_ops = {
	.alloc_table = table_alloc,
	.free_table = table_free,
	.map_table = table_map,
	.publish = table_publish,
	.flush_leaf = flush_leaf,
	.flush_all = flush_all,
};

static struct pt hyp_pt = {
	.ops = &hyp_pt_ops,
	.start_level = HYP_START_LEVEL,
	.ia_bits = HYP_VA_BITS,
};

#define ATTR_COMMON (PT_AF | PT_S1_AP1 | PT_S1_XN)
#define ATTR_RAM    (ATTR_COMMON | PT_SH_INNER | PT_S1_ATTR(MAIR_NORMAL))
#define ATTR_NC     (ATTR_COMMON | PT_SH_INNER | PT_S1_ATTR(MAIR_NC))
#define ATTR_TEXT   (PT_AF | PT_S1_AP1 | PT_S1_RO | PT_SH_INNER | PT_S1_ATTR(MAIR_NORMAL))
#define ATTR_DEVICE (ATTR_COMMON | PT_SH_INNER | PT_S1_ATTR(MAIR_DEVICE))

static void map(uintptr_t va, paddr_t pa, uint64_t size, uint64_t attr)
{
	int err;

	if (!size)
		return;
	spin_lock(&mmu_lock);
	err = pt_map(&hyp_pt, va, pa, size, attr);
	spin_unlock(&mmu_lock);
	if (err)
		panic("cannot map %llx-%llx for the hypervisor (%d)", (unsigned long long)pa,
		      (unsigned long long)(pa + size), err);
}

void mmu_init_boot_cpu(paddr_t image)
{
	image_pa = image;
	hyp_pt.root = virt_to_phys(hyp_root);
}

static void unmap(uintptr_t va, uint64_t size)
{
	int err;

	spin_lock(&mmu_lock);
	err = pt_unmap(&hyp_pt, va, size);
	spin_unlock(&mmu_lock);
	if (err)
		panic("cannot unmap %llx of the hypervisor's addresses (%d)",
		      (unsigned long long)va, err);
}

void mmu_add_first_tables(paddr_t start, uint64_t size)
{
	ASSERT(size <= HYP_VA_BOOT_STACK - HYP_VA_TABLES);
	map(HYP_VA_TABLES, start, size, ATTR_RAM);
	first_tables.start = first_tables.next = start;
	first_tables.end = start + size;
}

/*
 * All of a bank; what is text or constant in the image is read-only here too, so that no alias can
 * change it.
 */
void mmu_map_ram(paddr_t start, paddr_t end)
{
	paddr_t ro_end = image_pa + (paddr_t)(_erodata - _start);

	start = ALIGN_UP(start, PAGE_SIZE);
	end = ALIGN_DOWN(end, PAGE_SIZE);
	if (start > image_pa || end < ro_end) {
		map((uintptr_t)(HYP_VA_RAM + start), start, end - start, ATTR_RAM);
		return;
	}
	map((uintptr_t)(HYP_VA_RAM + start), start, image_pa - start, ATTR_RAM);
	map((uintptr_t)(HYP_VA_RAM + image_pa), image_pa, ro_end - image_pa, ATTR_RAM | PT_S1_RO);
	map((uintptr_t)(HYP_VA_RAM + ro_end), ro_end, end - ro_end, ATTR_RAM);
}

/*
 * The cacheable mapping goes for good and its lines are written back and dropped, so that no alias
 * with other attributes is left (Arm ARM B2.8.1).
 */
void *mmu_map_noncacheable(paddr_t start, uint64_t size)
{
	uintptr_t va = (uintptr_t)(HYP_VA_RAM + start);

	cache_clean_invalidate_poc((void *)va, size);
	unmap(va, size);
	map(va, start, size, ATTR_NC);
	return (void *)va;
}

void *mmu_map_device(paddr_t pa, uint64_t size)
{
	paddr_t start = ALIGN_DOWN(pa, PAGE_SIZE), end = ALIGN_UP(pa + size, PAGE_SIZE);
	struct pt_leaf leaf;

	for (; start < end; start += PAGE_SIZE)
		if (!pt_lookup(&hyp_pt, HYP_VA_DEVICE + start, &leaf))
			map((uintptr_t)(HYP_VA_DEVICE + start), start, PAGE_SIZE, ATTR_DEVICE);
	return device_virt(pa);
}

/* In blocks, as the boot protocol says one may: they need no tables. */
const void *mmu_map_tree(paddr_t pa, uint64_t size)
{
	paddr_t first = ALIGN_DOWN(pa, BLOCK_SIZE);
	struct pt_leaf leaf;

	for (paddr_t at = first; at < pa + size; at += BLOCK_SIZE)
		if (!pt_lookup(&hyp_pt, HYP_VA_TREE + (at - first), &leaf))
			map((uintptr_t)(HYP_VA_TREE + (at - first)), at, BLOCK_SIZE,
			    ATTR_RAM | PT_S1_RO);
	return (const void *)(uintptr_t)(HYP_VA_TREE + (pa - first));
}

void mmu_unmap_tree(void)
{
	unmap(HYP_VA_TREE, 2 * BLOCK_SIZE);
}

static uint64_t head_size(void)
{
	return ALIGN_UP((uint64_t)(_ehead - _start), PAGE_SIZE);
}

/* Where RAM is mapped at its physical address, this replaces a piece of that. */
void mmu_map_identity(void)
{
	if (HYP_VA_RAM == 0)
		unmap((uintptr_t)image_pa, head_size());
	map((uintptr_t)image_pa, image_pa, head_size(), ATTR_TEXT);
}

void mmu_unmap_identity(void)
{
	unmap((uintptr_t)image_pa, head_size());
	if (HYP_VA_RAM == 0)
		map((uintptr_t)image_pa, image_pa, head_size(), ATTR_RAM | PT_S1_RO);
}

void *mmu_alloc_stack(unsigned nth)
{
	uintptr_t area = HYP_VA_STACKS + (uintptr_t)nth * STACK_STRIDE;

	/* The lowest page of the area stays unmapped: an overflow faults instead of spreading. */
	for (uintptr_t at = GUARD_SIZE; at < STACK_SIZE; at += PAGE_SIZE) {
		void *page = hyp_pages_alloc(0);

		if (!page)
			return NULL;
		map(area + at, virt_to_phys(page), PAGE_SIZE, ATTR_RAM);
	}
	return (void *)(area + STACK_SIZE - CPU_AREA);
}
