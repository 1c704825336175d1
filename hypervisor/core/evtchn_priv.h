/* SPDX-License-Identifier: ISC */
/* Internals of event channels: the port descriptor and the interface of the two ABIs. */
#ifndef CORE_EVTCHN_PRIV_H
#define CORE_EVTCHN_PRIV_H

#include <hyp/domain.h>
#include <public/event_channel.h>

enum evtchn_state {
	EVTCHN_FREE,
	EVTCHN_UNBOUND,     /* `remote` may bind to it */
	EVTCHN_INTERDOMAIN, /* connected to port `peer` of remote_dom */
	EVTCHN_VIRQ,
	EVTCHN_IPI,
};

/*
 * 16 bytes, so that a page holds 256. The owner's evtchn.lock protects all fields except the last
 * two, which the FIFO lock protects. A connection of two ports changes under both domains' locks.
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
	uint8_t vcpu;         /* the vCPU to notify */
	uint8_t last_vcpu;    /* FIFO: vCPU of the queue it was last put into */
	uint8_t last_priority : 4;
	uint8_t deferred : 1; /* FIFO: became pending before its event word existed */
};

#define EVTCHNS_PER_BUCKET (PAGE_SIZE / sizeof(struct evtchn))
_Static_assert(EVTCHNS_PER_BUCKET == 256, "a power of two of descriptors a page");
_Static_assert(MAX_VCPUS <= 256, "a vCPU's number fits into a byte");

/*
 * set_pending() and unmask() return 1 to notify the vCPU, 0 if not, or -EIO if the guest kept the
 * hypervisor from updating shared memory. The other functions report no error: if the guest keeps
 * changing a word during clear_pending(), only its own word is affected.
 */
struct evtchn_abi {
	uint32_t max_port;
	int (*set_pending)(struct vcpu *v, struct evtchn *e, uint32_t port);
	int (*unmask)(struct vcpu *v, struct evtchn *e, uint32_t port);
	void (*clear_pending)(struct domain *d, struct evtchn *e, uint32_t port);
	bool (*is_pending)(struct domain *d, struct evtchn *e, uint32_t port);
};

extern const struct evtchn_abi evtchn_2l_abi; /* the other one is evtchn_fifo.c's own */

/* The event array of the FIFO ABI and its state per vCPU, both in core/evtchn_fifo.c. */
#define FIFO_WORDS_PER_PAGE (PAGE_SIZE / sizeof(event_word_t))
#define FIFO_MAX_PAGES      (EVTCHN_FIFO_NR_CHANNELS / FIFO_WORDS_PER_PAGE)

struct evtchn_fifo {
	struct spinlock lock; /* RANK_EVTCHN_FIFO: the queues of all vCPUs */
	uint32_t nr_pages;
	event_word_t *page[FIFO_MAX_PAGES];
	mfn_t mfn[FIFO_MAX_PAGES]; /* each page is referenced */
};
_Static_assert(sizeof(struct evtchn_fifo) <= PAGE_SIZE, "one page");

struct evtchn_fifo_vcpu {
	struct evtchn_fifo_control_block *cb;
	mfn_t mfn;                             /* the page of cb; referenced */
	uint32_t tail[EVTCHN_FIFO_MAX_QUEUES]; /* the port appended last, 0 if none */
};

/* The start of the map_page() window of an object in a guest's page. */
static inline const void *evtchn_window(const void *p)
{
	return (const void *)((uintptr_t)p & ~(uintptr_t)(PAGE_SIZE - 1));
}

/* The descriptor of a port. NULL if the port is out of range or its bucket was never used. */
static inline struct evtchn *evtchn_lookup(const struct domain *d, uint32_t port)
{
	struct evtchn *bucket;

	if (unlikely(port > d->evtchn.max_port))
		return NULL;
	port = (uint32_t)index_nospec(port, d->evtchn.max_port + 1ull);
	bucket = d->evtchn.bucket[port / EVTCHNS_PER_BUCKET];
	return likely(bucket) ? &bucket[port % EVTCHNS_PER_BUCKET] : NULL;
}

/* The descriptor of the port at the other end of a connection. */
static inline struct evtchn *evtchn_peer(const struct evtchn *e)
{
	return &e->remote_dom->evtchn
			.bucket[e->peer / EVTCHNS_PER_BUCKET][e->peer % EVTCHNS_PER_BUCKET];
}

/* The descriptor of an open port, or NULL. */
static inline struct evtchn *evtchn_lookup_open(const struct domain *d, uint32_t port)
{
	struct evtchn *e = evtchn_lookup(d, port);

	return e && e->state != EVTCHN_FREE ? e : NULL;
}

/*
 * Make a port pending and notify its vCPU. Returns 0 or -EIO. After -EIO the caller stops the
 * domain once it holds no lock.
 */
int evtchn_raise(struct domain *d, struct evtchn *e, uint32_t port);

#endif
