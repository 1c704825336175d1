/* SPDX-License-Identifier: ISC */
/*
 * Hypercall handlers. A handler gets the calling vCPU and an array of its five arguments. To be
 * continued, a handler changes the arguments to describe the remaining work and returns -ERESTART.
 * The guest then issues the call again, directly or as the current entry of a multicall. Interrupts
 * and other vCPUs can run in between.
 */
#ifndef HYP_HYPERCALL_H
#define HYP_HYPERCALL_H

#include <lib/types.h>

struct vcpu;

typedef long hypercall_fn(struct vcpu *v, uint64_t *arg);

hypercall_fn do_platform_op, do_memory_op, do_multicall, do_xen_version, do_console_io,
	do_grant_table_op, do_vm_assist, do_vcpu_op, do_sched_op, do_event_channel_op,
	do_physdev_op, do_hvm_op, do_sysctl, do_domctl, do_plinth_op;

/* Called by the trap code. Returns the result for x0 (r0), or -ERESTART: issue the call again. */
long hypercall_dispatch(struct vcpu *v, uint64_t nr, uint64_t *arg);

#endif
