/* SPDX-License-Identifier: ISC */
/* Grants as guests use them: see grants.h. */
#include "unit.h"
#include <string.h>

#include "grants.h"

union grants_arg arg;
uint64_t frames[16];

int grants_set_up(void **state)
{
	(void)state;
	world_init();
	dom0 = world_domain(0, true, 1, GRANTS_RAM);
	a = world_domain(1, false, 1, GRANTS_RAM);
	b = world_domain(2, false, 1, GRANTS_RAM);
	memset(&arg, 0, sizeof(arg));
	world_expose(&arg, sizeof(arg), true);
	world_expose(frames, sizeof(frames), true);
	assert_int_equal(grant_table_map_frame(a, 0, GFN(0x100)), 0);
	assert_int_equal(grant_table_map_frame(b, 0, GFN(0x100)), 0);
	return 0;
}

long gnttab_call(struct domain *d, uint64_t cmd, uint64_t count)
{
	return world_call(do_grant_table_op, d->vcpu[0], cmd, (uintptr_t)&arg, count);
}

struct grant_entry_v1 *gnttab_entry(struct domain *d, grant_ref_t ref)
{
	return (struct grant_entry_v1 *)world_page(d, 0x100) + ref;
}

void gnttab_grant(struct domain *d, grant_ref_t ref, domid_t to, uint32_t frame, uint16_t flags)
{
	*gnttab_entry(d, ref) = (struct grant_entry_v1){GTF_permit_access | flags, to, frame};
}

int gnttab_map(struct domain *d, struct domain *granter, grant_ref_t ref, uint32_t flags,
	       uint64_t gfn)
{
	arg.map[0] = (struct gnttab_map_grant_ref){
		.host_addr = gfn << PAGE_SHIFT,
		.flags = flags,
		.ref = ref,
		.dom = granter->id,
		.status = 99,
	};
	assert_int_equal(gnttab_call(d, GNTTABOP_map_grant_ref, 1), 0);
	return arg.map[0].status;
}

int gnttab_unmap(struct domain *d, grant_handle_t handle, uint64_t gfn, uint64_t dev_bus_addr)
{
	arg.unmap[0] = (struct gnttab_unmap_grant_ref){gfn << PAGE_SHIFT, dev_bus_addr, handle, 99};
	assert_int_equal(gnttab_call(d, GNTTABOP_unmap_grant_ref, 1), 0);
	return arg.unmap[0].status;
}

unsigned page_refs(struct domain *d, uint64_t gfn)
{
	return world_refs(world_mfn(d, gfn));
}
