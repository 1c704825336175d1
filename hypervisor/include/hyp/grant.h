/* SPDX-License-Identifier: ISC */
/*
 * Grant tables, version 1: a domain's shared frames with its own grants, and its maptrack with the
 * grants of other domains that it has mapped. Implemented in core/grant*.c.
 *
 *	granter                                        mapper
 *	frame[]   pages shared with the guest:         maptrack[]  one entry per mapping, indexed by
 *	          granted pages and their users                    its handle: granter, reference,
 *	active[]  one entry per grant in use:  <----               guest frame, flags
 *	          frame, users, writers
 *
 * A mapping holds a reference on the page and one on the granter. The granter's table exists until
 * its last mapping is undone.
 */
#ifndef HYP_GRANT_H
#define HYP_GRANT_H

#include <lib/spinlock.h>
#include <lib/types.h>

struct domain;
struct vcpu;
struct grant_entry_v1;
struct grant_active;
struct grant_map;

/* Limits for the configuration of a domain. */
#define GRANT_MAX_FRAMES          512
#define GRANT_MAX_MAPTRACK_FRAMES 4096
/* Used if the toolstack requests the default. */
#define GRANT_DEFAULT_FRAMES          64
#define GRANT_DEFAULT_MAPTRACK_FRAMES 1024

struct grant_table {
	struct spinlock lock; /* RANK_GRANT; a mapping takes the granter's and the mapper's lock */
	uint32_t nr_frames, max_frames;
	struct grant_frame *frame;    /* max_frames entries, allocated with the first frame */
	struct grant_active **active; /* pages of half a frame's entries, allocated on first use */
	uint32_t nr_maptrack, max_maptrack; /* pages of handles */
	struct grant_map **maptrack;
	uint32_t free_handle; /* list of free handles; GRANT_NO_HANDLE: empty */
	uint32_t nr_maps;
	uint32_t relinquished; /* progress of grant_unmap_all() */
	bool dying;            /* no new grants or mappings */
};

/* Returns -EINVAL above the limits. Memory is allocated only when it is needed. */
int grant_table_init(struct domain *d, uint32_t max_frames, uint32_t max_maptrack_frames);
/*
 * Undo d's mappings of other domains' pages and give up its frames, with bounded work per call.
 * Returns 0 or -ERESTART.
 */
int grant_table_relinquish(struct domain *d);
void grant_table_destroy(struct domain *d);

/*
 * For acquire_resource: grow the table to include shared frame idx, and return the machine frame
 * with a reference. Returns 0, -EINVAL (above the limit), -ENOMEM or -ERESTART (call again).
 */
int grant_table_get_frame(struct domain *d, uint32_t idx, mfn_t *mfn);

/*
 * For add_to_physmap: map shared frame idx into d itself at gfn. Returns -EBUSY while it is mapped
 * elsewhere, or -ERESTART: call again.
 */
int grant_table_map_frame(struct domain *d, uint32_t idx, gfn_t gfn);

#endif
