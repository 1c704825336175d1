/* SPDX-License-Identifier: ISC */
/*
 * Writes to its console, between markers: one line at a time, each waited for until the daemon has
 * taken it (latency), and then many as fast as the daemon takes them (throughput).
 */

#include "abi.h"

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

/* The daemon may be on this CPU. */
static void await_room(u32 wanted)
{
	while (sizeof(ring->out) -
		       (ring->out_prod - __atomic_load_n(&ring->out_cons, __ATOMIC_ACQUIRE)) <
	       wanted)
		xen_sched_op(SCHEDOP_yield, NULL);
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

static void one_by_one(void)
{
	for (unsigned n = 0; n < LINES; n++) {
		u64 begin = timer_now();

		while (timer_now() < begin + timer_frequency() / 100)
			xen_sched_op(SCHEDOP_yield, NULL);
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
	if (!CHECK(attach()))
		return;
	one_by_one();
	bulk();
	guest_printf("writer: done\n");
}

void guest_main(void)
{
	static const struct check check = {"writer", check_writer};

	check_run(&check, 1);
}
