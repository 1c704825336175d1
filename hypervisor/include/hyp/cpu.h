/* SPDX-License-Identifier: ISC */
/* Physical CPUs: per-CPU data and what one CPU can ask of another. */
#ifndef HYP_CPU_H
#define HYP_CPU_H

#include <hyp/atomic.h>
#include <hyp/sched.h>
#include <hyp/timer.h>

#define MAX_CPUS 64

struct vcpu;

/* Bits of cpu.todo: looked at once on the way back to a guest. */
#define TODO_RESCHED BIT(0) /* choose again who runs */
#define TODO_VGIC    BIT(1) /* the running vCPU got interrupts from another CPU */
#define TODO_SLICE   BIT(2) /* somebody waits now: limit the time of who runs */

struct cpu {
	uint32_t todo;        /* TODO_*; set by anyone, atomically. First: assembly looks at it */
	unsigned id;          /* logical, 0 .. nr_cpus-1 */
	struct vcpu *current; /* whose state is loaded; stays so while the CPU idles */
	struct vcpu *fp_last; /* whose FP registers the hardware holds, NULL: nobody's */
	uint32_t start;       /* how far it has come up: the architecture's */
	uint64_t hwid;        /* MPIDR affinity fields */
	struct runqueue rq;
	struct timer_queue {
		struct spinlock lock; /* RANK_TIMER */
		struct heap heap;
		struct timer *firing; /* whose fn this CPU is in */
		uint64_t programmed;  /* deadline in the hardware, ~0: off */
	} timers;
	uint64_t idle_ticks; /* total, for getcpuinfo */
};

extern struct cpu *cpus[MAX_CPUS];
extern unsigned nr_cpus; /* online */

/* asm/cpu.h: struct cpu *this_cpu(void); void arch_wait_for_interrupt(void). */
#include <asm/cpu.h>

#define for_each_cpu(c) for (unsigned _i = 0; _i < nr_cpus && ((c) = cpus[_i], true); _i++)

/* Make a CPU look at its todo word: an IPI, unless it is this one. */
void cpu_kick(struct cpu *c, uint32_t todo);

#endif
