/* SPDX-License-Identifier: ISC */
/*
 * The scheduler: weighted fair shares, one run queue a CPU, idle CPUs take work from others.
 *
 * A vCPU's virtual runtime grows by (time run * 256 / weight); the one with the least runs next. A
 * woken vCPU starts at the queue's clock less a small credit, and preempts a runner that is further
 * ahead than that.
 *
 * Idling is a loop in sched_next(), not a vCPU: the last vCPU's state stays loaded while its CPU
 * sleeps, and if it is the one that wakes, nothing has to be switched. vcpu.running says "loaded on
 * some CPU"; such a vCPU can be run by that CPU only.
 */
#ifndef HYP_SCHED_H
#define HYP_SCHED_H

#include <hyp/heap.h>
#include <hyp/spinlock.h>
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
	uint32_t nr_vcpus;    /* that belong here, running or not */
	struct vcpu *running; /* chosen to run; NULL: idle */
	uint64_t vclock;      /* the least vruntime there was: never goes back */
	uint64_t slice_end;   /* ticks: when it has to stop if somebody waits; see enqueue() */
	uint64_t cap_end;     /* when the one that runs reaches its cap; TIMER_OFF: it has none */
	struct timer
		slice; /* armed while somebody waits; lazily: it may fire early and is set again */
};

struct sched_vcpu {
	struct heap_node node;  /* in its CPU's ready heap */
	uint64_t vruntime;      /* ticks, scaled by weight */
	uint64_t since;         /* ticks: up to when its running time is accounted */
	uint64_t hard_affinity; /* CPUs it may run on, a bit each */
	uint64_t soft_affinity; /* and the ones it prefers */
	uint64_t cap_used;      /* ticks run in this cap period */
	uint64_t cap_period;    /* when that began, ticks */
	struct timer cap_timer; /* ends `throttled` */
	uint32_t throttled;     /* has used up its cap */
	bool yields; /* lets the first in the queue go ahead; set and read on the CPU that it runs on */
	uint16_t cpu;           /* whose run queue it belongs to */
	int state;              /* RUNSTATE_* */
	uint64_t state_since;   /* ticks */
	uint64_t state_time[4]; /* ticks in each RUNSTATE_*, up to state_since */
};

void sched_init_cpu(struct cpu *c);
void sched_vcpu_init(struct vcpu *v);
/* Takes effect at once, also for a running vCPU. -EINVAL: no such CPU. */
int sched_set_affinity(struct vcpu *v, uint64_t hard, uint64_t soft);
/* weight 1..65535; cap in percent of one CPU for the domain, spread over its vCPUs; 0: none. */
int sched_set_weight(struct domain *d, uint32_t weight, uint32_t cap_percent);

/*
 * v may run now: put it on a queue and kick a CPU if it should. Harmless if it is queued or
 * running.
 */
void sched_wake(struct vcpu *v);
/*
 * v is no longer runnable (see vcpu_runnable()): take it off its queue or make its CPU let go of
 * it.
 */
void sched_sleep(struct vcpu *v);
/* Give way to the others in the queue. Only for the vCPU that runs here. false: there are none. */
bool sched_yield(struct vcpu *v);

/* Somebody waits: make sure that the one that runs here stops in time. */
void sched_start_slice(struct cpu *c);

/* Off every queue and CPU for good, before the structure is freed. */
void sched_vcpu_destroy(struct vcpu *v);

/* Note a change of state for the guest's steal-time accounting. The run queue's lock is held. */
void sched_account_state(struct vcpu *v, int state, uint64_t now);

/*
 * Choose who runs on this CPU next, sleeping while there is nobody. Handles interrupts while it
 * sleeps. Called on the way back to a guest when TODO_RESCHED is set; returns the vCPU to enter.
 */
struct vcpu *sched_next(struct cpu *c);

#endif
