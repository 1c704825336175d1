/* SPDX-License-Identifier: ISC */
/*
 * Hypercalls with pointers from a vCPU whose MMU or caches are off, as firmware and small kernels
 * issue them, and through mappings that are not cacheable. Each table of calls runs with the MMU on
 * first: the results must be the same.
 */

#include "abi.h"

const char guest_name[] = "mmuoff";

#define EDGE 5 /* bytes of a structure before a border of pages */

/* What the calls use. Nothing of it is touched by name while a check runs: see struct place. */
static u8 pages[4][PAGE_SIZE] ALIGN_PAGE;
static u8 runstate[PAGE_SIZE] ALIGN_PAGE;
static u8 info_page[PAGE_SIZE] ALIGN_PAGE;

/*
 * Where the calls' arguments are: through which addresses the guest and the hypervisor see `pages`.
 */
struct place {
	u8 *at; /* four pages, of which the third is taken away in between */
	u8 *runstate;
	u64 hole_frame;
};

#define BAD_POINTERS 5

struct results {
	long features, features_edge, version_edge, param, reservation, multi, multi_result[2];
	long console, console_read, port, port_status, port_close, runstate;
	u32 submap, submap_edge, port_state;
	u64 param_value;
	u8 text[XEN_EXTRAVERSION_LEN];
	long taken, back, into_hole, at_hole, list_into_hole;
	long bad_in[BAD_POINTERS], bad_out[BAD_POINTERS];
};

static struct results on, off;

static long reserve(unsigned cmd, struct xen_memory_reservation *op, u64 *frame)
{
	*op = (struct xen_memory_reservation){.nr_extents = 1, .domid = DOMID_SELF};
	op->extent_start = xen_handle_from_ptr(frame);
	return xen_memory_op(cmd, op);
}

static void call_versions(const struct place *p, struct results *r)
{
	struct xen_feature_info *info = (void *)p->at;
	u8 *edge = p->at + PAGE_SIZE - EDGE;

	memset(p->at, 0xa5, 2 * PAGE_SIZE);
	info->submap_idx = 0;
	r->features = xen_version(XENVER_get_features, info);
	r->submap = info->submap;
	memset(edge, 0, sizeof(*info));
	r->features_edge = xen_version(XENVER_get_features, edge);
	memcpy(&r->submap_edge, edge + 4, 4);
	r->version_edge = xen_version(XENVER_extraversion, edge);
	memcpy(r->text, edge, sizeof(r->text));
}

static void call_small(const struct place *p, struct results *r)
{
	struct xen_hvm_param *param = (void *)(p->at + 64);
	struct xen_memory_domain *dom = (void *)(p->at + 128);

	*param = (struct xen_hvm_param){.domid = DOMID_SELF, .index = HVM_PARAM_STORE_PFN};
	r->param = xen_hvm_op(HVMOP_get_param, param);
	r->param_value = param->value;
	*dom = (struct xen_memory_domain){.domid = DOMID_SELF};
	r->reservation = xen_memory_op(XENMEM_current_reservation, dom);
	memcpy(p->at + 200, "(written with a console_io)\n", 28);
	r->console = xen_console_io(CONSOLEIO_write, 28, p->at + 200);
	r->console_read = xen_console_io(CONSOLEIO_read, 4, p->at + 240);
}

static void call_multicall(const struct place *p, struct results *r)
{
	struct multicall_entry *m =
		(void *)(p->at + PAGE_SIZE - sizeof(*m)); /* and a page behind */

	m[0] = (struct multicall_entry){.op = __HYPERVISOR_xen_version, .args = {XENVER_version}};
	m[1] = (struct multicall_entry){.op = 999};
	r->multi = hypercall(__HYPERVISOR_multicall, (u64)m, 2, 0, 0, 0);
	r->multi_result[0] = (long)m[0].result;
	r->multi_result[1] = (long)m[1].result;
}

static void call_ports(const struct place *p, struct results *r)
{
	struct evtchn_alloc_unbound *alloc = (void *)(p->at + PAGE_SIZE - 4);
	struct evtchn_status *status = (void *)(p->at + 512);
	struct evtchn_close *close = (void *)(p->at + 600);
	u32 port;

	*alloc = (struct evtchn_alloc_unbound){.dom = DOMID_SELF, .remote_dom = DOMID_SELF};
	r->port = xen_event_op(EVTCHNOP_alloc_unbound, alloc);
	port = alloc->port;
	*status = (struct evtchn_status){.dom = DOMID_SELF, .port = port};
	r->port_status = xen_event_op(EVTCHNOP_status, status);
	r->port_state = status->status;
	close->port = port;
	r->port_close = xen_event_op(EVTCHNOP_close, close);
}

static void call_runstate(const struct place *p, struct results *r)
{
	struct vcpu_register_runstate_memory_area *area = (void *)(p->at + 704);

	memset(area, 0, sizeof(*area));
	area->addr.p = (u64)p->runstate + PAGE_SIZE / 2;
	r->runstate = xen_vcpu_op(VCPUOP_register_runstate_memory_area, 0, area);
}

/*
 * A page in the middle is given away, and comes back. What lies there, or reaches into it, is
 * refused meanwhile.
 */
static void call_hole(const struct place *p, struct results *r)
{
	struct xen_memory_reservation *op = (void *)(p->at + 800);
	u64 *frame = (void *)(p->at + 904);
	u8 *hole = p->at + 2 * PAGE_SIZE;
	struct multicall_entry *m = (void *)(hole - sizeof(*m));

	*frame = p->hole_frame;
	r->taken = reserve(XENMEM_decrease_reservation, op, frame);
	memset(hole - 4, 0, 4);
	r->into_hole = xen_version(XENVER_get_features, hole - 4);
	r->at_hole = xen_version(XENVER_get_features, hole);
	*m = (struct multicall_entry){.op = __HYPERVISOR_xen_version, .args = {XENVER_version}};
	r->list_into_hole = hypercall(__HYPERVISOR_multicall, (u64)m, 2, 0, 0, 0);
	*frame = p->hole_frame;
	r->back = reserve(XENMEM_populate_physmap, op, frame);
}

static u64 bad[BAD_POINTERS];

static void call_bad(const struct place *p, struct results *r)
{
	(void)p;
	for (unsigned n = 0; n < BAD_POINTERS; n++) {
		r->bad_in[n] = hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown, bad[n], 0, 0, 0);
		r->bad_out[n] = xen_version(XENVER_extraversion, (void *)bad[n]);
	}
}

static void call_all(const struct place *p, struct results *r)
{
	call_versions(p, r);
	call_small(p, r);
	call_multicall(p, r);
	call_ports(p, r);
	call_runstate(p, r);
	call_hole(p, r);
	call_bad(p, r);
}

static const struct place plain = {pages[0], runstate, 0};
static struct place place; /* of the running check */

static void call_all_off(void *arg)
{
	call_all(arg, &off);
}

static void expect_good(const struct results *r)
{
	CHECK_RC(r->features, 0);
	CHECK_EQ(r->submap, xen_features(0));
	CHECK_RC(r->features_edge, 0);
	CHECK_EQ(r->submap_edge, r->submap);
	CHECK_RC(r->version_edge, 0);
	CHECK_RC(r->multi, 0);
	CHECK_EQ(r->multi_result[0], 4 << 16 | 17);
	CHECK_RC(r->multi_result[1], -XEN_ENOSYS);
	CHECK(r->reservation > 0);
	CHECK_RC(r->port, 0);
	CHECK_RC(r->port_status, 0);
	CHECK_EQ(r->port_state, EVTCHNSTAT_unbound);
	CHECK_RC(r->port_close, 0);
	CHECK_RC(r->runstate, 0);
	if (xen_is_dom0())
		CHECK_RC(r->console, 0);
	else
		CHECK_RC(r->param, 0);
	CHECK_RC(r->taken, 1);
	CHECK_RC(r->back, 1);
	CHECK_RC(r->into_hole, -XEN_EFAULT);
	CHECK_RC(r->at_hole, -XEN_EFAULT);
	CHECK_RC(r->list_into_hole, -XEN_EFAULT);
	for (unsigned n = 0; n < BAD_POINTERS; n++) {
		CHECK_RC(r->bad_in[n], -XEN_EFAULT);
		CHECK_RC(r->bad_out[n], -XEN_EFAULT);
	}
}

/* Text, values and errors are those of the calls with the MMU on. */
static void expect_same(const struct results *r)
{
	expect_good(r);
	CHECK_EQ(memcmp(r->text, on.text, sizeof(on.text)), 0);
	CHECK_RC(r->param, on.param);
	CHECK_EQ(r->param_value, on.param_value);
	CHECK_RC(r->console, on.console);
	CHECK_RC(r->console_read, on.console_read);
}

static void begin(const struct place *p)
{
	const struct range *last = &board.ram[board.ram_count - 1];

	place = *p;
	place.hole_frame = (u64)pages[2] / PAGE_SIZE;
	bad[0] = last->base + last->size + 0x100;
	bad[1] = board.gic[0].base; /* a device, an emulated one */
	bad[2] = 1UL << 40;
	bad[3] = ~0UL & ~7UL;
	bad[4] = 0xffff000000000000UL;
	off = (struct results){0};
}

static void check_on(void)
{
	begin(&plain);
	call_all(&place, &on);
	expect_good(&on);
	check_note("extra version %s, %ld pages", (char *)on.text, on.reservation);
}

static void check_off(void)
{
	begin(&plain);
	mmu_call_off(call_all_off, &place);
	expect_same(&off);
}

/* The MMU stays on, but no access is cached: SCTLR_EL1.C. */
static void check_caches_off(void)
{
	u64 daif = SYSREG_READ(daif), sctlr = SYSREG_READ(sctlr_el1);

	begin(&plain);
	IRQ_OFF();
	cache_clean_invalidate(image_start, (size_t)(image_end - image_start));
	SYSREG_WRITE(sctlr_el1, sctlr & ~BIT(2));
	ISB();
	call_all(&place, &off);
	cache_clean_invalidate(image_start, (size_t)(image_end - image_start));
	SYSREG_WRITE(sctlr_el1, sctlr);
	ISB();
	SYSREG_WRITE(daif, daif);
	expect_same(&off);
}

/* All caches on, but the arguments' pages are mapped in another way. */
static void check_mapped(enum mmu_kind kind)
{
	struct place p = plain;

	for (unsigned n = 0; n < ARRAY_SIZE(pages); n++)
		p.at = (u8 *)mmu_map_page(16 + n, (u64)pages[n], kind) - n * PAGE_SIZE;
	p.runstate = mmu_map_page(24, (u64)runstate, kind);
	begin(&p);
	cache_clean_invalidate(pages, sizeof(pages));
	call_all(&place, &off);
	expect_same(&off);
}

static void check_noncacheable(void)
{
	check_mapped(MMU_UNCACHED);
}

static void check_read_only(void)
{
	u64 va = (u64)mmu_map_page(30, (u64)pages[0], MMU_NORMAL_RO);

	memset(pages[0], 0x5a, 64);
	CHECK_RC(xen_version(XENVER_extraversion, (void *)va), -XEN_EFAULT);
	CHECK_EQ(pages[0][0], 0x5a);
}

/* Once in a vCPU's life. */
static long info_rc;

static void register_info_off(void *arg)
{
	struct vcpu_register_vcpu_info *info = arg;

	*info = (struct vcpu_register_vcpu_info){.mfn = (u64)info_page / PAGE_SIZE, .offset = 64};
	info_rc = xen_vcpu_op(VCPUOP_register_vcpu_info, 0, info);
}

static void check_vcpu_info(void)
{
	mmu_call_off(register_info_off, pages[0]);
	CHECK_RC(info_rc, 0);
}

static const struct check checks[] = {
	{"mmu-on", check_on},
	{"mmu-off", check_off},
	{"caches-off", check_caches_off},
	{"non-cacheable", check_noncacheable},
	{"read-only", check_read_only},
	{"vcpu-info", check_vcpu_info},
};

void guest_main(void)
{
	check_run(checks, ARRAY_SIZE(checks));
}
