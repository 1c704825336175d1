/* SPDX-License-Identifier: ISC */
/* The guest's physical memory: what the device tree promises is there, and nothing else is. */

#include "abi.h"
#include "fdt.h"

const char guest_name[] = "memmap";

static void check_entry(void)
{
	CHECK_EQ(entry_state.x0, (u64)board.dtb);
	CHECK_EQ(entry_state.x1_to_x3, 0);  /* Linux's boot protocol */
	CHECK_EQ(entry_state.x4_to_x30, 0); /* nothing of another vCPU's */
	CHECK_EQ(entry_state.current_el, 1 << 2);
	CHECK_EQ(entry_state.spsel, 1);
	CHECK_EQ(entry_state.daif & 0x1c0, 0x1c0); /* A, I, F masked */
	CHECK_EQ(entry_state.sctlr & 0x1005, 0);   /* I, C, M off */
	CHECK_EQ((u64)image_start % BLOCK_SIZE, 0);
	CHECK(board_in_ram((u64)image_start));
	CHECK(board_in_ram((u64)board.dtb));
	CHECK_EQ((u64)board.dtb % 8, 0);
}

static void check_hypervisor_node(void)
{
	CHECK(board.has_hypervisor);
	if (strcmp(board.hypervisor_compatible, "xen,xen-4.17"))
		CHECK_FAIL("/hypervisor compatible is \"%s\", expected \"xen,xen-4.17\"",
			   board.hypervisor_compatible);
	CHECK(board.ppi_event >= 16 && board.ppi_event < 32);
	CHECK(board.grants.size >= 64 * PAGE_SIZE);
	CHECK_EQ(board.grants.base % PAGE_SIZE, 0);
	CHECK(!board_in_ram(board.grants.base));
	CHECK(!board_in_ram(board.grants.base + board.grants.size - 1));
}

static void check_nodes(void)
{
	u32 psci = fdt_child(board.dtb, fdt_root(board.dtb), "psci");
	const char *method = fdt_property(board.dtb, psci, "method", NULL);

	CHECK(method && !strcmp(method, "hvc"));
	CHECK(board.cpu_count >= 1);
	CHECK_EQ(board.cpu_mpidr[0], SYSREG_READ(mpidr_el1) & 0xff00ffffffUL);
	CHECK(board.gic_version == 2 || board.gic_version == 3);
	CHECK(board.ppi_phys >= 16 && board.ppi_virt >= 16);
	CHECK(board.ppi_phys != board.ppi_virt && board.ppi_event != board.ppi_virt &&
	      board.ppi_event != board.ppi_phys);
	CHECK(board.ram_count >= 1);
	for (unsigned n = 0; n < board.ram_count; n++) {
		CHECK_EQ(board.ram[n].base % PAGE_SIZE, 0);
		CHECK_EQ(board.ram[n].size % PAGE_SIZE, 0);
		check_note("RAM 0x%lx + 0x%lx", board.ram[n].base, board.ram[n].size);
	}
}

static bool overlaps(u64 page, const void *start, u64 size)
{
	return page + PAGE_SIZE > (u64)start && page < (u64)start + size;
}

/* Calls visit for every page of RAM that holds neither the image nor the device tree. */
static void ram_walk(void (*visit)(u64 page))
{
	for (unsigned n = 0; n < board.ram_count; n++)
		for (u64 off = 0; off < board.ram[n].size && !check_failed(); off += PAGE_SIZE) {
			u64 page = board.ram[n].base + off;

			if (!overlaps(page, image_start, (u64)(image_end - image_start)) &&
			    !overlaps(page, board.dtb, fdt_size(board.dtb)))
				visit(page);
		}
}

static u64 pages_seen, pages_dirty, first_dirty;

static void page_look(u64 page)
{
	const u64 *p = (const u64 *)page;

	pages_seen++;
	for (unsigned n = 0; n < PAGE_SIZE / 8; n++)
		if (p[n]) {
			if (!pages_dirty++)
				first_dirty = (u64)&p[n];
			return;
		}
}

/*
 * A guest must not see what the memory held before. dom0 may: it is given the machine, with the
 * boot modules' copies in it, so it only says what it saw.
 */
static void check_zero(void)
{
	ram_walk(page_look);
	CHECK(pages_seen > 0);
	if (pages_dirty && xen_is_dom0())
		check_note("%lu of %lu pages are not zero, first at 0x%lx", pages_dirty, pages_seen,
			   first_dirty);
	else if (pages_dirty)
		CHECK_FAIL("%lu of %lu pages are not zero; at 0x%lx is 0x%lx", pages_dirty,
			   pages_seen, first_dirty, *(const u64 *)first_dirty);
}

/* A word at each end of every page, all different, so that an alias shows when they are read back.
 */
static void page_write(u64 page)
{
	WRITE_ONCE(*(u64 *)page, page ^ 0x5a5aUL << 48);
	WRITE_ONCE(*(u64 *)(page + PAGE_SIZE - 8), ~page);
}

static void page_verify(u64 page)
{
	u64 first = READ_ONCE(*(u64 *)page);
	u64 last = READ_ONCE(*(u64 *)(page + PAGE_SIZE - 8));

	if (first != (page ^ 0x5a5aUL << 48) || last != ~page)
		CHECK_FAIL("page 0x%lx holds 0x%lx and 0x%lx, expected 0x%lx and 0x%lx", page,
			   first, last, page ^ 0x5a5aUL << 48, ~page);
	WRITE_ONCE(*(u64 *)page, 0);
	WRITE_ONCE(*(u64 *)(page + PAGE_SIZE - 8), 0);
}

static void check_read_write(void)
{
	ram_walk(page_write);
	ram_walk(page_verify);
}

/*
 * Xen 4.17 injects the abort with ISS 0 (no fault status), which the architecture would call an
 * address size fault at level 0; a synchronous external abort, 0x10, is what hardware would report
 * for an address where nothing answers. Both are accepted, and address size faults of stage 1.
 */
static void expect_abort(u64 esr, u64 va, unsigned class)
{
	unsigned status = ESR_DFSC(esr);

	if (!esr) {
		CHECK_FAIL("no abort at 0x%lx", va);
		return;
	}
	CHECK_EQ(ESR_EC(esr), class);
	CHECK_EQ(FIELD(esr, 25, 25), 1); /* IL: a 32-bit instruction */
	CHECK_EQ(cpu_self()->fault.far, va);
	if (status > 3 && status != 0x10)
		CHECK_FAIL("fault status of 0x%lx is 0x%x, expected 0x10 or 0..3", va, status);
}

static void hole_probe(u64 va)
{
	u64 value;

	expect_abort(probe_read8(va + 1, &value), va + 1, EC_DABT_SAME);
	expect_abort(probe_read16(va + 2, &value), va + 2, EC_DABT_SAME);
	expect_abort(probe_read32(va, &value), va, EC_DABT_SAME);
	expect_abort(probe_read64(va, &value), va, EC_DABT_SAME);
	expect_abort(probe_write8(va + 3, 1), va + 3, EC_DABT_SAME);
	expect_abort(probe_write32(va, 1), va, EC_DABT_SAME);
	expect_abort(probe_write64(va + 8, 1), va + 8, EC_DABT_SAME);
}

/* Behind each bank, unless the next one begins there. */
static void check_holes(void)
{
	for (unsigned n = 0; n < board.ram_count; n++) {
		u64 end = board.ram[n].base + board.ram[n].size;

		if (!board_in_ram(end))
			hole_probe(end);
	}
	hole_probe(board.grants.base); /* nothing there before it is asked for */
	hole_probe(0x7ffff00000UL - (1UL << 30));
}

/* The same through Normal memory, and an instruction fetch. */
static void check_hole_cached(void)
{
	u64 hole = board.ram[board.ram_count - 1].base + board.ram[board.ram_count - 1].size;
	u64 va, x0 = 0;

	if (board_in_ram(hole))
		return;
	va = (u64)mmu_map_page(0, hole, MMU_NORMAL);
	hole_probe(va);
	expect_abort(probe_call(va, &x0), va, EC_IABT_SAME);
	mmu_map_page(0, 0, MMU_NONE);
}

/* Beyond what stage 2 translates at all. */
static void check_far_out(void)
{
	for (unsigned bit = 40; bit < 48; bit++) {
		u64 va = (u64)mmu_map_page(1, (u64)image_start + BIT(bit), MMU_NORMAL), value;

		expect_abort(probe_read64(va, &value), va, EC_DABT_SAME);
	}
	mmu_map_page(1, 0, MMU_NONE);
}

/* After a fault the vCPU goes on as if nothing had been. */
static void check_fault_storm(void)
{
	u64 hole = board.ram[board.ram_count - 1].base + board.ram[board.ram_count - 1].size;
	u64 value = 0x1234;

	for (unsigned n = 0; n < 1000 && !check_failed(); n++)
		expect_abort(probe_read64(hole + n * 8, &value), hole + n * 8, EC_DABT_SAME);
	CHECK_EQ(probe_read64((u64)&pages_seen, &value), 0);
	CHECK_EQ(value, pages_seen);
}

static u64 off_word ALIGN_PAGE, off_seen;

static void off_read(void *arg)
{
	(void)arg;
	off_seen = READ_ONCE(off_word);
	WRITE_ONCE(off_word, 0x0ff0ff0ff0ff0ff0);
}

/* Memory written through the cache and cleaned is seen with caches off, and the other way round. */
static void check_mmu_off(void)
{
	WRITE_ONCE(off_word, 0x600df00d600df00d);
	mmu_call_off(off_read, NULL);
	CHECK_EQ(off_seen, 0x600df00d600df00d);
	CHECK_EQ(READ_ONCE(off_word), 0x0ff0ff0ff0ff0ff0);
}

static const struct check checks[] = {
	{"entry", check_entry},
	{"hypervisor-node", check_hypervisor_node},
	{"device-tree", check_nodes},
	{"ram-zero", check_zero},
	{"ram-read-write", check_read_write},
	{"holes", check_holes},
	{"hole-cached", check_hole_cached},
	{"beyond-ipa", check_far_out},
	{"fault-storm", check_fault_storm},
	{"mmu-off", check_mmu_off},
};

void guest_main(void)
{
	check_run(checks, ARRAY_SIZE(checks));
}
