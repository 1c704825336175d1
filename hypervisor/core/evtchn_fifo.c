/* SPDX-License-Identifier: ISC */
/*
 * The FIFO ABI of event channels: an event word per port, linked into queues, one queue per vCPU
 * and priority.
 *
 *	control block per vCPU, in a guest page             event array, guest pages of 1024 words
 *	+-------+---------+---------+-----+                 +------------------------------------+
 *	| ready | head[0] | head[1] | ... |   head[q] ----> | P M L . link ---> next word --> 0  |
 *	+-------+---------+---------+-----+                 +------------------------------------+
 *	in the hypervisor's memory, not accessible to the guest: tail[q]
 *
 * The hypervisor appends at the tail, and the guest takes from the head. The guest clears LINKED
 * and reads the link in one atomic step. An append therefore either finds LINKED set and sets the
 * link, or finds the queue empty and starts a new queue at head[q].
 *
 * The guest can write anything into these words. The hypervisor reads each word once, uses it as a
 * port number only to store it back, and tries every update a bounded number of times.
 */
#include <lib/atomic.h>
#include <lib/errno.h>
#include <lib/lib.h>
#include <mem/page.h>
#include <mem/pool.h>
#include <public/xen.h>
#include "evtchn_priv.h"

#define WORDS_PER_PAGE FIFO_WORDS_PER_PAGE
#define MAX_PAGES      FIFO_MAX_PAGES
#define WORD_PENDING   (1U << EVTCHN_FIFO_PENDING)
#define WORD_MASKED    (1U << EVTCHN_FIFO_MASKED)
#define WORD_LINKED    (1U << EVTCHN_FIFO_LINKED)

/* A guest that follows the ABI changes a word only a few times during one update. */
#define WORD_RETRIES 64

static struct pool fifo_vcpu_pool =
	POOL_INIT("evtchn-fifo", fifo_vcpu_pool, sizeof(struct evtchn_fifo_vcpu), 0);

static event_word_t *port_word(const struct evtchn_fifo *f, uint32_t port)
{
	uint32_t page = port / WORDS_PER_PAGE;

	/* the modulo bounds speculative accesses */
	return page < f->nr_pages ? &f->page[page % MAX_PAGES][port % WORDS_PER_PAGE] : NULL;
}

/*
 * Replace bits of a word if all bits of `when_clear` are clear. Returns 1 when done, 0 if a bit of
 * `when_clear` is set, or -EIO. *old is the value before.
 */
static int word_update(uint32_t *word, uint32_t clear, uint32_t set, uint32_t when_clear,
		       uint32_t *old)
{
	for (unsigned i = 0; i < WORD_RETRIES; i++) {
		int done;

		*old = atomic_load(word);
		if (*old & when_clear)
			return 0;
		done = guest_cas(word, old, (*old & ~clear) | set);
		if (done < 0)
			return -EIO;
		if (done)
			return 1;
	}
	return -EIO;
}

/* Append `port` to `tail` if `tail` is still queued. Returns 1 if it was, 0 if not, or -EIO. */
static int link_to_tail(const struct evtchn_fifo *f, uint32_t tail, uint32_t port)
{
	event_word_t *word = port_word(f, tail);

	for (unsigned i = 0; word && i < WORD_RETRIES; i++) {
		uint32_t old = atomic_load(word);
		int done;

		if (!(old & WORD_LINKED))
			return 0;
		done = guest_cas(word, &old, (old & ~EVTCHN_FIFO_LINK_MASK) | port);
		if (done)
			return done < 0 ? -EIO : 1;
	}
	return word ? -EIO : 0;
}

/*
 * Forget `port` as the tail of the queue that it was last in. Otherwise the port could be linked to
 * itself, or a queue that it has left would keep it as its tail.
 */
static void forget_old_queue(struct domain *d, const struct evtchn *e, uint32_t port)
{
	struct vcpu *v = d->vcpu[e->last_vcpu];
	struct evtchn_fifo_vcpu *fv = v ? v->evtchn.fifo : NULL;

	if (fv && fv->tail[e->last_priority] == port)
		fv->tail[e->last_priority] = 0;
}

/* Append a port whose word the caller has set LINKED. Returns 1 to notify the vCPU, 0 or -EIO. */
static int enqueue(struct vcpu *v, struct evtchn *e, uint32_t port)
{
	struct evtchn_fifo_vcpu *fv = v->evtchn.fifo;
	uint8_t q = e->priority;
	int linked = 0, ready;
	uint32_t old;

	forget_old_queue(v->domain, e, port);
	e->last_vcpu = (uint8_t)v->id;
	e->last_priority = q & 0xf;
	if (fv->tail[q])
		linked = link_to_tail(v->domain->evtchn.fifo, fv->tail[q], port);
	fv->tail[q] = port;
	if (linked)
		return MIN(linked, 0);
	atomic_store_rel(&fv->cb->head[q], port);
	ready = word_update(&fv->cb->ready, 0, 1U << q, 1U << q, &old);
	return ready;
}

static int set_pending_locked(struct vcpu *v, struct evtchn *e, uint32_t port)
{
	event_word_t *word = port_word(v->domain->evtchn.fifo, port);
	uint32_t old;
	int done;

	if (!word) {
		e->deferred = 1;
		return 0;
	}
	/*
	 * A vCPU without a control block cannot get events, so a port bound to it only becomes
	 * pending.
	 */
	done = v->evtchn.fifo ? word_update(word, EVTCHN_FIFO_LINK_MASK, WORD_PENDING | WORD_LINKED,
					    WORD_MASKED | WORD_LINKED, &old)
			      : 0;
	if (done > 0)
		return enqueue(v, e, port);
	if (done < 0)
		return done;
	/*
	 * Masked or queued already: set PENDING alone. Between the two steps the guest may have
	 * unmasked or dequeued the word without seeing PENDING. In that case the port is queued
	 * after all.
	 */
	if (word_update(word, 0, WORD_PENDING, 0, &old) < 0)
		return -EIO;
	if (!v->evtchn.fifo || (old & (WORD_MASKED | WORD_LINKED)))
		return 0;
	done = word_update(word, EVTCHN_FIFO_LINK_MASK, WORD_LINKED, WORD_MASKED | WORD_LINKED,
			   &old);
	return done > 0 ? enqueue(v, e, port) : done;
}

static int set_pending_fifo(struct vcpu *v, struct evtchn *e, uint32_t port)
{
	struct evtchn_fifo *f = v->domain->evtchn.fifo;
	int told;

	spin_lock(&f->lock);
	told = set_pending_locked(v, e, port);
	spin_unlock(&f->lock);
	return told;
}

static int unmask_fifo(struct vcpu *v, struct evtchn *e, uint32_t port)
{
	event_word_t *word = port_word(v->domain->evtchn.fifo, port);
	uint32_t old;

	if (!word)
		return 0;
	if (word_update(word, WORD_MASKED, 0, 0, &old) < 0)
		return -EIO;
	return old & WORD_PENDING ? set_pending_fifo(v, e, port) : 0;
}

static bool take_deferred(struct evtchn_fifo *f, struct evtchn *e)
{
	bool deferred;

	spin_lock(&f->lock);
	deferred = e->deferred;
	e->deferred = 0;
	spin_unlock(&f->lock);
	return deferred;
}

/* A queued word stays in its queue: the guest skips words that are not pending. */
static void clear_pending_fifo(struct domain *d, struct evtchn *e, uint32_t port)
{
	event_word_t *word = port_word(d->evtchn.fifo, port);
	uint32_t old;

	(void)take_deferred(d->evtchn.fifo, e);
	if (word)
		(void)word_update(word, WORD_PENDING, 0, 0, &old);
}

static bool is_pending_fifo(struct domain *d, struct evtchn *e, uint32_t port)
{
	event_word_t *word = port_word(d->evtchn.fifo, port);

	return word ? (atomic_load(word) & WORD_PENDING) != 0 : e->deferred;
}

static const struct evtchn_abi evtchn_fifo_abi = {
	.max_port = EVTCHN_FIFO_NR_CHANNELS - 1,
	.set_pending = set_pending_fifo,
	.unmask = unmask_fifo,
	.clear_pending = clear_pending_fifo,
	.is_pending = is_pending_fifo,
};

/* Setup and release */

/*
 * Ports pending in the 2-level bitmap are deferred until the event array has their word. Bounded:
 * at most 4096 ports.
 */
static void defer_pending_2l(struct domain *d)
{
	spin_lock(&d->evtchn.fifo->lock);
	for (uint32_t port = 1; port <= evtchn_2l_abi.max_port; port++) {
		struct evtchn *e = evtchn_lookup(d, port);

		if (!e)
			port |= EVTCHNS_PER_BUCKET - 1;
		else if (e->state != EVTCHN_FREE &&
			 bitmap_test(d->shared_info->evtchn_pending, port))
			e->deferred = 1;
	}
	spin_unlock(&d->evtchn.fifo->lock);
}

/* The first control block of a domain switches all its ports to the FIFO ABI. */
static int switch_to_fifo(struct domain *d)
{
	struct evtchn_fifo *f = hyp_pages_alloc(0);

	if (!f)
		return -ENOMEM;
	spin_lock_init(&f->lock, RANK_EVTCHN_FIFO);
	d->evtchn.fifo = f;
	/*
	 * Senders hold other locks than this one. They read abi again after setting a bit, see
	 * evtchn_raise().
	 */
	__atomic_store_n(&d->evtchn.abi, &evtchn_fifo_abi, __ATOMIC_SEQ_CST);
	smp_mb();
	defer_pending_2l(d);
	return 0;
}

int evtchn_fifo_init_control(struct domain *d, uint32_t vcpu, gfn_t gfn, uint32_t offset)
{
	struct vcpu *v = domain_vcpu(d, vcpu);
	struct evtchn_fifo_vcpu *fv;
	int err;

	if (!v)
		return -ENOENT;
	if (offset > PAGE_SIZE - sizeof(*fv->cb) || offset % 8)
		return -EINVAL;
	fv = pool_alloc(&fifo_vcpu_pool);
	if (!fv)
		return -ENOMEM;
	if (p2m_get_page(d, gfn, true, &fv->mfn) != 0) {
		pool_free(&fifo_vcpu_pool, fv);
		return -EINVAL;
	}
	fv->cb = (struct evtchn_fifo_control_block *)((char *)map_page(fv->mfn) + offset);

	spin_lock(&d->evtchn.lock);
	err = v->evtchn.fifo || d->evtchn.dying ? -EINVAL : 0;
	if (!err && !d->evtchn.fifo)
		err = switch_to_fifo(d);
	if (!err) {
		/* Senders do not take this lock: the contents must be visible first. */
		smp_wmb();
		WRITE_ONCE(v->evtchn.fifo, fv);
	}
	spin_unlock(&d->evtchn.lock);
	if (err) {
		unmap_page(evtchn_window(fv->cb));
		page_put(fv->mfn);
		pool_free(&fifo_vcpu_pool, fv);
	}
	return err;
}

/*
 * Raise the ports of the new page that became pending before they had a word. Bounded: 1024 ports.
 */
static int raise_deferred(struct domain *d, uint32_t first)
{
	int err = 0;

	for (uint32_t port = first; port < first + WORDS_PER_PAGE; port++) {
		struct evtchn *e = evtchn_lookup_open(d, port);

		if (!e || !take_deferred(d->evtchn.fifo, e))
			continue;
		if (evtchn_raise(d, e, port) < 0)
			err = -EIO;
	}
	return err;
}

int evtchn_fifo_expand_array(struct domain *d, gfn_t gfn)
{
	struct evtchn_fifo *f;
	int err, stuck = 0;
	mfn_t mfn;

	if (!READ_ONCE(d->evtchn.fifo))
		return -EOPNOTSUPP;
	if (p2m_get_page(d, gfn, true, &mfn) != 0)
		return -EINVAL;
	spin_lock(&d->evtchn.lock);
	f = d->evtchn.fifo;
	err = !f ? -EOPNOTSUPP : f->nr_pages >= MAX_PAGES ? -ENOSPC : 0;
	if (!err) {
		spin_lock(&f->lock);
		f->page[f->nr_pages] = map_page(mfn);
		f->mfn[f->nr_pages] = mfn;
		f->nr_pages++;
		spin_unlock(&f->lock);
		stuck = raise_deferred(d, (f->nr_pages - 1) * WORDS_PER_PAGE);
	}
	spin_unlock(&d->evtchn.lock);
	if (err)
		page_put(mfn);
	if (stuck)
		domain_crash(d, "event channels: FIFO array changed without end during an update");
	return err;
}

int evtchn_fifo_set_priority(struct domain *d, uint32_t port, uint32_t priority)
{
	struct evtchn *e;
	int err = -EINVAL;

	spin_lock(&d->evtchn.lock);
	e = evtchn_lookup(d, port);
	if (e && d->evtchn.abi != &evtchn_fifo_abi)
		err = -ENOSYS;
	else if (e && priority <= EVTCHN_FIFO_PRIORITY_MIN) {
		e->priority =
			priority & 0xf; /* for the next event; a queued event stays in its queue */
		err = 0;
	}
	spin_unlock(&d->evtchn.lock);
	return err;
}

void evtchn_fifo_release(struct domain *d)
{
	struct evtchn_fifo *f = d->evtchn.fifo;
	struct vcpu *v;

	if (!f)
		return;
	d->evtchn.abi = &evtchn_2l_abi;
	WRITE_ONCE(d->evtchn.fifo, NULL);
	for_each_vcpu (d, v) {
		struct evtchn_fifo_vcpu *fv = v->evtchn.fifo;

		if (!fv)
			continue;
		v->evtchn.fifo = NULL;
		unmap_page(evtchn_window(fv->cb));
		page_put(fv->mfn);
		pool_free(&fifo_vcpu_pool, fv);
	}
	for (uint32_t i = 0; i < f->nr_pages; i++) {
		unmap_page(f->page[i]);
		page_put(f->mfn[i]);
	}
	hyp_pages_free(f, 0);
}
