/* SPDX-License-Identifier: ISC */
/* The scheduler: which vCPU runs on which CPU, and for how long. */
#include <hyp/arch.h>
#include <hyp/cpu.h>
#include <hyp/domain.h>
#include <lib/errno.h>
#include <lib/time.h>
#include <public/vcpu.h>

#define SLICE_US 5000 /* time slice while other vCPUs wait */
/* Minimum run time before a waking vCPU may preempt; keeps batched work together. */
#define TURN_US 1000
#define WAKE_US 1000  /* credit of a waking vCPU */
#define CAP_US  20000 /* caps are enforced over this period */

static uint64_t us_to_ticks(uint64_t us)
{
	return us * time_hz / 1000000;
}

/* Computed at boot, so that no path divides. */
static struct {
	uint64_t slice, turn, wake, cap_period;
} ticks;

bool vcpu_runnable(const struct vcpu *v)
{
	return !(READ_ONCE(v->offline) | READ_ONCE(v->blocked) | READ_ONCE(v->pause_count) |
		 READ_ONCE(v->domain->pause_count) | READ_ONCE(v->sched.throttled));
}

/*
 * The time at which the running vCPU has to stop: the end of its slice if another vCPU waits, or of
 * its cap. Called without the lock: a CPU that changes the queue meanwhile sets TODO_SLICE.
 */
static uint64_t stop_time(const struct runqueue *rq)
{
	if (!rq->running)
		return TIMER_OFF;
	return READ_ONCE(rq->nr_ready) ? MIN(READ_ONCE(rq->slice_end), rq->cap_end) : rq->cap_end;
}

static void slice_over(struct timer *t)
{
	struct runqueue *rq = container_of(t, struct runqueue, slice);
	struct cpu *c = container_of(rq, struct cpu, rq);
	uint64_t stop = stop_time(rq);

	if (stop <= time_ticks())
		atomic_or(&c->todo, TODO_RESCHED);
	else if (stop != TIMER_OFF)
		timer_set(&rq->slice, stop);
}

void sched_init_cpu(struct cpu *c)
{
	ticks.slice = us_to_ticks(SLICE_US);
	ticks.turn = us_to_ticks(TURN_US);
	ticks.wake = us_to_ticks(WAKE_US);
	ticks.cap_period = us_to_ticks(CAP_US);
	spin_lock_init(&c->rq.lock, RANK_SCHED);
	c->rq.slice.fn = slice_over;
}

static void uncap(struct timer *t)
{
	struct vcpu *v = container_of(t, struct vcpu, sched.cap_timer);

	atomic_store(&v->sched.throttled, 0);
	sched_wake(v);
}

void sched_vcpu_init(struct vcpu *v)
{
	struct sched_vcpu *s = &v->sched;
	unsigned best = 0;

	for (unsigned i = 0; i < nr_cpus; i++) {
		unsigned n = READ_ONCE(cpus[i]->rq.nr_vcpus),
			 least = READ_ONCE(cpus[best]->rq.nr_vcpus);

		if (n < least)
			best = i;
	}
	s->cpu = (uint16_t)best;
	atomic_add(&cpus[best]->rq.nr_vcpus, 1);
	s->hard_affinity = s->soft_affinity = ~(uint64_t)0;
	s->cap_timer.fn = uncap;
	s->state = RUNSTATE_offline;
	s->state_since = time_ticks();
}

/* A change of run state, for the guest's steal-time accounting. The run queue is locked. */
static void account_state(struct vcpu *v, int state, uint64_t now)
{
	struct sched_vcpu *s = &v->sched;

	s->state_time[s->state] += now - s->state_since;
	s->state = state;
	s->state_since = now;
}

/* v sleeps, and nothing else prevents it from running. */
static __inline_here bool only_blocked(const struct vcpu *v)
{
	return READ_ONCE(v->blocked) && !READ_ONCE(v->offline) && !READ_ONCE(v->pause_count) &&
	       !READ_ONCE(v->domain->pause_count);
}

/* Run state of a vCPU that is not running: blocked if nothing else prevents it from running. */
static int idle_state(const struct vcpu *v)
{
	if (only_blocked(v))
		return RUNSTATE_blocked;
	return vcpu_runnable(v) ? RUNSTATE_runnable : RUNSTATE_offline;
}

/* Lock the run queue of v. v can move to another queue while the caller waits for the lock. */
static __inline_here struct cpu *rq_lock_of(struct vcpu *v)
{
	for (;;) {
		struct cpu *c = cpus[READ_ONCE(v->sched.cpu)];

		spin_lock(&c->rq.lock);
		if (c->id == atomic_load_acq(&v->sched.cpu))
			return c;
		spin_unlock(&c->rq.lock);
	}
}

struct cpu *sched_lock_of(struct vcpu *v)
{
	return rq_lock_of(v);
}

void sched_unlock(struct cpu *c)
{
	spin_unlock(&c->rq.lock);
}

static void rq_insert(struct runqueue *rq, struct vcpu *v)
{
	heap_insert(&rq->ready, &v->sched.node, v->sched.vruntime);
	locked_add(rq->nr_ready, 1);
}

static void rq_remove(struct runqueue *rq, struct vcpu *v)
{
	heap_remove(&rq->ready, &v->sched.node);
	locked_add(rq->nr_ready, -1);
}

static struct vcpu *rq_first(struct runqueue *rq)
{
	struct heap_node *n = heap_min(&rq->ready);

	return n ? container_of(n, struct vcpu, sched.node) : NULL;
}

/* Charge v for its running time since the last call. */
static __inline_here void account(struct runqueue *rq, struct vcpu *v, uint64_t now)
{
	struct sched_vcpu *s = &v->sched;
	uint64_t delta = now - s->since, weight = READ_ONCE(v->domain->sched_weight);

	s->since = now;
	s->vruntime += likely(weight == SCHED_WEIGHT_DEFAULT)
			       ? delta
			       : delta * SCHED_WEIGHT_DEFAULT / weight;
	if (s->vruntime > rq->vclock && !rq->nr_ready)
		WRITE_ONCE(rq->vclock, s->vruntime);
	if (unlikely(READ_ONCE(v->domain->sched_cap)))
		s->cap_used += delta;
}

/* Running time of v per cap period, in ticks. */
static uint64_t cap_limit(const struct vcpu *v)
{
	return ticks.cap_period * READ_ONCE(v->domain->sched_cap) / 100 / v->domain->nr_vcpus;
}

/* The time at which v, which starts to run now, reaches its cap. */
static uint64_t cap_end(struct vcpu *v, uint64_t now)
{
	struct sched_vcpu *s = &v->sched;
	uint64_t limit;

	if (likely(!READ_ONCE(v->domain->sched_cap)))
		return TIMER_OFF;
	if (now - s->cap_period >= ticks.cap_period) {
		s->cap_period = now;
		s->cap_used = 0;
	}
	limit = cap_limit(v);
	if (limit >= ticks.cap_period)
		return TIMER_OFF;
	return s->cap_used < limit ? now + limit - s->cap_used : now;
}

/* Has v reached its cap for this period? If so, v is throttled until the next period. */
static bool over_cap(struct vcpu *v)
{
	struct sched_vcpu *s = &v->sched;

	if (likely(!READ_ONCE(v->domain->sched_cap)) || s->cap_used < cap_limit(v))
		return false;
	atomic_store(&s->throttled, 1);
	timer_set(&s->cap_timer, s->cap_period + ticks.cap_period);
	return true;
}

/* Number of vCPUs that run or wait on c. Only a hint: the queue is not locked. */
static unsigned rq_length(const struct cpu *c)
{
	return READ_ONCE(c->rq.nr_ready) + (READ_ONCE(c->rq.running) != NULL);
}

/* The CPU with the lowest cost is chosen: queue length counts first, then soft affinity. */
static unsigned cpu_cost(const struct vcpu *v, const struct cpu *c)
{
	return 2 * rq_length(c) + !(READ_ONCE(v->sched.soft_affinity) & BIT64(c->id));
}

/*
 * The best CPU for v: the CPU where v last ran, unless it is busy and another allowed CPU is less
 * busy.
 */
static struct cpu *best_cpu(const struct vcpu *v)
{
	struct cpu *home = cpus[READ_ONCE(v->sched.cpu)], *best = NULL, *c;

	if (sched_allows(&v->sched, home->id))
		best = home;
	if (best && !rq_length(home))
		return home;
	for_each_cpu (c)
		if (sched_allows(&v->sched, c->id) && (!best || cpu_cost(v, c) < cpu_cost(v, best)))
			best = c;
	return best ? best : home;
}

/* The same for a vCPU that becomes ready. A vCPU that a CPU still owns cannot move. */
static struct cpu *choose_cpu(const struct vcpu *v)
{
	return atomic_load_acq(&v->running) ? cpus[READ_ONCE(v->sched.cpu)] : best_cpu(v);
}

/*
 * Would v, which has run here, wait less on another CPU? It moves if the other queue is shorter
 * than this one, so two queues end up with lengths that differ by at most one.
 */
static bool belongs_elsewhere(const struct vcpu *v, const struct runqueue *rq)
{
	struct cpu *c;

	for_each_cpu (c)
		if (&c->rq != rq && sched_allows(&v->sched, c->id) && rq_length(c) < rq->nr_ready)
			return true;
	return false;
}

/*
 * Insert v into the queue of c, which is locked. Returns the TODO_* bit to set for c: TODO_RESCHED
 * if v should run at once, TODO_SLICE if the running vCPU now has to stop earlier, 0 if nothing
 * changes.
 */
static __inline_here uint32_t enqueue(struct cpu *c, struct vcpu *v, uint64_t now)
{
	struct runqueue *rq = &c->rq;
	struct vcpu *running = rq->running;
	uint64_t floor;

	/*
	 * A vCPU that runs alone is not accounted; bring the queue's clock up to date before v is
	 * compared with it.
	 */
	if (running)
		account(rq, running, now);
	floor = rq->vclock > ticks.wake ? rq->vclock - ticks.wake : 0;
	if (v->sched.vruntime < floor)
		v->sched.vruntime = floor;
	account_state(v, RUNSTATE_runnable, now);
	rq_insert(rq, v);
	if (!running)
		return TODO_RESCHED;
	if (v->sched.vruntime < running->sched.vruntime) {
		uint64_t turn_end = running->sched.state_since + ticks.turn;

		if (now >= turn_end)
			return TODO_RESCHED;
		WRITE_ONCE(rq->slice_end, turn_end);
		return TODO_SLICE;
	}
	/* Until now nobody waited, so the running vCPU has no slice timer yet. */
	return rq->nr_ready == 1 ? TODO_SLICE : 0;
}

/*
 * Assign v, which is in no queue, to the CPU `to`. The caller holds the lock of the queue that v
 * leaves. The store-release pairs with the load-acquire in rq_lock_of(): the holder of the other
 * queue's lock may never have held this one.
 */
static void change_cpu(struct vcpu *v, struct cpu *from, struct cpu *to)
{
	/* vruntime is relative to the clock of the queue. */
	int64_t lag = (int64_t)(v->sched.vruntime - from->rq.vclock);
	uint64_t clock = READ_ONCE(to->rq.vclock);

	v->sched.vruntime = lag < 0 && (uint64_t)-lag > clock ? 0 : clock + (uint64_t)lag;
	atomic_sub(&from->rq.nr_vcpus, 1);
	atomic_add(&to->rq.nr_vcpus, 1);
	atomic_store_rel(&v->sched.cpu, (uint16_t)to->id);
}

/*
 * Assign v to the CPU `to`. Nothing happens if a CPU owns v, if v is queued, or after
 * sched_vcpu_destroy().
 */
static void move_to(struct vcpu *v, struct cpu *to)
{
	struct cpu *from = sched_lock_of(v);

	if (from != to && !v->sched.gone && !atomic_load_acq(&v->running) &&
	    !heap_contains(&v->sched.node))
		change_cpu(v, from, to);
	spin_unlock(&from->rq.lock);
}

/* Carry out what enqueue() returned for c. The queue is no longer locked. */
static inline void ask(struct cpu *c, uint32_t todo)
{
	if (todo == TODO_SLICE && c == this_cpu())
		sched_start_slice(c);
	else if (todo)
		cpu_kick(c, todo);
}

void sched_wake(struct vcpu *v)
{
	uint32_t todo = 0;
	struct cpu *c;

	if (nr_cpus > 1 && vcpu_runnable(v)) {
		c = choose_cpu(v);
		if (c->id != READ_ONCE(v->sched.cpu))
			move_to(v, c);
	}
	c = rq_lock_of(v);
	if (vcpu_runnable(v) && c->rq.running != v && !heap_contains(&v->sched.node))
		todo = enqueue(c, v, time_ticks());
	spin_unlock(&c->rq.lock);
	ask(c, todo);
}

void sched_sleep(struct vcpu *v)
{
	struct cpu *c = sched_lock_of(v);

	if (heap_contains(&v->sched.node)) {
		rq_remove(&c->rq, v);
		account_state(v, idle_state(v), time_ticks());
	}
	/* v runs, or is still loaded on an idle CPU: make that CPU release it. */
	if (c->rq.running == v || atomic_load(&v->running))
		cpu_kick(c, TODO_RESCHED);
	spin_unlock(&c->rq.lock);
}

/*
 * v is off its CPU and never becomes runnable again. A CPU that looked up the domain earlier may
 * still call sched_wake(), which finds v not runnable, or move_to(), which `gone` stops.
 */
void sched_vcpu_destroy(struct vcpu *v)
{
	struct cpu *c;

	timer_cancel_sync(&v->sched.cap_timer);
	sched_sleep(v);
	c = sched_lock_of(v);
	v->sched.gone = true;
	atomic_sub(&c->rq.nr_vcpus, 1);
	spin_unlock(&c->rq.lock);
}

bool sched_yield(struct vcpu *v)
{
	struct cpu *c = this_cpu();

	if (!READ_ONCE(c->rq.nr_ready))
		return false;
	v->sched.yields = true;
	atomic_or(&c->todo, TODO_RESCHED);
	return true;
}

int sched_set_affinity(struct vcpu *v, uint64_t hard, uint64_t soft)
{
	uint64_t online = nr_cpus == 64 ? ~(uint64_t)0 : BIT64(nr_cpus) - 1;

	if (!(hard & online))
		return -EINVAL;
	WRITE_ONCE(v->sched.hard_affinity, hard);
	WRITE_ONCE(v->sched.soft_affinity, soft);
	if (!sched_allows(&v->sched, READ_ONCE(v->sched.cpu))) {
		/* Take v off its queue as if it slept; sched_let_go() on that CPU then moves it. */
		sched_sleep(v);
		move_to(v, choose_cpu(v));
		sched_wake(v);
	}
	return 0;
}

int sched_set_weight(struct domain *d, uint32_t weight, uint32_t cap_percent)
{
	struct vcpu *v;

	if (weight == 0 || weight > SCHED_WEIGHT_MAX || cap_percent > 100u * MAX_VCPUS)
		return -EINVAL;
	WRITE_ONCE(d->sched_weight, weight);
	WRITE_ONCE(d->sched_cap, cap_percent);
	for_each_vcpu (d, v)
		if (READ_ONCE(v->running)) /* the cap applies from when v is next chosen to run */
			cpu_kick(cpus[READ_ONCE(v->sched.cpu)], TODO_RESCHED);
	return 0;
}

/*
 * Find a queued vCPU that may run on c, preferably near the head of the queue. The search stops
 * after 64 vCPUs because the queue's lock is held.
 */
static struct vcpu *rq_find_for(const struct runqueue *rq, const struct cpu *c)
{
	struct heap_node *stack[16] = {rq->ready.root};

	for (unsigned depth = rq->ready.root ? 1 : 0, seen = 0; depth && seen < 64; seen++) {
		struct heap_node *n = stack[--depth];
		struct vcpu *v = container_of(n, struct vcpu, sched.node);

		if (sched_allows(&v->sched, c->id) && !atomic_load_acq(&v->running))
			return v;
		if (n->next && depth < ARRAY_SIZE(stack))
			stack[depth++] = n->next;
		if (n->child && depth < ARRAY_SIZE(stack))
			stack[depth++] = n->child;
	}
	return NULL;
}

/* Take a waiting vCPU that may run on the idle CPU c from the queue of another CPU. */
static struct vcpu *steal(struct cpu *c)
{
	struct cpu *victim;

	for_each_cpu (victim) {
		struct vcpu *v = NULL;

		if (victim == c || !READ_ONCE(victim->rq.nr_ready) ||
		    !spin_trylock(&victim->rq.lock))
			continue;
		v = victim->rq.running ? rq_find_for(&victim->rq, c) : NULL;
		if (v) {
			rq_remove(&victim->rq, v);
			v->sched.vruntime = READ_ONCE(c->rq.vclock);
			atomic_sub(&victim->rq.nr_vcpus, 1);
			atomic_add(&c->rq.nr_vcpus, 1);
			WRITE_ONCE(v->sched.cpu, (uint16_t)c->id);
		}
		spin_unlock(&victim->rq.lock);
		if (v)
			return v;
	}
	return NULL;
}

static void step_behind_first(struct runqueue *rq, struct vcpu *v)
{
	const struct vcpu *first = rq_first(rq);

	v->sched.yields = false;
	if (first && v->sched.vruntime <= first->sched.vruntime)
		v->sched.vruntime = first->sched.vruntime + 1;
}

/*
 * End the turn of the vCPU that ran on c, which is still loaded here. If it is runnable it returns
 * to the queue, or rq->hand_over marks it for another CPU; otherwise only its state changes.
 */
static void put_previous(struct runqueue *rq, struct cpu *c, uint64_t now)
{
	struct vcpu *prev = rq->running;

	WRITE_ONCE(rq->running, NULL);
	if (!prev)
		return;
	account(rq, prev, now);
	if (prev->sched.yields)
		step_behind_first(rq, prev);
	if (only_blocked(prev)) { /* the most frequent case */
		account_state(prev, RUNSTATE_blocked, now);
	} else if (vcpu_runnable(prev) && !over_cap(prev)) {
		account_state(prev, RUNSTATE_runnable, now);
		if (unlikely(!sched_allows(&prev->sched, c->id) ||
			     (nr_cpus > 1 && rq->nr_ready && belongs_elsewhere(prev, rq))))
			rq->hand_over = true;
		else
			rq_insert(rq, prev);
	} else {
		account_state(prev, idle_state(prev), now);
	}
}

/*
 * While a vCPU is offline or its domain is paused, another CPU may access its registers.
 * That CPU's release of `offline` or of the count pairs with the acquire here: this CPU loads the
 * registers after that. vcpu_runnable() alone does not order the loads.
 */
static void registers_acquire(const struct vcpu *v)
{
	(void)atomic_load_acq(&v->offline);
	(void)atomic_load_acq(&v->domain->pause_count);
}

static struct vcpu *pick(struct runqueue *rq, struct cpu *c, uint64_t now)
{
	struct vcpu *v = rq_first(rq);

	if (v)
		rq_remove(rq, v);
	else if ((v = steal(c)) == NULL)
		return NULL;
	if (v->sched.vruntime > rq->vclock)
		WRITE_ONCE(rq->vclock, v->sched.vruntime);
	registers_acquire(v);
	v->sched.since = now;
	account_state(v, RUNSTATE_running, now);
	atomic_store(&v->running, true);
	WRITE_ONCE(rq->running, v);
	WRITE_ONCE(rq->slice_end, now + ticks.slice);
	rq->cap_end = cap_end(v, now);
	return v;
}

static __inline_here void start_slice(struct cpu *c)
{
	struct runqueue *rq = &c->rq;
	uint64_t stop = stop_time(rq);

	if (stop != TIMER_OFF && (!timer_armed(&rq->slice) || rq->slice.node.key > stop))
		timer_set(&rq->slice, stop);
}

void sched_start_slice(struct cpu *c)
{
	start_slice(c);
}

/*
 * The last access of this CPU to v. After it another CPU may load, move or end v. The store-release
 * pairs with the load-acquires of `running`, which are listed at struct vcpu.
 */
static inline void vcpu_release(struct vcpu *v)
{
	atomic_store_rel(&v->running, false);
}

/*
 * Move v, which this CPU has unloaded, to an allowed CPU, and queue it there if it is runnable.
 * Both queues are locked, so other CPUs see one step: v belongs either to this CPU, which still
 * owns it, or to the new CPU while no CPU owns it.
 */
static __noinline void hand_over(struct cpu *c, struct vcpu *v)
{
	struct cpu *to = best_cpu(v);
	uint32_t todo = 0;

	c->rq.hand_over = false;
	spin_lock_pair(&c->rq.lock, &to->rq.lock);
	if (to != c) {
		if (heap_contains(&v->sched.node)) /* woken meanwhile */
			rq_remove(&c->rq, v);
		change_cpu(v, c, to);
	}
	if (vcpu_runnable(v) && !heap_contains(&v->sched.node))
		todo = enqueue(to, v, time_ticks());
	vcpu_release(v);
	spin_unlock_pair(&c->rq.lock, &to->rq.lock);
	ask(to, todo);
}

struct vcpu *sched_choose(struct cpu *c)
{
	struct runqueue *rq = &c->rq;
	struct vcpu *next;
	uint64_t now;

	spin_lock(&rq->lock);
	now = time_ticks();
	put_previous(rq, c, now);
	next = pick(rq, c, now);
	spin_unlock(&rq->lock);
	if (next)
		start_slice(c);
	return next;
}

void sched_let_go(struct cpu *c, struct vcpu *v)
{
	if (unlikely(c->rq.hand_over || !sched_allows(&v->sched, c->id)))
		hand_over(c, v);
	else
		vcpu_release(v);
}
