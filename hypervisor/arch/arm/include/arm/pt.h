/* SPDX-License-Identifier: ISC */
/*
 * Page tables: one walker for the hypervisor's own stage 1 and for the guests' stage 2. It knows
 * levels, blocks and the order of updates; where tables come from, how they are looked at and how
 * TLBs are told is the owner's.
 *
 * Live tables: entries go from invalid to valid by one 64-bit store, and from valid to something
 * else by way of invalid and a TLB invalidation (Arm ARM D8.14.1, break-before-make). In between
 * another CPU can fault on an address that is mapped before and after: who handles such faults
 * looks again before believing them. Tables are freed after the invalidation.
 *
 * Every table but the root has a valid entry: the last one to go takes its table along.
 * The caller serialises (a lock a table).
 */
#ifndef ARM_PT_H
#define ARM_PT_H

#include <arm/pt_bits.h>
#include <lib/types.h>

struct pt;

struct pt_ops {
	/* A zeroed page, or PT_NO_TABLE. */
	paddr_t (*alloc_table)(struct pt *pt);
	/* No walker can reach it any more. */
	void (*free_table)(struct pt *pt, paddr_t table);
	uint64_t *(*map_table)(struct pt *pt, paddr_t table);
	void (*unmap_table)(struct pt *pt, uint64_t *table); /* NULL: nothing to do */
	/* Make descriptor writes visible to walkers on all CPUs (DSB ISHST; ISB for own use). */
	void (*publish)(struct pt *pt);
	/*
	 * Descriptor writes, then invalidate: the leaf at ia and the tables on the way to it; or
	 * all. Complete on return.
	 */
	void (*flush_leaf)(struct pt *pt, uint64_t ia);
	void (*flush_all)(struct pt *pt);
};

#define PT_NO_TABLE (~(paddr_t)0)

struct pt {
	const struct pt_ops *ops;
	paddr_t root; /* 2^n concatenated pages if ia_bits asks for more than start_level has in one
		       */
	uint8_t start_level; /* 0..3 */
	uint8_t ia_bits;     /* input addresses are below 1 << ia_bits */
	void *owner;         /* for the ops */
};

/* A leaf, or with desc 0 a hole: [ia, ia + pt_level_size(level)). */
struct pt_leaf {
	uint64_t ia;
	uint64_t desc;
	unsigned level;
};

/*
 * All addresses and sizes are multiples of 4 KiB, or -EINVAL; so is what is not below 1 << ia_bits.
 *
 * Map [ia, ia + size) to pa with the largest blocks that fit; attr is what descriptors have besides
 * type and address. -EEXIST: some of it is mapped; -ENOMEM: no table. After an error nothing of it
 * is mapped that was not before.
 */
int pt_map(struct pt *pt, uint64_t ia, paddr_t pa, uint64_t size, uint64_t attr);

/* Unmap; holes are fine. -ENOMEM: no table to split a block into, nothing has changed. */
int pt_unmap(struct pt *pt, uint64_t ia, uint64_t size);

/*
 * Unmap whole leaves, at most max, from the one at ia up to those that begin below end, and tell
 * which. They are out of all TLBs on return. 0: there are none left.
 */
unsigned pt_take(struct pt *pt, uint64_t ia, uint64_t end, struct pt_leaf *leaf, unsigned max);

/*
 * Map one page over whatever is there, which is returned in *old (desc 0: nothing was). -ENOMEM,
 * -EINVAL.
 */
int pt_replace(struct pt *pt, uint64_t ia, paddr_t pa, uint64_t attr, struct pt_leaf *old);

/* Clear, then set attributes of all that is mapped in the range. -ENOMEM (a split), -EINVAL. */
int pt_change(struct pt *pt, uint64_t ia, uint64_t size, uint64_t clear, uint64_t set);

/* What is at ia: true and a leaf, or false and a hole. */
bool pt_lookup(struct pt *pt, uint64_t ia, struct pt_leaf *leaf);

/*
 * Call fn for each leaf that overlaps [ia, ia + size), in order, until it returns something else
 * than 0.
 */
typedef int pt_leaf_fn(const struct pt_leaf *leaf, void *data);
int pt_walk(struct pt *pt, uint64_t ia, uint64_t size, pt_leaf_fn *fn, void *data);

/* Where the output of ia is, given its leaf. */
static inline paddr_t pt_leaf_address(const struct pt_leaf *leaf, uint64_t ia)
{
	return pt_address(leaf->desc) + (ia - leaf->ia);
}

#endif
