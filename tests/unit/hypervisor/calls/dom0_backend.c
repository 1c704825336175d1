/* SPDX-License-Identifier: ISC */
/*
 * dom0's kernel below libctrl: buffers in dom0's memory, foreign pages by hypercalls as Linux makes
 * them.
 */
#include "unit.h"
#include <string.h>
#include <sys/mman.h>

#include <host/host.h>
#include <lib/errno.h>
#include <hyp/hypercall.h>
#include <public/event_channel.h>
#include <public/memory.h>
#include <public/plinth.h>
#include "dom0_backend.h"
#include "whole.h"

/* Buffers: the upper half of dom0's memory, which whole_scratch() does not reach in these tests. */
#define BUFFER_PAGES 256
/* Addresses of dom0 where there is nothing. */
#define FIRST_HOLE (GiB(8) >> PAGE_SHIFT)
#define HOLES      8192

static bool buffer_used[BUFFER_PAGES];
static void *hole_used[HOLES]; /* the address that Linux's process sees the frame at */

unsigned dom0_backend_left(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < BUFFER_PAGES; i++)
		n += buffer_used[i];
	for (unsigned i = 0; i < HOLES; i++)
		n += hole_used[i] != NULL;
	return n;
}

static bool fails(void *state)
{
	struct dom0_backend *b = state;

	return ++b->calls == b->fail_at;
}

static long dom0_hypercall(void *state, uint64_t op, const uint64_t arg[5])
{
	struct dom0_backend *b = state;

	if (fails(state))
		return -ENOMEM;
	if (op == __HYPERVISOR_plinth_op && b->no_plinth)
		return -ENOSYS;
	return host_hypercall(whole_vcpu, op, arg[0], arg[1], arg[2]);
}

static char *buffer_at(unsigned i)
{
	return whole_ram() + (BUFFER_PAGES + i) * PAGE_SIZE;
}

static void *dom0_alloc(void *state, size_t pages)
{
	if (fails(state))
		return NULL;
	for (unsigned at = 0; at + pages <= BUFFER_PAGES; at++) {
		if (memchr(buffer_used + at, true, pages))
			continue;
		memset(buffer_used + at, true, pages);
		return memset(buffer_at(at), 0, pages * PAGE_SIZE);
	}
	return NULL;
}

static void dom0_free(void *state, void *ptr, size_t pages)
{
	(void)state;
	memset(buffer_used + ((char *)ptr - buffer_at(0)) / PAGE_SIZE, false, pages);
}

/* Show the frames of dom0's at holes[0..nr) to the process, side by side. */
static void *show(const uint64_t *holes, const int *errs, size_t nr, int prot)
{
	char *p = mmap(NULL, nr * PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(p, MAP_FAILED);
	for (size_t i = 0; i < nr; i++) {
		enum p2m_type type;
		mfn_t mfn;

		if (errs && errs[i])
			continue;
		assert_int_equal(p2m_lookup(whole_dom0, GFN(holes[i]), &mfn, &type, NULL), 0);
		host_ram_alias(p + i * PAGE_SIZE, mfn, prot);
		hole_used[holes[i] - FIRST_HOLE] = p + i * PAGE_SIZE;
	}
	return p;
}

static void find_holes(uint64_t *holes, size_t nr)
{
	for (unsigned i = 0; i < HOLES && nr; i++)
		if (!hole_used[i])
			holes[--nr] = FIRST_HOLE + i;
	assert_int_equal(nr, 0);
}

static int dom0_map_frames(void *state, uint32_t domid, const uint64_t *gfns, size_t nr, int prot,
			   int *errs, void **addr)
{
	struct xen_add_to_physmap_batch *r = whole_scratch(sizeof(*r));
	uint64_t *idxs = whole_scratch(nr * 8), *holes = whole_scratch(nr * 8);
	int32_t *e = whole_scratch(nr * 4);
	long ret;

	if (fails(state))
		return -ENOMEM;
	find_holes(holes, nr);
	memcpy(idxs, gfns, nr * 8);
	*r = (struct xen_add_to_physmap_batch){
		.domid = DOMID_SELF, .space = XENMAPSPACE_gmfn_foreign, .size = (uint16_t)nr};
	r->u.foreign_domid = (domid_t)domid;
	r->idxs.va = (uintptr_t)idxs;
	r->gpfns.va = (uintptr_t)holes;
	r->errs.va = (uintptr_t)e;
	ret = host_hypercall(whole_vcpu, __HYPERVISOR_memory_op, XENMEM_add_to_physmap_batch,
			     (uintptr_t)r, 0);
	if (!ret) {
		memcpy(errs, e, nr * 4);
		*addr = show(holes, errs, nr, prot);
	}
	whole_scratch_reset();
	return (int)ret;
}

static int dom0_map_resource(void *state, uint32_t domid, uint32_t type, uint32_t id,
			     uint64_t frame, size_t nr, int prot, void **addr)
{
	struct xen_mem_acquire_resource *r = whole_scratch(sizeof(*r));
	uint64_t *holes = whole_scratch(nr * 8);
	long ret;

	if (fails(state))
		return -ENOMEM;
	find_holes(holes, nr);
	*r = (struct xen_mem_acquire_resource){.domid = (domid_t)domid,
					       .type = (uint16_t)type,
					       .id = id,
					       .nr_frames = (uint32_t)nr,
					       .frame = frame,
					       .frame_list.va = (uintptr_t)holes};
	ret = host_hypercall(whole_vcpu, __HYPERVISOR_memory_op, XENMEM_acquire_resource,
			     (uintptr_t)r, 0);
	if (!ret)
		*addr = show(holes, NULL, nr, prot);
	whole_scratch_reset();
	return (int)ret;
}

static void dom0_unmap(void *state, void *addr, size_t nr)
{
	struct xen_remove_from_physmap *r = whole_scratch(sizeof(*r));

	(void)state;
	for (unsigned i = 0; i < HOLES; i++) {
		if ((uintptr_t)hole_used[i] - (uintptr_t)addr >= nr * PAGE_SIZE)
			continue;
		*r = (struct xen_remove_from_physmap){.domid = DOMID_SELF, .gpfn = FIRST_HOLE + i};
		assert_int_equal(host_hypercall(whole_vcpu, __HYPERVISOR_memory_op,
						XENMEM_remove_from_physmap, (uintptr_t)r, 0),
				 0);
		hole_used[i] = NULL;
	}
	munmap(addr, nr * PAGE_SIZE);
	whole_scratch_reset();
}

static int dom0_open_set(void *state, void **set)
{
	*set = state;
	return 0;
}

static void dom0_close_set(void *state, void *set)
{
	(void)state;
	(void)set;
}

static int dom0_fd(void *state, void *set)
{
	(void)state;
	(void)set;
	return -ENOSYS; /* nobody waits for events in one process */
}

static int event_op(uint64_t cmd, void *op, size_t size)
{
	void *p = whole_scratch(size);
	long ret;

	memcpy(p, op, size);
	ret = host_hypercall(whole_vcpu, __HYPERVISOR_event_channel_op, cmd, (uintptr_t)p, 0);
	memcpy(op, p, size);
	whole_scratch_reset();
	return (int)ret;
}

static int dom0_bind_interdomain(void *state, void *set, uint32_t domid, uint32_t port)
{
	struct evtchn_bind_interdomain op = {.remote_dom = (domid_t)domid, .remote_port = port};
	int ret = event_op(EVTCHNOP_bind_interdomain, &op, sizeof(op));

	(void)state;
	(void)set;
	return ret ? ret : (int)op.local_port;
}

static int dom0_bind_unbound(void *state, void *set, uint32_t domid)
{
	struct evtchn_alloc_unbound op = {.dom = DOMID_SELF, .remote_dom = (domid_t)domid};
	int ret = event_op(EVTCHNOP_alloc_unbound, &op, sizeof(op));

	(void)state;
	(void)set;
	return ret ? ret : (int)op.port;
}

static int dom0_bind_virq(void *state, void *set, uint32_t virq)
{
	struct evtchn_bind_virq op = {.virq = virq};
	int ret = event_op(EVTCHNOP_bind_virq, &op, sizeof(op));

	(void)state;
	(void)set;
	return ret ? ret : (int)op.port;
}

static int dom0_unbind(void *state, void *set, uint32_t port)
{
	struct evtchn_close op = {.port = port};

	(void)state;
	(void)set;
	return event_op(EVTCHNOP_close, &op, sizeof(op));
}

static int dom0_notify(void *state, void *set, uint32_t port)
{
	struct evtchn_send op = {.port = port};

	(void)state;
	(void)set;
	return event_op(EVTCHNOP_send, &op, sizeof(op));
}

static int dom0_read(void *state, void *set, uint32_t *port)
{
	(void)state;
	(void)set;
	*port = 0;
	return -EAGAIN;
}

static int dom0_unmask(void *state, void *set, uint32_t port)
{
	struct evtchn_unmask op = {.port = port};

	(void)state;
	(void)set;
	return event_op(EVTCHNOP_unmask, &op, sizeof(op));
}

static void dom0_close(void *state)
{
	(void)state;
}

const struct ctrl_backend_ops dom0_backend = {
	.hypercall = dom0_hypercall,
	.alloc = dom0_alloc,
	.free = dom0_free,
	.map_frames = dom0_map_frames,
	.map_resource = dom0_map_resource,
	.unmap = dom0_unmap,
	.evtchn_open = dom0_open_set,
	.evtchn_close = dom0_close_set,
	.evtchn_fd = dom0_fd,
	.evtchn_bind_interdomain = dom0_bind_interdomain,
	.evtchn_bind_unbound = dom0_bind_unbound,
	.evtchn_bind_virq = dom0_bind_virq,
	.evtchn_unbind = dom0_unbind,
	.evtchn_notify = dom0_notify,
	.evtchn_read = dom0_read,
	.evtchn_unmask = dom0_unmask,
	.close = dom0_close,
};
