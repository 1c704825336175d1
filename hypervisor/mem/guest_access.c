/* SPDX-License-Identifier: ISC */
/*
 * Copies between the hypervisor and guests, page by page, each with the p2m locked so that the page
 * stays.
 */
#include <asm/cache.h>
#include <asm/guest_ram.h>
#include <hyp/arch.h>
#include <hyp/domain.h>
#include <lib/errno.h>
#include <mem/guest_access.h>
#include <lib/lib.h>
#include <mem/page.h>
#include <public/xen.h>

/* How much of len lies in the page that addr is in. */
static size_t part_in_page(uint64_t addr, size_t len)
{
	return MIN(len, (size_t)(PAGE_SIZE - (addr & ~PAGE_MASK)));
}

/* True if len is not 0 and the whole range is in the page of addr. */
static inline bool in_one_page(uint64_t addr, size_t len)
{
	return len - 1 < PAGE_SIZE - (addr & ~PAGE_MASK);
}

static bool range_wraps(uint64_t addr, size_t len)
{
	return len && addr + (len - 1) < addr;
}

/* A window on one address: map_page() and the offset. */
static void *open_at(paddr_t pa)
{
	return (char *)map_page(pa_to_mfn(pa)) + (pa & ~PAGE_MASK);
}

static void close_at(const void *va)
{
	unmap_page((const void *)((uintptr_t)va & (uintptr_t)PAGE_MASK));
}

/*
 * The two address spaces: the caller's virtual one, and a domain's physical one. With the p2m
 * locked.
 */
typedef int translate_fn(void *whose, uint64_t addr, bool write, paddr_t *pa);

static int translate_virtual(void *whose, uint64_t addr, bool write, paddr_t *pa)
{
	return arch_guest_ram(whose, addr, write, pa);
}

int guest_ram_locked(struct domain *d, gpaddr_t gpa, bool write, paddr_t *pa)
{
	enum p2m_type type;
	mfn_t mfn;

	if (p2m_lookup_locked(d, gpa_to_gfn(gpa), &mfn, &type, NULL))
		return -EFAULT;
	if (type == P2M_DEVICE || (write && !p2m_type_writable(type)))
		return -EFAULT;
	*pa = mfn_to_pa(mfn) | (gpa & ~PAGE_MASK);
	return 0;
}

static int translate_physical(void *whose, uint64_t addr, bool write, paddr_t *pa)
{
	struct domain *d = whose;
	enum p2m_type type;
	mfn_t mfn;

	if (p2m_lookup_locked(d, gpa_to_gfn(addr), &mfn, &type, NULL))
		return -EFAULT;
	if (type != P2M_RAM && type != P2M_SHARED && (write || type != P2M_RAM_RO))
		return -EFAULT;
	*pa = mfn_to_pa(mfn) | (addr & ~PAGE_MASK);
	return 0;
}

/*
 * The caller's stage 1 maps this address uncached and the hypervisor maps it cached: mismatched
 * attributes (Arm ARM B2.8). The caller accesses memory directly. So the hypervisor cleans and
 * invalidates its cache lines before each access, and again after a write. A write needs this
 * beforehand too: stale neighbouring bytes in its first and last line would be written back.
 */
static __noinline int read_uncached(void *dst, paddr_t pa, size_t len)
{
	const void *from = open_at(pa);

	cache_clean_invalidate_poc(from, len);
	memcpy(dst, from, len);
	close_at(from);
	return 0;
}

static __noinline int write_uncached(paddr_t pa, const void *src, size_t len)
{
	void *to = open_at(pa);

	cache_clean_invalidate_poc(to, len);
	memcpy(to, src, len);
	cache_clean_invalidate_poc(to, len);
	close_at(to);
	return 0;
}

struct space {
	struct p2m *p2m;
	translate_fn *translate;
	void *whose;
};

static struct space space_of_vcpu(struct vcpu *v)
{
	return (struct space){&v->domain->p2m, translate_virtual, v};
}

static struct space space_of_domain(struct domain *d)
{
	return (struct space){&d->p2m, translate_physical, d};
}

static int read_part(const struct space *s, void *dst, uint64_t src, size_t len)
{
	paddr_t pa;
	int err;

	spin_lock(&s->p2m->lock);
	err = s->translate(s->whose, src, false, &pa);
	if (!err) {
		const void *from = open_at(pa);

		memcpy(dst, from, len);
		close_at(from);
	} else if (err == GUEST_RAM_UNCACHED) {
		err = read_uncached(dst, pa, len);
	}
	spin_unlock(&s->p2m->lock);
	return err;
}

static int write_part(const struct space *s, uint64_t dst, const void *src, size_t len)
{
	paddr_t pa;
	int err;

	spin_lock(&s->p2m->lock);
	err = s->translate(s->whose, dst, true, &pa);
	if (!err) {
		void *to = open_at(pa);

		memcpy(to, src, len);
		close_at(to);
	} else if (err == GUEST_RAM_UNCACHED) {
		err = write_uncached(pa, src, len);
	}
	spin_unlock(&s->p2m->lock);
	return err;
}

static __noinline int copy_in(const struct space *s, void *dst, uint64_t src, size_t len)
{
	if (range_wraps(src, len))
		return -EFAULT;
	while (len) {
		size_t part = part_in_page(src, len);
		int err = read_part(s, dst, src, part);

		if (err)
			return err;
		dst = (char *)dst + part;
		src += part;
		len -= part;
	}
	return 0;
}

static __noinline int copy_out(const struct space *s, uint64_t dst, const void *src, size_t len)
{
	if (range_wraps(dst, len))
		return -EFAULT;
	while (len) {
		size_t part = part_in_page(dst, len);
		int err = write_part(s, dst, src, part);

		if (err)
			return err;
		src = (const char *)src + part;
		dst += part;
		len -= part;
	}
	return 0;
}

/*
 * Nearly all arguments lie within one page that the caller maps cached, as the hypervisor does.
 * The code for all other arguments is in separate functions, outside the fast path.
 */

static __noinline int copy_in_pages(struct vcpu *v, void *dst, gvaddr_t src, size_t len)
{
	struct space s = space_of_vcpu(v);

	return copy_in(&s, dst, src, len);
}

static __noinline int copy_out_pages(struct vcpu *v, gvaddr_t dst, const void *src, size_t len)
{
	struct space s = space_of_vcpu(v);

	return copy_out(&s, dst, src, len);
}

int copy_from_guest(struct vcpu *v, void *dst, gvaddr_t src, size_t len)
{
	struct spinlock *lock = &v->domain->p2m.lock;
	const void *from;
	paddr_t pa;

	if (unlikely(!in_one_page(src, len)))
		return copy_in_pages(v, dst, src, len);
	spin_lock(lock);
	if (unlikely(!arch_guest_ram_fast(v, src, false, &pa))) {
		spin_unlock(lock);
		return copy_in_pages(v, dst, src, len);
	}
	from = open_at(pa);
	memcpy(dst, from, len);
	close_at(from);
	spin_unlock(lock);
	return 0;
}

int copy_to_guest(struct vcpu *v, gvaddr_t dst, const void *src, size_t len)
{
	struct spinlock *lock = &v->domain->p2m.lock;
	paddr_t pa;
	void *to;

	if (unlikely(!in_one_page(dst, len)))
		return copy_out_pages(v, dst, src, len);
	spin_lock(lock);
	if (unlikely(!arch_guest_ram_fast(v, dst, true, &pa))) {
		spin_unlock(lock);
		return copy_out_pages(v, dst, src, len);
	}
	to = open_at(pa);
	memcpy(to, src, len);
	close_at(to);
	spin_unlock(lock);
	return 0;
}

int copy_from_domain(struct domain *d, void *dst, gpaddr_t src, size_t len)
{
	struct space s = space_of_domain(d);

	return copy_in(&s, dst, src, len);
}

int copy_to_domain(struct domain *d, gpaddr_t dst, const void *src, size_t len)
{
	struct space s = space_of_domain(d);

	return copy_out(&s, dst, src, len);
}

int probe_guest_write(struct vcpu *v, gvaddr_t dst, size_t len)
{
	int err = range_wraps(dst, len) ? -EFAULT : 0;

	while (len && !err) {
		size_t part = part_in_page(dst, len);
		paddr_t pa;

		spin_lock(&v->domain->p2m.lock);
		err = MIN(arch_guest_ram(v, dst, true, &pa), 0);
		spin_unlock(&v->domain->p2m.lock);
		dst += part;
		len -= part;
	}
	return err;
}

int guest_get_page(struct vcpu *v, gvaddr_t va, bool write, mfn_t *mfn)
{
	paddr_t pa;
	int err;

	spin_lock(&v->domain->p2m.lock);
	err = arch_guest_ram(v, va, write, &pa);
	if (err >= 0)
		err = page_get(pa_to_mfn(pa), v->domain) ? -EFAULT : 0;
	spin_unlock(&v->domain->p2m.lock);
	*mfn = err ? INVALID_MFN : pa_to_mfn(pa);
	return err;
}

/* The rest of the page that addr is in, at most len. Both p2ms are locked. */
static int copy_across(const struct space *to, uint64_t dst, const struct space *from, uint64_t src,
		       size_t len)
{
	paddr_t dst_pa, src_pa;
	int err = to->translate(to->whose, dst, true, &dst_pa);
	void *d;
	const void *s;

	if (err)
		return -ENXIO;
	err = from->translate(from->whose, src, false, &src_pa);
	if (err < 0)
		return err;
	d = open_at(dst_pa);
	s = open_at(src_pa);
	if (err == GUEST_RAM_UNCACHED)
		cache_clean_invalidate_poc(s, len);
	memcpy(d, s, len);
	cache_clean_poc(d, len);
	close_at(s);
	close_at(d);
	return 0;
}

int copy_caller_to_domain(struct vcpu *v, struct domain *d, gpaddr_t dst, gvaddr_t src, size_t *len)
{
	struct space to = space_of_domain(d), from = space_of_vcpu(v);
	size_t part = part_in_page(dst, part_in_page(src, *len));
	int err;

	/*
	 * Two locks of the same rank: the target's first, then the caller's. This cannot deadlock:
	 * no other code takes two p2m locks, and only the privileged domain gets here.
	 */
	ASSERT(v->domain->privileged && d != v->domain);
	spin_lock(&to.p2m->lock);
	spin_lock_same_rank(&from.p2m->lock);
	err = copy_across(&to, dst, &from, src, part);
	if (!err && READ_ONCE(d->state) != DOMAIN_BUILDING)
		icache_invalidate_all(); /* it may have executed what was there before */
	spin_unlock(&from.p2m->lock);
	spin_unlock(&to.p2m->lock);
	*len = part;
	return err;
}
