/* SPDX-License-Identifier: ISC */
/* Guest virtual addresses of the test host: the same as guest physical ones. */
#include <hyp/domain.h>
#include <hyp/errno.h>
#include <hyp/guest_access.h>

int arch_guest_ram(struct vcpu *v, gvaddr_t va, bool write, paddr_t *pa)
{
	enum p2m_type type;
	mfn_t mfn;

	if (p2m_lookup_locked(v->domain, gpa_to_gfn(va), &mfn, &type, NULL))
		return -EFAULT;
	if (type == P2M_DEVICE || (write && !p2m_type_writable(type)))
		return -EFAULT;
	*pa = mfn_to_pa(mfn) | (va & ~PAGE_MASK);
	return 0;
}
