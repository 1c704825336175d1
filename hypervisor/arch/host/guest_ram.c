/* SPDX-License-Identifier: ISC */
/*
 * Guest virtual addresses of the test host: the same as guest physical ones, or where this process sees RAM, which means
 * the guest physical address that is equal to the machine address (a direct-mapped domain's).
 */
#include <host/host.h>
#include <hyp/domain.h>
#include <hyp/errno.h>
#include <hyp/guest_access.h>
#include <hyp/page.h>

int arch_guest_ram(struct vcpu *v, gvaddr_t va, bool write, paddr_t *pa)
{
	enum p2m_type type;
	mfn_t mfn;

	if (host_ram_contains((const void *)(uintptr_t)va))
		va = mfn_to_pa(hyp_va_to_mfn((const void *)(uintptr_t)va)) | (va & ~PAGE_MASK);
	if (p2m_lookup_locked(v->domain, gpa_to_gfn(va), &mfn, &type, NULL))
		return -EFAULT;
	if (type == P2M_DEVICE || (write && !p2m_type_writable(type)))
		return -EFAULT;
	*pa = mfn_to_pa(mfn) | (va & ~PAGE_MASK);
	return 0;
}
