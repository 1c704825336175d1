/* SPDX-License-Identifier: ISC */
/*
 * Typed pools: fixed-size objects carved out of pages; objects come out zeroed and are zeroed when
 * freed.
 */
#ifndef HYP_POOL_H
#define HYP_POOL_H

#include <lib/list.h>
#include <lib/spinlock.h>

struct pool {
	const char *name;
	uint32_t size; /* of an object, bytes; rounded up to 16 */
	uint32_t in_use;
	uint32_t order; /* pages of a slab */
	struct spinlock lock;
	struct list partial; /* slabs with free objects */
};

#define POOL_INIT(pool_name, var, object_size, slab_order)                           \
	{                                                                            \
		.name = (pool_name), .size = ALIGN_UP((uint32_t)(object_size), 16u), \
		.order = (slab_order), .lock = SPINLOCK_INIT(RANK_POOL),             \
		.partial = LIST_INIT((var).partial)                                  \
	}

void *pool_alloc(struct pool *pool); /* NULL: no memory */
void pool_free(struct pool *pool, void *object);

#endif
