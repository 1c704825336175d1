/* SPDX-License-Identifier: ISC */
/*
 * Event channels: a domain's ports, their bindings, and the delivery of events to a vCPU (2-level
 * or FIFO ABI). Implemented in core/evtchn*.c.
 *
 * A port's descriptor belongs to its domain and changes under that domain's lock. A connection of
 * two ports is made and broken with both domains locked. A sender therefore needs only its own
 * domain's lock: while it is held the connected port cannot be closed.
 */
#ifndef HYP_EVTCHN_H
#define HYP_EVTCHN_H

#include <lib/spinlock.h>
#include <lib/types.h>

struct domain;
struct vcpu;

struct evtchn;
struct evtchn_abi;
struct evtchn_fifo;
struct evtchn_fifo_vcpu;

#define EVTCHN_FEW_BUCKETS 4
#define EVTCHN_FULL_WORDS  8 /* 2^17 ports, 256 per bucket, 64 buckets per word */

struct evtchn_domain {
	struct spinlock lock;   /* RANK_EVTCHN: this domain's ports and their bindings */
	struct evtchn **bucket; /* pages of descriptors, allocated on first use */
	/* `bucket` points to it if the domain cannot have more ports than fit. */
	struct evtchn *few[EVTCHN_FEW_BUCKETS];
	uint32_t max_port;                /* highest port allowed (from max_evtchn_port) */
	uint32_t nr_active;               /* ports that are not free */
	uint32_t next_free;               /* all ports below it are in use */
	uint64_t full[EVTCHN_FULL_WORDS]; /* a bit per bucket that is known to be full */
	uint32_t next_close;              /* progress of closing all ports */
	uint32_t pollers;                 /* vCPUs in SCHEDOP_poll; atomic */
	bool dying;                       /* no new ports */
	uint8_t ppi;                      /* INTID of the upcall */
	uint32_t hyp_port;                /* the hypervisor's own port of this domain; 0: none */
	void (*hyp_notify)(struct domain *d); /* called for an event on hyp_port */
	const struct evtchn_abi *abi;         /* 2-level or FIFO */
	struct evtchn_fifo *fifo;             /* event array pages; NULL with the 2-level ABI */
};

struct evtchn_vcpu {
	uint32_t virq_port[24]; /* NR_VIRQS; 0: not bound. Global VIRQs are in vCPU 0's array */
	struct evtchn_fifo_vcpu *fifo;
};

/*
 * max_port is limited to 2^17 - 1. The upcall is PPI 31 unless the builder changes
 * d->evtchn.ppi.
 */
int evtchn_domain_init(struct domain *d, uint32_t max_port);
/*
 * vCPU 0 starts with the vcpu_info in shared_info, which must exist. Other vCPUs get events once
 * they have registered a vcpu_info.
 */
void evtchn_vcpu_init(struct vcpu *v);
/*
 * Close all ports and release the guest's pages, with bounded work per call. Returns 0 or
 * -ERESTART.
 */
int evtchn_relinquish(struct domain *d);
void evtchn_domain_destroy(struct domain *d);
void evtchn_vcpu_destroy(struct vcpu *v);

/*
 * The EVTCHNOP_* operations on the ports of d; the caller has checked the arguments. Return 0 or
 * -errno.
 */
int evtchn_alloc_unbound(struct domain *d, domid_t remote, uint32_t *port);
/*
 * Allocate the port of d whose events the hypervisor handles itself; `remote` may bind to it. The
 * domain cannot use the port. An event calls notify(d) with the sender's evtchn.lock held. -EBUSY:
 * d already has such a port.
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

/* core/evtchn_fifo.c. evtchn_fifo_release() returns to the 2-level ABI; no port may be in use. */
int evtchn_fifo_init_control(struct domain *d, uint32_t vcpu, gfn_t gfn, uint32_t offset);
int evtchn_fifo_expand_array(struct domain *d, gfn_t gfn);
int evtchn_fifo_set_priority(struct domain *d, uint32_t port, uint32_t priority);
void evtchn_fifo_release(struct domain *d);

/*
 * Send an event to the peer of a port of d, for d itself. Returns 0 or -errno.
 * This function and the next two take RANK_EVTCHN. They stop a domain that obstructs updates of its
 * shared memory.
 */
int evtchn_send(struct domain *d, uint32_t port);
/*
 * Send a per-vCPU VIRQ (VIRQ_TIMER, ...) to v, or a global VIRQ (VIRQ_CONSOLE, VIRQ_DOM_EXC, ...)
 * to dom0.
 */
void evtchn_virq(struct vcpu *v, unsigned virq);
void evtchn_virq_global(unsigned virq);

/* Is the upcall pending for v? Used before v blocks. */
bool evtchn_upcall_pending(const struct vcpu *v);

/*
 * SCHEDOP_poll. After evtchn_poll_start() the next event that becomes pending in v's domain, masked
 * or not, ends v's block (vcpu_unblock()) and the polling. The caller therefore sets v->blocked,
 * calls evtchn_poll_start(), tests the ports, and then sleeps. Start and stop do not nest. A port
 * that is not open is never pending; an invalid port is an error of the guest.
 */
void evtchn_poll_start(struct vcpu *v);
void evtchn_poll_stop(struct vcpu *v);
bool evtchn_port_valid(struct domain *d, uint32_t port);
bool evtchn_port_pending(struct domain *d, uint32_t port);

/*
 * VCPUOP_register_vcpu_info: move v's vcpu_info with its contents to a page of the guest. Returns
 * -ENXIO if it would leave the page, or -EINVAL: registered before, not aligned, or not a page of
 * the domain's RAM.
 */
int evtchn_register_vcpu_info(struct vcpu *v, gfn_t gfn, uint32_t offset);

#endif
