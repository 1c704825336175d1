/* SPDX-License-Identifier: ISC */
/*
 * Copies between the hypervisor and guests, page by page, each with the p2m locked so that the page
 * stays.
 */
#include <asm/cache.h>
#include <hyp/domain.h>
#include <hyp/errno.h>
#include <hyp/guest_access.h>
#include <hyp/lib.h>
#include <hyp/page.h>

/* How much of len lies in the page that addr is in. */
static size_t part_in_page(uint64_t addr, size_t len)
{
	return MIN(len, (size_t)(PAGE_SIZE - (addr & ~PAGE_MASK)));
}

/* Is there something, and all of it in the page that addr is in? */
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

static __inline_here int translate_virtual(void *whose, uint64_t addr, bool write, paddr_t *pa)
{
	return arch_guest_ram(whose, addr, write, pa);
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

static __inline_here int read_part(const struct space *s, void *dst, uint64_t src, size_t len)
{
	paddr_t pa;
	int err;

	spin_lock(&s->p2m->lock);
	err = s->translate(s->whose, src, false, &pa);
	if (!err) {
		const void *from = open_at(pa);

		memcpy(dst, from, len);
		close_at(from);
	}
	spin_unlock(&s->p2m->lock);
	return err;
}

static __inline_here int write_part(const struct space *s, uint64_t dst, const void *src,
				    size_t len)
{
	paddr_t pa;
	int err;

	spin_lock(&s->p2m->lock);
	err = s->translate(s->whose, dst, true, &pa);
	if (!err) {
		void *to = open_at(pa);

		memcpy(to, src, len);
		close_at(to);
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

/* Nearly all arguments lie within a page. What the others need is kept off their way. */

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
	struct space s;

	if (unlikely(!in_one_page(src, len)))
		return copy_in_pages(v, dst, src, len);
	s = space_of_vcpu(v);
	return read_part(&s, dst, src, len);
}

int copy_to_guest(struct vcpu *v, gvaddr_t dst, const void *src, size_t len)
{
	struct space s;

	if (unlikely(!in_one_page(dst, len)))
		return copy_out_pages(v, dst, src, len);
	s = space_of_vcpu(v);
	return write_part(&s, dst, src, len);
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

int copy_string_from_guest(struct vcpu *v, char *dst, gvaddr_t src, size_t size)
{
	struct space s = space_of_vcpu(v);

	while (size) {
		size_t part = part_in_page(src, size);
		int err = read_part(&s, dst, src, part);

		if (err)
			return err;
		if (memchr(dst, 0, part))
			return 0;
		dst += part;
		src += part;
		size -= part;
		if (!size)
			dst[-1] = 0;
		else if (!src)
			return -EFAULT; /* the end of the address space */
	}
	return -E2BIG;
}

int probe_guest_write(struct vcpu *v, gvaddr_t dst, size_t len)
{
	int err = range_wraps(dst, len) ? -EFAULT : 0;

	while (len && !err) {
		size_t part = part_in_page(dst, len);
		paddr_t pa;

		spin_lock(&v->domain->p2m.lock);
		err = arch_guest_ram(v, dst, true, &pa);
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
	if (!err) {
		*mfn = pa_to_mfn(pa);
		err = page_get(*mfn, v->domain) ? -EFAULT : 0;
	}
	spin_unlock(&v->domain->p2m.lock);
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
	if (err)
		return err;
	d = open_at(dst_pa);
	s = open_at(src_pa);
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
	 * Two locks of one rank: the target's first, then the privileged caller's own. Nobody else
	 * takes two, and no domain but the privileged one comes here.
	 */
	ASSERT(v->domain->privileged && d != v->domain);
	spin_lock(&to.p2m->lock);
	spin_lock_same_rank(&from.p2m->lock);
	err = copy_across(&to, dst, &from, src, part);
	spin_unlock(&from.p2m->lock);
	spin_unlock(&to.p2m->lock);
	*len = part;
	return err;
}
