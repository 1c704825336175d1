/* SPDX-License-Identifier: ISC */
/* Domains: making, finding, stopping and taking them apart. */
#include <hyp/domain.h>
#include <hyp/arch.h>
#include <hyp/errno.h>
#include <hyp/lib.h>
#include <hyp/log.h>
#include <hyp/page.h>
#include <hyp/pool.h>
#include <hyp/vtimer.h>
#include <hyp/wallclock.h>
#include <public/domctl.h>
#include <public/hvm_params.h>
#include <public/sched.h>
#include <asm/context.h>

struct domain *domain0;
struct list domain_list = LIST_INIT(domain_list);

static struct spinlock list_lock = SPINLOCK_INIT(RANK_DOMAIN_LIST);
static struct domain **slots; /* up to MAX_DOMAINS; 0 means "no owner" in page descriptors */
static struct pool domain_pool = POOL_INIT("domain", domain_pool, sizeof(struct domain), 1);

/* By id, for look-ups; chained through domain.same_hash. */
#define HASH_SIZE 256
static struct domain *hash[HASH_SIZE];

/* Table and references. */

void domain_init(void)
{
	const unsigned order = 1;

	_Static_assert((MAX_DOMAINS + 1) * sizeof(*slots) <= PAGE_SIZE << order, "slots");
	slots = hyp_pages_alloc(order);
	if (!slots)
		panic("no memory for the table of domains");
}

static struct domain *list_find(domid_t from)
{
	struct domain *d;

	for_each_domain (d)
		if (d->id >= from)
			return d;
	return NULL;
}

void domain_hold(struct domain *d)
{
	atomic_add(&d->refs, 1);
}

/*
 * A domain whose last reference has gone is still in the table for a moment: it must not be found
 * any more.
 */
static bool try_hold(struct domain *d)
{
	uint32_t refs = atomic_load(&d->refs);

	while (refs)
		if (atomic_cas(&d->refs, &refs, refs + 1))
			return true;
	return false;
}

struct domain *domain_get_next(domid_t from)
{
	struct domain *d;

	spin_lock(&list_lock);
	for (d = list_find(from); d && !try_hold(d); d = list_find(from))
		from = (domid_t)(d->id + 1);
	spin_unlock(&list_lock);
	return d;
}

struct domain *domain_step(struct domain *d)
{
	struct list *next;

	spin_lock(&list_lock);
	/* Held, so it is in the list still. */
	for (next = d->all.next; next != &domain_list; next = next->next)
		if (try_hold(list_entry(next, struct domain, all)))
			break;
	spin_unlock(&list_lock);
	domain_put(d);
	return next == &domain_list ? NULL : list_entry(next, struct domain, all);
}

struct domain *domain_get_any(domid_t id)
{
	struct domain *d;

	spin_lock(&list_lock);
	for (d = hash[id % HASH_SIZE]; d && d->id != id; d = d->same_hash)
		;
	if (d && !try_hold(d))
		d = NULL;
	spin_unlock(&list_lock);
	return d;
}

struct domain *domain_get(domid_t id)
{
	struct domain *d = domain_get_any(id);

	if (d && READ_ONCE(d->state) >= DOMAIN_DYING) {
		domain_put(d);
		return NULL;
	}
	return d;
}

struct domain *domain_get_for(struct vcpu *v, domid_t id)
{
	if (id == DOMID_SELF || id == v->domain->id) {
		domain_hold(v->domain);
		return v->domain;
	}
	return domain_get(id);
}

int domain_get_target(struct vcpu *v, domid_t id, struct domain **out)
{
	struct domain *d = domain_get_for(v, id);

	if (!d)
		return -ESRCH;
	if (d != v->domain && !v->domain->privileged) {
		domain_put(d);
		return -EPERM;
	}
	*out = d;
	return 0;
}

struct domain *domain_by_slot(unsigned slot)
{
	return slot <= MAX_DOMAINS ? READ_ONCE(slots[slot]) : NULL;
}

static int list_insert_by_id(struct domain *d)
{
	struct domain *next;

	spin_lock(&list_lock);
	next = list_find(d->id);
	if (next && next->id == d->id) {
		spin_unlock(&list_lock);
		return -EEXIST;
	}
	for (unsigned i = 1; i <= MAX_DOMAINS; i++) {
		if (slots[i])
			continue;
		slots[i] = d;
		d->slot = (uint16_t)i;
		list_append(next ? &next->all : &domain_list, &d->all);
		d->same_hash = hash[d->id % HASH_SIZE];
		hash[d->id % HASH_SIZE] = d;
		spin_unlock(&list_lock);
		return 0;
	}
	spin_unlock(&list_lock);
	return -ENOMEM;
}

static void list_forget(struct domain *d)
{
	struct domain **link = &hash[d->id % HASH_SIZE];

	spin_lock(&list_lock);
	while (*link != d)
		link = &(*link)->same_hash;
	*link = d->same_hash;
	list_remove(&d->all);
	slots[d->slot] = NULL;
	spin_unlock(&list_lock);
}

static void domain_free(struct domain *d)
{
	for (unsigned i = 0; i < d->max_vcpus; i++)
		if (d->vcpu && d->vcpu[i])
			vcpu_destroy(d->vcpu[i]);
	if (d->vcpu)
		hyp_pages_free(d->vcpu, 0);
	evtchn_domain_destroy(d);
	grant_table_destroy(d);
	vgic_domain_destroy(d);
	p2m_destroy(d);
	if (d->shared_info)
		hyp_pages_free(d->shared_info, 0);
	pool_free(&domain_pool, d);
}

/* The last reference is gone: nobody can find it, it owns no page, nothing of it runs. */
void domain_put(struct domain *d)
{
	if (atomic_sub_full(&d->refs, 1) == 0) {
		list_forget(d);
		domain_free(d);
	}
}

/* Creation. */

/*
 * Pages of grant table and of mapping handles when the toolstack asks for the default (a negative
 * number).
 */
#define DEFAULT_GRANT_FRAMES 64
#define DEFAULT_MAPTRACK     1024

static int domain_init_parts(struct domain *d, const struct xen_domctl_createdomain *c)
{
	uint32_t frames =
		c->max_grant_frames < 0 ? DEFAULT_GRANT_FRAMES : (uint32_t)c->max_grant_frames;
	uint32_t maptrack =
		c->max_maptrack_frames < 0 ? DEFAULT_MAPTRACK : (uint32_t)c->max_maptrack_frames;
	int err;

	if ((err = p2m_init(d)) != 0)
		return err;
	arch_domain_init(d);
	d->shared_info = hyp_pages_alloc(0);
	d->vcpu = hyp_pages_alloc(0);
	if (!d->shared_info || !d->vcpu)
		return -ENOMEM;
	if ((err = evtchn_domain_init(d, c->max_evtchn_port)) != 0)
		return err;
	return grant_table_init(d, frames, maptrack);
}

int domain_create(domid_t id, const struct xen_domctl_createdomain *config, bool privileged,
		  struct domain **out)
{
	struct domain *d;
	int err;

	_Static_assert(MAX_VCPUS * sizeof(struct vcpu *) <= PAGE_SIZE, "vcpu array is one page");
	if (config->max_vcpus == 0 || config->max_vcpus > MAX_VCPUS)
		return -EINVAL;
	d = pool_alloc(&domain_pool);
	if (!d)
		return -ENOMEM;
	d->id = id;
	d->refs = 1;
	d->privileged = privileged;
	d->pause_count = 1; /* until the toolstack, or the boot, unpauses it */
	d->paused_by_tools = 1;
	d->max_vcpus = (uint16_t)config->max_vcpus;
	d->flags = config->flags;
	d->ssidref = config->ssidref;
	d->sched_weight = SCHED_WEIGHT_DEFAULT;
	d->hvm_params[HVM_PARAM_CALLBACK_IRQ] =
		(uint64_t)HVM_PARAM_CALLBACK_TYPE_PPI << 56 |
		(uint64_t)HVM_PARAM_CALLBACK_TYPE_PPI_FLAG_LOW_LEVEL << 8 | GUEST_EVTCHN_PPI;
	d->log.budget = LOG_GUEST_BURST;
	memcpy(d->handle, config->handle, sizeof(d->handle));
	memset(d->last_vcpu, 0xff, sizeof(d->last_vcpu));
	spin_lock_init(&d->lock, RANK_DOMAIN);
	list_init(&d->all);

	err = domain_init_parts(d, config);
	if (!err)
		err = list_insert_by_id(d);
	if (err) {
		domain_free(d);
		return err;
	}
	wallclock_publish(d);
	*out = d;
	return 0;
}

int domain_set_max_vcpus(struct domain *d, unsigned nr)
{
	if (nr == 0 || nr > d->max_vcpus)
		return -EINVAL;
	if (d->state >= DOMAIN_DYING)
		return -ESRCH; /* nobody would stop them any more */
	for (unsigned i = 0; i < nr; i++) {
		struct vcpu *v;

		if (d->vcpu[i])
			continue;
		v = vcpu_create(d, i);
		if (!v)
			return -ENOMEM;
		d->nr_vcpus = (uint16_t)(i + 1);
		/* Other CPUs look vCPUs up without a lock: everything of it must be there first. */
		atomic_store_rel(&d->vcpu[i], v);
	}
	return 0;
}

/* Stopping. */

void domain_pause(struct domain *d)
{
	struct vcpu *v;

	atomic_add(&d->pause_count, 1);
	for_each_vcpu (d, v)
		sched_sleep(v);
}

void domain_unpause(struct domain *d)
{
	struct vcpu *v;

	if (atomic_sub_full(&d->pause_count, 1) != 0)
		return;
	if (d->state == DOMAIN_BUILDING)
		d->state = DOMAIN_RUNNING;
	for_each_vcpu (d, v)
		sched_wake(v);
}

bool domain_is_quiet(const struct domain *d)
{
	for (unsigned i = 0; i < d->max_vcpus; i++)
		if (d->vcpu[i] && atomic_load_acq(&d->vcpu[i]->running))
			return false;
	return true;
}

static const char *const shutdown_names[] = {"poweroff", "reboot",   "suspend",
					     "crash",    "watchdog", "soft reset"};

static const char *shutdown_name(uint8_t reason)
{
	return reason < ARRAY_SIZE(shutdown_names) ? shutdown_names[reason] : "unknown reason";
}

/* dom0 is the machine. */
static void shutdown_machine(uint8_t reason)
{
	log_info("dom0 has shut down (%s)", shutdown_name(reason));
	if (reason == SHUTDOWN_crash)
		panic("dom0 has crashed");
	arch_machine_stop(reason == SHUTDOWN_reboot || reason == SHUTDOWN_watchdog);
}

void domain_shutdown(struct domain *d, uint8_t reason)
{
	bool first;

	if (d->privileged)
		shutdown_machine(reason);
	spin_lock(&d->lock);
	first = !d->shutting_down;
	if (first) {
		d->shutting_down = true;
		d->shutdown_code = reason;
	}
	spin_unlock(&d->lock);
	if (first) {
		domain_pause(d); /* undone by resume */
		evtchn_virq_global(VIRQ_DOM_EXC);
	}
}

void domain_crash(struct domain *d, const char *fmt, ...)
{
	char why[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	log_guest(d, "crashed: %s", why);
	domain_shutdown(d, SHUTDOWN_crash);
}

/* Destruction, in steps that each may have to be called again. */

static int kill_stop(struct domain *d)
{
	struct vcpu *v;

	if (!domain_is_quiet(d))
		return -ERESTART;
	for_each_vcpu (d, v)
		vcpu_relinquish(v);
	watchdog_relinquish(d);
	return 0;
}

static int kill_done(struct domain *d)
{
	d->state = DOMAIN_DEAD;
	evtchn_virq_global(VIRQ_DOM_EXC);
	domain_put(d); /* the table's; the caller still holds one */
	return 0;
}

static int (*const kill_steps[])(struct domain *d) = {
	kill_stop,      evtchn_relinquish, vpl011_relinquish, grant_table_relinquish,
	p2m_relinquish, kill_done,
};

int domain_kill(struct domain *d)
{
	int err = 0;

	if (d->privileged)
		return -EINVAL;
	spin_lock(&d->lock);
	if (d->state < DOMAIN_DYING) {
		d->state = DOMAIN_DYING;
		spin_unlock(&d->lock);
		domain_pause(d);
		spin_lock(&d->lock);
	}
	if (d->killing || d->state == DOMAIN_DEAD) {
		err = d->killing ? -ERESTART : 0; /* another CPU is at it */
		spin_unlock(&d->lock);
		return err;
	}
	d->killing = true;
	spin_unlock(&d->lock);

	while (!err && d->teardown < ARRAY_SIZE(kill_steps)) {
		err = kill_steps[d->teardown](d);
		if (!err)
			d->teardown++;
	}
	atomic_store_rel(&d->killing, false);
	return err;
}
