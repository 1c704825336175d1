/* SPDX-License-Identifier: ISC */
/*
 * Event channels, and what a vCPU does about itself: sleep, run, registrations, its interrupt
 * controller.
 */
#include <arm/psci.h>
#include <arm/trap.h>
#include <host/host.h>
#include <lib/atomic.h>
#include <lib/time.h>
#include <hyp/hypercall.h>
#include <vdev/vtimer.h>
#include <public/event_channel.h>
#include <public/sched.h>
#include <public/vcpu.h>
#include <string.h>

#include "evtchn_priv.h"
#include "interleave.h"

#define PORTS 12

static uint32_t any_port(void)
{
	return 1 + (uint32_t)il_few(PORTS);
}

static uint32_t any_vcpu(const struct caller *c)
{
	return (uint32_t)il_below(c->d->max_vcpus);
}

/* A page for what a vCPU registers; the event words' is another one. */
static uint64_t special_gfn(const struct caller *c)
{
	return frame_at(c->d, SPECIAL_AT + il_below(PLAIN_AT - SPECIAL_AT - 1));
}

static void port_call(struct caller *c, unsigned cmd)
{
	call(c, __HYPERVISOR_event_channel_op, cmd, args_va(c, 0), 0);
}

static call_fn poll;

static void alloc_unbound(struct caller *c)
{
	struct evtchn_alloc_unbound *a = args_page(c);

	if (!a)
		return;
	a->dom = c->d->privileged ? any_domid(c) : DOMID_SELF;
	a->remote_dom = any_domid(c);
	port_call(c, EVTCHNOP_alloc_unbound);
}

static void bind_interdomain(struct caller *c)
{
	struct evtchn_bind_interdomain *a = args_page(c);

	if (!a)
		return;
	a->remote_dom = any_domid(c);
	a->remote_port = any_port();
	port_call(c, EVTCHNOP_bind_interdomain);
}

static void bind_virq(struct caller *c)
{
	struct evtchn_bind_virq *a = args_page(c);

	if (!a)
		return;
	a->virq = (uint32_t)il_below(4);
	a->vcpu = any_vcpu(c);
	port_call(c, EVTCHNOP_bind_virq);
}

static void bind_ipi(struct caller *c)
{
	struct evtchn_bind_ipi *a = args_page(c);

	if (!a)
		return;
	a->vcpu = any_vcpu(c);
	port_call(c, EVTCHNOP_bind_ipi);
}

static void with_port(struct caller *c, unsigned cmd)
{
	uint32_t *a = args_page(c);

	if (!a)
		return;
	*a = any_port();
	port_call(c, cmd);
}

static void close_port(struct caller *c)
{
	with_port(c, EVTCHNOP_close);
}

static void send(struct caller *c)
{
	with_port(c, EVTCHNOP_send);
}

static void unmask(struct caller *c)
{
	with_port(c, EVTCHNOP_unmask);
}

static void bind_vcpu(struct caller *c)
{
	struct evtchn_bind_vcpu *a = args_page(c);

	if (!a)
		return;
	a->port = any_port();
	a->vcpu = any_vcpu(c);
	port_call(c, EVTCHNOP_bind_vcpu);
}

static void status(struct caller *c)
{
	struct evtchn_status *a = args_page(c);

	if (!a)
		return;
	a->dom = any_domid(c);
	a->port = any_port();
	port_call(c, EVTCHNOP_status);
}

static void reset(struct caller *c)
{
	struct evtchn_reset *a = args_page(c);

	if (!a)
		return;
	a->dom = c->d->privileged ? any_domid(c) : DOMID_SELF;
	port_call(c, EVTCHNOP_reset);
}

static void init_control(struct caller *c)
{
	struct evtchn_init_control *a = args_page(c);

	if (!a)
		return;
	a->vcpu = any_vcpu(c);
	a->control_gfn = special_gfn(c);
	a->offset = 1024 + 128 * a->vcpu;
	port_call(c, EVTCHNOP_init_control);
}

static void expand_array(struct caller *c)
{
	struct evtchn_expand_array *a = args_page(c);

	if (!a)
		return;
	a->array_gfn = frame_at(c->d, PLAIN_AT - 1);
	port_call(c, EVTCHNOP_expand_array);
}

static void set_priority(struct caller *c)
{
	struct evtchn_set_priority *a = args_page(c);

	if (!a)
		return;
	a->port = any_port();
	a->priority = (uint32_t)il_below(EVTCHN_FIFO_PRIORITY_MIN + 2);
	port_call(c, EVTCHNOP_set_priority);
}

/* The guest looks at its events, in either layout, and lets some of them through next time. */
static void take_events(struct caller *c)
{
	struct vcpu_info *info = c->v->info;
	uint64_t *words = frame_page(c->d, frame_at(c->d, PLAIN_AT - 1));
	struct shared_info *s = c->d->shared_info;

	if (info) {
		info->evtchn_upcall_pending = 0;
		info->evtchn_pending_sel = 0;
	}
	s->evtchn_pending[0] &= il_one_in(2) ? 0 : il_below(1 << PORTS);
	s->evtchn_mask[0] = il_one_in(2) ? 0 : il_below(1 << PORTS);
	if (words && c->d->evtchn.fifo)
		words[il_below(PORTS)] &=
			~(1ULL << EVTCHN_FIFO_LINKED | 1ULL << EVTCHN_FIFO_MASKED);
}

const struct call_row port_calls[] = {
	{"alloc_unbound", alloc_unbound, 12},
	{"bind_interdomain", bind_interdomain, 20},
	{"bind_virq", bind_virq, 4},
	{"bind_ipi", bind_ipi, 6},
	{"close", close_port, 16},
	{"send", send, 24},
	{"unmask", unmask, 8},
	{"bind_vcpu", bind_vcpu, 6},
	{"status", status, 3},
	{"reset", reset, 2},
	{"init_control", init_control, 4},
	{"expand_array", expand_array, 3},
	{"set_priority", set_priority, 2},
	{"takes events", take_events, 20},
	{"poll", poll, 10},
	{0},
};

/* ---- the vCPU itself ---- */

static void yield(struct caller *c)
{
	call(c, __HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0);
}

static void block(struct caller *c)
{
	call(c, __HYPERVISOR_sched_op, SCHEDOP_block, 0, 0);
}

static void poll(struct caller *c)
{
	char *page = args_page(c);
	struct sched_poll *p = (void *)page;
	uint32_t *ports = (void *)(page + 64);

	if (!page)
		return;
	p->ports.va = args_va(c, 64);
	p->nr_ports = (uint32_t)il_below(3);
	p->timeout = il_one_in(3) ? 0 : time_now() + il_below(1000000);
	ports[0] = any_port();
	ports[1] = any_port();
	c->polls = true;
	call(c, __HYPERVISOR_sched_op, SCHEDOP_poll, args_va(c, 0), 0);
}

/* dom0 is the machine. */
static void shut_down(struct caller *c)
{
	struct sched_shutdown *s = args_page(c);

	if (!s || c->d->privileged || !il_one_in(4))
		return;
	s->reason = (uint32_t)il_below(SHUTDOWN_MAX + 1);
	call(c, __HYPERVISOR_sched_op, SCHEDOP_shutdown, args_va(c, 0), 0);
}

static void watchdog(struct caller *c)
{
	struct sched_watchdog *w = args_page(c);

	if (!w || c->d->privileged)
		return;
	w->id = (uint32_t)il_below(4);
	w->timeout = (uint32_t)il_below(3);
	call(c, __HYPERVISOR_sched_op, SCHEDOP_watchdog, args_va(c, 0), 0);
}

static void register_info(struct caller *c)
{
	struct vcpu_register_vcpu_info *r = args_page(c);
	uint32_t vcpu = any_vcpu(c);

	if (!r)
		return;
	r->mfn = special_gfn(c);
	r->offset = 64 * (1 + vcpu);
	call(c, __HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, vcpu, args_va(c, 0));
}

static void register_runstate(struct caller *c)
{
	struct vcpu_register_runstate_memory_area *r = args_page(c);

	if (!r)
		return;
	r->addr.p = il_one_in(4) ? 0 : (special_gfn(c) << PAGE_SHIFT) + 2048 + 64 * c->v->id;
	call(c, __HYPERVISOR_vcpu_op, VCPUOP_register_runstate_memory_area, c->v->id,
	     args_va(c, 0));
}

static void runstate_info(struct caller *c)
{
	if (args_page(c))
		call(c, __HYPERVISOR_vcpu_op, VCPUOP_get_runstate_info, any_vcpu(c), args_va(c, 0));
}

static void firmware_call(struct caller *c)
{
	static const uint32_t ids[] = {PSCI_CPU_ON_64,        PSCI_CPU_ON_64,      PSCI_CPU_ON_64,
				       PSCI_AFFINITY_INFO_64, PSCI_CPU_SUSPEND_64, PSCI_CPU_OFF};
	uint32_t id = ids[il_below(ARRAY_SIZE(ids))];
	uint64_t *x = c->v->arch.x;

	/* dom0's second vCPU can be off, but not both. */
	if (id == PSCI_CPU_OFF && (c->v->id == 0 || (c->d->privileged && !il_one_in(8))))
		return;
	x[0] = id;
	x[1] = id == PSCI_CPU_SUSPEND_64 ? 0 : any_vcpu(c);
	x[2] = any_ram_gfn(c->d) << PAGE_SHIFT;
	x[3] = id == PSCI_AFFINITY_INFO_64 ? 0 : il_below(100);
	c->nr = id;
	report_call(c);
	smccc_call(c->v);
	report_result(c, (long)x[0]);
}

static void wait_for_interrupt(struct caller *c)
{
	c->nr = 0;
	report_call(c);
	vcpu_block(c->v, SLEEP_IRQ);
	report_result(c, 0);
}

static void device_access(struct caller *c)
{
	static const uint16_t offsets[] = {0x100, 0x180, 0x200, 0x280, 0x300, 0x380,
					   0x400, 0x410, 0x420, 0xc00, 0};
	gpaddr_t dist = c->d->privileged ? 0x8000000 : GUEST_GICV3_GICD_BASE;
	gpaddr_t redist = (c->d->privileged ? 0x80a0000 : GUEST_GICV3_GICR0_BASE) +
			  any_vcpu(c) * VGIC_REDIST_STRIDE;
	gpaddr_t addr = offsets[il_below(ARRAY_SIZE(offsets))] + 4 * il_below(2);

	addr += il_one_in(2) ? dist : redist + (il_one_in(8) ? 0 : 0x10000);
	c->nr = addr;
	report_call(c);
	if (il_one_in(3))
		mmio_read(c->v, addr, 4);
	else
		mmio_write(c->v, addr, 4, il_one_in(2) ? ~0U : il_below(1ULL << 32));
	report_result(c, 0);
}

static void route(struct caller *c)
{
	gpaddr_t dist = c->d->privileged ? 0x8000000 : GUEST_GICV3_GICD_BASE;

	c->nr = 0x6100 + 8 * il_below(4);
	report_call(c);
	mmio_write(c->v, dist + c->nr, 8, il_below(4));
	report_result(c, 0);
}

static void send_sgi(struct caller *c)
{
	c->nr = il_below(16) << 24 | il_below(8);
	report_call(c);
	vgic_v3_write_sgi1r(c->v, c->nr);
	report_result(c, 0);
}

/* The guest takes its interrupts, at least one. */
static void take_interrupts(struct caller *c)
{
	(void)c;
	host_guest_open();
	for (unsigned i = 0; host_guest_take() != HOST_NO_IRQ && i < 3; i++)
		;
}

static void timers(struct caller *c)
{
	c->nr = il_below(2);
	report_call(c);
	if (c->nr) {
		ptimer_write(c->v, PTIMER_CVAL, host_ticks + il_below(500000));
		ptimer_write(c->v, PTIMER_CTL, il_below(4));
	} else {
		c->v->arch.vtimer.on = il_below(2);
		c->v->arch.vtimer.cval = host_ticks + il_below(500000);
	}
	report_result(c, 0);
}

const struct call_row vcpu_calls[] = {
	{"yield", yield, 4},
	{"block", block, 8},
	{"poll", poll, 8},
	{"shutdown", shut_down, 1},
	{"watchdog", watchdog, 2},
	{"register_vcpu_info", register_info, 4},
	{"register_runstate", register_runstate, 5},
	{"runstate_info", runstate_info, 2},
	{"firmware call", firmware_call, 10},
	{"WFI", wait_for_interrupt, 6},
	{"GIC register", device_access, 14},
	{"GIC route", route, 3},
	{"SGI", send_sgi, 8},
	{"takes interrupts", take_interrupts, 12},
	{"timer", timers, 5},
	{0},
};
