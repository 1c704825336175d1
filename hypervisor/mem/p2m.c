/* SPDX-License-Identifier: ISC */
/* A domain's stage 2 table: types over the page-table walker. */
#include <arm/pt.h>
#include <asm/tlb.h>
#include <hyp/arch.h>
#include <hyp/domain.h>
#include <lib/errno.h>
#include <hyp/hypercall.h>
#include <lib/lib.h>
#include <lib/yield.h>
#include <mem/p2m.h>
#include <mem/page.h>

unsigned p2m_ipa_bits = 40;

/* ---- types ---- */

#define NORMAL (PT_AF | PT_SH_INNER | PT_S2_NORMAL | PT_S2_READ)
#define DEVICE (PT_AF | PT_SH_OUTER | PT_S2_DEVICE_nGnRE | PT_S2_READ)

/* Only a domain's own RAM is executable. */
static const uint64_t type_attr[P2M_NR_TYPES] = {
	[P2M_RAM] = NORMAL | PT_S2_WRITE,
	[P2M_RAM_RO] = NORMAL,
	[P2M_SHARED] = NORMAL | PT_S2_WRITE | PT_S2_XN,
	[P2M_DEVICE] = DEVICE | PT_S2_WRITE | PT_S2_XN,
	[P2M_FOREIGN] = NORMAL | PT_S2_WRITE | PT_S2_XN,
	[P2M_FOREIGN_RO] = NORMAL | PT_S2_XN,
	[P2M_GRANT_RW] = NORMAL | PT_S2_WRITE | PT_S2_XN,
	[P2M_GRANT_RO] = NORMAL | PT_S2_XN,
};

static uint64_t attr_of(enum p2m_type type)
{
	return type_attr[type] | (uint64_t)type << PT_SW_SHIFT;
}

static enum p2m_type type_of(uint64_t desc)
{
	return (enum p2m_type)((desc & PT_SW_MASK) >> PT_SW_SHIFT);
}

static bool is_ram(enum p2m_type type)
{
	return type == P2M_RAM || type == P2M_RAM_RO;
}

static bool is_foreign(enum p2m_type type)
{
	return type == P2M_FOREIGN || type == P2M_FOREIGN_RO;
}

/* ---- surroundings of the walker ---- */

static paddr_t table_alloc(struct pt *pt)
{
	struct domain *d = pt->owner;
	mfn_t table;

	if (d->p2m.tables >= d->p2m.table_limit)
		return PT_NO_TABLE;
	table = page_alloc(0, PAGE_ZERO);
	if (!mfn_valid(table))
		return PT_NO_TABLE;
	d->p2m.tables++;
	return mfn_to_pa(table);
}

static void table_free(struct pt *pt, paddr_t table)
{
	struct domain *d = pt->owner;

	d->p2m.tables--;
	page_free(pa_to_mfn(table), 0);
}

static uint64_t *table_map(struct pt *pt __unused, paddr_t table)
{
	return map_page(pa_to_mfn(table));
}

static void table_unmap(struct pt *pt __unused, uint64_t *table)
{
	unmap_page(table);
}

static void publish(struct pt *pt __unused)
{
	tlb_publish();
}

static void flush_leaf(struct pt *pt, uint64_t ia)
{
	struct domain *d = pt->owner;

	tlb_flush_vmid_page(&d->p2m, ia);
}

static void flush_all(struct pt *pt)
{
	struct domain *d = pt->owner;

	tlb_flush_vmid(&d->p2m);
}

static const struct pt_ops stage2_ops = {
	.alloc_table = table_alloc,
	.free_table = table_free,
	.map_table = table_map,
	.unmap_table = table_unmap,
	.publish = publish,
	.flush_leaf = flush_leaf,
	.flush_all = flush_all,
};

static struct pt pt_of(struct domain *d)
{
	return (struct pt){&stage2_ops, mfn_to_pa(d->p2m.root), P2M_START_LEVEL,
			   (uint8_t)p2m_ipa_bits, d};
}

/* ---- life ---- */

int p2m_init(struct domain *d)
{
	struct p2m *p = &d->p2m;

	spin_lock_init(&p->lock, RANK_P2M);
	p->root_order = p2m_root_order();
	p->root = page_alloc(p->root_order, PAGE_ZERO);
	if (!mfn_valid(p->root))
		return -ENOMEM;
	p->table_limit = P2M_DEFAULT_TABLES;
	p->live = true;
	return 0;
}

void p2m_destroy(struct domain *d)
{
	struct p2m *p = &d->p2m;

	if (!p->live)
		return;
	ASSERT(!p->tables && !p->nr_pending);
	page_free(p->root, p->root_order);
	p->live = false;
}

static uint64_t limit_gfn(void)
{
	return BIT64(p2m_ipa_bits - PAGE_SHIFT);
}

/* nr frames of this type are mapped now, or (negative) not any more. Under the lock. */
static void count(struct p2m *p, enum p2m_type type, int64_t nr)
{
	if (is_foreign(type))
		p->foreign_maps += (uint32_t)nr;
}

static void pend(struct p2m *p, const struct pt_leaf *leaf)
{
	enum p2m_type type = type_of(leaf->desc);

	p->next_gfn = (leaf->ia + pt_level_size(leaf->level)) >> PAGE_SHIFT;
	count(p, type, -(int64_t)(pt_level_size(leaf->level) >> PAGE_SHIFT));
	if (!is_ram(type) && !is_foreign(type))
		return; /* shared pages, devices and grants: their references are kept elsewhere */
	p->pending[p->nr_pending].mfn = pt_address(leaf->desc) >> PAGE_SHIFT;
	p->pending[p->nr_pending++].nr = pt_level_size(leaf->level) >> PAGE_SHIFT;
}

/* Take the next leaves out of the table. false: there are none. */
static bool relinquish_take(struct domain *d)
{
	struct p2m *p = &d->p2m;
	struct pt_leaf leaf[P2M_PENDING];
	struct pt pt = pt_of(d);
	unsigned n;

	spin_lock(&p->lock);
	p->dying = true;
	n = pt_take(&pt, p->next_gfn << PAGE_SHIFT, BIT64(p2m_ipa_bits), leaf, P2M_PENDING);
	for (unsigned i = 0; i < n; i++)
		pend(p, &leaf[i]);
	spin_unlock(&p->lock);
	return n != 0;
}

/* Put some pages. Not under the lock: a foreign one may be the last of its domain. */
static void relinquish_put(struct p2m *p)
{
	unsigned last = p->nr_pending - 1;
	uint64_t done = page_put_some(MFN(p->pending[last].mfn), p->pending[last].nr);

	p->pending[last].mfn += done;
	p->pending[last].nr -= done;
	if (!p->pending[last].nr)
		p->nr_pending--;
}

int p2m_relinquish(struct domain *d)
{
	struct p2m *p = &d->p2m;

	if (!p->live)
		return 0;
	for (;;) {
		if (p->nr_pending)
			relinquish_put(p);
		else if (!relinquish_take(d))
			return 0;
		if (cpu_should_yield())
			return -ERESTART;
	}
}

/* ---- changes ---- */

static int check_range(gfn_t gfn, uint64_t nr)
{
	return gfn.n < limit_gfn() && nr <= limit_gfn() - gfn.n ? 0 : -EINVAL;
}

int p2m_map(struct domain *d, gfn_t gfn, mfn_t mfn, uint64_t nr, enum p2m_type type)
{
	struct p2m *p = &d->p2m;
	struct pt pt = pt_of(d);
	int err = check_range(gfn, nr);

	if (err)
		return err;
	spin_lock(&p->lock);
	if (p->dying)
		err = -ESRCH;
	else
		err = pt_map(&pt, gfn_to_gpa(gfn), mfn_to_pa(mfn), nr << PAGE_SHIFT, attr_of(type));
	if (!err) {
		p->end_gfn = MAX(p->end_gfn, gfn.n + nr);
		count(p, type, (int64_t)nr);
	}
	spin_unlock(&p->lock);
	return err;
}

/* One leaf over another. Under the lock; changes nothing when it fails. */
static int replace_locked(struct domain *d, gfn_t gfn, mfn_t mfn, enum p2m_type type, unsigned over,
			  struct p2m_mapping *old)
{
	gpaddr_t gpa = gfn_to_gpa(gfn);
	struct pt pt = pt_of(d);
	struct pt_leaf leaf;
	int err;

	if (d->p2m.dying)
		return -ESRCH;
	if (pt_lookup(&pt, gpa, &leaf) && !(over & BIT(type_of(leaf.desc))))
		return -EEXIST;
	err = pt_replace(&pt, gpa, mfn_to_pa(mfn), attr_of(type), &leaf);
	if (err)
		return err;
	d->p2m.end_gfn = MAX(d->p2m.end_gfn, gfn.n + 1);
	count(&d->p2m, type, 1);
	if (!leaf.desc)
		return 0;
	*old = (struct p2m_mapping){pa_to_mfn(pt_address(leaf.desc)), type_of(leaf.desc)};
	count(&d->p2m, old->type, -1);
	return 0;
}

int p2m_replace(struct domain *d, gfn_t gfn, mfn_t mfn, enum p2m_type type, unsigned over,
		struct p2m_mapping *old)
{
	int err = check_range(gfn, 1);

	*old = (struct p2m_mapping){INVALID_MFN, P2M_NONE};
	if (err)
		return err;
	spin_lock(&d->p2m.lock);
	err = replace_locked(d, gfn, mfn, type, over, old);
	spin_unlock(&d->p2m.lock);
	return err;
}

/* One page out of the table, if it is what the caller believes. */
static int take_locked(struct domain *d, gfn_t gfn, unsigned types, mfn_t expect, mfn_t *mfn,
		       enum p2m_type *type)
{
	struct pt pt = pt_of(d);
	struct pt_leaf leaf;
	gpaddr_t gpa = gfn_to_gpa(gfn);

	if (!pt_lookup(&pt, gpa, &leaf))
		return -ENOENT;
	*mfn = pa_to_mfn(pt_leaf_address(&leaf, gpa));
	*type = type_of(leaf.desc);
	if (!(types & BIT(*type)) || (mfn_valid(expect) && expect.n != mfn->n))
		return -ENOENT;
	if (leaf.level == PT_LAST_LEVEL)
		pt_take(&pt, gpa, gpa + PAGE_SIZE, &leaf, 1);
	else if (pt_unmap(&pt, gpa, PAGE_SIZE) != 0)
		return -ENOMEM;
	count(&d->p2m, *type, -1);
	return 0;
}

int p2m_take(struct domain *d, gfn_t gfn, unsigned types, mfn_t expect, mfn_t *mfn,
	     enum p2m_type *type)
{
	int err;

	if (check_range(gfn, 1))
		return -ENOENT;
	spin_lock(&d->p2m.lock);
	err = take_locked(d, gfn, types, expect, mfn, type);
	spin_unlock(&d->p2m.lock);
	return err;
}

int p2m_unmap(struct domain *d, gfn_t gfn, mfn_t mfn)
{
	enum p2m_type type;
	mfn_t was;

	return p2m_take(d, gfn, ~0U, mfn, &was, &type);
}

/* ---- questions ---- */

int p2m_lookup_locked(struct domain *d, gfn_t gfn, mfn_t *mfn, enum p2m_type *type, unsigned *order)
{
	struct pt pt = pt_of(d);
	struct pt_leaf leaf;
	bool found;

	if (gfn.n >= limit_gfn())
		return -ENOENT;
	found = pt_lookup(&pt, gfn_to_gpa(gfn), &leaf);
	if (order)
		*order = pt_level_shift(leaf.level) - PAGE_SHIFT;
	if (!found)
		return -ENOENT;
	*mfn = pa_to_mfn(pt_leaf_address(&leaf, gfn_to_gpa(gfn)));
	*type = type_of(leaf.desc);
	return 0;
}

int p2m_lookup(struct domain *d, gfn_t gfn, mfn_t *mfn, enum p2m_type *type, unsigned *order)
{
	int err;

	spin_lock(&d->p2m.lock);
	err = p2m_lookup_locked(d, gfn, mfn, type, order);
	spin_unlock(&d->p2m.lock);
	return err;
}

static int get_page_locked(struct domain *d, gfn_t gfn, bool write, mfn_t *mfn)
{
	enum p2m_type type;
	mfn_t found;
	int err = p2m_lookup_locked(d, gfn, &found, &type, NULL);

	*mfn = INVALID_MFN;
	if (err)
		return err;
	if (!(is_ram(type) || type == P2M_SHARED) || (write && !p2m_type_writable(type)) ||
	    page_get(found, d) != 0)
		return -EACCES;
	*mfn = found;
	return 0;
}

int p2m_get_page(struct domain *d, gfn_t gfn, bool write, mfn_t *mfn)
{
	int err;

	spin_lock(&d->p2m.lock);
	err = get_page_locked(d, gfn, write, mfn);
	spin_unlock(&d->p2m.lock);
	return err;
}

bool p2m_allows(struct domain *d, gpaddr_t gpa, bool write)
{
	enum p2m_type type;
	mfn_t mfn;

	return p2m_lookup(d, gpa_to_gfn(gpa), &mfn, &type, NULL) == 0 &&
	       (!write || type == P2M_DEVICE || p2m_type_writable(type));
}

uint64_t p2m_max_gfn(struct domain *d)
{
	return READ_ONCE(d->p2m.end_gfn);
}
