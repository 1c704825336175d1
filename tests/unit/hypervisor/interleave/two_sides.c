/* SPDX-License-Identifier: ISC */
/* Two CPUs that leave each other at chosen places: see two_sides.h. It replaces cpus.c. */
#include <host/host.h>
#include <hyp/cpu.h>
#include <stdlib.h>
#include <ucontext.h>

#include "interleave.h"
#include "two_sides.h"

#define STACK_SIZE  (256 << 10)
#define NOBODY      2
#define NO_PROGRESS 1000 /* looks at a lock that nobody releases */
#define BLOCKS      (1u << 15)
#define VISITS      3 /* of a block that count as places: a loop is not a thousand of them */

void __sanitizer_cov_trace_pc(void);

static struct side {
	ucontext_t context;
	char *stack;
	bool over, waits;
	unsigned held; /* cpus_hold() */
	unsigned cpu;  /* where it is when it does not go on */
	jmp_buf *asleep;
} sides[2];

static const struct sides *plan;
static ucontext_t outside;
static unsigned running = NOBODY, taken, left, looks;
static uintptr_t last_block;

/* How often the blocks were passed in this run. */
static struct {
	uintptr_t at;
	unsigned run, visits;
} passed[BLOCKS];
static unsigned run;

static bool is_new_place(uintptr_t at)
{
	unsigned i = (unsigned)(at * 2654435761u) % BLOCKS;

	while (passed[i].run == run && passed[i].at != at)
		i = (i + 1) % BLOCKS;
	if (passed[i].run != run)
		passed[i].visits = 0;
	passed[i].run = run;
	passed[i].at = at;
	return passed[i].visits++ < VISITS;
}

/* Leave the side that runs for the other one. */
static void change(void)
{
	struct side *here = &sides[running], *to = &sides[1 - running];

	here->cpu = this_cpu()->id;
	here->asleep = host_cpu_asleep;
	running = 1 - running;
	host_cpu_asleep = to->asleep;
	host_set_cpu(to->cpu);
	swapcontext(&here->context, &to->context);
}

static void place(void)
{
	unsigned here = running;

	if (here == NOBODY || sides[here].held)
		return;
	if (plan->everywhere) {
		sides[here].held++;
		plan->everywhere();
		sides[here].held--;
	}
	if (taken == plan->nr_turns || taken % 2 != here)
		return;
	if ((plan->blocks && !is_new_place(last_block)) || --left)
		return;
	left = ++taken < plan->nr_turns ? plan->turn[taken] : 0;
	if (sides[1 - here].over)
		return;
	report_switch(sides[here].cpu, sides[1 - here].cpu, last_block);
	change();
}

/* The compiler has put a call of this into every basic block of the hypervisor. */
void __sanitizer_cov_trace_pc(void)
{
	looks = 0;
	if (running == NOBODY || sides[running].held)
		return;
	last_block = (uintptr_t)__builtin_return_address(0);
	if (plan->blocks)
		place();
}

static void lock_is_busy(void)
{
	if (running == NOBODY || sides[1 - running].over || ++looks > NO_PROGRESS)
		violation("a lock is never released");
	sides[running].waits = true;
	change();
}

static void lock_released(void)
{
	if (running == NOBODY)
		return;
	if (sides[1 - running].waits) {
		sides[1 - running].waits = false;
		change();
	} else if (!plan->blocks) {
		place();
	}
}

static void side_main(unsigned n)
{
	plan->act[n]();
	sides[n].over = true;
	sides[n].waits = false;
	if (!sides[1 - n].over)
		change();
	running = NOBODY;
	host_cpu_asleep = NULL;
	setcontext(&outside);
}

static void prepare(unsigned n)
{
	struct side *s = &sides[n];

	if (!s->stack)
		s->stack = malloc(STACK_SIZE);
	if (!s->stack || getcontext(&s->context))
		host_fail("no stack for side %u", n);
	s->context.uc_stack.ss_sp = s->stack;
	s->context.uc_stack.ss_size = STACK_SIZE;
	s->context.uc_link = NULL;
	makecontext(&s->context, (void (*)(void))side_main, 1, n);
	s->over = s->waits = false;
	s->held = 0;
	s->asleep = NULL;
	s->cpu = plan->cpu[n];
}

unsigned sides_run(const struct sides *s)
{
	plan = s;
	prepare(0);
	prepare(1);
	taken = looks = 0;
	run++;
	left = s->turn[0];
	running = 0;
	host_set_cpu(s->cpu[0]);
	swapcontext(&outside, &sides[0].context);
	return taken;
}

/* ---- what world.c asks of cpus.c ---- */

void cpus_start(void (*main)(unsigned cpu))
{
	(void)main;
	host_lock_busy = lock_is_busy;
	host_lock_released = lock_released;
}

void cpus_round(void)
{
	host_fail("the sides have no rounds");
}

void cpu_rest(void)
{
	host_fail("a side does not rest");
}

void cpu_call_done(void)
{
}

void cpus_hold(void)
{
	if (running != NOBODY)
		sides[running].held++;
}

void cpus_release(void)
{
	if (running != NOBODY)
		sides[running].held--;
}
