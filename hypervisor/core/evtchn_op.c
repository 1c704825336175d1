/* SPDX-License-Identifier: ISC */
/*
 * event_channel_op: copy the argument in, check who may do it to whom, call, copy the result out.
 */
#include <hyp/domain.h>
#include <hyp/errno.h>
#include <hyp/guest_access.h>
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

/* Another domain's only while it is paused: its vCPUs must not open ports at the same time. */
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
	bool result;  /* it is also a result */
	bool own;     /* it begins with a port of the caller's */
} ops[] = {
	[EVTCHNOP_bind_interdomain] = {op_bind_interdomain, sizeof(struct evtchn_bind_interdomain),
				       true},
	[EVTCHNOP_bind_virq] = {op_bind_virq, sizeof(struct evtchn_bind_virq), true},
	[EVTCHNOP_close] = {op_close, sizeof(struct evtchn_close), false, true},
	[EVTCHNOP_send] = {op_send, sizeof(struct evtchn_send), false, true},
	[EVTCHNOP_status] = {op_status, sizeof(struct evtchn_status), true},
	[EVTCHNOP_alloc_unbound] = {op_alloc_unbound, sizeof(struct evtchn_alloc_unbound), true},
	[EVTCHNOP_bind_ipi] = {op_bind_ipi, sizeof(struct evtchn_bind_ipi), true},
	[EVTCHNOP_bind_vcpu] = {op_bind_vcpu, sizeof(struct evtchn_bind_vcpu), false, true},
	[EVTCHNOP_unmask] = {op_unmask, sizeof(struct evtchn_unmask), false, true},
	[EVTCHNOP_reset] = {op_reset, sizeof(struct evtchn_reset), false},
	[EVTCHNOP_init_control] = {op_init_control, sizeof(struct evtchn_init_control), true},
	[EVTCHNOP_expand_array] = {op_expand_array, sizeof(struct evtchn_expand_array), false},
	[EVTCHNOP_set_priority] = {op_set_priority, sizeof(struct evtchn_set_priority), false,
				   true},
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
	uint32_t cmd = (uint32_t)arg[0]; /* an int: the upper half of the register is anything */
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
	 * A port that is open but whose number could not be told would be lost: look before acting.
	 */
	if (op->result && probe_guest_write(v, arg[1], op->size))
		return -EFAULT;
	err = op->fn(v, &a);
	if (!err && op->result && copy_to_guest(v, arg[1], &a, op->size))
		return -EFAULT;
	return err;
}
