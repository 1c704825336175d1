/* SPDX-License-Identifier: ISC */
/* Domains: creation and destruction, part by part (hyp/domain_parts.h). */
#include <hyp/domain.h>
#include <hyp/domain_parts.h>
#include <lib/log.h>
#include <lib/errno.h>
#include <lib/lib.h>
#include <mem/pool.h>
#include <public/hvm_params.h>
#include <public/xen.h>

static struct pool domain_pool = POOL_INIT("domain", domain_pool, sizeof(struct domain), 1);
static struct pool vcpu_pool = POOL_INIT("vcpu", vcpu_pool, sizeof(struct vcpu), 1);

/* The table of parts, as the boot hands it over. */
static const struct domain_part *all_parts;
static unsigned nr_all_parts;

/* vCPUs. */

static void stop_vcpu(struct vcpu *v, unsigned nr_parts)
{
	while (nr_parts--)
		if (all_parts[nr_parts].vcpu_stop)
			all_parts[nr_parts].vcpu_stop(v);
}

static void free_vcpu(struct vcpu *v, unsigned nr_parts)
{
	while (nr_parts--)
		if (all_parts[nr_parts].vcpu_free)
			all_parts[nr_parts].vcpu_free(v);
	pool_free(&vcpu_pool, v);
}

static struct vcpu *make_vcpu(struct domain *d, unsigned id)
{
	struct vcpu *v = pool_alloc(&vcpu_pool);

	if (!v)
		return NULL;
	v->domain = d;
	v->id = (uint16_t)id;
	for (unsigned i = 0; i < nr_all_parts; i++) {
		if (!all_parts[i].vcpu_init || all_parts[i].vcpu_init(v) == 0)
			continue;
		stop_vcpu(v, i);
		free_vcpu(v, i);
		return NULL;
	}
	return v;
}

int domain_set_max_vcpus(struct domain *d, unsigned nr)
{
	if (nr == 0 || nr > d->max_vcpus)
		return -EINVAL;
	if (READ_ONCE(d->state) >= DOMAIN_DYING)
		return -ESRCH; /* domain_kill() may already have stopped the vCPUs */
	for (unsigned i = 0; i < nr; i++) {
		struct vcpu *v;

		if (d->vcpu[i])
			continue;
		v = make_vcpu(d, i);
		if (!v)
			return -ENOMEM;
		d->nr_vcpus = (uint16_t)(i + 1);
		/* Other CPUs look up vCPUs without a lock, so v must be complete first. */
		atomic_store_rel(&d->vcpu[i], v);
	}
	return 0;
}

static void stop_vcpus(struct domain *d)
{
	struct vcpu *v;

	for_each_vcpu (d, v)
		stop_vcpu(v, nr_all_parts);
}

static void free_vcpus(struct domain *d)
{
	for (unsigned i = 0; i < d->max_vcpus; i++) {
		struct vcpu *v = d->vcpu[i];

		d->vcpu[i] = NULL;
		if (v)
			free_vcpu(v, nr_all_parts);
	}
}

/* Parts of a domain */

static int stop_part(struct domain *d, unsigned i)
{
	return all_parts[i].stop ? all_parts[i].stop(d) : 0;
}

/* Stop the first nr_parts parts of a domain that no other CPU can find; may take long. */
static void stop_parts(struct domain *d, unsigned nr_parts)
{
	while (nr_parts--)
		while (stop_part(d, nr_parts) == -ERESTART)
			;
}

static void free_parts(struct domain *d, unsigned nr_parts)
{
	while (nr_parts--)
		if (all_parts[nr_parts].free)
			all_parts[nr_parts].free(d);
}

static int init_parts(struct domain *d, const struct domain_config *config)
{
	for (unsigned i = 0; i < nr_all_parts; i++) {
		int err = all_parts[i].init ? all_parts[i].init(d, config) : 0;

		if (!err)
			continue;
		log_debug("domain %u: its part '%s' cannot be made (%d)", d->id, all_parts[i].name,
			  err);
		stop_parts(d, i);
		free_parts(d, i);
		return err;
	}
	return 0;
}

/* No other CPU can find d, d owns no pages, and none of its vCPUs run. */
static void domain_free(struct domain *d)
{
	free_vcpus(d);
	free_parts(d, nr_all_parts);
	pool_free(&domain_pool, d);
}

/* Creation */

void domain_init(const struct domain_part *parts, unsigned nr_parts, const struct domain_watcher *w)
{
	all_parts = parts;
	nr_all_parts = nr_parts;
	domain_ref_init(domain_free);
	domain_stop_init(w);
}

static void set_fields(struct domain *d, domid_t id, const struct domain_config *config)
{
	d->id = id;
	d->refs = 1;
	d->privileged = config->privileged;
	d->direct_mapped = config->direct_mapped;
	d->pause_count = 1; /* until the toolstack, or the boot code for dom0, unpauses it */
	d->paused_by_tools = 1;
	d->max_vcpus = (uint16_t)config->max_vcpus;
	d->max_pages = config->max_pages;
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
}

int domain_make(domid_t id, const struct domain_config *config, struct domain **out)
{
	struct domain *d;
	int err;

	if (config->max_vcpus == 0 || config->max_vcpus > MAX_VCPUS)
		return -EINVAL;
	d = pool_alloc(&domain_pool);
	if (!d)
		return -ENOMEM;
	set_fields(d, id, config);
	err = init_parts(d, config);
	if (err)
		pool_free(&domain_pool, d);
	else
		*out = d;
	return err;
}

int domain_publish(struct domain *d)
{
	int err;

	domain_hold(d); /* after domain_insert() another CPU can destroy it */
	err = domain_insert(d);
	if (err) {
		d->refs--;
		return err;
	}
	for (unsigned i = 0; i < nr_all_parts; i++)
		if (all_parts[i].published)
			all_parts[i].published(d);
	domain_put(d);
	return 0;
}

void domain_discard(struct domain *d)
{
	stop_vcpus(d);
	stop_parts(d, nr_all_parts);
	domain_free(d);
}

int domain_create(domid_t id, const struct domain_config *config, struct domain **out)
{
	int err = domain_make(id, config, out);

	if (err)
		return err;
	err = domain_publish(*out);
	if (err)
		domain_discard(*out);
	return err;
}

/* Destruction. d->teardown counts the completed steps; a step may have to be called again. */

static void kill_done(struct domain *d)
{
	spin_lock(&d->lock);
	atomic_store(&d->state, DOMAIN_DEAD);
	spin_unlock(&d->lock);
	domain_report_end();
	domain_put(d); /* the table's reference; the caller still holds one */
}

static int kill_step(struct domain *d)
{
	if (d->teardown == 0) {
		if (!domain_is_quiet(d))
			return -ERESTART;
		stop_vcpus(d);
	} else if (d->teardown <= nr_all_parts) {
		return stop_part(d, nr_all_parts - d->teardown);
	} else {
		kill_done(d);
	}
	return 0;
}

int domain_kill(struct domain *d)
{
	bool mine = false;
	int err = 0;

	if (d->privileged)
		return -EINVAL;
	spin_lock(&d->lock);
	if (READ_ONCE(d->state) < DOMAIN_DYING) {
		atomic_store(&d->state, DOMAIN_DYING);
		/* A CPU that sees DOMAIN_DYING continues with the steps, which need the pause. */
		domain_pause(d);
	}
	/*
	 * Acquire: pairs with the store-release below. This CPU sees all that the previous one did.
	 */
	if (atomic_load_acq(&d->killing))
		err = -ERESTART; /* another CPU is in domain_kill() */
	else if (READ_ONCE(d->state) != DOMAIN_DEAD)
		d->killing = mine = true;
	spin_unlock(&d->lock);
	if (!mine)
		return err;

	while (!err && d->teardown < nr_all_parts + 2) {
		err = kill_step(d);
		if (!err)
			d->teardown++;
	}
	atomic_store_rel(&d->killing, false);
	return err;
}
