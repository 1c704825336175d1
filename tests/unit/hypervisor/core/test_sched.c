/* SPDX-License-Identifier: ISC */
/*
 * The scheduler: states, shares, preemption, affinity, caps, and invariants under random events, on
 * four CPUs.
 */
#include "unit.h"
#include <string.h>

#include <host/host.h>
#include <lib/errno.h>
#include <lib/time.h>
#include <hyp/cpu.h>
#include <hyp/hypercall.h>
#include <public/sched.h>
#include <public/vcpu.h>
#include "whole.h"

/* One reason more, or less, for v not to run: as domain_pause() has for all of a domain's. */
static void vcpu_pause(struct vcpu *v)
{
	atomic_add(&v->pause_count, 1);
	sched_sleep(v);
}

static void vcpu_unpause(struct vcpu *v)
{
	if (atomic_sub_full(&v->pause_count, 1) == 0)
		sched_wake(v);
}

#define MS 1000000ULL /* ticks: the test host's clock counts nanoseconds */

static uint64_t ran(const struct vcpu *v)
{
	const struct sched_vcpu *s = &v->sched;

	return s->state_time[RUNSTATE_running] +
	       (s->state == RUNSTATE_running ? host_ticks - s->state_since : 0);
}

static struct vcpu *running_on(unsigned cpu)
{
	return cpus[cpu]->rq.running;
}

/* dom0 sleeps and stays away: it is not what is looked at. */
static void park_dom0(void)
{
	domain_pause(whole_dom0);
	whole_settle();
	assert_true(domain_is_quiet(whole_dom0));
}

static int setup(void **state)
{
	whole_setup(state);
	park_dom0();
	return 0;
}

static int teardown(void **state)
{
	host_set_cpu(0);
	domain_unpause(whole_dom0);
	return whole_teardown(state);
}

static void pin(struct domain *d, uint64_t cpus_allowed)
{
	struct vcpu *v;

	for_each_vcpu (d, v)
		assert_int_equal(sched_set_affinity(v, cpus_allowed, ~0ULL), 0);
}

static struct domain *start(unsigned vcpus, uint64_t cpus_allowed)
{
	struct domain *d = whole_domain(vcpus, 0, true);

	pin(d, cpus_allowed);
	domain_unpause(d);
	return d;
}

/* Time goes on in small steps, and every CPU takes its interrupts after each of them. */
static void pass(uint64_t ticks)
{
	for (uint64_t end = host_ticks + ticks; host_ticks < end;) {
		host_ticks += MS / 10;
		for (unsigned i = 0; i < nr_cpus; i++)
			host_cpu_run(i);
	}
}

static void become(struct vcpu *v)
{
	assert_true(v->running);
	host_set_cpu(v->sched.cpu);
	assert_ptr_equal(this_cpu()->current, v);
}

static void block(struct vcpu *v)
{
	become(v);
	assert_int_equal(host_hypercall(v, __HYPERVISOR_sched_op, SCHEDOP_block, 0, 0), 0);
	host_cpu_run(v->sched.cpu);
}

/* ---- states ---- */

static void states(void **state)
{
	struct domain *d = whole_domain(1, 0, false);
	struct vcpu *v = d->vcpu[0];

	(void)state;
	assert_false(vcpu_runnable(v));
	v->offline = 0;
	assert_false(vcpu_runnable(v)); /* the toolstack has not unpaused it */
	assert_int_equal(v->sched.state, RUNSTATE_offline);
	domain_unpause(d);
	assert_int_equal(v->sched.state, RUNSTATE_runnable);
	whole_settle();
	assert_true(v->running);
	assert_int_equal(v->sched.state, RUNSTATE_running);
	assert_ptr_equal(running_on(v->sched.cpu), v);

	block(v);
	assert_int_equal(v->sched.state, RUNSTATE_blocked);
	assert_true(v->running); /* still loaded: nobody else wants the CPU */
	vcpu_unblock(v);
	assert_int_equal(v->sched.state, RUNSTATE_runnable);
	whole_settle();
	assert_int_equal(v->sched.state, RUNSTATE_running);
	assert_int_equal(v->arch.loads, 1); /* and so nothing had to be switched */

	vcpu_pause(v);
	whole_settle();
	assert_int_equal(v->sched.state, RUNSTATE_offline);
	assert_false(v->running);
	vcpu_pause(v);
	vcpu_unpause(v);
	whole_settle();
	assert_false(v->running); /* pauses nest */
	vcpu_unpause(v);
	whole_settle();
	assert_true(v->running);
}

static void pause_while_asleep(void **state)
{
	struct domain *d = start(1, BIT(1));
	struct vcpu *v = d->vcpu[0];

	(void)state;
	whole_settle();
	block(v);
	assert_true(v->running);
	domain_pause(d);
	assert_false(domain_is_quiet(d));
	whole_settle();
	assert_true(domain_is_quiet(d)); /* it was put away by the CPU on which it slept */
	assert_null(cpus[1]->current);
	domain_unpause(d);
	whole_settle();
	assert_false(v->running); /* it still sleeps */
	vcpu_unblock(v);
	whole_settle();
	assert_ptr_equal(running_on(1), v);
}

static void states_add_up(void **state)
{
	struct domain *d = start(1, BIT(0)), *e = start(1, BIT(0));
	struct vcpu *v = d->vcpu[0];
	struct vcpu_runstate_info info;
	uint64_t sum = 0, born = host_ticks;

	(void)state;
	whole_settle();
	pass(50 * MS);
	if (running_on(0) != v)
		pass(10 * MS);
	if (running_on(0) == v)
		block(v);
	pass(20 * MS);
	vcpu_unblock(v);
	pass(10 * MS);
	vcpu_read_runstate(v, &info);
	for (unsigned i = 0; i < 4; i++)
		sum += info.time[i];
	assert_int_equal(info.state_entry_time - born, sum);
	assert_int_equal(ran(v) + ran(e->vcpu[0]), host_ticks - born);
}

/* ---- shares ---- */

static void equal_shares(void **state)
{
	struct domain *d = start(3, BIT(2));

	(void)state;
	pass(600 * MS);
	for (unsigned i = 0; i < 3; i++)
		assert_in_range(ran(d->vcpu[i]), 190 * MS, 210 * MS);
}

static void weighted_shares(void **state)
{
	struct domain *heavy = start(1, BIT(0)), *light = start(1, BIT(0));

	(void)state;
	assert_int_equal(sched_set_weight(heavy, 512, 0), 0);
	pass(900 * MS);
	assert_in_range(ran(heavy->vcpu[0]), 585 * MS, 615 * MS);
	assert_in_range(ran(light->vcpu[0]), 285 * MS, 315 * MS);
	assert_int_equal(sched_set_weight(heavy, 0, 0), -EINVAL);
	assert_int_equal(sched_set_weight(heavy, 65536, 0), -EINVAL);
}

/* Four CPUs, five that could run: no CPU is ever idle. */
static void work_conserving(void **state)
{
	struct domain *d = start(5, ~0ULL);
	uint64_t sum = 0, begin = host_ticks;

	(void)state;
	pass(400 * MS);
	for (unsigned i = 0; i < 5; i++)
		sum += ran(d->vcpu[i]);
	assert_in_range(sum, 4 * (host_ticks - begin) - MS, 4 * (host_ticks - begin));
}

static void idle_time_counts(void **state)
{
	uint64_t idle = cpus[3]->idle_ticks;
	struct domain *d = start(1, BIT(3));

	(void)state;
	pass(10 * MS);
	block(d->vcpu[0]);
	pass(40 * MS);
	assert_in_range(cpus[3]->idle_ticks - idle, 39 * MS, 41 * MS);
}

/* A CPU that has nothing to do helps one that has too much. */
static void idle_cpu_steals(void **state)
{
	struct domain *busy = start(1, BIT(0)), *d = start(2, BIT(0) | BIT(1)),
		      *blocker = start(1, BIT(1));

	(void)state;
	pass(20 * MS);
	block(blocker->vcpu[0]->running ? blocker->vcpu[0] : running_on(1));
	pass(100 * MS);
	assert_non_null(running_on(0));
	assert_non_null(running_on(1));
	assert_in_range(ran(busy->vcpu[0]) + ran(d->vcpu[0]) + ran(d->vcpu[1]), 190 * MS, 260 * MS);
}

/* The first in the queue must stay where it is; the second one need not. */
static void steals_behind_the_first(void **state)
{
	struct domain *runner = start(1, BIT(0)), *stuck, *free_one = whole_domain(1, 0, true);

	(void)state;
	whole_settle();
	stuck = start(1, BIT(0));
	pin(free_one, BIT(0));
	free_one->vcpu[0]->sched.vruntime = cpus[0]->rq.vclock + 10 * MS;
	domain_unpause(free_one);
	assert_ptr_equal(running_on(0), runner->vcpu[0]);
	assert_int_equal(cpus[0]->rq.nr_ready, 2);
	assert_true(stuck->vcpu[0]->sched.vruntime < free_one->vcpu[0]->sched.vruntime);
	free_one->vcpu[0]->sched.hard_affinity =
		~0ULL; /* as if it had been queued when the others were busy */
	atomic_or(&cpus[1]->todo, TODO_RESCHED);
	host_cpu_run(1);
	assert_ptr_equal(running_on(1), free_one->vcpu[0]);
}

/* ---- preemption ---- */

static void wake_up_preempts(void **state)
{
	struct domain *hog = start(1, BIT(0)), *d = start(1, BIT(0));
	struct vcpu *v = d->vcpu[0];

	(void)state;
	pass(20 * MS);
	while (running_on(0) != v)
		pass(MS);
	block(v);
	pass(20 * MS);
	assert_ptr_equal(running_on(0), hog->vcpu[0]);
	host_set_cpu(1);
	vcpu_unblock(v);
	host_cpu_run(0);
	assert_ptr_equal(running_on(0), v);
}

/*
 * One that sleeps and wakes all the time, and each time uses little, never waits for a slice; but
 * it does not cut a turn.
 */
static void short_sleeps_preempt(void **state)
{
	struct domain *hogs[] = {start(1, BIT(0)), start(1, BIT(0))}, *d = start(1, BIT(0));
	struct vcpu *v = d->vcpu[0];

	(void)state;
	while (running_on(0) != v)
		pass(MS);
	block(v);
	pass(20 * MS);
	for (unsigned i = 0; i < 100; i++) {
		uint64_t turn_end = running_on(0)->sched.state_since + MS;

		vcpu_unblock(v);
		host_cpu_run(0);
		if (host_ticks < turn_end) {
			assert_ptr_not_equal(running_on(0), v);
			pass(turn_end - host_ticks);
		}
		assert_ptr_equal(running_on(0), v);
		block(v);
		assert_true(running_on(0) == hogs[0]->vcpu[0] || running_on(0) == hogs[1]->vcpu[0]);
		pass(i % 40 * MS / 10);
	}
}

/* Busy CPUs share what there is: not five here and three there. */
static void queues_are_evened_out(void **state)
{
	struct domain *d = start(8, BIT(2));
	uint64_t before[8], least = ~0ULL, most = 0;

	(void)state;
	pass(20 * MS);
	pin(d, BIT(2) | BIT(3));
	pass(200 * MS);
	for (unsigned i = 0; i < 8; i++)
		before[i] = ran(d->vcpu[i]);
	pass(400 * MS);
	for (unsigned i = 0; i < 8; i++) {
		least = MIN(least, ran(d->vcpu[i]) - before[i]);
		most = MAX(most, ran(d->vcpu[i]) - before[i]);
	}
	assert_true(least >= 80 * MS);
	assert_true(most <= 120 * MS);
}

static void slept_long_is_no_wealth(void **state)
{
	struct domain *hog = start(1, BIT(0)), *d = start(1, BIT(0));
	struct vcpu *v = d->vcpu[0];
	uint64_t before;

	(void)state;
	whole_settle();
	while (running_on(0) != v)
		pass(MS);
	block(v);
	pass(1000 * MS);
	vcpu_unblock(v);
	before = ran(hog->vcpu[0]);
	pass(100 * MS);
	assert_in_range(ran(hog->vcpu[0]) - before, 40 * MS, 60 * MS);
}

static void yielding(void **state)
{
	struct domain *d = start(2, BIT(0));
	struct vcpu *v;

	(void)state;
	whole_settle();
	for (unsigned i = 0; i < 20; i++) {
		v = running_on(0);
		become(v);
		assert_int_equal(host_hypercall(v, __HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0), 0);
		host_cpu_run(0);
		assert_ptr_not_equal(running_on(0), v);
	}
	/* Alone it goes on. */
	block(running_on(0));
	v = running_on(0);
	become(v);
	assert_int_equal(host_hypercall(v, __HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0), 0);
	assert_ptr_equal(host_cpu_run(0), v);
	assert_ptr_equal(v->domain, d);
}

static void poll_times_out(void **state)
{
	struct domain *d = start(1, BIT(1));
	struct vcpu *v = d->vcpu[0];
	struct sched_poll *p;

	(void)state;
	whole_settle();
	become(v);
	/* The argument must be in the guest's memory. */
	assert_int_equal(host_hypercall(v, __HYPERVISOR_sched_op, SCHEDOP_poll, 0x1000, 0),
			 -EFAULT);
	p = whole_scratch(sizeof(*p));
	p->timeout = time_now() + 30 * MS;
	domain_unpause(whole_dom0);
	whole_settle();
	become(whole_vcpu);
	assert_int_equal(whole_hypercall(__HYPERVISOR_sched_op, SCHEDOP_poll, (uintptr_t)p), 0);
	host_cpu_run(whole_vcpu->sched.cpu);
	assert_int_equal(whole_vcpu->sched.state, RUNSTATE_blocked);
	pass(29 * MS);
	assert_int_equal(whole_vcpu->sched.state, RUNSTATE_blocked);
	pass(2 * MS);
	assert_int_equal(whole_vcpu->sched.state, RUNSTATE_running);
	/* The time is up already. */
	become(whole_vcpu);
	assert_int_equal(whole_hypercall(__HYPERVISOR_sched_op, SCHEDOP_poll, (uintptr_t)p), 0);
	assert_false(whole_vcpu->blocked);
	domain_pause(whole_dom0);
	whole_settle();
}

/* ---- affinity ---- */

static void moves_at_once(void **state)
{
	struct domain *d = start(1, ~0ULL);
	struct vcpu *v = d->vcpu[0];

	(void)state;
	whole_settle();
	for (unsigned i = 0; i < 12; i++) {
		unsigned to = (i * 3 + 1) % nr_cpus;

		host_set_cpu(i % nr_cpus);
		assert_int_equal(sched_set_affinity(v, BIT(to), ~0ULL), 0);
		whole_settle();
		assert_int_equal(v->sched.cpu, to);
		assert_ptr_equal(running_on(to), v);
		assert_ptr_equal(cpus[to]->current, v);
	}
	assert_int_equal(sched_set_affinity(v, BIT(nr_cpus), ~0ULL), -EINVAL);
	assert_int_equal(sched_set_affinity(v, 0, ~0ULL), -EINVAL);
}

static void moves_while_asleep(void **state)
{
	struct domain *d = start(1, BIT(0));
	struct vcpu *v = d->vcpu[0];

	(void)state;
	whole_settle();
	block(v);
	assert_true(v->running); /* loaded, asleep */
	host_set_cpu(2);
	assert_int_equal(sched_set_affinity(v, BIT(3), ~0ULL), 0);
	whole_settle();
	assert_false(v->running);
	assert_int_equal(v->sched.cpu, 3);
	assert_int_equal(sched_set_affinity(v, BIT(1), ~0ULL), 0); /* neither loaded nor queued */
	assert_int_equal(v->sched.cpu, 1);
	assert_int_equal(sched_set_affinity(v, BIT(3), ~0ULL), 0);
	vcpu_unblock(v);
	whole_settle();
	assert_ptr_equal(running_on(3), v);
}

static void moves_while_it_waits(void **state)
{
	struct domain *hog = start(1, BIT(0)), *d = start(1, BIT(0)), *all = start(3, ~BIT(0));

	(void)state;
	whole_settle(); /* all CPUs are busy */
	assert_ptr_equal(running_on(0), hog->vcpu[0]);
	assert_int_equal(sched_set_affinity(d->vcpu[0], BIT(2), ~0ULL), 0);
	assert_int_equal(d->vcpu[0]->sched.cpu, 2);
	pass(40 * MS);
	assert_true(ran(d->vcpu[0]) > 5 * MS);
	assert_int_equal(cpus[0]->rq.nr_ready, 0);
	assert_int_equal(all->nr_vcpus, 3);
}

static void soft_affinity_is_a_wish(void **state)
{
	struct domain *d = start(1, BIT(0)), *hog = start(1, BIT(2));
	struct vcpu *v = d->vcpu[0];

	(void)state;
	whole_settle();
	block(v);
	vcpu_pause(v);
	whole_settle();
	assert_int_equal(sched_set_affinity(v, ~BIT(0), BIT(3)), 0);
	vcpu_unblock(v);
	vcpu_unpause(v);
	whole_settle();
	assert_ptr_equal(running_on(3), v); /* CPU 1 would have been free too */
	assert_int_equal(sched_set_affinity(v, ~BIT(3), BIT(2)), 0);
	whole_settle();
	assert_ptr_not_equal(running_on(2), v);
	assert_ptr_equal(running_on(2), hog->vcpu[0]);
	assert_true(v->running);
}

/* ---- caps ---- */

static void cap_holds(bool alone)
{
	struct domain *d = start(1, BIT(0)), *e = alone ? NULL : start(1, BIT(0));
	uint64_t begin = host_ticks;

	assert_int_equal(sched_set_weight(d, 256, 25), 0);
	pass(1000 * MS);
	/* Whole periods; what is over the cap is at most one tick of this test and one slice. */
	assert_in_range(ran(d->vcpu[0]), 240 * MS, 300 * MS);
	if (e)
		assert_in_range(ran(e->vcpu[0]) + ran(d->vcpu[0]), 995 * MS, host_ticks - begin);
	assert_int_equal(sched_set_weight(d, 256, 0), 0);
	begin = ran(d->vcpu[0]);
	pass(100 * MS);
	assert_true(ran(d->vcpu[0]) - begin > (alone ? 75 : 35) * MS);
}

static void cap_among_others(void **state)
{
	(void)state;
	cap_holds(false);
}

static void cap_alone(void **state)
{
	(void)state;
	cap_holds(true);
}

/* ---- timers of guests ---- */

static void virtual_timer_wakes(void **state)
{
	struct domain *d = start(1, BIT(1)), *hog = whole_domain(1, 0, true);
	struct vcpu *v = d->vcpu[0];

	(void)state;
	whole_settle();
	v->arch.vtimer.on = true;
	v->arch.vtimer.cval = host_ticks + 30 * MS;
	block(v);
	pin(hog, BIT(1));
	domain_unpause(hog);
	pass(5 * MS);
	assert_false(v->running); /* switched out while it sleeps: a software timer stands in */
	pass(20 * MS);
	assert_int_equal(v->sched.state, RUNSTATE_blocked);
	pass(10 * MS);
	assert_int_not_equal(v->sched.state, RUNSTATE_blocked);
	v->arch.vtimer.on = false;
}

/* ---- everything at once ---- */

#define NR_DOMAINS 6
#define NR_PER     3
#define NR_VCPUS   (NR_DOMAINS * NR_PER)
#define PATIENCE   (400 * MS)

struct crowd {
	struct domain *d[NR_DOMAINS];
	struct vcpu *v[NR_VCPUS];
	bool paused[NR_VCPUS], domain_paused[NR_DOMAINS];
	uint64_t waits_since[NR_VCPUS], seen[NR_VCPUS];
	uint64_t random;
};

static unsigned places_of(const struct vcpu *v)
{
	unsigned n = heap_contains(&v->sched.node);

	for (unsigned i = 0; i < nr_cpus; i++)
		n += cpus[i]->rq.running == v;
	return n;
}

static void check_vcpu(struct crowd *c, unsigned i)
{
	struct vcpu *v = c->v[i];
	unsigned loaded = 0;

	for (unsigned p = 0; p < nr_cpus; p++)
		loaded += cpus[p]->current == v;
	assert_true(loaded <= 1);
	assert_int_equal(loaded, v->running);
	if (loaded)
		assert_ptr_equal(cpus[v->sched.cpu]->current, v);
	assert_int_equal(places_of(v), vcpu_runnable(v));
	assert_int_equal(heap_contains(&v->sched.node),
			 v->sched.state == RUNSTATE_runnable && !v->sched.throttled);
	if (vcpu_runnable(v) && v->sched.state == RUNSTATE_running)
		assert_true(v->sched.hard_affinity & BIT64(v->sched.cpu));
	/* Whoever could run all the time gets its turn. */
	if (!vcpu_runnable(v) || ran(v) != c->seen[i])
		c->waits_since[i] = host_ticks;
	c->seen[i] = ran(v);
	assert_true(host_ticks - c->waits_since[i] < PATIENCE);
}

static void check_all(struct crowd *c)
{
	unsigned ready = 0, queued = 0, owned = 0;

	for (unsigned i = 0; i < nr_cpus; i++) {
		const struct runqueue *rq = &cpus[i]->rq;

		ready += rq->nr_ready;
		owned += rq->nr_vcpus;
		assert_true(!rq->running || rq->running == cpus[i]->current);
	}
	for (unsigned i = 0; i < NR_VCPUS; i++) {
		queued += heap_contains(&c->v[i]->sched.node);
		check_vcpu(c, i);
	}
	assert_int_equal(ready, queued);
	assert_int_equal(owned, NR_VCPUS + 1); /* and dom0's */
}

static void crowd_event(struct crowd *c)
{
	unsigned i = (unsigned)random_below(&c->random, NR_VCPUS), n = i / NR_PER;
	struct vcpu *v = c->v[i];

	host_set_cpu((unsigned)random_below(&c->random, nr_cpus));
	switch (random_below(&c->random, 9)) {
	case 0:
	case 1:
		vcpu_unblock(v);
		break;
	case 2:
		(c->paused[i] ? vcpu_unpause : vcpu_pause)(v);
		c->paused[i] = !c->paused[i];
		break;
	case 3:
		(c->domain_paused[n] ? domain_unpause : domain_pause)(c->d[n]);
		c->domain_paused[n] = !c->domain_paused[n];
		break;
	case 4:
		assert_int_equal(sched_set_affinity(v, 1 + random_below(&c->random, 15),
						    random_next(&c->random)),
				 0);
		break;
	case 5:
		assert_int_equal(
			sched_set_weight(c->d[n], 64u << random_below(&c->random, 4),
					 n == 0 ? (unsigned)random_below(&c->random, 300) : 0),
			0);
		break;
	default:
		v = this_cpu()->rq.running;
		if (!v)
			break;
		host_hypercall(v, __HYPERVISOR_sched_op,
			       random_below(&c->random, 2) ? SCHEDOP_block : SCHEDOP_yield, 0, 0);
	}
}

static void random_events(void **state)
{
	struct crowd c = {.random = 0x1234567};

	(void)state;
	for (unsigned i = 0; i < NR_DOMAINS; i++) {
		c.d[i] = start(NR_PER, ~0ULL);
		for (unsigned j = 0; j < NR_PER; j++)
			c.v[i * NR_PER + j] = c.d[i]->vcpu[j];
	}
	for (unsigned i = 0; i < NR_VCPUS; i++)
		c.waits_since[i] = host_ticks;
	for (unsigned step = 0; step < 20000; step++) {
		if (random_below(&c.random, 3) == 0)
			crowd_event(&c);
		host_ticks += random_below(&c.random, MS);
		for (unsigned i = 0; i < nr_cpus; i++)
			host_cpu_run(i);
		for (unsigned i = 0; i < nr_cpus; i++) /* those that were kicked meanwhile */
			host_cpu_run(i);
		check_all(&c);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(states),
		T(pause_while_asleep),
		T(states_add_up),
		T(equal_shares),
		T(weighted_shares),
		T(work_conserving),
		T(idle_time_counts),
		T(idle_cpu_steals),
		T(steals_behind_the_first),
		T(wake_up_preempts),
		T(short_sleeps_preempt),
		T(queues_are_evened_out),
		T(slept_long_is_no_wealth),
		T(yielding),
		T(poll_times_out),
		T(moves_at_once),
		T(moves_while_asleep),
		T(moves_while_it_waits),
		T(soft_affinity_is_a_wish),
		T(cap_among_others),
		T(cap_alone),
		T(virtual_timer_wakes),
		T(random_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
