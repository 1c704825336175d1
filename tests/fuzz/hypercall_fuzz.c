/* SPDX-License-Identifier: ISC */
/*
 * Sequences of hypercalls, by dom0 and two guests, on the whole hypervisor. The input says who
 * calls what with which arguments; most of these are of the right shape, so that calls get far.
 * After each call no lock is held and no TLB entry is stale (the test host aborts otherwise); at
 * the end all domains are killed, and every page must be back.
 *
 * GIC=2 in the environment: the machine has a GICv2.
 */
#include <stdlib.h>

#include <hyp/cpu.h>
#include <lib/log.h>
#include "hypercall/fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The vCPU runs on the CPU that we are on; NULL: it cannot. */
static struct vcpu *become(struct vcpu *v)
{
	if (v->blocked)
		vcpu_unblock(v); /* there is always an interrupt some day */
	for (unsigned tries = 0; tries < 20 && vcpu_runnable(v); tries++) {
		for (unsigned i = 0; i < nr_cpus; i++)
			host_cpu_run(i);
		if (cpus[v->sched.cpu]->rq.running == v && cpus[v->sched.cpu]->current == v) {
			host_set_cpu(v->sched.cpu);
			return v;
		}
		host_ticks += 6000000; /* a slice */
	}
	return NULL;
}

static struct vcpu *caller(uint8_t b)
{
	struct domain *d = b % 3 ? domain_get(guest_id[b % 3 - 1]) : NULL;
	struct vcpu *v = NULL;

	if (b % 3 == 0)
		return become(whole_vcpu);
	if (d) {
		v = d->vcpu[b / 3 % 2];
		domain_put(d);
	}
	return v ? become(v) : NULL;
}

static void step(void)
{
	uint8_t b = byte();
	struct vcpu *v;

	if (b >= 0xf0) {
		host_yield_every = b & 3;
		host_ticks += bytes(3);
		return;
	}
	v = caller(b);
	if (!v)
		return;
	if (b / 6 % 3)
		call(v);
	else
		act(v);
	if (host_locks_held())
		host_fail("a lock stays held");
	host_cpu_run(this_cpu()->id);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *gic = getenv("GIC");

	(void)argc;
	(void)argv;
	if (gic)
		whole_gic_version = (unsigned)atoi(gic);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool started;

	input_set(data, size);
	whole_setup(NULL);
	if (!started)
		start_uart();
	started = true;
	log_set_level(LOG_INFO);
	start_guests(byte());
	for (unsigned n = 0; input_left() && n < 200; n++)
		step();
	whole_teardown(NULL);
	return 0;
}
