/* SPDX-License-Identifier: ISC */
/* Grant tables, version 1: size, frames, mapping, copying, and the status of everything refused. */

#include "events.h"
#include "gic.h"

const char guest_name[] = "grant";

#define REF_FIRST 16 /* the toolstack and Linux keep the first few */

static domid_t self;
static struct grant_entry_v1 *table;
static u8 shared_page[PAGE_SIZE] ALIGN_PAGE; /* what is granted */
static u8 mapped_page[PAGE_SIZE] ALIGN_PAGE; /* where it is mapped: its own page is lost */
static u8 other_page[PAGE_SIZE] ALIGN_PAGE;

static u64 gfn_of(const void *p)
{
	return (u64)p / PAGE_SIZE;
}

static void grant(u32 ref, domid_t dom, const void *page, u16 flags)
{
	table[ref].frame = (u32)gfn_of(page);
	table[ref].domid = dom;
	/* partner: the hypervisor reads flags, then domid and frame */
	__atomic_store_n(&table[ref].flags, flags, __ATOMIC_RELEASE);
}

static void check_query(void)
{
	struct gnttab_query_size q = {.dom = DOMID_SELF, .status = 99};

	CHECK_RC(xen_grant_op(GNTTABOP_query_size, &q, 1), 0);
	CHECK_RC(q.status, GNTST_okay);
	CHECK(q.nr_frames >= 1 && q.nr_frames <= q.max_nr_frames);
	check_note("%u of %u frames", q.nr_frames, q.max_nr_frames);
	if (xen_is_dom0())
		CHECK_EQ(q.max_nr_frames, 64);
	q = (struct gnttab_query_size){.dom = self, .status = 99};
	CHECK_RC(xen_grant_op(GNTTABOP_query_size, &q, 1), 0);
	CHECK_RC(q.status, GNTST_okay);
	q = (struct gnttab_query_size){.dom = 4321, .status = 99};
	CHECK_RC(xen_grant_op(GNTTABOP_query_size, &q, 1), 0);
	CHECK_RC(q.status, GNTST_bad_domain);
	CHECK_RC(xen_grant_op(GNTTABOP_query_size, &q, 2), -XEN_EINVAL);
}

static void check_version(void)
{
	struct gnttab_get_version get = {.dom = DOMID_SELF};
	struct gnttab_set_version set = {.version = 1};

	CHECK_RC(xen_grant_op(GNTTABOP_get_version, &get, 1), 0);
	CHECK_EQ(get.version, 1);
	CHECK_RC(xen_grant_op(GNTTABOP_set_version, &set, 1), 0);
	CHECK_EQ(set.version, 1);
	set.version = 2;
	CHECK_RC(xen_grant_op(GNTTABOP_set_version, &set, 1), -XEN_ENOSYS);
	set.version = 3;
	CHECK_RC(xen_grant_op(GNTTABOP_set_version, &set, 1), -XEN_EINVAL);
	set.version = 0;
	CHECK_RC(xen_grant_op(GNTTABOP_set_version, &set, 1), -XEN_EINVAL);
	get.dom = 4321;
	CHECK_RC(xen_grant_op(GNTTABOP_get_version, &get, 1), -XEN_ESRCH);
}

/* The way Linux maps its table: frame by frame into the region that the device tree names. */
static void check_map_table(void)
{
	const u64 gpfn = board.grants.base / PAGE_SIZE;

	CHECK_RC(xen_add_to_physmap(XENMAPSPACE_grant_table, 1, gpfn + 1), 0);
	CHECK_RC(xen_add_to_physmap(XENMAPSPACE_grant_table, 0, gpfn), 0);
	mmu_map_blocks(board.grants.base, 2 * PAGE_SIZE, MMU_NORMAL);
	table = (struct grant_entry_v1 *)board.grants.base;
	for (u32 ref = REF_FIRST; ref < 1024; ref++)
		if (table[ref].flags || table[ref].frame || table[ref].domid)
			CHECK_FAIL("entry %u is not zero", ref);
	/* a frame has one place at a time */
	CHECK_RC(xen_add_to_physmap(XENMAPSPACE_grant_table, 1, gpfn + 2), -XEN_EBUSY);
	table[512].frame = 0x77;
	CHECK_EQ(table[512].frame, 0x77);
	table[512].frame = 0;
}

static void check_setup_table(void)
{
	u64 frames[4] = {~0UL, ~0UL, ~0UL, ~0UL};
	struct gnttab_setup_table op = {.dom = DOMID_SELF, .nr_frames = 2, .status = 99};

	op.frame_list = xen_handle_from_ptr(frames);
	CHECK_RC(xen_grant_op(GNTTABOP_setup_table, &op, 1), 0);
	CHECK_RC(op.status, GNTST_okay);
	CHECK_EQ(frames[0], board.grants.base / PAGE_SIZE);
	CHECK_EQ(frames[1], board.grants.base / PAGE_SIZE + 1);
	CHECK_EQ(frames[2], ~0UL);
	op.nr_frames = 100000;
	CHECK_RC(xen_grant_op(GNTTABOP_setup_table, &op, 1), 0);
	CHECK_RC(op.status, GNTST_general_error);
	op.nr_frames = 1;
	op.dom = 4321;
	CHECK_RC(xen_grant_op(GNTTABOP_setup_table, &op, 1), 0);
	CHECK_RC(op.status, GNTST_bad_domain);
}

static struct gnttab_map_grant_ref map_op(u32 ref, domid_t dom, u32 flags)
{
	struct gnttab_map_grant_ref op = {.host_addr = (u64)mapped_page,
					  .flags = flags,
					  .ref = ref,
					  .dom = dom,
					  .status = 99,
					  .handle = 0x5a5a};

	CHECK_RC(xen_grant_op(GNTTABOP_map_grant_ref, &op, 1), 0);
	return op;
}

static int unmap_status(u64 host, u64 dev, u32 handle)
{
	struct gnttab_unmap_grant_ref op = {
		.host_addr = host, .dev_bus_addr = dev, .handle = handle, .status = 99};

	CHECK_RC(xen_grant_op(GNTTABOP_unmap_grant_ref, &op, 1), 0);
	return op.status;
}

static void check_map_refused(void)
{
	grant(REF_FIRST, 1234, shared_page, GTF_permit_access); /* for someone else */
	CHECK_RC(map_op(REF_FIRST, self, GNTMAP_host_map).status, GNTST_general_error);
	CHECK_RC(map_op(REF_FIRST + 1, self, GNTMAP_host_map).status, GNTST_general_error);
	CHECK_RC(map_op(1 << 20, self, GNTMAP_host_map).status, GNTST_bad_gntref);
	CHECK_RC(map_op(~0U, self, GNTMAP_host_map).status, GNTST_bad_gntref);
	CHECK_RC(map_op(REF_FIRST, 4321, GNTMAP_host_map).status, GNTST_bad_domain);
	CHECK_RC(map_op(REF_FIRST, self, 0).status, GNTST_bad_gntref);
	grant(REF_FIRST, self, shared_page, GTF_permit_access | GTF_readonly);
	CHECK_RC(map_op(REF_FIRST, self, GNTMAP_host_map).status, GNTST_general_error);
	grant(REF_FIRST, self, shared_page, GTF_accept_transfer);
	CHECK_RC(map_op(REF_FIRST, self, GNTMAP_host_map).status, GNTST_general_error);
	/* a frame that is not there */
	grant(REF_FIRST, self, (void *)0x7f00000000, GTF_permit_access);
	CHECK(map_op(REF_FIRST, self, GNTMAP_host_map).status < 0);
	CHECK_EQ(table[REF_FIRST].flags, GTF_permit_access); /* nothing is left in use */
	grant(REF_FIRST, 0, NULL, 0);
}

static void check_unmap_refused(void)
{
	CHECK_RC(unmap_status((u64)mapped_page, 0, 0x1234), GNTST_bad_handle);
	CHECK_RC(unmap_status((u64)mapped_page, 0, ~0U), GNTST_bad_handle);
	CHECK_RC(unmap_status(0, 0, 0x7fffffff), GNTST_bad_handle);
}

static bool can_map = true;

/* A page granted to oneself: both addresses show one page, the entry says so, and the end is clean.
 */
static void check_map(void)
{
	struct gnttab_map_grant_ref op;
	u64 value;

	memset(shared_page, 0x11, PAGE_SIZE);
	grant(REF_FIRST, self, shared_page, GTF_permit_access);
	op = map_op(REF_FIRST, self, GNTMAP_host_map);
	can_map = CHECK_RC(op.status, GNTST_okay);
	if (!can_map)
		return;
	CHECK_EQ(table[REF_FIRST].flags, GTF_permit_access | GTF_reading | GTF_writing);
	if (xen_features(0) & BIT(XENFEAT_direct_mapped))
		CHECK_EQ(op.dev_bus_addr, (u64)shared_page);
	CHECK_EQ(op.dev_bus_addr % PAGE_SIZE, 0);
	CHECK_EQ(READ_ONCE(mapped_page[100]), 0x11);
	WRITE_ONCE(mapped_page[100], 0x22);
	CHECK_EQ(READ_ONCE(shared_page[100]), 0x22);
	/* wrong ways to unmap change nothing */
	CHECK(unmap_status((u64)other_page, 0, op.handle) < 0);
	CHECK_EQ(READ_ONCE(mapped_page[100]), 0x22);
	CHECK_EQ(table[REF_FIRST].flags, GTF_permit_access | GTF_reading | GTF_writing);
	CHECK_RC(unmap_status((u64)mapped_page, 0, op.handle), GNTST_okay);
	CHECK_EQ(table[REF_FIRST].flags, GTF_permit_access);
	CHECK(probe_read64((u64)mapped_page, &value) != 0); /* nothing is there any more */
	CHECK_RC(unmap_status((u64)mapped_page, 0, op.handle), GNTST_bad_handle);
}

static void check_map_readonly(void)
{
	struct gnttab_map_grant_ref op;
	u64 value;

	if (!can_map)
		return;
	grant(REF_FIRST, self, shared_page, GTF_permit_access | GTF_readonly);
	op = map_op(REF_FIRST, self, GNTMAP_host_map | GNTMAP_readonly);
	if (!CHECK_RC(op.status, GNTST_okay))
		return;
	CHECK_EQ(table[REF_FIRST].flags, GTF_permit_access | GTF_readonly | GTF_reading);
	CHECK_EQ(probe_read64((u64)mapped_page, &value), 0);
	/* stock Xen neither injects anything nor goes on: the vCPU takes this fault for ever */
	if (xen_is_stock())
		XEN_DIFFERS("a write to a read-only grant never ends");
	else
		CHECK_EQ(ESR_EC(probe_write64((u64)mapped_page, 1)), EC_DABT_SAME);
	/* nor may the hypervisor write there for us */
	CHECK_RC(xen_version(XENVER_extraversion, mapped_page), -XEN_EFAULT);
	CHECK_RC(unmap_status((u64)mapped_page, 0, op.handle), GNTST_okay);
	CHECK_EQ(table[REF_FIRST].flags, GTF_permit_access | GTF_readonly);
}

/* Two mappings of one entry: in use until the second has gone. */
static void check_map_twice(void)
{
	struct gnttab_map_grant_ref a, b;

	if (!can_map)
		return;
	grant(REF_FIRST, self, shared_page, GTF_permit_access);
	a = map_op(REF_FIRST, self, GNTMAP_host_map);
	b = (struct gnttab_map_grant_ref){.host_addr = (u64)other_page,
					  .flags = GNTMAP_host_map | GNTMAP_readonly,
					  .ref = REF_FIRST,
					  .dom = self,
					  .status = 99};
	CHECK_RC(xen_grant_op(GNTTABOP_map_grant_ref, &b, 1), 0);
	CHECK_RC(a.status, GNTST_okay);
	CHECK_RC(b.status, GNTST_okay);
	CHECK(a.handle != b.handle);
	CHECK_EQ(table[REF_FIRST].flags, GTF_permit_access | GTF_reading | GTF_writing);
	CHECK_RC(unmap_status((u64)mapped_page, 0, a.handle), GNTST_okay);
	CHECK_EQ(table[REF_FIRST].flags, GTF_permit_access | GTF_reading);
	CHECK_EQ(READ_ONCE(other_page[100]), READ_ONCE(shared_page[100]));
	CHECK_RC(unmap_status((u64)other_page, 0, b.handle), GNTST_okay);
	CHECK_EQ(table[REF_FIRST].flags, GTF_permit_access);
}

/* A batch: each has its status, whatever the others have. */
static void check_map_batch(void)
{
	struct gnttab_map_grant_ref op[3] = {
		{.host_addr = (u64)mapped_page,
		 .flags = GNTMAP_host_map,
		 .ref = REF_FIRST,
		 .dom = 4321},
		{.host_addr = (u64)mapped_page,
		 .flags = GNTMAP_host_map,
		 .ref = REF_FIRST,
		 .dom = self},
		{.host_addr = (u64)mapped_page,
		 .flags = GNTMAP_host_map,
		 .ref = 1 << 20,
		 .dom = self},
	};

	if (!can_map)
		return;
	CHECK_RC(xen_grant_op(GNTTABOP_map_grant_ref, op, 3), 0);
	CHECK_RC(op[0].status, GNTST_bad_domain);
	CHECK_RC(op[1].status, GNTST_okay);
	CHECK_RC(op[2].status, GNTST_bad_gntref);
	CHECK_RC(unmap_status((u64)mapped_page, 0, op[1].handle), GNTST_okay);
	CHECK_RC(xen_grant_op(GNTTABOP_map_grant_ref, op, 0), 0);
	CHECK_RC(xen_grant_op(GNTTABOP_map_grant_ref, mmu_map_page(3, 0, MMU_NONE), 1),
		 -XEN_EFAULT);
}

/* Many times over: handles and counts do not run out. */
static void check_map_cycle(void)
{
	for (unsigned n = 0; can_map && n < 3000 && !check_failed(); n++) {
		struct gnttab_map_grant_ref op = map_op(REF_FIRST, self, GNTMAP_host_map);

		CHECK_RC(op.status, GNTST_okay);
		CHECK_RC(unmap_status((u64)mapped_page, 0, op.handle), GNTST_okay);
	}
	CHECK_EQ(table[REF_FIRST].flags & (GTF_reading | GTF_writing), 0);
}

static u8 source[PAGE_SIZE] ALIGN_PAGE, target[PAGE_SIZE] ALIGN_PAGE;

static struct gnttab_copy copy_op(u16 from, u16 to, u16 length)
{
	struct gnttab_copy op = {.len = length, .flags = 0, .status = 99};

	op.source.u.gmfn = gfn_of(source);
	op.source.domid = DOMID_SELF;
	op.source.offset = from;
	op.dest.u.gmfn = gfn_of(target);
	op.dest.domid = DOMID_SELF;
	op.dest.offset = to;
	return op;
}

static int copy(struct gnttab_copy op)
{
	CHECK_RC(xen_grant_op(GNTTABOP_copy, &op, 1), 0);
	return op.status;
}

static void copy_reset(void)
{
	for (unsigned n = 0; n < PAGE_SIZE; n++)
		source[n] = (u8)(n * 7);
	memset(target, 0xee, PAGE_SIZE);
}

static void check_copy(void)
{
	copy_reset();
	CHECK_RC(copy(copy_op(0, 0, PAGE_SIZE)), GNTST_okay);
	CHECK_EQ(memcmp(source, target, PAGE_SIZE), 0);
	copy_reset();
	CHECK_RC(copy(copy_op(100, 33, 57)), GNTST_okay);
	CHECK_EQ(memcmp(source + 100, target + 33, 57), 0);
	CHECK_EQ(target[32], 0xee);
	CHECK_EQ(target[33 + 57], 0xee);
	CHECK_RC(copy(copy_op(0, 0, 0)), GNTST_okay);
	CHECK_EQ(target[0], 0xee);
	CHECK_RC(copy(copy_op(1, 0, PAGE_SIZE)), GNTST_bad_copy_arg);
	CHECK_RC(copy(copy_op(0, 1, PAGE_SIZE)), GNTST_bad_copy_arg);
	CHECK_RC(copy(copy_op(4095, 0, 2)), GNTST_bad_copy_arg);
	CHECK_RC(copy(copy_op(0xffff, 0, 1)), GNTST_bad_copy_arg);
	CHECK_RC(copy(copy_op(0, 0, 0xffff)), GNTST_bad_copy_arg);
	CHECK_EQ(target[0], 0xee);
}

/* Through grants, in both roles. */
static void check_copy_grant(void)
{
	struct gnttab_copy op = copy_op(10, 20, 30);

	copy_reset();
	grant(REF_FIRST, self, source, GTF_permit_access | GTF_readonly);
	grant(REF_FIRST + 1, self, target, GTF_permit_access);
	op.source.u.ref = REF_FIRST;
	op.source.domid = self;
	op.dest.u.ref = REF_FIRST + 1;
	op.dest.domid = self;
	op.flags = GNTCOPY_source_gref | GNTCOPY_dest_gref;
	CHECK_RC(copy(op), GNTST_okay);
	CHECK_EQ(memcmp(source + 10, target + 20, 30), 0);
	CHECK_EQ(table[REF_FIRST].flags, GTF_permit_access | GTF_readonly);
	CHECK_EQ(table[REF_FIRST + 1].flags, GTF_permit_access);
	/* a read-only grant is no destination */
	op.source.u.ref = REF_FIRST + 1;
	op.dest.u.ref = REF_FIRST;
	CHECK_RC(copy(op), GNTST_general_error);
	CHECK_EQ(source[20], (u8)(20 * 7));
	op.source.u.ref = REF_FIRST + 2;
	op.dest.u.ref = REF_FIRST + 1;
	CHECK_RC(copy(op), GNTST_general_error);
	op.source.u.ref = 1 << 20;
	CHECK_RC(copy(op), GNTST_bad_gntref);
	op.source.u.ref = REF_FIRST;
	op.source.domid = 4321;
	CHECK_RC(copy(op), GNTST_bad_domain);
	op = copy_op(0, 0, 8);
	op.source.domid = 4321; /* by frame: the caller's own only */
	CHECK(copy(op) < 0);
	op = copy_op(0, 0, 8);
	op.dest.u.gmfn = 1UL << 36;
	CHECK(copy(op) < 0);
	grant(REF_FIRST, 0, NULL, 0);
	grant(REF_FIRST + 1, 0, NULL, 0);
}

static void check_cache_flush(void)
{
	struct gnttab_cache_flush op = {0};

	CHECK_RC(xen_grant_op(GNTTABOP_cache_flush, &op, 1),
		 0); /* what Linux asks to see if it is there */
	op.op = 0x10;
	CHECK_RC(xen_grant_op(GNTTABOP_cache_flush, &op, 1), -XEN_EINVAL);
	op.op = GNTTAB_CACHE_CLEAN;
	op.offset = 4000;
	op.length = 200;
	CHECK_RC(xen_grant_op(GNTTABOP_cache_flush, &op, 1), -XEN_EINVAL);
	op.offset = 0;
	op.a.dev_bus_addr = 0x7f00000000;
	CHECK(xen_grant_op(GNTTABOP_cache_flush, &op, 1) < 0);
	if (xen_features(0) & BIT(XENFEAT_direct_mapped)) {
		op.a.dev_bus_addr = (u64)source; /* one's own page */
		CHECK_RC(xen_grant_op(GNTTABOP_cache_flush, &op, 1), 0);
	}
}

static const struct check checks[] = {
	{"query-size", check_query},
	{"version", check_version},
	{"map-table", check_map_table},
	{"setup-table", check_setup_table},
	{"map-refused", check_map_refused},
	{"unmap-refused", check_unmap_refused},
	{"map", check_map},
	{"map-readonly", check_map_readonly},
	{"map-twice", check_map_twice},
	{"map-batch", check_map_batch},
	{"map-cycle", check_map_cycle},
	{"copy", check_copy},
	{"copy-grant", check_copy_grant},
	{"cache-flush", check_cache_flush},
};

void guest_main(void)
{
	self = events_own_domid();
	check_run(checks, ARRAY_SIZE(checks));
}
