/* SPDX-License-Identifier: ISC */
/*
 * What a guest can ask of the hypervisor, one operation at a time between two markers, for the
 * counting plugin. Each path tells the number of its first marker on the console; the second is
 * one more.
 *   set=local   one vCPU alone
 *   set=pair    two vCPUs on one CPU
 *   set=smp     two vCPUs on two CPUs
 *   set=server, set=client  of two guests on one CPU, each with peer=DOMID
 */

#include "events.h"
#include "gic.h"
#include "psci.h"

const char guest_name[] = "paths";

void marker_set(unsigned long number);

#define FIRST_MARKER 32 /* those below belong to dom0's programs */
#define WARM_UP      4
#define ROUNDS       9
#define SGI_PING     5
#define SGI_PONG     6
#define SGI_ONE_WAY  7
#define REF          16

struct path {
	const char *set;
	const char *name;
	void (*run)(void);
	void (*before)(void); /* each round, outside the markers */
};

static u32 port_self, port_near, port_far, port_quiet;
#define YIELD() asm volatile("yield")
#define NOWHERE \
	0x2000000000 /* a guest physical address that nothing is at on QEMU's virt machine */
static u64 gicr_ctlr;
static struct grant_entry_v1 *grants;
static domid_t own_domid;
static u8 granted[PAGE_SIZE] ALIGN_PAGE, mapped[PAGE_SIZE] ALIGN_PAGE;

static u32 taken(unsigned cpu, unsigned intid)
{
	return READ_ONCE(cpus[cpu].irq_count[intid]);
}

static void hook(struct cpu *cpu, unsigned intid)
{
	if (intid == board.ppi_virt)
		SYSREG_WRITE(cntv_ctl_el0, 0);
	else if (intid == board.ppi_event)
		events_hook(cpu, intid);
	else if (intid == SGI_PING && cpu->index == 1)
		gic_sgi_send(SGI_PONG, BIT(0));
}

/* The other one may be ahead: it answers from its handler. */
static bool reached(const u32 *count, u32 value)
{
	return (int32_t)(READ_ONCE(*count) - value) >= 0;
}

/* Interrupts are masked at the test, so that the one that is awaited is not slept through. */
static void sleep_until(const u32 *count, u32 value)
{
	IRQ_OFF();
	while (!reached(count, value)) {
		WFI();
		IRQ_ON();
		ISB();
		IRQ_OFF();
	}
	IRQ_ON();
}

static void spin_until(const u32 *count, u32 value)
{
	while (!reached(count, value))
		;
}

/* ---- one vCPU ---- */
static void run_nothing(void)
{
}

static void run_null(void)
{
	xen_version(XENVER_version, NULL);
}

static void run_psci_version(void)
{
	psci_call(PSCI_VERSION, 0, 0, 0);
}

static void run_bad_hypercall(void)
{
	hypercall(63, 0, 0, 0, 0, 0);
}

static void run_gicd_read(void)
{
	gic_read(board.gic[0].base + GICD_TYPER);
}

static void run_gicr_read(void)
{
	gic_read(gicr_ctlr);
}

static void run_id_read(void)
{
	SYSREG_READ(id_aa64isar0_el1);
}

static void run_unmapped(void)
{
	u64 value;

	probe_read32(NOWHERE, &value);
}

static void run_sgi_self(void)
{
	u32 before = taken(0, SGI_PONG);

	gic_sgi_send_self(SGI_PONG);
	spin_until(&cpus[0].irq_count[SGI_PONG], before + 1);
}

static void run_event_self(void)
{
	u32 before = READ_ONCE(events_count[port_self]);

	events_send(port_self);
	spin_until(&events_count[port_self], before + 1);
}

static u32 timer_begin(u64 ticks)
{
	u32 before = taken(0, board.ppi_virt);

	SYSREG_WRITE(cntv_cval_el0, timer_now() + ticks);
	SYSREG_WRITE(cntv_ctl_el0, TIMER_ENABLE);
	return before + 1;
}

static void run_timer_busy(void)
{
	spin_until(&cpus[0].irq_count[board.ppi_virt], timer_begin(timer_frequency() / 50000));
}

static void sleep_for(u64 ticks)
{
	sleep_until(&cpus[0].irq_count[board.ppi_virt], timer_begin(ticks));
}

static void run_timer_asleep(void)
{
	sleep_for(timer_frequency() / 50000);
}

static void run_yield(void)
{
	xen_sched_op(SCHEDOP_yield, NULL);
}

static void run_grant_map(void)
{
	struct gnttab_map_grant_ref map = {
		.host_addr = (u64)mapped, .flags = GNTMAP_host_map, .ref = REF, .dom = own_domid};
	struct gnttab_unmap_grant_ref unmap = {.host_addr = (u64)mapped};

	xen_grant_op(GNTTABOP_map_grant_ref, &map, 1);
	unmap.handle = map.handle;
	xen_grant_op(GNTTABOP_unmap_grant_ref, &unmap, 1);
	CHECK_RC(map.status, GNTST_okay);
	CHECK_RC(unmap.status, GNTST_okay);
}

static void run_grant_copy(void)
{
	struct gnttab_copy copy = {.len = PAGE_SIZE, .flags = GNTCOPY_source_gref};

	copy.source.u.ref = REF;
	copy.source.domid = own_domid;
	copy.dest.u.gmfn = (u64)granted / PAGE_SIZE + 1;
	copy.dest.domid = DOMID_SELF;
	xen_grant_op(GNTTABOP_copy, &copy, 1);
	CHECK_RC(copy.status, GNTST_okay);
}

/* Long enough for a vCPU that was woken to be asleep again. */
static void wait_a_while(void)
{
	u64 deadline = timer_now() + timer_frequency() / 20000;

	while (timer_now() < deadline)
		YIELD();
}

/* ---- two vCPUs ---- */
static u32 stop, other_rounds;

static bool stopped(void)
{
	return __atomic_load_n(&stop, __ATOMIC_ACQUIRE);
}

static void job_yield(struct cpu *cpu, void *arg)
{
	(void)cpu, (void)arg;
	while (!stopped()) {
		WRITE_ONCE(other_rounds, other_rounds + 1);
		xen_sched_op(SCHEDOP_yield, NULL);
	}
}

/* There and back: two switches, in which the other has run once. */
static void run_switch(void)
{
	u32 before = READ_ONCE(other_rounds);

	xen_sched_op(SCHEDOP_yield, NULL);
	CHECK_EQ(READ_ONCE(other_rounds) - before, 1);
}

/* A vcpu_info can be registered once. */
static void take_events(struct cpu *cpu)
{
	static bool done;

	if (!done)
		events_init_cpu(cpu);
	done = true;
	WRITE_ONCE(other_rounds, 1); /* ready */
}

static void job_events(struct cpu *cpu, void *arg)
{
	u32 seen = READ_ONCE(events_count[port_far]);

	(void)arg;
	take_events(cpu);
	while (!stopped()) {
		sleep_until(&events_count[port_far], ++seen);
		events_send(port_far);
	}
}

static void run_pingpong(void)
{
	u32 before = READ_ONCE(events_count[port_near]);

	events_send(port_near);
	sleep_until(&events_count[port_near], before + 1);
}

/* Takes events and answers none. */
static void job_listen(struct cpu *cpu, void *arg)
{
	u32 seen = READ_ONCE(events_count[port_far]);

	(void)arg;
	take_events(cpu);
	while (!stopped())
		sleep_until(&events_count[port_far], ++seen);
}

static void run_send(void)
{
	events_send(port_near);
}

/* Until the one that the event has woken sleeps again. */
static void let_it_sleep(void)
{
	for (unsigned n = 0; n < 4; n++)
		guest_yield();
}

static void job_count(struct cpu *cpu, void *arg)
{
	(void)cpu, (void)arg;
	IRQ_ON();
	while (!stopped())
		WRITE_ONCE(other_rounds, other_rounds + 1);
}

static void job_sleep(struct cpu *cpu, void *arg)
{
	(void)arg;
	gic_enable(SGI_PING);
	gic_enable(SGI_ONE_WAY);
	WRITE_ONCE(other_rounds, 1);
	for (u32 seen = cpu->irq_count[SGI_PING]; !stopped();)
		sleep_until(&cpu->irq_count[SGI_PING], ++seen);
}

static void job_spin(struct cpu *cpu, void *arg)
{
	(void)cpu, (void)arg;
	gic_enable(SGI_PING);
	gic_enable(SGI_ONE_WAY);
	WRITE_ONCE(other_rounds, 1);
	IRQ_ON();
	while (!stopped())
		;
}

static void run_sgi_asleep(void)
{
	u32 before = taken(0, SGI_PONG);

	gic_sgi_send(SGI_PING, BIT(1));
	sleep_until(&cpus[0].irq_count[SGI_PONG], before + 1);
}

static void run_sgi_spinning(void)
{
	u32 before = taken(0, SGI_PONG);

	gic_sgi_send(SGI_PING, BIT(1));
	spin_until(&cpus[0].irq_count[SGI_PONG], before + 1);
}

static void run_sgi_one_way(void)
{
	u32 before = taken(1, SGI_ONE_WAY);

	gic_sgi_send(SGI_ONE_WAY, BIT(1));
	spin_until(&cpus[1].irq_count[SGI_ONE_WAY], before + 1);
}

/* It may have seen `stop` already, and not answer. */
static void wake_by_sgi(void)
{
	gic_sgi_send(SGI_PING, BIT(1));
}

/* What vCPU 1 does meanwhile, and what makes it look whether to stop. */
static const struct job {
	const char *set;
	void (*job)(struct cpu *cpu, void *arg);
	void (*wake)(void);
	unsigned paths; /* that follow in paths[] */
} jobs[] = {
	{"pair", job_yield, run_nothing, 1}, {"pair", job_listen, run_send, 1},
	{"pair", job_count, run_nothing, 1}, {"pair", job_events, run_pingpong, 1},
	{"smp", job_sleep, wake_by_sgi, 3},  {"smp", job_spin, run_nothing, 2},
	{"smp", job_events, run_send, 1},
};

static const struct path alone[] = {
	{"local", "nothing", run_nothing, run_nothing},
	{"local", "null-hypercall", run_null, run_nothing},
	{"local", "psci-version", run_psci_version, run_nothing},
	{"local", "bad-hypercall", run_bad_hypercall, run_nothing},
	{"local", "gicd-read", run_gicd_read, run_nothing},
	{"local", "gicr-read", run_gicr_read, run_nothing},
	{"local", "id-register", run_id_read, run_nothing},
	{"local", "unmapped", run_unmapped, run_nothing},
	{"local", "sgi-self", run_sgi_self, run_nothing},
	{"local", "evtchn-self", run_event_self, run_nothing},
	{"local", "timer-busy", run_timer_busy, run_nothing},
	{"local", "timer-asleep", run_timer_asleep, run_nothing},
	{"local", "yield-alone", run_yield, run_nothing},
	{"local", "grant-map-unmap", run_grant_map, run_nothing},
	{"local", "grant-copy-4k", run_grant_copy, run_nothing},
};

/* In the order of jobs[]. */
static const struct path together[] = {
	{"pair", "vm-switch-twice", run_switch, run_nothing},
	{"pair", "evtchn-send-blocked", run_send, let_it_sleep},
	{"pair", "wfi-block-wake", run_timer_asleep, run_nothing},
	{"pair", "evtchn-pingpong", run_pingpong, run_nothing},
	{"smp", "sgi-to-asleep", run_sgi_one_way, wait_a_while},
	{"smp", "sgi-round-asleep", run_sgi_asleep, run_nothing},
	{"smp", "sgi-round-wake", run_sgi_spinning, run_nothing},
	{"smp", "sgi-to-running", run_sgi_one_way, wait_a_while},
	{"smp", "sgi-round-running", run_sgi_spinning, run_nothing},
	{"smp", "evtchn-pingpong-smp", run_pingpong, run_nothing},
};

static void measure(const struct path *path)
{
	static unsigned long marker = FIRST_MARKER;

	if (!strcmp(path->name, "gicr-read") && board.gic_version != 3)
		return;
	guest_printf("path %lu %s\n", marker, path->name);
	IRQ_ON();
	for (unsigned n = 0; n < WARM_UP + ROUNDS; n++) {
		path->before();
		if (n >= WARM_UP)
			marker_set(marker);
		path->run();
		if (n >= WARM_UP)
			marker_set(marker + 1);
	}
	IRQ_OFF();
	marker += 2;
}

static void prepare_grants(void)
{
	const u64 gpfn = board.grants.base / PAGE_SIZE;

	CHECK_RC(xen_add_to_physmap(XENMAPSPACE_grant_table, 0, gpfn), 0);
	mmu_map_blocks(board.grants.base, PAGE_SIZE, MMU_NORMAL);
	grants = (struct grant_entry_v1 *)board.grants.base;
	grants[REF].frame = (u32)((u64)granted / PAGE_SIZE);
	grants[REF].domid = own_domid;
	/* partner: the hypervisor reads flags, then domid and frame */
	__atomic_store_n(&grants[REF].flags, GTF_permit_access, __ATOMIC_RELEASE);
}

/* The hypervisor scrubs free memory while it is idle: let it come to its end. */
static void wait_for_scrubbing(void)
{
	IRQ_ON();
	for (unsigned n = 0; n < 4; n++)
		sleep_for(timer_frequency() / 2);
	IRQ_OFF();
}

static void prepare(void)
{
	own_domid = events_own_domid();
	gic_enable(SGI_PONG);
	CHECK_RC(events_bind_ipi(0, &port_self), 0);
	prepare_grants();
	if (board.gic_version == 3)
		gicr_ctlr = gic_redistributor(0) + GICR_CTLR;
}

static void settle(void)
{
	IRQ_ON();
	for (unsigned n = 0; n < 20; n++)
		guest_yield();
	IRQ_OFF();
}

static void prepare_pair(void)
{
	CHECK_RC(smp_start_cpu(1), 0);
	CHECK_RC(events_alloc(DOMID_SELF, DOMID_SELF, &port_near), 0);
	CHECK_RC(events_bind(DOMID_SELF, port_near, &port_far), 0);
	settle(); /* binding is an event, too */
}

static void start_job(const struct job *job)
{
	stop = 0;
	other_rounds = 0;
	smp_run(1, job->job, NULL);
	CHECK(WAIT_FOR(READ_ONCE(other_rounds)));
	if (job->job == job_events || job->job == job_listen)
		CHECK_RC(events_bind_vcpu(port_far, 1), 0);
}

static void stop_job(const struct job *job)
{
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	job->wake();
	CHECK(smp_wait(1));
	settle(); /* what it has answered nevertheless */
}

static void measure_alone(void)
{
	for (unsigned n = 0; n < ARRAY_SIZE(alone); n++)
		measure(&alone[n]);
}

static void measure_together(const char *set)
{
	const struct path *path = together;

	prepare_pair();
	for (unsigned n = 0; n < ARRAY_SIZE(jobs); path += jobs[n++].paths) {
		if (strcmp(jobs[n].set, set))
			continue;
		start_job(&jobs[n]);
		for (unsigned k = 0; k < jobs[n].paths; k++)
			measure(&path[k]);
		stop_job(&jobs[n]);
	}
}

/* ---- two domains ---- */
static void serve(void)
{
	domid_t peer = (domid_t)board_arg_u64("peer", 0);
	u32 port = 0, seen;

	CHECK_RC(events_alloc(DOMID_SELF, peer, &port), 0);
	CHECK_RC(events_alloc(DOMID_SELF, peer, &port_quiet), 0);
	seen = READ_ONCE(events_count[port]);
	for (;;) {
		sleep_until(&events_count[port], ++seen);
		events_send(port);
	}
}

/* The two that the server has for us: what else it has is for others. */
static bool find_ports(domid_t peer)
{
	for (u32 port = 1; port < 16; port++)
		if (!events_bind(peer, port, &port_near))
			return WAIT_FOR(!events_bind(peer, port + 1, &port_quiet));
	return false;
}

static void run_send_quiet(void)
{
	events_send(port_quiet);
}

static void sleep_a_while(void)
{
	sleep_for(timer_frequency() / 1000);
}

static void measure_client(void)
{
	static const struct path paths[] = {
		{"client", "evtchn-send-domain", run_send_quiet, sleep_a_while},
		{"client", "evtchn-pingpong-domains", run_pingpong, run_nothing},
	};
	domid_t peer = (domid_t)board_arg_u64("peer", 0);

	CHECK(WAIT_FOR(find_ports(peer)));
	settle();
	/* binding was an event, too, and the server has answered it */
	sleep_a_while();
	for (unsigned n = 0; n < ARRAY_SIZE(paths); n++)
		measure(&paths[n]);
}

/* ---- all ---- */
static void measure_local(void)
{
	prepare();
	wait_for_scrubbing();
	measure_alone();
}

static void measure_pair(void)
{
	prepare();
	wait_for_scrubbing();
	measure_together(board_arg("set"));
}

static const struct {
	const char *name;
	void (*run)(void);
} sets[] = {
	{"local", measure_local}, {"pair", measure_pair},     {"smp", measure_pair},
	{"server", serve},        {"client", measure_client},
};

static void check_paths(void)
{
	const char *set = board_arg("set");

	gic_init();
	irq_hook = hook;
	if (!events_init())
		return;
	gic_enable(board.ppi_virt);
	for (unsigned n = 0; n < ARRAY_SIZE(sets); n++)
		if (set && !strcmp(set, sets[n].name)) {
			sets[n].run();
			return;
		}
	CHECK_FAIL("set=%s: there is no such set", set ? set : "");
}

void guest_main(void)
{
	static const struct check check = {"paths", check_paths};

	check_run(&check, 1);
}
