/* SPDX-License-Identifier: ISC */
/* The wall clock and its copy in the shared_info of each domain. */
#include <hyp/domain.h>
#include <hyp/wallclock.h>
#include <public/xen.h>

static struct {
	struct spinlock lock;
	uint64_t sec; /* wall-clock time at system time 0 */
	uint32_t nsec;
} clock = {.lock = SPINLOCK_INIT(RANK_LOG)};

#define NS_PER_SEC 1000000000ULL

void wallclock_set(uint64_t sec, uint32_t nsec, ns_t at)
{
	uint64_t back = at / NS_PER_SEC;
	uint32_t back_ns = (uint32_t)(at % NS_PER_SEC);

	if (nsec < back_ns) {
		nsec += (uint32_t)NS_PER_SEC;
		sec--;
	}
	spin_lock(&clock.lock);
	clock.sec = sec - back;
	clock.nsec = nsec - back_ns;
	spin_unlock(&clock.lock);
}

/* An odd version means that an update is in progress (the ABI's sequence counter). */
void wallclock_publish(struct domain *d)
{
	struct shared_info *s = d->shared_info;
	uint64_t sec;

	spin_lock(&clock.lock);
	sec = clock.sec + (uint64_t)d->time_offset;
	WRITE_ONCE(s->wc_version, s->wc_version | 1);
	smp_wmb();
	WRITE_ONCE(s->wc_sec, (uint32_t)sec);
	WRITE_ONCE(s->wc_sec_hi, (uint32_t)(sec >> 32));
	WRITE_ONCE(s->wc_nsec, clock.nsec);
	smp_wmb();
	WRITE_ONCE(s->wc_version, s->wc_version + 1);
	spin_unlock(&clock.lock);
}

void wallclock_publish_all(void)
{
	struct domain *d;

	for_each_domain_held(d) wallclock_publish(d);
}
