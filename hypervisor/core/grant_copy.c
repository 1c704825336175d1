/* SPDX-License-Identifier: ISC */
/* Access to granted pages without a mapping: copies, and cache maintenance for devices. */
#include <lib/errno.h>
#include <lib/lib.h>
#include <mem/memory.h>
#include <mem/page.h>
#include <asm/cache.h>
#include <public/xen.h>
#include "grant_priv.h"

/* One end of a copy; holds references on the domain and the page. */
struct copy_end {
	struct domain *d;
	mfn_t mfn;
};

static int end_grant(struct copy_end *end, struct vcpu *v, grant_ref_t ref, bool write)
{
	int status;

	spin_lock(&end->d->grant.lock);
	status = grant_acquire(end->d, ref, v->domain->id, write, &end->mfn);
	spin_unlock(&end->d->grant.lock);
	return status;
}

/*
 * A frame number always means a page of the caller. Pages of other domains need a grant reference.
 */
static int end_open(struct vcpu *v, const struct gnttab_copy_ptr *ptr, bool is_ref, bool write,
		    struct copy_end *end)
{
	int status;

	if (!is_ref && ptr->domid != DOMID_SELF && ptr->domid != v->domain->id)
		return GNTST_permission_denied;
	end->d = domain_get_for(v, ptr->domid);
	if (!end->d)
		return GNTST_bad_domain;
	if (is_ref)
		status = end_grant(end, v, ptr->u.ref, write);
	else
		status = p2m_get_page(end->d, GFN(ptr->u.gmfn), write, &end->mfn) ? GNTST_bad_page
										  : GNTST_okay;
	if (status != GNTST_okay)
		domain_put(end->d);
	return status;
}

static void end_close(const struct gnttab_copy_ptr *ptr, bool is_ref, bool write,
		      struct copy_end *end)
{
	if (is_ref) {
		spin_lock(&end->d->grant.lock);
		(void)grant_release(end->d, ptr->u.ref, write); /* the page is end->mfn */
		spin_unlock(&end->d->grant.lock);
	}
	memory_drop(end->mfn);
	domain_put(end->d);
}

static void copy_bytes(mfn_t to, unsigned to_offset, mfn_t from, unsigned from_offset, unsigned len)
{
	char *dst = map_page(to);
	const char *src = map_page(from);

	/* Both ends may be in one page, so the ranges may overlap. */
	memmove(dst + to_offset, src + from_offset, len);
	unmap_page(src);
	unmap_page(dst);
}

static bool in_page(unsigned offset, unsigned len)
{
	return offset + len <= PAGE_SIZE; /* both are 16 bits wide in the ABI */
}

static int copy(struct vcpu *v, const struct gnttab_copy *op)
{
	bool from_ref = op->flags & GNTCOPY_source_gref, to_ref = op->flags & GNTCOPY_dest_gref;
	struct copy_end from, to;
	int status;

	if (!in_page(op->source.offset, op->len) || !in_page(op->dest.offset, op->len))
		return GNTST_bad_copy_arg;
	status = end_open(v, &op->source, from_ref, false, &from);
	if (status != GNTST_okay)
		return status;
	status = end_open(v, &op->dest, to_ref, true, &to);
	if (status == GNTST_okay) {
		copy_bytes(to.mfn, op->dest.offset, from.mfn, op->source.offset, op->len);
		end_close(&op->dest, to_ref, true, &to);
	}
	end_close(&op->source, from_ref, false, &from);
	return status;
}

void grant_copy(struct vcpu *v, struct gnttab_copy *op)
{
	op->status = (int16_t)copy(v, op);
}

/*
 * Take a reference on the page if the caller owns it or has mapped it. Returns 0 or -errno;
 * -ERESTART means call again.
 */
static int flush_get_page(struct domain *d, mfn_t mfn, uint32_t *from)
{
	int found;

	if (page_get(mfn, d) == 0)
		return 0;
	found = grant_find_mapping(d, mfn, from);
	if (found > 0)
		return 0;
	return found < 0 ? found : page_owner(mfn) ? -EINVAL : -EPERM;
}

int grant_cache_flush(struct vcpu *v, const struct gnttab_cache_flush *op, uint32_t *from)
{
	mfn_t mfn = pa_to_mfn(op->a.dev_bus_addr);
	char *page;
	int err;

	if (op->offset >= PAGE_SIZE || !in_page(op->offset, op->length) ||
	    op->op & ~(GNTTAB_CACHE_CLEAN | GNTTAB_CACHE_INVAL | GNTTAB_CACHE_SOURCE_GREF))
		return -EINVAL;
	if (!op->length || !op->op)
		return 0;
	if (op->op & GNTTAB_CACHE_SOURCE_GREF)
		return -EOPNOTSUPP;
	if (mfn.n > page_highest().n)
		return -EINVAL;
	mfn = MFN(index_nospec(mfn.n, page_highest().n + 1));
	if (!page_is_ram(mfn))
		return -EINVAL;
	err = flush_get_page(v->domain, mfn, from);
	if (err)
		return err;
	/*
	 * Always clean too: invalidation alone would bring back data that the owner had
	 * overwritten.
	 */
	page = map_page(mfn);
	cache_clean_invalidate_poc(page + op->offset, op->length);
	unmap_page(page);
	page_put(mfn);
	return 0;
}
