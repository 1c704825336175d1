/* SPDX-License-Identifier: ISC */
/*
 * Grant tables, version 1: a domain's shared frames with its grants, and its maptrack: the grants
 * of others that it has mapped. Filled in by core/grant*.c.
 *
 *	granter                                        mapper
 *	frame[]   pages shared with the guest:         maptrack[]   one entry a mapping, found by
 * its handle: what is granted to whom                           granter, reference, where, how
 *	active[]  one entry a grant in use:    <----
 *	          frame, users, writers
 *
 * A mapping holds a reference on the page and one on the granter, whose table stays until the last
 * one is undone.
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

/* What a domain may ask for at most. */
#define GRANT_MAX_FRAMES          512
#define GRANT_MAX_MAPTRACK_FRAMES 4096

struct grant_table {
	struct spinlock lock; /* RANK_GRANT; a mapping takes the granter's and the mapper's */
	uint32_t nr_frames, max_frames;
	struct grant_frame *frame;    /* max_frames, allocated with the first one */
	struct grant_active **active; /* half a frame's worth each, allocated when first used */
	uint32_t nr_maptrack, max_maptrack; /* pages of handles */
	struct grant_map **maptrack;
	uint32_t free_handle; /* list through the free entries, GRANT_NO_HANDLE: empty */
	uint32_t nr_maps;
	uint32_t relinquished; /* how far grant_table_relinquish() has come */
	bool dying;            /* no new grants, no new mappings */
};

/* -EINVAL: more than the maxima above. Nothing is allocated before it is needed. */
int grant_table_init(struct domain *d, uint32_t max_frames, uint32_t max_maptrack_frames);
/*
 * Undo d's mappings of others' pages and give up its frames, bounded work a call: -ERESTART or 0.
 */
int grant_table_relinquish(struct domain *d);
void grant_table_destroy(struct domain *d);

/*
 * Machine frame of the idx-th shared frame with a reference, growing the table up to it: for
 * acquire_resource. 0, -EINVAL (beyond the limit), -ENOMEM.
 */
int grant_table_get_frame(struct domain *d, uint32_t idx, mfn_t *mfn);

/* Show that frame to the domain itself: add_to_physmap. -EBUSY while it is mapped elsewhere. */
int grant_table_map_frame(struct domain *d, uint32_t idx, gfn_t gfn);

#endif
