/* SPDX-License-Identifier: ISC */
/* What is done to guests' physical address spaces on request: populate, remove, share, map foreign
 * pages. */
#include <hyp/domain.h>
#include <hyp/errno.h>
#include <hyp/memory.h>
#include <hyp/page.h>

int memory_remove_ram(struct domain *d, gfn_t gfn)
{
	enum p2m_type type;
	mfn_t mfn;
	int err = p2m_take(d, gfn, P2M_TYPES_RAM, INVALID_MFN, &mfn, &type);

	if (!err && !d->direct_mapped)
		page_put(mfn);
	return err;
}

int memory_place_page(struct domain *d, gfn_t gfn, mfn_t mfn, enum p2m_type type)
{
	enum p2m_type was_type;
	mfn_t was;
	int err, kept = -ENOENT;

	if (d->direct_mapped) {
		kept = p2m_take(d, gfn, P2M_TYPES_RAM, INVALID_MFN, &was, &was_type);
		if (kept && kept != -ENOENT)
			return kept;
	}
	err = p2m_replace(d, gfn, mfn, type);
	/* Out of tables: put it back, the entry's tables are there. If not, it can be populated
	 * again. */
	if (err && !kept)
		(void)p2m_map(d, gfn, was, 1, was_type);
	return err;
}

/* The pages were the domain's all the time: machine frame == guest frame. */
static int populate_direct(struct domain *d, gfn_t gfn, unsigned order)
{
	uint64_t nr = (uint64_t)1 << order;
	enum p2m_type type;
	mfn_t mfn;
	int err;

	for (uint64_t i = 0; i < nr; i++) {
		mfn = MFN(gfn.n + i);
		if (!page_is_ram(mfn) || page_owner(mfn) != d)
			return -EINVAL;
		if (p2m_lookup(d, GFN(mfn.n), &mfn, &type, NULL) == 0) {
			if (type == P2M_RAM && mfn.n == gfn.n + i)
				continue; /* it is there already */
			return -EEXIST;
		}
		err = p2m_map(d, GFN(gfn.n + i), MFN(gfn.n + i), 1, P2M_RAM);
		if (err)
			return err;
	}
	return 0;
}

static void put_pages(mfn_t first, unsigned order)
{
	for (uint64_t i = 0; i < (uint64_t)1 << order; i++)
		page_put(MFN(first.n + i));
}

int memory_populate(struct domain *d, gfn_t gfn, unsigned order, unsigned address_bits)
{
	uint64_t nr = (uint64_t)1 << order;
	mfn_t mfn;
	int err;

	if (d->direct_mapped)
		return populate_direct(d, gfn, order);
	err = domain_page_alloc(d, order, PAGE_ZERO, &mfn);
	if (err)
		return err;
	if (address_bits && address_bits < 64 && (mfn_to_pa(MFN(mfn.n + nr)) - 1) >> address_bits)
		err = -ENOMEM; /* not where the caller's device could reach it */
	if (!err)
		err = p2m_map(d, gfn, mfn, nr, P2M_RAM);
	if (err)
		put_pages(mfn, order);
	return err;
}

int memory_map_shared_info(struct domain *d, gfn_t gfn)
{
	mfn_t mfn = hyp_va_to_mfn(d->shared_info), at;
	enum p2m_type type;
	int err;

	spin_lock(&d->lock);
	if (p2m_lookup(d, d->shared_info_gfn, &at, &type, NULL) == 0 && type == P2M_SHARED &&
	    at.n == mfn.n) {
		err = -EBUSY;
	} else {
		err = memory_place_page(d, gfn, mfn, P2M_SHARED);
		if (!err)
			d->shared_info_gfn = gfn;
	}
	spin_unlock(&d->lock);
	return err;
}

int memory_map_foreign(struct domain *d, gfn_t gfn, struct domain *od, gfn_t ogfn)
{
	enum p2m_type type = P2M_FOREIGN;
	mfn_t mfn;
	int err = p2m_get_page(od, ogfn, true, &mfn);

	if (err == -EACCES) {
		type = P2M_FOREIGN_RO;
		err = p2m_get_page(od, ogfn, false, &mfn);
	}
	if (err)
		return -EINVAL;
	err = memory_place_page(d, gfn, mfn, type);
	if (err)
		page_put(mfn);
	return err;
}

int memory_remove(struct domain *d, gfn_t gfn)
{
	unsigned types = P2M_TYPES_RAM | P2M_TYPES_FOREIGN | P2M_TYPES_GRANT | BIT(P2M_SHARED);
	enum p2m_type type;
	mfn_t mfn;
	int err = p2m_take(d, gfn, types, INVALID_MFN, &mfn, &type);

	if (err)
		return err;
	/* Shared pages are the hypervisor's; a grant's reference goes with its handle. */
	if (BIT(type) & P2M_TYPES_FOREIGN || (BIT(type) & P2M_TYPES_RAM && !d->direct_mapped))
		page_put(mfn);
	return 0;
}
