/* SPDX-License-Identifier: ISC */
/*
 * VMIDs: tags for any number of domains.
 *
 * A domain gets a tag when it is first entered and keeps it for a generation. When all are given
 * out a new generation starts: the tags that CPUs are using at that moment stay with their domains,
 * all others are free again, and each CPU drops its guest TLB entries before it next enters a
 * domain.
 *
 *	active[cpu]    the word that the CPU entered with last; 0: a rollover took it away, go the
 *	               slow way
 *	reserved[cpu]  what active[cpu] was when the generation changed
 *
 * A domain keeps its tag only if its whole word is reserved: the same tag of another generation is
 * another domain's.
 */
#include <arm/vmid.h>
#include <asm/tlb.h>
#include <hyp/cpu.h>
#include <lib/lib.h>

static struct {
	struct spinlock lock;
	uint64_t generation; /* counts from 1 */
	uint32_t nr, next;
	uint64_t active[MAX_CPUS], reserved[MAX_CPUS];
	uint64_t flush_pending; /* a bit a CPU */
	uint64_t *used;         /* a bit a tag */
} vmid = {.lock = SPINLOCK_INIT(RANK_TIMER), .generation = 1, .next = 1};

void vmid_start(uint64_t *used, uint32_t nr)
{
	vmid.used = used;
	vmid.nr = nr;
}

static uint16_t tag_of(uint64_t word)
{
	return (uint16_t)word;
}

static uint64_t word_of(uint32_t tag)
{
	return vmid.generation << VMID_TAG_BITS | tag;
}

static void mark(uint32_t tag)
{
	vmid.used[tag / 64] |= BIT64(tag % 64);
}

static void rollover(void)
{
	memset(vmid.used, 0, vmid.nr / 8);
	for (unsigned i = 0; i < nr_cpus; i++) {
		uint64_t word = atomic_swap(&vmid.active[i], 0);

		/*
		 * A CPU that has not been back since the rollover before still uses what was
		 * reserved then.
		 */
		if (word)
			vmid.reserved[i] = word;
		mark(tag_of(vmid.reserved[i]));
		vmid.flush_pending |= BIT64(i);
	}
	vmid.next = 1;
	atomic_store_rel(&vmid.generation, vmid.generation + 1);
}

/* In use on some CPU, so the tag must stay the same: from now on in this generation. */
static bool keep_reserved(uint64_t word)
{
	bool found = false;

	for (unsigned i = 0; i < nr_cpus; i++) {
		if (!word || vmid.reserved[i] != word)
			continue;
		vmid.reserved[i] = word_of(tag_of(word));
		found = true;
	}
	return found;
}

static uint32_t find_free(void)
{
	for (; vmid.next < vmid.nr; vmid.next++)
		if (!(vmid.used[vmid.next / 64] & BIT64(vmid.next % 64)))
			return vmid.next++;
	return 0;
}

static uint64_t renew(uint64_t word)
{
	uint32_t tag;

	if (keep_reserved(word))
		return word_of(tag_of(word));
	tag = find_free();
	if (!tag) {
		rollover();
		tag = find_free();
	}
	mark(tag);
	return word_of(tag);
}

static __noinline uint16_t enter_slow(uint64_t *word, unsigned cpu)
{
	uint64_t mine;

	spin_lock(&vmid.lock);
	if (*word >> VMID_TAG_BITS != vmid.generation) {
		atomic_store(word, renew(*word));
		/*
		 * Pairs with the DSB before tlb_flush_vmid_page() reads the word: either it sees
		 * the new tag and invalidates that, or the walks made with it see its new
		 * descriptor.
		 */
		tlb_publish();
	}
	mine = *word;
	if (vmid.flush_pending & BIT64(cpu)) {
		vmid.flush_pending &= ~BIT64(cpu);
		tlb_flush_all_guests_local();
	}
	atomic_store(&vmid.active[cpu], mine);
	spin_unlock(&vmid.lock);
	return tag_of(mine);
}

uint16_t vmid_enter(uint64_t *word, unsigned cpu)
{
	uint64_t mine = atomic_load(word), old = atomic_load(&vmid.active[cpu]);

	/*
	 * The compare-and-swap fails when a rollover took the old word away between our look and
	 * now.
	 */
	if (likely(old && mine >> VMID_TAG_BITS == atomic_load_acq(&vmid.generation) &&
		   (old == mine || atomic_cas(&vmid.active[cpu], &old, mine))))
		return tag_of(mine);
	return enter_slow(word, cpu);
}
