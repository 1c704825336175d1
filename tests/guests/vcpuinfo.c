/* SPDX-License-Identifier: ISC */
/* What the hypervisor writes into a guest's memory: shared_info, vcpu_info, runstate. */

#include "events.h"
#include "gic.h"

const char guest_name[] = "vcpuinfo";

static char info_page[2 * PAGE_SIZE] ALIGN_PAGE;
static struct vcpu_runstate_info runstate __attribute__((aligned(64)));

static long register_info(unsigned vcpu, u64 gfn, u32 offset)
{
	struct vcpu_register_vcpu_info op = {.mfn = gfn, .offset = offset};

	return xen_vcpu_op(VCPUOP_register_vcpu_info, vcpu, &op);
}

static long register_runstate(unsigned vcpu, void *area)
{
	struct vcpu_register_runstate_memory_area op;

	op.addr.p = (u64)area;
	return xen_vcpu_op(VCPUOP_register_runstate_memory_area, vcpu, &op);
}

static void check_shared_info(void)
{
	struct shared_info *s = xen_map_shared_info();
	static char elsewhere[PAGE_SIZE] ALIGN_PAGE;

	if (!s)
		return;
	CHECK_EQ(READ_ONCE(s->wc_version) & 1, 0);
	/* the wall clock: Linux sets a domU's time from it; before dom0 has set it, it may be 1970
	 */
	if (!xen_is_dom0())
		CHECK(READ_ONCE(s->wc_sec) != 0);
	check_note("wall clock %u.%09u", s->wc_sec, s->wc_nsec);
	for (u32 port = 0; port < 64 * 64; port++)
		CHECK_EQ(READ_ONCE(s->evtchn_mask[port / 64]) >> port % 64 & 1,
			 port < 64 && events_is_daemons(port));
	(void)elsewhere;
}

static void check_info_errors(void)
{
	const u64 gfn = (u64)info_page / PAGE_SIZE;

	CHECK_RC(register_info(4000, gfn, 0), -XEN_ENOENT);
	CHECK_RC(register_info(~0U, gfn, 0), -XEN_ENOENT);
	CHECK_RC(register_info(0, gfn, PAGE_SIZE - sizeof(struct vcpu_info) + 8), -XEN_ENXIO);
	CHECK_RC(register_info(0, gfn, PAGE_SIZE), -XEN_ENXIO);
	CHECK_RC(register_info(0, gfn, 0xfffffff8), -XEN_ENXIO);
	CHECK_RC(register_info(0, 1UL << 40, 0), -XEN_EINVAL);
}

static void settle(void)
{
	IRQ_ON();
	for (unsigned n = 0; n < 20; n++)
		guest_yield();
	IRQ_OFF();
}

/* Moved once, with what was pending; afterwards events come through the new place. */
static void check_info(void)
{
	struct vcpu_info *info = (void *)(info_page + 256);
	u32 a = 0, b = 0;

	CHECK_RC(events_alloc(DOMID_SELF, DOMID_SELF, &a), 0);
	CHECK_RC(events_bind(DOMID_SELF, a, &b), 0); /* pending on vCPU 0, interrupts are masked */
	CHECK_RC(register_info(0, (u64)info / PAGE_SIZE, 256), 0);
	CHECK_EQ(info->evtchn_upcall_pending, 1);
	/* after a move everything is marked, so that nothing can be lost */
	CHECK(info->evtchn_pending_sel & BIT(b / 64));
	CHECK_RC(register_info(0, (u64)info / PAGE_SIZE, 256), -XEN_EINVAL);
	CHECK_RC(register_info(0, (u64)info / PAGE_SIZE, 512), -XEN_EINVAL);
	info->evtchn_upcall_pending = 0;
	info->evtchn_pending_sel = 0;
	events_clear(b);
	settle();
	CHECK_RC(events_send(a), 0);
	CHECK_EQ(READ_ONCE(info->evtchn_upcall_pending), 1);
	CHECK_EQ(READ_ONCE(info->evtchn_pending_sel), BIT(b / 64));
	settle();
	CHECK(irq_count(board.ppi_event) > 0);
	info->evtchn_upcall_pending = 0; /* or WFI would not sleep */
	CHECK_RC(events_close(a), 0);
	CHECK_RC(events_close(b), 0);
}

static u64 runstate_sum(void)
{
	u64 sum = 0;

	for (unsigned n = 0; n < 4; n++)
		sum += READ_ONCE(runstate.time[n]);
	return sum;
}

static void check_runstate(void)
{
	memset(&runstate, 0xff, sizeof(runstate));
	CHECK_RC(register_runstate(4000, &runstate), -XEN_ENOENT);
	CHECK_RC(register_runstate(0, &runstate), 0);
	CHECK_EQ(READ_ONCE(runstate.state), RUNSTATE_running);
	CHECK_EQ(READ_ONCE(runstate.state_entry_time) >> 63, 0);
	CHECK(runstate.state_entry_time > 0);
	CHECK(runstate_sum() < 1UL << 50);
	CHECK_EQ(READ_ONCE(runstate.state), RUNSTATE_running); /* whenever we look, we run */
	CHECK_RC(register_runstate(0, &runstate), 0);          /* again is fine */
	CHECK_RC(register_runstate(0, NULL), 0);               /* and nowhere is fine, too */
}

/* A sleep is time in "blocked". */
static void timer_off(struct cpu *cpu, unsigned intid)
{
	(void)cpu;
	if (intid == board.ppi_virt)
		SYSREG_WRITE(cntv_ctl_el0, 0);
}

static void sleep_a_moment(void)
{
	u64 deadline = timer_now() + timer_frequency() / 50;

	SYSREG_WRITE(cntv_cval_el0, deadline);
	SYSREG_WRITE(cntv_ctl_el0, TIMER_ENABLE);
	ISB();
	while (timer_now() < deadline)
		WFI();
	IRQ_ON();
	guest_yield();
	IRQ_OFF();
}

static void check_blocked(void)
{
	u64 before, total;

	CHECK_RC(register_runstate(0, &runstate), 0);
	before = READ_ONCE(runstate.time[RUNSTATE_blocked]);
	total = runstate_sum();
	gic_enable(board.ppi_virt);
	irq_hook = timer_off;
	/* On a busy machine the moment can be over before it is slept through. */
	for (unsigned tries = 0; tries < 50 && READ_ONCE(runstate.time[RUNSTATE_blocked]) == before;
	     tries++)
		sleep_a_moment();
	CHECK(READ_ONCE(runstate.time[RUNSTATE_blocked]) > before);
	CHECK(runstate_sum() > total);
	CHECK_EQ(READ_ONCE(runstate.state), RUNSTATE_running);
	irq_hook = NULL;
}

/* The area is a virtual address: not mapped means an error, not a write elsewhere. */
static void check_runstate_errors(void)
{
	u64 none = (u64)mmu_map_page(3, 0, MMU_NONE);
	long rc;

	/* Xen takes it and writes nothing */
	rc = register_runstate(0, (void *)none);
	if (rc && rc != -XEN_EFAULT)
		CHECK_FAIL("an unmapped runstate area is %ld, expected 0 or -14", rc);
	for (unsigned n = 0; n < 20; n++)
		guest_yield();
	/* unaligned and across two pages is allowed */
	rc = register_runstate(0, info_page + PAGE_SIZE - 24);
	CHECK_RC(rc, 0);
	CHECK_EQ(*(u32 *)(info_page + PAGE_SIZE - 24), RUNSTATE_running);
	for (unsigned n = 0; n < 20; n++)
		guest_yield();
	CHECK_RC(register_runstate(0, &runstate), 0);
}

static void check_update_flag(void)
{
	CHECK_RC(hypercall(__HYPERVISOR_vm_assist, VMASST_CMD_enable,
			   VMASST_TYPE_runstate_update_flag, 0, 0, 0),
		 0);
	for (unsigned n = 0; n < 100; n++) {
		guest_yield();
		/* set only while it is being written, so never when we can look */
		CHECK_EQ(READ_ONCE(runstate.state_entry_time) & XEN_RUNSTATE_UPDATE, 0);
	}
	CHECK_RC(hypercall(__HYPERVISOR_vm_assist, VMASST_CMD_disable,
			   VMASST_TYPE_runstate_update_flag, 0, 0, 0),
		 0);
}

static void job_secondary(struct cpu *cpu, void *arg)
{
	static struct vcpu_runstate_info second __attribute__((aligned(64)));

	(void)arg;
	CHECK_RC(register_info(cpu->index, (u64)info_page / PAGE_SIZE, 1024), 0);
	CHECK_RC(register_info(cpu->index, (u64)info_page / PAGE_SIZE, 1024), -XEN_EINVAL);
	CHECK_RC(register_runstate(cpu->index, &second), 0);
	CHECK_EQ(READ_ONCE(second.state), RUNSTATE_running);
}

static void check_secondary(void)
{
	if (board.cpu_count < 2)
		return;
	CHECK_RC(smp_start_cpu(1), 0);
	smp_run(1, job_secondary, NULL);
	CHECK(smp_wait(1));
}

static const struct check checks[] = {
	{"shared-info", check_shared_info}, {"vcpu-info-errors", check_info_errors},
	{"vcpu-info", check_info},          {"runstate", check_runstate},
	{"blocked", check_blocked},         {"runstate-errors", check_runstate_errors},
	{"update-flag", check_update_flag}, {"secondary", check_secondary},
};

void guest_main(void)
{
	gic_init();
	if (!events_init())
		return;
	check_run(checks, ARRAY_SIZE(checks));
}
