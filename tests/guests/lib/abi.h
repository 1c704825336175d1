/* SPDX-License-Identifier: ISC */
/* The public ABI as the test guests see it, and the hypercalls as functions. */
#ifndef GUEST_ABI_H
#define GUEST_ABI_H

#include "guest.h"
#include <public/event_channel.h>
#include <public/grant_table.h>
#include <public/hvm_op.h>
#include <public/io/console.h>
#include <public/memory.h>
#include <public/platform.h>
#include <public/plinth.h>
#include <public/sched.h>
#include <public/vcpu.h>
#include <public/version.h>
#include <public/xen.h>

static inline long hypercall(unsigned nr, u64 a0, u64 a1, u64 a2, u64 a3, u64 a4)
{
	register u64 x16 asm("x16") = nr;
	register u64 x0 asm("x0") = a0;
	register u64 x1 asm("x1") = a1;
	register u64 x2 asm("x2") = a2;
	register u64 x3 asm("x3") = a3;
	register u64 x4 asm("x4") = a4;

	asm volatile("hvc #0xEA1"
		     : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(x4), "+r"(x16)::"memory");
	return (long)x0;
}

static inline long xen_version(unsigned cmd, void *arg)
{
	return hypercall(__HYPERVISOR_xen_version, cmd, (u64)arg, 0, 0, 0);
}

static inline long xen_memory_op(unsigned cmd, void *arg)
{
	return hypercall(__HYPERVISOR_memory_op, cmd, (u64)arg, 0, 0, 0);
}

static inline long xen_event_op(unsigned cmd, void *arg)
{
	return hypercall(__HYPERVISOR_event_channel_op, cmd, (u64)arg, 0, 0, 0);
}

static inline long xen_grant_op(unsigned cmd, void *arg, unsigned count)
{
	return hypercall(__HYPERVISOR_grant_table_op, cmd, (u64)arg, count, 0, 0);
}

static inline long xen_sched_op(unsigned cmd, void *arg)
{
	return hypercall(__HYPERVISOR_sched_op, cmd, (u64)arg, 0, 0, 0);
}

static inline long xen_vcpu_op(unsigned cmd, unsigned vcpu, void *arg)
{
	return hypercall(__HYPERVISOR_vcpu_op, cmd, vcpu, (u64)arg, 0, 0);
}

static inline long xen_hvm_op(unsigned cmd, void *arg)
{
	return hypercall(__HYPERVISOR_hvm_op, cmd, (u64)arg, 0, 0, 0);
}

static inline long xen_console_io(unsigned cmd, u64 length, const void *text)
{
	return hypercall(__HYPERVISOR_console_io, cmd, length, (u64)text, 0, 0);
}

/* xen.c */
bool xen_present(void);  /* an hvc #0xEA1 that is worth issuing */
bool xen_is_dom0(void);  /* XENFEAT_dom0 */
bool xen_is_stock(void); /* not Plinth: its own hypercall is not implemented */
u32 xen_features(unsigned submap);
long xen_get_param(unsigned index, u64 *value);
long xen_add_to_physmap(unsigned space, u64 index, u64 gpfn);
struct shared_info *
xen_map_shared_info(void); /* once; NULL on failure, which is then a failed check */
long xen_shutdown(unsigned reason);

#endif
