/* SPDX-License-Identifier: ISC */
/*
 * Grant tables, version 1: a domain's shared frames with its grants, and its maptrack: the grants of others that it
 * has mapped. Filled in by core/grant*.c.
 */
#ifndef HYP_GRANT_H
#define HYP_GRANT_H

#include <hyp/spinlock.h>
#include <hyp/types.h>

struct domain;
struct vcpu;
struct grant_entry_v1;
struct grant_active;
struct grant_map;

struct grant_table {
	struct spinlock lock; /* RANK_GRANT */
	uint32_t nr_frames, max_frames;
	struct grant_entry_v1 **frame; /* max_frames pointers to hypervisor pages */
	struct grant_active **active;  /* use counts, one block a frame */
	uint32_t maptrack_pages, max_maptrack;
	struct grant_map **maptrack;
	uint32_t free_handle, nr_maps;
};

int grant_table_init(struct domain *d, uint32_t max_frames, uint32_t max_maptrack_frames);
/* Undo d's mappings of others' pages, bounded work a call: -ERESTART or 0. */
int grant_table_relinquish(struct domain *d);
void grant_table_destroy(struct domain *d);

/*
 * Machine frame of the idx-th shared frame, growing the table up to it: for add_to_physmap and acquire_resource.
 * 0, -EINVAL (beyond the limit), -ENOMEM.
 */
int grant_table_frame(struct domain *d, uint32_t idx, mfn_t *mfn);

#endif
