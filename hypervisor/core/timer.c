/* SPDX-License-Identifier: ISC */
/* Timers: a heap of deadlines per CPU; the hardware timer is set to the earliest. */
#include <hyp/arch.h>
#include <hyp/cpu.h>
#include <lib/lib.h>

/* deadline: of the first timer in the queue; TIMER_OFF: the queue is empty. */
static void program(struct timer_queue *q, uint64_t deadline)
{
	q->programmed = deadline;
	arch_timer_program(deadline);
}

/* Lock the queue of t. t may move to another queue while the caller waits for the lock. */
static struct timer_queue *lock_queue_of(struct timer *t)
{
	for (;;) {
		unsigned cpu = READ_ONCE(t->cpu);
		struct timer_queue *q = &cpus[cpu]->timers;

		spin_lock(&q->lock);
		if (cpu == READ_ONCE(t->cpu))
			return q;
		spin_unlock(&q->lock);
	}
}

/*
 * The caller holds the queue's lock. The store is the last access: a CPU that then sees t unarmed
 * in timer_armed() may put it into another queue.
 */
static void timer_remove(struct timer_queue *q, struct timer *t)
{
	heap_remove(&q->heap, &t->node);
	atomic_store_rel(&t->armed, 0);
}

void timer_cancel_armed(struct timer *t)
{
	struct timer_queue *q = lock_queue_of(t);

	if (atomic_load(&t->armed))
		timer_remove(q, t);
	/*
	 * The hardware timer may now expire once for nothing. That costs less than programming it
	 * here.
	 */
	spin_unlock(&q->lock);
}

/*
 * After timer_cancel() t is not armed: it was removed here, or by a timer_run() that had stored it
 * in `firing` first. The load-acquires pair with the store-release after fn in timer_run(), so all
 * effects of fn are visible.
 */
void timer_cancel_sync(struct timer *t)
{
	struct cpu *c;

	timer_cancel(t);
	for_each_cpu (c)
		while (atomic_load_acq(&c->timers.firing) == t)
			cpu_relax();
}

void timer_set(struct timer *t, uint64_t deadline)
{
	struct cpu *c = this_cpu();

	timer_cancel(t);
	spin_lock(&c->timers.lock);
	WRITE_ONCE(t->cpu, (uint16_t)c->id);
	atomic_store(&t->armed, 1);
	heap_insert(&c->timers.heap, &t->node, deadline);
	if (deadline < c->timers.programmed) /* it is the earliest */
		program(&c->timers, deadline);
	spin_unlock(&c->timers.lock);
}

void timer_run(void)
{
	struct timer_queue *q = &this_cpu()->timers;
	struct heap_node *n;

	spin_lock(&q->lock);
	while ((n = heap_min(&q->heap)) && n->key <= time_ticks()) {
		struct timer *t;

		t = container_of(n, struct timer, node);
		/*
		 * `firing` is set before the removal, for timer_cancel_sync(). The removal ends
		 * with a store-release.
		 */
		atomic_store(&q->firing, t);
		timer_remove(q, t);
		spin_unlock(&q->lock);
		t->fn(t);
		atomic_store_rel(&q->firing, NULL);
		spin_lock(&q->lock);
	}
	program(q, n ? n->key : TIMER_OFF);
	spin_unlock(&q->lock);
}
