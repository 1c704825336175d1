/* SPDX-License-Identifier: ISC */
/* Watchdogs: a guest that does not renew a timer in time is stopped with SHUTDOWN_watchdog. */
#include <hyp/arch.h>
#include <hyp/domain.h>
#include <lib/errno.h>
#include <lib/lib.h>
#include <lib/log.h>
#include <lib/time.h>
#include <hyp/watchdog.h>
#include <public/sched.h>

static void expired(struct timer *t)
{
	struct watchdog *w = container_of(t, struct watchdog, timer);

	if (READ_ONCE(w->domain->shutting_down))
		return;
	log_guest(w->domain, "watchdog: not heard of in time");
	domain_shutdown(w->domain, SHUTDOWN_watchdog);
}

void watchdog_init(struct domain *d)
{
	for (unsigned i = 0; i < ARRAY_SIZE(d->watchdog); i++) {
		d->watchdog[i].domain = d;
		d->watchdog[i].timer.fn = expired;
	}
}

static void start(struct watchdog *w, uint32_t seconds)
{
	w->used = true;
	timer_set(&w->timer, time_ticks() + (uint64_t)seconds * time_hz);
}

static void stop(struct watchdog *w)
{
	timer_cancel(&w->timer);
	w->used = false;
}

/* The caller holds d->lock. */
static int start_new(struct domain *d, uint32_t seconds)
{
	for (unsigned i = 0; i < ARRAY_SIZE(d->watchdog); i++) {
		if (d->watchdog[i].used)
			continue;
		start(&d->watchdog[i], seconds);
		return (int)i + 1;
	}
	return -ENOSPC;
}

int watchdog_set(struct domain *d, uint32_t id, uint32_t seconds)
{
	struct watchdog *w;
	int ret = 0;

	if (id > ARRAY_SIZE(d->watchdog))
		return -EINVAL;
	spin_lock(&d->lock);
	w = id ? &d->watchdog[index_nospec(id - 1, ARRAY_SIZE(d->watchdog))] : NULL;
	if (!w)
		ret = start_new(d, seconds);
	else if (!w->used)
		ret = -EINVAL;
	else if (seconds)
		start(w, seconds);
	else
		stop(w);
	spin_unlock(&d->lock);
	return ret;
}

int watchdog_relinquish(struct domain *d)
{
	for (unsigned i = 0; i < ARRAY_SIZE(d->watchdog); i++)
		timer_cancel_sync(&d->watchdog[i].timer);
	return 0;
}
