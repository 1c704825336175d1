/* SPDX-License-Identifier: ISC */
/* The guest "hostile": event channels of both layouts, by all vCPUs at once. */

#include "gic.h"
#include "hostile.h"

#define PORTS 32

static u32 ports[PORTS]; /* some that are or were ours; 0: none */
static event_word_t words[PAGE_SIZE / sizeof(event_word_t)] ALIGN_PAGE;
static char control[MAX_CPUS > 8 ? 8 : MAX_CPUS][PAGE_SIZE] ALIGN_PAGE;

void events_prepare(void)
{
	events_init();
	own_domid = events_own_domid();
}

static u32 some_port(u64 *seed)
{
	return READ_ONCE(ports[rnd(seed) % PORTS]);
}

/* A new one takes the place of an old one, which is closed. */
static void keep(u32 port, u64 *seed)
{
	u32 old = __atomic_exchange_n(&ports[rnd(seed) % PORTS], port, __ATOMIC_RELAXED);

	if (old)
		events_close(old);
}

static void open_one(u64 *seed)
{
	domid_t dom = rnd(seed) & 1 ? DOMID_SELF : peer_domid;
	u32 port = 0;
	long rc;

	switch (rnd(seed) % 4) {
	case 0:
		rc = events_alloc(DOMID_SELF, dom, &port);
		break;
	case 1:
		rc = events_bind(dom, rnd(seed) & 1 ? some_port(seed) : 8 + (u32)(rnd(seed) % 64),
				 &port);
		break;
	case 2:
		rc = events_bind_ipi((u32)(rnd(seed) % board.cpu_count), &port);
		break;
	default:
		rc = events_bind_virq((u32)(rnd(seed) % 24), (u32)(rnd(seed) % board.cpu_count),
				      &port);
	}
	if (!rc)
		keep(port, seed);
}

void events_step(struct cpu *cpu, u64 *seed)
{
	struct evtchn_status status;

	(void)cpu;
	switch (rnd(seed) % 8) {
	case 0:
		open_one(seed);
		break;
	case 1:
		keep(0, seed);
		break;
	case 2:
		events_bind_vcpu(some_port(seed), (u32)(rnd(seed) % board.cpu_count));
		break;
	case 3:
		events_unmask(some_port(seed));
		break;
	case 4:
		events_status(DOMID_SELF, some_port(seed), &status);
		break;
	default:
		events_send(some_port(seed));
	}
}

static void close_all(void)
{
	for (unsigned n = 0; n < PORTS; n++) {
		if (ports[n])
			events_close(ports[n]);
		ports[n] = 0;
	}
}

/* One send is one upcall, on each vCPU's port in turn. */
void events_check(void)
{
	u32 a = 0, b = 0;

	close_all();
	irq_hook = events_hook;
	events_hook(cpu_self(),
		    board.ppi_event); /* interrupts that were taken without a look at the events */
	CHECK_RC(events_alloc(DOMID_SELF, DOMID_SELF, &a), 0);
	CHECK_RC(events_bind(DOMID_SELF, a, &b), 0);
	events_mask(a, false);
	events_mask(b, false);
	gic_enable(board.ppi_event);
	IRQ_ON();
	for (unsigned n = 0; n < 50; n++)
		guest_yield();
	for (unsigned n = 0; n < 50 && !check_failed(); n++) {
		u32 before = READ_ONCE(events_count[b]);

		CHECK_RC(events_send(a), 0);
		CHECK(WAIT_FOR(READ_ONCE(events_count[b]) != before));
		CHECK_EQ(READ_ONCE(events_count[b]), before + 1);
	}
	IRQ_OFF();
	CHECK_RC(events_close(a), 0);
	CHECK_RC(events_close(b), 0);
}

void fifo_prepare(void)
{
	struct evtchn_expand_array expand = {.array_gfn = (u64)words / PAGE_SIZE};

	own_domid = events_own_domid();
	for (u32 n = 0; n < board.cpu_count && n < ARRAY_SIZE(control); n++) {
		struct evtchn_init_control op = {.control_gfn = (u64)control[n] / PAGE_SIZE,
						 .vcpu = n};

		CHECK_RC(xen_event_op(EVTCHNOP_init_control, &op), 0);
	}
	CHECK_RC(xen_event_op(EVTCHNOP_expand_array, &expand), 0);
}

/* The queues are in the guest's memory, and this guest writes anything there. */
void fifo_step(struct cpu *cpu, u64 *seed)
{
	if (!(rnd(seed) % 3)) {
		u32 port = some_port(seed);

		WRITE_ONCE(words[port % ARRAY_SIZE(words)], (u32)rnd(seed));
	} else if (!(rnd(seed) % 8)) {
		u32 *control_words = (u32 *)control[rnd(seed) % ARRAY_SIZE(control)];

		WRITE_ONCE(control_words[rnd(seed) % 20], (u32)rnd(seed));
	} else {
		events_step(cpu, seed);
	}
}
