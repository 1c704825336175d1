/* SPDX-License-Identifier: ISC */
/*
 * The scheduler: weighted fair shares, one run queue per CPU; idle CPUs take work from other
 * queues.
 *
 * A vCPU's virtual runtime grows by (time run * 256 / weight), and the vCPU with the smallest runs
 * next. A waking vCPU gets at least the queue's clock minus a small credit. It preempts a running
 * vCPU whose virtual runtime is larger, once that vCPU has run for its minimum time.
 *
 * core/sched.c decides which vCPU runs; core/run.c runs it. Idling is a loop in run_next(), not a
 * vCPU. The state of the last vCPU stays loaded while its CPU sleeps; if that vCPU wakes first,
 * nothing has to be switched. vcpu.running means "owned by a CPU": only that CPU can run the vCPU.
 * struct vcpu has the rules of ownership.
 */
#ifndef HYP_SCHED_H
#define HYP_SCHED_H

#include <lib/heap.h>
#include <lib/spinlock.h>
#include <hyp/timer.h>

struct vcpu;
struct domain;
struct cpu;

#define SCHED_WEIGHT_DEFAULT 256
#define SCHED_WEIGHT_MAX     65535

struct runqueue {
	struct spinlock lock; /* RANK_SCHED */
	struct heap ready;    /* runnable, not running; key: vruntime */
	uint32_t nr_ready;
	uint32_t nr_vcpus;    /* assigned to this queue, running or not */
	struct vcpu *running; /* chosen to run; NULL: idle */
	bool hand_over;       /* the vCPU that ran here last moves to another CPU */
	uint64_t vclock;      /* follows the smallest vruntime; never goes back */
	/* In ticks: end of the time slice if another vCPU waits; see enqueue(). */
	uint64_t slice_end;
	uint64_t cap_end;   /* when the running vCPU reaches its cap; TIMER_OFF: no cap */
	struct timer slice; /* armed while a vCPU waits; may fire early, and is then set again */
};

struct sched_vcpu {
	struct heap_node node;  /* in its CPU's ready heap */
	uint64_t vruntime;      /* ticks, scaled by weight */
	uint64_t since;         /* ticks: running time is accounted up to here */
	uint64_t hard_affinity; /* CPUs that it may run on, a bit each */
	uint64_t soft_affinity; /* CPUs that it prefers */
	uint64_t cap_used;      /* ticks run in this cap period */
	uint64_t cap_period;    /* start of the cap period, ticks */
	struct timer cap_timer; /* ends `throttled` */
	uint32_t throttled;     /* has used up its cap */
	bool yields;  /* lets the first vCPU in the queue go first; used only on its own CPU */
	bool gone;    /* sched_vcpu_destroy() was called: it belongs to no queue any more */
	uint16_t cpu; /* the CPU of its run queue */
	int state;    /* RUNSTATE_* */
	uint64_t state_since;   /* ticks */
	uint64_t state_time[4]; /* ticks in each RUNSTATE_*, up to state_since */
};

void sched_init_cpu(struct cpu *c);
void sched_vcpu_init(struct vcpu *v);
/* Takes effect at once, also for a running vCPU. Returns -EINVAL if no CPU of `hard` is online. */
int sched_set_affinity(struct vcpu *v, uint64_t hard, uint64_t soft);
/* weight: 1..65535. cap: percent of one CPU for the domain, divided among its vCPUs; 0: no cap. */
int sched_set_weight(struct domain *d, uint32_t weight, uint32_t cap_percent);

/*
 * v may have become runnable: if so, queue it and kick a CPU if needed. Does nothing if v is queued
 * or running.
 */
void sched_wake(struct vcpu *v);
/*
 * v is no longer runnable (see vcpu_runnable()): take it off its queue, or make its CPU release it.
 */
void sched_sleep(struct vcpu *v);
/*
 * Let the other vCPUs in the queue go first. Only for the vCPU that runs here. Returns false if
 * none waits.
 */
bool sched_yield(struct vcpu *v);

/* Another vCPU waits: make sure that the running vCPU stops in time. */
void sched_start_slice(struct cpu *c);

/* Take v off its queue and CPU for good, before its structure is freed. */
void sched_vcpu_destroy(struct vcpu *v);

/*
 * Lock v's run queue, which protects v's run state and times: another CPU changes them when it
 * wakes v, even while v's own CPU is about to release v.
 */
struct cpu *sched_lock_of(struct vcpu *v);
void sched_unlock(struct cpu *c);

/*
 * Choose the next vCPU for this CPU c and limit its time if others wait. Returns NULL if none can
 * run. The previous vCPU is then queued again, asleep, or about to move to another CPU
 * (c->rq.hand_over).
 */
struct vcpu *sched_choose(struct cpu *c);

/*
 * c has unloaded v and must not access it any more: another CPU may load, move or end v. If its
 * affinity or c->rq.hand_over requires it, v moves to another CPU, even if it sleeps.
 */
void sched_let_go(struct cpu *c, struct vcpu *v);

/* May this vCPU run on this CPU, by its hard affinity? */
static inline bool sched_allows(const struct sched_vcpu *s, unsigned cpu)
{
	return READ_ONCE(s->hard_affinity) & BIT64(cpu);
}

#endif
