/* SPDX-License-Identifier: ISC */
/* The handful of string functions that gcc and the test guests need. */

#include "guest.h"

void *memset(void *dst, int byte, size_t size)
{
	u8 *d = dst;

	while (size--)
		*d++ = (u8)byte;
	return dst;
}

void *memcpy(void *dst, const void *src, size_t size)
{
	const u8 *s = src;
	u8 *d = dst;

	while (size--)
		*d++ = *s++;
	return dst;
}

void *memmove(void *dst, const void *src, size_t size)
{
	const u8 *s = src;
	u8 *d = dst;

	if (d <= s)
		return memcpy(dst, src, size);
	while (size--)
		d[size] = s[size];
	return dst;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const u8 *p = a, *q = b;

	for (; size; size--, p++, q++)
		if (*p != *q)
			return *p - *q;
	return 0;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

int strncmp(const char *a, const char *b, size_t size)
{
	for (; size; size--, a++, b++)
		if (*a != *b || !*a)
			return (u8)*a - (u8)*b;
	return 0;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

char *strchr(const char *s, int c)
{
	for (; *s; s++)
		if (*s == c)
			return (char *)(uintptr_t)s;
	return NULL;
}

static unsigned digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	return 16;
}

/* Decimal, or hexadecimal after 0x; stops at the first other character. */
u64 str_to_u64(const char *s)
{
	unsigned base = 10;
	u64 value = 0;

	if (s[0] == '0' && s[1] == 'x') {
		base = 16;
		s += 2;
	}
	for (; digit_value(*s) < base; s++)
		value = value * base + digit_value(*s);
	return value;
}
