/* SPDX-License-Identifier: ISC */
/* The hypercall ABI: numbers, registers, pointers, version strings, features, and exact errors. */

#include "abi.h"

const char guest_name[] = "abi";

static u8 buffer[2 * PAGE_SIZE] ALIGN_PAGE;

#define FILL      0xa5
#define SLOT_NONE 8 /* window slots: never mapped */
#define SLOT_RO   9
#define SLOT_HOLE 10
#define SLOT_LAST 11 /* mapped, and the slot after it is not */

static bool is_text(const u8 *text, unsigned size)
{
	for (unsigned n = 0; n < size; n++) {
		if (!text[n])
			return true;
		if (text[n] < ' ' && text[n] != '\n')
			return false;
	}
	return false;
}

static bool contains(const char *text, const char *part)
{
	for (; *text; text++)
		if (!strncmp(text, part, strlen(part)))
			return true;
	return false;
}

/* A string of a fixed size: printable, ended by a NUL, and nothing is written behind it. */
static void check_string(unsigned cmd, unsigned size)
{
	memset(buffer, FILL, sizeof(buffer));
	CHECK_RC(xen_version(cmd, buffer), 0);
	if (!is_text(buffer, size))
		CHECK_FAIL("xen_version(%u) gave no text within %u bytes", cmd, size);
	if (buffer[size] != FILL)
		CHECK_FAIL("xen_version(%u) wrote 0x%x behind its %u bytes", cmd, buffer[size],
			   size);
	check_note("xen_version(%u): %s", cmd, (const char *)buffer);
}

static void check_version(void)
{
	CHECK_EQ(xen_version(XENVER_version, NULL), 4 << 16 | 17);
	CHECK_EQ(xen_version(XENVER_pagesize, NULL), PAGE_SIZE);
	check_string(XENVER_extraversion, XEN_EXTRAVERSION_LEN);
	check_string(XENVER_changeset, XEN_CHANGESET_INFO_LEN);
	check_string(XENVER_commandline, sizeof(xen_commandline_t));
	check_string(XENVER_capabilities, XEN_CAPABILITIES_INFO_LEN);
	CHECK(contains((char *)buffer, "xen-3.0-aarch64 "));
	/* 32-bit guests: stock Xen runs them; whoever does not must not say so */
	if (!contains((char *)buffer, "xen-3.0-armv7l "))
		check_note("no 32-bit guests");
	CHECK_RC(xen_version(12345, buffer), -XEN_ENOSYS);
	CHECK_RC(xen_version(~0U, buffer), -XEN_ENOSYS);
}

static void check_version_structures(void)
{
	struct xen_compile_info *info = (void *)buffer;

	memset(buffer, FILL, sizeof(buffer));
	CHECK_RC(xen_version(XENVER_compile_info, info), 0);
	CHECK(is_text((u8 *)info->compiler, sizeof(info->compiler)));
	CHECK(is_text((u8 *)info->compile_by, sizeof(info->compile_by)));
	CHECK(is_text((u8 *)info->compile_domain, sizeof(info->compile_domain)));
	CHECK(is_text((u8 *)info->compile_date, sizeof(info->compile_date)));
	CHECK_EQ(buffer[sizeof(*info)], FILL);

	memset(buffer, FILL, sizeof(buffer));
	CHECK_RC(xen_version(XENVER_platform_parameters, buffer), 0);
	CHECK_EQ(buffer[sizeof(struct xen_platform_parameters)], FILL);

	memset(buffer, FILL, sizeof(buffer));
	CHECK_RC(xen_version(XENVER_guest_handle, buffer), 0);
	CHECK_EQ(buffer[sizeof(xen_domain_handle_t)], FILL);
	for (unsigned n = 0; xen_is_dom0() && n < sizeof(xen_domain_handle_t); n++)
		CHECK_EQ(buffer[n], 0);
}

#define FEATURES_NEVER                                                                \
	(BIT(XENFEAT_writable_page_tables + 1) | BIT(XENFEAT_gnttab_map_avail_bits) | \
	 BIT(XENFEAT_hvm_callback_vector) | BIT(XENFEAT_hvm_safe_pvclock))

static void check_features(void)
{
	struct xen_feature_info info = {.submap_idx = 0};
	u32 bits;

	CHECK_RC(xen_version(XENVER_get_features, &info), 0);
	bits = info.submap;
	check_note("features 0x%x", bits);
	CHECK(bits & BIT(XENFEAT_auto_translated_physmap));
	CHECK(bits & BIT(XENFEAT_writable_page_tables));
	CHECK(bits & BIT(XENFEAT_memory_op_vnode_supported));
	CHECK(bits & BIT(XENFEAT_ARM_SMCCC_supported));
	CHECK_EQ(bits & FEATURES_NEVER, 0);
	/* exactly one of the two, as Linux's swiotlb wants it: dom0 is 1:1, others are not */
	CHECK_EQ(!!(bits & BIT(XENFEAT_direct_mapped)), !!(bits & BIT(XENFEAT_dom0)));
	CHECK_EQ(!!(bits & BIT(XENFEAT_not_direct_mapped)), !(bits & BIT(XENFEAT_dom0)));
	info.submap_idx = XENFEAT_NR_SUBMAPS;
	CHECK_RC(xen_version(XENVER_get_features, &info), -XEN_EINVAL);
	info.submap_idx = ~0U;
	CHECK_RC(xen_version(XENVER_get_features, &info), -XEN_EINVAL);
}

/* Numbers that no Xen on ARM implements, and the error as a full 64-bit negative number. */
static void check_unknown_numbers(void)
{
	static const u64 numbers[] = {
		0,  1,  2,   3,   4,   5,   8,     9,          10,         11,
		14, 15, 22,  23,  25,  26,  28,    30,         31,         37,
		38, 40, 43,  44,  47,  50,  55,    56,         63,         64,
		65, 99, 127, 128, 255, 256, 0xea1, 0x10000000, 0x7fffffff, 0xffffffff};

	for (unsigned n = 0; n < ARRAY_SIZE(numbers); n++) {
		long rc = hypercall((unsigned)numbers[n], 0, 0, 0, 0, 0);

		if (rc != -XEN_ENOSYS)
			CHECK_FAIL("hypercall %lu is %ld, expected %d", numbers[n], rc,
				   -XEN_ENOSYS);
	}
}

/* One row: a hypercall and what it must return. arg0 0 in a row marked U only counts in a domU. */
struct call {
	const char *what;
	u32 nr;
	u64 args[3];
	int rc;
};

static void check_calls(const struct call *calls, unsigned count)
{
	for (unsigned n = 0; n < count; n++) {
		const struct call *c = &calls[n];
		long rc = hypercall(c->nr, c->args[0], c->args[1], c->args[2], 0, 0);

		if (rc != c->rc)
			CHECK_FAIL("%s is %ld, expected %d", c->what, rc, c->rc);
	}
}

static void check_unknown_operations(void)
{
	static const struct call calls[] = {
		{"memory_op 63", __HYPERVISOR_memory_op, {63, 0, 0}, -XEN_ENOSYS},
		{"memory_op 40", __HYPERVISOR_memory_op, {40, 0, 0}, -XEN_ENOSYS},
		{"event_channel_op 15", __HYPERVISOR_event_channel_op, {15, 0, 0}, -XEN_ENOSYS},
		{"event_channel_op -1", __HYPERVISOR_event_channel_op, {~0U, 0, 0}, -XEN_ENOSYS},
		{"grant_table_op 77", __HYPERVISOR_grant_table_op, {77, 0, 1}, -XEN_ENOSYS},
		{"sched_op 99", __HYPERVISOR_sched_op, {99, 0, 0}, -XEN_ENOSYS},
		{"vcpu_op 99", __HYPERVISOR_vcpu_op, {99, 0, 0}, -XEN_EINVAL}, /* not ENOSYS */
		{"hvm_op 99", __HYPERVISOR_hvm_op, {99, 0, 0}, -XEN_ENOSYS},
		{"physdev_op 99", __HYPERVISOR_physdev_op, {99, 0, 0}, -XEN_ENOSYS},
		{"vm_assist cmd 7", __HYPERVISOR_vm_assist, {7, 5, 0}, -XEN_ENOSYS},
		{"vm_assist type 63", __HYPERVISOR_vm_assist, {0, 63, 0}, -XEN_EINVAL},
		{"vm_assist type 64", __HYPERVISOR_vm_assist, {0, 64, 0}, -XEN_EINVAL},
	};

	check_calls(calls, ARRAY_SIZE(calls));
}

/* The immediate of hvc other than 0 (SMCCC) and 0xEA1 is an undefined instruction. */
static void check_immediates(void)
{
	static const u16 immediates[] = {1, 2, 0xea0, 0xea2, 0x1234, 0x4b48, 0xffff};

	for (unsigned n = 0; n < ARRAY_SIZE(immediates); n++) {
		u64 x0 = 0xabcdef;
		u64 esr = probe_instruction(0xd4000002 | (u32)immediates[n] << 5, &x0);

		if (!esr || ESR_EC(esr) != EC_UNKNOWN || x0 != 0xabcdef)
			CHECK_FAIL(
				"hvc #0x%x: esr 0x%lx x0 0x%lx, expected class 0 and x0 0xabcdef",
				immediates[n], esr, x0);
	}
}

/* x5-x15 and x17-x30 come back as they were, and so do the flags. */
static void check_registers(void)
{
	static u64 after[32];
	register u64 *x17 asm("x17") = after;

	asm volatile(
		"stp x29, x30, [sp, #-16]!\n\t"
		"str x17, [sp, #-16]!\n\t"
		".irp r, 5,6,7,8,9,10,11,12,13,14,15,17,18,19,20,21,22,23,24,25,26,27,28,29,30\n\t"
		"mov x\\r, #(0x5500 + \\r)\n\t"
		".endr\n\t"
		"mov x16, #17\n\t" /* xen_version */
		"mov x0, #0\n\t"
		"mov x1, #0\n\t"
		"mov x2, #0x80000000\n\t"
		"msr nzcv, x2\n\t"
		"hvc #0xEA1\n\t"
		"mov x1, x17\n\t"
		"ldr x17, [sp], #16\n\t"
		".irp r, 5,6,7,8,9,10,11,12,13,14,15,18,19,20,21,22,23,24,25,26,27,28,29,30\n\t"
		"str x\\r, [x17, #8 * \\r]\n\t"
		".endr\n\t"
		"str x1, [x17, #8 * 17]\n\t"
		"str x0, [x17]\n\t"
		"mrs x0, nzcv\n\t"
		"str x0, [x17, #8 * 31]\n\t"
		"ldp x29, x30, [sp], #16"
		: "+r"(x17)
		:
		: "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12",
		  "x13", "x14", "x15", "x16", "x18", "x19", "x20", "x21", "x22", "x23", "x24",
		  "x25", "x26", "x27", "x28", "cc", "memory");
	CHECK_EQ(after[0], 4 << 16 | 17);
	CHECK_EQ(after[31], 0x80000000);
	for (unsigned n = 5; n < 31; n++)
		if (n != 16 && after[n] != 0x5500 + n)
			CHECK_FAIL("x%u is 0x%lx after the hypercall, expected 0x%x", n, after[n],
				   0x5500 + n);
}

#define POINTER 0x5a5a5a5a5a5a5a5aUL /* stands for the pointer in args[] */

/* Calls whose only fault is the pointer. */
static const struct call faulting[] = {
	{"get_features", __HYPERVISOR_xen_version, {XENVER_get_features, POINTER, 0}, -XEN_EFAULT},
	{"extraversion", __HYPERVISOR_xen_version, {XENVER_extraversion, POINTER, 0}, -XEN_EFAULT},
	{"capabilities", __HYPERVISOR_xen_version, {XENVER_capabilities, POINTER, 0}, -XEN_EFAULT},
	{"add_to_physmap",
	 __HYPERVISOR_memory_op,
	 {XENMEM_add_to_physmap, POINTER, 0},
	 -XEN_EFAULT},
	{"remove_from_physmap",
	 __HYPERVISOR_memory_op,
	 {XENMEM_remove_from_physmap, POINTER, 0},
	 -XEN_EFAULT},
	{"current_reservation",
	 __HYPERVISOR_memory_op,
	 {XENMEM_current_reservation, POINTER, 0},
	 -XEN_EFAULT},
	{"alloc_unbound",
	 __HYPERVISOR_event_channel_op,
	 {EVTCHNOP_alloc_unbound, POINTER, 0},
	 -XEN_EFAULT},
	{"evtchn status",
	 __HYPERVISOR_event_channel_op,
	 {EVTCHNOP_status, POINTER, 0},
	 -XEN_EFAULT},
	{"evtchn close", __HYPERVISOR_event_channel_op, {EVTCHNOP_close, POINTER, 0}, -XEN_EFAULT},
	{"evtchn send", __HYPERVISOR_event_channel_op, {EVTCHNOP_send, POINTER, 0}, -XEN_EFAULT},
	{"query_size", __HYPERVISOR_grant_table_op, {GNTTABOP_query_size, POINTER, 1}, -XEN_EFAULT},
	{"map_grant_ref",
	 __HYPERVISOR_grant_table_op,
	 {GNTTABOP_map_grant_ref, POINTER, 1},
	 -XEN_EFAULT},
	{"grant copy", __HYPERVISOR_grant_table_op, {GNTTABOP_copy, POINTER, 1}, -XEN_EFAULT},
	{"get_param", __HYPERVISOR_hvm_op, {HVMOP_get_param, POINTER, 0}, -XEN_EFAULT},
	{"shutdown", __HYPERVISOR_sched_op, {SCHEDOP_shutdown, POINTER, 0}, -XEN_EFAULT},
	{"multicall", __HYPERVISOR_multicall, {POINTER, 1, 0}, -XEN_EFAULT},
};

static void expect_fault(const char *what, u64 address)
{
	for (unsigned n = 0; n < ARRAY_SIZE(faulting); n++) {
		const struct call *c = &faulting[n];
		u64 args[3];
		long rc;

		for (unsigned i = 0; i < ARRAY_SIZE(args); i++)
			args[i] = c->args[i] == POINTER ? address : c->args[i];
		rc = hypercall(c->nr, args[0], args[1], args[2], 0, 0);
		if (rc != c->rc)
			CHECK_FAIL("%s with %s pointer 0x%lx is %ld, expected %d", c->what, what,
				   address, rc, c->rc);
	}
}

static u64 hole_address(void)
{
	return board.ram[board.ram_count - 1].base + board.ram[board.ram_count - 1].size;
}

static void check_bad_pointers(void)
{
	u64 none = (u64)mmu_map_page(SLOT_NONE, 0, MMU_NONE);
	u64 hole = (u64)mmu_map_page(SLOT_HOLE, hole_address(), MMU_NORMAL);

	expect_fault("an unmapped", none);
	expect_fault("a stage-2-unmapped", hole);
	expect_fault("an out-of-range", 1UL << 40);
	expect_fault("a TTBR1", 0xffff000000000000UL);
	expect_fault("the last", ~0UL & ~7UL);
	expect_fault("a non-canonical", 1UL << 63 | 0x1000);
}

/* Structures of which the second half is not there. */
static void check_straddle(void)
{
	u64 page = (u64)mmu_map_page(SLOT_LAST, (u64)buffer, MMU_NORMAL);
	u64 end = page + PAGE_SIZE;

	memset(buffer, 0, PAGE_SIZE);
	expect_fault("a straddling", end - 1);
	CHECK_RC(xen_version(XENVER_extraversion, (void *)(end - 16)), 0);
	CHECK_RC(xen_version(XENVER_extraversion, (void *)(end - 15)), -XEN_EFAULT);
	memset(buffer, 0, PAGE_SIZE);
	CHECK_RC(xen_version(XENVER_get_features, (void *)(end - 8)), 0);
	CHECK_RC(xen_version(XENVER_get_features, (void *)(end - 4)), -XEN_EFAULT);
}

/* An output buffer that the guest itself could not write: refused, and left as it was. */
static void check_read_only(void)
{
	u64 va = (u64)mmu_map_page(SLOT_RO, (u64)buffer, MMU_NORMAL_RO);
	struct evtchn_alloc_unbound *alloc = (void *)buffer;
	u64 ignored;

	memset(buffer, FILL, PAGE_SIZE);
	CHECK(ESR_EC(probe_write64(va, 0)) == EC_DABT_SAME);
	CHECK_EQ(probe_read64(va, &ignored), 0);
	CHECK_RC(xen_version(XENVER_extraversion, (void *)va), -XEN_EFAULT);
	CHECK_RC(xen_version(XENVER_capabilities, (void *)va), -XEN_EFAULT);
	CHECK_RC(xen_version(XENVER_guest_handle, (void *)va), -XEN_EFAULT);
	for (unsigned n = 0; n < PAGE_SIZE; n++)
		CHECK_EQ(buffer[n], FILL);
	*alloc = (struct evtchn_alloc_unbound){
		.dom = DOMID_SELF, .remote_dom = DOMID_SELF, .port = 0x77};
	CHECK_RC(xen_event_op(EVTCHNOP_alloc_unbound, (void *)va), -XEN_EFAULT);
	CHECK_EQ(alloc->port, 0x77);
	memset(buffer, 0, sizeof(struct xen_feature_info));
	CHECK_RC(xen_version(XENVER_get_features, (void *)va), -XEN_EFAULT);
	CHECK_EQ(((struct xen_feature_info *)buffer)->submap, 0);
}

/* Pointers need no alignment beyond a byte's. */
static void check_unaligned(void)
{
	for (unsigned n = 1; n < 8; n++) {
		memset(buffer, 0, 64);
		CHECK_RC(xen_version(XENVER_get_features, buffer + n), 0);
		CHECK(buffer[n + 4] & BIT(XENFEAT_auto_translated_physmap));
	}
	/* across a page boundary of mapped memory */
	memset(buffer + PAGE_SIZE - 5, 0, 16);
	CHECK_RC(xen_version(XENVER_get_features, buffer + PAGE_SIZE - 5), 0);
	CHECK(buffer[PAGE_SIZE - 1] & BIT(XENFEAT_auto_translated_physmap));
}

static void check_multicall(void)
{
	static struct multicall_entry m[40];
	struct xen_feature_info info = {0};
	const u64 nr = __HYPERVISOR_multicall;

	memset(m, FILL, sizeof(m));
	m[0] = (struct multicall_entry){.op = __HYPERVISOR_xen_version, .args = {XENVER_version}};
	m[1] = (struct multicall_entry){.op = 999};
	m[2] = (struct multicall_entry){.op = __HYPERVISOR_xen_version,
					.args = {XENVER_get_features, (u64)&info}};
	m[3] = (struct multicall_entry){.op = __HYPERVISOR_memory_op, .args = {63, 0}};
	m[4] = (struct multicall_entry){.op = __HYPERVISOR_sched_op, .args = {SCHEDOP_yield, 0}};
	CHECK_RC(hypercall((unsigned)nr, (u64)m, 5, 0, 0, 0), 0);
	CHECK_EQ(m[0].result, 4 << 16 | 17);
	CHECK_EQ(m[1].result, -XEN_ENOSYS);
	CHECK_EQ(m[2].result, 0);
	CHECK_EQ(info.submap, xen_features(0));
	CHECK_EQ(m[3].result, -XEN_ENOSYS);
	CHECK_EQ(m[4].result, 0);
	CHECK_EQ(m[5].result, 0xa5a5a5a5a5a5a5a5);
	CHECK_EQ(m[0].op, __HYPERVISOR_xen_version);
	CHECK_EQ(m[0].args[0], XENVER_version);
	CHECK_RC(hypercall((unsigned)nr, (u64)m, 0, 0, 0, 0), 0);
	CHECK_RC(hypercall((unsigned)nr, 0, 0, 0, 0, 0), 0);
	for (unsigned n = 0; n < 40; n++)
		m[n] = (struct multicall_entry){
			.op = __HYPERVISOR_sched_op, .args = {SCHEDOP_yield}, .result = 5};
	CHECK_RC(hypercall((unsigned)nr, (u64)m, 40, 0, 0, 0), 0);
	for (unsigned n = 0; n < 40; n++)
		CHECK_EQ(m[n].result, 0);
}

/* A list that runs into a page that is not there: what was before is done. */
static void check_multicall_edge(void)
{
	u64 end = (u64)mmu_map_page(SLOT_LAST, (u64)buffer, MMU_NORMAL) + PAGE_SIZE;
	struct multicall_entry *m = (void *)(buffer + PAGE_SIZE - 2 * sizeof(*m));
	const u64 list = end - 2 * sizeof(*m);

	m[0] = m[1] = (struct multicall_entry){
		.op = __HYPERVISOR_xen_version, .args = {XENVER_version}, .result = 7};
	CHECK_RC(hypercall(__HYPERVISOR_multicall, list, 2, 0, 0, 0), 0);
	CHECK_EQ(m[1].result, 4 << 16 | 17);
	m[0].result = m[1].result = 7;
	CHECK_RC(hypercall(__HYPERVISOR_multicall, list, 3, 0, 0, 0), -XEN_EFAULT);
	CHECK_RC(hypercall(__HYPERVISOR_multicall, list, 0x7fffffff, 0, 0, 0), -XEN_EFAULT);
	CHECK_RC(hypercall(__HYPERVISOR_multicall, list, 0xffffffff, 0, 0, 0), -XEN_EFAULT);
}

/* A multicall inside a multicall is refused, and the outer one goes on. */
static void check_multicall_nested(void)
{
	static struct multicall_entry inner, outer[2];

	inner = (struct multicall_entry){
		.op = __HYPERVISOR_xen_version, .args = {XENVER_version}, .result = 9};
	outer[0] = (struct multicall_entry){.op = __HYPERVISOR_multicall, .args = {(u64)&inner, 1}};
	outer[1] =
		(struct multicall_entry){.op = __HYPERVISOR_xen_version, .args = {XENVER_version}};
	CHECK_RC(hypercall(__HYPERVISOR_multicall, (u64)outer, 2, 0, 0, 0), 0);
	CHECK_EQ(outer[0].result, -XEN_EINVAL);
	CHECK_EQ(inner.result, 9);
	CHECK_EQ(outer[1].result, 4 << 16 | 17);
}

static long memory_domain_op(unsigned cmd, domid_t domid)
{
	struct xen_memory_domain op = {.domid = domid};

	return xen_memory_op(cmd, &op);
}

static u64 ram_pages(void)
{
	u64 sum = 0;

	for (unsigned n = 0; n < board.ram_count; n++)
		sum += board.ram[n].size / PAGE_SIZE;
	return sum;
}

static void check_memory_domain(void)
{
	const long now = memory_domain_op(XENMEM_current_reservation, DOMID_SELF);
	const long most = memory_domain_op(XENMEM_maximum_reservation, DOMID_SELF);
	const long gpfn = memory_domain_op(XENMEM_maximum_gpfn, DOMID_SELF);
	const long nobody = xen_is_dom0() ? -XEN_ESRCH : -XEN_ESRCH;

	check_note("reservation %ld of %ld pages, highest frame 0x%lx", now, most, (u64)gpfn);
	CHECK(now >= (long)ram_pages());
	CHECK(most >= now);
	CHECK(gpfn >= (long)((hole_address() - 1) / PAGE_SIZE));
	CHECK_RC(memory_domain_op(XENMEM_current_reservation, 4321), nobody);
	CHECK_RC(memory_domain_op(XENMEM_maximum_reservation, DOMID_INVALID), nobody);
	CHECK_RC(memory_domain_op(XENMEM_maximum_gpfn, 0x7fff), nobody);
	CHECK(xen_memory_op(XENMEM_maximum_ram_page, NULL) > 0);
}

static void check_add_to_physmap(void)
{
	const u64 here = (u64)buffer / PAGE_SIZE;
	u64 value;

	memset(buffer, FILL, PAGE_SIZE);
	CHECK_RC(xen_add_to_physmap(77, 0, here), -XEN_ENOSYS);
	CHECK_RC(xen_add_to_physmap(XENMAPSPACE_gmfn, here, here), -XEN_ENOSYS);
	struct xen_add_to_physmap range = {DOMID_SELF, 1, XENMAPSPACE_gmfn_range, here, here};
	CHECK_RC(xen_memory_op(XENMEM_add_to_physmap, &range), -XEN_ENOSYS);
	CHECK_RC(xen_add_to_physmap(XENMAPSPACE_gmfn_foreign, here, here), -XEN_ENOSYS);
	/* shared_info has one page */
	CHECK_RC(xen_add_to_physmap(XENMAPSPACE_shared_info, 1, here), -XEN_EINVAL);
	CHECK_RC(xen_add_to_physmap(XENMAPSPACE_grant_table, 1 << 20, here), -XEN_EINVAL);
	/* frames that are no frames: nothing aliases to the page */
	for (unsigned bit = 45; bit < 64; bit += 3)
		CHECK(xen_add_to_physmap(XENMAPSPACE_shared_info, 0, here | BIT(bit)) < 0);
	CHECK_EQ(buffer[0], FILL);
	CHECK_EQ(probe_read64((u64)buffer, &value), 0);
}

static void check_hvm_param(void)
{
	struct xen_hvm_param p = {.domid = DOMID_SELF};
	u64 value;

	CHECK_RC(xen_get_param(HVM_PARAM_STORE_EVTCHN, &value), 0);
	if (xen_is_dom0())
		CHECK_EQ(value, 0);
	CHECK_RC(xen_get_param(HVM_PARAM_CALLBACK_IRQ, &value), 0);
	CHECK_EQ(value, (u64)HVM_PARAM_CALLBACK_TYPE_PPI << 56 |
				HVM_PARAM_CALLBACK_TYPE_PPI_FLAG_LOW_LEVEL << 8 | board.ppi_event);
	CHECK_RC(xen_get_param(HVM_NR_PARAMS, &value), -XEN_EINVAL);
	CHECK_RC(xen_get_param(~0U, &value), -XEN_EINVAL);
	CHECK_RC(xen_get_param(5, &value), -XEN_EINVAL);
	p.index = HVM_PARAM_CALLBACK_IRQ;
	CHECK_RC(xen_hvm_op(HVMOP_set_param, &p), -XEN_EPERM);
	p.index = HVM_NR_PARAMS;
	CHECK_RC(xen_hvm_op(HVMOP_set_param, &p), -XEN_EINVAL);
	p = (struct xen_hvm_param){.domid = 4321, .index = HVM_PARAM_STORE_PFN};
	CHECK_RC(xen_hvm_op(HVMOP_get_param, &p), -XEN_ESRCH);
}

/* Two watchdogs that are set, set again and given back; shutdown.c lets one expire. */
static void check_watchdog(void)
{
	struct sched_watchdog w = {.id = 3, .timeout = 600};
	long first, second;

	CHECK_RC(xen_sched_op(SCHEDOP_watchdog, &w), -XEN_EINVAL);
	w.id = 1;
	CHECK_RC(xen_sched_op(SCHEDOP_watchdog, &w), -XEN_EINVAL); /* nobody's yet */
	w.id = 0;
	first = xen_sched_op(SCHEDOP_watchdog, &w);
	second = xen_sched_op(SCHEDOP_watchdog, &w);
	CHECK_EQ(first, 1);
	CHECK_EQ(second, 2);
	/* stock Xen gives only the lower half of the number */
	CHECK_RC((int)xen_sched_op(SCHEDOP_watchdog, &w), -XEN_ENOSPC);
	for (w.id = 1; w.id <= 2; w.id++) {
		w.timeout = 1200;
		CHECK_RC(xen_sched_op(SCHEDOP_watchdog, &w), 0);
		w.timeout = 0;
		CHECK_RC(xen_sched_op(SCHEDOP_watchdog, &w), 0);
		CHECK_RC(xen_sched_op(SCHEDOP_watchdog, &w), -XEN_EINVAL);
	}
}

static void check_console_io(void)
{
	const u64 none = (u64)mmu_map_page(SLOT_NONE, 0, MMU_NONE);

	if (!xen_is_dom0()) {
		CHECK_RC(xen_console_io(CONSOLEIO_write, 1, "x"), -XEN_EPERM);
		return;
	}
	CHECK_RC(xen_console_io(9, 0, NULL), -XEN_ENOSYS);
	CHECK_RC(xen_console_io(CONSOLEIO_write, 0, NULL), 0);
	CHECK_RC(xen_console_io(CONSOLEIO_write, 5, (void *)none), -XEN_EFAULT);
	CHECK_RC(xen_console_io(CONSOLEIO_write, 14, "written early\n"), 0);
	CHECK_RC(xen_console_io(CONSOLEIO_read, 0, NULL), 0);
	CHECK_RC(xen_console_io(CONSOLEIO_read, 16, buffer), 0);
}

/* domctl and sysctl: not for everybody, and only in the version that is spoken. */
static long privileged_call(unsigned nr, u32 cmd, u32 version, u32 domain)
{
	u32 *words = (u32 *)buffer;

	memset(buffer, 0, PAGE_SIZE);
	words[0] = cmd;
	words[1] = version;
	words[2] = domain;
	return hypercall(nr, (u64)buffer, 0, 0, 0, 0);
}

static void check_privileged(void)
{
	static const unsigned numbers[] = {__HYPERVISOR_domctl, __HYPERVISOR_sysctl};

	for (unsigned n = 0; n < ARRAY_SIZE(numbers); n++) {
		long rc = privileged_call(numbers[n], 3, 0xdeadbeef, 4321);

		/* a guest may be refused for its version or for what it is, whichever is looked at
		 * first */
		if (rc != -XEN_EACCES && (rc != -XEN_EPERM || xen_is_dom0()))
			CHECK_FAIL("hypercall %u in a wrong version is %ld, expected %d",
				   numbers[n], rc, -XEN_EACCES);
	}
	if (xen_is_dom0())
		CHECK_RC(privileged_call(__HYPERVISOR_domctl, 3, 0x15, 4321), -XEN_ESRCH);
	else
		for (unsigned n = 0; n < ARRAY_SIZE(numbers); n++)
			CHECK_RC(privileged_call(numbers[n], 3, 0x15, 0), -XEN_EPERM);
}

static const struct check checks[] = {
	{"version", check_version},
	{"version-structures", check_version_structures},
	{"features", check_features},
	{"unknown-numbers", check_unknown_numbers},
	{"unknown-operations", check_unknown_operations},
	{"hvc-immediates", check_immediates},
	{"registers", check_registers},
	{"bad-pointers", check_bad_pointers},
	{"straddle", check_straddle},
	{"read-only", check_read_only},
	{"unaligned", check_unaligned},
	{"multicall", check_multicall},
	{"multicall-edge", check_multicall_edge},
	{"multicall-nested", check_multicall_nested},
	{"memory-domain", check_memory_domain},
	{"add-to-physmap", check_add_to_physmap},
	{"hvm-param", check_hvm_param},
	{"watchdog", check_watchdog},
	{"console-io", check_console_io},
	{"privileged", check_privileged},
};

void guest_main(void)
{
	check_run(checks, ARRAY_SIZE(checks));
}
