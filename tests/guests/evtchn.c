/* SPDX-License-Identifier: ISC */
/* Event channels in the 2-level layout: binding, sending, masks, virqs, limits, and exact errors.
 */

#include "events.h"
#include "gic.h"

const char guest_name[] = "evtchn";

static domid_t self;

static void settle(void)
{
	IRQ_ON();
	for (unsigned n = 0; n < 20; n++)
		guest_yield();
	IRQ_OFF();
}

static void forget(void)
{
	memset(events_count, 0, sizeof(events_count));
	events_upcalls = 0;
}

/* A pair of ports of this domain that are bound to each other. */
struct pair {
	u32 a, b;
};

static struct pair pair_make(void)
{
	struct pair p = {0, 0};

	CHECK_RC(events_alloc(DOMID_SELF, DOMID_SELF, &p.a), 0);
	CHECK_RC(events_bind(DOMID_SELF, p.a, &p.b), 0);
	settle(); /* binding makes the new port pending */
	forget();
	return p;
}

static void pair_close(struct pair p)
{
	CHECK_RC(events_close(p.a), 0);
	CHECK_RC(events_close(p.b), 0);
	settle();
}

static void check_alloc(void)
{
	struct evtchn_status s;
	u32 port, other;

	CHECK_RC(events_alloc(DOMID_SELF, DOMID_SELF, &port), 0);
	CHECK_RC(events_alloc(DOMID_SELF, DOMID_SELF, &other), 0);
	CHECK(port > 0 && other > 0 && port != other);
	CHECK_RC(events_status(DOMID_SELF, port, &s), 0);
	CHECK_EQ(s.status, EVTCHNSTAT_unbound);
	CHECK_EQ(s.vcpu, 0);
	CHECK_EQ(s.u.unbound.dom, self);
	CHECK_RC(events_status(self, port, &s), 0); /* by its own number, too */
	CHECK_EQ(s.status, EVTCHNSTAT_unbound);
	CHECK_RC(events_send(port), 0); /* into the void */
	CHECK(!events_pending(port));
	CHECK_RC(events_close(port), 0);
	CHECK_RC(events_close(other), 0);
}

/*
 * For a domain that does not exist: refused in Xen's "silo" mode, which is what Debian's Xen runs
 * in; otherwise the port waits for that domain to come.
 */
static void check_alloc_for_nobody(void)
{
	struct evtchn_status s;
	u32 port, other;
	long rc = events_alloc(DOMID_SELF, 1234, &port);

	if (rc == -XEN_ESRCH)
		return;
	CHECK_RC(rc, 0);
	CHECK_RC(events_status(DOMID_SELF, port, &s), 0);
	CHECK_EQ(s.u.unbound.dom, 1234);
	CHECK_RC(events_bind(DOMID_SELF, port, &other), -XEN_EINVAL);
	CHECK_RC(events_close(port), 0);
}

static void check_bind(void)
{
	struct evtchn_status s;
	u32 a, b;

	forget();
	CHECK_RC(events_alloc(DOMID_SELF, DOMID_SELF, &a), 0);
	CHECK_RC(events_bind(DOMID_SELF, a, &b), 0);
	CHECK(a != b);
	CHECK(events_pending(b)); /* so that an early notification is not lost */
	CHECK(!events_pending(a));
	CHECK_RC(events_status(DOMID_SELF, a, &s), 0);
	CHECK_EQ(s.status, EVTCHNSTAT_interdomain);
	CHECK_EQ(s.u.interdomain.dom, self);
	CHECK_EQ(s.u.interdomain.port, b);
	CHECK_RC(events_status(DOMID_SELF, b, &s), 0);
	CHECK_EQ(s.u.interdomain.port, a);
	CHECK_RC(events_bind(DOMID_SELF, a, &b), -XEN_EINVAL); /* bound already */
	settle();
	CHECK_EQ(events_count[b], 1);
	pair_close((struct pair){a, b});
}

static void check_send(void)
{
	struct pair p = pair_make();

	for (u32 n = 1; n <= 100 && !check_failed(); n++) {
		CHECK_RC(events_send(p.a), 0);
		CHECK(events_pending(p.b));
		IRQ_ON();
		CHECK(WAIT_FOR(READ_ONCE(events_count[p.b]) == n));
		IRQ_OFF();
		CHECK(!events_pending(p.b));
	}
	CHECK_EQ(events_upcalls, 100);
	/* twice before it is looked at is once */
	CHECK_RC(events_send(p.b), 0);
	CHECK_RC(events_send(p.b), 0);
	settle();
	CHECK_EQ(events_count[p.a], 1);
	CHECK_EQ(events_count[p.b], 100);
	pair_close(p);
}

static void check_mask(void)
{
	struct pair p = pair_make();

	events_mask(p.b, true);
	CHECK_RC(events_send(p.a), 0);
	CHECK(events_pending(p.b));
	settle();
	CHECK_EQ(events_count[p.b], 0);
	CHECK_EQ(events_upcalls, 0);
	CHECK_RC(events_unmask(p.b), 0);
	CHECK(!events_masked(p.b));
	settle();
	CHECK_EQ(events_count[p.b], 1);
	/* unmask without anything pending is quiet */
	forget();
	events_mask(p.b, true);
	CHECK_RC(events_unmask(p.b), 0);
	CHECK(!events_masked(p.b));
	settle();
	CHECK_EQ(events_upcalls, 0);
	CHECK_RC(events_unmask(p.b), 0); /* not masked: harmless */
	pair_close(p);
}

/*
 * The upcall is a level interrupt, as the device tree says: while evtchn_upcall_pending is set,
 * clearing its pending bit at the GIC (as firmware and kernels do when they start) loses nothing.
 */
static void check_level(void)
{
	struct pair p = pair_make();

	CHECK_RC(events_send(p.a), 0);
	gic_unpend(board.ppi_event);
	settle();
	CHECK_EQ(events_count[p.b], 1);
	CHECK_RC(events_send(p.a), 0);
	gic_disable(board.ppi_event);
	gic_unpend(board.ppi_event);
	gic_enable(board.ppi_event);
	settle();
	CHECK_EQ(events_count[p.b], 2);
	if (check_failed()) /* so that the checks after this one mean something */
		events_hook(&cpus[0], board.ppi_event);
	pair_close(p);
}

static void check_close(void)
{
	struct evtchn_status s;
	struct pair p = pair_make();
	u32 again;

	CHECK_RC(events_close(p.b), 0);
	CHECK_RC(events_status(DOMID_SELF, p.b, &s), 0);
	CHECK_EQ(s.status, EVTCHNSTAT_closed);
	CHECK_RC(events_status(DOMID_SELF, p.a, &s), 0);
	CHECK_EQ(s.status, EVTCHNSTAT_unbound); /* waits for the closer again */
	CHECK_EQ(s.u.unbound.dom, self);
	CHECK_RC(events_close(p.b), -XEN_EINVAL);
	CHECK_RC(events_send(p.b), -XEN_EINVAL);
	CHECK_RC(events_unmask(p.b), 0); /* not an error, as in Xen */
	CHECK_RC(events_bind_vcpu(p.b, 0), -XEN_EINVAL);
	CHECK_RC(events_bind(DOMID_SELF, p.a, &again), 0);
	CHECK_RC(events_close(again), 0);
	CHECK_RC(events_close(p.a), 0);
	settle();
}

/* A port that is closed while pending does not come back pending when it is used again. */
static void check_close_pending(void)
{
	struct pair p = pair_make();
	u32 ports[4];

	events_mask(p.b, true);
	CHECK_RC(events_send(p.a), 0);
	CHECK_RC(events_close(p.b), 0);
	CHECK_RC(events_close(p.a), 0);
	for (unsigned n = 0; n < ARRAY_SIZE(ports); n++) {
		CHECK_RC(events_alloc(DOMID_SELF, DOMID_SELF, &ports[n]), 0);
		CHECK(!events_pending(ports[n]));
	}
	events_mask(p.b, false);
	for (unsigned n = 0; n < ARRAY_SIZE(ports); n++)
		CHECK_RC(events_close(ports[n]), 0);
	settle();
}

static void check_errors(void)
{
	struct evtchn_status s;
	u32 port;

	CHECK_RC(events_send(0), -XEN_EINVAL);
	CHECK_RC(events_close(0), -XEN_EINVAL);
	CHECK_RC(events_unmask(0), 0);
	CHECK_RC(events_send(4000), -XEN_EINVAL);
	CHECK_RC(events_send(1U << 20), -XEN_EINVAL);
	CHECK_RC(events_send(~0U), -XEN_EINVAL);
	CHECK_RC(events_close(~0U), -XEN_EINVAL);
	CHECK_RC(events_unmask(~0U), -XEN_EINVAL);
	CHECK_RC(events_bind_vcpu(~0U, 0), -XEN_EINVAL);
	CHECK_RC(events_status(DOMID_SELF, ~0U, &s), -XEN_EINVAL);
	CHECK_RC(events_status(4321, 1, &s), -XEN_ESRCH);
	CHECK_RC(events_alloc(4321, DOMID_SELF, &port), -XEN_ESRCH);
	CHECK_RC(events_bind(DOMID_SELF, 0, &port), -XEN_EINVAL);
	CHECK_RC(events_bind(DOMID_SELF, 4000, &port), -XEN_EINVAL);
	CHECK_RC(events_bind(DOMID_SELF, ~0U, &port), -XEN_EINVAL);
	CHECK_RC(events_bind(4321, 1, &port), -XEN_ESRCH);
	CHECK_RC(events_bind_virq(NR_VIRQS, 0, &port), -XEN_EINVAL);
	CHECK_RC(events_bind_virq(~0U, 0, &port), -XEN_EINVAL);
	CHECK_RC(events_bind_virq(VIRQ_DEBUG, 4000, &port), -XEN_ENOENT);
	CHECK_RC(events_bind_ipi(4000, &port), -XEN_ENOENT);
	CHECK_RC(events_bind_ipi(~0U, &port), -XEN_ENOENT);
}

static void check_virq(void)
{
	struct evtchn_status s;
	u32 port, second;

	CHECK_RC(events_bind_virq(VIRQ_DEBUG, 0, &port), 0);
	CHECK_RC(events_status(DOMID_SELF, port, &s), 0);
	CHECK_EQ(s.status, EVTCHNSTAT_virq);
	CHECK_EQ(s.u.virq, VIRQ_DEBUG);
	CHECK_RC(events_bind_virq(VIRQ_DEBUG, 0, &second), -XEN_EEXIST);
	CHECK_RC(events_bind_vcpu(port, 0), -XEN_EINVAL); /* a per-vCPU one stays where it is */
	CHECK_RC(events_send(port), -XEN_EINVAL);
	CHECK_RC(events_close(port), 0);
	CHECK_RC(events_bind_virq(VIRQ_DEBUG, 0, &port), 0);
	CHECK_RC(events_close(port), 0);
	if (!xen_is_dom0())
		return;
	CHECK_RC(events_bind_virq(VIRQ_CONSOLE, 0, &port), 0);
	CHECK_RC(events_bind_virq(VIRQ_CONSOLE, 0, &second), -XEN_EEXIST);
	CHECK_RC(events_bind_vcpu(port, 0), 0); /* a global one may be moved */
	CHECK_RC(events_close(port), 0);
	CHECK_RC(events_bind_virq(VIRQ_DOM_EXC, 0, &port), 0);
	CHECK_RC(events_close(port), 0);
	CHECK_RC(events_bind_virq(VIRQ_CON_RING, 0, &port), 0);
	CHECK_RC(events_close(port), 0);
	if (board.cpu_count > 1)
		CHECK_RC(events_bind_virq(VIRQ_DOM_EXC, 1, &port), -XEN_EINVAL);
}

static void check_ipi(void)
{
	struct evtchn_status s;
	u32 port;

	forget();
	CHECK_RC(events_bind_ipi(0, &port), 0);
	CHECK_RC(events_status(DOMID_SELF, port, &s), 0);
	CHECK_EQ(s.status, EVTCHNSTAT_ipi);
	CHECK_RC(events_bind_vcpu(port, 0), -XEN_EINVAL);
	CHECK_RC(events_send(port), 0);
	CHECK(events_pending(port));
	settle();
	CHECK_EQ(events_count[port], 1);
	CHECK_RC(events_close(port), 0);
}

/* Until there is no port left; then as many again. */
static unsigned fill(void)
{
	unsigned count = 0;
	long rc = 0;
	u32 port;

	while (count <= EVENTS_PORTS && !(rc = events_alloc(DOMID_SELF, DOMID_SELF, &port)))
		count++;
	CHECK_RC(rc, -XEN_ENOSPC);
	CHECK_RC(events_bind_ipi(0, &port), -XEN_ENOSPC);
	CHECK_RC(events_bind_virq(VIRQ_DEBUG, 0, &port), -XEN_ENOSPC);
	return count;
}

static void check_limit(void)
{
	struct evtchn_status s;
	unsigned first, second;

	first = fill();
	check_note("%u ports", first);
	for (u32 port = 1; port < EVENTS_PORTS; port++)
		if (!events_status(DOMID_SELF, port, &s) && s.status == EVTCHNSTAT_unbound &&
		    s.u.unbound.dom == self)
			CHECK_RC(events_close(port), 0);
	second = fill();
	CHECK_EQ(first, second);
	CHECK(first > 100);
	for (u32 port = 1; port < EVENTS_PORTS; port++)
		if (!events_status(DOMID_SELF, port, &s) && s.status == EVTCHNSTAT_unbound &&
		    s.u.unbound.dom == self)
			CHECK_RC(events_close(port), 0);
}

static long poll(u32 *ports, unsigned count, u64 timeout)
{
	struct sched_poll op = {.nr_ports = count, .timeout = timeout};

	op.ports = xen_handle_from_ptr(ports);
	return xen_sched_op(SCHEDOP_poll, &op);
}

/* Poll: back at once when a port is pending, or at the timeout; it does not consume anything. */
static void check_poll(void)
{
	struct pair p = pair_make();
	u32 bad = ~0U;

	events_mask(p.b, true);
	CHECK_RC(events_send(p.a), 0);
	CHECK_RC(poll(&p.b, 1, 0), 0);
	CHECK(events_pending(p.b));
	events_clear(p.b);
	CHECK_RC(poll(&p.b, 1, 1), 0); /* long past */
	CHECK_RC(poll(&bad, 1, 1), -XEN_EINVAL);
	CHECK_RC(poll(&p.b, 129, 1), -XEN_EINVAL);
	CHECK_RC(poll((u32 *)mmu_map_page(3, 0, MMU_NONE), 1, 1), -XEN_EFAULT);
	CHECK_RC(xen_sched_op(SCHEDOP_yield, NULL), 0);
	events_mask(p.b, false);
	pair_close(p);
}

/* Notification on another vCPU. */
static u32 listener_stop;

static void job_listen(struct cpu *cpu, void *arg)
{
	(void)arg;
	events_init_cpu(cpu);
	while (!__atomic_load_n(&listener_stop, __ATOMIC_ACQUIRE)) {
		IRQ_ON();
		guest_yield();
		IRQ_OFF();
	}
}

static void check_bind_vcpu(void)
{
	struct evtchn_status s;
	struct pair p;

	if (board.cpu_count < 2)
		return;
	CHECK_RC(smp_start_cpu(1), 0);
	p = pair_make();
	smp_run(1, job_listen, NULL);
	CHECK_RC(events_bind_vcpu(p.b, 4000), -XEN_ENOENT);
	CHECK_RC(events_bind_vcpu(p.b, 1), 0);
	CHECK_RC(events_status(DOMID_SELF, p.b, &s), 0);
	CHECK_EQ(s.vcpu, 1);
	for (u32 n = 1; n <= 50 && !check_failed(); n++) {
		CHECK_RC(events_send(p.a), 0);
		CHECK(WAIT_FOR(READ_ONCE(events_count[p.b]) == n));
		CHECK_EQ(events_cpu[p.b], 1);
	}
	CHECK_RC(events_bind_vcpu(p.b, 0), 0);
	forget();
	CHECK_RC(events_send(p.a), 0);
	settle();
	CHECK_EQ(events_count[p.b], 1);
	CHECK_EQ(events_cpu[p.b], 0);
	__atomic_store_n(&listener_stop, 1, __ATOMIC_RELEASE);
	CHECK(smp_wait(1));
	pair_close(p);
}

static void check_reset(void)
{
	struct evtchn_reset op = {.dom = DOMID_SELF};
	struct evtchn_status s;
	struct pair p = pair_make();
	u32 port;

	if (!xen_is_dom0()) { /* a domU would lose its console, and with it the verdict */
		pair_close(p);
		return;
	}
	CHECK_RC(events_alloc(DOMID_SELF, DOMID_SELF, &port), 0);
	CHECK_RC(xen_event_op(EVTCHNOP_reset, &op), 0);
	CHECK_RC(events_status(DOMID_SELF, p.a, &s), 0);
	CHECK_EQ(s.status, EVTCHNSTAT_closed);
	CHECK_RC(events_status(DOMID_SELF, p.b, &s), 0);
	CHECK_EQ(s.status, EVTCHNSTAT_closed);
	CHECK_RC(events_status(DOMID_SELF, port, &s), 0);
	CHECK_EQ(s.status, EVTCHNSTAT_closed);
	op.dom = 4321;
	CHECK_RC(xen_event_op(EVTCHNOP_reset, &op), -XEN_ESRCH);
	p = pair_make();
	CHECK_RC(events_send(p.a), 0);
	settle();
	CHECK_EQ(events_count[p.b], 1);
	pair_close(p);
}

static const struct check checks[] = {
	{"alloc-unbound", check_alloc},
	{"alloc-for-nobody", check_alloc_for_nobody},
	{"bind-interdomain", check_bind},
	{"send", check_send},
	{"mask", check_mask},
	{"level", check_level},
	{"close", check_close},
	{"close-pending", check_close_pending},
	{"errors", check_errors},
	{"virq", check_virq},
	{"ipi", check_ipi},
	{"poll", check_poll},
	{"bind-vcpu", check_bind_vcpu},
	{"limit", check_limit},
	{"reset", check_reset},
};

void guest_main(void)
{
	gic_init();
	irq_hook = events_hook;
	if (!events_init())
		return;
	self = events_own_domid();
	check_run(checks, ARRAY_SIZE(checks));
}
