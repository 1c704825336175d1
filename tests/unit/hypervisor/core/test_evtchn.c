/* SPDX-License-Identifier: ISC */
/* Event channels with the 2-level ABI: results, delivery, limits. */
#include "unit.h"
#include <lib/errno.h>
#include <string.h>

#include <host/host.h>
#include <public/xen.h>
#include "ports.h"

static void test_connect_and_send(void **state)
{
	uint32_t pa, pb;

	(void)state;
	pa = (uint32_t)port_alloc(a, DOMID_SELF, b->id);
	assert_int_equal(pa, 1);
	assert_int_equal(port_op(a, EVTCHNOP_send, pa), 0); /* nobody listens: swallowed */
	pb = (uint32_t)port_bind(b, a->id, pa);
	assert_int_equal(pb, 1);
	/* Bound ports are pending at once. */
	assert_true(port_is_pending(b, pb));
	assert_int_equal(b->vcpu[0]->info->evtchn_upcall_pending, 1);
	assert_int_equal(b->vcpu[0]->info->evtchn_pending_sel, 1);
	assert_int_equal(world.upcalls[b->slot][0], 1);
	assert_false(port_is_pending(a, pa));

	assert_int_equal(port_op(b, EVTCHNOP_send, pb), 0);
	assert_true(port_is_pending(a, pa));
	assert_int_equal(world.upcalls[a->slot][0], 1);
	/* Sent again before it was taken: one event. */
	assert_int_equal(port_op(b, EVTCHNOP_send, pb), 0);
	assert_int_equal(world.upcalls[a->slot][0], 1);
	port_take_all(a);
	assert_int_equal(port_op(b, EVTCHNOP_send, pb), 0);
	assert_int_equal(world.upcalls[a->slot][0], 1);

	assert_int_equal(port_status(a, DOMID_SELF, pa), 0);
	assert_int_equal(arg.status.status, EVTCHNSTAT_interdomain);
	assert_int_equal(arg.status.u.interdomain.dom, b->id);
	assert_int_equal(arg.status.u.interdomain.port, pb);
}

static void test_mask(void **state)
{
	uint32_t pa, pb;

	(void)state;
	port_connect_pair(&pa, &pb);
	port_set_mask(a, pa, true);
	assert_int_equal(port_op(b, EVTCHNOP_send, pb), 0);
	assert_true(port_is_pending(a, pa));
	assert_int_equal(a->vcpu[0]->info->evtchn_upcall_pending, 0);
	assert_int_equal(world.upcalls[a->slot][0], 0);
	assert_int_equal(port_op(a, EVTCHNOP_unmask, pa), 0);
	assert_int_equal(world.upcalls[a->slot][0], 1);
	assert_int_equal(a->vcpu[0]->info->evtchn_pending_sel, 1);
	/* Unmasking what is not masked tells nothing anew. */
	port_take_all(a);
	a->shared_info->evtchn_pending[0] |= BIT64(pa);
	assert_int_equal(port_op(a, EVTCHNOP_unmask, pa), 0);
	assert_int_equal(world.upcalls[a->slot][0], 0);
	/* The upcall is an edge: no second one while the first is not taken. */
	port_take_all(a);
	a->vcpu[0]->info->evtchn_upcall_pending = 1;
	assert_int_equal(port_op(b, EVTCHNOP_send, pb), 0);
	assert_int_equal(world.upcalls[a->slot][0], 0);
}

static void test_close(void **state)
{
	uint32_t pa, pb, again;

	(void)state;
	port_connect_pair(&pa, &pb);
	assert_int_equal(port_op(b, EVTCHNOP_send, pb), 0);
	assert_int_equal(port_op(b, EVTCHNOP_close, pb), 0);
	assert_int_equal(port_op(b, EVTCHNOP_close, pb), -EINVAL);
	assert_int_equal(port_op(b, EVTCHNOP_send, pb), -EINVAL);
	/* The peer waits for the same domain again. */
	assert_int_equal(port_status(a, DOMID_SELF, pa), 0);
	assert_int_equal(arg.status.status, EVTCHNSTAT_unbound);
	assert_int_equal(arg.status.u.unbound.dom, b->id);
	assert_int_equal(port_bind(dom0, a->id, pa), -EINVAL);
	again = (uint32_t)port_bind(b, a->id, pa);
	assert_int_equal(again, pb);
	/* A port's last event does not reach its next user. */
	assert_int_equal(port_op(a, EVTCHNOP_send, pa), 0);
	assert_true(port_is_pending(b, pb));
	assert_int_equal(port_op(b, EVTCHNOP_close, pb), 0);
	assert_false(port_is_pending(b, pb));
	assert_int_equal(port_alloc(b, DOMID_SELF, DOMID_SELF), pb);
	assert_int_equal(port_op(a, EVTCHNOP_close, pa), 0);
	assert_int_equal(port_status(a, DOMID_SELF, pa), 0);
	assert_int_equal(arg.status.status, EVTCHNSTAT_closed);
}

static void test_self_connection(void **state)
{
	long p, q;

	(void)state;
	p = port_alloc(a, DOMID_SELF, DOMID_SELF);
	q = port_bind(a, DOMID_SELF, (uint32_t)p);
	assert_true(p > 0 && q > 0 && p != q);
	port_take_all(a);
	assert_int_equal(port_op(a, EVTCHNOP_send, (uint32_t)q), 0);
	assert_true(port_is_pending(a, (uint32_t)p));
	assert_int_equal(port_op(a, EVTCHNOP_close, (uint32_t)p), 0);
	assert_int_equal(port_op(a, EVTCHNOP_send, (uint32_t)q), 0); /* unbound now */
	assert_int_equal(port_op(a, EVTCHNOP_close, (uint32_t)q), 0);
}

static void test_errors(void **state)
{
	long p;

	(void)state;
	assert_int_equal(port_call(a, 2), -ENOSYS); /* bind_pirq */
	assert_int_equal(port_call(a, 14), -ENOSYS);
	assert_int_equal(port_call(a, 1U << 31), -ENOSYS);
	assert_int_equal(port_alloc(a, b->id, DOMID_SELF), -EPERM);
	assert_int_equal(port_alloc(a, 77, DOMID_SELF), -ESRCH);
	assert_int_equal(port_alloc(dom0, 77, DOMID_SELF), -ESRCH);
	assert_int_equal(port_alloc(dom0, DOMID_IO, DOMID_SELF), -ESRCH);
	/* The toolstack makes ports for guests; who may bind need not exist yet. */
	p = port_alloc(dom0, a->id, 77);
	assert_true(p > 0);
	assert_int_equal(port_status(dom0, a->id, (uint32_t)p), 0);
	assert_int_equal(arg.status.u.unbound.dom, 77);
	assert_int_equal(port_status(b, a->id, (uint32_t)p), -EPERM);
	assert_int_equal(port_status(b, 77, 1), -ESRCH);

	assert_int_equal(port_bind(b, a->id, (uint32_t)p), -EINVAL); /* waits for 77 */
	assert_int_equal(port_bind(b, a->id, 0), -EINVAL);
	assert_int_equal(port_bind(b, a->id, 5), -EINVAL);
	assert_int_equal(port_bind(b, a->id, 100000), -EINVAL);
	assert_int_equal(port_bind(b, a->id, ~0U), -EINVAL);
	assert_int_equal(port_bind(b, 77, 1), -ESRCH);
	assert_int_equal(b->evtchn.nr_active, 0); /* none of them left a port behind */

	for (uint64_t port = 0; port <= UINT32_MAX; port += 0x0fffffff) {
		uint32_t n = port ? (uint32_t)port : 0;

		assert_int_equal(port_op(b, EVTCHNOP_send, n), -EINVAL);
		assert_int_equal(port_op(b, EVTCHNOP_close, n), -EINVAL);
		assert_int_equal(port_bind_vcpu(b, n, 0), -EINVAL);
		assert_int_equal(port_op(b, EVTCHNOP_unmask, n), n ? -EINVAL : 0);
	}
	assert_int_equal(port_status(b, DOMID_SELF, 1024), -EINVAL);
	assert_int_equal(port_bind_ipi(a, 4), -ENOENT);
	assert_int_equal(port_bind_ipi(a, ~0U), -ENOENT);
	arg.priority = (struct evtchn_set_priority){(uint32_t)p, 3};
	assert_int_equal(port_call(a, EVTCHNOP_set_priority), -ENOSYS); /* not with 2-level */
	arg.expand.array_gfn = 0;
	assert_int_equal(port_call(a, EVTCHNOP_expand_array), -EOPNOTSUPP);
}

static void test_virq(void **state)
{
	long p, q;

	(void)state;
	assert_int_equal(port_bind_virq(a, VIRQ_CONSOLE, 0), -EPERM);
	assert_int_equal(port_bind_virq(a, NR_VIRQS, 0), -EINVAL);
	assert_int_equal(port_bind_virq(a, ~0U, 0), -EINVAL);
	assert_int_equal(port_bind_virq(dom0, VIRQ_CONSOLE, 1), -EINVAL);
	assert_int_equal(port_bind_virq(a, VIRQ_TIMER, 4), -ENOENT);
	evtchn_virq_global(VIRQ_CONSOLE); /* nobody: nothing */

	p = port_bind_virq(dom0, VIRQ_CONSOLE, 0);
	assert_true(p > 0);
	assert_int_equal(port_bind_virq(dom0, VIRQ_CONSOLE, 0), -EEXIST);
	evtchn_virq_global(VIRQ_CONSOLE);
	assert_true(port_is_pending(dom0, (uint32_t)p));
	assert_int_equal(port_op(dom0, EVTCHNOP_send, (uint32_t)p), -EINVAL);
	assert_int_equal(port_status(dom0, DOMID_SELF, (uint32_t)p), 0);
	assert_int_equal(arg.status.status, EVTCHNSTAT_virq);
	assert_int_equal(arg.status.u.virq, VIRQ_CONSOLE);
	/* A global one may go to any vCPU, and is unbound wherever it went. */
	assert_int_equal(port_bind_vcpu(dom0, (uint32_t)p, 1), 0);
	assert_int_equal(port_op(dom0, EVTCHNOP_close, (uint32_t)p), 0);
	port_take_all(dom0);
	evtchn_virq_global(VIRQ_CONSOLE);
	assert_false(port_is_pending(dom0, (uint32_t)p));
	assert_int_equal(port_bind_virq(dom0, VIRQ_CONSOLE, 0), p);

	p = port_bind_virq(a, VIRQ_TIMER, 0);
	q = port_bind_virq(a, VIRQ_TIMER, 1);
	assert_true(p > 0 && q > 0);
	assert_int_equal(port_bind_virq(a, VIRQ_TIMER, 1), -EEXIST);
	assert_int_equal(port_bind_vcpu(a, (uint32_t)q, 0), -EINVAL);
	evtchn_virq(a->vcpu[1], VIRQ_TIMER);
	assert_true(port_is_pending(a, (uint32_t)q));
	assert_false(port_is_pending(a, (uint32_t)p));
}

static void test_ipi(void **state)
{
	long p = port_bind_ipi(a, 0);

	(void)state;
	assert_true(p > 0);
	assert_int_equal(port_op(a, EVTCHNOP_send, (uint32_t)p), 0);
	assert_true(port_is_pending(a, (uint32_t)p));
	assert_int_equal(world.upcalls[a->slot][0], 1);
	assert_int_equal(port_bind_vcpu(a, (uint32_t)p, 1), -EINVAL);
	assert_int_equal(port_status(a, DOMID_SELF, (uint32_t)p), 0);
	assert_int_equal(arg.status.status, EVTCHNSTAT_ipi);
}

static void test_vcpu_info(void **state)
{
	struct vcpu *v0 = a->vcpu[0], *v1 = a->vcpu[1];
	struct vcpu_info *info;
	uint32_t pa, pb;

	(void)state;
	port_connect_pair(&pa, &pb);
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
	port_take_all(a);
	assert_int_equal(port_op(b, EVTCHNOP_send, pb), 0);
	assert_int_equal(info->evtchn_upcall_pending, 1);
	assert_int_equal(a->shared_info->vcpu_info[0].evtchn_upcall_pending, 0);

	/* A vCPU without one gets events as soon as it has one. */
	port_take_all(a);
	assert_int_equal(port_bind_vcpu(a, pa, 1), 0);
	assert_int_equal(port_op(b, EVTCHNOP_send, pb), 0);
	assert_true(port_is_pending(a, pa));
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
		assert_int_equal(port_alloc(a, DOMID_SELF, b->id), n);
	assert_int_equal(port_alloc(a, DOMID_SELF, b->id), -ENOSPC);
	assert_int_equal(port_bind_ipi(a, 0), -ENOSPC);
	assert_int_equal(port_bind_virq(a, VIRQ_TIMER, 0), -ENOSPC);
	assert_int_equal(port_bind_virq(a, VIRQ_CONSOLE, 0), -EPERM);
	assert_int_equal(port_bind(a, DOMID_SELF, 1), -ENOSPC);
	/* Others are not concerned. */
	assert_true(port_bind_virq(dom0, VIRQ_DOM_EXC, 0) > 0);
	p = port_bind(b, a->id, 500);
	assert_true(p > 0);
	/* The lowest free one is next. */
	assert_int_equal(port_op(a, EVTCHNOP_close, 700), 0);
	assert_int_equal(port_op(a, EVTCHNOP_close, 300), 0);
	assert_int_equal(port_bind_ipi(a, 0), 300);
	assert_int_equal(port_bind_ipi(a, 0), 700);
	assert_int_equal(port_bind_ipi(a, 0), -ENOSPC);
	/* Reset gives everything back, in bounded pieces; stale ports are dead. */
	host_yield_every = 3;
	arg.reset.dom = DOMID_SELF;
	assert_int_equal(port_call(a, EVTCHNOP_reset), 0);
	assert_true(world_continuations > 5);
	host_yield_every = 0;
	assert_int_equal(port_op(a, EVTCHNOP_send, 300), -EINVAL);
	assert_int_equal(port_op(a, EVTCHNOP_close, 500), -EINVAL);
	assert_int_equal(port_op(b, EVTCHNOP_send, (uint32_t)p), 0); /* unbound */
	assert_int_equal(a->evtchn.nr_active, 0);
	assert_int_equal(port_alloc(a, DOMID_SELF, b->id), 1);
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
		assert_int_equal(port_bind_ipi(big, 0), n);
	assert_int_equal(port_bind_ipi(big, 0), -ENOSPC);
	assert_int_equal(port_op(big, EVTCHNOP_send, 4095), 0);
	assert_true(port_is_pending(big, 4095));
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
	mine = port_bind(dom0, a->id, port);
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
	assert_int_equal(port_call(a, EVTCHNOP_reset), 0); /* all but this one */
	assert_int_equal(port_op(dom0, EVTCHNOP_send, (uint32_t)mine), 0);
	assert_int_equal(notified, 2);
	assert_int_equal(port_op(dom0, EVTCHNOP_close, (uint32_t)mine), 0);
	assert_true(port_bind(b, a->id, port) < 0); /* it is for dom0 */
	mine = port_bind(dom0, a->id, port);
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
	port_alloc(a, DOMID_SELF, b->id);
	arg.reset.dom = a->id;
	assert_int_equal(port_call(b, EVTCHNOP_reset), -EPERM);
	assert_int_equal(port_call(dom0, EVTCHNOP_reset), -EINVAL); /* it runs */
	a->pause_count = 1;
	assert_int_equal(port_call(dom0, EVTCHNOP_reset), 0);
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
	assert_int_equal(port_bind_ipi(a, 0), -ENOMEM);
	assert_int_equal(a->evtchn.nr_active, 0);
	assert_int_equal(port_bind_ipi(a, 0), 1);
}

static void test_poll(void **state)
{
	struct vcpu *v = a->vcpu[1];
	uint32_t pa, pb;

	(void)state;
	port_connect_pair(&pa, &pb);
	port_set_mask(a, pa, true);
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

/*
 * SCHEDOP_block sleeps for events, whatever the guest's GIC does with their interrupt (here:
 * nothing).
 */
static void test_block(void **state)
{
	uint32_t pa, pb;

	(void)state;
	port_connect_pair(&pa, &pb);
	world.unblocked = 0;
	a->vcpu[0]->blocked = SLEEP_IRQ;
	assert_int_equal(port_op(b, EVTCHNOP_send, pb), 0);
	assert_int_equal(world.unblocked, 0);
	port_take_all(a);
	a->vcpu[0]->blocked = SLEEP_EVENT;
	assert_int_equal(port_op(b, EVTCHNOP_send, pb), 0);
	assert_int_equal(world.unblocked, 1);
	assert_int_equal(a->vcpu[0]->blocked, 0);
}

/* The peer's port is unbound when a domain dies, also with a reference from elsewhere that delays
 * its end. */
static void test_death_of_peer(void **state)
{
	struct domain *c = world_domain(3, false, 1, 2);
	long p = port_alloc(a, DOMID_SELF, 3), q = port_bind(c, a->id, (uint32_t)p);

	(void)state;
	assert_true(p > 0 && q > 0);
	assert_int_equal(evtchn_register_vcpu_info(c->vcpu[0], GFN(1), 0), 0);
	domain_hold(c);
	world_kill(c);
	assert_int_equal(port_op(a, EVTCHNOP_send, (uint32_t)p), 0);
	assert_int_equal(port_status(a, DOMID_SELF, (uint32_t)p), 0);
	assert_int_equal(arg.status.status, EVTCHNSTAT_unbound);
	/* The toolstack is late: no port any more. */
	p = 0;
	assert_int_equal(evtchn_alloc_unbound(c, 0, &(uint32_t){0}), -EINVAL);
	assert_int_equal(evtchn_bind_interdomain(dom0, c, (uint32_t)q, &(uint32_t){0}), -EINVAL);
	domain_put(c);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ports_set_up, world_tear_down)

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
		TEST(test_block),
		TEST(test_death_of_peer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
