/* SPDX-License-Identifier: ISC */
/*
 * CPUs that interrupt each other: each has a stack, and goes on where it was.
 *
 * Where it changes hands is random on two scales. The number of basic blocks until the next change
 * is drawn from a range that is itself drawn: from every few instructions to once a call. And a CPU
 * that is left may have to stay where it is until others have made several calls, so that windows
 * of a few instructions are open long enough to be found.
 */
#include <host/host.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "interleave.h"

#define STACK_SIZE   (256 << 10)
#define NOBODY       IL_CPUS
#define LONGEST_STOP 8      /* calls of others */
#define NO_PROGRESS  100000 /* looks at a lock that nobody releases */

void __sanitizer_cov_trace_pc(void);

static struct {
	ucontext_t context;
	bool rests;
	unsigned stopped; /* until so many calls of others are over */
	unsigned held;    /* cpus_hold() */
	jmp_buf *asleep;  /* host_cpu_asleep is one for each CPU */
} fiber[IL_CPUS + 1];     /* the last one: nobody's */

static ucontext_t rounds;
static unsigned running = NOBODY, waits;
static uint64_t countdown = ~0ULL;
static uintptr_t last_block;
static void (*cpu_main)(unsigned cpu);

static void draw_countdown(void)
{
	static const uint64_t scale[] = {4, 32, 256, 2048};

	countdown = running == NOBODY || fiber[running].held
			    ? ~0ULL
			    : 1 + il_below(scale[il_below(ARRAY_SIZE(scale))]);
}

/* Leave the CPU that runs, whose context is to be saved in *from. */
static void go_on(ucontext_t *from, unsigned to)
{
	fiber[running].asleep = host_cpu_asleep;
	running = to;
	host_cpu_asleep = fiber[to].asleep;
	if (to != NOBODY)
		host_set_cpu(to);
	draw_countdown();
	swapcontext(from, to == NOBODY ? &rounds : &fiber[to].context);
}

/* Another CPU that may go on; the one that runs if there is none, NOBODY if that one rests. */
static unsigned choose(bool even_stopped)
{
	unsigned can[IL_CPUS], n = 0;

	for (unsigned i = 0; i < IL_CPUS; i++)
		if (i != running && !fiber[i].rests && (even_stopped || !fiber[i].stopped))
			can[n++] = i;
	if (n)
		return can[il_below(n)];
	if (running != NOBODY && !fiber[running].rests)
		return running;
	return even_stopped ? NOBODY : choose(true);
}

static void interrupt(uintptr_t pc)
{
	unsigned here = running, to = choose(false);

	draw_countdown();
	if (to == here)
		return;
	if (il_one_in(3))
		fiber[here].stopped = 1 + (unsigned)il_below(LONGEST_STOP);
	report_switch(here, to, pc);
	go_on(&fiber[here].context, to);
}

/* The compiler has put a call of this into every basic block of the hypervisor. */
void __sanitizer_cov_trace_pc(void)
{
	waits = 0;
	last_block = (uintptr_t)__builtin_return_address(0);
	if (--countdown == 0)
		interrupt(last_block);
}

/* Somebody who was stopped may have it. */
static void lock_is_busy(void)
{
	unsigned here = running, to;

	if (++waits > NO_PROGRESS)
		violation("a lock is never released");
	for (unsigned i = 0; i < IL_CPUS; i++)
		fiber[i].stopped = 0;
	to = choose(true);
	if (to == here)
		violation("CPU %u waits for a lock of a CPU that rests", here);
	go_on(&fiber[here].context, to);
}

/* What takes two lock sections is most vulnerable between them. */
static void lock_released(void)
{
	if (running != NOBODY && !fiber[running].held && il_one_in(8))
		interrupt(last_block);
}

void cpu_call_done(void)
{
	for (unsigned i = 0; i < IL_CPUS; i++)
		if (i != running && fiber[i].stopped)
			fiber[i].stopped--;
}

void cpu_rest(void)
{
	unsigned here = running;

	fiber[here].rests = true;
	go_on(&fiber[here].context, choose(false));
}

void cpus_round(void)
{
	for (unsigned i = 0; i < IL_CPUS; i++) {
		fiber[i].rests = false;
		fiber[i].stopped = 0;
	}
	go_on(&rounds, choose(true));
}

void cpus_hold(void)
{
	fiber[running].held++;
	countdown = ~0ULL;
}

void cpus_release(void)
{
	if (--fiber[running].held == 0)
		draw_countdown();
}

static void first_step(unsigned cpu)
{
	cpu_main(cpu);
}

static void make_fiber(unsigned cpu, void *stack)
{
	ucontext_t *c = &fiber[cpu].context;

	if (stack == MAP_FAILED || getcontext(c))
		host_fail("no stack for CPU %u", cpu);
	c->uc_stack.ss_sp = stack;
	c->uc_stack.ss_size = STACK_SIZE;
	c->uc_link = NULL;
	makecontext(c, (void (*)(void))first_step, 1, cpu);
}

void cpus_start(void (*main)(unsigned cpu))
{
	cpu_main = main;
	host_lock_busy = lock_is_busy;
	host_lock_released = lock_released;
	for (unsigned i = 0; i < IL_CPUS; i++)
		make_fiber(i, mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}
