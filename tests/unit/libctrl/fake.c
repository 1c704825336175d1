/* SPDX-License-Identifier: ISC */
/* The make-believe hypervisor: see fake.h. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <cmocka.h>

#include <public/event_channel.h>
#include <public/features.h>
#include <public/hvm_op.h>
#include <public/memory.h>
#include <public/plinth.h>
#include <public/sched.h>
#include <public/sysctl.h>
#include <public/version.h>

#include "fake.h"

#define PAGE        4096ull
#define SCRATCH_GFN (GUEST_GNTTAB_BASE / PAGE)
/* Where the fake keeps a domain's grant table page: outside of what a guest can have. */
#define GRANTS_GFN (1ull << 30)

/* Counts an operation; true: it is the one that is to fail. */
static bool fails(struct fake *f, const char *name)
{
	if (++f->calls != f->fail_at)
		return false;
	snprintf(f->failed, sizeof(f->failed), "%s", name);
	return true;
}

/* Everything that the hypervisor reads or writes must lie in memory from alloc(). */
static void *check_buffer(struct fake *f, uint64_t va, size_t len)
{
	for (size_t i = 0; i < FAKE_BUFFERS; i++) {
		uint64_t start = (uintptr_t)f->buffers[i].ptr;

		if (start && va >= start && va + len <= start + f->buffers[i].size)
			return (void *)(uintptr_t)va;
	}
	fail_msg("hypercall argument %#lx+%zu is not in a hypercall buffer", (long)va, len);
	return NULL;
}

static struct fake_domain *find(struct fake *f, uint32_t domid)
{
	return domid < FAKE_DOMAINS && f->domains[domid].exists ? &f->domains[domid] : NULL;
}

static bool has_ram(const struct fake_domain *d, uint64_t gfn)
{
	if (d->grants_shown && gfn == SCRATCH_GFN)
		return true;
	for (unsigned int i = 0; i < d->nr_ram; i++)
		if (gfn >= d->ram[i].gfn && gfn < d->ram[i].gfn + d->ram[i].nr)
			return true;
	return false;
}

/* --- domctl ----------------------------------------------------------------------------------- */

static long create(struct fake *f, struct xen_domctl *op)
{
	struct xen_domctl_createdomain *config = &op->u.createdomain;
	uint32_t domid = op->domain;

	for (domid = domid ? domid : 1; domid < FAKE_DOMAINS && f->domains[domid].exists; domid++)
		if (op->domain)
			return -EEXIST;
	if (domid == FAKE_DOMAINS)
		return -ENOMEM;
	if ((config->flags & 3) != 3 || !config->max_vcpus || config->grant_opts != 1)
		return -EINVAL;
	if (!config->arch.gic_version)
		config->arch.gic_version = f->host_gic;
	f->domains[domid] = (struct fake_domain){.exists = true,
						 .config = *config,
						 .paused = 1,
						 .next_port = 1,
						 .sched.weight = 256};
	f->domains[domid].memory = memfd_create("domain", MFD_CLOEXEC);
	assert_true(f->domains[domid].memory >= 0);
	assert_int_equal(ftruncate(f->domains[domid].memory, 1ll << 43), 0);
	op->domain = domid;
	return 0;
}

static void drop(struct fake *f, struct fake_domain *d)
{
	close(d->memory);
	f->free_pages += d->pages + d->mempool / PAGE;
	d->exists = false;
}

static void describe(uint32_t domid, const struct fake_domain *d,
		     struct xen_domctl_getdomaininfo *info)
{
	*info = (struct xen_domctl_getdomaininfo){
		.domain = domid,
		.flags = (d->paused ? XEN_DOMINF_paused : 0) | XEN_DOMINF_shutdown |
			 SHUTDOWN_crash << XEN_DOMINF_shutdownshift,
		.tot_pages = d->pages,
		.max_pages = d->max_kib / 4,
		.nr_online_vcpus = 1,
		.max_vcpu_id = d->vcpus - 1,
		.cpu_time = 12345,
	};
	memcpy(info->handle, d->config.handle, sizeof(info->handle));
}

static long getdomaininfo(struct fake *f, struct xen_domctl *op)
{
	for (uint32_t i = op->domain; i < FAKE_DOMAINS; i++) {
		if (!f->domains[i].exists)
			continue;
		describe(i, &f->domains[i], &op->u.getdomaininfo);
		return 0;
	}
	return -ESRCH;
}

static long affinity(struct fake *f, struct fake_domain *d, struct xen_domctl *op, bool set)
{
	struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
	struct {
		uint32_t flag;
		struct xenctl_bitmap *map;
		uint8_t *to;
	} maps[] = {{XEN_VCPUAFFINITY_HARD, &a->cpumap_hard, d->hard},
		    {XEN_VCPUAFFINITY_SOFT, &a->cpumap_soft, d->soft}};

	if (!a->flags)
		return -EINVAL;
	for (size_t i = 0; i < 2; i++) {
		size_t size = (maps[i].map->nr_bits + 7) / 8;
		void *buf;

		if (!(a->flags & maps[i].flag))
			continue;
		buf = check_buffer(f, maps[i].map->bitmap.va, size);
		memcpy(set ? (void *)maps[i].to : buf, set ? buf : maps[i].to, size);
	}
	return 0;
}

static long scheduler_op(struct fake *f, struct fake_domain *d, struct xen_domctl *op)
{
	if (op->u.scheduler_op.sched_id != f->scheduler)
		return -EINVAL;
	if (op->u.scheduler_op.cmd == XEN_DOMCTL_SCHEDOP_putinfo)
		d->sched = op->u.scheduler_op.u.credit2;
	else
		op->u.scheduler_op.u.credit2 = d->sched;
	return 0;
}

static long vcpucontext(struct fake *f, struct fake_domain *d, struct xen_domctl *op, bool set)
{
	struct vcpu_guest_context *buf = check_buffer(f, op->u.vcpucontext.ctxt.va, sizeof(*buf));

	if (op->u.vcpucontext.vcpu >= d->vcpus)
		return -EINVAL;
	*(set ? &d->context : buf) = *(set ? buf : &d->context);
	return 0;
}

static long domctl_on(struct fake *f, struct fake_domain *d, struct xen_domctl *op)
{
	switch (op->cmd) {
	case XEN_DOMCTL_destroydomain:
		if (f->destroy_again)
			return f->destroy_again--, -ERESTART;
		if (f->destroy_error)
			return f->destroy_error;
		return drop(f, d), 0;
	case XEN_DOMCTL_pausedomain:
		return d->paused++, 0;
	case XEN_DOMCTL_unpausedomain:
		return d->paused--, 0;
	case XEN_DOMCTL_max_mem:
		return d->max_kib = op->u.max_mem.max_memkb, 0;
	case XEN_DOMCTL_max_vcpus:
		return d->vcpus = op->u.max_vcpus.max, 0;
	case XEN_DOMCTL_set_address_size:
		/* Xen wants to know before there is memory. */
		return d->pages ? -EBUSY : (d->address_size = op->u.address_size.size, 0);
	case XEN_DOMCTL_set_paging_mempool_size:
		f->free_pages -= op->u.paging_mempool.size / PAGE;
		return d->mempool = op->u.paging_mempool.size, 0;
	case XEN_DOMCTL_get_paging_mempool_size:
		return op->u.paging_mempool.size = d->mempool, 0;
	case XEN_DOMCTL_setvcpuaffinity:
	case XEN_DOMCTL_getvcpuaffinity:
		return affinity(f, d, op, op->cmd == XEN_DOMCTL_setvcpuaffinity);
	case XEN_DOMCTL_scheduler_op:
		return scheduler_op(f, d, op);
	case XEN_DOMCTL_setvcpucontext:
	case XEN_DOMCTL_getvcpucontext:
		return vcpucontext(f, d, op, op->cmd == XEN_DOMCTL_setvcpucontext);
	case XEN_DOMCTL_getvcpuinfo:
		if (op->u.getvcpuinfo.vcpu >= d->vcpus)
			return -EINVAL;
		op->u.getvcpuinfo.cpu = 3;
		op->u.getvcpuinfo.online = 1;
		return 0;
	case XEN_DOMCTL_cacheflush:
		if (op->u.cacheflush.nr_pfns > 1 << 18)
			return -EINVAL;
		d->flushed_pages += op->u.cacheflush.nr_pfns;
		return 0;
	default:
		return -ENOSYS;
	}
}

static long domctl(struct fake *f, uint64_t va)
{
	struct xen_domctl *op = check_buffer(f, va, sizeof(*op));
	struct fake_domain *d = find(f, op->domain);

	if (op->interface_version != XEN_DOMCTL_INTERFACE_VERSION)
		return -EACCES;
	if (op->cmd == XEN_DOMCTL_createdomain)
		return create(f, op);
	if (op->cmd == XEN_DOMCTL_getdomaininfo)
		return getdomaininfo(f, op);
	return d ? domctl_on(f, d, op) : -ESRCH;
}

/* --- sysctl ----------------------------------------------------------------------------------- */

static long list(struct fake *f, struct xen_sysctl_getdomaininfolist *op)
{
	struct xen_domctl_getdomaininfo *to =
		check_buffer(f, op->buffer.va, op->max_domains * sizeof(*to));

	op->num_domains = 0;
	for (uint32_t i = op->first_domain; i < FAKE_DOMAINS; i++)
		if (f->domains[i].exists && op->num_domains < op->max_domains)
			describe(i, &f->domains[i], &to[op->num_domains++]);
	return 0;
}

static long readconsole(struct fake *f, struct xen_sysctl_readconsole *op)
{
	size_t len = strlen(f->log);
	uint32_t n;

	if (op->index > len)
		op->index = len;
	n = len - op->index < op->count ? len - op->index : op->count;
	memcpy(check_buffer(f, op->buffer.va, op->count), f->log + op->index, n);
	op->index += n;
	op->count = n;
	return 0;
}

static long sysctl(struct fake *f, uint64_t va)
{
	struct xen_sysctl *op = check_buffer(f, va, sizeof(*op));

	if (op->interface_version != XEN_SYSCTL_INTERFACE_VERSION)
		return -EACCES;
	switch (op->cmd) {
	case XEN_SYSCTL_physinfo:
		op->u.physinfo =
			(struct xen_sysctl_physinfo){.nr_cpus = 4,
						     .total_pages = 1 << 19,
						     .free_pages = f->free_pages + f->more_free};
		return 0;
	case XEN_SYSCTL_sched_id:
		return op->u.sched_id.sched_id = f->scheduler, 0;
	case XEN_SYSCTL_getdomaininfolist:
		return list(f, &op->u.getdomaininfolist);
	case XEN_SYSCTL_readconsole:
		return readconsole(f, &op->u.readconsole);
	case XEN_SYSCTL_debug_keys:
		assert_true(op->u.debug_keys.nr_keys < sizeof(f->keys));
		memcpy(f->keys, check_buffer(f, op->u.debug_keys.keys.va, op->u.debug_keys.nr_keys),
		       op->u.debug_keys.nr_keys);
		return 0;
	case XEN_SYSCTL_getcpuinfo: {
		struct xen_sysctl_cpuinfo *to =
			check_buffer(f, op->u.getcpuinfo.info.va, sizeof(*to));

		op->u.getcpuinfo.nr_cpus =
			op->u.getcpuinfo.max_cpus < 4 ? op->u.getcpuinfo.max_cpus : 4;
		for (uint32_t i = 0; i < op->u.getcpuinfo.nr_cpus; i++)
			to[i].idletime = 100 + i;
		return 0;
	}
	default:
		return -ENOSYS;
	}
}

/* --- memory and the rest ------------------------------------------------------------------------
 */

static long populate(struct fake *f, struct xen_memory_reservation *r)
{
	uint64_t *frames = check_buffer(f, r->extent_start.va, r->nr_extents * 8);
	struct fake_domain *d = find(f, r->domid);
	uint64_t pages = 1ull << r->extent_order;
	uint64_t i;

	if (!d)
		return -ESRCH;
	if (r->extent_order > f->biggest_order)
		return 0;
	for (i = 0; i < r->nr_extents; i++) {
		assert_int_equal(frames[i] & (pages - 1), 0);
		if (f->free_pages < pages || (d->pages + pages) * 4 > d->max_kib)
			break;
		assert_false(has_ram(d, frames[i]));
		f->free_pages -= pages;
		d->pages += pages;
		f->populated[r->extent_order / 9]++;
		if (d->nr_ram &&
		    d->ram[d->nr_ram - 1].gfn + d->ram[d->nr_ram - 1].nr == frames[i]) {
			d->ram[d->nr_ram - 1].nr += pages;
			continue;
		}
		assert_true(d->nr_ram < FAKE_RANGES);
		d->ram[d->nr_ram].gfn = frames[i];
		d->ram[d->nr_ram++].nr = pages;
	}
	return i;
}

static long add_to_physmap(struct fake *f, struct xen_add_to_physmap *a)
{
	struct fake_domain *d = find(f, a->domid);

	if (!d)
		return -ESRCH;
	if (a->space != XENMAPSPACE_grant_table || a->idx || a->gpfn != SCRATCH_GFN)
		return -EINVAL;
	d->grants_shown = true;
	return 0;
}

static long remove_from_physmap(struct fake *f, struct xen_remove_from_physmap *r)
{
	struct fake_domain *d = find(f, r->domid);

	if (!d || r->gpfn != SCRATCH_GFN || !d->grants_shown)
		return -ENOENT;
	d->grants_shown = false;
	return 0;
}

static long memory_op(struct fake *f, uint64_t cmd, uint64_t va)
{
	switch (cmd) {
	case XENMEM_populate_physmap:
		return populate(f, check_buffer(f, va, sizeof(struct xen_memory_reservation)));
	case XENMEM_add_to_physmap:
		return add_to_physmap(f, check_buffer(f, va, sizeof(struct xen_add_to_physmap)));
	case XENMEM_remove_from_physmap:
		return remove_from_physmap(
			f, check_buffer(f, va, sizeof(struct xen_remove_from_physmap)));
	default:
		return -ENOSYS;
	}
}

static long hvm_op(struct fake *f, uint64_t cmd, uint64_t va)
{
	struct xen_hvm_param *p = check_buffer(f, va, sizeof(*p));
	struct fake_domain *d = find(f, p->domid);

	if (!d)
		return -ESRCH;
	if (p->index >= HVM_NR_PARAMS)
		return -EINVAL;
	if (cmd == HVMOP_set_param)
		d->params[p->index] = p->value;
	else
		p->value = d->params[p->index];
	return 0;
}

static long evtchn_op(struct fake *f, uint64_t cmd, uint64_t va)
{
	struct evtchn_alloc_unbound *a = check_buffer(f, va, sizeof(*a));
	struct fake_domain *d = find(f, a->dom);

	if (cmd != EVTCHNOP_alloc_unbound)
		return -ENOSYS;
	if (!d)
		return -ESRCH;
	a->port = d->next_port++;
	return 0;
}

static long version(struct fake *f, uint64_t cmd, uint64_t va)
{
	switch (cmd) {
	case XENVER_version:
		return 4 << 16 | 17;
	case XENVER_pagesize:
		return 4096;
	case XENVER_extraversion:
		/* No NUL: the library has to put one. */
		memset(check_buffer(f, va, XEN_EXTRAVERSION_LEN), 'x', XEN_EXTRAVERSION_LEN);
		return 0;
	case XENVER_capabilities:
		strcpy(check_buffer(f, va, XEN_CAPABILITIES_INFO_LEN), f->capabilities);
		return 0;
	case XENVER_get_features: {
		struct xen_feature_info *info = check_buffer(f, va, sizeof(*info));

		assert_int_equal(info->submap_idx, 0);
		info->submap = f->direct_mapped ? 1U << XENFEAT_direct_mapped
						: 1U << XENFEAT_not_direct_mapped;
		return 0;
	}
	default:
		return -ENOSYS;
	}
}

static long plinth_copy(struct fake *f, struct plinth_copy_to_domain *p)
{
	struct fake_domain *d = find(f, p->domid);

	assert_int_equal(p->pad0 | p->pad1, 0);
	if (!d)
		return -ESRCH;
	f->copies++;
	while (p->done < p->length) {
		uint64_t gpa = p->gpa + p->done;
		uint64_t n = PAGE - gpa % PAGE;
		ssize_t put;

		if (n > p->length - p->done)
			n = p->length - p->done;
		if (!has_ram(d, gpa / PAGE))
			return -ENXIO;
		/* The kernel tells whether the buffer is there, as stage 1 does on the real thing.
		 */
		put = pwrite(d->memory, (void *)(uintptr_t)(p->buffer + p->done), n, gpa);
		if (put <= 0)
			return -EFAULT;
		p->done += put;
	}
	return 0;
}

static long plinth_read_log(struct fake *f, struct plinth_read_previous_log *p)
{
	size_t len;

	if (!f->previous_log)
		return -ENODATA;
	len = strlen(f->previous_log);
	p->total = len;
	p->boot_count = 7;
	if (p->offset > len)
		p->offset = len;
	if (p->length > len - p->offset)
		p->length = len - p->offset;
	memcpy(check_buffer(f, p->buffer, p->length), f->previous_log + p->offset, p->length);
	return 0;
}

static long plinth_op(struct fake *f, uint64_t cmd, uint64_t va)
{
	if (!f->plinth)
		return -ENOSYS;
	switch (cmd) {
	case PLINTH_OP_version:
		return PLINTH_INTERFACE_VERSION;
	case PLINTH_OP_copy_to_domain:
		return plinth_copy(f, check_buffer(f, va, sizeof(struct plinth_copy_to_domain)));
	case PLINTH_OP_read_previous_log:
		return plinth_read_log(
			f, check_buffer(f, va, sizeof(struct plinth_read_previous_log)));
	case PLINTH_OP_get_usage:
		((struct plinth_usage *)check_buffer(f, va, sizeof(struct plinth_usage)))
			->free_pages = f->free_pages;
		return 0;
	default:
		return -ENOSYS;
	}
}

static long shutdown(struct fake *f, uint64_t cmd, uint64_t va)
{
	struct sched_remote_shutdown *s = check_buffer(f, va, sizeof(*s));

	if (cmd != SCHEDOP_remote_shutdown)
		return -ENOSYS;
	return find(f, s->domain_id) ? 0 : -ESRCH;
}

static long fake_hypercall(void *state, uint64_t op, const uint64_t arg[5])
{
	struct fake *f = state;
	char name[64];

	snprintf(name, sizeof(name), "hypercall %d", (int)op);
	if (fails(f, name))
		return f->fail_with;
	switch (op) {
	case __HYPERVISOR_domctl:
		return domctl(f, arg[0]);
	case __HYPERVISOR_sysctl:
		return sysctl(f, arg[0]);
	case __HYPERVISOR_memory_op:
		return memory_op(f, arg[0], arg[1]);
	case __HYPERVISOR_hvm_op:
		return hvm_op(f, arg[0], arg[1]);
	case __HYPERVISOR_event_channel_op:
		return evtchn_op(f, arg[0], arg[1]);
	case __HYPERVISOR_xen_version:
		return version(f, arg[0], arg[1]);
	case __HYPERVISOR_sched_op:
		return shutdown(f, arg[0], arg[1]);
	case __HYPERVISOR_plinth_op:
		return plinth_op(f, arg[0], arg[1]);
	default:
		return -ENOSYS;
	}
}

/* --- buffers, mappings, event channels
 * ------------------------------------------------------------ */

static void *fake_alloc(void *state, size_t pages)
{
	struct fake *f = state;
	size_t i = 0;

	if (fails(f, "alloc"))
		return NULL;
	while (i < FAKE_BUFFERS && f->buffers[i].ptr)
		i++;
	assert_true(i < FAKE_BUFFERS);
	f->buffers[i].ptr = calloc(pages, PAGE);
	f->buffers[i].size = pages * PAGE;
	return f->buffers[i].ptr;
}

static void fake_free(void *state, void *ptr, size_t pages)
{
	struct fake *f = state;

	for (size_t i = 0; i < FAKE_BUFFERS; i++) {
		if (f->buffers[i].ptr != ptr)
			continue;
		assert_int_equal(f->buffers[i].size, pages * PAGE);
		free(ptr);
		f->buffers[i].ptr = NULL;
		return;
	}
	fail_msg("free of something that was not allocated");
}

static int map_pages(struct fake *f, int file, const uint64_t *gfns, size_t nr, int prot,
		     void **addr)
{
	uint8_t *p = mmap(NULL, nr * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(p, MAP_FAILED);
	for (size_t i = 0; i < nr; i++)
		assert_ptr_not_equal(mmap(p + i * PAGE, PAGE, prot, MAP_SHARED | MAP_FIXED, file,
					  gfns[i] * PAGE),
				     MAP_FAILED);
	f->live_maps += nr;
	*addr = p;
	return 0;
}

static int fake_map_frames(void *state, uint32_t domid, const uint64_t *gfns, size_t nr, int prot,
			   int *errs, void **addr)
{
	static const uint64_t grants = GRANTS_GFN;
	struct fake *f = state;
	struct fake_domain *d = find(f, domid);

	if (fails(f, "map_frames"))
		return f->fail_with;
	if (!d)
		return -ESRCH;
	for (size_t i = 0; i < nr; i++)
		errs[i] = has_ram(d, gfns[i]) ? 0 : -EINVAL;
	if (nr && fails(f, "map_frames, its last page"))
		errs[nr - 1] = f->fail_with;
	if (d->grants_shown && gfns[0] == SCRATCH_GFN)
		gfns = &grants;
	return map_pages(f, d->memory, gfns, nr, prot, addr);
}

static int fake_map_resource(void *state, uint32_t domid, uint32_t type, uint32_t id,
			     uint64_t frame, size_t nr, int prot, void **addr)
{
	static const uint64_t gfn = GRANTS_GFN;
	struct fake *f = state;
	struct fake_domain *d = find(f, domid);

	if (fails(f, "map_resource"))
		return f->fail_with;
	if (!f->resources)
		return -EOPNOTSUPP;
	if (!d || type != XENMEM_resource_grant_table || id || frame || nr != 1)
		return -EINVAL;
	return map_pages(f, d->memory, &gfn, 1, prot, addr);
}

static void fake_unmap(void *state, void *addr, size_t nr)
{
	struct fake *f = state;

	assert_true(f->live_maps >= nr);
	f->live_maps -= nr;
	assert_int_equal(munmap(addr, nr * PAGE), 0);
}

static int fake_evtchn_open(void *state, void **set)
{
	*set = state;
	return fails(state, "evtchn_open") ? ((struct fake *)state)->fail_with : 0;
}

static void fake_evtchn_close(void *state, void *set)
{
	assert_ptr_equal(state, set);
}

static int fake_evtchn_fd(void *state, void *set)
{
	assert_ptr_equal(state, set);
	return 99;
}

static int fake_bind2(void *state, void *set, uint32_t domid, uint32_t port)
{
	assert_ptr_equal(state, set);
	return fails(state, "bind") ? ((struct fake *)state)->fail_with : (int)(domid * 100 + port);
}

static int fake_bind1(void *state, void *set, uint32_t n)
{
	return fake_bind2(state, set, 0, n);
}

static int fake_port_op(void *state, void *set, uint32_t port)
{
	assert_ptr_equal(state, set);
	return port == 5 ? 0 : -EINVAL;
}

static int fake_evtchn_read(void *state, void *set, uint32_t *port)
{
	struct fake *f = state;

	assert_ptr_equal(state, set);
	*port = 5;
	return f->calls++ & 1 ? -EAGAIN : 0;
}

static void fake_close(void *state)
{
	(void)state;
}

static const struct ctrl_backend_ops ops = {
	.hypercall = fake_hypercall,
	.alloc = fake_alloc,
	.free = fake_free,
	.map_frames = fake_map_frames,
	.map_resource = fake_map_resource,
	.unmap = fake_unmap,
	.evtchn_open = fake_evtchn_open,
	.evtchn_close = fake_evtchn_close,
	.evtchn_fd = fake_evtchn_fd,
	.evtchn_bind_interdomain = fake_bind2,
	.evtchn_bind_unbound = fake_bind1,
	.evtchn_bind_virq = fake_bind1,
	.evtchn_unbind = fake_port_op,
	.evtchn_notify = fake_port_op,
	.evtchn_read = fake_evtchn_read,
	.evtchn_unmask = fake_port_op,
	.close = fake_close,
};

const struct ctrl_backend_ops *fake_ops(void)
{
	return &ops;
}

struct fake *fake_new(void)
{
	struct fake *f = calloc(1, sizeof(*f));

	f->resources = true;
	f->biggest_order = 18;
	f->host_gic = CTRL_GIC_V3;
	f->free_pages = 1 << 20;
	f->scheduler = XEN_SCHEDULER_CREDIT2;
	f->fail_with = -ENOMEM;
	f->capabilities = "xen-3.0-aarch64 ";
	f->log = "(XEN) one\n(XEN) two\n";
	return f;
}

void fake_check_clean(struct fake *f)
{
	for (size_t i = 0; i < FAKE_BUFFERS; i++)
		assert_null(f->buffers[i].ptr);
	assert_int_equal(f->live_maps, 0);
}

void fake_delete(struct fake *f)
{
	fake_check_clean(f);
	for (size_t i = 0; i < FAKE_DOMAINS; i++)
		if (f->domains[i].exists)
			drop(f, &f->domains[i]);
	free(f);
}

struct ctrl *fake_open(struct fake *f)
{
	struct ctrl *c;

	assert_int_equal(ctrl_open_backend(&c, &ops, f), 0);
	return c;
}

unsigned int fake_nr_domains(const struct fake *f)
{
	unsigned int n = 0;

	for (size_t i = 0; i < FAKE_DOMAINS; i++)
		n += f->domains[i].exists;
	return n;
}

void fake_peek(const struct fake *f, uint32_t domid, uint64_t gpa, void *buf, size_t len)
{
	assert_int_equal(pread(f->domains[domid].memory, buf, len, gpa), len);
}
