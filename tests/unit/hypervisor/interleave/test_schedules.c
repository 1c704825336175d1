/* SPDX-License-Identifier: ISC */
/*
 * Pairs of calls whose order matters, in every order: see interleave/two_sides.h. test_interleave
 * meets the same pairs by chance, among all others; here each window is open in each run. After
 * every schedule everything is counted anew (interleave/check_*.c).
 */
#include "unit.h"
#include <host/host.h>
#include <hyp/cpu.h>
#include <hyp/hypercall.h>
#include <public/domctl.h>
#include <public/grant_table.h>
#include <public/memory.h>
#include <public/sched.h>
#include <public/vcpu.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "grant_priv.h"
#include "interleave.h"
#include "two_sides.h"

#define GUEST   1
#define LISTS   2048 /* in the page of arguments */
#define FRAME   0x80000ULL
#define REF     8
#define TRIES   20 /* of a call that waits for another CPU */
#define TOO_FAR 100000

/* Where vCPUs run. A guest's second one has the CPU of dom0's second one, which sleeps then. */
#define DOM0_CPU   0
#define SECOND_CPU 1
#define GUEST_CPU  2

struct pair {
	const char *name;
	void (*build)(void);
	void (*act[2])(void);
	unsigned cpu[2];
	void (*everywhere)(void);
	void (*after)(void);
};
static const struct pair *pair;
static struct domain *guest;
static enum domain_state latest_state; /* of the guest */
static bool meeting;                   /* the sides are at their calls */
static long last_result;

/* ---- vCPUs and their calls ---- */

/* Every CPU has a turn; while the sides meet, every one but theirs. */
static void others_run(void)
{
	unsigned here = this_cpu()->id;

	cpus_hold();
	for (unsigned i = 0; i < nr_cpus; i++)
		if (!meeting || (i != pair->cpu[0] && i != pair->cpu[1]))
			host_cpu_run(i);
	host_set_cpu(here);
	cpus_release();
}

static struct vcpu *vcpu_of_guest(unsigned id)
{
	return guest->vcpu[id];
}

/* v goes on where it is pinned to. */
static struct caller *bring(struct vcpu *v)
{
	for (unsigned i = 0; i < TRIES && cpus[v->sched.cpu]->current != v; i++) {
		host_ticks += 6000000;
		others_run();
	}
	if (cpus[v->sched.cpu]->current != v)
		violation("d%uv%u does not run", v->domain->id, v->id);
	host_set_cpu(v->sched.cpu);
	return world_caller(v);
}

static void remember(struct caller *c, long ret)
{
	(void)c;
	last_result = ret;
}

/* A call of the vCPU on this CPU, to its end, or until it waits for the other side. */
static long make_call(const char *name, uint64_t nr, uint64_t a0, uint64_t a1, uint64_t a2)
{
	struct caller *c = world_caller(this_cpu()->current);

	c->name = name;
	c->done = remember;
	last_result = -ERESTART;
	call(c, nr, a0, a1, a2);
	for (unsigned i = 0; i < TRIES && c->pending; i++) {
		others_run();
		call_again(c);
	}
	return last_result;
}

/* The page of arguments of the vCPU on this CPU. */
static void *args(void)
{
	cpus_hold();
	void *page = args_page(world_caller(this_cpu()->current));
	cpus_release();
	if (!page)
		violation("there is no page for arguments");
	return page;
}

static uint64_t va(size_t offset)
{
	return args_va(world_caller(this_cpu()->current), offset);
}

static void must(long ret, long wanted)
{
	if (ret != wanted)
		violation("a call returned %ld and not %ld", ret, wanted);
}

static long domctl(uint32_t cmd, struct xen_domctl op)
{
	struct xen_domctl *a = args();

	*a = op;
	a->cmd = cmd;
	a->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	a->domain = GUEST;
	return make_call("domctl", __HYPERVISOR_domctl, va(0), cmd, 0);
}

static long domctl_plain(uint32_t cmd)
{
	return domctl(cmd, (struct xen_domctl){0});
}

/* ---- the machine before each schedule ---- */

static void populate(void)
{
	struct xen_memory_reservation *r = args();
	uint64_t *frames = (void *)((char *)r + LISTS);

	for (unsigned i = 0; i < RAM_FRAMES; i++)
		frames[i] = (GUEST_RAM0_BASE >> PAGE_SHIFT) + i;
	r->nr_extents = RAM_FRAMES;
	r->extent_start.va = va(LISTS);
	r->domid = GUEST;
	must(make_call("populate", __HYPERVISOR_memory_op, XENMEM_populate_physmap, va(0), 0),
	     RAM_FRAMES);
}

static void pin(struct vcpu *v, unsigned cpu)
{
	must(sched_set_affinity(v, BIT64(cpu), ~0ULL), 0);
}

/* A guest with two vCPUs that are online, still paused. */
static void build_paused(void)
{
	struct xen_domctl op = {.u.createdomain = {.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap,
						   .max_vcpus = 2,
						   .max_evtchn_port = 300,
						   .max_grant_frames = 3,
						   .max_maptrack_frames = 1,
						   .grant_opts = 1}};

	bring(world_dom0()->vcpu[0]);
	must(domctl(XEN_DOMCTL_createdomain, op), 0);
	world_forget_calls(GUEST);
	guest = world_guest(GUEST);
	op.u.max_vcpus.max = 2;
	must(domctl(XEN_DOMCTL_max_vcpus, op), 0);
	op.u.max_mem.max_memkb = 4 * RAM_FRAMES;
	must(domctl(XEN_DOMCTL_max_mem, op), 0);
	populate();
	pin(vcpu_of_guest(0), GUEST_CPU);
	pin(vcpu_of_guest(1), SECOND_CPU);
	for (unsigned i = 0; i < 2; i++)
		atomic_store(&vcpu_of_guest(i)->offline, 0);
}

static void sleep_now(struct vcpu *v)
{
	if (v->blocked)
		return;
	bring(v);
	must(make_call("block", __HYPERVISOR_sched_op, SCHEDOP_block, 0, 0), 0);
	others_run();
}

/* Both vCPUs run, and dom0's second one does not. */
static void build_running(void)
{
	build_paused();
	must(domctl_plain(XEN_DOMCTL_unpausedomain), 0);
	sleep_now(world_dom0()->vcpu[1]);
	bring(vcpu_of_guest(0));
	bring(vcpu_of_guest(1));
}

static void second_dom0_vcpu_runs(void)
{
	vcpu_unblock(world_dom0()->vcpu[1]);
	bring(world_dom0()->vcpu[1]);
}

/*
 * It could run, but its vCPUs sleep. dom0's second one runs on the CPU where they have been, so
 * that they are not loaded any more.
 */
static void build_asleep(void)
{
	build_running();
	sleep_now(vcpu_of_guest(1));
	pin(vcpu_of_guest(0), SECOND_CPU);
	sleep_now(vcpu_of_guest(0));
	second_dom0_vcpu_runs();
	must(domain_is_quiet(guest), true);
}

static void build_paused_for_two(void)
{
	build_paused();
	second_dom0_vcpu_runs();
}

/* Its first vCPU runs; dom0's second one, too. */
static void build_one_running(void)
{
	build_running();
	sleep_now(vcpu_of_guest(1));
	second_dom0_vcpu_runs();
}

/* ---- what a guest has mapped, and what is put over it ---- */

static void write_grant(void)
{
	guest->grant.frame[0].entry[REF] = (struct grant_entry_v1){
		.flags = GTF_permit_access,
		.domid = GUEST,
		.frame = (uint32_t)frame_at(guest, PLAIN_AT),
	};
}

static void map_grant(void)
{
	struct gnttab_map_grant_ref *m = args();

	*m = (struct gnttab_map_grant_ref){.host_addr = FRAME << PAGE_SHIFT,
					   .flags = GNTMAP_host_map,
					   .ref = REF,
					   .dom = DOMID_SELF};
	make_call("grant map", __HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, va(0), 1);
}

/* The handles are given out from 0 on. */
static void unmap_handle(uint32_t handle)
{
	struct gnttab_unmap_grant_ref *u = args();

	*u = (struct gnttab_unmap_grant_ref){.host_addr = FRAME << PAGE_SHIFT, .handle = handle};
	make_call("grant unmap", __HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, va(0), 1);
}

/* A guest that has granted a page to itself and mapped it. */
static void build_mapping(void)
{
	struct gnttab_setup_table *s;

	build_running();
	bring(vcpu_of_guest(0));
	s = args();
	s->dom = DOMID_SELF;
	s->nr_frames = 1;
	s->frame_list.va = va(LISTS);
	must(make_call("setup_table", __HYPERVISOR_grant_table_op, GNTTABOP_setup_table, va(0), 1),
	     0);
	write_grant();
	map_grant();
	must(guest->grant.nr_maps, 1);
}

static void add_to_physmap(uint16_t space)
{
	struct xen_add_to_physmap *a = args();

	*a = (struct xen_add_to_physmap){.domid = DOMID_SELF, .space = space, .gpfn = FRAME};
	make_call("add_to_physmap", __HYPERVISOR_memory_op, XENMEM_add_to_physmap, va(0), 0);
}

static void add_shared_info(void)
{
	add_to_physmap(XENMAPSPACE_shared_info);
}

static void add_grant_frame(void)
{
	add_to_physmap(XENMAPSPACE_grant_table);
}

static void remove_frame(void)
{
	struct xen_remove_from_physmap *r = args();

	*r = (struct xen_remove_from_physmap){.domid = DOMID_SELF, .gpfn = FRAME};
	make_call("remove_from_physmap", __HYPERVISOR_memory_op, XENMEM_remove_from_physmap, va(0),
		  0);
}

static void unmap(void)
{
	unmap_handle(0);
}

/* Another mapping at the same frame comes and goes, then the first one ends. */
static void map_and_unmap_all(void)
{
	map_grant();
	unmap_handle(1);
	unmap_handle(0);
}

/* ---- the end of a domain, and its pauses ---- */

static void destroy(void)
{
	domctl_plain(XEN_DOMCTL_destroydomain);
}

static void unpause(void)
{
	domctl_plain(XEN_DOMCTL_unpausedomain);
}

static void pause_it(void)
{
	domctl_plain(XEN_DOMCTL_pausedomain);
}

static void resume(void)
{
	domctl_plain(XEN_DOMCTL_resumedomain);
}

static void shut_down(void)
{
	struct sched_remote_shutdown *s = args();

	*s = (struct sched_remote_shutdown){.domain_id = GUEST, .reason = SHUTDOWN_suspend};
	make_call("remote_shutdown", __HYPERVISOR_sched_op, SCHEDOP_remote_shutdown, va(0), 0);
}

static void shut_itself_down(void)
{
	struct sched_shutdown *s = args();

	s->reason = SHUTDOWN_poweroff;
	make_call("shutdown", __HYPERVISOR_sched_op, SCHEDOP_shutdown, va(0), 0);
}

/*
 * At each place: no pause is undone that was not made, what is taken apart cannot run, and who is
 * dying stays it.
 */
static void domain_holds_together(void)
{
	if (guest->pause_count > 100)
		violation("a pause is undone that was never made");
	if (guest->teardown == 1)
		fprintf(stderr, "T pc %u turn\n", guest->pause_count);
	if (guest->teardown && !guest->pause_count)
		violation("the domain is taken apart, and is not paused");
	if (guest->state < latest_state)
		violation("state %d of the domain follows %d", guest->state, latest_state);
	latest_state = guest->state;
}

/* ---- a vCPU that polls, and the event that it waits for ---- */

static uint32_t polled, other;

static uint32_t bind_ipi(bool masked)
{
	struct evtchn_bind_ipi *b = args();
	uint32_t port;

	must(make_call("bind_ipi", __HYPERVISOR_event_channel_op, EVTCHNOP_bind_ipi, va(0), 0), 0);
	port = b->port;
	if (masked)
		guest->shared_info->evtchn_mask[port / 64] |= BIT64(port % 64);
	return port;
}

/* Two ports of the first vCPU, which the second one can send to: one masked, as is usual. */
static void build_ports(void)
{
	build_running();
	bring(vcpu_of_guest(0));
	polled = bind_ipi(true);
	other = bind_ipi(false);
}

static void poll(void)
{
	struct sched_poll *p = args();
	struct caller *c = world_caller(this_cpu()->current);

	memcpy((char *)p + LISTS, &polled, sizeof(polled));
	p->ports.va = va(LISTS);
	p->nr_ports = 1;
	c->polls = true; /* until it is told that it may go on */
	make_call("poll", __HYPERVISOR_sched_op, SCHEDOP_poll, va(0), 0);
	host_cpu_run(GUEST_CPU);
}

static void send(uint32_t port)
{
	struct evtchn_send *s = args();

	s->port = port;
	must(make_call("send", __HYPERVISOR_event_channel_op, EVTCHNOP_send, va(0), 0), 0);
}

static void send_polled(void)
{
	send(polled);
}

static void send_other(void)
{
	send(other);
}

static void is_awake(void)
{
	const struct vcpu *v = vcpu_of_guest(0);

	if (v->blocked || v->poll)
		violation("the vCPU still polls, and its event is there");
}

/* ---- schedules ---- */

/* All calls come to their ends. */
static void settle(void)
{
	bool pending = true;

	for (unsigned round = 0; round < TRIES && pending; round++) {
		pending = false;
		for (unsigned i = 0; i < nr_cpus; i++) {
			struct vcpu *v = host_cpu_run(i);
			struct caller *c = v ? world_caller(v) : NULL;

			if (v && v->domain->teardown)
				violation("d%uv%u runs while its domain is taken apart",
					  v->domain->id, v->id);
			if (c && c->pending)
				call_again(c);
			pending |= c && c->pending;
		}
	}
	if (pending)
		violation("a call does not end");
}

static void tear_down(void)
{
	bring(world_dom0()->vcpu[0]);
	if (world_guest(GUEST) && guest->state != DOMAIN_DEAD)
		must(domctl_plain(XEN_DOMCTL_destroydomain), 0);
	settle();
	if (world_guest(GUEST))
		violation("the guest is held for ever");
}

static unsigned run_one(bool blocks, const unsigned *turn, unsigned nr_turns)
{
	struct sides s = {.act = {pair->act[0], pair->act[1]},
			  .cpu = {pair->cpu[0], pair->cpu[1]},
			  .everywhere = pair->everywhere,
			  .blocks = blocks,
			  .nr_turns = nr_turns};
	unsigned taken;

	memcpy(s.turn, turn, nr_turns * sizeof(*turn));
	report_forget();
	pair->build();
	domain_hold(guest);
	latest_state = guest->state;
	meeting = true;
	taken = sides_run(&s);
	meeting = false;
	settle();
	domain_put(guest);
	check_all();
	if (pair->after)
		pair->after();
	tear_down();
	il_step++;
	return taken;
}

/* Side 0 is left at each basic block for the whole of side 1. */
static void all_blocks(void)
{
	for (unsigned at = 1; run_one(true, &at, 1); at++)
		if (at == TOO_FAR)
			violation("the call has no end");
}

/*
 * Side 0, side 1, side 0 again, each is left at each of its releases of a lock, as far as the
 * limits let it: the end of a domain has hundreds.
 */
static void all_locks(void)
{
	static const unsigned most[MAX_TURNS] = {12, 12, 6};
	unsigned turn[MAX_TURNS], taken = 3;

	for (turn[0] = 1; taken > 0 && turn[0] <= most[0]; turn[0]++)
		for (turn[1] = 1, taken = 3; taken > 1 && turn[1] <= most[1]; turn[1]++)
			for (turn[2] = 1, taken = 3; taken > 2 && turn[2] <= most[2]; turn[2]++)
				taken = run_one(false, turn, MAX_TURNS);
}

static void run_pair(bool swapped)
{
	struct pair p = *pair;

	if (swapped) {
		p.act[0] = pair->act[1];
		p.act[1] = pair->act[0];
		p.cpu[0] = pair->cpu[1];
		p.cpu[1] = pair->cpu[0];
	}
	pair = &p;
	report_begin(swapped);
	world_start();
	pin(world_dom0()->vcpu[0], DOM0_CPU);
	pin(world_dom0()->vcpu[1], SECOND_CPU);
	others_run();
	all_blocks();
	all_locks();
	world_stop();
	printf("%s%s: %llu schedules\n", p.name, swapped ? ", the other one first" : "",
	       (unsigned long long)il_step);
	fflush(stdout);
}

#define GUESTS                        \
	{                             \
		GUEST_CPU, SECOND_CPU \
	}
#define DOM0S                        \
	{                            \
		DOM0_CPU, SECOND_CPU \
	}

static const struct pair pairs[] = {
	{"shared_info over a mapping, and its end",
	 build_mapping,
	 {add_shared_info, unmap},
	 GUESTS,
	 NULL,
	 NULL},
	{"shared_info over mappings that come and go",
	 build_mapping,
	 {add_shared_info, map_and_unmap_all},
	 GUESTS,
	 NULL,
	 NULL},
	{"a grant frame over a mapping, and its end",
	 build_mapping,
	 {add_grant_frame, unmap},
	 GUESTS,
	 NULL,
	 NULL},
	{"a mapping is removed by its frame and by its handle",
	 build_mapping,
	 {remove_frame, unmap},
	 GUESTS,
	 NULL,
	 NULL},
	{"a mapping over a mapping, and its end",
	 build_mapping,
	 {map_grant, unmap},
	 GUESTS,
	 NULL,
	 NULL},
	{"destroyed twice", build_asleep, {destroy, destroy}, DOM0S, domain_holds_together, NULL},
	{"shut down and resumed",
	 build_one_running,
	 {shut_down, resume},
	 DOM0S,
	 domain_holds_together,
	 NULL},
	{"unpaused and destroyed",
	 build_paused_for_two,
	 {unpause, destroy},
	 DOM0S,
	 domain_holds_together,
	 NULL},
	{"unpaused twice",
	 build_paused_for_two,
	 {unpause, unpause},
	 DOM0S,
	 domain_holds_together,
	 NULL},
	{"paused and unpaused",
	 build_paused_for_two,
	 {pause_it, unpause},
	 DOM0S,
	 domain_holds_together,
	 NULL},
	{"shut down by itself, and destroyed",
	 build_running,
	 {shut_itself_down, destroy},
	 {GUEST_CPU, DOM0_CPU},
	 domain_holds_together,
	 NULL},
	{"a poll, and its event", build_ports, {poll, send_polled}, GUESTS, NULL, is_awake},
	{"a poll, and another event", build_ports, {poll, send_other}, GUESTS, NULL, NULL},
};

/* A process each: a machine that is started anew. */
static void run_all(void **state)
{
	unsigned failed = 0;

	(void)state;
	for (unsigned i = 0; i < 2 * ARRAY_SIZE(pairs); i++) {
		pid_t child = fork();
		int status;

		assert_true(child >= 0);
		pair = &pairs[i / 2];
		if (!child) {
			run_pair(i % 2);
			_exit(0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		if (status)
			fprintf(stderr, "in: %s%s\n", pair->name,
				i % 2 ? ", the other one first" : "");
		failed += status != 0;
	}
	assert_int_equal(failed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(run_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
