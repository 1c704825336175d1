/* SPDX-License-Identifier: ISC */
/* The tiny expect: order, what a match uses up, replay, long output, escapes, wrong steps. */
#include "unit.h"

#include "console/client/expect.h"

#include <errno.h>

#define EXPECT(pattern)                        \
	{                                      \
		CONSOLE_STEP_EXPECT, (pattern) \
	}
#define SEND(pattern)                        \
	{                                    \
		CONSOLE_STEP_SEND, (pattern) \
	}

static struct report report;

static void feed(struct expect *expect, const char *text)
{
	expect_feed(expect, text, strlen(text));
}

static void test_steps_in_order(void **state)
{
	static const struct console_step steps[] = {EXPECT("login:"), SEND("root\n"),
						    EXPECT("^# $")};
	struct expect expect;

	(void)state;
	assert_int_equal(expect_init(&expect, steps, 3, &report), 0);
	assert_int_equal(expect_advance(&expect), EXPECT_OUTPUT);
	feed(&expect, "# \nDebian log");
	assert_int_equal(expect_advance(&expect), EXPECT_OUTPUT);
	feed(&expect, "in: ");
	assert_int_equal(expect_advance(&expect), EXPECT_SEND);
	assert_int_equal(expect_advance(&expect), EXPECT_SEND);
	assert_string_equal(expect_wanted(&expect), "root\n");
	expect_sent(&expect);
	/* the "# " before the login is used up */
	assert_int_equal(expect_advance(&expect), EXPECT_OUTPUT);
	feed(&expect, "root\r\n# ");
	assert_int_equal(expect_advance(&expect), EXPECT_DONE);
	assert_string_equal(expect_wanted(&expect), "");
	expect_free(&expect);
}

static void test_two_matches_in_one_piece(void **state)
{
	static const struct console_step steps[] = {EXPECT("a+"), EXPECT("a+"), EXPECT("b")};
	struct expect expect;

	(void)state;
	assert_int_equal(expect_init(&expect, steps, 3, &report), 0);
	feed(&expect, "aaab");
	assert_int_equal(expect_advance(&expect), EXPECT_OUTPUT);
	feed(&expect, "ab");
	assert_int_equal(expect_advance(&expect), EXPECT_DONE);
	expect_free(&expect);
}

/* A script that begins by sending must not be satisfied by what was there before. */
static void test_replay_counts_only_when_waiting_first(void **state)
{
	static const struct console_step wait[] = {EXPECT("up")};
	static const struct console_step ask[] = {SEND("ls\n"), EXPECT("up")};
	struct expect expect;

	(void)state;
	assert_int_equal(expect_init(&expect, wait, 1, &report), 0);
	feed(&expect, "guest is up");
	assert_int_equal(expect_advance(&expect), EXPECT_DONE);
	expect_free(&expect);

	assert_int_equal(expect_init(&expect, ask, 2, &report), 0);
	feed(&expect, "guest is up");
	assert_int_equal(expect_advance(&expect),
			 EXPECT_OUTPUT); /* not before the replay has ended */
	expect_replayed(&expect);
	assert_int_equal(expect_advance(&expect), EXPECT_SEND);
	expect_sent(&expect);
	assert_int_equal(expect_advance(&expect), EXPECT_OUTPUT);
	feed(&expect, "up");
	assert_int_equal(expect_advance(&expect), EXPECT_DONE);
	expect_free(&expect);
}

static void test_split_and_dirty_output(void **state)
{
	static const struct console_step steps[] = {EXPECT("^hello world$")};
	struct expect expect;

	(void)state;
	assert_int_equal(expect_init(&expect, steps, 1, &report), 0);
	feed(&expect, "x\r\nhel");
	expect_feed(&expect, "\0lo w", 5);
	assert_int_equal(expect_advance(&expect), EXPECT_OUTPUT);
	feed(&expect, "orld\r\n");
	assert_int_equal(expect_advance(&expect), EXPECT_DONE);
	expect_free(&expect);
}

static void test_endless_output(void **state)
{
	static const struct console_step steps[] = {EXPECT("needle")};
	static char hay[3 * EXPECT_WINDOW];
	struct expect expect;

	(void)state;
	memset(hay, 'h', sizeof(hay));
	assert_int_equal(expect_init(&expect, steps, 1, &report), 0);
	expect_feed(&expect, hay, sizeof(hay));
	assert_true(expect.used <= EXPECT_WINDOW);
	assert_int_equal(expect_advance(&expect), EXPECT_OUTPUT);
	feed(&expect, "need");
	expect_feed(&expect, hay, 0);
	feed(&expect, "le");
	assert_int_equal(expect_advance(&expect), EXPECT_DONE);
	expect_free(&expect);
}

static void test_escapes(void **state)
{
	char out[64];

	(void)state;
	assert_int_equal(expect_unescape("a\\r\\n\\t\\e\\\\\\x41\\xfF.", out), 9);
	assert_memory_equal(out, "a\r\n\t\033\\A\xff.", 9);
	assert_int_equal(expect_unescape("", out), 0);
	assert_int_equal(expect_unescape("\\", out), -EINVAL);
	assert_int_equal(expect_unescape("\\q", out), -EINVAL);
	assert_int_equal(expect_unescape("\\x4", out), -EINVAL);
	assert_int_equal(expect_unescape("\\xg0", out), -EINVAL);
	assert_int_equal(expect_unescape("\\x", out), -EINVAL);
}

static void test_wrong_steps_are_named(void **state)
{
	static const struct console_step regex[] = {EXPECT("fine"), EXPECT("a(")};
	static const struct console_step text[] = {SEND("a\\q")};
	struct expect expect;

	(void)state;
	assert_int_equal(expect_init(&expect, regex, 2, &report), -EINVAL);
	assert_contains(report.text, "--expect \"a(\"");
	expect_free(&expect);
	assert_int_equal(expect_init(&expect, text, 1, &report), -EINVAL);
	assert_contains(report.text, "--send \"a\\q\"");
	expect_free(&expect);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps_in_order),
		cmocka_unit_test(test_two_matches_in_one_piece),
		cmocka_unit_test(test_replay_counts_only_when_waiting_first),
		cmocka_unit_test(test_split_and_dirty_output),
		cmocka_unit_test(test_endless_output),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_wrong_steps_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
