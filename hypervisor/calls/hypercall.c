/* SPDX-License-Identifier: ISC */
/* The hypercall table and the dispatcher. */
#include <lib/errno.h>
#include <hyp/cpu.h>
#include <hyp/hypercall.h>
#include <public/plinth.h>
#include <public/xen.h>

#define NR_HYPERCALLS 64

static hypercall_fn *const table[NR_HYPERCALLS] = {
	[__HYPERVISOR_platform_op] = do_platform_op,
	[__HYPERVISOR_memory_op] = do_memory_op,
	[__HYPERVISOR_multicall] = do_multicall,
	[__HYPERVISOR_xen_version] = do_xen_version,
	[__HYPERVISOR_console_io] = do_console_io,
	[__HYPERVISOR_grant_table_op] = do_grant_table_op,
	[__HYPERVISOR_vm_assist] = do_vm_assist,
	[__HYPERVISOR_vcpu_op] = do_vcpu_op,
	[__HYPERVISOR_sched_op] = do_sched_op,
	[__HYPERVISOR_event_channel_op] = do_event_channel_op,
	[__HYPERVISOR_physdev_op] = do_physdev_op,
	[__HYPERVISOR_hvm_op] = do_hvm_op,
	[__HYPERVISOR_sysctl] = do_sysctl,
	[__HYPERVISOR_domctl] = do_domctl,
	[__HYPERVISOR_plinth_op] = do_plinth_op,
};

long hypercall_dispatch(struct vcpu *v, uint64_t nr, uint64_t *arg)
{
	/* The modulo bounds speculative accesses. */
	hypercall_fn *fn = likely(nr < NR_HYPERCALLS) ? table[nr % NR_HYPERCALLS] : NULL;

	return likely(fn) ? fn(v, arg) : -ENOSYS;
}
