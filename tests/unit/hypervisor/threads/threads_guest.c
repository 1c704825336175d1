/* SPDX-License-Identifier: ISC */
/*
 * The guests of test_threads.c. A vCPU's registers are the guest's: what it is at stands there, and
 * whoever runs the vCPU goes on with it. They are written plainly, so a CPU that touches a vCPU
 * that it does not own is a race.
 */
#include "threads_guest.h"
#include "unit.h"
#include <string.h>

#include <arm/psci.h>
#include <arm/trap.h>
#include <host/host.h>
#include <hyp/arch.h>
#include <hyp/domain.h>
#include <lib/errno.h>
#include <lib/time.h>
#include <hyp/hypercall.h>
#include <vdev/mmio.h>
#include <mem/page.h>
#include <public/event_channel.h>
#include <public/grant_table.h>
#include <public/memory.h>
#include <public/plinth.h>
#include <public/sched.h>
#include <public/sysctl.h>
#include <public/vcpu.h>

#define RAM0 (GUEST_RAM0_BASE >> PAGE_SHIFT)
/* Frames of a guest: a page of arguments each vCPU, then some to share, to lose, and to map at. */
#define SHARED_FRAME (RAM0 + 8)
#define AREA_FRAME   (RAM0 + 24)
#define LOST_FRAME   (RAM0 + 32)
#define MAP_FRAME    (RAM0 + 256)
#define TABLE_FRAME  (RAM0 + 512)
#define PORTS        24
#define REFS         16

/* Registers that the guest uses beside the call's own. */
enum { X_CALL = 16, X_BUSY = 19, X_RANDOM = 20, X_KIND = 21 };

static char *dom0_ram;

/* The call that v is about to make. */
struct guest {
	struct vcpu *v;
	struct domain *d;
	uint64_t *x;
	char *page; /* its arguments */
	uint64_t va;
};

void threads_dom0_ram(char *ram)
{
	dom0_ram = ram;
}

static unsigned below(struct guest *g, unsigned limit)
{
	return (unsigned)random_below(&g->x[X_RANDOM], limit);
}

static bool one_in(struct guest *g, unsigned n)
{
	return below(g, n) == 0;
}

static domid_t any_domain(struct guest *g)
{
	return (domid_t)below(g, THREADS_GUESTS + 1);
}

static void call(struct guest *g, uint64_t nr, uint64_t a0, uint64_t a1, uint64_t a2)
{
	g->x[0] = a0;
	g->x[1] = a1;
	g->x[2] = a2;
	g->x[X_CALL] = nr;
}

#define CALL(g, nr, cmd, type, ...)                          \
	do {                                                 \
		*(type *)(g)->page = (type){__VA_ARGS__};    \
		call(g, __HYPERVISOR_##nr, cmd, (g)->va, 1); \
	} while (0)

/* ---- event channels ---- */

static uint32_t any_port(struct guest *g)
{
	return 1 + below(g, PORTS);
}

static void open_port(struct guest *g)
{
	switch (below(g, 4)) {
	case 0:
		CALL(g, event_channel_op, EVTCHNOP_alloc_unbound, struct evtchn_alloc_unbound,
		     .dom = DOMID_SELF, .remote_dom = any_domain(g));
		break;
	case 1:
		CALL(g, event_channel_op, EVTCHNOP_bind_ipi, struct evtchn_bind_ipi,
		     .vcpu = below(g, THREADS_VCPUS));
		break;
	case 2:
		CALL(g, event_channel_op, EVTCHNOP_bind_virq, struct evtchn_bind_virq,
		     .virq = below(g, 2), .vcpu = below(g, THREADS_VCPUS));
		break;
	default:
		CALL(g, event_channel_op, EVTCHNOP_bind_interdomain, struct evtchn_bind_interdomain,
		     .remote_dom = any_domain(g), .remote_port = any_port(g));
	}
}

static void close_port(struct guest *g)
{
	if (one_in(g, 20))
		CALL(g, event_channel_op, EVTCHNOP_reset, struct evtchn_reset, .dom = DOMID_SELF);
	else
		CALL(g, event_channel_op, EVTCHNOP_close, struct evtchn_close, .port = any_port(g));
}

static void send(struct guest *g)
{
	CALL(g, event_channel_op, EVTCHNOP_send, struct evtchn_send, .port = any_port(g));
}

static void other_port_op(struct guest *g)
{
	switch (below(g, 3)) {
	case 0:
		CALL(g, event_channel_op, EVTCHNOP_unmask, struct evtchn_unmask,
		     .port = any_port(g));
		break;
	case 1:
		CALL(g, event_channel_op, EVTCHNOP_bind_vcpu, struct evtchn_bind_vcpu,
		     .port = any_port(g), .vcpu = below(g, THREADS_VCPUS));
		break;
	default:
		CALL(g, event_channel_op, EVTCHNOP_status, struct evtchn_status, .dom = DOMID_SELF,
		     .port = any_port(g));
	}
}

static void fifo(struct guest *g)
{
	switch (below(g, 3)) {
	case 0:
		CALL(g, event_channel_op, EVTCHNOP_init_control, struct evtchn_init_control,
		     .control_gfn = SHARED_FRAME + g->v->id, .vcpu = below(g, THREADS_VCPUS));
		break;
	case 1:
		CALL(g, event_channel_op, EVTCHNOP_expand_array, struct evtchn_expand_array,
		     .array_gfn = SHARED_FRAME + 4 + below(g, 2));
		break;
	default:
		CALL(g, event_channel_op, EVTCHNOP_set_priority, struct evtchn_set_priority,
		     .port = any_port(g), .priority = below(g, 16));
	}
}

/* What the guest's handler does: it takes the flag, the selector and the bits. */
static void take_events(struct guest *g)
{
	struct shared_info *s = g->d->shared_info;
	struct vcpu_info *info = &s->vcpu_info[0];

	__atomic_store_n(&info->evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST);
	__atomic_exchange_n(&info->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
	__atomic_exchange_n(&s->evtchn_pending[0], 0, __ATOMIC_SEQ_CST);
	call(g, __HYPERVISOR_xen_version, 0, 0, 0);
}

/* ---- memory ---- */

static void change_memory(struct guest *g)
{
	uint64_t *frame = (uint64_t *)(g->page + 256);

	*frame = LOST_FRAME + below(g, 8);
	CALL(g, memory_op, one_in(g, 2) ? XENMEM_populate_physmap : XENMEM_decrease_reservation,
	     struct xen_memory_reservation, .extent_start.va = g->va + 256, .nr_extents = 1,
	     .domid = DOMID_SELF);
}

static void map_special(struct guest *g)
{
	uint64_t frame = TABLE_FRAME + below(g, 3);

	if (one_in(g, 3))
		CALL(g, memory_op, XENMEM_remove_from_physmap, struct xen_remove_from_physmap,
		     .domid = DOMID_SELF, .gpfn = frame);
	else
		CALL(g, memory_op, XENMEM_add_to_physmap, struct xen_add_to_physmap,
		     .domid = DOMID_SELF,
		     .space = one_in(g, 2) ? XENMAPSPACE_shared_info : XENMAPSPACE_grant_table,
		     .gpfn = frame);
}

/* ---- grants ---- */

/* A guest frame as this process sees it, if it is there. */
static void *frame_at(struct guest *g, uint64_t gfn)
{
	enum p2m_type type;
	mfn_t mfn;

	return p2m_lookup(g->d, GFN(gfn), &mfn, &type, NULL) ? NULL : phys_to_virt(mfn_to_pa(mfn));
}

/* The guest's own half of its table, where another of its vCPUs may move it away. */
static void grant(struct guest *g)
{
	struct grant_entry_v1 *e = NULL, entry;
	mfn_t mfn;

	for (unsigned i = 0; i < 3 && !e; i++)
		if (!p2m_get_page(g->d, GFN(TABLE_FRAME + i), true, &mfn))
			e = phys_to_virt(mfn_to_pa(mfn));
	if (e) {
		entry = (struct grant_entry_v1){one_in(g, 4) ? 0 : GTF_permit_access, any_domain(g),
						(uint32_t)(SHARED_FRAME + 6 + below(g, 8))};
		e += 8 + below(g, REFS);
		__atomic_store_n(&e->frame, entry.frame, __ATOMIC_RELAXED);
		__atomic_store_n(&e->domid, entry.domid, __ATOMIC_RELAXED);
		__atomic_store_n(&e->flags, entry.flags, __ATOMIC_RELEASE);
		page_put(mfn);
	}
	call(g, __HYPERVISOR_xen_version, 0, 0, 0);
}

static void map_grant(struct guest *g)
{
	CALL(g, grant_table_op, GNTTABOP_map_grant_ref, struct gnttab_map_grant_ref,
	     .host_addr = (MAP_FRAME + below(g, 16)) << PAGE_SHIFT, .flags = GNTMAP_host_map,
	     .ref = 8 + below(g, REFS), .dom = any_domain(g));
}

static void unmap_grant(struct guest *g)
{
	CALL(g, grant_table_op, GNTTABOP_unmap_grant_ref, struct gnttab_unmap_grant_ref,
	     .host_addr = (MAP_FRAME + below(g, 16)) << PAGE_SHIFT, .handle = below(g, 16));
}

static void copy_grant(struct guest *g)
{
	CALL(g, grant_table_op, GNTTABOP_copy, struct gnttab_copy,
	     .source = {.u.ref = 8 + below(g, REFS), .domid = any_domain(g)},
	     .dest = {.u.gmfn = SHARED_FRAME + 6 + below(g, 8), .domid = DOMID_SELF}, .len = 64,
	     .flags = GNTCOPY_source_gref);
}

static void swap_grants(struct guest *g)
{
	CALL(g, grant_table_op, GNTTABOP_swap_grant_ref, struct gnttab_swap_grant_ref,
	     .ref_a = 8 + below(g, REFS), .ref_b = 8 + below(g, REFS));
}

/* ---- scheduling and vCPUs ---- */

static void set_timer(struct guest *g)
{
	g->v->arch.vtimer.cval = time_ticks() + below(g, 200000);
	g->v->arch.vtimer.on = true;
}

/* Its timer wakes one that sleeps, at the latest. */
static void give_way(struct guest *g)
{
	set_timer(g);
	call(g, __HYPERVISOR_sched_op, one_in(g, 2) ? SCHEDOP_yield : SCHEDOP_block, 0, 0);
}

static void poll(struct guest *g)
{
	*(uint32_t *)(g->page + 256) = any_port(g);
	CALL(g, sched_op, SCHEDOP_poll, struct sched_poll, .ports.va = g->va + 256, .nr_ports = 1,
	     .timeout = time_now() + below(g, 200000));
}

static void watchdog(struct guest *g)
{
	CALL(g, sched_op, SCHEDOP_watchdog, struct sched_watchdog, .id = below(g, 3),
	     .timeout = below(g, 3) ? 1000 : 0);
}

static void register_areas(struct guest *g)
{
	uint64_t two_pages = (AREA_FRAME + 2 * g->v->id) << PAGE_SHIFT;
	struct vcpu_register_runstate_memory_area area = {.addr.p = two_pages + PAGE_SIZE -
								    24 * below(g, 5)};

	memcpy(g->page, &area, sizeof(area));
	call(g, __HYPERVISOR_vcpu_op, VCPUOP_register_runstate_memory_area, g->v->id, g->va);
}

static void ask_runstate(struct guest *g)
{
	call(g, __HYPERVISOR_vcpu_op, VCPUOP_get_runstate_info, below(g, THREADS_VCPUS), g->va);
}

/* PSCI, in the same registers. */
static void vcpus_up_and_down(struct guest *g)
{
	if (g->v->id && one_in(g, 2))
		call(g, ~0ULL, PSCI_CPU_OFF, 0, 0);
	else
		call(g, ~0ULL, PSCI_CPU_ON_64, below(g, THREADS_VCPUS), GUEST_RAM0_BASE);
}

static void use_timer(struct guest *g)
{
	set_timer(g);
	g->v->arch.vtimer.on = one_in(g, 2);
	call(g, __HYPERVISOR_xen_version, 0, 0, 0);
}

static void shut_down(struct guest *g)
{
	if (one_in(g, 10))
		CALL(g, sched_op, SCHEDOP_shutdown, struct sched_shutdown, .reason = below(g, 3));
	else
		call(g, __HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0);
}

/* ---- dom0: the toolstack ---- */

#define DOMCTL(g, command, id, ...)                                                     \
	do {                                                                            \
		CALL(g, domctl, 0, struct xen_domctl, .cmd = (command), .domain = (id), \
		     .interface_version = XEN_DOMCTL_INTERFACE_VERSION, ##__VA_ARGS__); \
		(g)->x[0] = (g)->va;                                                    \
	} while (0)

static domid_t any_guest(struct guest *g)
{
	return (domid_t)(1 + below(g, THREADS_GUESTS));
}

static long now(struct guest *g)
{
	long ret;

	while ((ret = hypercall_dispatch(g->v, g->x[X_CALL], g->x)) == -ERESTART)
		;
	return ret;
}

/* All the calls that make a guest that runs; it may be ended at any point of it. */
static void create(struct guest *g)
{
	domid_t id = any_guest(g);
	uint64_t *frame = (uint64_t *)(g->page + 1024);
	struct vcpu_guest_context *regs = (void *)(g->page + 2048);

	DOMCTL(g, XEN_DOMCTL_createdomain, id,
	       .u.createdomain = {.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap,
				  .max_vcpus = THREADS_VCPUS,
				  .max_evtchn_port = 1023,
				  .max_grant_frames = -1,
				  .max_maptrack_frames = -1,
				  .grant_opts = 1});
	if (now(g))
		goto done;
	DOMCTL(g, XEN_DOMCTL_max_mem, id, .u.max_mem.max_memkb = THREADS_PAGES * 4);
	now(g);
	DOMCTL(g, XEN_DOMCTL_max_vcpus, id, .u.max_vcpus.max = THREADS_VCPUS);
	now(g);
	for (unsigned i = 0; i < THREADS_PAGES - 8; i++)
		frame[i] = RAM0 + i;
	CALL(g, memory_op, XENMEM_populate_physmap, struct xen_memory_reservation,
	     .extent_start.va = g->va + 1024, .nr_extents = THREADS_PAGES - 8, .domid = id);
	now(g);
	for (unsigned i = 0; i < THREADS_VCPUS; i++) {
		*regs = (struct vcpu_guest_context){.flags = VGCF_online,
						    .user_regs.cpsr = PSR_MODE_EL1h};
		DOMCTL(g, XEN_DOMCTL_setvcpucontext, id,
		       .u.vcpucontext = {.vcpu = i, .ctxt.va = g->va + 2048});
		now(g);
	}
	DOMCTL(g, XEN_DOMCTL_unpausedomain, id);
	now(g);
done:
	call(g, __HYPERVISOR_xen_version, 0, 0, 0);
}

static void destroy(struct guest *g)
{
	DOMCTL(g, XEN_DOMCTL_destroydomain, any_guest(g));
}

static void pause_one(struct guest *g)
{
	DOMCTL(g, XEN_DOMCTL_pausedomain, any_guest(g));
}

static void unpause_one(struct guest *g)
{
	DOMCTL(g, one_in(g, 5) ? XEN_DOMCTL_resumedomain : XEN_DOMCTL_unpausedomain, any_guest(g));
}

static void pin(struct guest *g)
{
	g->page[1024] = (char)(1 + below(g, 15));
	DOMCTL(g, XEN_DOMCTL_setvcpuaffinity, any_guest(g),
	       .u.vcpuaffinity = {.vcpu = below(g, THREADS_VCPUS),
				  .flags = XEN_VCPUAFFINITY_HARD,
				  .cpumap_hard = {{.va = g->va + 1024}, 8}});
}

static void weigh(struct guest *g)
{
	DOMCTL(g, XEN_DOMCTL_scheduler_op, any_guest(g),
	       .u.scheduler_op = {.sched_id = XEN_SCHEDULER_CREDIT2,
				  .cmd = XEN_DOMCTL_SCHEDOP_putinfo,
				  .u.credit2 = {(uint16_t)(64 << below(g, 3)),
						(uint16_t)(one_in(g, 3) ? 40 : 0)}});
}

static void look(struct guest *g)
{
	switch (below(g, 4)) {
	case 0:
		DOMCTL(g, XEN_DOMCTL_getdomaininfo, any_guest(g));
		break;
	case 1:
		DOMCTL(g, XEN_DOMCTL_getvcpuinfo, any_guest(g),
		       .u.getvcpuinfo.vcpu = below(g, THREADS_VCPUS));
		break;
	case 2:
		DOMCTL(g, XEN_DOMCTL_getvcpucontext, any_guest(g),
		       .u.vcpucontext = {.vcpu = below(g, THREADS_VCPUS), .ctxt.va = g->va + 2048});
		break;
	default:
		call(g, __HYPERVISOR_plinth_op, PLINTH_OP_get_usage, g->va, 0);
	}
}

static void change_foreign(struct guest *g)
{
	uint64_t *frame = (uint64_t *)(g->page + 1024);

	*frame = LOST_FRAME + below(g, 8);
	CALL(g, memory_op, one_in(g, 2) ? XENMEM_populate_physmap : XENMEM_decrease_reservation,
	     struct xen_memory_reservation, .extent_start.va = g->va + 1024, .nr_extents = 1,
	     .domid = any_guest(g));
}

/* ---- choice ---- */

static struct kind {
	const char *name;
	void (*make)(struct guest *g);
	unsigned guests, dom0; /* how often */
	unsigned calls, done;
} kinds[] = {
#define KIND(f, guests, dom0)             \
	{                                 \
#f, f, guests, dom0, 0, 0 \
	}
	KIND(open_port, 10, 4),
	KIND(close_port, 4, 2),
	KIND(send, 20, 6),
	KIND(other_port_op, 4, 2),
	KIND(fifo, 2, 0),
	KIND(take_events, 10, 10),
	KIND(change_memory, 6, 0),
	KIND(map_special, 5, 0),
	KIND(grant, 8, 0),
	KIND(map_grant, 8, 0),
	KIND(unmap_grant, 8, 0),
	KIND(copy_grant, 4, 0),
	KIND(swap_grants, 2, 0),
	KIND(give_way, 6, 4),
	KIND(poll, 3, 3),
	KIND(watchdog, 1, 0),
	KIND(register_areas, 3, 0),
	KIND(ask_runstate, 3, 1),
	KIND(vcpus_up_and_down, 4, 0),
	KIND(use_timer, 3, 3),
	KIND(shut_down, 1, 0),
	KIND(create, 0, 40),
	KIND(destroy, 0, 2),
	KIND(pause_one, 0, 5),
	KIND(unpause_one, 0, 10),
	KIND(pin, 0, 6),
	KIND(weigh, 0, 3),
	KIND(look, 0, 6),
	KIND(change_foreign, 0, 4),
};

static unsigned weight(const struct kind *k, const struct vcpu *v)
{
	/* One toolstack makes domains, as many as there are change them. */
	if (k->make == create && v->id)
		return 0;
	return v->domain->privileged ? k->dom0 : k->guests;
}

static unsigned choose(struct guest *g)
{
	unsigned total = 0, i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		total += weight(&kinds[i], g->v);
	total = below(g, total);
	for (i = 0; total >= weight(&kinds[i], g->v); i++)
		total -= weight(&kinds[i], g->v);
	return i;
}

/* As a kernel does it: all interrupts of the vCPU itself are enabled. */
static void start(struct guest *g)
{
	bool dom0 = g->d->privileged;
	gpaddr_t gicd = dom0 ? 0x8000000 : GUEST_GICV3_GICD_BASE;
	gpaddr_t gicr = (dom0 ? 0x80a0000 : GUEST_GICV3_GICR0_BASE) + 0x20000 * (gpaddr_t)g->v->id;

	g->x[X_RANDOM] = 0x9e3779b97f4a7c15u * (g->d->id * 8u + g->v->id + 1u);
	host_guest_open();
	mmio_write(g->v, gicd, 4, 2);                    /* GICD_CTLR: group 1 */
	mmio_write(g->v, gicr + 0x10100, 4, 0xffffffff); /* GICR_ISENABLER0 */
}

static void take_interrupts(struct guest *g)
{
	unsigned intid;

	while ((intid = host_guest_take()) != HOST_NO_IRQ)
		if (intid == HOST_VTIMER_PPI)
			g->v->arch.vtimer.on = false;
}

static long issue(struct guest *g)
{
	if (g->x[X_CALL] == ~0ULL) {
		smccc_call(g->v);
		return (long)g->x[0];
	}
	return hypercall_dispatch(g->v, g->x[X_CALL], g->x);
}

void threads_guest_step(struct vcpu *v)
{
	struct guest g = {.v = v, .d = v->domain, .x = v->arch.x};
	struct kind *k;
	long ret;

	g.page = v->domain->privileged ? dom0_ram + PAGE_SIZE * v->id : frame_at(&g, RAM0 + v->id);
	g.va = v->domain->privileged ? (uintptr_t)g.page
				     : GUEST_RAM0_BASE + PAGE_SIZE * (uint64_t)v->id;
	if (!g.page) {
		vcpu_block(v, SLEEP_IRQ); /* it has no memory yet */
		return;
	}
	if (!g.x[X_RANDOM])
		start(&g);
	take_interrupts(&g);
	if (!g.x[X_BUSY]) {
		g.x[X_KIND] = choose(&g);
		kinds[g.x[X_KIND]].make(&g);
		g.x[X_BUSY] = 1;
	}
	k = &kinds[g.x[X_KIND] % ARRAY_SIZE(kinds)];
	ret = issue(&g);
	if (host_locks_held())
		host_fail("%s ends with a lock held", k->name);
	if (ret == -ERESTART)
		return;
	g.x[X_BUSY] = 0;
	__atomic_fetch_add(&k->calls, 1, __ATOMIC_RELAXED);
	if (ret >= 0)
		__atomic_fetch_add(&k->done, 1, __ATOMIC_RELAXED);
}

void threads_print_calls(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++)
		print_message("%-18s %7u calls, %7u done\n", kinds[i].name, kinds[i].calls,
			      kinds[i].done);
}
