/* SPDX-License-Identifier: ISC */
/* Memory that a guest gives back: it is gone at once, for every vCPU, and comes back clean. */

#include "abi.h"
#include "fdt.h"
#include "gic.h"

const char guest_name[] = "stage2";

#define PAGES 16
static u8 pool[PAGES][PAGE_SIZE] ALIGN_PAGE;
static u8 spare[PAGE_SIZE] ALIGN_PAGE;

static long reserve(unsigned cmd, u64 *frames, u64 count, u32 order, domid_t dom)
{
	struct xen_memory_reservation op = {
		.nr_extents = count, .extent_order = order, .domid = dom};

	op.extent_start = xen_handle_from_ptr(frames);
	return xen_memory_op(cmd, &op);
}

static long remove_page(u64 gpfn)
{
	struct xen_remove_from_physmap op = {.domid = DOMID_SELF, .gpfn = gpfn};

	return xen_memory_op(XENMEM_remove_from_physmap, &op);
}

static long reservation(void)
{
	struct xen_memory_domain op = {.domid = DOMID_SELF};

	return xen_memory_op(XENMEM_current_reservation, &op);
}

static u64 gfn_of(const void *p)
{
	return (u64)p / PAGE_SIZE;
}

static void expect_gone(const void *page)
{
	u64 value, esr = probe_read64((u64)page, &value);

	if (ESR_EC(esr) != EC_DABT_SAME)
		CHECK_FAIL("reading 0x%lx gave 0x%lx (esr 0x%lx), expected an abort", (u64)page,
			   value, esr);
	CHECK_EQ(ESR_EC(probe_write64((u64)page, 1)), EC_DABT_SAME);
}

static void check_decrease(void)
{
	u64 frames[PAGES];
	long before = reservation(), after;

	for (unsigned n = 0; n < PAGES; n++) {
		memset(pool[n], 0x33, PAGE_SIZE);
		frames[n] = gfn_of(pool[n]);
	}
	CHECK_RC(reserve(XENMEM_decrease_reservation, frames, PAGES, 0, DOMID_SELF), PAGES);
	for (unsigned n = 0; n < PAGES; n++)
		expect_gone(pool[n]);
	after = reservation();
	/* a 1:1 domain keeps its machine pages, to get the same ones again */
	if (xen_features(0) & BIT(XENFEAT_direct_mapped))
		CHECK(after == before || after == before - PAGES);
	else
		CHECK_RC(after, before - PAGES);
	CHECK_RC(reserve(XENMEM_populate_physmap, frames, PAGES, 0, DOMID_SELF), PAGES);
	for (unsigned n = 0; n < PAGES; n++) {
		u64 value;

		CHECK_EQ(probe_read64((u64)pool[n], &value), 0);
		/* clean, or what it held before: nobody else's. Stock Xen does not clear one's own.
		 */
		if (value != 0x3333333333333333)
			CHECK_EQ(value, 0);
		CHECK_EQ(probe_write64((u64)pool[n], n), 0);
		CHECK_EQ(*(u64 *)pool[n], n);
	}
	CHECK_RC(reservation(), before);
}

/* Twice: there is nothing to give the second time. The rest of the list is not worked on. */
static void check_decrease_twice(void)
{
	u64 frames[3] = {gfn_of(pool[0]), gfn_of(pool[0]), gfn_of(pool[1])};
	long rc;

	rc = reserve(XENMEM_decrease_reservation, frames, 1, 0, DOMID_SELF);
	CHECK_RC(rc, 1);
	rc = reserve(XENMEM_decrease_reservation, frames, 1, 0, DOMID_SELF);
	CHECK_RC(rc, 0);
	rc = reserve(XENMEM_decrease_reservation, frames + 1, 2, 0, DOMID_SELF);
	CHECK_RC(rc, 0);
	CHECK_EQ(probe_write64((u64)pool[1], 5), 0);
	CHECK_RC(reserve(XENMEM_populate_physmap, frames, 1, 0, DOMID_SELF), 1);
	CHECK_EQ(probe_write64((u64)pool[0], 5), 0);
}

static void check_errors(void)
{
	u64 bad[2] = {1UL << 40, gfn_of(pool[0])};
	u64 frame = gfn_of(pool[2]);
	static const unsigned cmds[] = {XENMEM_decrease_reservation, XENMEM_populate_physmap};

	for (unsigned n = 0; n < 2; n++) {
		CHECK_RC(reserve(cmds[n], &frame, 0, 0, DOMID_SELF), 0);
		CHECK_RC(reserve(cmds[n], bad, 2, 0, DOMID_SELF), 0);
		CHECK_RC(reserve(cmds[n], &frame, 1, 0, 4321), 0); /* none done, not ESRCH */
	}
	/* orders that make no sense: nothing done, whatever the result is called */
	for (u32 order = 20; order < 70; order += 7) {
		CHECK(reserve(XENMEM_decrease_reservation, &frame, 1, order, DOMID_SELF) <= 0);
		CHECK(reserve(XENMEM_populate_physmap, &frame, 1, order, DOMID_SELF) <= 0);
	}
	CHECK(reserve(XENMEM_populate_physmap, &frame, 1, ~0U, DOMID_SELF) <= 0);
	CHECK(reserve(XENMEM_decrease_reservation, &frame, ~0UL, 0, DOMID_SELF) <= 0);
	CHECK(reserve(XENMEM_populate_physmap, &frame, 1UL << 62, 0, DOMID_SELF) <= 0);
	CHECK_EQ(probe_write64((u64)pool[2], 5), 0);
	/* the list itself is not there */
	u64 *none = mmu_map_page(3, 0, MMU_NONE);
	CHECK(reserve(XENMEM_decrease_reservation, none, 1, 0, DOMID_SELF) <= 0);
	CHECK(reserve(XENMEM_populate_physmap, none, 1, 0, DOMID_SELF) <= 0);
	CHECK_EQ(probe_write64((u64)pool[2], 6), 0);
}

static void check_remove(void)
{
	long rc;

	memset(spare, 0x44, PAGE_SIZE);
	CHECK_RC(remove_page(gfn_of(spare)), 0);
	expect_gone(spare);
	rc = remove_page(gfn_of(spare));
	if (rc != -XEN_ENOENT && rc != -XEN_EINVAL)
		CHECK_FAIL("removing what is not there is %ld, expected -2 or -22", rc);
	rc = remove_page(1UL << 40);
	if (rc != -XEN_ENOENT && rc != -XEN_EINVAL)
		CHECK_FAIL("removing frame 2^40 is %ld, expected -2 or -22", rc);
}

/* Another vCPU that reads all the time sees the page, and after the call only aborts. */
static u32 reader_go, reader_gone, reader_after, reader_stop;

static void job_read(struct cpu *cpu, void *arg)
{
	(void)cpu;
	__atomic_store_n(&reader_go, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&reader_stop, __ATOMIC_ACQUIRE)) {
		bool gone = __atomic_load_n(&reader_gone, __ATOMIC_ACQUIRE);
		u64 value;

		if (!probe_read64((u64)arg, &value) && gone)
			__atomic_add_fetch(&reader_after, 1, __ATOMIC_RELAXED);
	}
}

static void check_other_vcpu(void)
{
	if (board.cpu_count < 2)
		return;
	CHECK_RC(smp_start_cpu(1), 0);
	for (unsigned round = 0; round < 50 && !check_failed(); round++) {
		u8 *page = pool[round % PAGES];
		u64 frame = gfn_of(page);

		reader_gone = reader_stop = reader_go = 0;
		smp_run(1, job_read, page);
		CHECK(WAIT_FOR(__atomic_load_n(&reader_go, __ATOMIC_ACQUIRE)));
		CHECK_RC(reserve(XENMEM_decrease_reservation, &frame, 1, 0, DOMID_SELF), 1);
		__atomic_store_n(&reader_gone, 1, __ATOMIC_RELEASE);
		for (unsigned n = 0; n < 20; n++)
			guest_yield();
		__atomic_store_n(&reader_stop, 1, __ATOMIC_RELEASE);
		CHECK(smp_wait(1));
		CHECK_EQ(reader_after, 0);
		CHECK_RC(reserve(XENMEM_populate_physmap, &frame, 1, 0, DOMID_SELF), 1);
		CHECK_EQ(probe_write64((u64)page, 1), 0);
	}
}

/* Cache maintenance by set and way is trapped; a page given back afterwards is gone all the same.
 */
static void check_set_way(void)
{
	u64 frame = gfn_of(pool[3]);

	for (u64 way = 0; way < 4; way++) {
		asm volatile("dc cisw, %0" ::"r"(way << 30) : "memory");
		asm volatile("dc csw, %0" ::"r"(way << 30) : "memory");
		asm volatile("dc isw, %0" ::"r"(way << 30) : "memory");
	}
	CHECK_RC(reserve(XENMEM_decrease_reservation, &frame, 1, 0, DOMID_SELF), 1);
	expect_gone(pool[3]);
	CHECK_RC(reserve(XENMEM_populate_physmap, &frame, 1, 0, DOMID_SELF), 1);
	CHECK_EQ(probe_write64((u64)pool[3], 1), 0);
	/* the guest's own memory is what it was */
	CHECK_EQ(guest_name[0], 's');
}

/* No more than the domain may have, ever. */
static void check_limit(void)
{
	struct xen_memory_domain op = {.domid = DOMID_SELF};
	const long most = xen_memory_op(XENMEM_maximum_reservation, &op);
	u64 frame = (board.ram[board.ram_count - 1].base + board.ram[board.ram_count - 1].size) /
		    PAGE_SIZE;

	for (unsigned n = 0; n < 64; n++, frame++)
		reserve(XENMEM_populate_physmap, &frame, 1, 0, DOMID_SELF);
	CHECK(reservation() <= most);
}

/* An address that stage 2 maps as Device memory, 0: this guest has none. */
static u64 device_address(void)
{
	u32 node = fdt_compatible(board.dtb, "qemu,fw-cfg-mmio");
	struct range range;

	if (node != FDT_NONE && fdt_reg(board.dtb, node, 0, &range))
		return range.base;
	return board.gic_version == 2 ? board.gic[1].base : 0;
}

/*
 * A stage 1 table in a device's registers: the guest's own access aborts, and so does not the
 * hypervisor when it translates a pointer there (HCR_EL2.PTW). Stock Xen 4.17 ends with a panic.
 */
static void check_table_in_device(void)
{
	u64 at = device_address(), va, value;
	unsigned class;

	if (!at || xen_is_stock()) {
		check_note("no device memory, or stock Xen: left out");
		return;
	}
	va = (u64)mmu_map_table(at) + 256 * BLOCK_SIZE; /* where QEMU's device has no register */
	class = ESR_EC(probe_read64(va, &value));
	CHECK_EQ(class, EC_DABT_SAME);
	CHECK_RC(xen_version(XENVER_extraversion, (void *)va), -XEN_EFAULT);
	mmu_map_table(0);
}

static const struct check checks[] = {
	{"decrease", check_decrease},     {"decrease-twice", check_decrease_twice},
	{"errors", check_errors},         {"remove", check_remove},
	{"other-vcpu", check_other_vcpu}, {"limit", check_limit},
	{"set-way", check_set_way},       {"table-in-device", check_table_in_device},
};

void guest_main(void)
{
	gic_init();
	check_run(checks, ARRAY_SIZE(checks));
}
