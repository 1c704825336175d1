/* SPDX-License-Identifier: ISC */
/* Memory barriers of ARMv7 (Arm ARM DDI 0406C A3.8.3). */
#ifndef ASM_BARRIER_H
#define ASM_BARRIER_H

#include <stdint.h>

#define barrier() asm volatile("" ::: "memory")

/* Between CPUs, Normal memory, Inner Shareable. ARMv7 has no barrier for loads alone. */
#define smp_mb()  asm volatile("dmb ish" ::: "memory")
#define smp_rmb() asm volatile("dmb ish" ::: "memory")
#define smp_wmb() asm volatile("dmb ishst" ::: "memory")

#define dsb(opt) asm volatile("dsb " #opt ::: "memory")
#define isb()    asm volatile("isb" ::: "memory")

/*
 * index if it is below limit, else 0, without a branch that a CPU could predict wrongly. The borrow
 * of the comparison becomes the mask. The last instruction is CSDB, a hint that CPUs without it
 * ignore: the mask itself is not predicted.
 */
static inline uint64_t index_nospec(uint64_t index, uint64_t limit)
{
	uint32_t mask;

	asm("cmp	%Q1, %Q2\n"
	    "	sbcs	%0, %R1, %R2\n"
	    "	sbc	%0, %0, %0\n"
	    "	.inst	0xe320f014"
	    : "=&r"(mask)
	    : "r"(index), "r"(limit)
	    : "cc");
	return index & ((uint64_t)mask << 32 | mask);
}

/* In a spin loop: lets the other threads of a core run, and QEMU's other vCPUs. */
#define cpu_relax() asm volatile("yield" ::: "memory")

#endif
