/* SPDX-License-Identifier: ISC */
/*
 * Basic types: fixed widths, the four kinds of addresses, and the few macros that everything uses.
 */
#ifndef HYP_TYPES_H
#define HYP_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_SHIFT 12
#define PAGE_SIZE  4096UL
#define PAGE_MASK  (~(uint64_t)(PAGE_SIZE - 1))

#define KiB(n) ((uint64_t)(n) << 10)
#define MiB(n) ((uint64_t)(n) << 20)
#define GiB(n) ((uint64_t)(n) << 30)

/* Orders (log2 of pages) of the sizes that page tables know. */
#define ORDER_4K 0
#define ORDER_2M 9
#define ORDER_1G 18

#define BIT(n)                (1UL << (n))
#define BIT64(n)              ((uint64_t)1 << (n))
#define ARRAY_SIZE(a)         (sizeof(a) / sizeof((a)[0]))
#define container_of(p, t, m) ((t *)((char *)(p)-offsetof(t, m)))
#define ALIGN_UP(x, a)        (((x) + ((a)-1)) & ~((__typeof__(x))(a)-1))
#define ALIGN_DOWN(x, a)      ((x) & ~((__typeof__(x))(a)-1))
#define MIN(a, b)             ((a) < (b) ? (a) : (b))
#define MAX(a, b)             ((a) > (b) ? (a) : (b))
#define likely(x)             __builtin_expect(!!(x), 1)
#define unlikely(x)           __builtin_expect(!!(x), 0)

#define __packed     __attribute__((packed))
#define __aligned(n) __attribute__((aligned(n)))
#define __noreturn   __attribute__((noreturn))
#define __cold       __attribute__((cold)) /* what leads to a call is compiled for size */
#define __unused     __attribute__((unused))
#define __noinline   __attribute__((noinline))
#define __inline_here \
	inline __attribute__((always_inline)) /* in a fast path, whoever else calls it */
#define __printf(f, a) __attribute__((format(printf, f, a)))

#define READ_ONCE(x)     (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))

/*
 * Kinds of addresses. Physical addresses are 64 bits wide on every architecture (LPAE on ARMv7).
 * Frames are structs so that a guest frame cannot be passed where a machine frame is meant.
 */
typedef uint64_t paddr_t;  /* machine physical */
typedef uint64_t gpaddr_t; /* guest physical: the input of stage 2 */
typedef uint64_t gvaddr_t; /* guest virtual */

typedef struct {
	uint64_t n;
} mfn_t;

typedef struct {
	uint64_t n;
} gfn_t;

#define MFN(x)      ((mfn_t){(x)})
#define GFN(x)      ((gfn_t){(x)})
#define INVALID_MFN MFN(~(uint64_t)0)
#define INVALID_GFN GFN(~(uint64_t)0)

static inline bool mfn_valid(mfn_t m)
{
	return m.n != ~(uint64_t)0;
}

static inline paddr_t mfn_to_pa(mfn_t m)
{
	return m.n << PAGE_SHIFT;
}

static inline mfn_t pa_to_mfn(paddr_t pa)
{
	return MFN(pa >> PAGE_SHIFT);
}

static inline gpaddr_t gfn_to_gpa(gfn_t g)
{
	return g.n << PAGE_SHIFT;
}

static inline gfn_t gpa_to_gfn(gpaddr_t gpa)
{
	return GFN(gpa >> PAGE_SHIFT);
}

typedef uint16_t domid_t;
typedef uint64_t ns_t; /* nanoseconds of system time: since boot, monotonic */

#endif
