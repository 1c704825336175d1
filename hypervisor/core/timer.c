/* SPDX-License-Identifier: ISC */
/* Timers: a heap of deadlines per CPU, the hardware set to the first of them. */
#include <hyp/cpu.h>
#include <hyp/lib.h>

uint32_t time_hz;
uint64_t time_boot_ticks;

/* ns = ticks * mult >> 32 and back, with factors made once: no divisions later. */
static uint64_t ns_per_tick_q32, ticks_per_ns_q32;

void time_init(uint32_t hz)
{
	time_hz = hz;
	time_boot_ticks = time_ticks();
	ns_per_tick_q32 = (1000000000ULL << 32) / hz;
	ticks_per_ns_q32 = ((uint64_t)hz << 32) / 1000000000ULL;
}

/* 64 x 32.32 bits: the product needs 96. */
static uint64_t mul_q32(uint64_t a, uint64_t q32)
{
	return (uint64_t)(((unsigned __int128)a * q32) >> 32);
}

uint64_t time_ns_to_ticks(ns_t ns)
{
	return mul_q32(ns, ticks_per_ns_q32);
}

ns_t time_ticks_to_ns(uint64_t t)
{
	return mul_q32(t, ns_per_tick_q32);
}

ns_t time_now(void)
{
	return time_ticks_to_ns(time_ticks() - time_boot_ticks);
}

static void program(struct timer_queue *q)
{
	struct heap_node *first = heap_min(&q->heap);
	uint64_t deadline = first ? first->key : TIMER_OFF;

	if (deadline == q->programmed)
		return;
	q->programmed = deadline;
	arch_timer_program(deadline);
}

/* Lock the queue that t is in; it may move while we wait for the lock. */
static struct timer_queue *lock_queue_of(struct timer *t)
{
	for (;;) {
		unsigned cpu = READ_ONCE(t->cpu);
		struct timer_queue *q = &cpus[cpu]->timers;

		spin_lock(&q->lock);
		if (cpu == t->cpu)
			return q;
		spin_unlock(&q->lock);
	}
}

void timer_cancel(struct timer *t)
{
	struct timer_queue *q;

	if (!timer_armed(t))
		return;
	q = lock_queue_of(t);
	if (timer_armed(t))
		heap_remove(&q->heap, &t->node);
	/* The hardware may fire for it once, for nothing: cheaper than programming it now. */
	spin_unlock(&q->lock);
}

void timer_cancel_sync(struct timer *t)
{
	struct cpu *c;

	timer_cancel(t);
	for_each_cpu (c)
		while (READ_ONCE(c->timers.firing) == t)
			cpu_relax();
	smp_mb(); /* what fn did is done */
}

void timer_set(struct timer *t, uint64_t deadline)
{
	struct cpu *c = this_cpu();

	timer_cancel(t);
	spin_lock(&c->timers.lock);
	t->cpu = (uint16_t)c->id;
	heap_insert(&c->timers.heap, &t->node, deadline);
	if (deadline < c->timers.programmed)
		program(&c->timers);
	spin_unlock(&c->timers.lock);
}

void timer_run(void)
{
	struct timer_queue *q = &this_cpu()->timers;

	spin_lock(&q->lock);
	for (;;) {
		struct heap_node *n = heap_min(&q->heap);
		struct timer *t;

		if (!n || n->key > time_ticks())
			break;
		t = container_of(n, struct timer, node);
		heap_remove(&q->heap, n);
		q->firing = t;
		spin_unlock(&q->lock);
		t->fn(t);
		spin_lock(&q->lock);
		q->firing = NULL;
	}
	q->programmed = 0; /* the hardware's deadline has passed: program() must write it */
	program(q);
	spin_unlock(&q->lock);
}
