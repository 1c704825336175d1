/* SPDX-License-Identifier: ISC */
/*
 * Writes to its console, between markers: one line at a time, each waited for until the daemon has
 * taken it (latency), and then many as fast as the daemon takes them (throughput).
 */

#include "events.h"
#include "gic.h"

const char guest_name[] = "writer";

void marker_set(unsigned long number);

#define LINE_MARKER 34 /* see devices.py */
#define BULK_MARKER 36
#define LINES       20
#define BULK_KIB    256
#define LINE_LENGTH 64

static struct xencons_interface *ring;
static struct evtchn_send port;

static bool attach(void)
{
	u64 pfn, number;

	if (xen_get_param(HVM_PARAM_CONSOLE_PFN, &pfn) ||
	    xen_get_param(HVM_PARAM_CONSOLE_EVTCHN, &number))
		return false;
	ring = (struct xencons_interface *)(pfn * PAGE_SIZE); /* mapped by console_init() */
	port.port = (u32)number;
	return true;
}

static bool has_room(u32 wanted)
{
	u32 used = ring->out_prod - __atomic_load_n(&ring->out_cons, __ATOMIC_ACQUIRE);

	return sizeof(ring->out) - used >= wanted;
}

/* Asleep: the daemon tells when it has taken something. */
static void await_room(u32 wanted)
{
	struct sched_poll poll = {.nr_ports = 1};

	poll.ports = xen_handle_from_ptr(&port.port);
	while (!has_room(wanted)) {
		events_clear(port.port);
		if (!has_room(wanted))
			xen_sched_op(SCHEDOP_poll, &poll);
	}
}

static void put_line(void)
{
	for (unsigned n = 0; n < LINE_LENGTH; n++) {
		char c = n == LINE_LENGTH - 1 ? '\n' : 'x';

		ring->out[(ring->out_prod + n) & (sizeof(ring->out) - 1)] = c;
	}
	/* partner: the console daemon reads out_prod before the bytes below it */
	__atomic_store_n(&ring->out_prod, ring->out_prod + LINE_LENGTH, __ATOMIC_RELEASE);
	xen_event_op(EVTCHNOP_send, &port);
}

static void hook(struct cpu *cpu, unsigned intid)
{
	(void)cpu;
	if (intid == board.ppi_virt)
		SYSREG_WRITE(cntv_ctl_el0, 0);
}

/* The daemon has come to rest then. */
static void pause_a_while(void)
{
	u32 before = irq_count(board.ppi_virt);

	SYSREG_WRITE(cntv_cval_el0, timer_now() + timer_frequency() / 100);
	SYSREG_WRITE(cntv_ctl_el0, TIMER_ENABLE);
	while (irq_count(board.ppi_virt) == before) {
		WFI();
		IRQ_ON();
		ISB();
		IRQ_OFF();
	}
}

static void one_by_one(void)
{
	for (unsigned n = 0; n < LINES; n++) {
		pause_a_while();
		marker_set(LINE_MARKER);
		put_line();
		await_room(sizeof(ring->out));
		marker_set(LINE_MARKER + 1);
	}
}

static void bulk(void)
{
	marker_set(BULK_MARKER);
	for (unsigned n = 0; n < BULK_KIB * 1024 / LINE_LENGTH; n++) {
		await_room(LINE_LENGTH);
		put_line();
	}
	await_room(sizeof(ring->out));
	marker_set(BULK_MARKER + 1);
}

static void check_writer(void)
{
	u64 begin;

	gic_init();
	irq_hook = hook;
	gic_enable(board.ppi_virt);
	if (!events_init() || !CHECK(attach()))
		return;
	events_mask(port.port, true); /* polled */
	one_by_one();
	begin = timer_now();
	bulk();
	begin = (timer_now() - begin) / (timer_frequency() / 1000000);
	guest_printf("writer: %u KiB in %lu us\n", BULK_KIB, begin);
}

void guest_main(void)
{
	static const struct check check = {"writer", check_writer};

	check_run(&check, 1);
}
