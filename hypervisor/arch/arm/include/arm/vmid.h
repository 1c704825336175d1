/* SPDX-License-Identifier: ISC */
/* Which tag a domain has in the TLBs: 255 or 65535 of them for any number of domains. */
#ifndef ARM_VMID_H
#define ARM_VMID_H

#include <lib/types.h>

struct domain;

/*
 * A domain's word: the generation that its tag is of, and the tag; 0: it never had one. One word,
 * so that who reads it without the lock never sees the tag of one generation with the number of
 * another.
 */
#define VMID_TAG_BITS 16

/* Once: `nr` tags, of which 0 is not used, and a zeroed bit for each. */
void vmid_start(uint64_t *used, uint32_t nr);

/*
 * The tag for a CPU that is about to enter the domain with this word. When it returns who reads
 * the word, after a change of the domain's tables that is complete, either reads this tag or
 * changed them before any walk that is made with it.
 */
uint16_t vmid_enter(uint64_t *word, unsigned cpu);

/* ---- arch/arm/guest_tlb.c ---- */

/* Once, on the boot CPU, when pages can be allocated; it panics when there are none. */
void guest_tlb_init(void);

/*
 * VTTBR while no vCPU is loaded: a root that maps nothing, so that a walk made in speculation does
 * not look at the tables of a domain that may be gone.
 */
uint64_t vttbr_none(void);

/*
 * VTTBR of d for this CPU, which is about to enter it: root and a VMID of the current generation.
 */
uint64_t vttbr_of(struct domain *d);

#endif
