/* SPDX-License-Identifier: ISC */
/* What has happened since the last check, and a failure told with it. */
#include <hyp/cpu.h>
#include <host/host.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "interleave.h"

#define EVENTS 512

uint64_t il_seed, il_step;

static struct event {
	enum { BEGINS, ENDS, LEAVES } kind;
	unsigned cpu, to, domain, vcpu;
	const char *name;
	uint64_t nr, arg[3];
	uintptr_t pc;
	long ret;
} events[EVENTS];
static uint64_t nr_events, trace_from = ~0ULL;

static struct event *add(void)
{
	struct event *e = &events[nr_events++ % EVENTS];

	memset(e, 0, sizeof(*e));
	e->cpu = this_cpu()->id;
	return e;
}

void report_call(const struct caller *c)
{
	struct event *e = add();

	e->kind = BEGINS;
	e->domain = c->d->id;
	e->vcpu = c->v->id;
	e->name = c->name;
	e->nr = c->nr;
	memcpy(e->arg, c->arg, sizeof(e->arg));
}

void report_result(const struct caller *c, long ret)
{
	struct event *e = add();

	e->kind = ENDS;
	e->domain = c->d->id;
	e->vcpu = c->v->id;
	e->name = c->name;
	e->ret = ret;
}

void report_switch(unsigned from, unsigned to, uintptr_t pc)
{
	struct event *e = add();

	e->kind = LEAVES;
	e->cpu = from;
	e->to = to;
	e->pc = pc;
}

/* "function at file.c:line" of an address, from the test's own debug information. */
static void print_place(uintptr_t pc)
{
	char command[160], line[256];
	FILE *f;

	snprintf(command, sizeof(command), "addr2line -sfpe /proc/%d/exe %lx 2>/dev/null", getpid(),
		 (unsigned long)pc - 1);
	f = popen(command, "r");
	if (f && fgets(line, sizeof(line), f))
		fprintf(stderr, "%s", line);
	else
		fprintf(stderr, "%lx\n", (unsigned long)pc);
	if (f)
		pclose(f);
}

static void print_event(const struct event *e)
{
	fprintf(stderr, "  CPU %u: ", e->cpu);
	if (e->kind == LEAVES) {
		fprintf(stderr, "interrupted by CPU %u in ", e->to);
		print_place(e->pc);
	} else if (e->kind == BEGINS) {
		fprintf(stderr, "d%uv%u: %s begins (call %llu: %llx %llx %llx)\n", e->domain,
			e->vcpu, e->name, (unsigned long long)e->nr, (unsigned long long)e->arg[0],
			(unsigned long long)e->arg[1], (unsigned long long)e->arg[2]);
	} else {
		fprintf(stderr, "d%uv%u: %s ends: %ld\n", e->domain, e->vcpu, e->name, e->ret);
	}
}

/* TRACE=n in the environment: everything from the n-th call on. */
void report_forget(void)
{
	for (uint64_t i = 0; i < nr_events && il_step >= trace_from; i++)
		print_event(&events[i % EVENTS]);
	nr_events = 0;
}

void report_print(void)
{
	uint64_t first = nr_events > EVENTS ? nr_events - EVENTS : 0;

	fprintf(stderr, "seed %llu, call %llu; since the last check:\n",
		(unsigned long long)il_seed, (unsigned long long)il_step);
	for (uint64_t i = first; i < nr_events; i++)
		print_event(&events[i % EVENTS]);
}

/* The test host's own checks, and the hypervisor's panic, abort. */
static void on_signal(int number)
{
	signal(number, SIG_DFL);
	report_print();
	raise(number);
}

void report_begin(uint64_t seed)
{
	il_seed = seed;
	il_step = 0;
	if (getenv("TRACE"))
		trace_from = strtoull(getenv("TRACE"), NULL, 0);
	signal(SIGABRT, on_signal);
	signal(SIGSEGV, on_signal);
}

void violation(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fprintf(stderr, "violation: ");
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, "\n");
	va_end(ap);
	abort();
}
