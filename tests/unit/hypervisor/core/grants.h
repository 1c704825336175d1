/* SPDX-License-Identifier: ISC */
/*
 * Grants as guests of world.h use them: their entries, and a function for each call that most tests
 * make.
 */
#ifndef TESTS_UNIT_HYPERVISOR_GRANTS_H
#define TESTS_UNIT_HYPERVISOR_GRANTS_H

#include <public/grant_table.h>
#include "world.h"

#define GRANTS_RAM 32 /* pages of each domain, from frame 0 on */

/* What the calls point to; their answers are in it. */
union grants_arg {
	struct gnttab_map_grant_ref map[16];
	struct gnttab_unmap_grant_ref unmap[16];
	struct gnttab_copy copy[12];
	struct gnttab_setup_table setup;
	struct gnttab_query_size query;
	struct gnttab_set_version set_version;
	struct gnttab_get_version get_version;
	struct gnttab_swap_grant_ref swap;
	struct gnttab_cache_flush flush[4];
};

extern union grants_arg arg;
extern uint64_t frames[16]; /* for setup_table's */

/* dom0, a and b, each with its grant table at hand. */
int grants_set_up(void **state);

long gnttab_call(struct domain *d, uint64_t cmd, uint64_t count);

struct grant_entry_v1 *gnttab_entry(struct domain *d, grant_ref_t ref);
void gnttab_grant(struct domain *d, grant_ref_t ref, domid_t to, uint32_t frame, uint16_t flags);

/* One of each: the status. The new handle is in arg. */
int gnttab_map(struct domain *d, struct domain *granter, grant_ref_t ref, uint32_t flags,
	       uint64_t gfn);
int gnttab_unmap(struct domain *d, grant_handle_t handle, uint64_t gfn, uint64_t dev_bus_addr);

/* References to the page at gfn. */
unsigned page_refs(struct domain *d, uint64_t gfn);

#endif
