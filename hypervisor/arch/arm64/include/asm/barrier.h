/* SPDX-License-Identifier: ISC */
/* Memory barriers of arm64 (Arm ARM B2.3). */
#ifndef ASM_BARRIER_H
#define ASM_BARRIER_H

#include <stdint.h>

#define barrier() asm volatile("" ::: "memory")

/* Between CPUs, Normal memory, Inner Shareable. */
#define smp_mb()  asm volatile("dmb ish" ::: "memory")
#define smp_rmb() asm volatile("dmb ishld" ::: "memory")
#define smp_wmb() asm volatile("dmb ishst" ::: "memory")

#define dsb(opt) asm volatile("dsb " #opt ::: "memory")
#define isb()    asm volatile("isb" ::: "memory")

/*
 * index if it is below limit, else 0: without a branch, so a CPU that speculates past the
 * comparison of an index from a guest does not go out of bounds either. CSDB (hint 20): the mask is
 * not predicted (Arm ARM C6.2.81).
 */
static inline uint64_t index_nospec(uint64_t index, uint64_t limit)
{
	uint64_t mask;

	asm("cmp	%1, %2\n"
	    "	sbc	%0, xzr, xzr\n"
	    "	hint	#20"
	    : "=r"(mask)
	    : "r"(index), "r"(limit)
	    : "cc");
	return index & mask;
}

/* In a spin loop: lets the other threads of a core run, and QEMU's other vCPUs. */
#define cpu_relax() asm volatile("yield" ::: "memory")

#endif
