/* SPDX-License-Identifier: ISC */
/*
 * Hypercall handlers. A handler gets the caller and its five arguments, in place: to be continued
 * later it changes them to say what is left and returns -ERESTART; the dispatcher then makes the
 * guest issue the call again (directly, or as the current entry of a multicall), so that interrupts
 * and other vCPUs get their turn.
 */
#ifndef HYP_HYPERCALL_H
#define HYP_HYPERCALL_H

#include <hyp/domain.h>

typedef long hypercall_fn(struct vcpu *v, uint64_t *arg);

hypercall_fn do_platform_op, do_memory_op, do_multicall, do_xen_version, do_console_io,
	do_grant_table_op, do_vm_assist, do_vcpu_op, do_sched_op, do_event_channel_op,
	do_physdev_op, do_hvm_op, do_sysctl, do_domctl, do_plinth_op;

/* Called by trap code; result for x0 (r0), or -ERESTART: issue it again. */
long hypercall_dispatch(struct vcpu *v, uint64_t nr, uint64_t *arg);

/*
 * Should a long operation stop here? True when an interrupt is pending or another vCPU is to run.
 * The caller must have made progress, so that every call ends.
 */
bool hypercall_should_yield(void);

#endif
