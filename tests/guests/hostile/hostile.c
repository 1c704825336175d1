/* SPDX-License-Identifier: ISC */
/*
 * All vCPUs of a guest do the same wrong or frequent thing at once, for a while, on the same pages,
 * ports and timers. Then one looks whether everything still works as it should. What it did to
 * others is seen beside it: canary.c, and tests/system/test_hostile.py.
 *   attack=NAME   see attacks[] below; all: one after the other; mix: most of them at once
 *   seconds=N     how long each
 *   peer=DOMID    a second one that grants and events are exchanged with
 */

#include "gic.h"
#include "hostile.h"

#include <public/domctl.h>

const char guest_name[] = "hostile";

u8 pool[POOL_PAGES][PAGE_SIZE] ALIGN_PAGE;
domid_t own_domid, peer_domid;
bool pages_with_peer;

u64 rnd(u64 *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed >> 16;
}

void short_timer(u64 *seed)
{
	gic_enable(board.ppi_virt);
	SYSREG_WRITE(cntv_cval_el0, timer_now() + timer_frequency() / 20000 * (1 + rnd(seed) % 10));
	SYSREG_WRITE(cntv_ctl_el0, TIMER_ENABLE);
	ISB();
}

/* --- memory -------------------------------------------------------------------------------- */

static u64 gfn_of(const void *p)
{
	return (u64)p / PAGE_SIZE;
}

static long reserve(unsigned cmd, unsigned page, unsigned count)
{
	struct xen_memory_reservation op = {.nr_extents = count, .domid = DOMID_SELF};
	u64 frames[4];

	for (unsigned n = 0; n < count; n++)
		frames[n] = gfn_of(pool[(page + n) % POOL_PAGES]);
	op.extent_start = xen_handle_from_ptr(frames);
	return xen_memory_op(cmd, &op);
}

static void remove_page(unsigned page)
{
	struct xen_remove_from_physmap op = {.domid = DOMID_SELF, .gpfn = gfn_of(pool[page])};

	xen_memory_op(XENMEM_remove_from_physmap, &op);
}

void touch(unsigned page, u64 *seed)
{
	u64 value, at = (u64)pool[page] + rnd(seed) % (PAGE_SIZE / 8) * 8;

	probe_read64(at, &value);
	probe_write64(at, rnd(seed));
}

static void memory_step(struct cpu *cpu, u64 *seed)
{
	unsigned page = rnd(seed) % POOL_PAGES;

	(void)cpu;
	switch (rnd(seed) % 6) {
	case 0:
		reserve(XENMEM_decrease_reservation, page, 1 + rnd(seed) % 4);
		break;
	case 1:
		reserve(XENMEM_populate_physmap, page, 1 + rnd(seed) % 4);
		break;
	case 2:
		xen_add_to_physmap(XENMAPSPACE_shared_info, 0, gfn_of(pool[page]));
		break;
	case 3:
		xen_add_to_physmap(XENMAPSPACE_grant_table, rnd(seed) % 3, gfn_of(pool[page]));
		break;
	case 4:
		remove_page(page);
		break;
	default:
		touch(page, seed);
	}
}

/*
 * Every frame can be had again, and no two of them are the same page. Pages that are still in use
 * elsewhere count, so some frames may stay empty: each vCPU's vcpu_info keeps one, the peer what it
 * has mapped.
 */
void memory_check(void)
{
	const unsigned may_miss = pages_with_peer ? POOL_PAGES : board.cpu_count - 1;
	bool there[POOL_PAGES];
	unsigned missing = 0;
	u64 *word;

	for (unsigned n = 0; n < POOL_PAGES; n++) {
		remove_page(n);
		there[n] = reserve(XENMEM_populate_physmap, n, 1) == 1;
		missing += !there[n];
	}
	if (missing > may_miss)
		CHECK_FAIL("%u frames cannot be populated, at most %u may", missing, may_miss);
	for (u64 n = 0; n < POOL_PAGES; n++)
		for (word = (u64 *)pool[n]; there[n] && word < (u64 *)pool[n + 1]; word += 64)
			CHECK_EQ(probe_write64((u64)word, n << 32 | (u64)word), 0);
	for (u64 n = 0; n < POOL_PAGES && !check_failed(); n++)
		for (word = (u64 *)pool[n]; there[n] && word < (u64 *)pool[n + 1]; word += 64)
			CHECK_EQ(*word, n << 32 | (u64)word);
	/* where the library believes it to be */
	xen_add_to_physmap(XENMAPSPACE_shared_info, 0, gfn_of(xen_map_shared_info()));
}

/* --- what is registered: runstate areas, which may straddle two pages that come and go ------- */

static struct vcpu_runstate_info areas[8] __attribute__((aligned(64)));

static long register_runstate(unsigned vcpu, const void *area)
{
	struct vcpu_register_runstate_memory_area op;

	op.addr.p = (u64)area;
	return xen_vcpu_op(VCPUOP_register_runstate_memory_area, vcpu, &op);
}

static void register_step(struct cpu *cpu, u64 *seed)
{
	struct vcpu_register_vcpu_info info = {.mfn = gfn_of(pool[rnd(seed) % POOL_PAGES])};
	unsigned page = rnd(seed) % (POOL_PAGES - 1);

	switch (rnd(seed) % 8) {
	case 0:
		reserve(rnd(seed) & 1 ? XENMEM_decrease_reservation : XENMEM_populate_physmap, page,
			2);
		break;
	case 1:
		info.offset = rnd(seed) % (PAGE_SIZE / 8) * 8;
		if (cpu->index) /* once; the first one's events are looked at later */
			xen_vcpu_op(VCPUOP_register_vcpu_info, cpu->index, &info);
		break;
	case 2:
		short_timer(seed);
		WFI();
		break;
	case 3:
		guest_yield();
		break;
	default:
		register_runstate(cpu->index, pool[page] + PAGE_SIZE - 64 + rnd(seed) % 8 * 8);
	}
}

static void job_register(struct cpu *cpu, void *arg)
{
	(void)arg;
	CHECK_RC(register_runstate(cpu->index, &areas[cpu->index % 8]), 0);
}

/* The areas are elsewhere from now on, and written. */
static void areas_check(void)
{
	for (unsigned n = 0; n < board.cpu_count; n++) {
		struct vcpu_runstate_info *area = &areas[n % 8];

		if (n) {
			smp_run(n, job_register, NULL);
			CHECK(smp_wait(n));
		} else {
			job_register(&cpus[0], NULL);
		}
		CHECK(READ_ONCE(area->state) <= RUNSTATE_offline);
		CHECK(READ_ONCE(area->time[RUNSTATE_running]) > 0);
	}
}

static void register_check(void)
{
	areas_check();
	memory_check();
}

/* --- interrupts ------------------------------------------------------------------------------ */

static u32 sgis[16];

static void on_irq(struct cpu *cpu, unsigned intid)
{
	(void)cpu;
	if (intid < 16)
		__atomic_add_fetch(&sgis[intid], 1, __ATOMIC_RELAXED);
	else if (intid == board.ppi_virt)
		SYSREG_WRITE(cntv_ctl_el0, 0);
	else if (intid == board.ppi_phys)
		SYSREG_WRITE(cntp_ctl_el0, 0);
	ISB();
}

static void irqs_for_a_moment(void)
{
	IRQ_ON();
	ISB();
	IRQ_OFF();
}

/* SGI 0 is the library's. */
static void sgi_step(struct cpu *cpu, u64 *seed)
{
	(void)cpu;
	gic_sgi_send(1 + rnd(seed) % 15, rnd(seed) & (BIT(board.cpu_count) - 1));
	if (!(rnd(seed) % 4))
		gic_enable(1 + rnd(seed) % 15);
	if (!(rnd(seed) % 16))
		gic_disable(1 + rnd(seed) % 15);
	if (!(rnd(seed) % 8))
		gic_set_priority(1 + rnd(seed) % 15, (rnd(seed) % 24) << 3);
	if (rnd(seed) & 1)
		irqs_for_a_moment();
}

/* All are gone after a moment, and then one that is sent comes once. */
static void job_drain(struct cpu *cpu, void *arg)
{
	(void)cpu;
	(void)arg;
	for (unsigned n = 1; n < 16; n++) {
		gic_set_priority(n, GIC_PRIORITY_DEFAULT);
		gic_enable(n);
	}
	IRQ_ON();
	for (unsigned n = 0; n < 100; n++)
		guest_yield();
	IRQ_OFF();
}

static void job_send(struct cpu *cpu, void *arg)
{
	(void)cpu;
	(void)arg;
	gic_sgi_send(5, BIT(0));
}

static void sgi_check(void)
{
	for (unsigned n = 1; n < board.cpu_count; n++) {
		smp_run(n, job_drain, NULL);
		CHECK(smp_wait(n));
	}
	job_drain(&cpus[0], NULL);
	for (unsigned n = 1; n < board.cpu_count; n++) {
		u32 before = READ_ONCE(sgis[5]);

		smp_run(n, job_send, NULL);
		CHECK(smp_wait(n));
		IRQ_ON();
		CHECK(WAIT_FOR(READ_ONCE(sgis[5]) != before));
		IRQ_OFF();
		CHECK_EQ(READ_ONCE(sgis[5]), before + 1);
	}
}

/* Not ~0 for the virtual timer: see TIMER_NEVER. */
static u64 some_deadline(u64 *seed, bool physical)
{
	switch (rnd(seed) % 6) {
	case 0:
		return 0;
	case 1:
		return timer_now() - rnd(seed) % 1000;
	case 2:
		return timer_now() + rnd(seed) % 1000;
	case 3:
		return physical ? ~0UL - rnd(seed) % 3 : TIMER_NEVER;
	case 4:
		return physical ? 1UL << 63 : timer_now() + timer_frequency() / 1000;
	default:
		return timer_now() + 1;
	}
}

static void timer_step(struct cpu *cpu, u64 *seed)
{
	u64 ctl = rnd(seed) & 3;

	(void)cpu;
	if (rnd(seed) & 1) {
		SYSREG_WRITE(cntv_cval_el0, some_deadline(seed, false));
		SYSREG_WRITE(cntv_ctl_el0, ctl);
	} else if (rnd(seed) & 1) {
		SYSREG_WRITE(cntp_tval_el0, rnd(seed) % 2000 - 1000);
		SYSREG_WRITE(cntp_ctl_el0, ctl);
	} else {
		SYSREG_WRITE(cntp_cval_el0, some_deadline(seed, true));
		SYSREG_WRITE(cntp_ctl_el0, ctl);
	}
	ISB();
	if (!(rnd(seed) % 4))
		gic_enable(rnd(seed) & 1 ? board.ppi_virt : board.ppi_phys);
	if (!(rnd(seed) % 8))
		gic_disable(rnd(seed) & 1 ? board.ppi_virt : board.ppi_phys);
	if (!(rnd(seed) % 8))
		gic_pend(rnd(seed) & 1 ? board.ppi_virt : board.ppi_phys);
	if (rnd(seed) & 1)
		irqs_for_a_moment();
}

static void idle_step(struct cpu *cpu, u64 *seed)
{
	struct sched_poll poll = {.nr_ports = 0};

	(void)cpu;
	switch (rnd(seed) % 6) {
	case 0:
		short_timer(seed);
		WFI();
		break;
	case 1:
		asm volatile("sev; wfe; wfe" ::: "memory");
		break;
	case 2:
		guest_yield();
		break;
	case 3:
		short_timer(seed);
		gic_enable(board.ppi_event);
		xen_sched_op(SCHEDOP_block, NULL);
		break;
	case 4:
		poll.timeout = 1;
		xen_sched_op(SCHEDOP_poll, &poll);
		break;
	default:
		gic_sgi_send(1, rnd(seed) & (BIT(board.cpu_count) - 1));
		irqs_for_a_moment();
	}
}

/* Both timers fire where and when they should. */
static void job_timers(struct cpu *cpu, void *arg)
{
	(void)arg;
	SYSREG_WRITE(cntv_ctl_el0, 0);
	SYSREG_WRITE(cntp_ctl_el0, 0);
	gic_enable(board.ppi_virt);
	gic_enable(board.ppi_phys);
	gic_unpend(board.ppi_virt);
	gic_unpend(board.ppi_phys);
	irqs_for_a_moment();
	for (unsigned n = 0; n < 4; n++) {
		unsigned intid = n & 1 ? board.ppi_phys : board.ppi_virt;
		u32 before = cpu->irq_count[intid];
		u64 deadline = timer_now() + timer_frequency() / 1000;

		if (n & 1) {
			SYSREG_WRITE(cntp_cval_el0, deadline);
			SYSREG_WRITE(cntp_ctl_el0, TIMER_ENABLE);
		} else {
			SYSREG_WRITE(cntv_cval_el0, deadline);
			SYSREG_WRITE(cntv_ctl_el0, TIMER_ENABLE);
		}
		ISB();
		IRQ_ON();
		CHECK(WAIT_FOR(READ_ONCE(cpu->irq_count[intid]) != before));
		IRQ_OFF();
		CHECK(timer_now() >= deadline);
		CHECK_EQ(cpu->irq_count[intid], before + 1);
	}
}

static void timer_check(void)
{
	for (unsigned n = 1; n < board.cpu_count; n++) {
		smp_run(n, job_timers, NULL);
		CHECK(smp_wait(n));
	}
	job_timers(&cpus[0], NULL);
}

/* --- calls that a guest may not make, or that there are not ----------------------------------- */

static void calls_step(struct cpu *cpu, u64 *seed)
{
	static const u8 numbers[] = {
		__HYPERVISOR_domctl,
		__HYPERVISOR_sysctl,
		__HYPERVISOR_platform_op,
		__HYPERVISOR_plinth_op,
		0,
		26,
		27,
		34,
		40,
		41,
		42,
		49,
		63,
		200,
	};
	static u64 text[4096 / 8] ALIGN_PAGE;
	unsigned nr = numbers[rnd(seed) % ARRAY_SIZE(numbers)];
	u64 *arg = &text[rnd(seed) % 256];
	long rc;

	(void)cpu;
	/*
	 * Others write there, too: what the hypervisor has checked may be something else the next
	 * moment.
	 */
	arg[0] = rnd(seed) % 90 | (u64)(rnd(seed) & 1 ? XEN_DOMCTL_INTERFACE_VERSION : 0x15) << 32;
	arg[1] = rnd(seed) & 1 ? DOMID_SELF : rnd(seed) % 4;
	for (unsigned n = 2; n < 16; n++)
		arg[n] = rnd(seed);
	rc = hypercall(nr, nr == __HYPERVISOR_plinth_op ? rnd(seed) % 8 : (u64)arg, (u64)arg,
		       rnd(seed), rnd(seed), rnd(seed));
	if (rc >= 0)
		CHECK_FAIL("hypercall %u gave %ld", nr, rc);
}

/*
 * --- vCPUs that switch each other on and themselves off; the first one hands out the turns -----
 */

void secondary_entry(void);

static void job_on_off(struct cpu *cpu, void *arg)
{
	u64 seed = (u64)arg | 1;

	for (unsigned n = 0; n < 10; n++) {
		struct cpu *target = &cpus[rnd(&seed) % board.cpu_count];

		if (target->index)
			psci_call(PSCI_CPU_ON, target->mpidr, (u64)secondary_entry, (u64)target);
		psci_call(PSCI_CPU_ON, rnd(&seed), rnd(&seed), 0);
		psci_call(PSCI_AFFINITY_INFO, target->mpidr, rnd(&seed) % 4, 0);
	}
	if (rnd(&seed) & 1)
		return;
	timer_step(cpu, &seed); /* and with whatever is pending */
	sgi_step(cpu, &seed);
	__atomic_store_n(&cpu->state, SMP_OFF, __ATOMIC_RELEASE);
	psci_call(PSCI_CPU_OFF, 0, 0, 0);
	CHECK_FAIL("CPU_OFF returned on cpu %u", cpu->index);
}

static bool is_idle(unsigned n)
{
	return __atomic_load_n(&cpus[n].state, __ATOMIC_ACQUIRE) == SMP_IDLE;
}

static void on_off_step(struct cpu *cpu, u64 *seed)
{
	unsigned n = 1 + rnd(seed) % (board.cpu_count - 1);

	(void)cpu;
	if (is_idle(n))
		smp_run(n, job_on_off, (void *)rnd(seed));
	else
		psci_call(PSCI_CPU_ON, cpus[n].mpidr, (u64)secondary_entry, (u64)&cpus[n]);
}

static void job_nothing(struct cpu *cpu, void *arg)
{
	(void)cpu;
	(void)arg;
}

static void on_off_check(void)
{
	for (unsigned n = 1; n < board.cpu_count; n++) {
		u64 limit = timer_now() + WAIT_SECONDS * timer_frequency();

		while (!is_idle(n) && timer_now() < limit) {
			psci_call(PSCI_CPU_ON, cpus[n].mpidr, (u64)secondary_entry, (u64)&cpus[n]);
			guest_yield();
		}
		if (CHECK(is_idle(n)))
			smp_run(n, job_nothing, NULL);
		CHECK(smp_wait(n));
	}
	sgi_check();
	timer_check();
}

/*
 * --- all of it ---------------------------------------------------------------------------------
 */

static void mix_step(struct cpu *cpu, u64 *seed)
{
	static void (*const all[])(struct cpu *, u64 *) = {
		memory_step, register_step, grants_step, events_step,
		sgi_step,    timer_step,    idle_step,   calls_step,
	};

	all[rnd(seed) % ARRAY_SIZE(all)](cpu, seed);
}

static void mix_prepare(void)
{
	events_prepare();
	grants_prepare();
}

static void mix_check(void)
{
	areas_check();
	grants_check();
	sgi_check();
	timer_check();
	events_check();
}

/* In this order if it is all of them: the events' layout cannot be changed back. */
static const struct attack {
	const char *name;
	void (*prepare)(void);
	void (*step)(struct cpu *cpu, u64 *seed);
	void (*check)(void);
	bool alone; /* the first vCPU drives the others by itself */
} attacks[] = {
	{"memory", NULL, memory_step, memory_check, false},
	{"register", NULL, register_step, register_check, false},
	{"grants", grants_prepare, grants_step, grants_check, false},
	{"events", events_prepare, events_step, events_check, false},
	{"sgi", NULL, sgi_step, sgi_check, false},
	{"timer", NULL, timer_step, timer_check, false},
	{"idle", NULL, idle_step, timer_check, false},
	{"calls", NULL, calls_step, memory_check, false},
	{"on-off", NULL, on_off_step, on_off_check, true},
	{"mix", mix_prepare, mix_step, mix_check, false},
	{"fifo", fifo_prepare, fifo_step, memory_check, false},
};

static const struct attack *attack;
static u64 end, steps[8]; /* of each vCPU */

static void job_attack(struct cpu *cpu, void *arg)
{
	u64 seed = 88172645463325252UL * (2 * cpu->index + 1) + timer_now();

	(void)arg;
	for (; timer_now() < end; steps[cpu->index % ARRAY_SIZE(steps)]++)
		attack->step(cpu, &seed);
	SYSREG_WRITE(cntv_ctl_el0, 0);
	SYSREG_WRITE(cntp_ctl_el0, 0);
	ISB();
}

static void check_attack(void)
{
	irq_hook = on_irq;
	memset(steps, 0, sizeof(steps));
	if (attack->prepare)
		attack->prepare();
	CHECK_EQ(smp_start_all(), board.cpu_count);
	end = timer_now() + board_arg_u64("seconds", 2) * timer_frequency();
	for (unsigned n = 1; n < board.cpu_count && !attack->alone; n++)
		smp_run(n, job_attack, NULL);
	job_attack(&cpus[0], NULL);
	for (unsigned n = 1; n < board.cpu_count && !attack->alone; n++)
		CHECK(smp_wait(n));
	check_note("%lu, %lu, %lu, %lu steps", steps[0], steps[1], steps[2], steps[3]);
	attack->check();
}

void guest_main(void)
{
	const char *wanted = board_arg("attack");
	char name[16]; /* what board_arg() returns is gone with its next call */
	bool all;

	guest_snprintf(name, sizeof(name), "%s", wanted ? wanted : "");
	all = !strcmp(name, "all");
	peer_domid = (domid_t)board_arg_u64("peer", DOMID_SELF);
	gic_init();
	for (unsigned n = 0; n < ARRAY_SIZE(attacks); n++) {
		struct check check = {attacks[n].name, check_attack};

		attack = &attacks[n];
		if ((all || !strcmp(attack->name, name)) && (board.cpu_count > 1 || !attack->alone))
			check_run(&check, 1);
	}
}
