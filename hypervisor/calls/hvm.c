/* SPDX-License-Identifier: ISC */
/* hvm_op: parameters, with the read and write permissions of Xen 4.17 on ARM. */
#include <hyp/domain.h>
#include <hyp/hypercall.h>
#include <lib/errno.h>
#include <lib/lib.h>
#include <mem/guest_access.h>
#include <public/hvm_op.h>

#define SELF_READS  BIT(0)
#define TOOLS_READ  BIT(1)
#define TOOLS_WRITE BIT(2)

static const uint8_t param_policy[HVM_NR_PARAMS] = {
	[HVM_PARAM_CALLBACK_IRQ] = SELF_READS | TOOLS_READ | TOOLS_WRITE,
	[HVM_PARAM_STORE_PFN] = SELF_READS | TOOLS_READ | TOOLS_WRITE,
	[HVM_PARAM_STORE_EVTCHN] = SELF_READS | TOOLS_READ | TOOLS_WRITE,
	[HVM_PARAM_CONSOLE_PFN] = SELF_READS | TOOLS_READ | TOOLS_WRITE,
	[HVM_PARAM_CONSOLE_EVTCHN] = SELF_READS | TOOLS_READ | TOOLS_WRITE,
	[HVM_PARAM_MONITOR_RING_PFN] = TOOLS_READ | TOOLS_WRITE,
};

_Static_assert(HVM_NR_PARAMS <= ARRAY_SIZE(((struct domain *)0)->hvm_params), "hvm_params");

static long param_access(struct vcpu *v, struct domain *d, struct xen_hvm_param *p, bool write)
{
	uint8_t policy = param_policy[p->index];
	uint8_t need = write ? TOOLS_WRITE : d == v->domain ? SELF_READS : TOOLS_READ;

	if (!policy)
		return -EINVAL;
	if (write && d == v->domain)
		return -EPERM;
	if (!(policy & need))
		return -EPERM;
	if (write)
		d->hvm_params[p->index] = p->value;
	else
		p->value = d->hvm_params[p->index];
	return 0;
}

long do_hvm_op(struct vcpu *v, uint64_t *arg)
{
	bool write = (uint32_t)arg[0] == HVMOP_set_param;
	struct xen_hvm_param p;
	struct domain *d;
	long ret;

	if (!write && (uint32_t)arg[0] != HVMOP_get_param)
		return -ENOSYS;
	if (copy_from_guest(v, &p, arg[1], sizeof(p)) != 0)
		return -EFAULT;
	if (p.index >= HVM_NR_PARAMS)
		return -EINVAL;
	p.index = (uint32_t)index_nospec(p.index, HVM_NR_PARAMS);
	d = domain_get_for(v, p.domid);
	if (!d)
		return -ESRCH;
	ret = d == v->domain || v->domain->privileged ? param_access(v, d, &p, write) : -EPERM;
	domain_put(d);
	if (!ret && !write)
		ret = copy_to_guest(v, arg[1], &p, sizeof(p));
	return ret;
}
