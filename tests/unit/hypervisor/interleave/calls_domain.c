/* SPDX-License-Identifier: ISC */
/*
 * dom0's toolstack: guests are built, run, stopped and destroyed, by two vCPUs that do not ask each
 * other.
 */
#include <hyp/hypercall.h>
#include <public/domctl.h>
#include <public/memory.h>
#include <public/sched.h>
#include <public/vcpu.h>
#include <string.h>

#include "interleave.h"

#define LIST 2048 /* in the page of arguments */

static struct xen_domctl *domctl(struct caller *c, uint32_t cmd)
{
	struct xen_domctl *op = args_page(c);

	if (!op)
		violation("dom0 has lost its arguments");
	c->aim = il_theme.table[0] ? il_theme.aim : (domid_t)(1 + il_below(IL_GUESTS));
	op->cmd = cmd;
	op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	op->domain = c->aim;
	return op;
}

static void go(struct caller *c)
{
	call(c, __HYPERVISOR_domctl, args_va(c, 0), c->aim, 0);
}

static void is_new(struct caller *c, long ret)
{
	if (!ret)
		world_forget_calls(c->aim);
}

static void create(struct caller *c)
{
	struct xen_domctl *op = domctl(c, XEN_DOMCTL_createdomain);

	op->u.createdomain = (struct xen_domctl_createdomain){
		.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap,
		.max_vcpus = c->aim == 1   ? 1
			     : c->aim == 2 ? 2
					   : IL_VCPUS,
		.max_evtchn_port = c->aim == 3 ? 4095 : 300,
		.max_grant_frames = 3,
		.max_maptrack_frames = 1 + (int32_t)il_below(2),
		.grant_opts = 1,
	};
	c->done = is_new;
	go(c);
}

static void max_vcpus(struct caller *c)
{
	struct xen_domctl *op = domctl(c, XEN_DOMCTL_max_vcpus);

	op->u.max_vcpus.max = c->aim == 1 ? 1 : c->aim == 2 ? 2 : IL_VCPUS;
	go(c);
}

static void max_mem(struct caller *c)
{
	struct xen_domctl *op = domctl(c, XEN_DOMCTL_max_mem);

	op->u.max_mem.max_memkb = 4 * (RAM_FRAMES + il_below(8));
	go(c);
}

/* All frames at once. */
static void populate_all(struct caller *c)
{
	struct xen_memory_reservation *r = args_page(c);
	uint64_t *frames = (void *)((char *)r + LIST);

	c->aim = (domid_t)(1 + il_below(IL_GUESTS));
	for (unsigned i = 0; i < RAM_FRAMES; i++)
		frames[i] = (GUEST_RAM0_BASE >> PAGE_SHIFT) + i;
	r->nr_extents = RAM_FRAMES;
	if (il_one_in(2)) { /* as a block of pages */
		r->nr_extents = 1;
		r->extent_order = 4;
	}
	r->extent_start.va = args_va(c, LIST);
	r->domid = c->aim;
	call(c, __HYPERVISOR_memory_op, XENMEM_populate_physmap, args_va(c, 0), 0);
}

static void set_context(struct caller *c)
{
	struct xen_domctl *op = domctl(c, XEN_DOMCTL_setvcpucontext);
	struct vcpu_guest_context *context = (void *)((char *)op + LIST);

	op->u.vcpucontext.vcpu = (uint32_t)il_below(2) & (uint32_t)il_below(2);
	op->u.vcpucontext.ctxt.va = args_va(c, LIST);
	context->flags = VGCF_online;
	context->user_regs.cpsr = PSR_GUEST64_INIT;
	go(c);
}

static void get_context(struct caller *c)
{
	struct xen_domctl *op = domctl(c, XEN_DOMCTL_getvcpucontext);

	op->u.vcpucontext.ctxt.va = args_va(c, LIST);
	go(c);
}

static void plain(struct caller *c, uint32_t cmd)
{
	domctl(c, cmd);
	go(c);
}

static void unpause(struct caller *c)
{
	plain(c, XEN_DOMCTL_unpausedomain);
}

static void pause(struct caller *c)
{
	plain(c, XEN_DOMCTL_pausedomain);
}

static void resume(struct caller *c)
{
	plain(c, XEN_DOMCTL_resumedomain);
}

static void destroy(struct caller *c)
{
	plain(c, XEN_DOMCTL_destroydomain);
}

static void shut_down(struct caller *c)
{
	struct sched_remote_shutdown *s = args_page(c);

	if (!s)
		return;
	c->aim = il_theme.table[0] ? il_theme.aim : (domid_t)(1 + il_below(IL_GUESTS));
	s->domain_id = c->aim;
	s->reason = SHUTDOWN_suspend;
	call(c, __HYPERVISOR_sched_op, SCHEDOP_remote_shutdown, args_va(c, 0), 0);
}

static void info(struct caller *c)
{
	plain(c, XEN_DOMCTL_getdomaininfo);
}

static void vcpu_info(struct caller *c)
{
	plain(c, XEN_DOMCTL_getvcpuinfo);
}

static void affinity(struct caller *c)
{
	struct xen_domctl *op = domctl(c, XEN_DOMCTL_setvcpuaffinity);
	uint8_t *map = (uint8_t *)op + LIST;

	op->u.vcpuaffinity.vcpu = (uint32_t)il_below(IL_VCPUS);
	op->u.vcpuaffinity.flags = XEN_VCPUAFFINITY_HARD;
	op->u.vcpuaffinity.cpumap_hard.bitmap.va = args_va(c, LIST);
	op->u.vcpuaffinity.cpumap_hard.nr_bits = 8;
	*map = (uint8_t)il_below(1 << IL_CPUS);
	if (il_one_in(8))
		op->domain = 0;
	go(c);
}

static void weight(struct caller *c)
{
	struct xen_domctl *op = domctl(c, XEN_DOMCTL_scheduler_op);

	op->u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT2;
	op->u.scheduler_op.u.credit2.weight = (uint16_t)(64 + il_below(1000));
	op->u.scheduler_op.u.credit2.cap = il_one_in(4) ? (uint16_t)il_below(100) : 0;
	go(c);
}

static void tables(struct caller *c)
{
	struct xen_domctl *op = domctl(c, XEN_DOMCTL_set_paging_mempool_size);

	op->u.paging_mempool.size = (1 + il_below(12)) << PAGE_SHIFT;
	go(c);
}

static void cache_flush(struct caller *c)
{
	struct xen_domctl *op = domctl(c, XEN_DOMCTL_cacheflush);

	op->u.cacheflush.start_pfn = (GUEST_RAM0_BASE >> PAGE_SHIFT) + il_below(4);
	op->u.cacheflush.nr_pfns = RAM_FRAMES;
	go(c);
}

/* Building goes faster than destroying: most of the time there are guests. */
const struct call_row domain_calls[] = {
	{"createdomain", create, 40},
	{"max_vcpus", max_vcpus, 30},
	{"max_mem", max_mem, 20},
	{"populate all", populate_all, 20},
	{"setvcpucontext", set_context, 20},
	{"unpausedomain", unpause, 40},
	{"getvcpucontext", get_context, 4},
	{"pausedomain", pause, 8},
	{"resumedomain", resume, 8},
	{"remote shutdown", shut_down, 5},
	{"destroydomain", destroy, 10},
	{"getdomaininfo", info, 2},
	{"getvcpuinfo", vcpu_info, 2},
	{"setvcpuaffinity", affinity, 6},
	{"scheduler_op", weight, 4},
	{"set_paging_mempool_size", tables, 2},
	{"cacheflush", cache_flush, 3},
	{0},
};
