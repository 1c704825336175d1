/* SPDX-License-Identifier: ISC */
/*
 * Event channels: a domain's ports, their bindings, and the delivery to a vCPU (2-level or FIFO ABI).
 * Filled in by core/evtchn*.c.
 */
#ifndef HYP_EVTCHN_H
#define HYP_EVTCHN_H

#include <hyp/spinlock.h>
#include <hyp/types.h>

struct domain;
struct vcpu;

struct evtchn;
struct evtchn_fifo_vcpu;

struct evtchn_domain {
	struct spinlock lock; /* RANK_EVTCHN: bindings of this domain's ports */
	struct evtchn **bucket; /* ports, a page's worth of descriptors each, allocated as used */
	uint32_t nr_buckets;
	uint32_t max_port;    /* highest port allowed (config max_evtchn_port) */
	uint32_t nr_active;
	const struct evtchn_abi *abi; /* 2-level or FIFO */
	void *fifo;	      /* event array pages, core/evtchn_fifo.c */
	uint8_t ppi;	      /* INTID of the upcall */
};

struct evtchn_vcpu {
	uint32_t virq_port[24]; /* NR_VIRQS; 0: not bound */
	struct evtchn_fifo_vcpu *fifo;
};

int evtchn_domain_init(struct domain *d, uint32_t max_port);
/* Close every port, a bounded number a call: -ERESTART or 0. */
int evtchn_relinquish(struct domain *d);
void evtchn_domain_destroy(struct domain *d);
void evtchn_vcpu_destroy(struct vcpu *v);

/* Notify the other end of a port of d. 0 or -errno; caller is the domain itself. */
int evtchn_send(struct domain *d, uint32_t port);
/* A per-vCPU virtual interrupt (VIRQ_TIMER, ...), and a global one (VIRQ_CONSOLE, VIRQ_DOM_EXC, ...) to its binder. */
void evtchn_virq(struct vcpu *v, unsigned virq);
void evtchn_virq_global(unsigned virq);

/* Is an event pending and not masked for v (SCHEDOP_poll, block)? */
bool evtchn_upcall_pending(const struct vcpu *v);
bool evtchn_port_pending(struct domain *d, uint32_t port);

/* VCPUOP_register_vcpu_info, also for add_to_physmap of shared_info: where v's vcpu_info lives. */
int evtchn_register_vcpu_info(struct vcpu *v, gfn_t gfn, uint32_t offset);

#endif
