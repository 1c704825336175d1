/* SPDX-License-Identifier: ISC */
/* VTTBR, and invalidations of what TLBs hold of guests. */
#include <arm/hyp_bits.h>
#include <arm/vmid.h>
#include <arm/width.h>
#include <asm/barrier.h>
#include <asm/tlb.h>
#include <hyp/arch.h>
#include <hyp/cpu.h>
#include <hyp/domain.h>
#include <lib/lib.h>
#include <mem/page.h>

static paddr_t empty_root; /* with VMID 0, which no domain has */

uint64_t vttbr_none(void)
{
	return empty_root;
}

/* Pages for a bit per VMID. */
static unsigned vmid_map_order(unsigned nr)
{
	return nr / 8 > PAGE_SIZE ? 1 : 0;
}

void guest_tlb_init(void)
{
	const unsigned root_order = 1; /* two concatenated tables */
	unsigned nr = cpu_nr_vmids();
	void *root = hyp_pages_alloc(root_order);
	void *used = hyp_pages_alloc(vmid_map_order(nr));

	_Static_assert((1 << VMID_TAG_BITS) / 8 == 2 * PAGE_SIZE, "vmid_map_order()");
	if (!root || !used)
		panic("no memory for the VMIDs");
	empty_root = mfn_to_pa(hyp_va_to_mfn(root));
	vmid_start(used, nr);
}

uint64_t vttbr_of(struct domain *d)
{
	uint64_t tag = vmid_enter(&d->p2m.vmid, this_cpu()->id);

	return d->arch.vttbr_base | tag << VTTBR_VMID_SHIFT;
}

/*
 * Invalidations apply to the VMID in VTTBR_EL2 (Arm ARM D8.13.4), so borrow it when another
 * domain's is loaded: with the root that maps nothing, as the tag may be another domain's by now,
 * for which a walk made in speculation must find nothing of this one. A domain without a tag of
 * this or the last generation has nothing in any TLB that a rollover does not drop.
 */
static uint64_t vttbr_borrow(uint64_t tag)
{
	uint64_t old = vttbr_read();

	if (old >> VTTBR_VMID_SHIFT != tag) {
		vttbr_write(empty_root | tag << VTTBR_VMID_SHIFT);
		isb();
	}
	return old;
}

static void vttbr_return(uint64_t tag, uint64_t old)
{
	if (old >> VTTBR_VMID_SHIFT != tag) {
		vttbr_write(old);
		isb();
	}
}

/*
 * After the DSB that completes the change of a descriptor: pairs with enter_slow() in arm/vmid.c.
 */
static uint64_t tag_now(struct p2m *p)
{
	return (uint16_t)atomic_load(&p->vmid);
}

void tlb_flush_vmid_page(struct p2m *p, gpaddr_t ipa)
{
	uint64_t tag, old;

	dsb(ishst); /* the descriptor write, before the invalidation */
	tag = tag_now(p);
	old = vttbr_borrow(tag);
	tlbi_current_page(ipa);
	vttbr_return(tag, old);
}

void tlb_flush_vmid(struct p2m *p)
{
	uint64_t tag, old;

	dsb(ishst);
	tag = tag_now(p);
	old = vttbr_borrow(tag);
	tlbi_current_all();
	vttbr_return(tag, old);
}
