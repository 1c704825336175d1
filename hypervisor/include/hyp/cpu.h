/* SPDX-License-Identifier: ISC */
/* Physical CPUs: per-CPU data, and requests from one CPU to another. */
#ifndef HYP_CPU_H
#define HYP_CPU_H

#include <hyp/limits.h>
#include <hyp/sched.h>
#include <hyp/timer.h>
#include <lib/atomic.h>

struct vcpu;

/* Bits of cpu.todo, checked on the way back to a guest. */
#define TODO_RESCHED BIT(0) /* choose again which vCPU runs */
#define TODO_VGIC    BIT(1) /* another CPU queued interrupts for the running vCPU */
#define TODO_SLICE   BIT(2) /* another vCPU waits now: limit the time of the running vCPU */
#define TODO_INSN \
	BIT(3) /* the running vCPU's access waits until its instruction has been emulated */

struct cpu {
	/* TODO_*; any CPU sets bits atomically. It comes first because assembly code reads it. */
	uint32_t todo;
	uint32_t entry_loop; /* both: for the vectors of this CPU; the architecture's */
	uint32_t entry_call;
	unsigned id;          /* logical number, 0 .. nr_cpus-1 */
	struct vcpu *current; /* the loaded vCPU; stays loaded while the CPU idles */
	struct vcpu *fp_last; /* the vCPU whose FP registers the hardware holds, or NULL */
	uint32_t start;       /* progress of its start; the architecture's */
	uint8_t untrapped;    /* registers to clear for each vCPU; the architecture's */
	uint64_t hwid;        /* MPIDR affinity fields */
	struct runqueue rq;
	struct timer_queue {
		struct spinlock lock; /* RANK_TIMER */
		struct heap heap;
		struct timer *firing; /* the timer whose fn runs on this CPU */
		uint64_t programmed;  /* deadline in the hardware; ~0: off */
	} timers;
	uint64_t idle_ticks; /* total; for getcpuinfo */
};

extern struct cpu *cpus[MAX_CPUS];
extern unsigned nr_cpus; /* online */

/* asm/cpu.h: struct cpu *this_cpu(void); void arch_wait_for_interrupt(void). */
#include <asm/cpu.h>

#define for_each_cpu(c) for (unsigned _i = 0; _i < nr_cpus && ((c) = cpus[_i], true); _i++)

/* Set todo bits of a CPU. Another CPU gets an IPI unless all these bits were set already. */
void cpu_kick(struct cpu *c, uint32_t todo);

#endif
