/* SPDX-License-Identifier: ISC */
/* Event channels: ports, their bindings, and the delivery of an event to a vCPU. */
#include <lib/atomic.h>
#include <lib/errno.h>
#include <hyp/hypercall.h>
#include <hyp/virq.h>
#include <lib/lib.h>
#include <lib/yield.h>
#include <mem/page.h>
#include <public/xen.h>
#include "evtchn_priv.h"

/* Number of ports closed between two calls of cpu_should_yield(). */
#define CLOSE_BATCH 32
/* If the peer changes on every try, the guest itself is rebinding it: evtchn_close() then fails. */
#define PEER_RETRIES 16

/* A bit per VIRQ: set for those that each vCPU binds for itself. All other VIRQs are global. */
#define VIRQ_XENOPROF  7
#define VIRQ_XENPMU    13
#define PER_VCPU_VIRQS (BIT(VIRQ_TIMER) | BIT(VIRQ_DEBUG) | BIT(VIRQ_XENOPROF) | BIT(VIRQ_XENPMU))

static bool virq_is_global(uint32_t virq)
{
	return !(PER_VCPU_VIRQS & BIT(virq));
}

/* Delivery */

/* Polling ends with the first event: the vCPU looks at its ports itself and may poll again. */
static void wake_pollers(struct domain *d)
{
	struct vcpu *v;

	for_each_vcpu (d, v) {
		if (READ_ONCE(v->poll)) {
			evtchn_poll_stop(v);
			vcpu_unblock(v);
		}
	}
}

/* An event ends SCHEDOP_block even if the guest's GIC has the interrupt disabled. */
static __noinline void upcall_ends_block(struct vcpu *v)
{
	vgic_raise_local(v, v->domain->evtchn.ppi);
	vcpu_unblock(v);
}

/*
 * Set evtchn_upcall_pending and raise the interrupt if it was clear. Returns 0 or -EIO.
 *
 * `blocked` is read after upcall_pending is set, and both accesses are sequentially consistent:
 * either this CPU sees the vCPU blocked or vcpu_block() sees the event.
 */
static int vcpu_upcall(struct vcpu *v)
{
	struct vcpu_info *info = READ_ONCE(v->info);
	uint8_t old = 0;
	int done;

	if (unlikely(!info))
		return 0;
	done = guest_cas(&info->evtchn_upcall_pending, &old, 1);
	if (unlikely(done <= 0))
		return done < 0 ? -EIO : 0;
	if (unlikely(__atomic_load_n(&v->blocked, __ATOMIC_SEQ_CST) == SLEEP_EVENT))
		upcall_ends_block(v);
	else
		vgic_raise_local(v, v->domain->evtchn.ppi);
	return 0;
}

int evtchn_raise(struct domain *d, struct evtchn *e, uint32_t port)
{
	const struct evtchn_abi *abi = atomic_load_acq(&d->evtchn.abi), *was;
	struct vcpu *v = d->vcpu[e->vcpu];
	int told;

	if (unlikely(!v))
		return 0; /* the vCPU does not exist yet */
	/*
	 * The domain may be switching to FIFO, which moves the pending bits once after the switch.
	 * Read abi again after setting the bit: either the switch sees the bit or this CPU sees the
	 * switch (pairs with evtchn_fifo_init_control()).
	 */
	do {
		was = abi;
		told = was->set_pending(v, e, port);
		abi = __atomic_load_n(&d->evtchn.abi, __ATOMIC_SEQ_CST);
	} while (unlikely(abi != was));
	if (told > 0)
		told = vcpu_upcall(v);
	if (unlikely(atomic_load_acq(&d->evtchn.pollers)))
		wake_pollers(d);
	return told;
}

/* The caller holds no lock. */
static void stop_domain(struct domain *d, uint32_t port)
{
	domain_crash(d,
		     "event channels: port %u: shared memory changed without end during an update",
		     port);
}

static int deliver_locked(struct domain *d, struct evtchn *e, uint32_t port, struct domain **target,
			  uint32_t *target_port)
{
	switch (e->state) {
	case EVTCHN_INTERDOMAIN:
		if (unlikely(e->peer == e->remote_dom->evtchn.hyp_port)) {
			e->remote_dom->evtchn.hyp_notify(e->remote_dom);
			return 0;
		}
		*target = e->remote_dom;
		*target_port = e->peer;
		return evtchn_raise(e->remote_dom, evtchn_peer(e), e->peer);
	case EVTCHN_IPI:
		*target = d;
		*target_port = port;
		return evtchn_raise(d, e, port);
	case EVTCHN_UNBOUND: /* no peer has bound the port yet */
		return 0;
	default:
		return -EINVAL;
	}
}

int evtchn_send(struct domain *d, uint32_t port)
{
	struct domain *target;
	uint32_t target_port;
	struct evtchn *e;
	int err;

	spin_lock(&d->evtchn.lock);
	e = evtchn_lookup(d, port);
	err = likely(e) ? deliver_locked(d, e, port, &target, &target_port) : -EINVAL;
	if (unlikely(err == -EIO))
		domain_hold(target);
	spin_unlock(&d->evtchn.lock);
	if (unlikely(err == -EIO)) {
		stop_domain(target, target_port);
		domain_put(target);
		err = 0; /* not the sender's fault */
	}
	return err;
}

void evtchn_virq(struct vcpu *v, unsigned virq)
{
	struct domain *d = v->domain;
	uint32_t port;
	int err = 0;

	if (!READ_ONCE(v->evtchn.virq_port[virq]))
		return;
	spin_lock(&d->evtchn.lock);
	port = v->evtchn.virq_port[virq];
	if (port)
		err = evtchn_raise(d, evtchn_lookup(d, port), port);
	spin_unlock(&d->evtchn.lock);
	if (err)
		stop_domain(d, port);
}

void evtchn_virq_global(unsigned virq)
{
	struct vcpu *v = domain0 ? domain_vcpu(domain0, 0) : NULL;

	if (v)
		evtchn_virq(v, virq);
}

bool evtchn_upcall_pending(const struct vcpu *v)
{
	const struct vcpu_info *info = READ_ONCE(v->info);

	return info && READ_ONCE(info->evtchn_upcall_pending);
}

void evtchn_poll_start(struct vcpu *v)
{
	if (!atomic_swap(&v->poll, true))
		atomic_add(&v->domain->evtchn.pollers, 1);
	/*
	 * The caller tests the ports next. Pairs with the acquire in evtchn_raise(), after its
	 * atomic update.
	 */
	smp_mb();
}

void evtchn_poll_stop(struct vcpu *v)
{
	if (atomic_swap(&v->poll, false))
		atomic_sub(&v->domain->evtchn.pollers, 1);
}

bool evtchn_port_valid(struct domain *d, uint32_t port)
{
	bool valid;

	spin_lock(&d->evtchn.lock);
	valid = evtchn_lookup(d, port) != NULL;
	spin_unlock(&d->evtchn.lock);
	return valid;
}

bool evtchn_port_pending(struct domain *d, uint32_t port)
{
	struct evtchn *e;
	bool pending;

	spin_lock(&d->evtchn.lock);
	e = evtchn_lookup_open(d, port);
	pending = e && d->evtchn.abi->is_pending(d, e, port);
	spin_unlock(&d->evtchn.lock);
	return pending;
}

/* Ports */

/* A domain can have 131,071 ports, so the search for a free port skips full buckets. */

/* Returns the first port of the next bucket that may have a free port. */
static uint32_t skip_full(const struct evtchn_domain *ed, uint32_t port)
{
	uint32_t b = port / EVTCHNS_PER_BUCKET;

	while (b < 64 * EVTCHN_FULL_WORDS) {
		uint64_t may = ~ed->full[b / 64] >> b % 64;

		if (may)
			return (b + (uint32_t)__builtin_ctzll(may)) * EVTCHNS_PER_BUCKET;
		b = (b / 64 + 1) * 64;
	}
	return b * EVTCHNS_PER_BUCKET;
}

/*
 * Returns the first free port from next_free on, or a number above `last` if there is none. Buckets
 * that turn out to be full are marked, so that each is searched in vain only once.
 */
static uint32_t find_free(struct domain *d, uint32_t last)
{
	struct evtchn_domain *ed = &d->evtchn;
	uint32_t p = ed->next_free, bucket;

	for (;;) {
		if (p % EVTCHNS_PER_BUCKET == 0)
			p = skip_full(ed, p);
		if (p > last || !evtchn_lookup_open(d, p))
			return p;
		bucket = p++ / EVTCHNS_PER_BUCKET;
		if (p % EVTCHNS_PER_BUCKET == 0)
			ed->full[bucket / 64] |= BIT64(bucket % 64);
	}
}

/*
 * `port` has become free and is below next_free. All buckets between the two are full, so mark
 * them.
 */
static void lower_next_free(struct evtchn_domain *ed, uint32_t port)
{
	uint32_t from = port / EVTCHNS_PER_BUCKET + 1, to = ed->next_free / EVTCHNS_PER_BUCKET;

	for (; from < to && from % 64; from++)
		ed->full[from / 64] |= BIT64(from % 64);
	for (; from + 64 <= to; from += 64)
		ed->full[from / 64] = ~(uint64_t)0;
	for (; from < to; from++)
		ed->full[from / 64] |= BIT64(from % 64);
	ed->next_free = port;
}

/*
 * Find the lowest free port. Returns its descriptor, which the caller fills in, or NULL and *err.
 */
static struct evtchn *alloc_port(struct domain *d, uint32_t *port, int *err)
{
	struct evtchn_domain *ed = &d->evtchn;
	uint32_t last = MIN(ed->max_port, ed->abi->max_port), p;
	struct evtchn **bucket;

	*err = -EINVAL;
	if (ed->dying)
		return NULL;
	p = find_free(d, last);
	ed->next_free = p;
	*err = -ENOSPC;
	if (p > last)
		return NULL;
	bucket = &ed->bucket[p / EVTCHNS_PER_BUCKET];
	if (!*bucket)
		*bucket = hyp_pages_alloc(0);
	*err = -ENOMEM;
	if (!*bucket)
		return NULL;
	*port = p;
	*err = 0;
	return evtchn_lookup(d, p);
}

static void open_port(struct domain *d, struct evtchn *e, uint32_t port, enum evtchn_state state,
		      uint32_t vcpu)
{
	d->evtchn.next_free = port + 1;
	d->evtchn.nr_active++;
	e->vcpu = (uint8_t)vcpu;
	e->priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
	e->state = (uint8_t)state & 0xf;
}

/* Clear the pending bit, so that the next owner of the port does not get an old event. */
static void free_port(struct domain *d, struct evtchn *e, uint32_t port)
{
	d->evtchn.abi->clear_pending(d, e, port);
	if (port == d->evtchn.hyp_port)
		WRITE_ONCE(d->evtchn.hyp_port, 0);
	e->state = EVTCHN_FREE;
	e->align = 0;
	e->peer = 0;
	d->evtchn.nr_active--;
	d->evtchn.full[port / EVTCHNS_PER_BUCKET / 64] &= ~BIT64(port / EVTCHNS_PER_BUCKET % 64);
	if (port < d->evtchn.next_free)
		lower_next_free(&d->evtchn, port);
}

/* evtchn_alloc_unbound() with d's lock held. */
static int alloc_unbound(struct domain *d, domid_t remote, uint32_t *port)
{
	struct evtchn *e;
	int err;

	e = alloc_port(d, port, &err);
	if (e) {
		e->align = 0;
		e->remote = remote;
		open_port(d, e, *port, EVTCHN_UNBOUND, 0);
	}
	return err;
}

int evtchn_alloc_unbound(struct domain *d, domid_t remote, uint32_t *port)
{
	int err;

	spin_lock(&d->evtchn.lock);
	err = alloc_unbound(d, remote, port);
	spin_unlock(&d->evtchn.lock);
	return err;
}

int evtchn_alloc_hyp(struct domain *d, domid_t remote, void (*notify)(struct domain *d),
		     uint32_t *port)
{
	int err = -EBUSY;

	spin_lock(&d->evtchn.lock);
	if (!d->evtchn.hyp_port)
		err = alloc_unbound(d, remote, port);
	if (!err) {
		WRITE_ONCE(d->evtchn.hyp_port, *port);
		d->evtchn.hyp_notify = notify;
	}
	spin_unlock(&d->evtchn.lock);
	return err;
}

int evtchn_bind_interdomain(struct domain *d, struct domain *rd, uint32_t rport, uint32_t *port)
{
	struct evtchn *e, *re;
	int err, told = 0;

	spin_lock_pair(&d->evtchn.lock, &rd->evtchn.lock);
	e = alloc_port(d, port, &err);
	if (!e)
		goto out;
	re = evtchn_lookup(rd, rport);
	err = -EINVAL;
	if (!re || re->state != EVTCHN_UNBOUND || re->remote != d->id)
		goto out;
	err = 0;
	e->align = re->align = 0;
	e->remote_dom = rd;
	e->peer = rport;
	open_port(d, e, *port, EVTCHN_INTERDOMAIN, 0);
	re->remote_dom = d;
	re->peer = *port;
	re->state = EVTCHN_INTERDOMAIN;
	told = evtchn_raise(d, e, *port); /* the peer may have sent an event before */
out:
	spin_unlock_pair(&d->evtchn.lock, &rd->evtchn.lock);
	if (told)
		stop_domain(d, *port);
	return err;
}

int evtchn_bind_virq(struct domain *d, uint32_t virq, uint32_t vcpu, uint32_t *port)
{
	struct evtchn *e;
	struct vcpu *v;
	int err;

	if (virq >= NR_VIRQS || (virq_is_global(virq) && vcpu != 0))
		return -EINVAL;
	if (virq_is_global(virq) && !d->privileged)
		return -EPERM;
	virq = (uint32_t)index_nospec(virq, NR_VIRQS);
	v = domain_vcpu(d, vcpu);
	if (!v)
		return -ENOENT;
	spin_lock(&d->evtchn.lock);
	err = -EEXIST;
	if (v->evtchn.virq_port[virq])
		goto out;
	e = alloc_port(d, port, &err);
	if (!e)
		goto out;
	e->align = 0;
	e->virq = virq;
	open_port(d, e, *port, EVTCHN_VIRQ, vcpu);
	WRITE_ONCE(v->evtchn.virq_port[virq], *port);
out:
	spin_unlock(&d->evtchn.lock);
	return err;
}

int evtchn_bind_ipi(struct domain *d, uint32_t vcpu, uint32_t *port)
{
	struct evtchn *e;
	int err;

	if (!domain_vcpu(d, vcpu))
		return -ENOENT;
	spin_lock(&d->evtchn.lock);
	e = alloc_port(d, port, &err);
	if (e)
		open_port(d, e, *port, EVTCHN_IPI, vcpu);
	spin_unlock(&d->evtchn.lock);
	return err;
}

int evtchn_bind_vcpu(struct domain *d, uint32_t port, uint32_t vcpu)
{
	struct evtchn *e;
	bool may;

	if (!domain_vcpu(d, vcpu))
		return -ENOENT;
	spin_lock(&d->evtchn.lock);
	e = evtchn_lookup(d, port);
	may = e && (e->state == EVTCHN_UNBOUND || e->state == EVTCHN_INTERDOMAIN ||
		    (e->state == EVTCHN_VIRQ && virq_is_global(e->virq)));
	if (may)
		WRITE_ONCE(e->vcpu, (uint8_t)vcpu);
	spin_unlock(&d->evtchn.lock);
	return may ? 0 : -EINVAL;
}

/* A port that is not open has no event to deliver; this is not an error. */
int evtchn_unmask(struct domain *d, uint32_t port)
{
	struct evtchn *e;
	int told = 0;

	spin_lock(&d->evtchn.lock);
	e = evtchn_lookup(d, port);
	if (!e)
		told = -EINVAL;
	else if (e->state != EVTCHN_FREE)
		told = d->evtchn.abi->unmask(d->vcpu[e->vcpu], e, port);
	if (told > 0)
		told = vcpu_upcall(d->vcpu[e->vcpu]);
	spin_unlock(&d->evtchn.lock);
	if (told == -EIO) {
		stop_domain(d, port);
		told = 0;
	}
	return told;
}

int evtchn_get_status(struct domain *d, uint32_t port, struct evtchn_status *out)
{
	static const uint8_t status[] = {
		[EVTCHN_FREE] = EVTCHNSTAT_closed,
		[EVTCHN_UNBOUND] = EVTCHNSTAT_unbound,
		[EVTCHN_INTERDOMAIN] = EVTCHNSTAT_interdomain,
		[EVTCHN_VIRQ] = EVTCHNSTAT_virq,
		[EVTCHN_IPI] = EVTCHNSTAT_ipi,
	};
	struct evtchn *e;

	spin_lock(&d->evtchn.lock);
	e = evtchn_lookup(d, port);
	if (e) {
		out->status = status[e->state];
		out->vcpu = e->vcpu;
		if (e->state == EVTCHN_UNBOUND)
			out->u.unbound.dom = e->remote;
		else if (e->state == EVTCHN_VIRQ)
			out->u.virq = e->virq;
		else if (e->state == EVTCHN_INTERDOMAIN) {
			out->u.interdomain.dom = e->remote_dom->id;
			out->u.interdomain.port = e->peer;
		}
	}
	spin_unlock(&d->evtchn.lock);
	return e ? 0 : -EINVAL;
}

/* Closing */

static void unlock_with_peer(struct domain *d, struct domain *rd)
{
	if (!rd) {
		spin_unlock(&d->evtchn.lock);
		return;
	}
	spin_unlock_pair(&d->evtchn.lock, &rd->evtchn.lock);
	domain_put(rd);
}

/*
 * Lock d and, if the port is connected, the peer's domain, which is returned in *rd and held. Two
 * locks of one rank are taken in a fixed order, so d's lock is dropped to take both. The port is
 * then checked again, because it may have changed meanwhile.
 */
static int lock_with_peer(struct domain *d, uint32_t port, struct domain **rd)
{
	struct domain *want = NULL;
	struct evtchn *e;

	spin_lock(&d->evtchn.lock);
	*rd = NULL;
	for (unsigned i = 0; i < PEER_RETRIES; i++) {
		e = evtchn_lookup(d, port);
		want = e && e->state == EVTCHN_INTERDOMAIN ? e->remote_dom : NULL;
		if (want == *rd)
			return 0;
		if (want)
			domain_hold(want);
		unlock_with_peer(d, *rd);
		*rd = want;
		if (want)
			spin_lock_pair(&d->evtchn.lock, &want->evtchn.lock);
		else
			spin_lock(&d->evtchn.lock);
	}
	unlock_with_peer(d, *rd);
	return -EAGAIN;
}

static void unbind_virq(struct domain *d, const struct evtchn *e)
{
	struct vcpu *v = d->vcpu[virq_is_global(e->virq) ? 0 : e->vcpu];

	WRITE_ONCE(v->evtchn.virq_port[e->virq], 0);
}

/* The peer's port becomes unbound and waits for this domain again. */
static void unbind_peer(struct domain *d, const struct evtchn *e)
{
	struct evtchn *re = evtchn_lookup(e->remote_dom, e->peer);

	re->state = EVTCHN_UNBOUND;
	re->align = 0;
	re->remote = d->id;
	re->peer = 0;
}

int evtchn_close(struct domain *d, uint32_t port)
{
	struct domain *rd;
	struct evtchn *e;
	int err = lock_with_peer(d, port, &rd);

	if (err)
		return err;
	e = evtchn_lookup_open(d, port);
	if (e) {
		if (e->state == EVTCHN_VIRQ)
			unbind_virq(d, e);
		else if (e->state == EVTCHN_INTERDOMAIN)
			unbind_peer(d, e);
		free_port(d, e, port);
	}
	unlock_with_peer(d, rd);
	return e ? 0 : -EINVAL;
}

/* A reset closes the guest's ports. The hypervisor's own port stays until the domain dies. */
static bool is_kept(const struct domain *d, uint32_t port)
{
	return port == d->evtchn.hyp_port && !d->evtchn.dying;
}

/*
 * Look for a port to close, from next_close to the end of its bucket. Returns the port, or 0 if
 * there is none (port 0 is never open). next_close moves behind it, and to 0 at the end of all.
 */
static uint32_t next_to_close(struct domain *d)
{
	struct evtchn_domain *ed = &d->evtchn;
	uint32_t found = 0, port, end;

	spin_lock(&ed->lock);
	port = ed->next_close;
	end = MIN(port | (EVTCHNS_PER_BUCKET - 1), ed->max_port) + 1;
	if (!ed->bucket[port / EVTCHNS_PER_BUCKET])
		port = end;
	for (; !found && port < end; port++)
		if (evtchn_lookup_open(d, port) && !is_kept(d, port))
			found = port;
	WRITE_ONCE(ed->next_close, port > ed->max_port || !ed->nr_active ? 0 : port);
	spin_unlock(&ed->lock);
	return found;
}

/*
 * Returns 0 when all ports are closed, except ports that another vCPU has opened meanwhile. Several
 * vCPUs may be at it at the same time: they share next_close.
 */
static int close_all(struct domain *d)
{
	uint32_t port, done = 0;

	do {
		if (++done % CLOSE_BATCH == 0 && cpu_should_yield())
			return -ERESTART;
		port = next_to_close(d);
		if (port)
			(void)evtchn_close(d, port);
	} while (READ_ONCE(d->evtchn.next_close));
	return 0;
}

int evtchn_reset(struct domain *d)
{
	int err = close_all(d);
	bool idle;

	if (err)
		return err;
	spin_lock(&d->evtchn.lock);
	idle = d->evtchn.nr_active == (d->evtchn.hyp_port ? 1 : 0);
	if (idle)
		evtchn_fifo_release(d);
	spin_unlock(&d->evtchn.lock);
	return idle ? 0 : -ERESTART;
}

static void vcpu_info_release(struct vcpu *v)
{
	struct vcpu_info *info = v->info;

	if (!mfn_valid(v->info_mfn))
		return;
	WRITE_ONCE(v->info, NULL);
	unmap_page(evtchn_window(info));
	page_put(v->info_mfn);
	v->info_mfn = INVALID_MFN;
}

int evtchn_relinquish(struct domain *d)
{
	struct vcpu *v;
	int err;

	spin_lock(&d->evtchn.lock);
	d->evtchn.dying = true;
	spin_unlock(&d->evtchn.lock);
	err = evtchn_reset(d);
	if (err)
		return err;
	for_each_vcpu (d, v)
		vcpu_info_release(v);
	return 0;
}

/* Creation and destruction */

static uint32_t nr_buckets(const struct domain *d)
{
	return d->evtchn.max_port / EVTCHNS_PER_BUCKET + 1;
}

int evtchn_domain_init(struct domain *d, uint32_t max_port)
{
	struct evtchn_domain *ed = &d->evtchn;

	spin_lock_init(&ed->lock, RANK_EVTCHN);
	ed->max_port = MIN(max_port, (uint32_t)EVTCHN_FIFO_NR_CHANNELS - 1);
	ed->next_free = 1; /* port 0 is never valid */
	ed->ppi = GUEST_EVTCHN_PPI;
	ed->abi = &evtchn_2l_abi;
	_Static_assert(EVTCHN_FIFO_NR_CHANNELS / EVTCHNS_PER_BUCKET * sizeof(void *) <= PAGE_SIZE,
		       "one page of bucket pointers");
	ed->bucket = nr_buckets(d) <= EVTCHN_FEW_BUCKETS ? ed->few : hyp_pages_alloc(0);
	return ed->bucket ? 0 : -ENOMEM;
}

void evtchn_domain_destroy(struct domain *d)
{
	struct evtchn_domain *ed = &d->evtchn;

	if (!ed->bucket)
		return;
	evtchn_fifo_release(d);
	for (uint32_t i = 0; i < nr_buckets(d); i++)
		if (ed->bucket[i])
			hyp_pages_free(ed->bucket[i], 0);
	if (ed->bucket != ed->few)
		hyp_pages_free(ed->bucket, 0);
	ed->bucket = NULL;
}

void evtchn_vcpu_init(struct vcpu *v)
{
	v->info_mfn = INVALID_MFN;
	v->info = v->id < XEN_LEGACY_MAX_VCPUS ? &v->domain->shared_info->vcpu_info[v->id] : NULL;
}

void evtchn_vcpu_destroy(struct vcpu *v)
{
	vcpu_info_release(v);
}

/* Set every selector bit: events may have arrived before v had this vcpu_info. */
static int tell_everything(struct vcpu *v)
{
	uint64_t old;

	if (guest_or64(&v->info->evtchn_pending_sel, ~(uint64_t)0, &old))
		return -EIO;
	return vcpu_upcall(v);
}

int evtchn_register_vcpu_info(struct vcpu *v, gfn_t gfn, uint32_t offset)
{
	struct domain *d = v->domain;
	struct vcpu_info *info, *was;
	int err, told = 0;
	mfn_t mfn;

	if (offset > PAGE_SIZE - sizeof(*info))
		return -ENXIO;
	if (offset % _Alignof(struct vcpu_info))
		return -EINVAL;
	if (p2m_get_page(d, gfn, true, &mfn) != 0)
		return -EINVAL;
	info = (struct vcpu_info *)((char *)map_page(mfn) + offset);
	spin_lock(&d->evtchn.lock);
	err = d->evtchn.dying || mfn_valid(v->info_mfn) ? -EINVAL : 0;
	if (err)
		goto out;
	was = v->info;
	if (was)
		*info = *was;
	else
		memset(info, 0, sizeof(*info));
	info->evtchn_upcall_pending = 0; /* so that vcpu_upcall() raises the interrupt again */
	v->info_mfn = mfn;
	WRITE_ONCE(v->info, info);
	/*
	 * A sender that still used the old vcpu_info set the pending bit first, so the guest finds
	 * it when it scans.
	 */
	smp_mb();
	told = tell_everything(v);
out:
	spin_unlock(&d->evtchn.lock);
	if (err) {
		unmap_page(evtchn_window(info));
		page_put(mfn);
	}
	if (told)
		stop_domain(d, 0);
	return err;
}
