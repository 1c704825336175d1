/* SPDX-License-Identifier: ISC */
/*
 * Typed pools. A slab is 2^order pages, naturally aligned, so that the slab follows from an
 * object's address:
 *
 *	+-------------+--------------------+----------+----------+-- -- --+----------+------+
 *	| struct slab | bitmap: 1 = in use | object 0 | object 1 |        | object n | rest |
 *	+-------------+--------------------+----------+----------+-- -- --+----------+------+
 *
 * Slabs with room are on pool.partial, full ones on no list, empty ones go back to the page
 * allocator.
 */
#include <lib/atomic.h>
#include <lib/lib.h>
#include <mem/page.h>
#include <mem/pool.h>

struct slab {
	struct list node; /* in pool.partial, or alone */
	struct pool *pool;
	uint32_t nr; /* objects */
	uint32_t in_use;
	uint64_t used[]; /* one bit per object */
};

static size_t slab_size(const struct pool *pool)
{
	return PAGE_SIZE << pool->order;
}

static size_t words_for(uint32_t nr)
{
	return (nr + 63) / 64;
}

static size_t first_offset(uint32_t nr)
{
	return ALIGN_UP(sizeof(struct slab) + words_for(nr) * sizeof(uint64_t), (size_t)16);
}

/* How many objects fit, with their bitmap. */
static uint32_t slab_capacity(const struct pool *pool)
{
	uint32_t nr = (uint32_t)((slab_size(pool) - sizeof(struct slab)) / pool->size);

	while (nr && first_offset(nr) + (size_t)nr * pool->size > slab_size(pool))
		nr--;
	return nr;
}

static void *slab_object(struct slab *s, uint32_t index)
{
	return (char *)s + first_offset(s->nr) + (size_t)index * s->pool->size;
}

static struct slab *slab_create(struct pool *pool)
{
	struct slab *s = hyp_pages_alloc(pool->order);

	if (!s)
		return NULL;
	s->pool = pool;
	s->nr = slab_capacity(pool);
	ASSERT(s->nr);
	list_init(&s->node);
	return s;
}

/* Mark the first free object as used. There is one. */
static uint32_t slab_take(struct slab *s)
{
	uint32_t word = 0, bit;

	while (s->used[word] == ~(uint64_t)0)
		word++;
	bit = (uint32_t)__builtin_ctzll(~s->used[word]);
	s->used[word] |= BIT64(bit);
	s->in_use++;
	return word * 64 + bit;
}

/* Get a slab with room, or create one. Called and returns with the lock; may drop it. */
static struct slab *pool_slab(struct pool *pool)
{
	struct slab *s;

	if (!list_empty(&pool->partial))
		return list_first(&pool->partial, struct slab, node);
	/* The allocation zeroes the pages, which takes too long under the lock. */
	spin_unlock(&pool->lock);
	s = slab_create(pool);
	spin_lock(&pool->lock);
	if (s)
		list_push(&pool->partial, &s->node);
	return s;
}

void *pool_alloc(struct pool *pool)
{
	struct slab *s;
	void *object = NULL;

	spin_lock(&pool->lock);
	s = pool_slab(pool);
	if (s) {
		object = slab_object(s, slab_take(s));
		pool->in_use++;
		if (s->in_use == s->nr)
			list_remove(&s->node);
	}
	spin_unlock(&pool->lock);
	return object;
}

/* The object's index in its slab. Panics if it is not an object in use. */
static uint32_t object_index(const struct slab *s, const struct pool *pool, const void *object)
{
	size_t offset = (size_t)((const char *)object - (const char *)s),
	       first = first_offset(s->nr);
	uint32_t index = (uint32_t)((offset - first) / pool->size);

	if (s->pool != pool || offset < first || (offset - first) % pool->size || index >= s->nr ||
	    !(s->used[index / 64] & BIT64(index % 64)))
		panic("pool %s: %p is not an object in use", pool->name, object);
	return index;
}

/* Returns the slab, removed from its list, if it is now empty; else NULL. */
static struct slab *slab_give(struct pool *pool, struct slab *s, uint32_t index)
{
	s->used[index / 64] &= ~BIT64(index % 64);
	if (s->in_use-- == s->nr)
		list_push(&pool->partial, &s->node);
	pool->in_use--;
	if (s->in_use)
		return NULL;
	list_remove(&s->node);
	return s;
}

void pool_free(struct pool *pool, void *object)
{
	struct slab *s, *empty;
	uint32_t index;

	if (!object)
		return;
	s = (struct slab *)((uintptr_t)object & ~(uintptr_t)(slab_size(pool) - 1));
	spin_lock(&pool->lock);
	index = object_index(s, pool, object);
	memset(object, 0, pool->size);
	empty = slab_give(pool, s, index);
	spin_unlock(&pool->lock);
	if (empty)
		hyp_pages_free(empty, pool->order);
}
