/* SPDX-License-Identifier: ISC */
/* Event channels with the 2-level ABI: results, delivery, limits, and long random sequences beside
 * a model. */
#include "unit.h"
#include <string.h>

#include <hyp/guest_access.h>
#include <host/host.h>
#include <public/event_channel.h>
#include "world.h"

static union {
	struct evtchn_alloc_unbound alloc;
	struct evtchn_bind_interdomain bind;
	struct evtchn_bind_virq virq;
	struct evtchn_bind_ipi ipi;
	struct evtchn_bind_vcpu vcpu;
	struct evtchn_status status;
	struct evtchn_reset reset;
	struct evtchn_set_priority priority;
	struct evtchn_expand_array expand;
	struct evtchn_init_control control;
	uint32_t port;
} arg;

static int set_up(void **state)
{
	(void)state;
	world_init();
	dom0 = world_domain(0, true, 2, 4);
	a = world_domain(1, false, 4, 8);
	b = world_domain(2, false, 2, 8);
	world_expose(&arg, sizeof(arg), true);
	return 0;
}

static long op(struct domain *d, unsigned cmd)
{
	return world_call(do_event_channel_op, d->vcpu[0], cmd, (uintptr_t)&arg, 0);
}

static long port_op(struct domain *d, unsigned cmd, uint32_t port)
{
	arg.port = port;
	return op(d, cmd);
}

/* The new port, or -errno. */
static long alloc_unbound(struct domain *d, domid_t dom, domid_t remote)
{
	long ret;

	arg.alloc = (struct evtchn_alloc_unbound){dom, remote, 0};
	ret = op(d, EVTCHNOP_alloc_unbound);
	return ret ? ret : arg.alloc.port;
}

static long bind(struct domain *d, domid_t remote, uint32_t rport)
{
	long ret;

	arg.bind = (struct evtchn_bind_interdomain){remote, rport, 0};
	ret = op(d, EVTCHNOP_bind_interdomain);
	return ret ? ret : arg.bind.local_port;
}

static long bind_virq(struct domain *d, uint32_t virq, uint32_t vcpu)
{
	long ret;

	arg.virq = (struct evtchn_bind_virq){virq, vcpu, 0};
	ret = op(d, EVTCHNOP_bind_virq);
	return ret ? ret : arg.virq.port;
}

static long bind_ipi(struct domain *d, uint32_t vcpu)
{
	long ret;

	arg.ipi = (struct evtchn_bind_ipi){vcpu, 0};
	ret = op(d, EVTCHNOP_bind_ipi);
	return ret ? ret : arg.ipi.port;
}

static long bind_vcpu(struct domain *d, uint32_t port, uint32_t vcpu)
{
	arg.vcpu = (struct evtchn_bind_vcpu){port, vcpu};
	return op(d, EVTCHNOP_bind_vcpu);
}

static long status(struct domain *d, domid_t dom, uint32_t port)
{
	memset(&arg, 0, sizeof(arg));
	arg.status.dom = dom;
	arg.status.port = port;
	return op(d, EVTCHNOP_status);
}

static uint64_t *word(uint64_t *words, uint32_t port)
{
	return &words[port / 64];
}

static bool pending(struct domain *d, uint32_t port)
{
	return *word(d->shared_info->evtchn_pending, port) >> port % 64 & 1;
}

static void set_mask(struct domain *d, uint32_t port, bool masked)
{
	uint64_t *w = word(d->shared_info->evtchn_mask, port), bit = BIT64(port % 64);

	*w = masked ? *w | bit : *w & ~bit;
}

/* The guest takes all its events. */
static void consume(struct domain *d)
{
	memset(d->shared_info->evtchn_pending, 0, sizeof(d->shared_info->evtchn_pending));
	for (unsigned i = 0; i < d->max_vcpus; i++) {
		if (!d->vcpu[i]->info)
			continue;
		d->vcpu[i]->info->evtchn_pending_sel = 0;
		d->vcpu[i]->info->evtchn_upcall_pending = 0;
	}
	memset(world.upcalls[d->slot], 0, sizeof(world.upcalls[d->slot]));
}

/* A pair of connected ports, at rest. */
static void connect(uint32_t *pa, uint32_t *pb)
{
	*pa = (uint32_t)alloc_unbound(a, DOMID_SELF, b->id);
	*pb = (uint32_t)bind(b, a->id, *pa);
	assert_true((int32_t)*pa > 0 && (int32_t)*pb > 0);
	consume(a);
	consume(b);
}

static void test_connect_and_send(void **state)
{
	uint32_t pa, pb;

	(void)state;
	pa = (uint32_t)alloc_unbound(a, DOMID_SELF, b->id);
	assert_int_equal(pa, 1);
	assert_int_equal(port_op(a, EVTCHNOP_send, pa), 0); /* nobody listens: swallowed */
	pb = (uint32_t)bind(b, a->id, pa);
	assert_int_equal(pb, 1);
	/* Bound ports are pending at once. */
	assert_true(pending(b, pb));
	assert_int_equal(b->vcpu[0]->info->evtchn_upcall_pending, 1);
	assert_int_equal(b->vcpu[0]->info->evtchn_pending_sel, 1);
	assert_int_equal(world.upcalls[b->slot][0], 1);
	assert_false(pending(a, pa));

	assert_int_equal(port_op(b, EVTCHNOP_send, pb), 0);
	assert_true(pending(a, pa));
	assert_int_equal(world.upcalls[a->slot][0], 1);
	/* Sent again before it was taken: one event. */
	assert_int_equal(port_op(b, EVTCHNOP_send, pb), 0);
	assert_int_equal(world.upcalls[a->slot][0], 1);
	consume(a);
	assert_int_equal(port_op(b, EVTCHNOP_send, pb), 0);
	assert_int_equal(world.upcalls[a->slot][0], 1);

	assert_int_equal(status(a, DOMID_SELF, pa), 0);
	assert_int_equal(arg.status.status, EVTCHNSTAT_interdomain);
	assert_int_equal(arg.status.u.interdomain.dom, b->id);
	assert_int_equal(arg.status.u.interdomain.port, pb);
}

static void test_mask(void **state)
{
	uint32_t pa, pb;

	(void)state;
	connect(&pa, &pb);
	set_mask(a, pa, true);
	assert_int_equal(port_op(b, EVTCHNOP_send, pb), 0);
	assert_true(pending(a, pa));
	assert_int_equal(a->vcpu[0]->info->evtchn_upcall_pending, 0);
	assert_int_equal(world.upcalls[a->slot][0], 0);
	assert_int_equal(port_op(a, EVTCHNOP_unmask, pa), 0);
	assert_int_equal(world.upcalls[a->slot][0], 1);
	assert_int_equal(a->vcpu[0]->info->evtchn_pending_sel, 1);
	/* Unmasking what is not masked tells nothing anew. */
	consume(a);
	*word(a->shared_info->evtchn_pending, pa) |= BIT64(pa);
	assert_int_equal(port_op(a, EVTCHNOP_unmask, pa), 0);
	assert_int_equal(world.upcalls[a->slot][0], 0);
	/* The upcall is an edge: no second one while the first is not taken. */
	consume(a);
	a->vcpu[0]->info->evtchn_upcall_pending = 1;
	assert_int_equal(port_op(b, EVTCHNOP_send, pb), 0);
	assert_int_equal(world.upcalls[a->slot][0], 0);
}

static void test_close(void **state)
{
	uint32_t pa, pb, again;

	(void)state;
	connect(&pa, &pb);
	assert_int_equal(port_op(b, EVTCHNOP_send, pb), 0);
	assert_int_equal(port_op(b, EVTCHNOP_close, pb), 0);
	assert_int_equal(port_op(b, EVTCHNOP_close, pb), -EINVAL);
	assert_int_equal(port_op(b, EVTCHNOP_send, pb), -EINVAL);
	/* The peer waits for the same domain again. */
	assert_int_equal(status(a, DOMID_SELF, pa), 0);
	assert_int_equal(arg.status.status, EVTCHNSTAT_unbound);
	assert_int_equal(arg.status.u.unbound.dom, b->id);
	assert_int_equal(bind(dom0, a->id, pa), -EINVAL);
	again = (uint32_t)bind(b, a->id, pa);
	assert_int_equal(again, pb);
	/* A port's last event does not reach its next user. */
	assert_int_equal(port_op(a, EVTCHNOP_send, pa), 0);
	assert_true(pending(b, pb));
	assert_int_equal(port_op(b, EVTCHNOP_close, pb), 0);
	assert_false(pending(b, pb));
	assert_int_equal(alloc_unbound(b, DOMID_SELF, DOMID_SELF), pb);
	assert_int_equal(port_op(a, EVTCHNOP_close, pa), 0);
	assert_int_equal(status(a, DOMID_SELF, pa), 0);
	assert_int_equal(arg.status.status, EVTCHNSTAT_closed);
}

static void test_self_connection(void **state)
{
	long p, q;

	(void)state;
	p = alloc_unbound(a, DOMID_SELF, DOMID_SELF);
	q = bind(a, DOMID_SELF, (uint32_t)p);
	assert_true(p > 0 && q > 0 && p != q);
	consume(a);
	assert_int_equal(port_op(a, EVTCHNOP_send, (uint32_t)q), 0);
	assert_true(pending(a, (uint32_t)p));
	assert_int_equal(port_op(a, EVTCHNOP_close, (uint32_t)p), 0);
	assert_int_equal(port_op(a, EVTCHNOP_send, (uint32_t)q), 0); /* unbound now */
	assert_int_equal(port_op(a, EVTCHNOP_close, (uint32_t)q), 0);
}

static void test_errors(void **state)
{
	long p;

	(void)state;
	assert_int_equal(op(a, 2), -ENOSYS); /* bind_pirq */
	assert_int_equal(op(a, 14), -ENOSYS);
	assert_int_equal(op(a, 1U << 31), -ENOSYS);
	assert_int_equal(alloc_unbound(a, b->id, DOMID_SELF), -EPERM);
	assert_int_equal(alloc_unbound(a, 77, DOMID_SELF), -ESRCH);
	assert_int_equal(alloc_unbound(dom0, 77, DOMID_SELF), -ESRCH);
	assert_int_equal(alloc_unbound(dom0, DOMID_IO, DOMID_SELF), -ESRCH);
	/* The toolstack makes ports for guests; who may bind need not exist yet. */
	p = alloc_unbound(dom0, a->id, 77);
	assert_true(p > 0);
	assert_int_equal(status(dom0, a->id, (uint32_t)p), 0);
	assert_int_equal(arg.status.u.unbound.dom, 77);
	assert_int_equal(status(b, a->id, (uint32_t)p), -EPERM);
	assert_int_equal(status(b, 77, 1), -ESRCH);

	assert_int_equal(bind(b, a->id, (uint32_t)p), -EINVAL); /* waits for 77 */
	assert_int_equal(bind(b, a->id, 0), -EINVAL);
	assert_int_equal(bind(b, a->id, 5), -EINVAL);
	assert_int_equal(bind(b, a->id, 100000), -EINVAL);
	assert_int_equal(bind(b, a->id, ~0U), -EINVAL);
	assert_int_equal(bind(b, 77, 1), -ESRCH);
	assert_int_equal(b->evtchn.nr_active, 0); /* none of them left a port behind */

	for (uint64_t port = 0; port <= UINT32_MAX; port += 0x0fffffff) {
		uint32_t n = port ? (uint32_t)port : 0;

		assert_int_equal(port_op(b, EVTCHNOP_send, n), -EINVAL);
		assert_int_equal(port_op(b, EVTCHNOP_close, n), -EINVAL);
		assert_int_equal(bind_vcpu(b, n, 0), -EINVAL);
		assert_int_equal(port_op(b, EVTCHNOP_unmask, n), n ? -EINVAL : 0);
	}
	assert_int_equal(status(b, DOMID_SELF, 1024), -EINVAL);
	assert_int_equal(bind_ipi(a, 4), -ENOENT);
	assert_int_equal(bind_ipi(a, ~0U), -ENOENT);
	arg.priority = (struct evtchn_set_priority){(uint32_t)p, 3};
	assert_int_equal(op(a, EVTCHNOP_set_priority), -ENOSYS); /* not with 2-level */
	arg.expand.array_gfn = 0;
	assert_int_equal(op(a, EVTCHNOP_expand_array), -EOPNOTSUPP);
}

static void test_virq(void **state)
{
	long p, q;

	(void)state;
	assert_int_equal(bind_virq(a, VIRQ_CONSOLE, 0), -EPERM);
	assert_int_equal(bind_virq(a, NR_VIRQS, 0), -EINVAL);
	assert_int_equal(bind_virq(a, ~0U, 0), -EINVAL);
	assert_int_equal(bind_virq(dom0, VIRQ_CONSOLE, 1), -EINVAL);
	assert_int_equal(bind_virq(a, VIRQ_TIMER, 4), -ENOENT);
	evtchn_virq_global(VIRQ_CONSOLE); /* nobody: nothing */

	p = bind_virq(dom0, VIRQ_CONSOLE, 0);
	assert_true(p > 0);
	assert_int_equal(bind_virq(dom0, VIRQ_CONSOLE, 0), -EEXIST);
	evtchn_virq_global(VIRQ_CONSOLE);
	assert_true(pending(dom0, (uint32_t)p));
	assert_int_equal(port_op(dom0, EVTCHNOP_send, (uint32_t)p), -EINVAL);
	assert_int_equal(status(dom0, DOMID_SELF, (uint32_t)p), 0);
	assert_int_equal(arg.status.status, EVTCHNSTAT_virq);
	assert_int_equal(arg.status.u.virq, VIRQ_CONSOLE);
	/* A global one may go to any vCPU, and is unbound wherever it went. */
	assert_int_equal(bind_vcpu(dom0, (uint32_t)p, 1), 0);
	assert_int_equal(port_op(dom0, EVTCHNOP_close, (uint32_t)p), 0);
	consume(dom0);
	evtchn_virq_global(VIRQ_CONSOLE);
	assert_false(pending(dom0, (uint32_t)p));
	assert_int_equal(bind_virq(dom0, VIRQ_CONSOLE, 0), p);

	p = bind_virq(a, VIRQ_TIMER, 0);
	q = bind_virq(a, VIRQ_TIMER, 1);
	assert_true(p > 0 && q > 0);
	assert_int_equal(bind_virq(a, VIRQ_TIMER, 1), -EEXIST);
	assert_int_equal(bind_vcpu(a, (uint32_t)q, 0), -EINVAL);
	evtchn_virq(a->vcpu[1], VIRQ_TIMER);
	assert_true(pending(a, (uint32_t)q));
	assert_false(pending(a, (uint32_t)p));
}

static void test_ipi(void **state)
{
	long p = bind_ipi(a, 0);

	(void)state;
	assert_true(p > 0);
	assert_int_equal(port_op(a, EVTCHNOP_send, (uint32_t)p), 0);
	assert_true(pending(a, (uint32_t)p));
	assert_int_equal(world.upcalls[a->slot][0], 1);
	assert_int_equal(bind_vcpu(a, (uint32_t)p, 1), -EINVAL);
	assert_int_equal(status(a, DOMID_SELF, (uint32_t)p), 0);
	assert_int_equal(arg.status.status, EVTCHNSTAT_ipi);
}

static void test_vcpu_info(void **state)
{
	struct vcpu *v0 = a->vcpu[0], *v1 = a->vcpu[1];
	struct vcpu_info *info;
	uint32_t pa, pb;

	(void)state;
	connect(&pa, &pb);
	assert_int_equal(evtchn_register_vcpu_info(v0, GFN(1), 1), -EINVAL);
	assert_int_equal(evtchn_register_vcpu_info(v0, GFN(1), 4096 - 40), -ENXIO);
	assert_int_equal(evtchn_register_vcpu_info(v0, GFN(1), ~0U), -ENXIO);
	assert_int_equal(evtchn_register_vcpu_info(v0, GFN(1000), 0), -EINVAL);
	assert_int_equal(evtchn_register_vcpu_info(v0, GFN(~0ULL), 0), -EINVAL);
	assert_int_equal(world_refs(world_mfn(a, 1)), 1);

	/* What stands in the old place moves along. */
	v0->info->time.system_time = 4711;
	assert_int_equal(evtchn_register_vcpu_info(v0, GFN(1), 4096 - sizeof(*info)), 0);
	info = (struct vcpu_info *)((char *)world_page(a, 1) + 4096 - sizeof(*info));
	assert_ptr_equal(v0->info, info);
	assert_int_equal(info->time.system_time, 4711);
	assert_int_equal(info->evtchn_upcall_pending, 1); /* look once, to be sure */
	assert_int_equal(evtchn_register_vcpu_info(v0, GFN(2), 0), -EINVAL);
	assert_int_equal(world_refs(world_mfn(a, 1)), 2);
	assert_int_equal(world_refs(world_mfn(a, 2)), 1);
	consume(a);
	assert_int_equal(port_op(b, EVTCHNOP_send, pb), 0);
	assert_int_equal(info->evtchn_upcall_pending, 1);
	assert_int_equal(a->shared_info->vcpu_info[0].evtchn_upcall_pending, 0);

	/* A vCPU without one gets events as soon as it has one. */
	consume(a);
	assert_int_equal(bind_vcpu(a, pa, 1), 0);
	assert_int_equal(port_op(b, EVTCHNOP_send, pb), 0);
	assert_true(pending(a, pa));
	assert_int_equal(world.upcalls[a->slot][1], 0);
	assert_false(evtchn_upcall_pending(v1));
	assert_int_equal(evtchn_register_vcpu_info(v1, GFN(1), 64), 0);
	assert_int_equal(world.upcalls[a->slot][1], 1);
	assert_true(evtchn_upcall_pending(v1));
	assert_true(v1->info->evtchn_pending_sel & 1);
}

static void test_limits(void **state)
{
	long p;

	(void)state;
	for (uint32_t n = 1; n <= 1023; n++)
		assert_int_equal(alloc_unbound(a, DOMID_SELF, b->id), n);
	assert_int_equal(alloc_unbound(a, DOMID_SELF, b->id), -ENOSPC);
	assert_int_equal(bind_ipi(a, 0), -ENOSPC);
	assert_int_equal(bind_virq(a, VIRQ_TIMER, 0), -ENOSPC);
	assert_int_equal(bind_virq(a, VIRQ_CONSOLE, 0), -EPERM);
	assert_int_equal(bind(a, DOMID_SELF, 1), -ENOSPC);
	/* Others are not concerned. */
	assert_true(bind_virq(dom0, VIRQ_DOM_EXC, 0) > 0);
	p = bind(b, a->id, 500);
	assert_true(p > 0);
	/* The lowest free one is next. */
	assert_int_equal(port_op(a, EVTCHNOP_close, 700), 0);
	assert_int_equal(port_op(a, EVTCHNOP_close, 300), 0);
	assert_int_equal(bind_ipi(a, 0), 300);
	assert_int_equal(bind_ipi(a, 0), 700);
	assert_int_equal(bind_ipi(a, 0), -ENOSPC);
	/* Reset gives everything back, in bounded pieces; stale ports are dead. */
	host_yield_every = 3;
	arg.reset.dom = DOMID_SELF;
	assert_int_equal(op(a, EVTCHNOP_reset), 0);
	assert_true(world_continuations > 5);
	host_yield_every = 0;
	assert_int_equal(port_op(a, EVTCHNOP_send, 300), -EINVAL);
	assert_int_equal(port_op(a, EVTCHNOP_close, 500), -EINVAL);
	assert_int_equal(port_op(b, EVTCHNOP_send, (uint32_t)p), 0); /* unbound */
	assert_int_equal(a->evtchn.nr_active, 0);
	assert_int_equal(alloc_unbound(a, DOMID_SELF, b->id), 1);
}

/* With the 2-level ABI 4095 is the last port, whatever the domain may have. */
static void test_limit_of_abi(void **state)
{
	struct domain *big = world_domain(9, false, 1, 1);

	(void)state;
	evtchn_domain_destroy(big);
	memset(&big->evtchn, 0, sizeof(big->evtchn));
	assert_int_equal(evtchn_domain_init(big, ~0U), 0);
	for (uint32_t n = 1; n <= 4095; n++)
		assert_int_equal(bind_ipi(big, 0), n);
	assert_int_equal(bind_ipi(big, 0), -ENOSPC);
	assert_int_equal(port_op(big, EVTCHNOP_send, 4095), 0);
	assert_true(pending(big, 4095));
	assert_int_equal(big->vcpu[0]->info->evtchn_pending_sel, BIT64(63));
	world_kill(big);
}

static unsigned notified;

static void notify(struct domain *d)
{
	assert_ptr_equal(d, a);
	notified++;
}

/* A port that the hypervisor answers: the others see an ordinary one, its domain cannot use it. */
static void test_hypervisors_port(void **state)
{
	static const unsigned refused[] = {EVTCHNOP_send, EVTCHNOP_close, EVTCHNOP_unmask,
					   EVTCHNOP_bind_vcpu, EVTCHNOP_set_priority};
	uint32_t port, again;
	long mine;

	(void)state;
	notified = 0;
	assert_int_equal(evtchn_alloc_hyp(a, 0, notify, &port), 0);
	assert_int_equal(evtchn_alloc_hyp(a, 0, notify, &again), -EBUSY);
	assert_int_equal(evtchn_send(a, port), 0); /* nobody listens yet */
	mine = bind(dom0, a->id, port);
	assert_true(mine > 0);
	assert_true(evtchn_port_pending(dom0, (uint32_t)mine)); /* to look at what was before */
	assert_int_equal(port_op(dom0, EVTCHNOP_send, (uint32_t)mine), 0);
	assert_int_equal(notified, 1);
	assert_false(evtchn_port_pending(a, port));
	for (unsigned i = 0; i < ARRAY_SIZE(refused); i++) {
		memset(&arg, 0, sizeof(arg));
		assert_int_equal(port_op(a, refused[i], port), -EINVAL);
	}
	arg.reset.dom = DOMID_SELF;
	assert_int_equal(op(a, EVTCHNOP_reset), 0); /* all but this one */
	assert_int_equal(port_op(dom0, EVTCHNOP_send, (uint32_t)mine), 0);
	assert_int_equal(notified, 2);
	assert_int_equal(port_op(dom0, EVTCHNOP_close, (uint32_t)mine), 0);
	assert_true(bind(b, a->id, port) < 0); /* it is for dom0 */
	mine = bind(dom0, a->id, port);
	assert_true(mine > 0);
	assert_int_equal(port_op(dom0, EVTCHNOP_send, (uint32_t)mine), 0);
	assert_int_equal(notified, 3);
	while (evtchn_relinquish(a) == -ERESTART)
		;
	assert_int_equal(port_op(dom0, EVTCHNOP_send, (uint32_t)mine), 0);
	assert_int_equal(notified, 3);
	assert_int_equal(a->evtchn.hyp_port, 0);
}

static void test_reset_of_another(void **state)
{
	(void)state;
	alloc_unbound(a, DOMID_SELF, b->id);
	arg.reset.dom = a->id;
	assert_int_equal(op(b, EVTCHNOP_reset), -EPERM);
	assert_int_equal(op(dom0, EVTCHNOP_reset), -EINVAL); /* it runs */
	a->pause_count = 1;
	assert_int_equal(op(dom0, EVTCHNOP_reset), 0);
	assert_int_equal(a->evtchn.nr_active, 0);
	a->pause_count = 0;
}

/* A port whose number cannot be told is not opened. */
static void test_faults(void **state)
{
	struct evtchn_alloc_unbound alloc = {DOMID_SELF, 2, 0};
	struct evtchn_bind_ipi ipi = {0, 0};

	(void)state;
	assert_int_equal(world_call(do_event_channel_op, a->vcpu[0], EVTCHNOP_alloc_unbound,
				    (uintptr_t)&alloc, 0),
			 -EFAULT);
	world_expose(&alloc, sizeof(alloc), false);
	world_expose(&ipi, sizeof(ipi) - 1, true);
	assert_int_equal(world_call(do_event_channel_op, a->vcpu[0], EVTCHNOP_alloc_unbound,
				    (uintptr_t)&alloc, 0),
			 -EFAULT);
	assert_int_equal(
		world_call(do_event_channel_op, a->vcpu[0], EVTCHNOP_bind_ipi, (uintptr_t)&ipi, 0),
		-EFAULT);
	assert_int_equal(a->evtchn.nr_active, 0);
	world.alloc_fails_in = 1;
	assert_int_equal(bind_ipi(a, 0), -ENOMEM);
	assert_int_equal(a->evtchn.nr_active, 0);
	assert_int_equal(bind_ipi(a, 0), 1);
}

static void test_poll(void **state)
{
	struct vcpu *v = a->vcpu[1];
	uint32_t pa, pb;

	(void)state;
	connect(&pa, &pb);
	set_mask(a, pa, true);
	evtchn_poll_start(v);
	assert_false(evtchn_port_pending(a, pa));
	v->blocked = 1;
	assert_int_equal(port_op(b, EVTCHNOP_send, pb), 0);
	assert_int_equal(world.unblocked, 1); /* although it is masked, and another vCPU's */
	assert_true(evtchn_port_pending(a, pa));
	assert_false(v->poll);
	assert_int_equal(a->evtchn.pollers, 0);
	evtchn_poll_start(v);
	evtchn_poll_start(v);
	evtchn_poll_stop(v);
	evtchn_poll_stop(v);
	assert_int_equal(a->evtchn.pollers, 0);
	assert_false(evtchn_port_pending(a, 99));
	assert_false(evtchn_port_valid(a, 9999));
	assert_true(evtchn_port_valid(a, pa));
}

/* The peer's port is unbound when a domain dies, also with a reference from elsewhere that delays
 * its end. */
static void test_death_of_peer(void **state)
{
	struct domain *c = world_domain(3, false, 1, 2);
	long p = alloc_unbound(a, DOMID_SELF, 3), q = bind(c, a->id, (uint32_t)p);

	(void)state;
	assert_true(p > 0 && q > 0);
	assert_int_equal(evtchn_register_vcpu_info(c->vcpu[0], GFN(1), 0), 0);
	domain_hold(c);
	world_kill(c);
	assert_int_equal(port_op(a, EVTCHNOP_send, (uint32_t)p), 0);
	assert_int_equal(status(a, DOMID_SELF, (uint32_t)p), 0);
	assert_int_equal(arg.status.status, EVTCHNSTAT_unbound);
	/* The toolstack is late: no port any more. */
	p = 0;
	assert_int_equal(evtchn_alloc_unbound(c, 0, &(uint32_t){0}), -EINVAL);
	assert_int_equal(evtchn_bind_interdomain(dom0, c, (uint32_t)q, &(uint32_t){0}), -EINVAL);
	domain_put(c);
}

/* Shared words that the guest garbled: no effect on anything but its own events. */
static void test_garbled_words(void **state)
{
	uint64_t seed = 0x1234567;
	uint32_t pa, pb;

	(void)state;
	connect(&pa, &pb);
	for (unsigned i = 0; i < 2000; i++) {
		uint8_t *bytes = (uint8_t *)a->shared_info;

		for (unsigned j = 0; j < sizeof(struct shared_info); j++)
			bytes[j] = (uint8_t)random_next(&seed);
		assert_int_equal(port_op(b, EVTCHNOP_send, pb), 0);
		assert_true(pending(a, pa));
		assert_int_equal(port_op(a, EVTCHNOP_unmask, pa), 0);
	}
	assert_int_equal(world.crashed, 0);
}

/* ---- a model ---- */

#define MODEL_PORTS 40

static struct model_port {
	enum { M_FREE, M_UNBOUND, M_CONNECTED, M_IPI, M_VIRQ } state;
	unsigned remote; /* domain: index */
	uint32_t peer;
	uint32_t vcpu, virq;
	bool pending;
} model[3][MODEL_PORTS];

static struct domain *doms[3];

static uint32_t model_lowest(unsigned d)
{
	for (uint32_t p = 1; p < MODEL_PORTS; p++)
		if (model[d][p].state == M_FREE)
			return p;
	return 0;
}

/* The guest sees an event: what the model says must be what the words say. */
static void model_compare(void)
{
	static const uint32_t stats[] = {EVTCHNSTAT_closed, EVTCHNSTAT_unbound,
					 EVTCHNSTAT_interdomain, EVTCHNSTAT_ipi, EVTCHNSTAT_virq};

	for (unsigned d = 0; d < 3; d++) {
		for (uint32_t p = 1; p < MODEL_PORTS; p++) {
			const struct model_port *m = &model[d][p];
			struct evtchn_status s = {0};

			if (evtchn_get_status(doms[d], p, &s) == -EINVAL) {
				assert_int_equal(m->state, M_FREE);
				continue;
			}
			assert_int_equal(s.status, stats[m->state]);
			assert_int_equal(pending(doms[d], p), m->pending);
			if (m->state != M_FREE)
				assert_int_equal(s.vcpu, m->vcpu);
			if (m->state == M_CONNECTED) {
				assert_int_equal(s.u.interdomain.dom, doms[m->remote]->id);
				assert_int_equal(s.u.interdomain.port, m->peer);
			}
			if (m->state == M_UNBOUND)
				assert_int_equal(s.u.unbound.dom, doms[m->remote]->id);
		}
	}
}

static void model_new(unsigned d, uint32_t p, int state, unsigned remote)
{
	model[d][p] = (struct model_port){.state = state, .remote = remote};
}

static void step_alloc(unsigned d, uint64_t *seed)
{
	unsigned remote = (unsigned)random_below(seed, 3);
	uint32_t want = model_lowest(d);

	if (!want)
		return;
	assert_int_equal(alloc_unbound(doms[d], DOMID_SELF, doms[remote]->id), want);
	model_new(d, want, M_UNBOUND, remote);
}

static void step_bind(unsigned d, uint64_t *seed)
{
	unsigned rd = (unsigned)random_below(seed, 3);
	uint32_t rport = (uint32_t)random_below(seed, MODEL_PORTS), want = model_lowest(d);
	struct model_port *m = &model[rd][rport];
	long ret;

	if (!want)
		return;
	ret = bind(doms[d], doms[rd]->id, rport);
	if (m->state != M_UNBOUND || m->remote != d) {
		assert_int_equal(ret, -EINVAL);
		return;
	}
	assert_int_equal(ret, want);
	m->state = M_CONNECTED;
	m->peer = want;
	model_new(d, want, M_CONNECTED, rd);
	model[d][want].peer = rport;
	model[d][want].pending = true;
}

static void step_send(unsigned d, uint64_t *seed)
{
	uint32_t p = (uint32_t)random_below(seed, MODEL_PORTS);
	struct model_port *m = &model[d][p];
	long ret = port_op(doms[d], EVTCHNOP_send, p);

	if (m->state == M_CONNECTED)
		model[m->remote][m->peer].pending = true;
	else if (m->state == M_IPI)
		m->pending = true;
	assert_int_equal(ret, m->state == M_FREE || m->state == M_VIRQ ? -EINVAL : 0);
}

static void step_close(unsigned d, uint64_t *seed)
{
	uint32_t p = (uint32_t)random_below(seed, MODEL_PORTS);
	struct model_port *m = &model[d][p];

	assert_int_equal(port_op(doms[d], EVTCHNOP_close, p), m->state == M_FREE ? -EINVAL : 0);
	if (m->state == M_CONNECTED) {
		struct model_port *peer = &model[m->remote][m->peer];

		peer->state = M_UNBOUND;
		peer->remote = d;
	}
	*m = (struct model_port){0};
}

static void step_ipi(unsigned d, uint64_t *seed)
{
	uint32_t vcpu = (uint32_t)random_below(seed, doms[d]->max_vcpus), want = model_lowest(d);

	if (!want)
		return;
	assert_int_equal(bind_ipi(doms[d], vcpu), want);
	model_new(d, want, M_IPI, 0);
	model[d][want].vcpu = vcpu;
}

static void step_virq(unsigned d, uint64_t *seed)
{
	uint32_t vcpu = (uint32_t)random_below(seed, doms[d]->max_vcpus), want = model_lowest(d);
	bool bound = false;
	long ret;

	for (uint32_t p = 1; p < MODEL_PORTS; p++)
		bound |= model[d][p].state == M_VIRQ && model[d][p].vcpu == vcpu;
	if (!want)
		return;
	ret = bind_virq(doms[d], VIRQ_DEBUG, vcpu);
	assert_int_equal(ret, bound ? -EEXIST : (long)want);
	if (!bound) {
		model_new(d, want, M_VIRQ, 0);
		model[d][want].vcpu = vcpu;
	}
	evtchn_virq(doms[d]->vcpu[vcpu], VIRQ_DEBUG);
	for (uint32_t p = 1; p < MODEL_PORTS; p++)
		if (model[d][p].state == M_VIRQ && model[d][p].vcpu == vcpu)
			model[d][p].pending = true;
}

static void step_bind_vcpu(unsigned d, uint64_t *seed)
{
	uint32_t p = (uint32_t)random_below(seed, MODEL_PORTS);
	uint32_t vcpu = (uint32_t)random_below(seed, doms[d]->max_vcpus);
	struct model_port *m = &model[d][p];
	bool may = m->state == M_UNBOUND || m->state == M_CONNECTED;

	assert_int_equal(bind_vcpu(doms[d], p, vcpu), may ? 0 : -EINVAL);
	if (may)
		m->vcpu = vcpu;
}

static void step_consume(unsigned d, uint64_t *seed)
{
	(void)seed;
	consume(doms[d]);
	for (uint32_t p = 0; p < MODEL_PORTS; p++)
		model[d][p].pending = false;
}

static void step_reset(unsigned d, uint64_t *seed)
{
	if (random_below(seed, 20))
		return;
	host_yield_every = 2;
	arg.reset.dom = DOMID_SELF;
	assert_int_equal(op(doms[d], EVTCHNOP_reset), 0);
	host_yield_every = 0;
	for (uint32_t p = 1; p < MODEL_PORTS; p++) {
		struct model_port *m = &model[d][p], *peer = &model[m->remote][m->peer];

		if (m->state == M_CONNECTED && peer->state == M_CONNECTED) {
			peer->state = M_UNBOUND;
			peer->remote = d;
		}
		*m = (struct model_port){0};
	}
	/* Peers within the same domain became unbound only to be closed next. */
	for (uint32_t p = 1; p < MODEL_PORTS; p++)
		model[d][p] = (struct model_port){0};
}

static void test_random(void **state)
{
	static void (*const steps[])(unsigned d, uint64_t *seed) = {
		step_alloc, step_alloc,     step_bind,    step_bind,  step_bind,
		step_send,  step_send,      step_send,    step_close, step_ipi,
		step_virq,  step_bind_vcpu, step_consume, step_reset,
	};
	uint64_t seed = 0xe7c4a11;

	(void)state;
	doms[0] = dom0;
	doms[1] = a;
	doms[2] = b;
	memset(model, 0, sizeof(model));
	for (unsigned d = 0; d < 3; d++)
		for (unsigned i = 1; i < doms[d]->max_vcpus; i++)
			assert_int_equal(
				evtchn_register_vcpu_info(doms[d]->vcpu[i], GFN(1), i * 64), 0);
	for (unsigned i = 0; i < 60000; i++) {
		unsigned d = (unsigned)random_below(&seed, 3);

		steps[random_below(&seed, ARRAY_SIZE(steps))](d, &seed);
		model_compare();
	}
	for (unsigned d = 0; d < 3; d++) {
		unsigned active = 0;

		for (uint32_t p = 1; p < MODEL_PORTS; p++)
			active += model[d][p].state != M_FREE;
		assert_int_equal(doms[d]->evtchn.nr_active, active);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_connect_and_send),
		TEST(test_mask),
		TEST(test_close),
		TEST(test_self_connection),
		TEST(test_errors),
		TEST(test_virq),
		TEST(test_ipi),
		TEST(test_vcpu_info),
		TEST(test_limits),
		TEST(test_limit_of_abi),
		TEST(test_hypervisors_port),
		TEST(test_reset_of_another),
		TEST(test_faults),
		TEST(test_poll),
		TEST(test_death_of_peer),
		TEST(test_garbled_words),
		TEST(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
