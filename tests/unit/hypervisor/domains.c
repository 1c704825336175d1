/* SPDX-License-Identifier: ISC */
/* Bare domains: the few functions of core/domain.c that pages need. */
#include "domains.h"

#include <host/host.h>
#include <string.h>

struct domain test_domain[TEST_DOMAINS];

void test_domains_reset(void)
{
	memset(test_domain, 0, sizeof(test_domain));
	for (unsigned i = 0; i < TEST_DOMAINS; i++) {
		test_domain[i].id = (domid_t)i;
		test_domain[i].slot = (uint16_t)(i + 1);
		test_domain[i].max_pages = UINT64_MAX;
	}
}

struct domain *domain_by_slot(unsigned slot)
{
	if (slot < 1 || slot > TEST_DOMAINS)
		host_fail("there is no domain with slot %u", slot);
	return &test_domain[slot - 1];
}

void domain_hold(struct domain *d)
{
	d->refs++;
}

void domain_put(struct domain *d)
{
	if (!d->refs)
		host_fail("domain %u is put once too often", d->id);
	if (d->p2m.live && d->p2m.lock.held)
		host_fail("domain %u is put with its p2m locked", d->id);
	d->refs--;
}
