/* SPDX-License-Identifier: ISC */
/*
 * memcpy, memmove and memset: 128 bytes a round; an architecture may bring its own instead of this
 * file.
 */
#include <lib/lib.h>

/*
 * Else the compiler recognises these loops and replaces them by calls of the functions that they
 * are in.
 */
#pragma GCC optimize("no-tree-loop-distribute-patterns")

typedef uint64_t __attribute__((may_alias)) word_t;
typedef uint32_t __attribute__((may_alias)) half_t;

#define WORD  sizeof(word_t)
#define CHUNK (8 * WORD)

/* Are all of these addresses and the size multiples of `align`? */
static inline bool all_aligned(const void *a, const void *b, size_t n, size_t align)
{
	return (((uintptr_t)a | (uintptr_t)b | n) & (align - 1)) == 0;
}

/*
 * Could all of these addresses and sizes be aligned to `align` at once, given one common lead-in?
 */
static bool same_phase(const void *a, const void *b, size_t align)
{
	return (((uintptr_t)a ^ (uintptr_t)b) & (align - 1)) == 0;
}

/*
 * Both ends are aligned to words. Load first, then store: memmove() to lower addresses uses it too.
 */
static void copy_chunk(word_t *d, const word_t *s)
{
	word_t a = s[0], b = s[1], c = s[2], e = s[3], f = s[4], g = s[5], h = s[6], i = s[7];

	d[0] = a;
	d[1] = b;
	d[2] = c;
	d[3] = e;
	d[4] = f;
	d[5] = g;
	d[6] = h;
	d[7] = i;
}

static void copy_bytes(uint8_t *d, const uint8_t *s, size_t n)
{
	while (n--)
		*d++ = *s++;
}

static void copy_words(uint8_t *d, const uint8_t *s, size_t n)
{
	size_t lead = MIN(-(uintptr_t)d & (WORD - 1), n);

	copy_bytes(d, s, lead);
	d += lead;
	s += lead;
	n -= lead;
	for (; n >= 2 * CHUNK; n -= 2 * CHUNK, d += 2 * CHUNK, s += 2 * CHUNK) {
		copy_chunk((word_t *)d, (const word_t *)s);
		copy_chunk((word_t *)(d + CHUNK), (const word_t *)(s + CHUNK));
	}
	for (; n >= WORD; n -= WORD, d += WORD, s += WORD)
		*(word_t *)d = *(const word_t *)s;
	copy_bytes(d, s, n);
}

/* A structure of a few words, a whole number of halves: what hypercalls copy. */
static inline void copy_few(void *dst, const void *src, size_t n)
{
	half_t *d = dst;
	const half_t *s = src;

	for (; n; n -= sizeof(half_t))
		*d++ = *s++;
}

void *memcpy(void *dst, const void *src, size_t n)
{
	if (n <= 4 * WORD && all_aligned(dst, src, n, sizeof(half_t)))
		copy_few(dst, src, n);
	else if (same_phase(dst, src, WORD))
		copy_words(dst, src, n);
	else
		return copy_unaligned(dst, src, n); /* last, so that the usual ways need no frame */
	return dst;
}

/* From the end, for a destination that overlaps the source's end. */
static void copy_backwards(uint8_t *d, const uint8_t *s, size_t n)
{
	size_t lead = same_phase(d, s, WORD) ? MIN((uintptr_t)(d + n) & (WORD - 1), n) : n;

	for (; lead; lead--, n--)
		d[n - 1] = s[n - 1];
	for (; n >= CHUNK; n -= CHUNK)
		copy_chunk((word_t *)(d + n - CHUNK), (const word_t *)(s + n - CHUNK));
	for (; n >= WORD; n -= WORD)
		*(word_t *)(d + n - WORD) = *(const word_t *)(s + n - WORD);
	for (; n; n--)
		d[n - 1] = s[n - 1];
}

void *memmove(void *dst, const void *src, size_t n)
{
	if ((uintptr_t)dst - (uintptr_t)src >= n)
		return memcpy(dst, src, n);
	copy_backwards(dst, src, n);
	return dst;
}

static void set_chunk(word_t *d, word_t pattern)
{
	d[0] = pattern;
	d[1] = pattern;
	d[2] = pattern;
	d[3] = pattern;
	d[4] = pattern;
	d[5] = pattern;
	d[6] = pattern;
	d[7] = pattern;
}

void *memset(void *dst, int c, size_t n)
{
	word_t pattern = (uint8_t)c * 0x0101010101010101ULL;
	uint8_t *d = dst;

	for (; n && ((uintptr_t)d & (WORD - 1)); n--)
		*d++ = (uint8_t)c;
	for (; n >= 2 * CHUNK; n -= 2 * CHUNK, d += 2 * CHUNK) {
		set_chunk((word_t *)d, pattern);
		set_chunk((word_t *)(d + CHUNK), pattern);
	}
	for (; n >= WORD; n -= WORD, d += WORD)
		*(word_t *)d = pattern;
	for (; n; n--)
		*d++ = (uint8_t)c;
	return dst;
}
