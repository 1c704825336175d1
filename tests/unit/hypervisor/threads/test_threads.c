/* SPDX-License-Identifier: ISC */
/*
 * A thread for each CPU: four of them schedule and run the vCPUs of dom0 and of guests that make
 * random calls and come and go, under ThreadSanitizer. At the end all pages have come back.
 * THREADS_STEPS in the environment: how often CPU 0, whose steps are the machine's time, goes to a
 * guest or sleeps.
 */
#include "threads_guest.h"
#include "unit.h"
#include <stdlib.h>

#include <host/host.h>
#include <lib/atomic.h>
#include <hyp/cpu.h>
#include <hyp/domain.h>
#include <mem/page.h>

#define CPUS  4
#define ORDER 3
#define STEPS 20000
#define TICK  20000 /* ns of the machine's time in each step of CPU 0 */

static unsigned steps;
static bool over;

static void run_cpu(unsigned id)
{
	host_set_cpu(id);
	for (unsigned i = 0; id ? !atomic_load(&over) : i < steps; i++) {
		struct vcpu *v;

		if (id == 0)
			atomic_add(&host_ticks, TICK);
		v = host_cpu_run(id);
		if (v)
			threads_guest_step(v);
	}
	if (id == 0)
		atomic_store(&over, true);
}

/* One after the other in this thread, until nothing is left to do. */
static void settle(void)
{
	for (unsigned round = 0; round < 8; round++)
		for (unsigned i = 0; i < CPUS; i++)
			host_cpu_run(i);
}

static void end_all(struct domain *dom0)
{
	struct domain *d;

	/* One of which another maps pages is gone when the other is. */
	for (domid_t id = 1; id <= THREADS_GUESTS; id++) {
		d = domain_get_any(id);
		if (!d)
			continue;
		host_kill(d);
		domain_put(d);
	}
	host_kill(dom0);
	settle();
	assert_true(list_empty(&domain_list));
}

static void cpus_are_threads(void **state)
{
	const char *s = getenv("THREADS_STEPS");
	uint64_t free_before;
	int windows_before;
	struct domain *dom0;
	struct vcpu *v;
	mfn_t ram;

	(void)state;
	steps = s ? (unsigned)atoi(s) : STEPS;
	host_caches_off = true;
	host_machine_start(MiB(32), CPUS, 3);
	free_before = page_nr_free();
	windows_before = host_windows();
	dom0 = host_dom0(ORDER, CPUS, &ram);
	assert_non_null(dom0);
	threads_dom0_ram(phys_to_virt(mfn_to_pa(ram)));
	for_each_vcpu (dom0, v) {
		v->offline = 0;
		sched_wake(v);
	}
	threads_run(CPUS, run_cpu);
	if (s)
		threads_print_calls();
	host_set_cpu(0);
	settle();
	end_all(dom0);
	assert_int_equal(page_nr_free(), free_before);
	assert_int_equal(host_windows(), windows_before);
	for (unsigned i = 0; i < CPUS; i++) {
		assert_int_equal(cpus[i]->rq.nr_vcpus, 0);
		assert_int_equal(cpus[i]->rq.nr_ready, 0);
		assert_null(cpus[i]->current);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(cpus_are_threads)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
