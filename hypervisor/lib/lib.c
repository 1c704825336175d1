/* SPDX-License-Identifier: ISC */
/* What the C library does not have: a safe string copy and numbers with units. */
#include <lib/lib.h>

size_t str_copy(char *dst, const char *src, size_t size)
{
	size_t len = strlen(src);

	if (size) {
		size_t n = MIN(len, size - 1);

		memcpy(dst, src, n);
		dst[n] = 0;
	}
	return len;
}

/* The value of a digit, or 255. */
static unsigned digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10) : 255;
}

static unsigned unit_shift(char c)
{
	switch (c | 0x20) {
	case 'k':
		return 10;
	case 'm':
		return 20;
	case 'g':
		return 30;
	default:
		return 0;
	}
}

/* Multiply and add; what does not fit becomes the largest number, which no check lets pass. */
static uint64_t mul_add(uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t r;

	return __builtin_mul_overflow(a, b, &r) || __builtin_add_overflow(r, c, &r) ? UINT64_MAX
										    : r;
}

uint64_t str_to_size(const char *s, const char **end)
{
	unsigned base = s[0] == '0' && (s[1] | 0x20) == 'x' && digit_value(s[2]) < 16 ? 16 : 10,
		 shift;
	const char *p = base == 16 ? s + 2 : s;
	uint64_t n = 0;

	if (digit_value(*p) >= base) {
		*end = s;
		return 0;
	}
	for (; digit_value(*p) < base; p++)
		n = mul_add(n, base, digit_value(*p));
	shift = unit_shift(*p);
	*end = shift ? p + 1 : p;
	return mul_add(n, BIT64(shift), 0);
}
