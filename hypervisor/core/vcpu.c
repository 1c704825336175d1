/* SPDX-License-Identifier: ISC */
/* vCPUs: creation and destruction of their state in core/. */
#include <hyp/arch.h>
#include <hyp/cpu.h>
#include <hyp/domain.h>
#include <lib/errno.h>
#include <lib/lib.h>
#include <mem/page.h>

int vcpus_init(struct domain *d)
{
	_Static_assert(MAX_VCPUS * sizeof(struct vcpu *) <= PAGE_SIZE, "vcpu array is one page");
	d->vcpu = hyp_pages_alloc(0);
	return d->vcpu ? 0 : -ENOMEM;
}

void vcpus_free(struct domain *d)
{
	hyp_pages_free(d->vcpu, 0);
}

/* The timeout of SCHEDOP_poll. */
static void poll_timeout(struct timer *t)
{
	vcpu_unblock(container_of(t, struct vcpu, poll_timer));
}

int vcpu_init(struct vcpu *v)
{
	v->offline = 1;
	v->runstate.mfn[0] = v->runstate.mfn[1] = INVALID_MFN;
	v->poll_timer.fn = poll_timeout;
	sched_vcpu_init(v);
	return 0;
}

void vcpu_stop(struct vcpu *v)
{
	timer_cancel_sync(&v->poll_timer);
	vcpu_forget_runstate(v);
	sched_vcpu_destroy(v);
}

void vcpu_free(struct vcpu *v)
{
	struct cpu *c;

	for_each_cpu (c) /* a CPU may still remember v as the owner of its FP registers */
		if (READ_ONCE(c->fp_last) == v)
			WRITE_ONCE(c->fp_last, NULL);
}
