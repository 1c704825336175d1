/* SPDX-License-Identifier: ISC */
/* Event channels from the inside: the port descriptor and what the two ABIs have to provide. */
#ifndef CORE_EVTCHN_PRIV_H
#define CORE_EVTCHN_PRIV_H

#include <hyp/domain.h>
#include <public/event_channel.h>

enum evtchn_state {
	EVTCHN_FREE,
	EVTCHN_UNBOUND,     /* waits for `remote` to bind */
	EVTCHN_INTERDOMAIN, /* connected to port `peer` of remote_dom */
	EVTCHN_VIRQ,
	EVTCHN_IPI,
};

/*
 * 16 bytes, so that a page holds 256. Everything but the last two is protected by the owner's
 * evtchn.lock (the connection itself: by both ends' locks); they belong to the FIFO lock.
 */
struct evtchn {
	union {
		struct domain *remote_dom;
		domid_t remote;
		uint32_t virq;
		uint64_t align; /* the same size with 32-bit pointers */
	};
	uint32_t peer;
	uint8_t state : 4;
	uint8_t priority : 4; /* FIFO: queue for the next event */
	uint8_t vcpu;         /* to notify */
	uint8_t last_vcpu;    /* FIFO: the queue that it was last put into */
	uint8_t last_priority : 4;
	uint8_t deferred : 1; /* FIFO: pending since before there was an event word for it */
};

#define EVTCHNS_PER_BUCKET (PAGE_SIZE / sizeof(struct evtchn))
_Static_assert(EVTCHNS_PER_BUCKET == 256, "a power of two of descriptors a page");
_Static_assert(MAX_VCPUS <= 256, "a vCPU's number fits into a byte");

/*
 * set_pending() and unmask(): 1 if the vCPU is to be told, 0 if not, -EIO if the guest kept the
 * hypervisor from updating shared memory. The others cannot fail in a way that matters:
 * clear_pending() of a word that the guest keeps changing leaves it as the guest wants it.
 */
struct evtchn_abi {
	uint32_t max_port;
	int (*set_pending)(struct vcpu *v, struct evtchn *e, uint32_t port);
	int (*unmask)(struct vcpu *v, struct evtchn *e, uint32_t port);
	void (*clear_pending)(struct domain *d, struct evtchn *e, uint32_t port);
	bool (*is_pending)(struct domain *d, struct evtchn *e, uint32_t port);
};

extern const struct evtchn_abi evtchn_2l_abi, evtchn_fifo_abi;

/* The window that something small in a guest's page is seen through. */
static inline const void *evtchn_window(const void *p)
{
	return (const void *)((uintptr_t)p & ~(uintptr_t)(PAGE_SIZE - 1));
}

/* The descriptor of a port, NULL: out of range or never used. */
static inline struct evtchn *evtchn_lookup(const struct domain *d, uint32_t port)
{
	struct evtchn *bucket;

	if (unlikely(port > d->evtchn.max_port))
		return NULL;
	port = (uint32_t)index_nospec(port, d->evtchn.max_port + 1ull);
	bucket = d->evtchn.bucket[port / EVTCHNS_PER_BUCKET];
	return likely(bucket) ? &bucket[port % EVTCHNS_PER_BUCKET] : NULL;
}

/* The other end of a connection. */
static inline struct evtchn *evtchn_peer(const struct evtchn *e)
{
	return &e->remote_dom->evtchn
			.bucket[e->peer / EVTCHNS_PER_BUCKET][e->peer % EVTCHNS_PER_BUCKET];
}

/* An open port's descriptor, or NULL. */
static inline struct evtchn *evtchn_lookup_open(const struct domain *d, uint32_t port)
{
	struct evtchn *e = evtchn_lookup(d, port);

	return e && e->state != EVTCHN_FREE ? e : NULL;
}

/*
 * Make a port pending and tell its vCPU. 0 or -EIO: the domain is to be stopped when no lock is
 * held.
 */
int evtchn_raise(struct domain *d, struct evtchn *e, uint32_t port);

#endif
