/* SPDX-License-Identifier: ISC */
/*
 * Copies between places of different alignment, a word at a time: packets that one guest has
 * written and another one reads. The makefile lets the compiler use unaligned loads here where the
 * architecture has them; they are allowed on all RAM, which the hypervisor maps as Normal memory
 * (Arm ARM B2.7.2, SCTLR_EL2.A is 0). Never for memory of devices.
 */
#include <lib/lib.h>

struct unaligned_word {
	uint64_t value;
} __attribute__((packed, may_alias));

typedef uint64_t __attribute__((may_alias)) word_t;

#define WORD sizeof(word_t)

void *copy_unaligned(void *dst, const void *src, size_t n)
{
	const uint8_t *s = src;
	uint8_t *d = dst;

	for (; n && ((uintptr_t)d & (WORD - 1)); n--)
		*d++ = *s++;
	for (; n >= 4 * WORD; n -= 4 * WORD, d += 4 * WORD, s += 4 * WORD) {
		const struct unaligned_word *from = (const struct unaligned_word *)s;
		uint64_t a = from[0].value, b = from[1].value, c = from[2].value, e = from[3].value;
		word_t *to = (word_t *)d;

		to[0] = a;
		to[1] = b;
		to[2] = c;
		to[3] = e;
	}
	for (; n >= WORD; n -= WORD, d += WORD, s += WORD)
		*(word_t *)d = ((const struct unaligned_word *)s)->value;
	while (n--)
		*d++ = *s++;
	return dst;
}
