/* SPDX-License-Identifier: ISC */
/* Bare domains for tests of what lies below core/domain.c: slots, reference counts, a p2m. */
#ifndef TESTS_UNIT_HYPERVISOR_DOMAINS_H
#define TESTS_UNIT_HYPERVISOR_DOMAINS_H

#include <hyp/domain.h>

#define TEST_DOMAINS 3

extern struct domain test_domain[TEST_DOMAINS];

/* All of them anew, without pages or p2m, with the limits off. */
void test_domains_reset(void);

#endif
