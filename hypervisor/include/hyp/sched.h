/* SPDX-License-Identifier: ISC */
/*
 * The scheduler: weighted fair shares, one run queue a CPU, idle CPUs take work from others.
 *
 * A vCPU's virtual runtime grows by (time run * 256 / weight); the least runs next. A woken vCPU is placed no
 * further back than one latency behind the queue and preempts a runner that is further ahead.
 */
#ifndef HYP_SCHED_H
#define HYP_SCHED_H

#include <hyp/heap.h>
#include <hyp/spinlock.h>

struct vcpu;
struct domain;
struct cpu;

#define SCHED_WEIGHT_DEFAULT 256
#define SCHED_WEIGHT_MAX     65535

struct runqueue {
	struct spinlock lock; /* RANK_SCHED */
	struct heap ready;    /* runnable, not running; key: vruntime */
	uint32_t nr_ready;
	struct vcpu *running;
	uint64_t vclock;      /* monotonic lower bound of vruntimes */
	ns_t slice_end;
};

enum runstate { RUNSTATE_RUNNING, RUNSTATE_RUNNABLE, RUNSTATE_BLOCKED, RUNSTATE_OFFLINE };

struct sched_vcpu {
	struct heap_node node; /* in its CPU's ready heap */
	uint64_t vruntime;     /* weighted ns */
	ns_t since;	       /* when the current run started */
	uint16_t cpu;	       /* whose run queue it belongs to */
	uint64_t hard_affinity; /* CPUs it may run on, a bit each */
	uint64_t soft_affinity; /* and prefers */
};

void sched_init_cpu(struct cpu *c);
void sched_vcpu_init(struct vcpu *v);
/* Takes effect at once, also for a running vCPU. -EINVAL: no such CPU. */
int sched_set_affinity(struct vcpu *v, uint64_t hard, uint64_t soft);
int sched_set_weight(struct domain *d, uint32_t weight, uint32_t cap_percent);

/* v may run now: put it on a queue and kick a CPU if it should. Harmless if it is queued or running. */
void sched_wake(struct vcpu *v);
/* v is no longer runnable (see vcpu_runnable()): take it off its queue or make its CPU let go of it. */
void sched_sleep(struct vcpu *v);
/* Give way to the others in the queue. Only for the vCPU that runs here. */
void sched_yield(struct vcpu *v);

/*
 * Choose who runs on this CPU next, sleeping while there is nobody. Handles interrupts while it sleeps.
 * Called on the way back to a guest when TODO_RESCHED is set; returns the vCPU to enter.
 */
struct vcpu *sched_next(struct cpu *c);

#endif
