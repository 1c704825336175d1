/* SPDX-License-Identifier: ISC */
/* Requested changes to guests' physical address spaces: populate, remove, share, map foreign. */
#include <hyp/domain.h>
#include <lib/errno.h>
#include <mem/memory.h>
#include <mem/page.h>

int memory_remove_ram(struct domain *d, gfn_t gfn)
{
	enum p2m_type type;
	mfn_t mfn;
	int err = p2m_take(d, gfn, P2M_TYPES_RAM, INVALID_MFN, &mfn, &type);

	if (!err && !d->direct_mapped)
		page_put(mfn);
	return err;
}

/*
 * True if removing a mapping of this type must drop a page reference. Shared pages belong to the
 * hypervisor.
 */
static bool type_holds_page(const struct domain *d, enum p2m_type type)
{
	/*
	 * The reference of a grant mapping is dropped with its handle. A direct-mapped domain keeps
	 * its pages, so that it can populate them again.
	 */
	return BIT(type) & P2M_TYPES_FOREIGN || (BIT(type) & P2M_TYPES_RAM && !d->direct_mapped);
}

int memory_place_page(struct domain *d, gfn_t gfn, mfn_t mfn, enum p2m_type type, mfn_t *drop)
{
	struct p2m_mapping old;
	int err = p2m_replace(d, gfn, mfn, type, P2M_TYPES_PAGE, &old);

	*drop = type_holds_page(d, old.type) ? old.mfn : INVALID_MFN;
	return err;
}

void memory_drop(mfn_t mfn)
{
	if (mfn_valid(mfn))
		page_put(mfn);
}

/* Is this page of d's where it belongs: machine frame == guest frame? */
static bool is_populated(struct domain *d, mfn_t mfn)
{
	enum p2m_type type;
	mfn_t at;

	return p2m_lookup(d, GFN(mfn.n), &at, &type, NULL) == 0 && type == P2M_RAM && at.n == mfn.n;
}

/* The domain already owns the pages. */
static int populate_direct(struct domain *d, gfn_t gfn, unsigned order)
{
	uint64_t nr = (uint64_t)1 << order;
	int err;

	if (order > ORDER_2M)
		return -EINVAL; /* page by page, a larger block would take too long */
	for (uint64_t i = 0; i < nr; i++) {
		mfn_t mfn = MFN(gfn.n + i);

		if (page_owner(mfn) != d) /* or it is no RAM at all */
			return -EINVAL;
		err = p2m_map(d, GFN(mfn.n), mfn, 1, P2M_RAM);
		if (err == -EEXIST && is_populated(d, mfn))
			err = 0;
		if (err)
			return err;
	}
	return 0;
}

static void put_pages(mfn_t first, uint64_t nr)
{
	for (uint64_t done = 0; done < nr;)
		done += page_put_some(MFN(first.n + done), nr - done);
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
		err = -ENOMEM; /* beyond what the caller's device can address */
	if (!err)
		err = p2m_map(d, gfn, mfn, nr, P2M_RAM);
	if (err)
		put_pages(mfn, nr);
	return err;
}

bool memory_is_shown_at(struct domain *d, gfn_t gfn, mfn_t mfn)
{
	enum p2m_type type;
	mfn_t at;

	return p2m_lookup(d, gfn, &at, &type, NULL) == 0 && type == P2M_SHARED && at.n == mfn.n;
}

int memory_map_shared_info(struct domain *d, gfn_t gfn)
{
	mfn_t mfn = hyp_va_to_mfn(d->shared_info), drop = INVALID_MFN;
	int err = -EBUSY;

	spin_lock(&d->lock);
	if (!memory_is_shown_at(d, d->shared_info_gfn, mfn)) {
		err = memory_place_page(d, gfn, mfn, P2M_SHARED, &drop);
		if (!err)
			d->shared_info_gfn = gfn;
	}
	spin_unlock(&d->lock);
	memory_drop(drop);
	return err;
}

int memory_map_foreign(struct domain *d, gfn_t gfn, struct domain *od, gfn_t ogfn)
{
	enum p2m_type type = P2M_FOREIGN;
	mfn_t mfn, drop;
	int err = p2m_get_page(od, ogfn, true, &mfn);

	if (err == -EACCES) {
		type = P2M_FOREIGN_RO;
		err = p2m_get_page(od, ogfn, false, &mfn);
	}
	if (err)
		return -EINVAL;
	err = memory_place_page(d, gfn, mfn, type, &drop);
	memory_drop(drop);
	if (err)
		page_put(mfn);
	return err;
}

int memory_remove(struct domain *d, gfn_t gfn)
{
	enum p2m_type type;
	mfn_t mfn;
	int err = p2m_take(d, gfn, P2M_TYPES_PAGE, INVALID_MFN, &mfn, &type);

	if (!err && type_holds_page(d, type))
		page_put(mfn);
	return err;
}
