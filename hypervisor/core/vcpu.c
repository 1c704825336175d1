/* SPDX-License-Identifier: ISC */
/* vCPUs: why they run or do not, and what is done when they come and go. */
#include <hyp/domain.h>
#include <hyp/guest_access.h>
#include <hyp/lib.h>
#include <hyp/page.h>
#include <hyp/pool.h>
#include <hyp/vtimer.h>
#include <asm/context.h>
#include <asm/tlb.h>

static struct pool vcpu_pool = POOL_INIT("vcpu", vcpu_pool, sizeof(struct vcpu), 1);

struct vcpu *vcpu_create(struct domain *d, unsigned id)
{
	struct vcpu *v = pool_alloc(&vcpu_pool);

	if (!v)
		return NULL;
	v->domain = d;
	v->id = (uint16_t)id;
	v->offline = 1;
	v->info_mfn = INVALID_MFN;
	v->runstate.mfn[0] = v->runstate.mfn[1] = INVALID_MFN;
	if (vgic_vcpu_init(v) != 0) {
		pool_free(&vcpu_pool, v);
		return NULL;
	}
	arch_vcpu_init(v);
	vtimer_vcpu_init(v);
	evtchn_vcpu_init(v);
	sched_vcpu_init(v);
	return v;
}

static void runstate_forget(struct vcpu *v)
{
	for (unsigned i = 0; i < ARRAY_SIZE(v->runstate.mfn); i++) {
		if (mfn_valid(v->runstate.mfn[i]))
			page_put(v->runstate.mfn[i]);
		v->runstate.mfn[i] = INVALID_MFN;
	}
}

/* The vCPU is quiet for good: give up what it holds on to. */
void vcpu_relinquish(struct vcpu *v)
{
	vtimer_vcpu_stop(v);
	timer_cancel_sync(&v->ptimer);
	timer_cancel_sync(&v->vtimer_wake);
	timer_cancel_sync(&v->poll_timer);
	runstate_forget(v);
	sched_vcpu_destroy(v);
}

void vcpu_destroy(struct vcpu *v)
{
	struct cpu *c;

	for_each_cpu (c) /* whose FP registers a CPU may remember */
		if (READ_ONCE(c->fp_last) == v)
			WRITE_ONCE(c->fp_last, NULL);
	evtchn_vcpu_destroy(v);
	vgic_vcpu_destroy(v);
	pool_free(&vcpu_pool, v);
}

void vcpu_switch_in(struct vcpu *v)
{
	struct domain *d = v->domain;

	vcpu_load(v);
	/*
	 * vCPUs of a domain share a VMID. What a guest does with ASIDs and non-global pages may
	 * differ between its CPUs, so the one that ran here before must not be seen in the TLB.
	 */
	if (d->last_vcpu[this_cpu()->id] != (uint8_t)v->id) {
		if (d->nr_vcpus > 1)
			tlb_flush_current_local();
		d->last_vcpu[this_cpu()->id] = (uint8_t)v->id;
	}
	if (mfn_valid(v->runstate.mfn[0]))
		vcpu_write_runstate(v);
}

void vcpu_resume(struct vcpu *v)
{
	if (v->vgic.flush)
		vgic_flush(v);
	if (mfn_valid(v->runstate.mfn[0]))
		vcpu_write_runstate(v);
}

void vcpu_switch_out(struct vcpu *v)
{
	vcpu_unload(v);
	if (mfn_valid(v->runstate.mfn[0]))
		vcpu_write_runstate(v);
}

void vcpu_pause(struct vcpu *v)
{
	atomic_add(&v->pause_count, 1);
	sched_sleep(v);
}

void vcpu_unpause(struct vcpu *v)
{
	if (atomic_sub_full(&v->pause_count, 1) == 0)
		sched_wake(v);
}

/*
 * The running vCPU was about to sleep and does not. Whoever saw it blocked meanwhile believes that
 * it will be resumed, which looks at its new interrupts, so that has to be made up for.
 */
void vcpu_stay_awake(struct vcpu *v)
{
	atomic_store(&v->blocked, 0);
	smp_mb(); /* pairs with the one in vcpu_notify() */
	if (READ_ONCE(v->vgic.flush))
		atomic_or(&this_cpu()->todo, TODO_VGIC);
}

void vcpu_block(struct vcpu *v, enum vcpu_sleep sleep)
{
	atomic_store(&v->blocked, sleep);
	smp_mb(); /* pairs with the one in vcpu_notify(): either we see the interrupt or it sees us
		     blocked */
	if ((sleep == SLEEP_EVENT && evtchn_upcall_pending(v)) || vgic_has_pending(v))
		vcpu_stay_awake(v);
	else
		atomic_or(&this_cpu()->todo, TODO_RESCHED);
}

void vcpu_unblock(struct vcpu *v)
{
	if (READ_ONCE(v->blocked) && atomic_swap(&v->blocked, 0))
		sched_wake(v);
}

void vcpu_notify(struct vcpu *v)
{
	smp_mb(); /* pairs with the one in vcpu_block() */
	if (READ_ONCE(v->blocked))
		vcpu_unblock(v);
	else if (READ_ONCE(v->running) && this_cpu()->current != v)
		cpu_kick(cpus[READ_ONCE(v->sched.cpu)], TODO_VGIC);
}

/*
 * The area may straddle two pages. It was translated when it was registered; references keep the
 * pages. It is the guest's memory: whatever it does there meanwhile only garbles its own
 * accounting.
 */
static void runstate_copy(struct vcpu *v, size_t at, const void *src, size_t len)
{
	const uint8_t *p = src;

	for (size_t i = 0; i < len;) {
		size_t offset = v->runstate.offset + at + i;
		mfn_t mfn = v->runstate.mfn[offset / PAGE_SIZE];
		size_t n = MIN(len - i, PAGE_SIZE - offset % PAGE_SIZE);
		uint8_t *page = map_page(mfn);

		memcpy(page + offset % PAGE_SIZE, p + i, n);
		unmap_page(page);
		i += n;
	}
}

static void runstate_get(struct vcpu *v, struct vcpu_runstate_info *info)
{
	struct sched_vcpu *s = &v->sched;

	info->state = s->state;
	info->state_entry_time = time_ticks_to_ns(s->state_since - time_boot_ticks);
	for (unsigned i = 0; i < ARRAY_SIZE(info->time); i++)
		info->time[i] = time_ticks_to_ns(s->state_time[i]);
}

void vcpu_write_runstate(struct vcpu *v)
{
	struct vcpu_runstate_info info;
	uint64_t marked;

	runstate_get(v, &info);
	if (!v->domain->vm_assist_runstate_update) {
		runstate_copy(v, 0, &info, sizeof(info));
		return;
	}
	/*
	 * A reader on another vCPU sees the mark before the first and after the last change, or no
	 * change.
	 */
	marked = info.state_entry_time | XEN_RUNSTATE_UPDATE;
	runstate_copy(v, offsetof(struct vcpu_runstate_info, state_entry_time), &marked,
		      sizeof(marked));
	smp_wmb();
	info.state_entry_time = marked;
	runstate_copy(v, 0, &info, sizeof(info));
	smp_wmb();
	marked &= ~XEN_RUNSTATE_UPDATE;
	runstate_copy(v, offsetof(struct vcpu_runstate_info, state_entry_time), &marked,
		      sizeof(marked));
}

void vcpu_read_runstate(struct vcpu *v, struct vcpu_runstate_info *info)
{
	memset(info, 0, sizeof(*info));
	runstate_get(v, info);
}

int vcpu_register_runstate(struct vcpu *v, gvaddr_t area)
{
	uint64_t offset = area % PAGE_SIZE, last = area + sizeof(struct vcpu_runstate_info) - 1;
	mfn_t mfn[2] = {INVALID_MFN, INVALID_MFN};
	int err;

	if (!area) {
		runstate_forget(v);
		return 0;
	}
	if (last < area || area % 8)
		return -EINVAL;
	err = guest_get_page(v, area, true, &mfn[0]);
	if (!err && last / PAGE_SIZE != area / PAGE_SIZE)
		err = guest_get_page(v, last, true, &mfn[1]);
	if (err) {
		if (mfn_valid(mfn[0]))
			page_put(mfn[0]);
		return err;
	}
	runstate_forget(v);
	v->runstate.offset = (uint16_t)offset;
	v->runstate.mfn[1] = mfn[1];
	v->runstate.mfn[0] = mfn[0];
	vcpu_write_runstate(v);
	return 0;
}
