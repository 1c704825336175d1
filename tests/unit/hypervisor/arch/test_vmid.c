/* SPDX-License-Identifier: ISC */
/*
 * VMIDs: CPUs enter domains, more than there are tags, and their TLBs remember what they have seen.
 */
#include "unit.h"
#include <string.h>

#include <arm/vmid.h>
#include <asm/tlb.h>
#include <host/host.h>
#include <hyp/cpu.h>

#define CPUS    4
#define TAGS    256
#define DOMAINS 700
#define NOBODY  -1

static uint64_t words[DOMAINS];
static uint64_t used[TAGS / 64];

/* Of each CPU: whose entries its TLB may hold under each tag, and which domain it is in. */
static struct {
	int owner[TAGS];
	int in;
	uint16_t tag;
} tlb[CPUS];

static unsigned flushes;

static void forget(unsigned cpu)
{
	for (unsigned t = 0; t < TAGS; t++)
		tlb[cpu].owner[t] = NOBODY;
}

void tlb_flush_all_guests_local(void)
{
	forget(this_cpu()->id);
	flushes++;
}

/*
 * Entries of one domain must never be used for another one; the domains that run have one tag each.
 */
static void enter(unsigned cpu, int d)
{
	uint16_t tag;

	host_set_cpu(cpu);
	tag = vmid_enter(&words[d], cpu);
	assert_in_range(tag, 1, TAGS - 1);
	if (tlb[cpu].owner[tag] != NOBODY)
		assert_int_equal(tlb[cpu].owner[tag], d);
	tlb[cpu].owner[tag] = tlb[cpu].in = d;
	tlb[cpu].tag = tag;
	for (unsigned i = 0; i < CPUS; i++)
		if (tlb[i].in != NOBODY)
			assert_int_equal(tlb[i].in == d, tlb[i].tag == tag);
	/* What an invalidation for the domain uses. */
	assert_int_equal((uint16_t)words[d], tag);
}

static int setup(void **state)
{
	(void)state;
	host_cpus_init(CPUS);
	for (unsigned i = 0; i < CPUS; i++) {
		forget(i);
		tlb[i].in = NOBODY;
	}
	vmid_start(used, TAGS);
	return 0;
}

static void few_domains_never_flush(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		enter(i % CPUS, (int)(i * 7 % 200));
	assert_int_equal(flushes, 0);
}

/*
 * A domain sleeps while its tag is given out again, and the new owner runs when all are given out
 * once more: the sleeper must not get "its" tag back.
 */
static void sleeper_meets_its_tag(void **state)
{
	int next = 200, last = NOBODY;
	uint16_t tag;

	(void)state;
	enter(0, 0);
	tag = tlb[0].tag;
	for (unsigned generation = 0; generation < 2; generation++) {
		unsigned before = flushes;

		while (flushes == before || (generation == 0 && tlb[0].tag != tag)) {
			last = next++;
			enter(0, last);
			if (generation == 0 && tlb[0].tag == tag)
				enter(1, last); /* stays there */
		}
	}
	assert_int_equal(tlb[1].tag, tag);
	enter(0, 0);
}

static void random_entries(void **state)
{
	uint64_t random = 0x1234567;

	(void)state;
	flushes = 0;
	for (unsigned i = 0; i < 1000000; i++) {
		unsigned busy = random_below(&random, 4) ? 20 : DOMAINS;

		enter((unsigned)random_below(&random, CPUS), (int)random_below(&random, busy));
	}
	assert_true(flushes > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(few_domains_never_flush),
		cmocka_unit_test(sleeper_meets_its_tag),
		cmocka_unit_test(random_entries),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
