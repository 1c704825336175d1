/* SPDX-License-Identifier: ISC */
/*
 * READ_ONCE() and WRITE_ONCE() as ThreadSanitizer shall see them: relaxed atomics. The compiler
 * calls these before each volatile access (--param tsan-distinguish-volatile=1); a write is noted
 * by an atomic update that changes nothing. So the same word read or written plainly elsewhere is a
 * race.
 */
#include <stdint.h>

#define VOLATILE(n, type)                                           \
	void __tsan_volatile_read##n(void *p);                      \
	void __tsan_volatile_write##n(void *p);                     \
	void __tsan_volatile_read##n(void *p)                       \
	{                                                           \
		(void)__atomic_load_n((type *)p, __ATOMIC_RELAXED); \
	}                                                           \
	void __tsan_volatile_write##n(void *p)                      \
	{                                                           \
		__atomic_fetch_or((type *)p, 0, __ATOMIC_RELAXED);  \
	}

VOLATILE(1, uint8_t)
VOLATILE(2, uint16_t)
VOLATILE(4, uint32_t)
VOLATILE(8, uint64_t)
