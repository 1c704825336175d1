/* SPDX-License-Identifier: ISC */
/* Event channels as guests use them: see ports.h. */
#include "unit.h"
#include <public/xen.h>
#include <string.h>

#include "ports.h"

union ports_arg arg;

int ports_set_up(void **state)
{
	(void)state;
	world_init();
	dom0 = world_domain(0, true, 2, 4);
	a = world_domain(1, false, 4, 8);
	b = world_domain(2, false, 2, 8);
	world_expose(&arg, sizeof(arg), true);
	return 0;
}

long port_call(struct domain *d, unsigned cmd)
{
	return world_call(do_event_channel_op, d->vcpu[0], cmd, (uintptr_t)&arg, 0);
}

long port_op(struct domain *d, unsigned cmd, uint32_t port)
{
	arg.port = port;
	return port_call(d, cmd);
}

long port_alloc(struct domain *d, domid_t dom, domid_t remote)
{
	long ret;

	arg.alloc = (struct evtchn_alloc_unbound){dom, remote, 0};
	ret = port_call(d, EVTCHNOP_alloc_unbound);
	return ret ? ret : arg.alloc.port;
}

long port_bind(struct domain *d, domid_t remote, uint32_t rport)
{
	long ret;

	arg.bind = (struct evtchn_bind_interdomain){remote, rport, 0};
	ret = port_call(d, EVTCHNOP_bind_interdomain);
	return ret ? ret : arg.bind.local_port;
}

long port_bind_virq(struct domain *d, uint32_t virq, uint32_t vcpu)
{
	long ret;

	arg.virq = (struct evtchn_bind_virq){virq, vcpu, 0};
	ret = port_call(d, EVTCHNOP_bind_virq);
	return ret ? ret : arg.virq.port;
}

long port_bind_ipi(struct domain *d, uint32_t vcpu)
{
	long ret;

	arg.ipi = (struct evtchn_bind_ipi){vcpu, 0};
	ret = port_call(d, EVTCHNOP_bind_ipi);
	return ret ? ret : arg.ipi.port;
}

long port_bind_vcpu(struct domain *d, uint32_t port, uint32_t vcpu)
{
	arg.vcpu = (struct evtchn_bind_vcpu){port, vcpu};
	return port_call(d, EVTCHNOP_bind_vcpu);
}

long port_status(struct domain *d, domid_t dom, uint32_t port)
{
	memset(&arg, 0, sizeof(arg));
	arg.status.dom = dom;
	arg.status.port = port;
	return port_call(d, EVTCHNOP_status);
}

static uint64_t *word(uint64_t *words, uint32_t port)
{
	return &words[port / 64];
}

bool port_is_pending(struct domain *d, uint32_t port)
{
	return *word(d->shared_info->evtchn_pending, port) >> port % 64 & 1;
}

void port_set_mask(struct domain *d, uint32_t port, bool masked)
{
	uint64_t *w = word(d->shared_info->evtchn_mask, port), bit = BIT64(port % 64);

	*w = masked ? *w | bit : *w & ~bit;
}

void port_take_all(struct domain *d)
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

void port_connect_pair(uint32_t *pa, uint32_t *pb)
{
	*pa = (uint32_t)port_alloc(a, DOMID_SELF, b->id);
	*pb = (uint32_t)port_bind(b, a->id, *pa);
	assert_true((int32_t)*pa > 0 && (int32_t)*pb > 0);
	port_take_all(a);
	port_take_all(b);
}
