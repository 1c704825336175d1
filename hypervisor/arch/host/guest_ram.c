/* SPDX-License-Identifier: ISC */
/*
 * Guest virtual addresses of the test host: the same as guest physical ones, or where this process
 * sees RAM, which means the guest physical address that is equal to the machine address (a
 * direct-mapped domain's).
 */
#include <host/host.h>
#include <hyp/arch.h>
#include <hyp/domain.h>
#include <mem/guest_access.h>
#include <mem/page.h>

int arch_guest_ram(struct vcpu *v, gvaddr_t va, bool write, paddr_t *pa)
{
	if (host_ram_contains((const void *)(uintptr_t)va))
		va = mfn_to_pa(hyp_va_to_mfn((const void *)(uintptr_t)va)) | (va & ~PAGE_MASK);
	return guest_ram_locked(v->domain, va, write, pa);
}
