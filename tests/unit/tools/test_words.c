/* SPDX-License-Identifier: ISC */
/* CPU lists, nearest words, UUIDs and file names. */
#include "unit.h"

#include "config/cpulist.h"
#include "base/nearest.h"
#include "base/number.h"
#include "base/path.h"
#include "base/plain_text.h"
#include "base/uuid.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_cpulist_good(void **state)
{
	static const struct {
		const char *text, *read;
	} rows[] = {
		{"0", "0"},
		{"5", "5"},
		{"0-3", "0-3"},
		{"3-3", "3"},
		{"0-3,5", "0-3,5"},
		{"5,0-3", "0-3,5"},
		{"0-3,5,^2", "0-1,3,5"},
		{"^2,0-3", "all"},
		{"all", "all"},
		{"0-1023", "all"},
		{"all,^0", "1-1023"},
		{"^0", "1-1023"},
		{"^0-1021", "1022-1023"},
		{"0-7,^2-5", "0-1,6-7"},
		{"0-7,^2-5,3", "0-1,3,6-7"},
		{" 0 - 3 , 5 ", "0-3,5"},
		{"007", "7"},
		{"1023", "1023"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cpulist list;
		struct report report = {""};
		char text[64];

		if (cpulist_parse(rows[i].text, &list, &report))
			fail_msg("%s: %s", rows[i].text, report.text);
		cpulist_format(&list, text, sizeof(text));
		assert_string_equal(text, rows[i].read);
	}
}

static void test_cpulist_bad(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{"", "a CPU number is missing at '': \"0-3,5,^2\" and \"all\" are understood"},
		{"x", "a CPU number is missing at 'x': \"0-3,5,^2\" and \"all\" are understood"},
		{"0-", "a CPU number is missing at '': \"0-3,5,^2\" and \"all\" are understood"},
		{"0,", "a CPU number is missing at '': \"0-3,5,^2\" and \"all\" are understood"},
		{",0", "a CPU number is missing at ',0': \"0-3,5,^2\" and \"all\" are understood"},
		{"-1", "a CPU number is missing at '-1': \"0-3,5,^2\" and \"all\" are understood"},
		{"^", "a CPU number is missing at '': \"0-3,5,^2\" and \"all\" are understood"},
		{"nodes:0", "a CPU number is missing at 'nodes:0': \"0-3,5,^2\" and \"all\" are "
			    "understood"},
		{"3-1", "the range 3-1 goes backwards"},
		{"1024", "CPU number 1024 is over 1023"},
		{"99999999999999999999999999", "CPU number 9999999999999999 is over 1023"},
		{"0 1", "',' expected at '1' in a CPU list"},
		{"0-3-5", "',' expected at '-5' in a CPU list"},
		{"allx", "',' expected at 'x' in a CPU list"},
		{"1,^1", "the CPU list '1,^1' leaves no CPU"},
		{"^all", "the CPU list '^all' leaves no CPU"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cpulist list;
		struct report report = {""};

		assert_int_equal(cpulist_parse(rows[i].text, &list, &report), -EINVAL);
		assert_string_equal(report.text, rows[i].message);
	}
}

static void test_cpulist_bits(void **state)
{
	struct cpulist list;
	char text[5];

	(void)state;
	assert_int_equal(cpulist_parse("0,9-10", &list, NULL), 0);
	assert_int_equal(list.bits[0], 0x01);
	assert_int_equal(list.bits[1], 0x06);
	assert_true(cpulist_has(&list, 9));
	assert_false(cpulist_has(&list, 8));
	assert_false(cpulist_has(&list, 100000));
	assert_int_equal(cpulist_parse("4", &list, NULL), 0);
	assert_false(cpulist_has_any_below(&list, 4));
	assert_true(cpulist_has_any_below(&list, 5));
	assert_int_equal(cpulist_parse("0-1,3-4,6", &list, NULL), 0);
	cpulist_format(&list, text, sizeof(text)); /* cut, not overrun */
	assert_string_equal(text, "0-1,");
}

static const char *nth(const void *context, size_t n)
{
	return ((const char *const *)context)[n];
}

static void test_nearest(void **state)
{
	static const char *const known[] = {"name",     "memory",    "maxmem", "vcpus",
					    "on_crash", "on_reboot", NULL};
	static const struct {
		const char *word, *nearest;
	} rows[] = {
		{"memroy", "memory"},
		{"memor", "memory"},
		{"mmory", "memory"},
		{"Memory", "memory"},
		{"vcpu", "vcpus"},
		{"vpcus", "vcpus"},
		{"nane", "name"},
		{"onreboot", "on_reboot"},
		{"oncrash", "on_crash"},
		{"maxmen", "maxmem"},
		{"zzzz", NULL},
		{"x", NULL},
		{"averyveryveryveryveryveryveryveryverylongword", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *nearest = nearest_word(rows[i].word, nth, known);

		if (rows[i].nearest && !nearest)
			fail_msg("%s has no nearest word", rows[i].word);
		if (rows[i].nearest)
			assert_string_equal(nearest, rows[i].nearest);
		else
			assert_null(nearest);
	}
}

/* A third of the word's letters may be wrong, rounded up; two that are swapped count as one. */
static void test_wrong_letters(void **state)
{
	static const struct {
		const char *word, *known;
		bool similar;
	} rows[] = {
		{"", "", true},
		{"", "abc", false},
		{"abc", "", false},
		{"abc", "abc", true},
		{"abc", "abd", true},
		{"abc", "ab", true},
		{"abc", "xabc", true},
		{"abc", "acb", true},
		{"ab", "ba", true},
		{"abc", "axc", true},
		{"abc", "axx", false},
		{"abc", "xabcx", false},
		{"abc", "cba", false},
		{"abcd", "badc", true},
		{"abcd", "dcba", false},
		{"kitten", "sittin", true},
		{"kitten", "sitting", false},
		{"abc", "bca", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *const known[] = {rows[i].known, NULL};

		if (!!nearest_word(rows[i].word, nth, known) != rows[i].similar)
			fail_msg("'%s' for '%s': similar is not %d", rows[i].word, rows[i].known,
				 rows[i].similar);
	}
}

static void test_numbers(void **state)
{
	static const struct {
		const char *text;
		uint64_t max;
		int ret;
		uint64_t number;
		const char *rest;
	} rows[] = {
		{"0", 0, 0, 0, ""},
		{"007k", 7, 0, 7, "k"},
		{"8", 7, -ERANGE, 8, ""},
		{"", 7, -EINVAL, 0, ""},
		{"-1", 7, -EINVAL, 0, "-1"},
		{" 1", 7, -EINVAL, 0, " 1"},
		{"18446744073709551615", UINT64_MAX, 0, UINT64_MAX, ""},
		{"18446744073709551616", UINT64_MAX, -ERANGE, 0, ""},
		{"99999999999999999999999m", UINT64_MAX, -ERANGE, 0, "m"},
	};
	uint64_t number;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *at = rows[i].text;
		int ret = number_scan(&at, rows[i].max, &number);

		if (ret != rows[i].ret || strcmp(at, rows[i].rest) ||
		    (!ret && number != rows[i].number))
			fail_msg("'%s': %d and the rest '%s', expected %d and '%s'", rows[i].text,
				 ret, at, rows[i].ret, rows[i].rest);
	}
	assert_true(number_parse("5", 5, 5, &number));
	assert_false(number_parse("5", 6, 9, &number));
	assert_false(number_parse("5 ", 0, 9, &number));
	assert_false(number_parse("0x5", 0, 9, &number));
}

static void test_uuid(void **state)
{
	static const char *const bad[] = {
		"",
		"0",
		"9d2f1c6a-0b57-4e0e-8a7f-3f4f1f6f2a1",
		"9d2f1c6a-0b57-4e0e-8a7f-3f4f1f6f2a111",
		"gd2f1c6a-0b57-4e0e-8a7f-3f4f1f6f2a11",
		"-9d2f1c6a0b574e0e8a7f3f4f1f6f2a11",
		"9d2f1c6a0b574e0e8a7f3f4f1f6f2a1-1",
		"9d2f1c6a--0b57-4e0e-8a7f-3f4f1f6f2a11",
	};
	static const char text[] = "9d2f1c6a-0b57-4e0e-8a7f-3f4f1f6f2a11";
	uint8_t uuid[16] = {0}, other[16];
	char out[UUID_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(uuid_parse(bad[i], uuid), -EINVAL);
	assert_true(uuid_is_null(uuid)); /* untouched by failures */
	assert_int_equal(uuid_parse("9D2F1C6A0B574E0E8A7F3F4F1F6F2A11", uuid), 0);
	assert_string_equal(uuid_format(uuid, out), text);
	assert_int_equal(uuid[0], 0x9d);
	assert_int_equal(uuid[15], 0x11);
	assert_int_equal(uuid_parse(text, other), 0);
	assert_memory_equal(uuid, other, 16);
	uuid_make_from_name("machine", "web", uuid);
	uuid_make_from_name("machine", "web", other);
	assert_memory_equal(uuid, other, 16);
	uuid_make_from_name("machinew", "eb", other);
	assert_memory_not_equal(uuid, other, 16);
	assert_int_equal(uuid[6] >> 4, 8);
	assert_int_equal(uuid[8] >> 6, 2);
}

static void check_absolute(const char *directory, const char *name, const char *expected)
{
	char *path = path_make_absolute(directory, name);

	assert_string_equal(path, expected);
	free(path);
}

static void test_paths(void **state)
{
	static const struct {
		const char *name, *directory;
	} rows[] = {
		{"a.cfg", "."},         {"/a.cfg", "/"},    {"x/a.cfg", "x"},
		{"/x/y/a.cfg", "/x/y"}, {"../a.cfg", ".."},
	};
	char *cwd = getcwd(NULL, 0), *path;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		path = path_directory(rows[i].name);
		assert_string_equal(path, rows[i].directory);
		free(path);
	}
	assert_int_equal(chdir("/tmp"), 0);
	check_absolute(NULL, "/boot/Image", "/boot/Image");
	check_absolute("/etc", "/boot/Image", "/boot/Image");
	check_absolute("/etc/guests", "Image", "/etc/guests/Image");
	check_absolute(NULL, "Image", "/tmp/Image");
	check_absolute(".", "Image", "/tmp/Image");
	check_absolute("sub", "Image", "/tmp/sub/Image");
	assert_int_equal(chdir(cwd), 0);
	free(cwd);
}

static void test_make_directories(void **state)
{
	char top[] = "/tmp/plinth-test-XXXXXX", path[64];
	struct stat info;

	(void)state;
	assert_non_null(mkdtemp(top));
	snprintf(path, sizeof(path), "%s/a/b", top);
	assert_int_equal(path_make_directories(path), 0);
	assert_int_equal(path_make_directories(path), 0);
	assert_int_equal(stat(path, &info), 0);
	assert_true(S_ISDIR(info.st_mode));
	assert_int_equal(rmdir(path), 0);
	snprintf(path, sizeof(path), "%s/a", top);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(top), 0);
	assert_int_equal(path_make_directories("/dev/null/x"), -ENOTDIR);
}

/* What the log and the messages of the tools may hold of what others have written. */
static void test_plain_text(void **state)
{
	static const struct {
		const char *text, *plain;
	} rows[] = {
		{"", ""},
		{"two\nlines\t\r", "two?lines??"},
		{"\033[31m\177\007", "?[31m??"},
		{"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80",
		 "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"},
		{"\x9b"
		 "6n\x80\x9f",
		 "?6n??"},
		{"\xc2\x9b"
		 "6n\xc2\x80\xc2\x9f",
		 "\xc2?6n\xc2?\xc2?"},
		{"\xc2\xa0 \xff\xa0", "\xc2\xa0 \xff\xa0"},
		{"\xe0\x82\x9b", "\xe0??"}, /* overlong: U+009B */
		{"\xe2\x9b", "\xe2?"},      /* cut */
		{"\xf4\x90\x80\x80", "\xf4???"},
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		strcpy(text, rows[i].text);
		plain_text_make(text);
		assert_string_equal(text, rows[i].plain);
	}
}

static void test_to_utf8(void **state)
{
	static const char *const rows[][2] = {
		{"", ""},
		{"/tmp/a\n\x01.img", "/tmp/a\n\x01.img"}, /* what JSON escapes */
		{"/tmp/gr\xc3\xbc\xc3\x9f.img", "/tmp/gr\xc3\xbc\xc3\x9f.img"},
		{"/tmp/gr\xfc\xdf.img", "/tmp/gr\xef\xbf\xbd\xef\xbf\xbd.img"},
		{"\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *valid = plain_text_to_utf8(rows[i][0]);

		assert_string_equal(valid, rows[i][1]);
		free(valid);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cpulist_good),
		cmocka_unit_test(test_cpulist_bad),
		cmocka_unit_test(test_cpulist_bits),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_wrong_letters),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_uuid),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_make_directories),
		cmocka_unit_test(test_plain_text),
		cmocka_unit_test(test_to_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
