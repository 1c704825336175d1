/* SPDX-License-Identifier: ISC */
/* multicall: a list of hypercalls, each with its own result. */
#include <lib/errno.h>
#include <lib/yield.h>
#include <mem/guest_access.h>
#include <hyp/hypercall.h>
#include <public/xen.h>

#define ENTRY_RESULT(va) ((va) + offsetof(struct multicall_entry, result))
#define ENTRY_ARGS(va)   ((va) + offsetof(struct multicall_entry, args))

/*
 * Run one entry; its arguments and its result are in the caller's memory. If the call has to be
 * continued, its changed arguments are written back, and the next round starts with this entry.
 */
static long run_entry(struct vcpu *v, gvaddr_t va)
{
	struct multicall_entry e;
	long ret = -EINVAL; /* a multicall within a multicall is invalid */
	uint64_t result;

	if (copy_from_guest(v, &e, va, sizeof(e)) || probe_guest_write(v, va, sizeof(e)))
		return -EFAULT;
	if (e.op != __HYPERVISOR_multicall)
		ret = hypercall_dispatch(v, e.op, e.args);
	if (ret == -ERESTART)
		return copy_to_guest(v, ENTRY_ARGS(va), e.args, sizeof(e.args)) ? -EFAULT : ret;
	result = (uint64_t)(int64_t)ret;
	return copy_to_guest(v, ENTRY_RESULT(va), &result, sizeof(result));
}

/* arg[0] is the address of the entries, arg[1] their number. Both advance with each entry. */
long do_multicall(struct vcpu *v, uint64_t *arg)
{
	uint32_t left = (uint32_t)arg[1];
	gvaddr_t va = arg[0];
	long ret = 0;

	for (bool first = true; left && !ret; first = false) {
		ret = first || !cpu_should_yield() ? run_entry(v, va) : -ERESTART;
		if (!ret) {
			va += sizeof(struct multicall_entry);
			left--;
		}
	}
	arg[0] = va;
	arg[1] = left;
	return ret;
}
