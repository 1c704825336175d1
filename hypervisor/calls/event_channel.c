/* SPDX-License-Identifier: ISC */
/*
 * event_channel_op: copy the argument in, check permissions, call the operation, copy the result
 * out.
 */
#include <hyp/domain.h>
#include <lib/errno.h>
#include <mem/guest_access.h>
#include <hyp/hypercall.h>
#include <public/event_channel.h>

union evtchn_arg {
	struct evtchn_bind_interdomain bind_interdomain;
	struct evtchn_bind_virq bind_virq;
	struct evtchn_close close;
	struct evtchn_send send;
	struct evtchn_status status;
	struct evtchn_alloc_unbound alloc_unbound;
	struct evtchn_bind_ipi bind_ipi;
	struct evtchn_bind_vcpu bind_vcpu;
	struct evtchn_unmask unmask;
	struct evtchn_reset reset;
	struct evtchn_init_control init_control;
	struct evtchn_expand_array expand_array;
	struct evtchn_set_priority set_priority;
};

static int op_alloc_unbound(struct vcpu *v, union evtchn_arg *a)
{
	struct evtchn_alloc_unbound *p = &a->alloc_unbound;
	domid_t remote = p->remote_dom == DOMID_SELF ? v->domain->id : p->remote_dom;
	struct domain *d;
	int err = domain_get_target(v, p->dom, &d);

	if (err)
		return err;
	err = evtchn_alloc_unbound(d, remote, &p->port);
	domain_put(d);
	return err;
}

static int op_bind_interdomain(struct vcpu *v, union evtchn_arg *a)
{
	struct evtchn_bind_interdomain *p = &a->bind_interdomain;
	struct domain *rd = domain_get_for(v, p->remote_dom);
	int err;

	if (!rd)
		return -ESRCH;
	err = evtchn_bind_interdomain(v->domain, rd, p->remote_port, &p->local_port);
	domain_put(rd);
	return err;
}

static int op_bind_virq(struct vcpu *v, union evtchn_arg *a)
{
	struct evtchn_bind_virq *p = &a->bind_virq;

	return evtchn_bind_virq(v->domain, p->virq, p->vcpu, &p->port);
}

static int op_bind_ipi(struct vcpu *v, union evtchn_arg *a)
{
	return evtchn_bind_ipi(v->domain, a->bind_ipi.vcpu, &a->bind_ipi.port);
}

static int op_close(struct vcpu *v, union evtchn_arg *a)
{
	return evtchn_close(v->domain, a->close.port);
}

static int op_send(struct vcpu *v, union evtchn_arg *a)
{
	return evtchn_send(v->domain, a->send.port);
}

static int op_status(struct vcpu *v, union evtchn_arg *a)
{
	struct domain *d;
	int err = domain_get_target(v, a->status.dom, &d);

	if (err)
		return err;
	err = evtchn_get_status(d, a->status.port, &a->status);
	domain_put(d);
	return err;
}

static int op_bind_vcpu(struct vcpu *v, union evtchn_arg *a)
{
	return evtchn_bind_vcpu(v->domain, a->bind_vcpu.port, a->bind_vcpu.vcpu);
}

static int op_unmask(struct vcpu *v, union evtchn_arg *a)
{
	return evtchn_unmask(v->domain, a->unmask.port);
}

/* Another domain must be paused, so that its vCPUs do not open ports at the same time. */
static int op_reset(struct vcpu *v, union evtchn_arg *a)
{
	struct domain *d;
	int err = domain_get_target(v, a->reset.dom, &d);

	if (err)
		return err;
	err = d == v->domain || READ_ONCE(d->pause_count) ? evtchn_reset(d) : -EINVAL;
	domain_put(d);
	return err;
}

static int op_init_control(struct vcpu *v, union evtchn_arg *a)
{
	struct evtchn_init_control *p = &a->init_control;

	p->link_bits = EVTCHN_FIFO_LINK_BITS;
	return evtchn_fifo_init_control(v->domain, p->vcpu, GFN(p->control_gfn), p->offset);
}

static int op_expand_array(struct vcpu *v, union evtchn_arg *a)
{
	return evtchn_fifo_expand_array(v->domain, GFN(a->expand_array.array_gfn));
}

static int op_set_priority(struct vcpu *v, union evtchn_arg *a)
{
	return evtchn_fifo_set_priority(v->domain, a->set_priority.port, a->set_priority.priority);
}

static const struct evtchn_op {
	int (*fn)(struct vcpu *v, union evtchn_arg *a);
	uint8_t size; /* of the argument */
	bool result;  /* the argument is written back as the result */
	bool own;     /* the argument begins with one of the caller's ports */
} ops[] = {
	[EVTCHNOP_bind_interdomain] = {.fn = op_bind_interdomain,
				       .size = sizeof(struct evtchn_bind_interdomain),
				       .result = true},
	[EVTCHNOP_bind_virq] = {.fn = op_bind_virq,
				.size = sizeof(struct evtchn_bind_virq),
				.result = true},
	[EVTCHNOP_close] = {.fn = op_close, .size = sizeof(struct evtchn_close), .own = true},
	[EVTCHNOP_send] = {.fn = op_send, .size = sizeof(struct evtchn_send), .own = true},
	[EVTCHNOP_status] = {.fn = op_status, .size = sizeof(struct evtchn_status), .result = true},
	[EVTCHNOP_alloc_unbound] = {.fn = op_alloc_unbound,
				    .size = sizeof(struct evtchn_alloc_unbound),
				    .result = true},
	[EVTCHNOP_bind_ipi] = {.fn = op_bind_ipi,
			       .size = sizeof(struct evtchn_bind_ipi),
			       .result = true},
	[EVTCHNOP_bind_vcpu] = {.fn = op_bind_vcpu,
				.size = sizeof(struct evtchn_bind_vcpu),
				.own = true},
	[EVTCHNOP_unmask] = {.fn = op_unmask, .size = sizeof(struct evtchn_unmask), .own = true},
	[EVTCHNOP_reset] = {.fn = op_reset, .size = sizeof(struct evtchn_reset)},
	[EVTCHNOP_init_control] = {.fn = op_init_control,
				   .size = sizeof(struct evtchn_init_control),
				   .result = true},
	[EVTCHNOP_expand_array] = {.fn = op_expand_array,
				   .size = sizeof(struct evtchn_expand_array)},
	[EVTCHNOP_set_priority] = {.fn = op_set_priority,
				   .size = sizeof(struct evtchn_set_priority),
				   .own = true},
};

_Static_assert(offsetof(struct evtchn_close, port) == 0 &&
		       offsetof(struct evtchn_bind_vcpu, port) == 0 &&
		       offsetof(struct evtchn_unmask, port) == 0 &&
		       offsetof(struct evtchn_set_priority, port) == 0 &&
		       offsetof(struct evtchn_send, port) == 0,
	       "evtchn_op.own");

static bool is_hypervisors(const struct domain *d, uint32_t port)
{
	return port && port == READ_ONCE(d->evtchn.hyp_port);
}

long do_event_channel_op(struct vcpu *v, uint64_t *arg)
{
	/* An int in the ABI: the upper half of the register is undefined. */
	uint32_t cmd = (uint32_t)arg[0];
	const struct evtchn_op *op = &ops[index_nospec(cmd, ARRAY_SIZE(ops))];
	union evtchn_arg a;
	int err;

	if (cmd >= ARRAY_SIZE(ops) || !op->fn)
		return -ENOSYS;
	if (copy_from_guest(v, &a, arg[1], op->size))
		return -EFAULT;
	if (op->own && unlikely(is_hypervisors(v->domain, a.send.port)))
		return -EINVAL;
	/*
	 * Check first that the result can be written; otherwise the caller would never learn the
	 * port number.
	 */
	if (op->result && probe_guest_write(v, arg[1], op->size))
		return -EFAULT;
	err = op->fn(v, &a);
	if (!err && op->result && copy_to_guest(v, arg[1], &a, op->size))
		return -EFAULT;
	return err;
}
