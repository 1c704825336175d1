/* SPDX-License-Identifier: ISC */
/*
 * The break-before-make checker (Arm ARM D8.14.1).
 *
 * Every descriptor that goes from valid to invalid is remembered, with its old value, until an
 * invalidation covers it: as long as a TLB may still hold it, the entry must not become valid with
 * another meaning, the table that it led to must not be used for anything else, and neither may the
 * table that it is in.
 */
#include <arm/pt.h>
#include <asm/pt_entry.h>
#include <asm/tlb.h>
#include <host/host.h>
#include <mem/page.h>

#define MAX_STALE 65536

static struct stale {
	uint64_t *entry;
	uint64_t old;
} stale[MAX_STALE];
static unsigned nr_stale;

struct host_tlb_counts host_tlb_counts;

static struct stale *stale_find(const uint64_t *entry)
{
	for (unsigned i = 0; i < nr_stale; i++)
		if (stale[i].entry == entry)
			return &stale[i];
	return NULL;
}

static void stale_drop(const uint64_t *entry)
{
	struct stale *s = stale_find(entry);

	if (s)
		*s = stale[--nr_stale];
}

static bool means_other(uint64_t a, uint64_t b)
{
	return (a ^ b) & ~PT_SW_MASK;
}

void host_pt_write(uint64_t *entry, uint64_t desc)
{
	const struct stale *s = nr_stale ? stale_find(entry) : NULL;
	uint64_t old = *entry;

	host_tlb_counts.writes++;
	if (pt_is_valid(old) && pt_is_valid(desc) && means_other(old, desc))
		host_fail("break-before-make: %llx -> %llx without a break",
			  (unsigned long long)old, (unsigned long long)desc);
	if (s && pt_is_valid(desc) && means_other(s->old, desc))
		host_fail("break-before-make: %llx -> 0 -> %llx without an invalidation",
			  (unsigned long long)s->old, (unsigned long long)desc);
	if (pt_is_valid(old) && !pt_is_valid(desc)) {
		if (nr_stale == MAX_STALE)
			host_fail("too many entries without invalidation");
		stale[nr_stale++] = (struct stale){entry, old};
	}
	*entry = desc;
}

/*
 * Follow ia through what is there now and what was there before, forgetting all entries on the way.
 */
static void flush_from(paddr_t table, unsigned level, uint64_t ia)
{
	uint64_t *window = map_page(pa_to_mfn(table));
	uint64_t *entry = &window[ia >> pt_level_shift(level) & (PT_ENTRIES - 1)];
	struct stale *s = stale_find(entry);
	uint64_t old = s ? s->old : 0, now = *entry;

	stale_drop(entry);
	unmap_page(window);
	if (pt_is_table(old, level))
		flush_from(pt_address(old), level + 1, ia);
	if (pt_is_table(now, level))
		flush_from(pt_address(now), level + 1, ia);
}

void host_tlb_flush_leaf(struct pt *pt, uint64_t ia)
{
	paddr_t page = pt->root + (ia >> (pt_level_shift(pt->start_level) + 9) << PAGE_SHIFT);

	host_tlb_counts.flush_leaf++;
	flush_from(page, pt->start_level, ia);
}

void host_tlb_flush_all(void)
{
	host_tlb_counts.flush_all++;
	nr_stale = 0;
}

unsigned host_tlb_stale(void)
{
	return nr_stale;
}

void host_tlb_check_free_table(const uint64_t *table)
{
	paddr_t pa = mfn_to_pa(hyp_va_to_mfn(table));

	for (unsigned i = 0; i < nr_stale; i++) {
		if (stale[i].entry >= table && stale[i].entry < table + PT_ENTRIES)
			host_fail("a table is freed with entries that TLBs may hold");
		if (pt_address(stale[i].old) == pa)
			host_fail("a table is freed that TLBs may still know the way to");
	}
}

void tlb_publish(void)
{
	host_tlb_counts.publish++;
}
