/* SPDX-License-Identifier: ISC */
/* The test host's invalidation of guests' TLB entries. */
#include <arm/pt.h>
#include <asm/tlb.h>
#include <host/host.h>
#include <hyp/arch.h>
#include <hyp/domain.h>

void tlb_flush_vmid_page(struct p2m *p, gpaddr_t ipa)
{
	struct pt pt = {NULL, mfn_to_pa(p->root), P2M_START_LEVEL, (uint8_t)p2m_ipa_bits, NULL};

	host_tlb_flush_leaf(&pt, ipa);
}

void tlb_flush_vmid(struct p2m *p __unused)
{
	host_tlb_flush_all();
}

void tlb_flush_all_guests_local(void)
{
	host_tlb_counts.flush_local++;
}

void tlb_flush_current_local(void)
{
	host_tlb_counts.flush_local++;
}
