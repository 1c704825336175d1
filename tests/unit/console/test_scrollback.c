/* SPDX-License-Identifier: ISC */
/* Scrollback and budget: growth, wrapping, slow readers; slices of a made-up clock. */
#include "unit.h"

#include "console/budget.h"
#include "console/scrollback.h"

static void fill(struct scrollback *sb, size_t count, unsigned first)
{
	for (size_t i = 0; i < count; i++) {
		char byte = (char)(first + i);

		scrollback_append(sb, &byte, 1);
	}
}

static void test_starts_empty_and_grows(void **state)
{
	struct scrollback sb;
	uint64_t position = 0, lost;
	char data[16];

	(void)state;
	scrollback_init(&sb, 64 * 1024);
	assert_int_equal(sb.size, 0);
	assert_int_equal(scrollback_read(&sb, &position, data, sizeof(data), &lost), 0);
	scrollback_append(&sb, "hello", 5);
	assert_int_equal(sb.size, SCROLLBACK_FIRST);
	assert_int_equal(scrollback_read(&sb, &position, data, sizeof(data), &lost), 5);
	assert_memory_equal(data, "hello", 5);
	assert_int_equal(lost, 0);
	fill(&sb, SCROLLBACK_FIRST, 0);
	assert_int_equal(sb.size, 2 * SCROLLBACK_FIRST);
	assert_int_equal(scrollback_start(&sb), 0);
	fill(&sb, 200 * 1024, 0);
	assert_int_equal(sb.size, 64 * 1024);
	scrollback_free(&sb);
}

/* Whatever the pieces, what is read is what was appended, and what is lost is counted. */
static void test_against_a_flat_copy(void **state)
{
	static const size_t pieces[] = {1, 3, 4095, 4096, 4097, 12288, 20000, 7};
	static char flat[200000];
	struct scrollback sb;
	size_t total = 0;
	char data[20000];

	(void)state;
	scrollback_init(&sb, 8192);
	for (size_t i = 0; i < sizeof(flat); i++)
		flat[i] = (char)(i * 7 + i / 251);
	for (size_t i = 0; total + 20000 < sizeof(flat); i++) {
		size_t piece = pieces[i % 8];
		uint64_t lost, position = total > 9000 ? total - 9000 : 0, from;
		size_t count;

		scrollback_append(&sb, flat + total, piece);
		total += piece;
		assert_int_equal(sb.end, total);
		from = position;
		count = scrollback_read(&sb, &position, data, sizeof(data), &lost);
		assert_true(from + lost + count == total);
		assert_int_equal(position, total);
		assert_true(count >= (total < 8192 ? total : 8192) || count == total - from);
		assert_memory_equal(data, flat + from + lost, count);
	}
	scrollback_free(&sb);
}

static void test_slow_reader_skips(void **state)
{
	struct scrollback sb;
	uint64_t position = 10, lost;
	char data[8];

	(void)state;
	scrollback_init(&sb, 1);
	assert_int_equal(sb.limit, SCROLLBACK_FIRST);
	fill(&sb, SCROLLBACK_FIRST + 100, 0);
	assert_int_equal(scrollback_read(&sb, &position, data, sizeof(data), &lost), sizeof(data));
	assert_int_equal(lost, 90);
	assert_int_equal((unsigned char)data[0], 100);
	assert_int_equal(position, 108);
	scrollback_free(&sb);
}

static void test_budget_of_bytes(void **state)
{
	struct budget budget = {0};
	int64_t now = 1000 * BUDGET_SLICE_MS;

	(void)state;
	assert_int_equal(budget_left(&budget, now), BUDGET_BYTES);
	budget_use(&budget, BUDGET_BYTES - 1);
	assert_int_equal(budget_left(&budget, now + 1), 1);
	budget_use(&budget, 1);
	assert_int_equal(budget_left(&budget, now + BUDGET_SLICE_MS - 1), 0);
	assert_int_equal(budget_next_ms(now + 1), now + BUDGET_SLICE_MS);
	assert_int_equal(budget_left(&budget, now + BUDGET_SLICE_MS), BUDGET_BYTES);
}

static void test_budget_of_events(void **state)
{
	struct budget budget = {0};

	(void)state;
	for (int i = 0; i < BUDGET_EVENTS; i++)
		budget_use_event(&budget, 500);
	assert_int_equal(budget_left(&budget, 500), BUDGET_BYTES);
	budget_use_event(&budget, 500);
	assert_int_equal(budget_left(&budget, 500), 0);
	assert_int_equal(budget_left(&budget, 500 + BUDGET_SLICE_MS), BUDGET_BYTES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_starts_empty_and_grows),
		cmocka_unit_test(test_against_a_flat_copy),
		cmocka_unit_test(test_slow_reader_skips),
		cmocka_unit_test(test_budget_of_bytes),
		cmocka_unit_test(test_budget_of_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
