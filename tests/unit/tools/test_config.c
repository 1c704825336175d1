/* SPDX-License-Identifier: ISC */
/* The config parser: what is read, and the exact message for every kind of mistake. */
#include "unit.h"

#include "config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct config_source source = {.label = "f.cfg"};

static void print_value(const struct config_value *value, FILE *out)
{
	if (value->kind == CONFIG_NUMBER)
		fprintf(out, "%" PRIu64, value->number);
	if (value->kind == CONFIG_STRING)
		fprintf(out, "<%s>", value->text);
	if (value->kind != CONFIG_LIST)
		return;
	fprintf(out, "[");
	for (size_t i = 0; i < value->item_count; i++) {
		print_value(&value->items[i], out);
		fprintf(out, i + 1 < value->item_count ? "," : "");
	}
	fprintf(out, "]");
}

/* "a=1 b=<x>" of all that was assigned. */
static char *print_config(const struct config *config)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < config->entry_count; i++) {
		fprintf(out, "%s%s=", i ? " " : "", config->entries[i].key);
		print_value(&config->entries[i].value, out);
	}
	fclose(out);
	return text;
}

struct good {
	const char *text, *read;
};

static const struct good accepted[] = {
	{"", ""},
	{"\n\n  # only a comment\n;;\n", ""},
	{"# no newline at the end", ""},
	{"a = 1", "a=1"},
	{"a=1;b=2\nc = 3;", "a=1 b=2 c=3"},
	{"a = 0x1F\nb = 0X1f\nc = 017\nd = 0\ne = 00", "a=31 b=31 c=15 d=0 e=0"},
	{"a = 18446744073709551615", "a=18446744073709551615"},
	{"a = 'x'\nb = \"y\"", "a=<x> b=<y>"},
	{"a = ''\nb = \"\"", "a=<> b=<>"},
	{"a = 'he said \"no\"'\nb = \"it's\"", "a=<he said \"no\"> b=<it's>"},
	{"a = \"\\n\\t\\r\\\\\\\"\\'\\x41\\102\\7\"", "a=<\n\t\r\\\"'AB\a>"},
	{"a = '# no comment; still the string'", "a=<# no comment; still the string>"},
	{"a = 'x' # comment; with = everything [", "a=<x>"},
	{"a = \"\xc3\xa4\"", "a=<\xc3\xa4>"},
	{"a = []", "a=[]"},
	{"a = [1, 'x', [2, 3], []]", "a=[1,<x>,[2,3],[]]"},
	{"a = [\n\t1, # one\n\n\t2,\n]\nb = 1", "a=[1,2] b=1"},
	{"a = [1\n,2\n]", "a=[1,2]"},
	{"a = 1\na = 'later'", "a=<later>"},
	{"a = 1\nb = 2\na = [3]", "a=[3] b=2"},
	{"a = 'x'\na += 'y'\na += \"z\"", "a=<xyz>"},
	{"a = [1]\na += [2, 3]\na += []\na += [4, 5, 6]", "a=[1,2,3,4,5,6]"},
	{"a += 'first'", "a=<first>"},
	{"a += [1]\na += ['x']", "a=[1,<x>]"},
	{"a = 1\r\nb = 'x'\r\n", "a=1 b=<x>"},
	{"_a9 = 1\nAbc_D = 2", "_a9=1 Abc_D=2"},
	{"a\t=\t1", "a=1"},
	{"a = [[[[1]]]]", "a=[[[[1]]]]"},
};

static void test_accepted_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(accepted); i++) {
		struct config config = {0};
		struct report report = {""};
		char *read;

		if (config_parse_text(&config, &source, accepted[i].text, strlen(accepted[i].text),
				      &report))
			fail_msg("%s: %s", accepted[i].text, report.text);
		read = print_config(&config);
		assert_string_equal(read, accepted[i].read);
		free(read);
		config_clear(&config);
	}
}

struct bad {
	const char *text, *message;
};

#define VALUE_WANTED "a string in quotes, a number or a [list] expected, but here is "

static const struct bad refused[] = {
	{"a", "f.cfg:1:2: '=' or '+=' after a key expected, but here is the end of the text"},
	{"a\n", "f.cfg:1:2: '=' or '+=' after a key expected, but here is the end of the line"},
	{"a b = 1", "f.cfg:1:3: '=' or '+=' after a key expected, but here is 'b'"},
	{"a =", "f.cfg:1:4: " VALUE_WANTED "the end of the text"},
	{"a = \nb = 1", "f.cfg:1:5: " VALUE_WANTED "the end of the line"},
	{"a = ;", "f.cfg:1:5: " VALUE_WANTED "';'"},
	{"a = = 1", "f.cfg:1:5: " VALUE_WANTED "'='"},
	{"\n\n  a = guest", "f.cfg:3:7: 'guest' is neither a number nor a [list]: if it is a "
			    "string, put it in quotes"},
	{"= 1", "f.cfg:1:1: a key expected, but here is '='"},
	{"1 = 1", "f.cfg:1:1: a key expected, but here is '1'"},
	{"'a' = 1", "f.cfg:1:1: a key expected, but here is a string"},
	{"a = 1 2",
	 "f.cfg:1:7: the end of the line or ';' after a value expected, but here is '2'"},
	{"a = 'x' 'y'", "f.cfg:1:9: the end of the line or ';' after a value expected, but here is "
			"a string"},
	{"a = 1, 2", "f.cfg:1:6: the end of the line or ';' after a value expected, but here is "
		     "','"},
	{"a = 'x",
	 "f.cfg:1:5: the string is not closed: a ' is missing before the end of the line"},
	{"a = \"x\nb = \"",
	 "f.cfg:1:5: the string is not closed: a \" is missing before the end of "
	 "the line"},
	{"a = 'x\\'", "f.cfg:1:5: the string is not closed: a ' is missing before the end of the "
		      "line"},
	{"a = 'x\\", "f.cfg:1:5: the string is not closed: a ' is missing before the end of the "
		     "line"},
	{"a = \"c:\\dir\"", "f.cfg:1:8: unknown escape: \\n \\t \\r \\\\ \\\" \\' \\xHH and \\OOO "
			    "(not zero) are known; write \\\\ for a backslash"},
	{"a = 'x\\0'", "f.cfg:1:7: unknown escape: \\n \\t \\r \\\\ \\\" \\' \\xHH and \\OOO (not "
		       "zero) are known; write \\\\ for a backslash"},
	{"a = '\\777'", "f.cfg:1:6: unknown escape: \\n \\t \\r \\\\ \\\" \\' \\xHH and \\OOO (not "
			"zero) are known; write \\\\ for a backslash"},
	{"a = '\\xg'", "f.cfg:1:6: unknown escape: \\n \\t \\r \\\\ \\\" \\' \\xHH and \\OOO (not "
		       "zero) are known; write \\\\ for a backslash"},
	{"a = 12ab", "f.cfg:1:5: '12ab' is not a decimal, 0x hexadecimal or 0 octal number"},
	{"a = 08", "f.cfg:1:5: '08' is not a decimal, 0x hexadecimal or 0 octal number"},
	{"a = 0x", "f.cfg:1:5: '0x' is not a decimal, 0x hexadecimal or 0 octal number"},
	{"a = 256M", "f.cfg:1:5: '256M' is not a decimal, 0x hexadecimal or 0 octal number"},
	{"a = 99999999999999999999999999999999999999z",
	 "f.cfg:1:5: the number is too big for 64 bits"},
	{"a = 18446744073709551616", "f.cfg:1:5: the number is too big for 64 bits"},
	{"a = 0x10000000000000000", "f.cfg:1:5: the number is too big for 64 bits"},
	{"a = -5",
	 "f.cfg:1:5: unexpected character '-': a value is a string in quotes, a number or "
	 "a [list]"},
	{"a = 1\n\x01", "f.cfg:2:1: unexpected character \\x01: a value is a string in quotes, a "
			"number or a [list]"},
	{"\xef\xbb\xbf"
	 "a = 1",
	 "f.cfg:1:1: unexpected character \\xef: a value is a string in "
	 "quotes, a number or a [list]"},
	{"a = 1\rb = 2", "f.cfg:1:6: unexpected character \\x0d: a value is a string in quotes, a "
			 "number or a [list]"},
	{"a = [1, 2", "f.cfg:1:5: the list that starts here is not closed: ']' is missing"},
	{"a = [", "f.cfg:1:5: the list that starts here is not closed: ']' is missing"},
	{"a = [1,\n\n", "f.cfg:1:5: the list that starts here is not closed: ']' is missing"},
	{"a = [1 2]", "f.cfg:1:8: ',' or ']' expected, but here is '2'"},
	{"a = [1\nb = 2]", "f.cfg:2:1: ',' or ']' expected, but here is 'b'"},
	{"a = [,]", "f.cfg:1:6: " VALUE_WANTED "','"},
	{"a = [1,,2]", "f.cfg:1:8: " VALUE_WANTED "','"},
	{"a = [x]",
	 "f.cfg:1:6: 'x' is neither a number nor a [list]: if it is a string, put it in quotes"},
	{"a = ]", "f.cfg:1:5: " VALUE_WANTED "']'"},
	{"a = [[[[[1]]]]]", "f.cfg:1:9: lists are nested deeper than 4"},
	{"a = 1\na += 2", "f.cfg:2:6: '+=' appends a string to a string or a list to a list, but "
			  "'a' (line 1) is a number and this is a number"},
	{"a = 'x'\na += ['y']", "f.cfg:2:6: '+=' appends a string to a string or a list to a list, "
				"but 'a' (line 1) is a string and this is a list"},
	{"a = ['x']\na += 'y'", "f.cfg:2:6: '+=' appends a string to a string or a list to a list, "
				"but 'a' (line 1) is a list and this is a string"},
	{"a + = 1", "f.cfg:1:3: unexpected character '+': a value is a string in quotes, a number "
		    "or a [list]"},
	{"averylongkeythatgoesonandonandon 1", "f.cfg:1:34: '=' or '+=' after a key expected, but "
					       "here is '1'"},
	{"a = averylongwordthatgoesonandonandon",
	 "f.cfg:1:5: 'averylongwordthatgoesona...' is neither a number nor a [list]: if it is a "
	 "string, put it in quotes"},
};

static void check_refused(const char *text, size_t length, const char *message)
{
	struct config config = {0};
	struct report report = {""};

	if (config_parse_text(&config, &source, text, length, &report) != -EINVAL)
		fail_msg("'%.60s' is not refused, expected: %s", text, message);
	assert_string_equal(report.text, message);
	config_clear(&config);
}

static void test_refused_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++)
		check_refused(refused[i].text, strlen(refused[i].text), refused[i].message);
	check_refused("a = 'x\0y'", 9, "f.cfg:1:7: a string cannot hold a NUL byte");
	check_refused("a\0= 1", 5,
		      "f.cfg:1:2: unexpected character \\x00: a value is a string in "
		      "quotes, a number or a [list]");
}

/* A text of `times` times `piece` between `front` and `back`. */
static char *repeat(const char *front, const char *piece, size_t times, const char *back)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fputs(front, out);
	for (size_t i = 0; i < times; i++)
		fputs(piece, out);
	fputs(back, out);
	fclose(out);
	return text;
}

static void test_limits(void **state)
{
	static const struct {
		const char *front, *piece;
		size_t times;
		const char *back, *message;
	} rows[] = {
		{"a = '", "x", CONFIG_MAX_STRING + 1, "'",
		 "f.cfg:1:5: the string is longer than 8192 bytes"},
		{"a = '", "x", CONFIG_MAX_STRING, "'\na += 'y'",
		 "f.cfg:2:6: the string is longer than 8192 bytes after '+='"},
		{"a = [", "1,", CONFIG_MAX_VALUES, "]", "f.cfg:1:8196: more than 4096 values"},
		{"", "a = 1;", CONFIG_MAX_ASSIGNMENTS + 1, "",
		 "f.cfg:1:6145: more than 1024 assignments"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *text = repeat(rows[i].front, rows[i].piece, rows[i].times, rows[i].back);

		check_refused(text, strlen(text), rows[i].message);
		free(text);
	}
}

static void test_at_limits(void **state)
{
	struct config config = {0};
	struct report report = {""};
	char *text = repeat("a = '", "x", CONFIG_MAX_STRING, "'");

	(void)state;
	assert_int_equal(config_parse_text(&config, &source, text, strlen(text), &report), 0);
	assert_int_equal(strlen(config_find(&config, "a")->value.text), CONFIG_MAX_STRING);
	config_clear(&config);
	free(text);
	text = repeat("a = [", "1,", CONFIG_MAX_VALUES - 1, "]");
	assert_int_equal(config_parse_text(&config, &source, text, strlen(text), &report), 0);
	assert_int_equal(config_find(&config, "a")->value.item_count, CONFIG_MAX_VALUES - 1);
	config_clear(&config);
	free(text);
}

static void test_override(void **state)
{
	static const struct good rows[] = {
		{"name=guest1", "name=<guest1>"},
		{"name='guest 1'", "name=<guest 1>"},
		{"memory=512", "memory=512"},
		{"memory=0x200", "memory=512"},
		{"memory=512M", "memory=<512M>"},
		{"cpus=0-3", "cpus=<0-3>"},
		{"cpus=[\"0\", 1]", "cpus=[<0>,1]"},
		{"extra=console=hvc0 quiet", "extra=<console=hvc0 quiet>"},
		{"extra=", "extra=<>"},
		{"extra+= more", "extra=<more>"},
		{"extra = spaced", "extra=<spaced>"},
		{"a=1;b=2", "a=<1;b=2>"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct config config = {0};
		struct report report = {""};
		char *read;

		if (config_parse_override(&config, &source, rows[i].text, &report))
			fail_msg("%s: %s", rows[i].text, report.text);
		read = print_config(&config);
		assert_string_equal(read, rows[i].read);
		free(read);
		config_clear(&config);
	}
}

static void test_override_appends(void **state)
{
	struct config config = {0};
	struct report report = {""};
	char *read;

	(void)state;
	assert_int_equal(config_parse_text(&config, &source, "extra = 'a'", 11, &report), 0);
	assert_int_equal(config_parse_override(&config, &source, "extra+=' b'", &report), 0);
	assert_int_equal(config_parse_override(&config, &source, "extra+=c", &report), 0);
	read = print_config(&config);
	assert_string_equal(read, "extra=<a bc>");
	free(read);
	config_clear(&config);
}

static void test_override_bad(void **state)
{
	static const struct bad rows[] = {
		{"guest.cfg", "f.cfg:1:1: 'guest.cfg' is not of the form key=value"},
		{"=1", "f.cfg:1:1: '=1' is not of the form key=value"},
		{"", "f.cfg:1:1: '' is not of the form key=value"},
		{"a+1", "f.cfg:1:1: 'a+1' is not of the form key=value"},
		{"a='x",
		 "f.cfg:1:3: the string is not closed: a ' is missing before the end of the "
		 "line"},
		{"a=[x]", "f.cfg:1:4: 'x' is neither a number nor a [list]: if it is a string, put "
			  "it in quotes"},
		{"1a=2", "f.cfg:1:1: '1a=2' is not of the form key=value"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct config config = {0};
		struct report report = {""};

		assert_int_equal(config_parse_override(&config, &source, rows[i].text, &report),
				 -EINVAL);
		assert_string_equal(report.text, rows[i].message);
		config_clear(&config);
	}
}

static void test_places(void **state)
{
	static const char text[] = "a = 1\n  b =  [ 2,\n\t'x' ]";
	const struct config_entry *entry;
	struct config config = {0};
	struct report report;

	(void)state;
	assert_int_equal(config_parse_text(&config, &source, text, strlen(text), &report), 0);
	entry = config_find(&config, "b");
	assert_int_equal(entry->place.line, 2);
	assert_int_equal(entry->place.column, 3);
	assert_int_equal(entry->value.place.column, 8);
	assert_int_equal(entry->value.items[1].place.line, 3);
	assert_int_equal(entry->value.items[1].place.column, 2);
	assert_ptr_equal(entry->place.source, &source);
	assert_null(config_find(&config, "c"));
	config_clear(&config);
}

static void test_files(void **state)
{
	char name[] = "/tmp/plinth-test-XXXXXX", expected[128];
	int fd = mkstemp(name);
	struct config config = {0};
	struct report report;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "a = 1\n", 6), 6);
	assert_int_equal(config_parse_file(&config, &source, name, &report), 0);
	assert_int_equal(config_find(&config, "a")->value.number, 1);
	config_clear(&config);

	assert_int_equal(ftruncate(fd, CONFIG_MAX_FILE + 1), 0);
	assert_int_equal(config_parse_file(&config, &source, name, &report), -EFBIG);
	snprintf(expected, sizeof(expected), "%s is bigger than the 1048576 bytes allowed", name);
	assert_string_equal(report.text, expected);
	close(fd);
	unlink(name);

	assert_int_equal(config_parse_file(&config, &source, name, &report), -ENOENT);
	snprintf(expected, sizeof(expected), "cannot open %s: No such file or directory", name);
	assert_string_equal(report.text, expected);
	assert_int_equal(config_parse_file(&config, &source, "/tmp", &report), -EISDIR);
	assert_string_equal(report.text, "cannot read /tmp: Is a directory");
	config_clear(&config);
}

static void test_value_number(void **state)
{
	static const struct {
		const char *text;
		int err;
		uint64_t number;
	} rows[] = {
		{"12", 0, 12},       {"0x10", 0, 16},    {"", -EINVAL, 0},   {"12 ", -EINVAL, 0},
		{" 12", -EINVAL, 0}, {"1G", -EINVAL, 0}, {"-1", -EINVAL, 0}, {"'1'", -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[16];
		struct config_value value = {.kind = CONFIG_STRING, .text = text};
		uint64_t number;

		strcpy(text, rows[i].text);
		assert_int_equal(config_value_number(&value, &number), rows[i].err);
		if (!rows[i].err)
			assert_int_equal(number, rows[i].number);
	}
}

static char warnings[512];

static void take_warning(const char *text)
{
	strcat(warnings, text);
	strcat(warnings, "\n");
}

/* The later line counts, and both are named; to add something, and to override, is no mistake. */
static void test_assigned_twice(void **state)
{
	static const char text[] = "a = 1\nb = 'x'; b = 'y'\n\n a = 2\nc = [1]\nc += [2]\n"
				   "b += 'z'\na = 3\n";
	static const struct config_source arguments = {.label = "command line", .replaces = true};
	struct config config = {.warn = take_warning};
	struct report report;
	char *read;

	(void)state;
	assert_int_equal(config_parse_text(&config, &source, text, strlen(text), &report), 0);
	assert_int_equal(config_parse_override(&config, &arguments, "a=4", &report), 0);
	assert_int_equal(config_parse_override(&config, &arguments, "a=5", &report), 0);
	assert_int_equal(config_parse_override(&config, &arguments, "b=over", &report), 0);
	assert_string_equal(
		warnings, "f.cfg:2:10: 'b' is assigned again: this line counts, line 2 does not\n"
			  "f.cfg:4:2: 'a' is assigned again: this line counts, line 1 does not\n"
			  "f.cfg:8:1: 'a' is assigned again: this line counts, line 4 does not\n");
	read = print_config(&config);
	assert_string_equal(read, "a=5 b=<over> c=[1,2]");
	free(read);
	config_clear(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted_texts), cmocka_unit_test(test_refused_texts),
		cmocka_unit_test(test_limits),         cmocka_unit_test(test_at_limits),
		cmocka_unit_test(test_override),       cmocka_unit_test(test_override_appends),
		cmocka_unit_test(test_override_bad),   cmocka_unit_test(test_places),
		cmocka_unit_test(test_files),          cmocka_unit_test(test_value_number),
		cmocka_unit_test(test_assigned_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
