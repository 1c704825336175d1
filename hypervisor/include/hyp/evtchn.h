/* SPDX-License-Identifier: ISC */
/*
 * Event channels: a domain's ports, their bindings, and the delivery to a vCPU (2-level or FIFO
 * ABI). Filled in by core/evtchn*.c.
 *
 * A port's descriptor belongs to its domain and changes under that domain's lock; a connection of
 * two ports is made and broken with both domains locked. So a sender needs only its own lock: what
 * it is connected to cannot go away.
 */
#ifndef HYP_EVTCHN_H
#define HYP_EVTCHN_H

#include <hyp/spinlock.h>
#include <hyp/types.h>

struct domain;
struct vcpu;

struct evtchn;
struct evtchn_abi;
struct evtchn_fifo;
struct evtchn_fifo_vcpu;

#define EVTCHN_FEW_BUCKETS 4

struct evtchn_domain {
	struct spinlock lock;   /* RANK_EVTCHN: this domain's ports and their bindings */
	struct evtchn **bucket; /* descriptors, a page's worth each, allocated as used */
	struct evtchn
		*few[EVTCHN_FEW_BUCKETS]; /* where bucket points unless the domain may have more */
	uint32_t max_port;                /* highest port allowed (config max_evtchn_port) */
	uint32_t nr_active;               /* ports that are not free */
	uint32_t next_free;               /* all ports below are in use */
	uint32_t next_close;              /* how far closing all of them has come */
	uint32_t pollers;                 /* vCPUs in SCHEDOP_poll; atomic */
	bool dying;                       /* no new ports */
	uint8_t ppi;                      /* INTID of the upcall */
	uint32_t hyp_port; /* the one that is the hypervisor's, not the guest's; 0: none */
	void (*hyp_notify)(struct domain *d); /* what an event on it does instead */
	const struct evtchn_abi *abi;     /* 2-level or FIFO */
	struct evtchn_fifo *fifo;         /* event array pages; NULL with the 2-level ABI */
};

struct evtchn_vcpu {
	uint32_t virq_port[24]; /* NR_VIRQS; 0: not bound. Global ones stand in vCPU 0's */
	struct evtchn_fifo_vcpu *fifo;
};

/*
 * max_port: at most 2^17 - 1 is used. The upcall is PPI 31 unless the builder changes
 * d->evtchn.ppi.
 */
int evtchn_domain_init(struct domain *d, uint32_t max_port);
/*
 * vCPU 0 starts with the vcpu_info in shared_info, which must exist; the others get events once
 * registered.
 */
void evtchn_vcpu_init(struct vcpu *v);
/* Close every port and let go of the guest's pages, a bounded amount a call: -ERESTART or 0. */
int evtchn_relinquish(struct domain *d);
void evtchn_domain_destroy(struct domain *d);
void evtchn_vcpu_destroy(struct vcpu *v);

/*
 * The operations of EVTCHNOP_*, arguments checked; d is the domain whose port it is. 0 or -errno.
 */
int evtchn_alloc_unbound(struct domain *d, domid_t remote, uint32_t *port);
/*
 * The domain's port that the hypervisor itself answers, for `remote` to bind; -EBUSY: it has one
 * already. The domain cannot use it. An event for it calls notify(d), with the sender's evtchn.lock
 * held.
 */
int evtchn_alloc_hyp(struct domain *d, domid_t remote, void (*notify)(struct domain *d),
		     uint32_t *port);
int evtchn_bind_interdomain(struct domain *d, struct domain *rd, uint32_t rport, uint32_t *port);
int evtchn_bind_virq(struct domain *d, uint32_t virq, uint32_t vcpu, uint32_t *port);
int evtchn_bind_ipi(struct domain *d, uint32_t vcpu, uint32_t *port);
int evtchn_bind_vcpu(struct domain *d, uint32_t port, uint32_t vcpu);
int evtchn_close(struct domain *d, uint32_t port);
int evtchn_unmask(struct domain *d, uint32_t port);
int evtchn_reset(struct domain *d); /* or -ERESTART */

struct evtchn_status;
int evtchn_get_status(struct domain *d, uint32_t port, struct evtchn_status *out);

/* core/evtchn_fifo.c. _release(): back to the 2-level ABI; no port may be in use. */
int evtchn_fifo_init_control(struct domain *d, uint32_t vcpu, gfn_t gfn, uint32_t offset);
int evtchn_fifo_expand_array(struct domain *d, gfn_t gfn);
int evtchn_fifo_set_priority(struct domain *d, uint32_t port, uint32_t priority);
void evtchn_fifo_release(struct domain *d);

/*
 * Notify the other end of a port of d. 0 or -errno; caller is the domain itself.
 * This and the two below take RANK_EVTCHN and may stop a domain that obstructs its shared memory.
 */
int evtchn_send(struct domain *d, uint32_t port);
/*
 * A per-vCPU virtual interrupt (VIRQ_TIMER, ...), and a global one (VIRQ_CONSOLE, VIRQ_DOM_EXC,
 * ...) to its binder.
 */
void evtchn_virq(struct vcpu *v, unsigned virq);
void evtchn_virq_global(unsigned virq);

/* Is the upcall pending for v (block)? */
bool evtchn_upcall_pending(const struct vcpu *v);

/*
 * SCHEDOP_poll: after start the next event that becomes pending in v's domain, masked or not, ends
 * v's block (vcpu_unblock()) and the polling. So: start, set blocked, test the ports, sleep. Start
 * and stop do not nest. A port that is not open is never pending; one that is not valid is an error
 * of the guest's.
 */
void evtchn_poll_start(struct vcpu *v);
void evtchn_poll_stop(struct vcpu *v);
bool evtchn_port_valid(struct domain *d, uint32_t port);
bool evtchn_port_pending(struct domain *d, uint32_t port);

/*
 * VCPUOP_register_vcpu_info: where v's vcpu_info lives from now on; what it holds moves along.
 * -ENXIO: leaves the page. -EINVAL: done before, not aligned, or no page of the domain's RAM.
 */
int evtchn_register_vcpu_info(struct vcpu *v, gfn_t gfn, uint32_t offset);

#endif
