/* SPDX-License-Identifier: ISC */
/* Event channels: ports in other domains, and the ports of this process. */
#include <errno.h>
#include <stdlib.h>

#include <public/event_channel.h>

#include "internal.h"

struct ctrl_evtchn {
	struct ctrl *c;
	void *set; /* the backend's */
};

int ctrl_alloc_unbound(struct ctrl *c, uint32_t domid, uint32_t remote, uint32_t *port)
{
	struct evtchn_alloc_unbound arg = {.dom = domid, .remote_dom = remote};
	int ret = ctrl_hypercall_cmd(c, __HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, &arg,
				     sizeof(arg));

	if (ret < 0)
		return ctrl_fail_call(c, ret, "event_channel_op alloc_unbound",
				      "make an event channel in domain %u for domain %u", domid,
				      remote);
	*port = arg.port;
	return 0;
}

static int fail_open(int err)
{
	switch (err) {
	case -ENOENT:
	case -ENXIO:
	case -ENODEV:
		return ctrl_fail(err, "cannot open /dev/xen/evtchn: there is no such device; load "
				      "the module: modprobe xen-evtchn");
	case -EACCES:
	case -EPERM:
		return ctrl_fail(err, "cannot open /dev/xen/evtchn: permission denied; run this as "
				      "root");
	default:
		return ctrl_fail_file(err, "open /dev/xen/evtchn");
	}
}

int ctrl_evtchn_open(struct ctrl *c, struct ctrl_evtchn **e)
{
	struct ctrl_evtchn *h = malloc(sizeof(*h));
	int ret;

	if (!h)
		return ctrl_fail_file(-ENOMEM, "open /dev/xen/evtchn");
	h->c = c;
	ret = c->ops->evtchn_open(c->state, &h->set);
	if (ret < 0) {
		free(h);
		return fail_open(ret);
	}
	*e = h;
	return 0;
}

void ctrl_evtchn_close(struct ctrl_evtchn *e)
{
	if (!e)
		return;
	e->c->ops->evtchn_close(e->c->state, e->set);
	free(e);
}

int ctrl_evtchn_fd(const struct ctrl_evtchn *e)
{
	return e->c->ops->evtchn_fd(e->c->state, e->set);
}

int ctrl_evtchn_bind_interdomain(struct ctrl_evtchn *e, uint32_t domid, uint32_t remote_port,
				 uint32_t *port)
{
	int ret = e->c->ops->evtchn_bind_interdomain(e->c->state, e->set, domid, remote_port);

	if (ret < 0)
		return ctrl_fail_call(e->c, ret, "evtchn BIND_INTERDOMAIN",
				      "bind to port %u of domain %u (is another program bound to "
				      "it?)",
				      remote_port, domid);
	*port = ret;
	return 0;
}

int ctrl_evtchn_bind_unbound(struct ctrl_evtchn *e, uint32_t domid, uint32_t *port)
{
	int ret = e->c->ops->evtchn_bind_unbound(e->c->state, e->set, domid);

	if (ret < 0)
		return ctrl_fail_call(e->c, ret, "evtchn BIND_UNBOUND_PORT",
				      "make an event channel for domain %u", domid);
	*port = ret;
	return 0;
}

int ctrl_evtchn_bind_virq(struct ctrl_evtchn *e, uint32_t virq, uint32_t *port)
{
	int ret = e->c->ops->evtchn_bind_virq(e->c->state, e->set, virq);

	if (ret == -EEXIST)
		ret = -EBUSY;
	if (ret < 0)
		return ctrl_fail_call(e->c, ret, "evtchn BIND_VIRQ",
				      "bind virtual interrupt %u (does another program have it?)",
				      virq);
	*port = ret;
	return 0;
}

int ctrl_evtchn_unbind(struct ctrl_evtchn *e, uint32_t port)
{
	int ret = e->c->ops->evtchn_unbind(e->c->state, e->set, port);

	if (ret < 0)
		return ctrl_fail_call(e->c, ret, "evtchn UNBIND", "unbind event channel %u", port);
	return 0;
}

int ctrl_evtchn_notify(struct ctrl_evtchn *e, uint32_t port)
{
	int ret = e->c->ops->evtchn_notify(e->c->state, e->set, port);

	if (ret < 0)
		return ctrl_fail_call(e->c, ret, "evtchn NOTIFY", "notify event channel %u", port);
	return 0;
}

int ctrl_evtchn_pending(struct ctrl_evtchn *e, uint32_t *port)
{
	int ret = e->c->ops->evtchn_read(e->c->state, e->set, port);

	if (ret == -EAGAIN)
		return ctrl_fail(ret, "no event is pending");
	if (ret < 0)
		return ctrl_fail_file(ret, "read an event from /dev/xen/evtchn");
	return 0;
}

int ctrl_evtchn_unmask(struct ctrl_evtchn *e, uint32_t port)
{
	int ret = e->c->ops->evtchn_unmask(e->c->state, e->set, port);

	if (ret < 0)
		return ctrl_fail_file(ret, "unmask event channel %u (/dev/xen/evtchn)", port);
	return 0;
}
