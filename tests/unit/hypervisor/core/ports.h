/* SPDX-License-Identifier: ISC */
/*
 * Event channels as guests of world.h use them: a function for each call, and the words of the
 * 2-level ABI.
 */
#ifndef TESTS_UNIT_HYPERVISOR_PORTS_H
#define TESTS_UNIT_HYPERVISOR_PORTS_H

#include <public/event_channel.h>
#include "world.h"

/* What the calls point to; their answers are in it. */
union ports_arg {
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
};

extern union ports_arg arg;

/* dom0 with two vCPUs, a with four, b with two. */
int ports_set_up(void **state);

long port_call(struct domain *d, unsigned cmd);
long port_op(struct domain *d, unsigned cmd, uint32_t port);
/* The new port, or -errno. */
long port_alloc(struct domain *d, domid_t dom, domid_t remote);
long port_bind(struct domain *d, domid_t remote, uint32_t rport);
long port_bind_virq(struct domain *d, uint32_t virq, uint32_t vcpu);
long port_bind_ipi(struct domain *d, uint32_t vcpu);
/* 0, or -errno. */
long port_bind_vcpu(struct domain *d, uint32_t port, uint32_t vcpu);
long port_status(struct domain *d, domid_t dom, uint32_t port);
/* A pair of connected ports of a and b, at rest. */
void port_connect_pair(uint32_t *pa, uint32_t *pb);

bool port_is_pending(struct domain *d, uint32_t port);
void port_set_mask(struct domain *d, uint32_t port, bool masked);
/* The guest takes all its events. */
void port_take_all(struct domain *d);

#endif
