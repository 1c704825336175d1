/* SPDX-License-Identifier: ISC */
/*
 * grant_table_op: arrays of structures, each with its own status. The call fails as a whole only if
 * the array cannot be read or written, and for the few operations without a status field.
 */
#include <lib/errno.h>
#include <lib/yield.h>
#include <mem/guest_access.h>
#include <hyp/domain.h>
#include <hyp/hypercall.h>
#include "../core/grant_priv.h"

/* If cache_flush stops within an element, it keeps its progress in arg[0] above the command. */
#define CMD_BITS 12
#define CMD_MASK ((1U << CMD_BITS) - 1)
_Static_assert((uint64_t)GRANT_MAX_MAPTRACK_FRAMES *HANDLES_PER_PAGE <= 1U << (32 - CMD_BITS),
	       "a handle fits above the command");

union grant_arg {
	struct gnttab_map_grant_ref map;
	struct gnttab_unmap_grant_ref unmap;
	struct gnttab_setup_table setup_table;
	struct gnttab_copy copy;
	struct gnttab_query_size query_size;
	struct gnttab_set_version set_version;
	struct gnttab_get_version get_version;
	struct gnttab_swap_grant_ref swap;
	struct gnttab_cache_flush cache_flush;
};

static long op_map(struct vcpu *v, union grant_arg *a, uint64_t *arg __unused)
{
	grant_map_ref(v, &a->map);
	return 0;
}

static long op_unmap(struct vcpu *v, union grant_arg *a, uint64_t *arg __unused)
{
	grant_unmap_ref(v, &a->unmap);
	return 0;
}

static long op_copy(struct vcpu *v, union grant_arg *a, uint64_t *arg __unused)
{
	grant_copy(v, &a->copy);
	return 0;
}

static long op_swap(struct vcpu *v, union grant_arg *a, uint64_t *arg __unused)
{
	grant_swap_refs(v, &a->swap);
	return 0;
}

/* Returns the GNTST_* status for a failed domain_get_target(). */
static int16_t target_status(int err)
{
	return err == -EPERM ? GNTST_permission_denied : GNTST_bad_domain;
}

/*
 * Write the guest frames at which the domain has mapped its table; ~0 for a frame that is not
 * mapped.
 */
static long write_frame_list(struct vcpu *v, struct domain *d, const struct gnttab_setup_table *p)
{
	for (uint32_t i = 0; i < p->nr_frames; i++) {
		uint64_t gfn = INVALID_GFN.n;

		spin_lock(&d->grant.lock);
		if (i < d->grant.nr_frames)
			gfn = d->grant.frame[index_nospec(i, d->grant.nr_frames)].gfn.n;
		spin_unlock(&d->grant.lock);
		if (copy_to_guest(v, p->frame_list.va + i * sizeof(gfn), &gfn, sizeof(gfn)))
			return -EFAULT;
	}
	return 0;
}

static long op_setup_table(struct vcpu *v, union grant_arg *a, uint64_t *arg __unused)
{
	struct gnttab_setup_table *p = &a->setup_table;
	struct domain *d;
	long ret = 0;
	int err = domain_get_target(v, p->dom, &d);

	if (err) {
		p->status = target_status(err);
		return 0;
	}
	err = grant_table_grow(d, p->nr_frames);
	p->status = err ? GNTST_general_error : GNTST_okay;
	if (!err)
		ret = write_frame_list(v, d, p);
	else if (err == -ERESTART)
		ret = err; /* the frames added so far are the progress */
	domain_put(d);
	return ret;
}

/* Every table has at least one frame, but the frame is allocated only on demand. */
static long op_query_size(struct vcpu *v, union grant_arg *a, uint64_t *arg __unused)
{
	struct gnttab_query_size *p = &a->query_size;
	struct domain *d;
	int err = domain_get_target(v, p->dom, &d);

	if (err) {
		p->status = target_status(err);
		return 0;
	}
	(void)grant_table_grow(d, 1);
	spin_lock(&d->grant.lock);
	p->nr_frames = d->grant.nr_frames;
	p->max_nr_frames = d->grant.max_frames;
	p->status = GNTST_okay;
	spin_unlock(&d->grant.lock);
	domain_put(d);
	return 0;
}

static long op_set_version(struct vcpu *v __unused, union grant_arg *a, uint64_t *arg __unused)
{
	uint32_t version = a->set_version.version;

	a->set_version.version = 1;
	return version == 1 ? 0 : version == 2 ? -ENOSYS : -EINVAL;
}

static long op_get_version(struct vcpu *v, union grant_arg *a, uint64_t *arg __unused)
{
	struct domain *d;
	int err = domain_get_target(v, a->get_version.dom, &d);

	if (err)
		return err;
	a->get_version.version = 1;
	domain_put(d);
	return 0;
}

static long op_cache_flush(struct vcpu *v, union grant_arg *a, uint64_t *arg)
{
	uint32_t from = (uint32_t)arg[0] >> CMD_BITS;
	long ret;

	do
		ret = grant_cache_flush(v, &a->cache_flush, &from);
	while (ret == -ERESTART && !cpu_should_yield());
	arg[0] = (arg[0] & CMD_MASK) | (ret == -ERESTART ? (uint64_t)from << CMD_BITS : 0);
	return ret;
}

static const struct grant_op {
	/* The argument is also the result, unless -EFAULT or -ERESTART is returned. */
	long (*fn)(struct vcpu *v, union grant_arg *a, uint64_t *arg);
	uint8_t size;
	bool single;  /* count must be 1 */
	bool in_only; /* the argument is not written back */
} ops[] = {
	[GNTTABOP_map_grant_ref] = {op_map, sizeof(struct gnttab_map_grant_ref), false, false},
	[GNTTABOP_unmap_grant_ref] = {op_unmap, sizeof(struct gnttab_unmap_grant_ref), false,
				      false},
	[GNTTABOP_setup_table] = {op_setup_table, sizeof(struct gnttab_setup_table), true, false},
	[GNTTABOP_copy] = {op_copy, sizeof(struct gnttab_copy), false, false},
	[GNTTABOP_query_size] = {op_query_size, sizeof(struct gnttab_query_size), true, false},
	[GNTTABOP_set_version] = {op_set_version, sizeof(struct gnttab_set_version), true, false},
	[GNTTABOP_get_version] = {op_get_version, sizeof(struct gnttab_get_version), true, false},
	[GNTTABOP_swap_grant_ref] = {op_swap, sizeof(struct gnttab_swap_grant_ref), false, false},
	[GNTTABOP_cache_flush] = {op_cache_flush, sizeof(struct gnttab_cache_flush), false, true},
};

static long run_element(struct vcpu *v, const struct grant_op *op, gvaddr_t va, uint64_t *arg)
{
	union grant_arg a;
	long ret;

	if (copy_from_guest(v, &a, va, op->size))
		return -EFAULT;
	if (!op->in_only && probe_guest_write(v, va, op->size))
		return -EFAULT;
	ret = op->fn(v, &a, arg);
	if (op->in_only || ret == -EFAULT)
		return ret;
	return copy_to_guest(v, va, &a, op->size) ? -EFAULT : ret;
}

/*
 * arg[0] is the command, arg[1] the array, arg[2] the count. Array and count advance with each
 * element.
 */
long do_grant_table_op(struct vcpu *v, uint64_t *arg)
{
	/* Ints in the ABI: the upper halves of their registers are undefined. */
	uint32_t cmd = (uint32_t)arg[0] & CMD_MASK, progress = (uint32_t)arg[0] & ~CMD_MASK;
	uint32_t left = (uint32_t)arg[2];
	gvaddr_t va = arg[1];
	const struct grant_op *op = &ops[index_nospec(cmd, ARRAY_SIZE(ops))];
	long ret = 0;

	if (left > INT32_MAX || (progress && cmd != GNTTABOP_cache_flush))
		return -EINVAL;
	if (cmd >= ARRAY_SIZE(ops) || !op->fn)
		return -ENOSYS;
	if (op->single && left != 1)
		return -EINVAL;
	for (bool first = true; left && !ret; first = false) {
		ret = first || !cpu_should_yield() ? run_element(v, op, va, arg) : -ERESTART;
		if (!ret) {
			va += op->size;
			left--;
		}
	}
	arg[1] = va;
	arg[2] = left;
	return ret;
}
