/* SPDX-License-Identifier: ISC */
/* Fills in a new guest's first grant table entries, so that console and store need no mapping
 * right. */
#include <errno.h>
#include <sys/mman.h>

#include <public/grant_table.h>
#include <public/memory.h>

#include "grants.h"
#include "../internal.h"

static void fill(struct grant_entry_v1 *table, const struct grant_seed *seeds, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		struct grant_entry_v1 *e = &table[seeds[i].ref];

		e->frame = seeds[i].gfn;
		e->domid = seeds[i].domid;
		/* Last, as the ABI asks for: the flags make the entry valid. */
		__atomic_store_n(&e->flags, GTF_permit_access, __ATOMIC_RELEASE);
	}
}

/* The table's first page, as a resource of the domain. */
static int map_resource(struct ctrl *c, uint32_t domid, void **addr)
{
	return c->ops->map_resource(c->state, domid, XENMEM_resource_grant_table,
				    XENMEM_resource_grant_table_id_shared, 0, 1,
				    PROT_READ | PROT_WRITE, addr);
}

/* Where the guest would map its table too, once it runs. */
#define SCRATCH_GFN (GUEST_GNTTAB_BASE >> CTRL_PAGE_SHIFT)

/* Without resources: put the page into the guest's memory for a moment and map it from there. */
static int seed_through_guest(struct ctrl *c, uint32_t domid, const struct grant_seed *seeds,
			      size_t nr)
{
	struct xen_add_to_physmap add = {
		.domid = domid, .space = XENMAPSPACE_grant_table, .gpfn = SCRATCH_GFN};
	struct xen_remove_from_physmap rem = {.domid = domid, .gpfn = SCRATCH_GFN};
	void *table;
	int ret = ctrl_hypercall_cmd(c, __HYPERVISOR_memory_op, XENMEM_add_to_physmap, &add,
				     sizeof(add));

	if (ret < 0)
		return ctrl_fail_call(c, ret, "memory_op add_to_physmap",
				      "show domain %u's grant table", domid);
	ret = ctrl_map_range(c, domid, SCRATCH_GFN, 1, PROT_READ | PROT_WRITE, &table);
	if (!ret) {
		fill(table, seeds, nr);
		ctrl_unmap(c, table, 1);
	}
	int rem_ret = ctrl_hypercall_cmd(c, __HYPERVISOR_memory_op, XENMEM_remove_from_physmap,
					 &rem, sizeof(rem));
	if (!ret && rem_ret < 0)
		return ctrl_fail_call(c, rem_ret, "memory_op remove_from_physmap",
				      "hide domain %u's grant table again", domid);
	return ret;
}

int grants_seed(struct ctrl *c, uint32_t domid, const struct grant_seed *seeds, size_t nr)
{
	void *table;
	int ret = map_resource(c, domid, &table);

	if (ret == -EOPNOTSUPP || ret == -ENOSYS || ret == -ENOTTY)
		return seed_through_guest(c, domid, seeds, nr);
	if (ret < 0)
		return ctrl_fail_call(c, ret, "MMAP_RESOURCE (memory_op acquire_resource)",
				      "map domain %u's grant table", domid);
	fill(table, seeds, nr);
	ctrl_unmap(c, table, 1);
	return 0;
}
