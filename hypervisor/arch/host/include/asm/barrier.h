/* SPDX-License-Identifier: ISC */
/* Barriers of the test host: one thread, so the compiler's are enough. */
#ifndef ASM_BARRIER_H
#define ASM_BARRIER_H

#include <stdint.h>

#define barrier()   __asm__ volatile("" ::: "memory")
#define smp_mb()    __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define smp_rmb()   __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define smp_wmb()   __atomic_thread_fence(__ATOMIC_RELEASE)
#define cpu_relax() barrier()

/* Nobody looks at the test host's caches. */
static inline uint64_t index_nospec(uint64_t index, uint64_t limit)
{
	return index < limit ? index : 0;
}

#endif
