/* SPDX-License-Identifier: ISC */
/* Log lines about what guests do, limited per domain. */
#include <hyp/domain.h>
#include <lib/lib.h>
#include <lib/log.h>
#include <lib/time.h>

/* A bucket of lines a domain, refilled at one a second. Benign races: this only limits. */
static bool log_may(struct domain *d)
{
	ns_t now = time_now();
	uint64_t seconds = (now - d->log.refill) >> 30;

	if (seconds) {
		d->log.budget = (uint32_t)MIN(d->log.budget + seconds, (uint64_t)LOG_GUEST_BURST);
		d->log.refill = now;
	}
	if (!d->log.budget) {
		d->log.lost++;
		return false;
	}
	d->log.budget--;
	return true;
}

void log_guest(struct domain *d, const char *fmt, ...)
{
	char prefix[48];
	va_list ap;

	if (!log_shows(LOG_WARN) || !log_may(d))
		return;
	if (d->log.lost)
		snprintf(prefix, sizeof(prefix), "d%u (%u lines left out): ", d->id, d->log.lost);
	else
		snprintf(prefix, sizeof(prefix), "d%u: ", d->id);
	d->log.lost = 0;
	va_start(ap, fmt);
	log_vprint(prefix, fmt, ap);
	va_end(ap);
}
