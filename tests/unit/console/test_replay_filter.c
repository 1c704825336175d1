/* SPDX-License-Identifier: ISC */
/* What of a guest's earlier output is shown again: all that is read, nothing that is answered. */
#include "unit.h"

#include "console/client/replay_filter.h"

static char shown[1 << 16];

static const char *run(const char *text, size_t size, size_t piece)
{
	struct replay_filter filter = {0};
	size_t used = 0;

	for (size_t at = 0; at < size; at += piece) {
		size_t part = size - at < piece ? size - at : piece;

		assert_true(used + part + REPLAY_SEQUENCE < sizeof(shown));
		used += replay_filter_run(&filter, (const uint8_t *)text + at, part,
					  (uint8_t *)shown + used);
	}
	shown[used] = '\0';
	return shown;
}

#define CSI "\033["

static const struct {
	const char *text, *shown;
} rows[] = {
	/* what is read */
	{"a\tb\r\nc\b\a", "a\tb\r\nc\b\a"},
	{"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80",
	 "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"},
	{CSI "1;31mred" CSI "0m", CSI "1;31mred" CSI "0m"},
	{CSI "38:2::1:2:3mx", CSI "38:2::1:2:3mx"},
	{CSI "2J" CSI "H" CSI "5;7Hx" CSI "K", CSI "2J" CSI "H" CSI "5;7Hx" CSI "K"},
	{CSI "?25lx" CSI "?25h", CSI "?25lx" CSI "?25h"},
	{"\0337x\0338\033M", "\0337x\0338\033M"},
	{"\033(0qq\033(B", "\033(0qq\033(B"},
	{"\016x\017", "\016x\017"},
	/* what is answered: status, position, names, sizes, colours, modes, checksums */
	{CSI "5nx", "x"},
	{CSI "6nx", "x"},
	{CSI "?6nx", "x"},
	{CSI "?26nx", "x"},
	{CSI "cx", "x"},
	{CSI "0cx", "x"},
	{CSI ">cx", "x"},
	{CSI "=cx", "x"},
	{CSI ">0qx", "x"},
	{CSI "0xx", "x"},
	{CSI "14tx", "x"},
	{CSI "21tx", "x"},
	{CSI "?1$px", "x"},
	{CSI "4$px", "x"},
	{CSI "1$wx", "x"},
	{CSI "1;1;1;1;1;1*yx", "x"},
	{CSI "?ux", "x"},
	{CSI "?4mx", "x"},
	{"\033Zx", "x"},
	{"\005x", "x"},
	{"\033]10;?\ax", "x"},
	{"\033]4;1;?\033\\x", "x"},
	{"\033]52;c;?\ax", "x"},
	{"\033P$qm\033\\x", "x"},
	{"\033P+q544e\033\\x", "x"},
	{"\033_Gi=1,a=q;AAAA\033\\x", "x"},
	{"\033^private\033\\x", "x"},
	{"\033Xstring\033\\x", "x"},
	/* what changes the terminal for those who come after */
	{CSI "?1000h" CSI "?1004h" CSI "?2004hx", "x"},
	{CSI ">4;2mx", "x"},
	{"\033]0;title\ax", "x"},
	{"\033cx", "x"},
	{"\033=\033>x", "x"},
	{CSI "!px", "x"},
	{"\033#8x", "x"},
	{"\033%@x", "x"},
	/* the second set of control characters, as bytes and as UTF-8 */
	{"\x9b"
	 "6nx",
	 "x"},
	{"\xc2\x9b"
	 "6nx",
	 "x"},
	{"\xc2\x9b"
	 "1mx",
	 "x"},
	{"\xc2\x9d"
	 "10;?\xc2\x9cx",
	 "x"},
	{"\x90$qm\x9cx", "x"},
	{"\x9ax\xc2\x9ay", "xy"},
	{"\xc2\xa0x", "\xc2\xa0x"},
	/* torn, mixed and never ended */
	{CSI "\0336nx", "nx"},
	{CSI "1\r\n;31mx", CSI "1;31mx"},
	{CSI "1\030mx", "mx"},
	{"\033]0;a\0336nb\033\\x", "nbx"},
	{"\033]0;never\nnext line", "\nnext line"},
	{"\xe2" CSI "6nx", "x"},
	{"\xe2\x9b"
	 "6nx",
	 "6nx"},
	{"\xff\xfe\xc0\xafx", "x"},
	{CSI "1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1mx", "x"},
	{CSI, ""},
	{"\033", ""},
};

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t piece = 1; piece < 8; piece++)
			assert_string_equal(run(rows[i].text, strlen(rows[i].text), piece),
					    rows[i].shown);
}

static void test_counts(void **state)
{
	struct replay_filter filter = {0};
	uint8_t out[256];

	(void)state;
	replay_filter_run(&filter, (const uint8_t *)"plain \033[1m\r\n", 12, out);
	assert_int_equal(filter.left_out, 0);
	replay_filter_run(&filter, (const uint8_t *)"\033[6n\033]0;x\a", 10, out);
	assert_int_equal(filter.left_out, 2);
}

/*
 * Whatever comes, what is shown goes through the filter as it is: it holds nothing to be left out.
 */
static void test_shown_bytes_pass_again(void **state)
{
	static const char alphabet[] = "\033\033\033[[[]]P;?>=$!01256nctqmxZ\\\a\030\005 a\n"
				       "\x90\x9b\x9c\x9d\xc2\xc2\xe2\xf0\x80\xa0\xff";
	static char text[4096], once[sizeof(shown)];
	uint32_t seed = 1;

	(void)state;
	for (int turn = 0; turn < 2000; turn++) {
		size_t size;

		for (size_t i = 0; i < sizeof(text); i++) {
			seed = seed * 1664525 + 1013904223;
			text[i] = alphabet[(seed >> 8) % (sizeof(alphabet) - 1)];
		}
		strcpy(once, run(text, sizeof(text), 1 + (seed >> 8) % 500));
		size = strlen(once);
		assert_string_equal(run(once, size, size), once);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_shown_bytes_pass_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
