/* SPDX-License-Identifier: ISC */
/*
 * domctl: the toolstack's operations on one domain. The table holds the policy, which is checked
 * before an operation starts.
 */
#include <hyp/domctl.h>
#include <lib/errno.h>
#include <mem/guest_access.h>
#include <hyp/hypercall.h>
#include <lib/lib.h>
#include <lib/yield.h>
#include <lib/time.h>
#include <mem/page.h>
#include <hyp/wallclock.h>
#include <public/domctl.h>
#include <public/vcpu.h>
#include <asm/cache.h>
#include <hyp/arch.h>
#include <hyp/cpu.h>
#include <hyp/domain.h>

/*
 * A handler gets a copy of the structure. With RETURNS in the table the copy is written back to the
 * caller.
 */
typedef long domctl_fn(struct vcpu *v, struct domain *d, struct xen_domctl *op);

/* Life cycle */

static domid_t pick_domid(void)
{
	static domid_t last;
	domid_t id = last;

	for (unsigned i = 0; i < DOMID_FIRST_RESERVED; i++) {
		struct domain *d;

		id = id + 1u < DOMID_FIRST_RESERVED ? (domid_t)(id + 1) : 1;
		d = domain_get_any(id);
		if (!d) {
			last = id;
			return id;
		}
		domain_put(d);
	}
	return DOMID_INVALID;
}

static long check_config(struct xen_domctl_createdomain *c)
{
	const struct vgic_model *gic = vgic_offered();

	if (c->flags & ~(XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap | XEN_DOMCTL_CDF_xs_domain))
		return -EINVAL;
	if ((c->flags & (XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap)) !=
	    (XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap))
		return -EINVAL;
	if (c->iommu_opts || c->vmtrace_size || c->arch.tee_type != XEN_DOMCTL_CONFIG_TEE_NONE)
		return -EINVAL;
	if (c->arch.gic_version == XEN_DOMCTL_CONFIG_GIC_NATIVE)
		c->arch.gic_version = gic->domctl_version;
	if (c->arch.gic_version != gic->domctl_version)
		return -EINVAL;
	if (c->max_vcpus == 0 || c->max_vcpus > gic->max_vcpus)
		return -EINVAL;
	if (c->arch.nr_spis > MAX_IRQS - NR_LOCALS)
		return -EINVAL;
	if (c->max_grant_frames > GRANT_MAX_FRAMES ||
	    c->max_maptrack_frames > GRANT_MAX_MAPTRACK_FRAMES)
		return -EINVAL;
	return 0;
}

/*
 * Publish d. If `any`, d gets a free ID first, and another one if another CPU publishes the same ID
 * meanwhile. d may have been destroyed on return.
 */
static long publish(struct domain *d, bool any, domid_t *id)
{
	long err;

	do {
		if (any)
			d->id = pick_domid();
		*id = d->id;
		err = *id == DOMID_INVALID ? -ENOMEM : domain_publish(d);
	} while (any && err == -EEXIST);
	return err;
}

/* A negative number selects the default. */
static uint32_t frames_or(int32_t frames, uint32_t standard)
{
	return frames < 0 ? standard : (uint32_t)frames;
}

static struct domain_config config_of(const struct xen_domctl_createdomain *c)
{
	const struct vgic_model *gic = vgic_offered();
	struct domain_config config = {
		.ssidref = c->ssidref,
		.flags = c->flags,
		.max_vcpus = c->max_vcpus,
		.max_evtchn_port = (uint32_t)c->max_evtchn_port,
		.max_grant_frames = frames_or(c->max_grant_frames, GRANT_DEFAULT_FRAMES),
		.max_maptrack_frames =
			frames_or(c->max_maptrack_frames, GRANT_DEFAULT_MAPTRACK_FRAMES),
		.gic = {.version = gic->version,
			.nr_spis = ALIGN_UP(c->arch.nr_spis, 32u),
			.dist_base = gic->guest_dist,
			.cpu_base = gic->guest_cpu},
	};

	memcpy(config.handle, c->handle, sizeof(config.handle));
	return config;
}

static long createdomain(struct vcpu *v __unused, struct domain *none __unused,
			 struct xen_domctl *op)
{
	struct xen_domctl_createdomain *c = &op->u.createdomain;
	bool any = op->domain == 0 || op->domain >= DOMID_FIRST_RESERVED;
	struct domain_config config;
	struct domain *d;
	long err = check_config(c);

	if (err)
		return err;
	config = config_of(c);
	err = domain_make(op->domain, &config, &d);
	if (err)
		return err;
	err = publish(d, any, &op->domain);
	if (err)
		domain_discard(d);
	c->arch.clock_frequency = 0;
	return err;
}

static long destroydomain(struct vcpu *v, struct domain *d, struct xen_domctl *op __unused)
{
	return d == v->domain ? -EINVAL : domain_kill(d);
}

/*
 * Pauses by the toolstack are counted, as in Xen; together they are one pause of the domain. A
 * pause counts when all vCPUs are off their CPUs. Until then the call returns -ERESTART.
 */
static long pausedomain(struct vcpu *v, struct domain *d, struct xen_domctl *op __unused)
{
	long err = 0;

	if (d == v->domain)
		return -EINVAL;
	spin_lock(&d->lock);
	if (!d->paused_by_tools && !d->being_paused) {
		domain_pause(d);
		d->being_paused = true;
	}
	if (d->paused_by_tools == UINT8_MAX) {
		err = -EOVERFLOW;
	} else if (!domain_is_quiet(d)) {
		err = -ERESTART;
	} else {
		d->paused_by_tools++;
		d->being_paused = false;
	}
	spin_unlock(&d->lock);
	return err;
}

static long unpausedomain(struct vcpu *v __unused, struct domain *d, struct xen_domctl *op __unused)
{
	bool last;

	spin_lock(&d->lock);
	if (!d->paused_by_tools) {
		spin_unlock(&d->lock);
		return -EINVAL;
	}
	last = --d->paused_by_tools == 0;
	spin_unlock(&d->lock);
	if (last)
		domain_unpause(d);
	return 0;
}

static long resumedomain(struct vcpu *v, struct domain *d, struct xen_domctl *op __unused)
{
	bool was;

	if (d == v->domain)
		return -EINVAL;
	spin_lock(&d->lock);
	was = d->shutting_down;
	WRITE_ONCE(d->shutting_down, false);
	spin_unlock(&d->lock);
	if (was)
		domain_unpause(d);
	return 0;
}

/* Properties of a domain */

void domctl_fill_info(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
	struct vcpu_runstate_info state;
	struct vcpu *v;
	uint64_t run = 0, now = time_now();
	bool running = false, blocked = true;

	memset(info, 0, sizeof(*info));
	info->domain = d->id;
	info->max_vcpu_id = XEN_INVALID_MAX_VCPU_ID;
	for_each_vcpu (d, v) {
		vcpu_read_runstate(v, &state);
		info->max_vcpu_id = v->id;
		run += state.time[RUNSTATE_running];
		if (state.state == RUNSTATE_running) {
			run += now > state.state_entry_time ? now - state.state_entry_time : 0;
			running = true;
		}
		if (!READ_ONCE(v->offline)) {
			info->nr_online_vcpus++;
			blocked &= READ_ONCE(v->blocked) != 0;
		}
	}
	spin_lock(&d->lock);
	info->flags = (READ_ONCE(d->state) >= DOMAIN_DYING ? XEN_DOMINF_dying : 0) |
		      (d->shutting_down ? XEN_DOMINF_shutdown : 0) |
		      (d->paused_by_tools ? XEN_DOMINF_paused : 0) |
		      (blocked && !running ? XEN_DOMINF_blocked : 0) |
		      (running ? XEN_DOMINF_running : 0) |
		      (d->flags & XEN_DOMCTL_CDF_xs_domain ? XEN_DOMINF_xs_domain : 0) |
		      XEN_DOMINF_hvm_guest | XEN_DOMINF_hap |
		      (uint32_t)d->shutdown_code << XEN_DOMINF_shutdownshift;
	memcpy(info->handle, d->handle, sizeof(info->handle));
	spin_unlock(&d->lock);
	info->tot_pages = atomic_load(&d->tot_pages);
	info->max_pages = READ_ONCE(d->max_pages);
	info->shared_info_frame = ~(uint64_t)0; /* no reverse map exists */
	info->cpu_time = run;
	info->ssidref = d->ssidref;
	info->gpaddr_bits = (uint8_t)p2m_ipa_bits;
	info->arch_config.gic_version = vgic_model(d->vgic.version)->domctl_version;
	info->arch_config.nr_spis = d->vgic.nr_spis;
}

/* Information on the given domain or, if it does not exist, on the next one in order of IDs. */
static long getdomaininfo(struct vcpu *v __unused, struct domain *none __unused,
			  struct xen_domctl *op)
{
	struct domain *d = domain_get_next(op->domain);

	if (!d)
		return -ESRCH;
	domctl_fill_info(d, &op->u.getdomaininfo);
	op->domain = op->u.getdomaininfo.domain;
	domain_put(d);
	return 0;
}

/*
 * A limit below the current size is allowed: the domain gets no more pages, and is expected to give
 * pages back itself.
 */
static long max_mem(struct vcpu *v __unused, struct domain *d, struct xen_domctl *op)
{
	WRITE_ONCE(d->max_pages, op->u.max_mem.max_memkb >> (PAGE_SHIFT - 10));
	return 0;
}

static long max_vcpus(struct vcpu *v __unused, struct domain *d, struct xen_domctl *op)
{
	long err;

	if (op->u.max_vcpus.max != d->max_vcpus)
		return -EINVAL;
	spin_lock(&d->lock);
	err = domain_set_max_vcpus(d, op->u.max_vcpus.max);
	spin_unlock(&d->lock);
	return err;
}

static struct vcpu *vcpu_of(struct domain *d, uint32_t id)
{
	return id < MAX_VCPUS ? domain_vcpu(d, id) : NULL;
}

/*
 * Pause d while the caller accesses its registers. Returns false if a vCPU is still on a CPU: d
 * stays paused and the caller returns -ERESTART. Returns true with d->lock held until
 * registers_end().
 */
static bool registers_begin(struct domain *d)
{
	spin_lock(&d->lock);
	if (!d->stopped_for_registers)
		domain_pause(d);
	d->stopped_for_registers = true;
	if (domain_is_quiet(d))
		return true;
	spin_unlock(&d->lock);
	return false;
}

static void registers_end(struct domain *d)
{
	d->stopped_for_registers = false;
	spin_unlock(&d->lock);
	domain_unpause(d);
}

static long setvcpucontext(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	struct vcpu *target = vcpu_of(d, op->u.vcpucontext.vcpu);
	struct vcpu_guest_context c;
	long err;

	if (!target || d == v->domain)
		return -EINVAL;
	if (copy_from_guest(v, &c, op->u.vcpucontext.ctxt.va, sizeof(c)) != 0)
		return -EFAULT;
	if (!registers_begin(d))
		return -ERESTART;
	err = arch_vcpu_set_context(target, &c);
	if (!err)
		atomic_store_rel(&target->offline, c.flags & VGCF_online ? 0 : 1);
	registers_end(d);
	return err;
}

static long getvcpucontext(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	struct vcpu *target = vcpu_of(d, op->u.vcpucontext.vcpu);
	struct vcpu_guest_context c;

	if (!target || d == v->domain)
		return -EINVAL;
	if (!registers_begin(d))
		return -ERESTART;
	memset(&c, 0, sizeof(c));
	arch_vcpu_get_context(target, &c);
	registers_end(d);
	return copy_to_guest(v, op->u.vcpucontext.ctxt.va, &c, sizeof(c));
}

static long getvcpuinfo(struct vcpu *v __unused, struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_getvcpuinfo *info = &op->u.getvcpuinfo;
	struct vcpu *target = vcpu_of(d, info->vcpu);
	struct vcpu_runstate_info run;

	if (!target)
		return -ESRCH;
	vcpu_read_runstate(target, &run);
	info->online = !READ_ONCE(target->offline);
	info->blocked = READ_ONCE(target->blocked) != 0;
	info->running = run.state == RUNSTATE_running;
	info->cpu_time = run.time[RUNSTATE_running];
	if (info->running)
		info->cpu_time += time_now() - run.state_entry_time;
	info->cpu = READ_ONCE(target->sched.cpu);
	return 0;
}

/*
 * Bit maps of CPUs fit in one word, as there are at most 64. Bits that the caller's map lacks are
 * read as 0. A map of more than 64 bits gets zeroes after the word, up to 256 bits.
 */

static long read_cpumap(struct vcpu *v, const struct xenctl_bitmap *map, uint64_t *out)
{
	size_t bytes = MIN(((size_t)map->nr_bits + 7) / 8, 8u);

	*out = 0;
	if (copy_from_guest(v, out, map->bitmap.va, bytes) != 0)
		return -EFAULT;
	if (map->nr_bits < 64)
		*out &= BIT64(map->nr_bits) - 1;
	return 0;
}

static long write_cpumap(struct vcpu *v, const struct xenctl_bitmap *map, uint64_t value)
{
	size_t bytes = ((size_t)map->nr_bits + 7) / 8;
	uint8_t buf[32] = {0};

	memcpy(buf, &value, sizeof(value));
	return copy_to_guest(v, map->bitmap.va, buf, MIN(bytes, sizeof(buf)));
}

static uint64_t online_cpus(void)
{
	return nr_cpus == 64 ? ~(uint64_t)0 : BIT64(nr_cpus) - 1;
}

static long setvcpuaffinity(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
	struct vcpu *target = vcpu_of(d, a->vcpu);
	uint64_t hard, soft;
	long err = 0;

	if (!target)
		return -ESRCH;
	if (!(a->flags & (XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT)))
		return -EINVAL;
	hard = READ_ONCE(target->sched.hard_affinity);
	soft = READ_ONCE(target->sched.soft_affinity);
	if (a->flags & XEN_VCPUAFFINITY_HARD)
		err = read_cpumap(v, &a->cpumap_hard, &hard);
	if (!err && a->flags & XEN_VCPUAFFINITY_SOFT)
		err = read_cpumap(v, &a->cpumap_soft, &soft);
	if (!err)
		err = sched_set_affinity(target, hard, soft);
	if (!err && a->flags & XEN_VCPUAFFINITY_HARD)
		err = write_cpumap(v, &a->cpumap_hard, hard & online_cpus());
	if (!err && a->flags & XEN_VCPUAFFINITY_SOFT)
		err = write_cpumap(v, &a->cpumap_soft, soft & hard & online_cpus());
	return err;
}

static long getvcpuaffinity(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
	struct vcpu *target = vcpu_of(d, a->vcpu);
	long err = 0;

	if (!target)
		return -ESRCH;
	if (!(a->flags & (XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT)))
		return -EINVAL;
	if (a->flags & XEN_VCPUAFFINITY_HARD)
		err = write_cpumap(v, &a->cpumap_hard, READ_ONCE(target->sched.hard_affinity));
	if (!err && a->flags & XEN_VCPUAFFINITY_SOFT)
		err = write_cpumap(v, &a->cpumap_soft, READ_ONCE(target->sched.soft_affinity));
	return err;
}

/* The machine has one node. */
static long setnodeaffinity(struct vcpu *v, struct domain *d __unused, struct xen_domctl *op)
{
	uint64_t nodes;
	long err = read_cpumap(v, &op->u.nodeaffinity.nodemap, &nodes);

	return err ? err : nodes & 1 ? 0 : -EINVAL;
}

static long getnodeaffinity(struct vcpu *v, struct domain *d __unused, struct xen_domctl *op)
{
	return write_cpumap(v, &op->u.nodeaffinity.nodemap, 1);
}

static long scheduler_op(struct vcpu *v __unused, struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_scheduler_op *s = &op->u.scheduler_op;

	if (s->sched_id != XEN_SCHEDULER_CREDIT2)
		return -EINVAL;
	if (s->cmd == XEN_DOMCTL_SCHEDOP_putinfo)
		return sched_set_weight(
			d, s->u.credit2.weight ? s->u.credit2.weight : d->sched_weight,
			s->u.credit2.cap == 0xffff ? d->sched_cap : s->u.credit2.cap);
	if (s->cmd != XEN_DOMCTL_SCHEDOP_getinfo)
		return -EINVAL;
	s->u.credit2.weight = (uint16_t)d->sched_weight;
	s->u.credit2.cap = (uint16_t)d->sched_cap;
	return 0;
}

static long setdomainhandle(struct vcpu *v __unused, struct domain *d, struct xen_domctl *op)
{
	spin_lock(&d->lock);
	memcpy(d->handle, op->u.setdomainhandle.handle, sizeof(d->handle));
	spin_unlock(&d->lock);
	return 0;
}

static long settimeoffset(struct vcpu *v __unused, struct domain *d, struct xen_domctl *op)
{
	d->time_offset = op->u.settimeoffset.time_offset_seconds;
	wallclock_publish(d);
	return 0;
}

/* The width is a matter of the creation: nothing of the guest may be there yet. */
static long set_address_size(struct vcpu *v __unused, struct domain *d, struct xen_domctl *op)
{
	unsigned bits = op->u.address_size.size;
	long err = 0;

	if (!arch_has_width(bits))
		return -EINVAL;
	spin_lock(&d->lock);
	if (d->state == DOMAIN_BUILDING && !atomic_load(&d->tot_pages))
		arch_domain_set_width(d, bits);
	else if (bits != arch_domain_width(d))
		err = -EBUSY;
	spin_unlock(&d->lock);
	return err;
}

static long get_address_size(struct vcpu *v __unused, struct domain *d, struct xen_domctl *op)
{
	op->u.address_size.size = arch_domain_width(d);
	return 0;
}

/* Clean what is at gfn. Returns the number of frames that are done with: 1, or a whole hole. */
static uint64_t flush_at(struct domain *d, uint64_t gfn)
{
	enum p2m_type type;
	unsigned order;
	mfn_t mfn;
	void *page;

	if (p2m_get_page(d, GFN(gfn), false, &mfn) == 0) {
		page = map_page(mfn);
		cache_clean_invalidate_page(page);
		unmap_page(page);
		page_put(mfn);
		return 1;
	}
	if (p2m_lookup(d, GFN(gfn), &mfn, &type, &order) != -ENOENT)
		return 1;
	return BIT64(order) - (gfn & (BIT64(order) - 1));
}

/*
 * Bounded work per call; the structure in the caller's memory keeps the progress. A guest decides
 * where its pages are, up to the end of its address space: holes are passed in one step, so that
 * the work grows with its tables and not with its addresses.
 */
static long cacheflush(struct vcpu *v __unused, struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_cacheflush *c = &op->u.cacheflush;
	uint64_t at = c->start_pfn, end;
	unsigned steps = 0;

	if (c->start_pfn + c->nr_pfns < c->start_pfn)
		return -EINVAL;
	end = MIN(c->start_pfn + c->nr_pfns, p2m_max_gfn(d));
	while (at < end) {
		at += flush_at(d, at);
		if (++steps % 64 == 0 && cpu_should_yield())
			break;
	}
	c->start_pfn = at;
	c->nr_pfns = at < end ? end - at : 0;
	if (c->nr_pfns)
		return -ERESTART;
	icache_invalidate_all(); /* the cleaned pages may hold code, and d may already run */
	return 0;
}

static long set_mempool(struct vcpu *v __unused, struct domain *d, struct xen_domctl *op)
{
	uint64_t size = op->u.paging_mempool.size;

	if (size % PAGE_SIZE || size >> PAGE_SHIFT > ~0U)
		return -EINVAL;
	if (size >> PAGE_SHIFT < d->p2m.tables)
		return -EBUSY;
	d->p2m.table_limit = (uint32_t)(size >> PAGE_SHIFT);
	return 0;
}

static long get_mempool(struct vcpu *v __unused, struct domain *d, struct xen_domctl *op)
{
	op->u.paging_mempool.size = (uint64_t)d->p2m.table_limit << PAGE_SHIFT;
	return 0;
}

static long vuart_op(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_vuart_op *u = &op->u.vuart_op;
	domid_t console = u->console_domid == DOMID_SELF ? v->domain->id : u->console_domid;

	if (u->cmd != XEN_DOMCTL_VUART_OP_INIT || u->type != XEN_DOMCTL_VUART_TYPE_VPL011)
		return -EINVAL;
	return vpl011_create(d, console, GFN(u->gfn), &u->evtchn);
}

#define NO_TARGET BIT(0) /* op.domain is not an existing domain */
#define DYING_TOO BIT(1)
#define RETURNS   BIT(2) /* the structure is written back to the caller */

static const struct {
	uint8_t cmd;
	uint8_t flags;
	domctl_fn *fn;
} table[] = {
	{XEN_DOMCTL_createdomain, NO_TARGET | RETURNS, createdomain},
	{XEN_DOMCTL_destroydomain, DYING_TOO, destroydomain},
	{XEN_DOMCTL_pausedomain, 0, pausedomain},
	{XEN_DOMCTL_unpausedomain, 0, unpausedomain},
	{XEN_DOMCTL_resumedomain, 0, resumedomain},
	{XEN_DOMCTL_getdomaininfo, NO_TARGET | RETURNS, getdomaininfo},
	{XEN_DOMCTL_max_mem, 0, max_mem},
	{XEN_DOMCTL_max_vcpus, 0, max_vcpus},
	{XEN_DOMCTL_setvcpucontext, 0, setvcpucontext},
	{XEN_DOMCTL_getvcpucontext, 0, getvcpucontext},
	{XEN_DOMCTL_getvcpuinfo, RETURNS, getvcpuinfo},
	{XEN_DOMCTL_setvcpuaffinity, 0, setvcpuaffinity},
	{XEN_DOMCTL_getvcpuaffinity, 0, getvcpuaffinity},
	{XEN_DOMCTL_setnodeaffinity, 0, setnodeaffinity},
	{XEN_DOMCTL_getnodeaffinity, 0, getnodeaffinity},
	{XEN_DOMCTL_scheduler_op, RETURNS, scheduler_op},
	{XEN_DOMCTL_setdomainhandle, 0, setdomainhandle},
	{XEN_DOMCTL_settimeoffset, 0, settimeoffset},
	{XEN_DOMCTL_set_address_size, 0, set_address_size},
	{XEN_DOMCTL_get_address_size, RETURNS, get_address_size},
	{XEN_DOMCTL_cacheflush, RETURNS, cacheflush},
	{XEN_DOMCTL_vuart_op, RETURNS, vuart_op},
	{XEN_DOMCTL_set_paging_mempool_size, 0, set_mempool},
	{XEN_DOMCTL_get_paging_mempool_size, RETURNS, get_mempool},
};

static struct domain *target_of(struct vcpu *v, domid_t id, uint8_t flags)
{
	if (flags & DYING_TOO)
		return domain_get_any(id == DOMID_SELF ? v->domain->id : id);
	return domain_get_for(v, id);
}

static long run(struct vcpu *v, struct xen_domctl *op, unsigned row)
{
	uint8_t flags = table[row].flags;
	struct domain *d = NULL;
	long ret;

	if (!(flags & NO_TARGET)) {
		d = target_of(v, op->domain, flags);
		if (!d)
			return -ESRCH;
	}
	ret = table[row].fn(v, d, op);
	if (d)
		domain_put(d);
	return ret;
}

long do_domctl(struct vcpu *v, uint64_t *arg)
{
	struct xen_domctl op;

	if (!v->domain->privileged)
		return -EPERM;
	if (copy_from_guest(v, &op, arg[0], sizeof(op)) != 0)
		return -EFAULT;
	if (op.interface_version != XEN_DOMCTL_INTERFACE_VERSION)
		return -EACCES;
	for (unsigned i = 0; i < ARRAY_SIZE(table); i++) {
		long ret;

		if (table[i].cmd != op.cmd)
			continue;
		if (table[i].flags & RETURNS && probe_guest_write(v, arg[0], sizeof(op)) != 0)
			return -EFAULT;
		ret = run(v, &op, i);
		if (table[i].flags & RETURNS && (ret == 0 || ret == -ERESTART) &&
		    copy_to_guest(v, arg[0], &op, sizeof(op)) != 0)
			ret = -EFAULT;
		return ret;
	}
	return -ENOSYS;
}
