/* SPDX-License-Identifier: ISC */
/*
 * How long locks are held, in basic blocks: the hypervisor's files have a hook in each
 * (interleave/interleave.mk). The worst that a guest can bring about in what has no fixed number of
 * steps.
 */
#include "unit.h"

#include <host/host.h>
#include <hyp/domain.h>
#include <mem/memory.h>
#include <mem/page.h>
#include <lib/errno.h>
#include <lib/spinlock.h>
#include <public/domctl.h>
#include <string.h>

#include "grant_priv.h"

void __sanitizer_cov_trace_pc(void);
void __real_host_lock_acquire(struct spinlock *l, bool same_rank);
void __wrap_host_lock_acquire(struct spinlock *l, bool same_rank);
void __real_host_lock_release(struct spinlock *l);
void __wrap_host_lock_release(struct spinlock *l);

static uint64_t blocks, began[RANK_LOG + 1], longest[RANK_LOG + 1];

void __sanitizer_cov_trace_pc(void)
{
	blocks++;
}

void __wrap_host_lock_acquire(struct spinlock *l, bool same_rank)
{
	__real_host_lock_acquire(l, same_rank);
	began[l->rank] = blocks;
}

void __wrap_host_lock_release(struct spinlock *l)
{
	longest[l->rank] = MAX(longest[l->rank], blocks - began[l->rank]);
	__real_host_lock_release(l);
}

static void measure(void)
{
	memset(longest, 0, sizeof(longest));
}

static struct domain *dom0;
static mfn_t ram;

static int setup(void **state)
{
	(void)state;
	host_machine_start(MiB(64), 1, 3);
	dom0 = host_dom0(9, 1, &ram);
	return 0;
}

/* All ports but a few are in use, and low ones come and go. */
static void ports(void **state)
{
	uint32_t port, last = 0;

	(void)state;
	assert_int_equal(evtchn_fifo_init_control(dom0, 0, GFN(ram.n), 0), 0);
	measure();
	while (evtchn_alloc_unbound(dom0, 0, &port) == 0)
		assert_int_equal(port, ++last);
	assert_int_equal(last, 131071);
	for (uint32_t low = 1; low < 1000; low += 7) {
		assert_int_equal(evtchn_close(dom0, low), 0);
		assert_int_equal(evtchn_close(dom0, 130000 - low), 0);
		assert_int_equal(evtchn_alloc_unbound(dom0, 0, &port), 0);
		assert_int_equal(port, low);
		assert_int_equal(evtchn_alloc_unbound(dom0, 0, &port), 0);
		assert_int_equal(port, 130000 - low);
		assert_int_equal(evtchn_alloc_unbound(dom0, 0, &port), -ENOSPC);
	}
	assert_in_range(longest[RANK_EVTCHN], 1, 20000);
	while (evtchn_reset(dom0) == -ERESTART)
		;
}

/*
 * Free memory in which no two pages side by side are of one kind, and somebody who wants a large
 * block.
 */
static void mixed_pages(void **state)
{
	static mfn_t page[16384];
	unsigned n = 0;

	(void)state;
	while (n < ARRAY_SIZE(page) && mfn_valid(page[n] = page_alloc(0, PAGE_DIRTY)))
		n++;
	/* Every fourth page stays, so that no large block can come of it. */
	for (unsigned i = 0; i < n; i++)
		if (page[i].n % 4 == 1)
			page_free(page[i], 0);
	while (page_scrub_some())
		;
	for (unsigned i = 0; i < n; i++)
		if (page[i].n % 4 == 0 || page[i].n % 4 == 2)
			page_free(page[i], 0);
	measure();
	for (unsigned i = 0; i < 64; i++)
		assert_false(mfn_valid(page_alloc(9, PAGE_ZERO)));
	assert_in_range(longest[RANK_HEAP], 1, 3000);
	/* All of it has been looked at by and by: nothing is left to be mixed. */
	assert_true(mfn_valid(page_alloc(1, PAGE_ZERO)));
	for (unsigned i = 0; i < n; i++)
		if (page[i].n % 4 == 3)
			page_free(page[i], 0);
}

/* The largest table at once: made and given up bit by bit. */
static void grant_frames(void **state)
{
	struct domain_config config = {.max_vcpus = 1,
				       .max_evtchn_port = 100,
				       .max_grant_frames = GRANT_MAX_FRAMES,
				       .max_maptrack_frames = 1,
				       .gic = {irqchip->version, 32, 0x8000000, 0x80a0000}};
	struct domain *d;
	unsigned calls = 1;

	(void)state;
	assert_int_equal(domain_create(1, &config, &d), 0);
	d->p2m.table_limit = 100;
	measure();
	host_yield_every = 1;
	while (grant_table_map_frame(d, GRANT_MAX_FRAMES - 1, GFN(0x40000)) == -ERESTART)
		calls++;
	assert_in_range(calls, 16, 64);
	assert_int_equal(d->grant.nr_frames, GRANT_MAX_FRAMES);
	for (uint32_t i = 0; i < GRANT_MAX_FRAMES - 1; i++)
		assert_int_equal(grant_table_map_frame(d, i, GFN(0x40001 + i)), 0);
	calls = 1;
	while (grant_table_relinquish(d) == -ERESTART)
		calls++;
	assert_in_range(calls, 16, 64);
	assert_in_range(longest[RANK_GRANT], 1, 40000);
	host_yield_every = 0;
	host_kill(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports),
		cmocka_unit_test(mixed_pages),
		cmocka_unit_test(grant_frames),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
