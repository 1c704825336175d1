/* SPDX-License-Identifier: ISC */
/*
 * A machine of the test host that runs the whole hypervisor: what boot/main.c and the trap vectors
 * do on a real one.
 */
#include <host/host.h>
#include <hyp/domain_parts.h>
#include <hyp/arch.h>
#include <hyp/board.h>
#include <boot/dom0.h>
#include <hyp/console.h>
#include <hyp/cpu.h>
#include <hyp/domain.h>
#include <lib/errno.h>
#include <hyp/hypercall.h>
#include <lib/lib.h>
#include <lib/log.h>
#include <lib/time.h>
#include <hyp/run.h>
#include <mem/page.h>
#include <public/xen.h>
#include <hyp/uart.h>
#include <hyp/virq.h>
#include <stdio.h>
#include <stdlib.h>

__thread unsigned host_continuations;

static struct turn {
	bool in_guest;     /* else it sleeps */
	uint64_t slept_at; /* ticks */
} turns[MAX_CPUS];

/* The console of the test host: silent, unless HOST_LOG is in the environment. */

static void uart_init(char *regs __unused)
{
}

static void uart_putc(char *regs __unused, char c)
{
	if (c != '\r')
		fputc(c, stderr);
}

static void timer_irq(unsigned intid __unused)
{
	timer_run();
}

static void maintenance_irq(unsigned intid __unused)
{
	if (this_cpu()->current)
		vgic_maintenance(this_cpu()->current);
}

static void domain_ended(void)
{
	evtchn_virq_global(VIRQ_DOM_EXC);
}

static const struct domain_watcher watcher = {domain_ended, dom0_ended};

void host_machine_start(uint64_t ram, unsigned nr, unsigned gic_version)
{
	struct cpu *c;

	static uint64_t ring[LOG_SIZE / 8], previous[LOG_SIZE / 8];
	static const struct uart_driver uart = {.init = uart_init, .putc = uart_putc};

	host_ticks = 0;
	if (getenv("HOST_LOG"))
		console_init(&uart, NULL);
	log_set_console(console_write);
	host_cpus_init(nr);
	time_init(HOST_HZ);
	host_heap_init(ram);
	domain_init(domain_parts, nr_domain_parts, &watcher);
	log_init(ring, previous);

	bootinfo.banks[0] = (struct range){HOST_RAM_BASE, ram};
	bootinfo.nr_banks = 1;
	host_gic_init(gic_version);
	if (irq_request(HOST_TIMER_PPI, timer_irq, "timer") ||
	    irq_request(HOST_MAINT_PPI, maintenance_irq, "maintenance"))
		host_fail("the machine was started before");
	for_each_cpu (c) {
		sched_init_cpu(c);
		turns[c->id] = (struct turn){0};
	}
}

/* On the way back to a guest; the same as trap_resched(). */
static struct vcpu *resched(struct cpu *c, struct vcpu *v)
{
	uint32_t todo = atomic_swap(&c->todo, 0);

	if (todo & TODO_VGIC && v)
		vgic_flush(v);
	if (todo & TODO_SLICE)
		sched_start_slice(c);
	return todo & TODO_RESCHED || !v ? run_next(c) : v;
}

/* What is left of idle_once() in core/run.c after the CPU has woken. */
static void wake_up(struct cpu *c, const struct turn *t)
{
	c->idle_ticks += time_ticks() - t->slept_at;
	while (irq_handle_one(this_cpu()->current))
		;
	atomic_swap(&c->todo, 0);
}

static struct vcpu *take_turn(struct cpu *c, struct turn *t)
{
	struct vcpu *v = t->in_guest ? c->current : NULL;

	if (!v)
		wake_up(c, t);
	while (v && irq_handle_one(v))
		;
	do
		v = resched(c, v);
	while (READ_ONCE(c->todo));
	return v;
}

struct vcpu *host_cpu_run(unsigned id)
{
	struct turn *t = &turns[id];
	struct vcpu *volatile v = NULL;
	jmp_buf asleep;

	host_set_cpu(id);
	host_cpu_asleep = &asleep;
	if (!setjmp(asleep))
		v = take_turn(cpus[id], t);
	host_cpu_asleep = NULL;
	if (host_locks_held())
		host_fail("CPU %u goes to sleep or to a guest with a lock held", id);
	t->in_guest = v != NULL;
	t->slept_at = time_ticks();
	return v;
}

/* A call that is to be issued again may wait for what other CPUs do. */
static void others_run(void)
{
	unsigned here = this_cpu()->id;

	for (unsigned i = 0; i < nr_cpus; i++)
		if (i != here)
			host_cpu_run(i);
	host_set_cpu(here);
}

long host_hypercall(struct vcpu *v, uint64_t nr, uint64_t a0, uint64_t a1, uint64_t a2)
{
	uint64_t arg[5] = {a0, a1, a2, 0, 0};
	long ret;

	host_continuations = 0;
	while ((ret = hypercall_dispatch(v, nr, arg)) == -ERESTART) {
		if (++host_continuations > 1000000)
			host_fail("hypercall %llu never ends", (unsigned long long)nr);
		if (host_locks_held())
			host_fail("hypercall %llu stops with a lock held", (unsigned long long)nr);
		others_run();
	}
	if (host_locks_held() || host_tlb_stale())
		host_fail("hypercall %llu ends with %u locks held, %u TLB entries stale",
			  (unsigned long long)nr, host_locks_held(), host_tlb_stale());
	return ret;
}

struct domain *host_dom0(unsigned order, unsigned vcpus, mfn_t *ram)
{
	const struct domain_config config = {
		.max_vcpus = vcpus,
		.privileged = true,
		.direct_mapped = true,
		.max_pages = ~(uint64_t)0,
		.max_tables = ~0U,
		.max_evtchn_port = ~0U,
		.max_grant_frames = GRANT_DEFAULT_FRAMES,
		.max_maptrack_frames = GRANT_DEFAULT_MAPTRACK_FRAMES,
		.gic = {irqchip->version, HOST_SPIS, 0x8000000, 0x80a0000},
	};
	struct domain *d;
	int err;

	vgic_init();
	vpl011_init();
	if (domain_create(0, &config, &d) != 0)
		return NULL;
	err = domain_set_max_vcpus(d, vcpus);
	if (!err)
		err = domain_page_alloc(d, order, PAGE_ZERO, ram);
	if (!err)
		err = p2m_map(d, GFN(ram->n), *ram, BIT64(order), P2M_RAM);
	if (err)
		host_fail("no dom0: %d", err);
	d->vcpu[0]->offline = 0;
	d->paused_by_tools = 0;
	domain0 = d;
	domain_unpause(d);
	return d;
}

void host_kill(struct domain *d)
{
	int err;

	domain_hold(d);
	d->privileged = false;
	while ((err = domain_kill(d)) == -ERESTART)
		for (unsigned i = 0; i < nr_cpus; i++)
			host_cpu_run(i);
	if (err)
		host_fail("domain %u cannot be killed: %d", d->id, err);
	if (domain0 == d)
		domain0 = NULL;
	domain_put(d);
}
