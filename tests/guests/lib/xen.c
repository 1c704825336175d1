/* SPDX-License-Identifier: ISC */
/* The few hypercalls that the library itself and several guests need. */

#include "abi.h"

static struct shared_info *shared_info;
static char shared_info_page[PAGE_SIZE] ALIGN_PAGE;

bool xen_present(void)
{
	return board.has_hypervisor;
}

bool xen_is_stock(void)
{
	return hypercall(__HYPERVISOR_plinth_op, PLINTH_OP_version, 0, 0, 0, 0) == -XEN_ENOSYS;
}

u32 xen_features(unsigned submap)
{
	struct xen_feature_info info = {.submap_idx = submap};

	return xen_version(XENVER_get_features, &info) ? 0 : info.submap;
}

bool xen_is_dom0(void)
{
	return xen_features(0) & BIT(XENFEAT_dom0);
}

long xen_get_param(unsigned index, u64 *value)
{
	struct xen_hvm_param param = {.domid = DOMID_SELF, .index = index};
	long rc = xen_hvm_op(HVMOP_get_param, &param);

	*value = rc ? 0 : param.value;
	return rc;
}

long xen_add_to_physmap(unsigned space, u64 index, u64 gpfn)
{
	struct xen_add_to_physmap op = {
		.domid = DOMID_SELF, .space = space, .idx = index, .gpfn = gpfn};

	return xen_memory_op(XENMEM_add_to_physmap, &op);
}

/* Over a page of .bss, as Linux does it: the RAM page that was there is dropped. */
struct shared_info *xen_map_shared_info(void)
{
	if (shared_info)
		return shared_info;
	if (!CHECK_RC(xen_add_to_physmap(XENMAPSPACE_shared_info, 0,
					 (u64)shared_info_page / PAGE_SIZE),
		      0))
		return NULL;
	shared_info = (struct shared_info *)shared_info_page;
	return shared_info;
}

long xen_shutdown(unsigned reason)
{
	struct sched_shutdown op = {.reason = reason};

	return xen_sched_op(SCHEDOP_shutdown, &op);
}
