/* SPDX-License-Identifier: ISC */
/* core/{mem,string,lib,printf}.c against this machine's C library. */
#include <lib/lib.h>
/* From here on the plain names are this machine's again. */
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef memchr
#undef strlen
#undef strnlen
#undef strcmp
#undef strchr
#undef strrchr
#undef snprintf
#undef vsnprintf
#include "unit.h"

#define SPAN 320

static void fill(uint8_t *p, size_t n, uint64_t seed)
{
	while (n--)
		*p++ = (uint8_t)random_next(&seed);
}

/* Every phase of both ends, every length around the loops' borders; the bytes beside must stay. */
static void test_memcpy(void **state)
{
	static uint8_t src[SPAN], got[SPAN], want[SPAN];

	(void)state;
	fill(src, SPAN, 1);
	for (size_t to = 0; to < 9; to++)
		for (size_t from = 0; from < 9; from++)
			for (size_t n = 0; n < SPAN - 9; n += 1 + n / 96) {
				fill(got, SPAN, 2);
				memcpy(want, got, SPAN);
				memcpy(want + to, src + from, n);
				assert_ptr_equal(hyp_memcpy(got + to, src + from, n), got + to);
				assert_memory_equal(got, want, SPAN);
			}
}

static void test_memmove_overlapping(void **state)
{
	static uint8_t got[SPAN], want[SPAN];
	uint64_t seed = 3;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		size_t n = random_below(&seed, SPAN), from = random_below(&seed, SPAN - n);
		size_t to = random_below(&seed, SPAN - n);

		fill(got, SPAN, (uint64_t)i + 1);
		memcpy(want, got, SPAN);
		memmove(want + to, want + from, n);
		assert_ptr_equal(hyp_memmove(got + to, got + from, n), got + to);
		assert_memory_equal(got, want, SPAN);
	}
}

static void test_memset(void **state)
{
	static uint8_t got[SPAN], want[SPAN];

	(void)state;
	for (size_t at = 0; at < 9; at++)
		for (size_t n = 0; n < SPAN - 9; n++) {
			fill(got, SPAN, 4);
			memcpy(want, got, SPAN);
			memset(want + at, 0x1a5, n);
			assert_ptr_equal(hyp_memset(got + at, 0x1a5, n), got + at);
			assert_memory_equal(got, want, SPAN);
		}
}

/* Buffers of exactly the right size on the heap: ASan sees a byte too many. */
static void test_memory_bounds(void **state)
{
	(void)state;
	for (size_t n = 1; n < 100; n++) {
		uint8_t *a = malloc(n), *b = malloc(n);

		hyp_memset(a, 7, n);
		hyp_memcpy(b, a, n);
		hyp_memmove(a, b, n);
		assert_int_equal(hyp_memcmp(a, b, n), 0);
		free(a);
		free(b);
	}
}

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

static void test_compare(void **state)
{
	static const char *const words[] = {"", "a", "ab", "abc", "abd", "b", "\x80", "ab\xff"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		for (size_t j = 0; j < ARRAY_SIZE(words); j++) {
			const char *a = words[i], *b = words[j];
			size_t both = MIN(strlen(a), strlen(b));

			assert_int_equal(sign(hyp_strcmp(a, b)), sign(strcmp(a, b)));
			assert_int_equal(sign(hyp_memcmp(a, b, both)), sign(memcmp(a, b, both)));
		}
}

static void test_search(void **state)
{
	const char *s = "compatible";

	(void)state;
	assert_int_equal(hyp_strlen(s), 10);
	assert_int_equal(hyp_strnlen(s, 4), 4);
	assert_int_equal(hyp_strnlen(s, 40), 10);
	for (int c = 0; c < 256; c++) {
		assert_ptr_equal(hyp_strchr(s, c), strchr(s, c));
		assert_ptr_equal(hyp_strrchr(s, c), strrchr(s, c));
		assert_ptr_equal(hyp_memchr(s, c, 6), memchr(s, c, 6));
	}
}

static void test_str_copy(void **state)
{
	char buf[4] = "zzz";

	(void)state;
	assert_int_equal(str_copy(buf, "abcdef", sizeof(buf)), 6);
	assert_string_equal(buf, "abc");
	assert_int_equal(str_copy(buf, "x", sizeof(buf)), 1);
	assert_string_equal(buf, "x");
	assert_int_equal(str_copy(buf, "yyy", 0), 3);
	assert_string_equal(buf, "x");
}

static void test_str_to_size(void **state)
{
	static const struct {
		const char *text;
		uint64_t value;
		size_t read;
	} rows[] = {
		{"", 0, 0},
		{"x", 0, 0},
		{"-1", 0, 0},
		{"0", 0, 1},
		{"512M,max", 512ULL << 20, 4},
		{"1g", 1 << 30, 2},
		{"64K", 65536, 3},
		{"0x", 0, 1},
		{"0xg", 0, 1},
		{"0X1fM", 0x1fULL << 20, 5},
		{"010", 10, 3},
		{"9a", 9, 1},
		{"18446744073709551615", UINT64_MAX, 20},
		{"18446744073709551616", UINT64_MAX, 20},
		{"0xffffffffffffffffffff", UINT64_MAX, 22},
		{"18014398509481984K", UINT64_MAX, 18},
		{"18014398509481983K", 18014398509481983ULL << 10, 18},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *end;

		assert_int_equal(str_to_size(rows[i].text, &end), rows[i].value);
		assert_int_equal(end - rows[i].text, rows[i].read);
	}
}

/* Formats go through variables: the compiler would object to some of the pairs. */
static void check_format(const char *fmt, ...)
{
	char got[128], want[128];
	va_list ap, again;

	va_start(ap, fmt);
	for (size_t size = 0; size < sizeof(got); size += 1 + size / 4) {
		int n, m;

		memset(got, 'z', sizeof(got));
		memset(want, 'z', sizeof(want));
		va_copy(again, ap);
		n = hyp_vsnprintf(got, size, fmt, again);
		va_end(again);
		va_copy(again, ap);
		m = vsnprintf(want, size, fmt, again);
		va_end(again);
		assert_int_equal(n, m);
		assert_memory_equal(got, want, sizeof(got));
	}
	va_end(ap);
}

static void test_printf(void **state)
{
	(void)state;
	check_format("plain");
	check_format("100%%|%c|%3c|%-3c|", 'x', 'y', 'z');
	check_format("%d %i %u", -5, INT32_MIN, UINT32_MAX);
	check_format("%5d|%-5d|%05d|%-05d|%2d", -42, -42, -42, -42, 12345);
	check_format("%x %X %08x %-8x|", 0xbeef, 0xbeef, 0xbeef, 0xbeef);
	check_format("%hhx %hx %hhd %hd", 0x1ff, 0x1ffff, 0x1ff, 0x1ffff);
	check_format("%lx %llx %zu %ld %lld", ~0UL, ~0ULL, SIZE_MAX, INT64_MIN, INT64_MIN);
	check_format("%016llx|%20llu", 0x123456789abcdefULL, UINT64_MAX);
	check_format("%s|%10s|%-10s|%.3s|%10.3s", "text", "text", "text", "text", "text");
	check_format("%.2s", (char[]){'a', 'b'});
	check_format("%p", (void *)0x1234);
}

static int format_unchecked(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = hyp_vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}

static void test_snprintf_odd(void **state)
{
	char buf[32];

	(void)state;
	assert_int_equal(format_unchecked(buf, sizeof(buf), "%s", NULL), 6);
	assert_string_equal(buf, "(null)");
	format_unchecked(buf, sizeof(buf), "%k%%");
	assert_string_equal(buf, "k%");
	assert_int_equal(format_unchecked(buf, sizeof(buf), "%99999999999d", 1), 4096);
	assert_int_equal(strlen(buf), sizeof(buf) - 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memcpy),   cmocka_unit_test(test_memmove_overlapping),
		cmocka_unit_test(test_memset),   cmocka_unit_test(test_memory_bounds),
		cmocka_unit_test(test_compare),  cmocka_unit_test(test_search),
		cmocka_unit_test(test_str_copy), cmocka_unit_test(test_str_to_size),
		cmocka_unit_test(test_printf),   cmocka_unit_test(test_snprintf_odd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
