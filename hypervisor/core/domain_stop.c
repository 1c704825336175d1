/* SPDX-License-Identifier: ISC */
/* Pausing, shutdown and crash of a domain. */
#include <hyp/domain.h>
#include <lib/log.h>
#include <lib/lib.h>
#include <public/sched.h>

static const struct domain_watcher *watcher;

void domain_stop_init(const struct domain_watcher *w)
{
	watcher = w;
}

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
	spin_lock(&d->lock);
	if (d->state == DOMAIN_BUILDING)
		atomic_store(&d->state, DOMAIN_RUNNING);
	spin_unlock(&d->lock);
	for_each_vcpu (d, v)
		sched_wake(v);
}

bool domain_is_quiet(const struct domain *d)
{
	for (unsigned i = 0; i < d->max_vcpus; i++) {
		const struct vcpu *v = atomic_load_acq(&d->vcpu[i]);

		if (v && atomic_load_acq(&v->running))
			return false;
	}
	return true;
}

void domain_report_end(void)
{
	watcher->domain_ended();
}

void domain_shutdown(struct domain *d, uint8_t reason)
{
	bool first;

	if (d->privileged)
		watcher->machine_ended(reason);
	spin_lock(&d->lock);
	first = !d->shutting_down;
	if (first) {
		WRITE_ONCE(d->shutting_down, true);
		d->shutdown_code = reason;
		/* A resume undoes the pause, so it must not see shutting_down before the pause. */
		domain_pause(d);
	}
	spin_unlock(&d->lock);
	if (first)
		domain_report_end();
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
