/* SPDX-License-Identifier: ISC */
/* A kernel's last words in a guest's output: found however they come, and harmless to show. */
#include "unit.h"

#include "console/panic.h"

#define WORDS "Kernel panic - not syncing"

/* All at once, byte by byte, and in every two pieces. */
static void expect_panic(const char *output, size_t size, const char *expected)
{
	for (size_t cut = 0; cut <= size; cut++) {
		struct panic panic = {.used = 0};

		panic_feed(&panic, output, cut);
		panic_feed(&panic, output + cut, size - cut);
		assert_string_equal(panic.text, expected);
	}
	for (struct panic panic = {.used = 0}; size; size = 0) {
		for (size_t i = 0; i < size; i++)
			panic_feed(&panic, output + i, 1);
		assert_string_equal(panic.text, expected);
	}
}

#define EXPECT(output, expected) expect_panic(output, sizeof(output) - 1, expected)

static void test_found(void **state)
{
	(void)state;
	EXPECT("", "");
	EXPECT("[    1.0] Booting\r\n[    2.0] " WORDS
	       ": No working init found.\r\n[    2.1] CPU: 0\r\n",
	       WORDS ": No working init found.");
	EXPECT("---[ end " WORDS ": x ]---\n", WORDS ": x ]---");
	EXPECT(WORDS ": first\n" WORDS ": second\n", WORDS ": first");
	EXPECT(WORDS "\n", WORDS);
	EXPECT("\n\n\nKernel panic - not\nsyncing\n", "");
	EXPECT("kernel panic - not syncing\n", "");
	EXPECT(WORDS ": the line is not whole yet", "");
}

static void test_hostile(void **state)
{
	struct panic panic = {.used = 0};
	char line[4096];

	(void)state;
	EXPECT("a\0b" WORDS ": \033[2J\007\200x\0y\n", WORDS ": ?[2J??x?y");
	/* cut, not overrun */
	memset(line, 'x', sizeof(line));
	panic_feed(&panic, line, sizeof(line));
	assert_string_equal(panic.text, "");
	panic_feed(&panic, WORDS "\n", sizeof(WORDS));
	assert_string_equal(panic.text, ""); /* too far to the right */
	panic_feed(&panic, WORDS, sizeof(WORDS) - 1);
	panic_feed(&panic, line, sizeof(line));
	panic_feed(&panic, "\n", 1);
	assert_int_equal(strlen(panic.text), CONSOLE_NOTE_MAX);
	assert_memory_equal(panic.text, WORDS "xxx", sizeof(WORDS) + 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
