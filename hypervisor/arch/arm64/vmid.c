/* SPDX-License-Identifier: ISC */
/*
 * VMIDs: 255 or 65535 tags for any number of domains.
 *
 * A domain gets a tag when it is first entered and keeps it for a generation. When all are given
 * out a new generation starts: the tags that CPUs are using at that moment stay with their domains,
 * all others are free again, and each CPU drops its guest TLB entries before it next enters a
 * domain.
 *
 *	active[cpu]    the tag the CPU entered last; 0: a rollover took it away, go the slow way
 *	reserved[cpu]  what active[cpu] was when the generation changed
 */
#include <asm/mmu.h>
#include <asm/sysreg.h>
#include <asm/tlb.h>
#include <asm/vmid.h>
#include <hyp/domain.h>
#include <hyp/lib.h>
#include <hyp/page.h>

#define MAX_VMIDS 65536

static struct {
	struct spinlock lock;
	uint64_t generation; /* counts from 1, so that 0 is "never had one" */
	uint32_t nr;         /* tags: 256 or 65536; 0 is not used */
	uint32_t next;
	uint32_t active[MAX_CPUS], reserved[MAX_CPUS];
	uint64_t flush_pending; /* a bit a CPU */
	uint64_t *used;         /* a bit a tag */
} vmid = {.lock = SPINLOCK_INIT(RANK_TIMER), .generation = 1, .nr = 256, .next = 1};

static uint64_t vttbr_none; /* an empty root, with VMID 0, which no domain has */

uint64_t arch_vttbr_none(void)
{
	return vttbr_none;
}

void vmid_init(void)
{
	const unsigned order = 1;
	void *empty_root = hyp_pages_alloc(order); /* two concatenated tables */

	vmid.used = hyp_pages_alloc(order);
	if (!empty_root || !vmid.used)
		panic("no memory for the VMIDs");
	_Static_assert(MAX_VMIDS / 8 == PAGE_SIZE << 1, "vmid.used");
	vttbr_none = virt_to_phys(empty_root);
	if (((read_sysreg(id_aa64mmfr1_el1) >> 4) & 0xf) == 2)
		vmid.nr = MAX_VMIDS; /* VTCR_EL2.VS is set accordingly */
}

static void vmid_mark(uint32_t tag)
{
	vmid.used[tag / 64] |= BIT64(tag % 64);
}

static void vmid_rollover(void)
{
	memset(vmid.used, 0, vmid.nr / 8);
	for (unsigned i = 0; i < nr_cpus; i++) {
		uint32_t tag = atomic_swap(&vmid.active[i], 0);

		/*
		 * A CPU that has not been back since the rollover before still uses what was
		 * reserved then.
		 */
		if (tag)
			vmid.reserved[i] = tag;
		vmid_mark(vmid.reserved[i]);
		vmid.flush_pending |= BIT64(i);
	}
	vmid.next = 1;
	atomic_store_rel(&vmid.generation, vmid.generation + 1);
}

static bool vmid_is_reserved(uint32_t tag)
{
	for (unsigned i = 0; i < nr_cpus; i++)
		if (tag && vmid.reserved[i] == tag)
			return true;
	return false;
}

static uint32_t vmid_find_free(void)
{
	for (; vmid.next < vmid.nr; vmid.next++)
		if (!(vmid.used[vmid.next / 64] & BIT64(vmid.next % 64)))
			return vmid.next++;
	return 0;
}

static void vmid_renew(struct p2m *p)
{
	uint32_t tag;

	if (p->vmid_generation && vmid_is_reserved(p->vmid)) {
		p->vmid_generation = vmid.generation; /* in use on some CPU: must stay the same */
		return;
	}
	tag = vmid_find_free();
	if (!tag) {
		vmid_rollover();
		tag = vmid_find_free();
	}
	vmid_mark(tag);
	p->vmid = (uint16_t)tag;
	p->vmid_generation = vmid.generation;
}

static uint32_t vmid_get_slow(struct p2m *p, unsigned cpu)
{
	spin_lock(&vmid.lock);
	if (p->vmid_generation != vmid.generation)
		vmid_renew(p);
	if (vmid.flush_pending & BIT64(cpu)) {
		vmid.flush_pending &= ~BIT64(cpu);
		asm volatile("tlbi alle1\n dsb nsh\n isb" ::: "memory");
	}
	atomic_store(&vmid.active[cpu], p->vmid);
	spin_unlock(&vmid.lock);
	return p->vmid;
}

uint64_t arch_vttbr(struct domain *d)
{
	struct p2m *p = &d->p2m;
	unsigned cpu = this_cpu()->id;
	uint32_t tag = p->vmid, old = atomic_load(&vmid.active[cpu]);

	/*
	 * The compare-and-swap fails when a rollover took the old tag away between our look and
	 * now.
	 */
	if (likely(old && p->vmid_generation == atomic_load_acq(&vmid.generation) &&
		   (old == tag || atomic_cas(&vmid.active[cpu], &old, tag))))
		return d->arch.vttbr_base | (uint64_t)tag << 48;
	tag = vmid_get_slow(p, cpu);
	return d->arch.vttbr_base | (uint64_t)tag << 48;
}

/*
 * Invalidations apply to the VMID in VTTBR_EL2 (Arm ARM D8.13.4), so borrow it when another
 * domain's is loaded. A domain without a tag of this or the last generation has nothing in any TLB
 * that a rollover does not drop.
 */
static uint64_t vttbr_borrow(const struct p2m *p, uint64_t root)
{
	uint64_t old = read_sysreg(vttbr_el2), want = root | (uint64_t)p->vmid << 48;

	if (old != want) {
		write_sysreg(vttbr_el2, want);
		isb();
	}
	return old;
}

static void vttbr_return(const struct p2m *p, uint64_t root, uint64_t old)
{
	if (old != (root | (uint64_t)p->vmid << 48)) {
		write_sysreg(vttbr_el2, old);
		isb();
	}
}

void tlb_flush_vmid_page(struct p2m *p, gpaddr_t ipa)
{
	uint64_t root = mfn_to_pa(p->root), old;

	dsb(ishst); /* the descriptor write, before the invalidation */
	old = vttbr_borrow(p, root);
	/*
	 * Stage 2 entries by IPA, then the combined ones that were made from them: stage 1 of the
	 * whole VMID.
	 */
	asm volatile(
		"tlbi ipas2e1is, %0\n dsb ish\n tlbi vmalle1is\n dsb ish\n isb" ::"r"(ipa >> 12)
		: "memory");
	vttbr_return(p, root, old);
}

void tlb_flush_vmid(struct p2m *p)
{
	uint64_t root = mfn_to_pa(p->root), old;

	dsb(ishst);
	old = vttbr_borrow(p, root);
	asm volatile("tlbi vmalls12e1is\n dsb ish\n isb" ::: "memory");
	vttbr_return(p, root, old);
}

void tlb_flush_all_guests(void)
{
	asm volatile("dsb ishst\n tlbi alle1is\n dsb ish\n isb" ::: "memory");
}
