/* SPDX-License-Identifier: ISC */
/*
 * memory_op: copy the arguments in, check permissions, process the extents.
 *
 * arg[0] holds the operation in its low bits and above them the number of extents done, as the ABI
 * defines. A call that stops in the middle keeps its progress there.
 */
#include <lib/atomic.h>
#include <hyp/domain.h>
#include <lib/errno.h>
#include <lib/yield.h>
#include <mem/guest_access.h>
#include <hyp/hypercall.h>
#include <mem/memory.h>
#include <mem/page.h>
#include <public/memory.h>

#define EXTENT_SHIFT 6
#define OP_MASK      (BIT64(EXTENT_SHIFT) - 1)

/* Operations that the public header omits because nothing is shared here; they return 0. */
#define XENMEM_get_sharing_freed_pages  18
#define XENMEM_get_sharing_shared_pages 19

/*
 * Maximum extent orders. 2 MiB for guests, and for decrease_reservation, which removes page by
 * page. The toolstack may populate 1 GiB extents if the allocator has one scrubbed. If fewer
 * extents than requested are done, callers retry with smaller extents.
 */
#define MAX_ORDER_GUEST ORDER_2M
#define MAX_ORDER_ADMIN ORDER_1G

static uint64_t extents_done(const uint64_t *arg)
{
	return arg[0] >> EXTENT_SHIFT;
}

static void set_done(uint64_t *arg, uint64_t done)
{
	arg[0] = (arg[0] & OP_MASK) | done << EXTENT_SHIFT;
}

/* Should the call stop and be continued? Only after progress, so that every call ends. */
static bool should_stop(uint64_t *arg, uint64_t done)
{
	if (done == extents_done(arg) || !cpu_should_yield())
		return false;
	set_done(arg, done);
	return true;
}

/* Reservations */

struct extent_op {
	int (*fn)(struct domain *d, gfn_t gfn, const struct xen_memory_reservation *r);
	uint8_t max_order_admin;
};
static int extent_populate(struct domain *d, gfn_t gfn, const struct xen_memory_reservation *r)
{
	if (r->mem_flags & XENMEMF_populate_on_demand)
		return -EOPNOTSUPP;
	return memory_populate(d, gfn, r->extent_order, r->mem_flags & 0xff);
}

static int extent_decrease(struct domain *d, gfn_t gfn, const struct xen_memory_reservation *r)
{
	int err = 0;

	for (uint64_t i = 0; i < (uint64_t)1 << r->extent_order && !err; i++)
		err = memory_remove_ram(d, GFN(gfn.n + i));
	return err;
}

static long extents_run(struct vcpu *v, uint64_t *arg, struct domain *d,
			const struct xen_memory_reservation *r, const struct extent_op *op)
{
	uint64_t done = extents_done(arg), gfn;

	for (; done < r->nr_extents; done++) {
		if (should_stop(arg, done))
			return -ERESTART;
		if (copy_from_guest(v, &gfn, r->extent_start.va + done * sizeof(gfn), sizeof(gfn)))
			break;
		if (op->fn(d, GFN(gfn), r))
			break;
	}
	return (long)done;
}

/* Invalid arguments and unknown domains report no extent done, as Xen does. */
static long reservation(struct vcpu *v, uint64_t *arg, const struct extent_op *op)
{
	uint32_t max_order = v->domain->privileged ? op->max_order_admin : MAX_ORDER_GUEST;
	struct xen_memory_reservation r;
	uint64_t done = extents_done(arg);
	struct domain *d;
	long ret;

	if (copy_from_guest(v, &r, arg[1], sizeof(r)))
		return -EFAULT;
	if (r.nr_extents > ~(uint64_t)0 >> EXTENT_SHIFT || done >= r.nr_extents ||
	    r.extent_order > max_order)
		return (long)done;
	ret = domain_get_target(v, r.domid, &d);
	if (ret)
		return ret == -ESRCH ? (long)done : ret;
	ret = extents_run(v, arg, d, &r, op);
	domain_put(d);
	return ret;
}

static long op_populate_physmap(struct vcpu *v, uint64_t *arg)
{
	static const struct extent_op op = {extent_populate, MAX_ORDER_ADMIN};

	return reservation(v, arg, &op);
}

static long op_decrease_reservation(struct vcpu *v, uint64_t *arg)
{
	static const struct extent_op op = {extent_decrease, MAX_ORDER_GUEST};

	return reservation(v, arg, &op);
}

/* Only a check: the pages are not reserved, so populating them later can still fail. */
static long op_claim_pages(struct vcpu *v, uint64_t *arg)
{
	struct xen_memory_reservation r;
	struct domain *d;
	long ret;

	if (!v->domain->privileged)
		return -EPERM;
	if (copy_from_guest(v, &r, arg[1], sizeof(r)))
		return -EFAULT;
	if (!xen_handle_is_null(r.extent_start) || r.extent_order || r.mem_flags)
		return -EINVAL;
	ret = domain_get_target(v, r.domid, &d);
	if (ret)
		return ret;
	if (r.nr_extents > d->max_pages)
		ret = -EINVAL;
	else if (r.nr_extents > atomic_load(&d->tot_pages) + page_nr_free())
		ret = -ENOMEM;
	domain_put(d);
	return ret;
}

/* Queries */

static long stat(struct vcpu *v, uint64_t *arg, uint64_t (*get)(struct domain *d))
{
	struct xen_memory_domain m;
	struct domain *d;
	long ret;

	if (copy_from_guest(v, &m, arg[1], sizeof(m)))
		return -EFAULT;
	ret = domain_get_target(v, m.domid, &d);
	if (ret)
		return ret;
	ret = (long)MIN(get(d), (uint64_t)INT64_MAX);
	domain_put(d);
	return ret;
}

static uint64_t get_tot_pages(struct domain *d)
{
	return atomic_load(&d->tot_pages);
}

static uint64_t get_max_pages(struct domain *d)
{
	return d->max_pages;
}

static uint64_t get_max_gfn(struct domain *d)
{
	uint64_t next = p2m_max_gfn(d);

	return next ? next - 1 : 0;
}

static long op_current_reservation(struct vcpu *v, uint64_t *arg)
{
	return stat(v, arg, get_tot_pages);
}

static long op_maximum_reservation(struct vcpu *v, uint64_t *arg)
{
	return stat(v, arg, get_max_pages);
}

static long op_maximum_gpfn(struct vcpu *v, uint64_t *arg)
{
	return stat(v, arg, get_max_gfn);
}

static long op_maximum_ram_page(struct vcpu *v __unused, uint64_t *arg __unused)
{
	return (long)page_highest().n;
}

static long op_nothing_shared(struct vcpu *v __unused, uint64_t *arg __unused)
{
	return 0;
}

/* The guest physical address space */

static int add_shared_info(struct domain *d, struct domain *od __unused, uint64_t idx, gfn_t gfn)
{
	return idx ? -EINVAL : memory_map_shared_info(d, gfn);
}

static int add_grant_table(struct domain *d, struct domain *od __unused, uint64_t idx, gfn_t gfn)
{
	return idx > UINT32_MAX ? -EINVAL : grant_table_map_frame(d, (uint32_t)idx, gfn);
}

static int add_foreign(struct domain *d, struct domain *od, uint64_t idx, gfn_t gfn)
{
	if (!od)
		return -ESRCH;
	return od == d ? -EINVAL : memory_map_foreign(d, gfn, od, GFN(idx));
}

/* Indexed by XENMAPSPACE_*. od is the foreign domain, or NULL if it does not exist. */
typedef int map_space_fn(struct domain *d, struct domain *od, uint64_t idx, gfn_t gfn);
static map_space_fn *const map_spaces[] = {
	[XENMAPSPACE_shared_info] = add_shared_info,
	[XENMAPSPACE_grant_table] = add_grant_table,
	[XENMAPSPACE_gmfn_foreign] = add_foreign,
};

/* Returns NULL for an unknown space. */
static map_space_fn *find_map_space(uint32_t space)
{
	return space < ARRAY_SIZE(map_spaces)
		       ? map_spaces[index_nospec(space, ARRAY_SIZE(map_spaces))]
		       : NULL;
}

static long op_add_to_physmap(struct vcpu *v, uint64_t *arg)
{
	struct xen_add_to_physmap a;
	map_space_fn *map;
	struct domain *d;
	long ret;

	if (copy_from_guest(v, &a, arg[1], sizeof(a)))
		return -EFAULT;
	/* Only the structure of the batch call has a field for the foreign domain's ID. */
	map = find_map_space(a.space);
	if (!map || a.space == XENMAPSPACE_gmfn_foreign)
		return -ENOSYS;
	ret = domain_get_target(v, a.domid, &d);
	if (ret)
		return ret;
	ret = map(d, NULL, a.idx, GFN(a.gpfn));
	domain_put(d);
	return ret;
}

/*
 * Process one page of a batch and write its result into the array of errors. Returns -EFAULT if one
 * of the arrays is not accessible, or -ERESTART if the page has to be tried again.
 */
static long batch_one(struct vcpu *v, const struct xen_add_to_physmap_batch *b, struct domain *d,
		      struct domain *od, uint64_t i)
{
	gvaddr_t err_va = b->errs.va + i * sizeof(int32_t);
	uint64_t idx, gfn;
	int32_t err;

	if (copy_from_guest(v, &idx, b->idxs.va + i * sizeof(idx), sizeof(idx)) ||
	    copy_from_guest(v, &gfn, b->gpfns.va + i * sizeof(gfn), sizeof(gfn)) ||
	    probe_guest_write(v, err_va, sizeof(err)))
		return -EFAULT;
	err = find_map_space(b->space)(d, od, idx, GFN(gfn));
	if (err == -ERESTART)
		return err;
	return copy_to_guest(v, err_va, &err, sizeof(err));
}

static long batch_run(struct vcpu *v, uint64_t *arg, const struct xen_add_to_physmap_batch *b,
		      struct domain *d, struct domain *od)
{
	uint64_t i = extents_done(arg);
	long ret = 0;

	for (; i < b->size && !ret; i++) {
		if (should_stop(arg, i))
			return -ERESTART;
		ret = batch_one(v, b, d, od, i);
		if (ret == -ERESTART)
			set_done(arg, i);
	}
	return ret;
}

static long op_add_to_physmap_batch(struct vcpu *v, uint64_t *arg)
{
	struct xen_add_to_physmap_batch b;
	struct domain *d, *od = NULL;
	long ret;

	if (copy_from_guest(v, &b, arg[1], sizeof(b)))
		return -EFAULT;
	if (!find_map_space(b.space))
		return -ENOSYS;
	if (b.space != XENMAPSPACE_gmfn_foreign && b.u.res0)
		return -EOPNOTSUPP;
	ret = domain_get_target(v, b.domid, &d);
	if (ret)
		return ret;
	if (b.space == XENMAPSPACE_gmfn_foreign) {
		ret = domain_get_target(v, b.u.foreign_domid, &od);
		if (ret == -ESRCH) /* reported per page as -ESRCH */
			ret = 0;
	}
	if (!ret)
		ret = batch_run(v, arg, &b, d, od);
	if (od)
		domain_put(od);
	domain_put(d);
	return ret;
}

static long op_remove_from_physmap(struct vcpu *v, uint64_t *arg)
{
	struct xen_remove_from_physmap r;
	struct domain *d;
	long ret;

	if (copy_from_guest(v, &r, arg[1], sizeof(r)))
		return -EFAULT;
	ret = domain_get_target(v, r.domid, &d);
	if (ret)
		return ret;
	ret = memory_remove(d, GFN(r.gpfn));
	domain_put(d);
	return ret;
}

/* Resources: pages of another domain that the hypervisor allocated */

/* Map one grant table page of d into the caller's address space. */
static int acquire_one(struct vcpu *v, struct domain *d, uint32_t frame, gfn_t gfn)
{
	mfn_t mfn, drop;
	int err = grant_table_get_frame(d, frame, &mfn);

	if (err)
		return err;
	err = memory_place_page(v->domain, gfn, mfn, P2M_FOREIGN, &drop);
	memory_drop(drop);
	if (err)
		page_put(mfn);
	return err;
}

static long acquire_run(struct vcpu *v, uint64_t *arg, struct domain *d,
			const struct xen_mem_acquire_resource *r)
{
	uint64_t gfn;
	long err = 0;

	for (uint64_t i = extents_done(arg); i < r->nr_frames && !err; i++) {
		if (should_stop(arg, i))
			return -ERESTART;
		err = copy_from_guest(v, &gfn, r->frame_list.va + i * sizeof(gfn), sizeof(gfn));
		if (!err)
			err = acquire_one(v, d, (uint32_t)(r->frame + i), GFN(gfn));
		if (err == -ERESTART)
			set_done(arg, i);
	}
	return err;
}

static long acquire(struct vcpu *v, uint64_t *arg, struct domain *d,
		    struct xen_mem_acquire_resource *r)
{
	uint32_t max = d->grant.max_frames;

	if (r->type != XENMEM_resource_grant_table)
		return -EOPNOTSUPP;
	if (r->id != XENMEM_resource_grant_table_id_shared) /* status frames: only in version 2 */
		return -EINVAL;
	if (xen_handle_is_null(r->frame_list)) {
		if (r->nr_frames || extents_done(arg))
			return -EINVAL;
		r->nr_frames = max;
		return copy_to_guest(v, arg[1], r, sizeof(*r));
	}
	if (r->frame > max || r->nr_frames > max - r->frame)
		return -EINVAL;
	return acquire_run(v, arg, d, r);
}

static long op_acquire_resource(struct vcpu *v, uint64_t *arg)
{
	struct xen_mem_acquire_resource r;
	struct domain *d;
	long ret;

	if (copy_from_guest(v, &r, arg[1], sizeof(r)))
		return -EFAULT;
	if (r.pad)
		return -EINVAL;
	ret = domain_get_target(v, r.domid, &d);
	if (ret)
		return ret;
	ret = d == v->domain ? -EPERM : acquire(v, arg, d, &r);
	domain_put(d);
	return ret;
}

static long (*const ops[])(struct vcpu *v, uint64_t *arg) = {
	[XENMEM_decrease_reservation] = op_decrease_reservation,
	[XENMEM_maximum_ram_page] = op_maximum_ram_page,
	[XENMEM_current_reservation] = op_current_reservation,
	[XENMEM_maximum_reservation] = op_maximum_reservation,
	[XENMEM_populate_physmap] = op_populate_physmap,
	[XENMEM_add_to_physmap] = op_add_to_physmap,
	[XENMEM_maximum_gpfn] = op_maximum_gpfn,
	[XENMEM_remove_from_physmap] = op_remove_from_physmap,
	[XENMEM_get_sharing_freed_pages] = op_nothing_shared,
	[XENMEM_get_sharing_shared_pages] = op_nothing_shared,
	[XENMEM_add_to_physmap_batch] = op_add_to_physmap_batch,
	[XENMEM_claim_pages] = op_claim_pages,
	[XENMEM_acquire_resource] = op_acquire_resource,
	/*
	 * increase_reservation is left out on purpose: it returns pages without an address, which a
	 * guest could not use, find or free.
	 */
};

long do_memory_op(struct vcpu *v, uint64_t *arg)
{
	uint64_t op = arg[0] & OP_MASK;
	long (*fn)(struct vcpu * v, uint64_t * arg) = ops[index_nospec(op, ARRAY_SIZE(ops))];

	return op < ARRAY_SIZE(ops) && fn ? fn(v, arg) : -ENOSYS;
}
