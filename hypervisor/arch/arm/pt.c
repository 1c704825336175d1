/* SPDX-License-Identifier: ISC */
/* The page-table walker of both translation stages. */
#include <arm/pt.h>
#include <asm/barrier.h>
#include <asm/pt_entry.h>
#include <lib/errno.h>
#include <lib/lib.h>

/*
 * A position: an input address, and the tables on the way down to it that have been mapped so far.
 *
 *	table[start]  ->  entry  ->  table[start+1]  ->  ...  ->  table[level], whose entry for ia
 * is the current one
 */
struct cursor {
	struct pt *pt;
	uint64_t ia;
	unsigned level;
	uint64_t *table[PT_LAST_LEVEL + 1];
};

/* log2 of what one table page of a level translates. */
static unsigned table_shift(unsigned level)
{
	return pt_level_shift(level) + 9;
}

static uint64_t *window_open(struct pt *pt, paddr_t table)
{
	return pt->ops->map_table(pt, table);
}

static void window_close(struct pt *pt, uint64_t *table)
{
	if (pt->ops->unmap_table)
		pt->ops->unmap_table(pt, table);
}

/*
 * The page of the (concatenated) root that ia is in. Addresses are guests': not even in speculation
 * is something beyond the root taken for a table.
 */
static uint64_t *root_open(struct pt *pt, uint64_t ia)
{
	ia &= BIT64(pt->ia_bits) - 1;
	return window_open(pt, pt->root + ((ia >> table_shift(pt->start_level)) << PAGE_SHIFT));
}

static void cursor_open(struct cursor *c, struct pt *pt, uint64_t ia)
{
	c->pt = pt;
	c->ia = ia;
	c->level = pt->start_level;
	c->table[c->level] = root_open(pt, ia);
}

static inline void cursor_up(struct cursor *c)
{
	window_close(c->pt, c->table[c->level--]);
}

static void cursor_close(struct cursor *c)
{
	while (c->level > c->pt->start_level)
		cursor_up(c);
	window_close(c->pt, c->table[c->level]);
}

static unsigned cursor_index(const struct cursor *c)
{
	return (c->ia >> pt_level_shift(c->level)) & (PT_ENTRIES - 1);
}

static uint64_t *cursor_entry(const struct cursor *c)
{
	return &c->table[c->level][cursor_index(c)];
}

static uint64_t cursor_desc(const struct cursor *c)
{
	return pt_entry_read(cursor_entry(c));
}

/* The first address that the current entry translates, and the first behind it. */
static uint64_t cursor_base(const struct cursor *c)
{
	return ALIGN_DOWN(c->ia, pt_level_size(c->level));
}

static uint64_t cursor_next(const struct cursor *c)
{
	return cursor_base(c) + pt_level_size(c->level);
}

/* Is ia outside of the current table (of the whole root, at its level)? */
static bool cursor_leaves_table(const struct cursor *c, uint64_t ia)
{
	return ((c->ia ^ ia) >> table_shift(c->level)) != 0;
}

static void cursor_seek(struct cursor *c, uint64_t ia)
{
	while (c->level > c->pt->start_level && cursor_leaves_table(c, ia))
		cursor_up(c);
	if (c->level == c->pt->start_level && cursor_leaves_table(c, ia)) {
		window_close(c->pt, c->table[c->level]);
		c->table[c->level] = root_open(c->pt, ia);
	}
	c->ia = ia;
}

static inline void cursor_down(struct cursor *c)
{
	paddr_t table = pt_address(cursor_desc(c));

	c->table[++c->level] = window_open(c->pt, table);
}

/* Go down to the leaf or hole at ia. */
static inline void cursor_find(struct cursor *c)
{
	while (pt_is_table(cursor_desc(c), c->level))
		cursor_down(c);
}

static inline void cursor_leaf(const struct cursor *c, struct pt_leaf *leaf)
{
	uint64_t desc = cursor_desc(c);

	*leaf = (struct pt_leaf){cursor_base(c), pt_is_valid(desc) ? desc : 0, c->level};
}

/*
 * Link a table that is filled in. Its entries must be seen before the link; pairs with the walker's
 * address dependency, walkers being observers of the Inner Shareable domain.
 */
static void cursor_link(struct cursor *c, paddr_t table)
{
	smp_wmb();
	pt_entry_write(cursor_entry(c), table | PT_TABLE | PT_VALID);
}

/* Break: from here on until something else is written, and on all CPUs, nothing is mapped here. */
static void cursor_break(struct cursor *c)
{
	pt_entry_write(cursor_entry(c), 0);
	c->pt->ops->flush_leaf(c->pt, c->ia);
}

static int cursor_add_table(struct cursor *c)
{
	paddr_t table = c->pt->ops->alloc_table(c->pt);

	if (table == PT_NO_TABLE)
		return -ENOMEM;
	cursor_link(c, table);
	return 0;
}

/* The leaves one level down that say the same as a block. */
static void fill_from_block(uint64_t *table, uint64_t block, unsigned level)
{
	uint64_t desc = pt_make_leaf(level, pt_address(block), pt_attributes(block));

	for (unsigned i = 0; i < PT_ENTRIES; i++, desc += pt_level_size(level))
		pt_entry_write(&table[i], desc);
}

static int cursor_split(struct cursor *c)
{
	uint64_t block = cursor_desc(c), *entries;
	paddr_t table = c->pt->ops->alloc_table(c->pt);

	if (table == PT_NO_TABLE)
		return -ENOMEM;
	entries = window_open(c->pt, table);
	fill_from_block(entries, block, c->level + 1);
	window_close(c->pt, entries);
	cursor_break(c);
	cursor_link(c, table);
	return 0;
}

/* Go down to exactly this level, adding tables and splitting blocks. */
static int cursor_reach(struct cursor *c, unsigned level)
{
	while (c->level < level) {
		uint64_t desc = cursor_desc(c);
		int err = 0;

		if (!pt_is_valid(desc))
			err = cursor_add_table(c);
		else if (!pt_is_table(desc, c->level))
			err = cursor_split(c);
		if (err)
			return err;
		cursor_down(c);
	}
	return 0;
}

static bool range_ok(const struct pt *pt, uint64_t ia, uint64_t size)
{
	uint64_t limit = BIT64(pt->ia_bits);

	return !((ia | size) & ~PAGE_MASK) && size <= limit && ia <= limit - size;
}

static bool output_ok(paddr_t pa, uint64_t size)
{
	return !(pa & ~PT_ADDR_MASK) && pa + size <= PT_ADDR_MASK + PAGE_SIZE;
}

/* ---- unmapping ---- */

/*
 * What an unmapping has to do at its end: one invalidation for all, then free the tables that it
 * unlinked.
 */
struct undo {
	uint64_t ia; /* the only address concerned, if not many */
	bool any, many;
	paddr_t tables; /* linked by their first entries; these are invalid descriptors, so a late
			   walker is not led astray */
};

static void undo_note(struct undo *u, uint64_t ia)
{
	u->many |= u->any && u->ia != ia;
	u->any = true;
	u->ia = ia;
}

static void undo_finish(struct undo *u, struct pt *pt)
{
	if (u->many)
		pt->ops->flush_all(pt);
	else if (u->any)
		pt->ops->flush_leaf(pt, u->ia);
	while (u->tables != PT_NO_TABLE) {
		paddr_t table = u->tables;
		uint64_t *entries = window_open(pt, table);

		/*
		 * The end mark loses its low bits, which make it an invalid descriptor, and gets
		 * them back here.
		 */
		u->tables = entries[0] == (PT_NO_TABLE & PAGE_MASK) ? PT_NO_TABLE : entries[0];
		entries[0] = 0;
		window_close(pt, entries);
		pt->ops->free_table(pt, table);
	}
}

/* Look from the neighbour on: in a table that is being emptied in order, that one tells at once. */
static bool table_is_empty(const struct cursor *c)
{
	unsigned first = cursor_index(c);

	for (unsigned i = 1; i <= PT_ENTRIES; i++)
		if (pt_is_valid(pt_entry_read(&c->table[c->level][(first + i) % PT_ENTRIES])))
			return false;
	return true;
}

static void cursor_unlink_table(struct cursor *c, struct undo *u)
{
	uint64_t *entries = c->table[c->level];
	paddr_t table;

	pt_entry_write(&entries[0], u->tables & PAGE_MASK);
	cursor_up(c);
	table = pt_address(cursor_desc(c));
	pt_entry_write(cursor_entry(c), 0);
	undo_note(u, c->ia);
	u->tables = table;
}

/* Like cursor_seek(), dropping the tables left behind that have become empty. */
static void cursor_seek_pruning(struct cursor *c, uint64_t ia, struct undo *u)
{
	while (c->level > c->pt->start_level && cursor_leaves_table(c, ia)) {
		if (table_is_empty(c))
			cursor_unlink_table(c, u);
		else
			cursor_up(c);
	}
	cursor_seek(c, ia);
}

/* Drop the tables around ia that have no entry. */
static void cursor_finish_pruning(struct cursor *c, struct undo *u)
{
	while (c->level > c->pt->start_level && table_is_empty(c))
		cursor_unlink_table(c, u);
	cursor_close(c);
	undo_finish(u, c->pt);
}

static void prune(struct pt *pt, uint64_t ia)
{
	struct undo u = {.tables = PT_NO_TABLE};
	struct cursor c;

	cursor_open(&c, pt, ia);
	cursor_find(&c);
	cursor_finish_pruning(&c, &u);
}

unsigned pt_take(struct pt *pt, uint64_t ia, uint64_t end, struct pt_leaf *leaf, unsigned max)
{
	struct undo u = {.tables = PT_NO_TABLE};
	struct cursor c;
	unsigned n = 0;

	if (!max || ia >= end || end > BIT64(pt->ia_bits))
		return 0;
	cursor_open(&c, pt, ia);
	for (;;) {
		cursor_find(&c);
		if (pt_is_valid(cursor_desc(&c))) {
			cursor_leaf(&c, &leaf[n++]);
			pt_entry_write(cursor_entry(&c), 0);
			undo_note(&u, c.ia);
		}
		ia = cursor_next(&c);
		if (ia >= end || n == max)
			break;
		cursor_seek_pruning(&c, ia, &u);
	}
	cursor_finish_pruning(&c, &u);
	return n;
}

/* Make ia a border between leaves. */
static int cut(struct pt *pt, uint64_t ia)
{
	struct cursor c;
	int err = 0;

	if (ia >> pt->ia_bits)
		return 0; /* the end of everything */
	cursor_open(&c, pt, ia);
	cursor_find(&c);
	while (!err && pt_is_valid(cursor_desc(&c)) && cursor_base(&c) != ia)
		err = cursor_reach(&c, c.level + 1);
	cursor_close(&c);
	return err;
}

#define TAKE_AT_ONCE 16

int pt_unmap(struct pt *pt, uint64_t ia, uint64_t size)
{
	struct pt_leaf leaf[TAKE_AT_ONCE];
	uint64_t end = ia + size;
	unsigned n;
	int err;

	if (!range_ok(pt, ia, size))
		return -EINVAL;
	err = cut(pt, ia);
	if (!err)
		err = cut(pt, end);
	if (err)
		return err;
	do {
		n = pt_take(pt, ia, end, leaf, TAKE_AT_ONCE);
		if (n)
			ia = leaf[n - 1].ia + pt_level_size(leaf[n - 1].level);
	} while (n == TAKE_AT_ONCE);
	return 0;
}

/* ---- mapping ---- */

static unsigned largest_level(const struct pt *pt, uint64_t ia, paddr_t pa, uint64_t size)
{
	unsigned level = MAX(pt->start_level, PT_MIN_BLOCK);

	while (((ia | pa) & (pt_level_size(level) - 1)) || size < pt_level_size(level))
		level++;
	return level;
}

/* Write one leaf into a hole of its size. */
static int map_leaf(struct cursor *c, unsigned level, paddr_t pa, uint64_t attr)
{
	int err;

	cursor_find(c);
	if (pt_is_valid(cursor_desc(c)) || c->level > level)
		return -EEXIST;
	err = cursor_reach(c, level);
	if (!err)
		pt_entry_write(cursor_entry(c), pt_make_leaf(level, pa, attr));
	return err;
}

/* Returns how far it came. */
static uint64_t map_range(struct pt *pt, uint64_t ia, paddr_t pa, uint64_t size, uint64_t attr,
			  int *err)
{
	struct cursor c;

	*err = 0;
	cursor_open(&c, pt, ia);
	while (size) {
		unsigned level = largest_level(pt, ia, pa, size);

		cursor_seek(&c, ia);
		*err = map_leaf(&c, level, pa, attr);
		if (*err)
			break;
		ia += pt_level_size(level);
		pa += pt_level_size(level);
		size -= pt_level_size(level);
	}
	cursor_close(&c);
	return ia;
}

int pt_map(struct pt *pt, uint64_t ia, paddr_t pa, uint64_t size, uint64_t attr)
{
	uint64_t end;
	int err;

	if (!range_ok(pt, ia, size) || !output_ok(pa, size))
		return -EINVAL;
	if (!size)
		return 0;
	end = map_range(pt, ia, pa, size, attr, &err);
	if (!err) {
		pt->ops->publish(pt);
		return 0;
	}
	/* What we wrote ends at a border of leaves of ours: this needs no split. */
	if (end > ia)
		pt_unmap(pt, ia, end - ia);
	prune(pt, end);
	return err;
}

/* ---- changing ---- */

/* Write a leaf over a valid or invalid entry. */
static void cursor_set_leaf(struct cursor *c, uint64_t desc)
{
	uint64_t old = cursor_desc(c);

	if (old == desc)
		return;
	if (pt_is_valid(old) && ((old ^ desc) & ~PT_SW_MASK))
		cursor_break(c);
	pt_entry_write(cursor_entry(c), desc);
}

int pt_replace(struct pt *pt, uint64_t ia, paddr_t pa, uint64_t attr, struct pt_leaf *old)
{
	struct cursor c;
	int err;

	if (!range_ok(pt, ia, PAGE_SIZE) || !output_ok(pa, PAGE_SIZE))
		return -EINVAL;
	cursor_open(&c, pt, ia);
	err = cursor_reach(&c, PT_LAST_LEVEL);
	if (!err) {
		cursor_leaf(&c, old);
		cursor_set_leaf(&c, pt_make_leaf(PT_LAST_LEVEL, pa, attr));
		pt->ops->publish(pt);
	}
	cursor_close(&c);
	if (err)
		prune(pt, ia);
	return err;
}

int pt_change(struct pt *pt, uint64_t ia, uint64_t size, uint64_t clear, uint64_t set)
{
	uint64_t end = ia + size;
	struct cursor c;
	int err;

	if (!range_ok(pt, ia, size))
		return -EINVAL;
	if (!size)
		return 0;
	err = cut(pt, ia);
	if (!err)
		err = cut(pt, end);
	if (err)
		return err;
	cursor_open(&c, pt, ia);
	for (;;) {
		cursor_find(&c);
		if (pt_is_valid(cursor_desc(&c)))
			cursor_set_leaf(&c, (cursor_desc(&c) & ~clear) | set);
		ia = cursor_next(&c);
		if (ia >= end)
			break;
		cursor_seek(&c, ia);
	}
	cursor_close(&c);
	pt->ops->publish(pt);
	return 0;
}

/* ---- looking ---- */

bool pt_lookup(struct pt *pt, uint64_t ia, struct pt_leaf *leaf)
{
	struct cursor c;

	if (ia >> pt->ia_bits) {
		*leaf = (struct pt_leaf){ALIGN_DOWN(ia, PAGE_SIZE), 0, PT_LAST_LEVEL};
		return false;
	}
	cursor_open(&c, pt, ia);
	cursor_find(&c);
	cursor_leaf(&c, leaf);
	cursor_close(&c);
	return leaf->desc != 0;
}

int pt_walk(struct pt *pt, uint64_t ia, uint64_t size, pt_leaf_fn *fn, void *data)
{
	uint64_t end = ia + size;
	struct pt_leaf leaf;
	struct cursor c;
	int ret = 0;

	if (!range_ok(pt, ia, size))
		return -EINVAL;
	if (!size)
		return 0;
	cursor_open(&c, pt, ia);
	for (;;) {
		cursor_find(&c);
		cursor_leaf(&c, &leaf);
		if (leaf.desc)
			ret = fn(&leaf, data);
		ia = cursor_next(&c);
		if (ret || ia >= end)
			break;
		cursor_seek(&c, ia);
	}
	cursor_close(&c);
	return ret;
}
