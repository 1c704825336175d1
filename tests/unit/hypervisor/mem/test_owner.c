/* SPDX-License-Identifier: ISC */
/*
 * Who owns a vCPU: a CPU lets go of one last of all, in one step, and nobody moves one that has
 * ended.
 */
#include "unit.h"

#include <host/host.h>
#include <lib/errno.h>
#include <hyp/cpu.h>
#include <hyp/hypercall.h>
#include <mem/page.h>
#include <public/sched.h>
#include <public/vcpu.h>
#include <string.h>
#include "whole.h"

/*
 * The linker's --wrap puts these before the real ones: the vCPU that is watched, and what was seen.
 */
static struct vcpu *watched;
static unsigned areas_written, unowned, between_two;

static bool queued_or_owned(const struct vcpu *v)
{
	return v->running || heap_contains(&v->sched.node);
}

void *__real_map_page(mfn_t mfn);
void *__wrap_map_page(mfn_t mfn);
void *__wrap_map_page(mfn_t mfn)
{
	if (watched && mfn.n == watched->runstate.mfn[0].n) {
		/* Whoever does not own it may see the page given away, or the vCPU freed. */
		unowned += !watched->running;
		areas_written++;
	}
	return __real_map_page(mfn);
}

void __real_host_lock_release(struct spinlock *l);
void __wrap_host_lock_release(struct spinlock *l);
void __wrap_host_lock_release(struct spinlock *l)
{
	__real_host_lock_release(l);
	if (watched && !host_locks_held() && vcpu_runnable(watched) && !queued_or_owned(watched))
		between_two++;
}

static struct vcpu *start(uint64_t allowed)
{
	struct domain *d = whole_domain(1, 1, true);

	assert_int_equal(sched_set_affinity(d->vcpu[0], allowed, ~0ULL), 0);
	domain_unpause(d);
	whole_settle();
	assert_true(d->vcpu[0]->running);
	return d->vcpu[0];
}

static long guest_calls(struct vcpu *v, uint64_t nr, uint64_t a0, uint64_t a1, uint64_t a2)
{
	long ret;

	host_set_cpu(v->sched.cpu);
	ret = host_hypercall(v, nr, a0, a1, a2);
	host_set_cpu(whole_vcpu->sched.cpu);
	return ret;
}

static void register_area(struct vcpu *v)
{
	struct vcpu_register_runstate_memory_area area = {.addr.p = GUEST_RAM0_BASE + 256};
	char *page = whole_guest_ram(v->domain, RAM0);

	memcpy(page, &area, sizeof(area));
	assert_int_equal(guest_calls(v, __HYPERVISOR_vcpu_op, VCPUOP_register_runstate_memory_area,
				     v->id, GUEST_RAM0_BASE),
			 0);
}

static int setup(void **state)
{
	whole_setup(state);
	areas_written = unowned = between_two = 0;
	return 0;
}

static int teardown(void **state)
{
	watched = NULL;
	return whole_teardown(state);
}

/* Put away because it sleeps and another one runs, because it is paused, and because it moves. */
static void runstate_is_the_owners(void **state)
{
	struct vcpu *v = start(BIT(1)), *other;

	(void)state;
	register_area(v);
	watched = v;
	assert_int_equal(guest_calls(v, __HYPERVISOR_sched_op, SCHEDOP_block, 0, 0), 0);
	other = start(BIT(1));
	assert_false(v->running);
	domain_pause(other->domain);
	vcpu_unblock(v);
	whole_settle();
	assert_true(v->running);
	domain_pause(v->domain);
	whole_settle();
	assert_false(v->running);
	domain_unpause(v->domain);
	whole_settle();
	assert_int_equal(sched_set_affinity(v, BIT(2), ~0ULL), 0);
	whole_settle();
	assert_ptr_equal(cpus[2]->current, v);
	assert_int_equal(unowned, 0);
	assert_int_equal(areas_written, 6); /* thrice put away and thrice loaded */
}

/*
 * At no moment that another CPU could see is a runnable vCPU neither in a queue nor owned by a CPU.
 */
static void moves_in_one_step(void **state)
{
	struct vcpu *v = start(BIT(1));

	(void)state;
	assert_int_equal(whole_vcpu->sched.cpu, 0);
	for (unsigned i = 0; i < 12; i++) {
		unsigned to = 1 + (2 * i + 1) % 3; /* 2, 1, 3 */

		assert_int_equal(sched_set_affinity(v, BIT(to), ~0ULL), 0);
		watched = v;
		host_cpu_run(v->sched.cpu); /* lets go of it */
		watched = NULL;
		assert_int_equal(between_two, 0);
		assert_int_equal(v->sched.cpu, to);
		assert_true(heap_contains(&v->sched.node));
		host_set_cpu(0);
		whole_settle();
		assert_ptr_equal(cpus[to]->current, v);
	}
}

/* A CPU that found the domain before its end may wake its vCPUs and move them after it. */
static void moves_after_its_end(void **state)
{
	struct vcpu *v = start(BIT(1));
	struct domain *d = v->domain;
	uint32_t before[WHOLE_CPUS];

	(void)state;
	domain_hold(d);
	assert_int_equal(whole_destroy(d->id), 0);
	for (unsigned i = 0; i < WHOLE_CPUS; i++)
		before[i] = cpus[i]->rq.nr_vcpus;
	assert_int_equal(sched_set_affinity(v, BIT(3), ~0ULL), 0);
	sched_wake(v);
	for (unsigned i = 0; i < WHOLE_CPUS; i++)
		assert_int_equal(cpus[i]->rq.nr_vcpus, before[i]);
	domain_put(d);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(runstate_is_the_owners),
		T(moves_in_one_step),
		T(moves_after_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
