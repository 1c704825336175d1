/* SPDX-License-Identifier: ISC */
/*
 * The whole hypervisor on CPUs that interrupt each other at any branch of its code, and an
 * independent check.
 *
 *	cpus.c      a CPU is a stack of its own in one thread; the compiler calls a hook at each
 *	            basic block of the hypervisor (-fsanitize-coverage=trace-pc), which lets
 *	            another CPU go on now and then
 *	world.c     the machine: dom0 with two vCPUs, three guests that come and go, what each of
 *	            their vCPUs is at
 *	calls_*.c   what they do: one hypercall, trap or write into their own memory at a time
 *	check_*.c   counts references, handles, ports, pauses and run states anew, when no CPU is in
 *	            the hypervisor
 *	report.c    what has happened since the last check, for a failure
 *
 * All decisions come from one seed, so that a run can be repeated exactly.
 */
#ifndef TESTS_UNIT_HYPERVISOR_INTERLEAVE_H
#define TESTS_UNIT_HYPERVISOR_INTERLEAVE_H

#include <hyp/domain.h>
#include <lib/errno.h>
#include <mem/page.h>

#define IL_CPUS   3
#define IL_RAM    MiB(16)
#define IL_GUESTS 3 /* domains 1, 2 and 3 */
#define IL_VCPUS  3 /* of the largest domain */

/* Frames of a domain's RAM, from its first one on. */
#define ARGS_AT    0 /* one a vCPU, for its hypercalls' arguments; nothing else is done with it */
#define SPECIAL_AT 4 /* vcpu_info, runstate, FIFO control blocks; the last one: event words */
#define PLAIN_AT   8
#define RAM_FRAMES 16

/* ---- random numbers ---- */

uint64_t il_below(uint64_t limit);
/* True once in n. */
bool il_one_in(unsigned n);

/* ---- cpus.c ---- */

/* Every CPU runs main() for ever; it calls cpu_rest() when it has nothing to do in this round. */
void cpus_start(void (*main)(unsigned cpu));
/* Let CPUs go on, in whatever order and mixture, until all of them rest. */
void cpus_round(void);
void cpu_rest(void);
/* A call of this CPU is over: long pauses of other CPUs are counted in calls. */
void cpu_call_done(void);
/* The code between is not interrupted (unless it needs a lock that another CPU has). */
void cpus_hold(void);
void cpus_release(void);

/* ---- world.c ---- */

/* What a vCPU is at: a hypercall that is to be issued again is in `arg`. */
struct caller {
	struct vcpu *v;
	struct domain *d;
	const char *name; /* of the call */
	bool pending;
	uint64_t nr, arg[5];
	void (*done)(struct caller *c, long ret);
	domid_t aim; /* of a domctl */
	bool polls;  /* the last call was SCHEDOP_poll */
};

void world_start(void);
/* Rounds of calls until there were `calls` of them; checks after each. */
void world_run(uint64_t calls);
/* All domains end; every page is back. */
void world_stop(void);

struct domain *world_dom0(void);
uint64_t world_dom0_frame(void); /* the first one of its RAM */
unsigned world_dom0_order(void);
/* A guest by its id, dying or not, or NULL; not held. */
struct domain *world_guest(domid_t id);
/* Domain `id` is a new one: whatever its predecessor's vCPUs were at is forgotten. */
void world_forget_calls(domid_t id);

/* What a vCPU is at. */
struct caller *world_caller(struct vcpu *v);

/* The frame n of a domain's RAM. */
uint64_t frame_at(const struct domain *d, uint64_t n);
/* What this process sees there, or NULL. */
void *frame_page(struct domain *d, uint64_t gfn);
/* The vCPU's argument page, zeroed, and its address for the guest. */
void *args_page(struct caller *c);
uint64_t args_va(const struct caller *c, size_t offset);

/* Issue a hypercall; go on with one that is pending. */
void call(struct caller *c, uint64_t nr, uint64_t a0, uint64_t a1, uint64_t a2);
void call_again(struct caller *c);

/* ---- calls_*.c: a random one of the kind ---- */

typedef void call_fn(struct caller *c);
struct call_row {
	const char *name;
	call_fn *fn;
	unsigned weight;
};
extern const struct call_row memory_calls[], grant_calls[], port_calls[], vcpu_calls[],
	domain_calls[];
void any_call(struct caller *c, const struct call_row *table);

/*
 * Most rounds have a theme: calls of one kind, with few different arguments, so that they meet each
 * other. il_few() is a random number below n, or one of the first in such a round.
 */
struct theme {
	const struct call_row *table[2]; /* NULL: none */
	domid_t aim;                     /* of domctls */
};
extern struct theme il_theme;
uint64_t il_few(uint64_t n);

/* Arguments that meet each other's often. */
domid_t any_domid(const struct caller *c);
uint64_t any_ram_gfn(const struct domain *d);
uint64_t any_gfn(const struct domain *d);

/* ---- check_*.c ---- */

void check_all(void);
void check_pages(void);
void check_domains(void);

/* ---- report.c ---- */

extern uint64_t il_seed, il_step;
void report_begin(uint64_t seed);
void report_call(const struct caller *c);
void report_result(const struct caller *c, long ret);
void report_switch(unsigned from, unsigned to, uintptr_t pc);
void report_forget(void);
void report_print(void);
void violation(const char *fmt, ...) __printf(1, 2) __noreturn;

#endif
