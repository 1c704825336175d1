/* SPDX-License-Identifier: ISC */
/*
 * Atomics, in terms of the compiler's (LDXR/STXR loops on ARMv8.0; -mno-outline-atomics).
 *
 * atomic_*: on the hypervisor's own memory. The order is stated by the name: plain = relaxed, _acq,
 * _rel, _full. guest_*: on memory that a guest can write at the same time. A guest could keep an
 * LL/SC loop from ever succeeding (XSA-295), so these retry a bounded number of times and then
 * report failure; the caller pauses the domain or returns an error.
 */
#ifndef HYP_ATOMIC_H
#define HYP_ATOMIC_H

#include <lib/types.h>
#include <asm/barrier.h>

/* asm/barrier.h gives: smp_mb() smp_rmb() smp_wmb() cpu_relax() barrier(). */

#define atomic_load(p)         __atomic_load_n((p), __ATOMIC_RELAXED)
#define atomic_load_acq(p)     __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define atomic_store(p, v)     __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define atomic_store_rel(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define atomic_add(p, v)       __atomic_add_fetch((p), (v), __ATOMIC_RELAXED) /* the new value */
#define atomic_sub(p, v)       __atomic_sub_fetch((p), (v), __ATOMIC_RELAXED)
#define atomic_sub_full(p, v)  __atomic_sub_fetch((p), (v), __ATOMIC_ACQ_REL)
#define atomic_or(p, v)        __atomic_fetch_or((p), (v), __ATOMIC_RELAXED) /* the old value */
#define atomic_or_full(p, v)   __atomic_fetch_or((p), (v), __ATOMIC_ACQ_REL)
#define atomic_and(p, v)       __atomic_fetch_and((p), (v), __ATOMIC_RELAXED)
#define atomic_and_full(p, v)  __atomic_fetch_and((p), (v), __ATOMIC_ACQ_REL)
#define atomic_swap(p, v)      __atomic_exchange_n((p), (v), __ATOMIC_ACQ_REL)
#define atomic_cas(p, expected, v) \
	__atomic_compare_exchange_n((p), (expected), (v), false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)

/* A counter that changes under a lock, and that others read without it by READ_ONCE(). */
#define locked_add(x, n) WRITE_ONCE(x, (x) + (n))

static inline bool bitmap_test(const uint64_t *map, unsigned bit)
{
	return atomic_load(&map[bit / 64]) & BIT64(bit % 64);
}

#define GUEST_ATOMIC_RETRIES 1000

/*
 * Weak compare-and-swap in a bounded loop; expected is updated. 1 done, 0 the value differed, -1
 * livelock.
 */
#define guest_cas(p, expected, v)                                                            \
	({                                                                                   \
		__typeof__(*(p)) _want = *(expected);                                        \
		int _ret = -1, _try;                                                         \
		for (_try = 0; _try < GUEST_ATOMIC_RETRIES && _ret < 0; _try++) {            \
			*(expected) = _want;                                                 \
			if (__atomic_compare_exchange_n((p), (expected), (v), true,          \
							__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) \
				_ret = 1;                                                    \
			else if (*(expected) != _want)                                       \
				_ret = 0;                                                    \
		}                                                                            \
		_ret;                                                                        \
	})

/*
 * Set (or clear) bits in a guest-writable word. Returns 0 with the old value in old, or -1 on
 * livelock.
 */
static inline int guest_or64(uint64_t *p, uint64_t bits, uint64_t *old)
{
	for (int i = 0; i < GUEST_ATOMIC_RETRIES; i++) {
		uint64_t v = __atomic_load_n(p, __ATOMIC_RELAXED);

		if (__atomic_compare_exchange_n(p, &v, v | bits, true, __ATOMIC_SEQ_CST,
						__ATOMIC_RELAXED)) {
			*old = v;
			return 0;
		}
	}
	return -1;
}

static inline int guest_and64(uint64_t *p, uint64_t bits, uint64_t *old)
{
	for (int i = 0; i < GUEST_ATOMIC_RETRIES; i++) {
		uint64_t v = __atomic_load_n(p, __ATOMIC_RELAXED);

		if (__atomic_compare_exchange_n(p, &v, v & bits, true, __ATOMIC_SEQ_CST,
						__ATOMIC_RELAXED)) {
			*old = v;
			return 0;
		}
	}
	return -1;
}

#endif
