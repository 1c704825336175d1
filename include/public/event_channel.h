/* SPDX-License-Identifier: ISC */
/* Event channels: event_channel_op(cmd, arg), and the shared words of both port layouts. */
#ifndef PUBLIC_EVENT_CHANNEL_H
#define PUBLIC_EVENT_CHANNEL_H

/* Facts from xen/event_channel.h. */
#include "xen.h"

#define EVTCHNOP_bind_interdomain 0
#define EVTCHNOP_bind_virq        1
#define EVTCHNOP_close            3
#define EVTCHNOP_send             4
#define EVTCHNOP_status           5
#define EVTCHNOP_alloc_unbound    6
#define EVTCHNOP_bind_ipi         7
#define EVTCHNOP_bind_vcpu        8
#define EVTCHNOP_unmask           9
#define EVTCHNOP_reset            10
#define EVTCHNOP_init_control     11
#define EVTCHNOP_expand_array     12
#define EVTCHNOP_set_priority     13

typedef uint32_t evtchn_port_t; /* port 0 is never valid */

/*
 * A new port of `dom` that `remote_dom` may bind to. Either may be DOMID_SELF.
 * -EPERM: dom is another domain and the caller has no right over it. -ENOSPC: no port left.
 */
struct evtchn_alloc_unbound {
	domid_t dom, remote_dom; /* in */
	evtchn_port_t port;      /* out */
};

/*
 * Connect a new port of the caller to an unbound port of remote_dom that waits for the caller.
 * The new port is pending at once, so that an early notification is not lost.
 * -EINVAL: the remote port is not unbound, or waits for someone else.
 */
struct evtchn_bind_interdomain {
	domid_t remote_dom;        /* in */
	evtchn_port_t remote_port; /* in */
	evtchn_port_t local_port;  /* out */
};

/* -EEXIST: the virq is bound already. -EINVAL: a global virq on another vCPU than 0. */
struct evtchn_bind_virq {
	uint32_t virq;      /* in: VIRQ_* */
	uint32_t vcpu;      /* in: vCPU to notify */
	evtchn_port_t port; /* out */
};

/* -ENOENT: no such vCPU. */
struct evtchn_bind_ipi {
	uint32_t vcpu;      /* in */
	evtchn_port_t port; /* out */
};

/* An interdomain peer becomes unbound, waiting for the closer. -EINVAL: not an open port. */
struct evtchn_close {
	evtchn_port_t port; /* in */
};

/* -EINVAL: the port is neither interdomain nor IPI; unbound ports swallow the event. */
struct evtchn_send {
	evtchn_port_t port; /* in: local port */
};

/* evtchn_status.status */
#define EVTCHNSTAT_closed      0
#define EVTCHNSTAT_unbound     1 /* waits for u.unbound.dom */
#define EVTCHNSTAT_interdomain 2
#define EVTCHNSTAT_pirq        3
#define EVTCHNSTAT_virq        4
#define EVTCHNSTAT_ipi         5

/* -EINVAL past the last port: a caller may count upwards until then. -EPERM on another domain. */
struct evtchn_status {
	domid_t dom;        /* in: DOMID_SELF or another one, if privileged */
	evtchn_port_t port; /* in */
	uint32_t status;    /* out: EVTCHNSTAT_* */
	uint32_t vcpu;      /* out: the vCPU that is notified */
	union {
		struct {
			domid_t dom;
		} unbound;
		struct {
			domid_t dom;
			evtchn_port_t port;
		} interdomain;
		uint32_t pirq;
		uint32_t virq;
	} u; /* out, by status */
};

/* -EINVAL: a port whose kind is tied to its vCPU (IPI, per-vCPU virq). -ENOENT: no such vCPU. */
struct evtchn_bind_vcpu {
	evtchn_port_t port; /* in */
	uint32_t vcpu;      /* in */
};

/* Clear the mask bit and, if the port is pending, notify again. */
struct evtchn_unmask {
	evtchn_port_t port; /* in */
};

/* Close all ports and go back to the 2-level layout. */
struct evtchn_reset {
	domid_t dom; /* in */
};

/*
 * The FIFO layout's control block of one vCPU. The first call switches the domain over.
 * -EINVAL: offset is not 8-byte aligned or leaves the page.
 */
struct evtchn_init_control {
	uint64_t control_gfn; /* in: guest frame */
	uint32_t offset;      /* in: bytes into that page */
	uint32_t vcpu;        /* in */
	uint8_t link_bits;    /* out: EVTCHN_FIFO_LINK_BITS */
	uint8_t _pad[7];
};

/* One more page of event words, ports in ascending order. -ENOSPC: array is full. */
struct evtchn_expand_array {
	uint64_t array_gfn; /* in */
};

struct evtchn_set_priority {
	evtchn_port_t port; /* in */
	uint32_t priority;  /* in: EVTCHN_FIFO_PRIORITY_MAX (0) .. EVTCHN_FIFO_PRIORITY_MIN */
};

/* 2-level: one selector word a vCPU, 64 words of 64 ports. */
#define EVTCHN_2L_NR_CHANNELS 4096

#define EVTCHN_FIFO_PRIORITY_MAX     0
#define EVTCHN_FIFO_PRIORITY_DEFAULT 7
#define EVTCHN_FIFO_PRIORITY_MIN     15
#define EVTCHN_FIFO_MAX_QUEUES       (EVTCHN_FIFO_PRIORITY_MIN + 1)

typedef uint32_t event_word_t;

/* Bit numbers in an event word; bits 0..16 link to the next port of the queue, 0 = tail. */
#define EVTCHN_FIFO_PENDING     31
#define EVTCHN_FIFO_MASKED      30
#define EVTCHN_FIFO_LINKED      29
#define EVTCHN_FIFO_BUSY        28
#define EVTCHN_FIFO_LINK_BITS   17
#define EVTCHN_FIFO_LINK_MASK   ((1 << EVTCHN_FIFO_LINK_BITS) - 1)
#define EVTCHN_FIFO_NR_CHANNELS (1 << EVTCHN_FIFO_LINK_BITS)

struct evtchn_fifo_control_block {
	uint32_t ready; /* bit q: queue q has something */
	uint32_t _rsvd;
	event_word_t head[EVTCHN_FIFO_MAX_QUEUES];
};

/* Layout, in bytes. */
XEN_ASSERT_SIZE(struct evtchn_alloc_unbound, 8);
XEN_ASSERT_OFFSET(struct evtchn_alloc_unbound, remote_dom, 2);
XEN_ASSERT_OFFSET(struct evtchn_alloc_unbound, port, 4);
XEN_ASSERT_SIZE(struct evtchn_bind_interdomain, 12);
XEN_ASSERT_OFFSET(struct evtchn_bind_interdomain, remote_port, 4);
XEN_ASSERT_OFFSET(struct evtchn_bind_interdomain, local_port, 8);
XEN_ASSERT_SIZE(struct evtchn_bind_virq, 12);
XEN_ASSERT_OFFSET(struct evtchn_bind_virq, vcpu, 4);
XEN_ASSERT_OFFSET(struct evtchn_bind_virq, port, 8);
XEN_ASSERT_SIZE(struct evtchn_bind_ipi, 8);
XEN_ASSERT_OFFSET(struct evtchn_bind_ipi, port, 4);
XEN_ASSERT_SIZE(struct evtchn_close, 4);
XEN_ASSERT_SIZE(struct evtchn_send, 4);
XEN_ASSERT_SIZE(struct evtchn_status, 24);
XEN_ASSERT_OFFSET(struct evtchn_status, port, 4);
XEN_ASSERT_OFFSET(struct evtchn_status, status, 8);
XEN_ASSERT_OFFSET(struct evtchn_status, vcpu, 12);
XEN_ASSERT_OFFSET(struct evtchn_status, u, 16);
XEN_ASSERT_OFFSET(struct evtchn_status, u.interdomain.port, 20);
XEN_ASSERT_SIZE(struct evtchn_bind_vcpu, 8);
XEN_ASSERT_OFFSET(struct evtchn_bind_vcpu, vcpu, 4);
XEN_ASSERT_SIZE(struct evtchn_unmask, 4);
XEN_ASSERT_SIZE(struct evtchn_reset, 2);
XEN_ASSERT_SIZE(struct evtchn_init_control, 24);
XEN_ASSERT_OFFSET(struct evtchn_init_control, offset, 8);
XEN_ASSERT_OFFSET(struct evtchn_init_control, vcpu, 12);
XEN_ASSERT_OFFSET(struct evtchn_init_control, link_bits, 16);
XEN_ASSERT_OFFSET(struct evtchn_init_control, _pad, 17);
XEN_ASSERT_SIZE(struct evtchn_expand_array, 8);
XEN_ASSERT_SIZE(struct evtchn_set_priority, 8);
XEN_ASSERT_OFFSET(struct evtchn_set_priority, priority, 4);
XEN_ASSERT_SIZE(struct evtchn_fifo_control_block, 72);
XEN_ASSERT_OFFSET(struct evtchn_fifo_control_block, _rsvd, 4);
XEN_ASSERT_OFFSET(struct evtchn_fifo_control_block, head, 8);

#endif /* PUBLIC_EVENT_CHANNEL_H */
