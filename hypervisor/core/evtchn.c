/* SPDX-License-Identifier: ISC */
/* Event channels: ports, their bindings, and the way of an event to a vCPU. */
#include <hyp/atomic.h>
#include <hyp/errno.h>
#include <hyp/hypercall.h>
#include <hyp/lib.h>
#include <hyp/page.h>
#include "evtchn_priv.h"

/* Ports closed between two looks at whether somebody else should have the CPU. */
#define CLOSE_BATCH 32
/* A peer that is rebound on every try is the guest's own doing. */
#define PEER_RETRIES 16

/* One bit a virq: those that each vCPU binds for itself. All others are global. */
#define VIRQ_XENOPROF  7
#define VIRQ_XENPMU    13
#define PER_VCPU_VIRQS (BIT(VIRQ_TIMER) | BIT(VIRQ_DEBUG) | BIT(VIRQ_XENOPROF) | BIT(VIRQ_XENPMU))

static bool virq_is_global(uint32_t virq)
{
	return !(PER_VCPU_VIRQS & BIT(virq));
}

/*
 * Delivery
 */

/* Once is enough: whoever was woken looks at its ports itself, and starts again if it wants to. */
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

/* Set evtchn_upcall_pending; an interrupt only if it was clear. 0 or -EIO. */
static int vcpu_upcall(struct vcpu *v)
{
	struct vcpu_info *info = READ_ONCE(v->info);
	uint8_t old = 0;
	int done;

	if (unlikely(!info))
		return 0;
	done = guest_cas(&info->evtchn_upcall_pending, &old, 1);
	if (done > 0)
		vgic_raise_local(v, v->domain->evtchn.ppi);
	return done < 0 ? -EIO : 0;
}

int evtchn_raise(struct domain *d, struct evtchn *e, uint32_t port)
{
	const struct evtchn_abi *abi = atomic_load_acq(&d->evtchn.abi), *was;
	struct vcpu *v = d->vcpu[e->vcpu];
	int told;

	if (unlikely(!v))
		return 0; /* still being built */
	/*
	 * The domain may be switching to FIFO, which moves pending bits over once after the switch.
	 * Look again after having set ours: either the switch sees the bit or we see the switch
	 * (pairs with evtchn_fifo_init_control()).
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

/* No lock may be held. */
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
	case EVTCHN_UNBOUND: /* nobody listens yet */
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
	smp_mb(); /* the caller tests ports next; pairs with the acquire in evtchn_raise(), behind
		     its atomic update */
}

void evtchn_poll_stop(struct vcpu *v)
{
	if (atomic_swap(&v->poll, false))
		atomic_sub(&v->domain->evtchn.pollers, 1);
}

bool evtchn_port_valid(struct domain *d, uint32_t port)
{
	return evtchn_lookup(d, port) != NULL;
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

/*
 * Ports
 */

/* The lowest free port. Its descriptor, to be filled in; *err if there is none. */
static struct evtchn *alloc_port(struct domain *d, uint32_t *port, int *err)
{
	struct evtchn_domain *ed = &d->evtchn;
	uint32_t last = MIN(ed->max_port, ed->abi->max_port), p;
	struct evtchn **bucket;

	*err = -EINVAL;
	if (ed->dying)
		return NULL;
	for (p = ed->next_free; p <= last; p++)
		if (!evtchn_lookup_open(d, p))
			break;
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

/* Its last event must not reach whoever gets the port next. */
static void free_port(struct domain *d, struct evtchn *e, uint32_t port)
{
	d->evtchn.abi->clear_pending(d, e, port);
	if (port == d->evtchn.hyp_port)
		d->evtchn.hyp_port = 0;
	e->state = EVTCHN_FREE;
	e->align = 0;
	e->peer = 0;
	d->evtchn.nr_active--;
	if (port < d->evtchn.next_free)
		d->evtchn.next_free = port;
}

/* The same with d's lock held. */
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
		d->evtchn.hyp_port = *port;
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
	told = evtchn_raise(d, e, *port); /* the other end may have sent while nobody was bound */
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
	v->evtchn.virq_port[virq] = *port;
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

/* A port that is not open has nothing to tell, which is no error. */
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

/*
 * Closing
 */

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
 * Lock d and, if the port is connected, the other end's domain, which is returned in *rd and held.
 * Locks of one rank have an order, so ours is dropped to take both; what changed meanwhile is
 * looked at again.
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

/* The peer's port waits for this domain again. */
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

/* A reset closes the guest's ports; the hypervisor's goes with the domain. */
static bool is_kept(const struct domain *d, uint32_t port)
{
	return port == d->evtchn.hyp_port && !d->evtchn.dying;
}

/* 0: all ports are closed, unless somebody opened one meanwhile. */
static int close_all(struct domain *d)
{
	struct evtchn_domain *ed = &d->evtchn;
	uint32_t port = ed->next_close, done = 0;

	for (; port <= ed->max_port && ed->nr_active; port++) {
		if (!ed->bucket[port / EVTCHNS_PER_BUCKET]) {
			port |= EVTCHNS_PER_BUCKET - 1;
			continue;
		}
		if (++done % CLOSE_BATCH == 0 && hypercall_should_yield()) {
			ed->next_close = port;
			return -ERESTART;
		}
		if (evtchn_lookup_open(d, port) && !is_kept(d, port))
			(void)evtchn_close(d, port);
	}
	ed->next_close = 0;
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

/*
 * Life
 */

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

/* Tell v to look everywhere: which events came before it had its vcpu_info is not known. */
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
	info->evtchn_upcall_pending = 0; /* so that it is told again, with the interrupt */
	v->info_mfn = mfn;
	WRITE_ONCE(v->info, info);
	/*
	 * Who used the old place had made the event pending before: seen by the guest as soon as it
	 * looks.
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
