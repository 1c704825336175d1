/* SPDX-License-Identifier: ISC */
/* Runstate accounting: the times of a vCPU in each run state, and the copy in guest memory. */
#include <hyp/arch.h>
#include <hyp/cpu.h>
#include <hyp/domain.h>
#include <lib/errno.h>
#include <lib/lib.h>
#include <lib/time.h>
#include <mem/guest_access.h>
#include <mem/page.h>
#include <public/vcpu.h>
#include <public/xen.h>

void vcpu_forget_runstate(struct vcpu *v)
{
	for (unsigned i = 0; i < ARRAY_SIZE(v->runstate.mfn); i++) {
		if (mfn_valid(v->runstate.mfn[i]))
			page_put(v->runstate.mfn[i]);
		v->runstate.mfn[i] = INVALID_MFN;
	}
}

/*
 * The area may cross a page boundary. It was translated at registration, and references keep the
 * pages. If the guest changes this memory meanwhile, only its own accounting suffers.
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

void vcpu_read_runstate(struct vcpu *v, struct vcpu_runstate_info *info)
{
	struct sched_vcpu *s = &v->sched;
	struct cpu *c = sched_lock_of(v);

	memset(info, 0, sizeof(*info)); /* the guest also sees the padding */
	info->state = s->state;
	info->state_entry_time = time_ticks_to_ns(s->state_since - time_boot_ticks);
	for (unsigned i = 0; i < ARRAY_SIZE(info->time); i++)
		info->time[i] = time_ticks_to_ns(s->state_time[i]);
	sched_unlock(c);
}

void vcpu_write_runstate(struct vcpu *v)
{
	struct vcpu_runstate_info info;
	uint64_t marked;

	vcpu_read_runstate(v, &info);
	if (!v->domain->vm_assist_runstate_update) {
		runstate_copy(v, 0, &info, sizeof(info));
		return;
	}
	/*
	 * The mark is set before the first change and cleared after the last. A reader on another
	 * vCPU that sees part of the change therefore sees the mark.
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

int vcpu_register_runstate(struct vcpu *v, gvaddr_t area)
{
	uint64_t offset = area % PAGE_SIZE, last = area + sizeof(struct vcpu_runstate_info) - 1;
	mfn_t mfn[2] = {INVALID_MFN, INVALID_MFN};
	int err;

	if (!area) {
		vcpu_forget_runstate(v);
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
	vcpu_forget_runstate(v);
	v->runstate.offset = (uint16_t)offset;
	v->runstate.mfn[1] = mfn[1];
	v->runstate.mfn[0] = mfn[0];
	vcpu_write_runstate(v);
	return 0;
}
