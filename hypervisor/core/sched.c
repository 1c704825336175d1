/* SPDX-License-Identifier: ISC */
/* The scheduler: who runs where and for how long. */
#include <hyp/domain.h>
#include <hyp/irq.h>
#include <hyp/page.h>

#define SLICE_US 5000  /* how long one runs while others wait */
#define TURN_US  1000  /* and at least, whoever wakes up: what is done in batches stays so */
#define WAKE_US  1000  /* credit of a vCPU that wakes up */
#define CAP_US   20000 /* caps are enforced over this period */

static uint64_t us_to_ticks(uint64_t us)
{
	return us * time_hz / 1000000;
}

/* Precomputed at boot: no divisions on the way. */
static struct {
	uint64_t slice, turn, wake, cap_period;
} ticks;

bool vcpu_runnable(const struct vcpu *v)
{
	return !(READ_ONCE(v->offline) | READ_ONCE(v->blocked) | READ_ONCE(v->pause_count) |
		 READ_ONCE(v->domain->pause_count) | READ_ONCE(v->sched.throttled));
}

/* When the one that runs has to stop: its slice is over and somebody waits, or its cap is reached. */
static uint64_t stop_time(const struct runqueue *rq)
{
	if (!rq->running)
		return TIMER_OFF;
	return rq->nr_ready ? MIN(rq->slice_end, rq->cap_end) : rq->cap_end;
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
		unsigned n = cpus[i]->rq.nr_vcpus, least = cpus[best]->rq.nr_vcpus;

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

void sched_vcpu_destroy(struct vcpu *v)
{
	timer_cancel_sync(&v->sched.cap_timer);
	sched_sleep(v);
	atomic_sub(&cpus[v->sched.cpu]->rq.nr_vcpus, 1);
}

void sched_account_state(struct vcpu *v, int state, uint64_t now)
{
	struct sched_vcpu *s = &v->sched;

	s->state_time[s->state] += now - s->state_since;
	s->state = state;
	s->state_since = now;
}

/* Of one that does not run: blocked if that is all that keeps it. */
static __inline_here int idle_state(const struct vcpu *v)
{
	if (likely(v->blocked && !v->offline && !v->pause_count && !v->domain->pause_count))
		return RUNSTATE_blocked;
	return vcpu_runnable(v) ? RUNSTATE_runnable : RUNSTATE_offline;
}

static inline bool allowed_on(const struct vcpu *v, unsigned cpu)
{
	return v->sched.hard_affinity & BIT64(cpu);
}

/* Lock the run queue that v belongs to; it can move while we wait for the lock. */
static struct cpu *rq_lock_of(struct vcpu *v)
{
	for (;;) {
		struct cpu *c = cpus[READ_ONCE(v->sched.cpu)];

		spin_lock(&c->rq.lock);
		if (c->id == v->sched.cpu)
			return c;
		spin_unlock(&c->rq.lock);
	}
}

static void rq_insert(struct runqueue *rq, struct vcpu *v)
{
	heap_insert(&rq->ready, &v->sched.node, v->sched.vruntime);
	rq->nr_ready++;
}

static void rq_remove(struct runqueue *rq, struct vcpu *v)
{
	heap_remove(&rq->ready, &v->sched.node);
	rq->nr_ready--;
}

static struct vcpu *rq_first(struct runqueue *rq)
{
	struct heap_node *n = heap_min(&rq->ready);

	return n ? container_of(n, struct vcpu, sched.node) : NULL;
}

/* Charge the time since it was last charged. */
static __inline_here void account(struct runqueue *rq, struct vcpu *v, uint64_t now)
{
	struct sched_vcpu *s = &v->sched;
	uint64_t delta = now - s->since, weight = v->domain->sched_weight;

	s->since = now;
	s->vruntime += likely(weight == SCHED_WEIGHT_DEFAULT)
			       ? delta
			       : delta * SCHED_WEIGHT_DEFAULT / weight;
	if (s->vruntime > rq->vclock && !rq->nr_ready)
		rq->vclock = s->vruntime;
	if (unlikely(v->domain->sched_cap))
		s->cap_used += delta;
}

/* How long v may run in each period. */
static uint64_t cap_limit(const struct vcpu *v)
{
	return ticks.cap_period * v->domain->sched_cap / 100 / v->domain->nr_vcpus;
}

/* When v, which starts to run now, will have used up what its cap allows. */
static uint64_t cap_end(struct vcpu *v, uint64_t now)
{
	struct sched_vcpu *s = &v->sched;
	uint64_t limit;

	if (likely(!v->domain->sched_cap))
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

/* Has v used what its cap allows in this period? Then it pauses until the next one. */
static bool over_cap(struct vcpu *v)
{
	struct sched_vcpu *s = &v->sched;

	if (likely(!v->domain->sched_cap) || s->cap_used < cap_limit(v))
		return false;
	atomic_store(&s->throttled, 1);
	timer_set(&s->cap_timer, s->cap_period + ticks.cap_period);
	return true;
}

/* How many want a CPU: only a hint, as its queue is not locked. */
static unsigned rq_length(const struct cpu *c)
{
	return READ_ONCE(c->rq.nr_ready) + (READ_ONCE(c->rq.running) != NULL);
}

/* Of several CPUs the one of the smallest cost is taken: a short queue first, then soft affinity. */
static unsigned cpu_cost(const struct vcpu *v, const struct cpu *c)
{
	return 2 * rq_length(c) + !(v->sched.soft_affinity & BIT64(c->id));
}

/*
 * The CPU for a vCPU that becomes ready: where it last ran, unless that one is busy and another one
 * that it may use is less so. One that is still loaded somewhere cannot move.
 */
static struct cpu *choose_cpu(struct vcpu *v)
{
	struct cpu *home = cpus[v->sched.cpu], *best = NULL, *c;

	if (atomic_load_acq(&v->running))
		return home;
	if (allowed_on(v, home->id))
		best = home;
	if (best && !rq_length(home))
		return home;
	for_each_cpu (c)
		if (allowed_on(v, c->id) && (!best || cpu_cost(v, c) < cpu_cost(v, best)))
			best = c;
	return best ? best : home;
}

/* Whether v, which has run here, would wait less elsewhere: two queues differ by at most one then. */
static bool belongs_elsewhere(const struct vcpu *v, const struct runqueue *rq)
{
	struct cpu *c;

	for_each_cpu (c)
		if (&c->rq != rq && allowed_on(v, c->id) && rq_length(c) < rq->nr_ready)
			return true;
	return false;
}

/*
 * Put v, whose queue is locked, onto it. Returns what its CPU has to do: TODO_RESCHED if v should run at once,
 * TODO_SLICE if the one that runs there has to stop sooner than it was going to; 0: nothing.
 */
static uint32_t enqueue(struct cpu *c, struct vcpu *v, uint64_t now)
{
	struct runqueue *rq = &c->rq;
	struct vcpu *running = rq->running;
	uint64_t floor;

	/* One that runs alone may have done so for hours: the clock has to know before v is measured by it. */
	if (running)
		account(rq, running, now);
	floor = rq->vclock > ticks.wake ? rq->vclock - ticks.wake : 0;
	if (v->sched.vruntime < floor)
		v->sched.vruntime = floor;
	sched_account_state(v, RUNSTATE_runnable, now);
	rq_insert(rq, v);
	if (!running)
		return TODO_RESCHED;
	if (v->sched.vruntime < running->sched.vruntime) {
		uint64_t turn_end = running->sched.state_since + ticks.turn;

		if (now >= turn_end)
			return TODO_RESCHED;
		rq->slice_end = turn_end;
		return TODO_SLICE;
	}
	/* Where nobody was waiting the other runs without a slice. */
	return rq->nr_ready == 1 ? TODO_SLICE : 0;
}

static bool move_to(struct vcpu *v, struct cpu *to)
{
	struct cpu *from = rq_lock_of(v);
	bool can = !atomic_load_acq(&v->running) && !heap_contains(&v->sched.node);

	if (can && from != to) {
		/* A vruntime means something relative to its queue's clock only. */
		int64_t lag = (int64_t)(v->sched.vruntime - from->rq.vclock);
		uint64_t clock = READ_ONCE(to->rq.vclock);

		v->sched.vruntime = lag < 0 && (uint64_t)-lag > clock ? 0 : clock + (uint64_t)lag;
		atomic_sub(&from->rq.nr_vcpus, 1);
		atomic_add(&to->rq.nr_vcpus, 1);
		WRITE_ONCE(v->sched.cpu, (uint16_t)to->id);
	}
	spin_unlock(&from->rq.lock);
	return can;
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
	if (todo == TODO_SLICE && c == this_cpu())
		sched_start_slice(c);
	else if (todo)
		cpu_kick(c, todo);
}

void sched_sleep(struct vcpu *v)
{
	struct cpu *c = rq_lock_of(v);

	if (heap_contains(&v->sched.node)) {
		rq_remove(&c->rq, v);
		sched_account_state(v, idle_state(v), time_ticks());
	}
	/* Running, or loaded on a sleeping CPU: that one lets go of it. */
	if (c->rq.running == v || atomic_load(&v->running))
		cpu_kick(c, TODO_RESCHED);
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
	if (!allowed_on(v, v->sched.cpu)) {
		/* Off where it is, as if it slept for a moment; sched_next() there hands it on. */
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
	d->sched_weight = weight;
	d->sched_cap = cap_percent;
	for_each_vcpu (d, v)
		if (READ_ONCE(v->running)) /* a cap counts from when it is chosen to run */
			cpu_kick(cpus[READ_ONCE(v->sched.cpu)], TODO_RESCHED);
	return 0;
}

/*
 * Somebody in the queue who may run on c, preferably from its head. Not all are looked at when there are very many:
 * the queue's lock is held.
 */
static struct vcpu *rq_find_for(const struct runqueue *rq, const struct cpu *c)
{
	struct heap_node *stack[16] = {rq->ready.root};

	for (unsigned depth = rq->ready.root ? 1 : 0, seen = 0; depth && seen < 64; seen++) {
		struct heap_node *n = stack[--depth];
		struct vcpu *v = container_of(n, struct vcpu, sched.node);

		if (allowed_on(v, c->id) && !atomic_load_acq(&v->running))
			return v;
		if (n->next && depth < ARRAY_SIZE(stack))
			stack[depth++] = n->next;
		if (n->child && depth < ARRAY_SIZE(stack))
			stack[depth++] = n->child;
	}
	return NULL;
}

/* An idle CPU takes a vCPU that may run here from a queue where somebody waits. */
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
 * Take the one that ran off this CPU's books: back into the queue, away to another CPU, or just not
 * runnable. Returns it if it must be handed to another CPU (after it was unloaded).
 */
static struct vcpu *put_previous(struct runqueue *rq, struct cpu *c, uint64_t now)
{
	struct vcpu *prev = rq->running;

	rq->running = NULL;
	if (!prev)
		return NULL;
	account(rq, prev, now);
	if (prev->sched.yields)
		step_behind_first(rq, prev);
	if (vcpu_runnable(prev) && !over_cap(prev)) {
		sched_account_state(prev, RUNSTATE_runnable, now);
		if (!allowed_on(prev, c->id) ||
		    (nr_cpus > 1 && rq->nr_ready && belongs_elsewhere(prev, rq)))
			return prev;
		rq_insert(rq, prev);
	} else {
		sched_account_state(prev, idle_state(prev), now);
	}
	return NULL;
}

static struct vcpu *pick(struct runqueue *rq, struct cpu *c, uint64_t now)
{
	struct vcpu *v = rq_first(rq);

	if (v)
		rq_remove(rq, v);
	else if ((v = steal(c)) == NULL)
		return NULL;
	if (v->sched.vruntime > rq->vclock)
		rq->vclock = v->sched.vruntime;
	v->sched.since = now;
	sched_account_state(v, RUNSTATE_running, now);
	atomic_store(&v->running, true);
	rq->running = v;
	rq->slice_end = now + ticks.slice;
	rq->cap_end = cap_end(v, now);
	return v;
}

void sched_start_slice(struct cpu *c)
{
	struct runqueue *rq = &c->rq;
	uint64_t stop = stop_time(rq);

	if (stop != TIMER_OFF && (!timer_armed(&rq->slice) || rq->slice.node.key > stop))
		timer_set(&rq->slice, stop);
}

/*
 * Background work of idle CPUs. One at a time is enough to use up the memory's bandwidth, and keeps
 * the others off the allocator's lock. true: there may be more.
 */
static bool idle_work(void)
{
	static uint32_t busy;
	bool more;

	if (!page_nr_dirty() || atomic_swap(&busy, 1))
		return false;
	more = page_scrub_some();
	atomic_store_rel(&busy, 0);
	return more;
}

/* Nobody to run: sleep until an interrupt, then handle it. */
static void idle_once(struct cpu *c)
{
	uint64_t start = time_ticks();

	if (!idle_work() && !READ_ONCE(c->todo))
		arch_wait_for_interrupt();
	while (irq_handle_one(c->current))
		;
	c->idle_ticks += time_ticks() - start;
}

/* A vCPU that merely sleeps keeps the hardware's state for the case that it is the next to wake. */
static bool may_stay_loaded(const struct vcpu *v, const struct cpu *c)
{
	return !v->offline && !v->pause_count && !v->domain->pause_count && allowed_on(v, c->id);
}

static void enter(struct cpu *c, struct vcpu *next)
{
	sched_start_slice(c);
	if (c->current != next)
		vcpu_switch_in(next);
	else
		vcpu_resume(next);
	if (unlikely(!allowed_on(next, c->id)))
		atomic_or(&c->todo,
			  TODO_RESCHED); /* its affinity changed while it was loaded: move it on */
}

/* One that sleeps, too, belongs to a CPU that it may use. */
static void let_go(struct cpu *c, struct vcpu *v)
{
	vcpu_switch_out(v);
	if (unlikely(!allowed_on(v, c->id)))
		move_to(v, choose_cpu(v));
}

struct vcpu *sched_next(struct cpu *c)
{
	struct runqueue *rq = &c->rq;

	for (;;) {
		struct vcpu *next, *away, *loaded = c->current;
		uint64_t now;

		spin_lock(&rq->lock);
		now = time_ticks();
		away = put_previous(rq, c, now);
		next = pick(rq, c, now);
		spin_unlock(&rq->lock);

		if (loaded && loaded != next && (next || !may_stay_loaded(loaded, c)))
			let_go(c, loaded);
		if (away)
			sched_wake(away);
		if (next) {
			enter(c, next);
			return next;
		}
		idle_once(c);
		/*
		 * Whatever was asked for happens now, when the queue is looked at, or in enter().
		 */
		atomic_swap(&c->todo, 0);
	}
}
