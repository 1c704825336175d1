/* SPDX-License-Identifier: ISC */
/* vmctl's command line: options by the table, and the table itself. */
#include "unit.h"

#include "xl-like/cmd/cmd.h"
#include "xl-like/commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option_row options[] = {
	{'q', "quiet", NULL, "say nothing"},
	{'o', "output", "FILE", "where to"},
	{0, "color", "WHEN", "when to use colors"},
	{0, NULL, NULL, NULL},
};

static const struct command plain = {.name = "plain", .words = "", .doc = ""};
static const struct command made = {
	.name = "made",
	.words = "A [B]",
	.doc = "",
	.options = options,
	.min = 1,
	.max = 2,
};

struct row {
	const char *line;  /* apart by spaces */
	const char *taken; /* "quiet output=x | a b", "help", or a message */
};

static int parse(const struct command *command, const char *line, struct arguments *out,
		 struct report *report, char *copy)
{
	char *words[16];
	int count = 0;

	strcpy(copy, line);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		words[count++] = word;
	return arguments_parse(command, count, words, out, report);
}

static void print(const struct arguments *arguments, char *text, size_t size)
{
	size_t used = 0;

	*text = '\0';
	for (size_t i = 0; options[i].name; i++) {
		const char *value = arguments_option(arguments, options[i].name);

		if (value)
			used += (size_t)snprintf(text + used, size - used, "%s%s%s ",
						 options[i].name, *value ? "=" : "", value);
	}
	used += (size_t)snprintf(text + used, size - used, "|");
	for (int i = 0; i < arguments->count; i++)
		used += (size_t)snprintf(text + used, size - used, " %s", arguments->words[i]);
}

static void check(const struct command *command, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct arguments arguments;
		struct report report = {""};
		char text[256], copy[256];
		int err = parse(command, rows[i].line, &arguments, &report, copy);

		if (err > 0)
			strcpy(text, "help");
		else if (err)
			strcpy(text, report.text);
		else
			print(&arguments, text, sizeof(text));
		assert_string_equal(text, rows[i].taken);
		free(arguments.words);
	}
}

static void test_options(void **state)
{
	static const struct row rows[] = {
		{"a", "| a"},
		{"a b", "| a b"},
		{"-q a", "quiet | a"},
		{"a -q", "quiet | a"},
		{"--quiet a", "quiet | a"},
		{"-o x a", "output=x | a"},
		{"-ox a", "output=x | a"},
		{"-qox a", "quiet output=x | a"},
		{"-qo x a", "quiet output=x | a"},
		{"--output x a", "output=x | a"},
		{"--output=x a", "output=x | a"},
		{"--output=x=y a", "output=x=y | a"},
		{"-o -q a", "output=-q | a"},
		{"-o x -o y a", "output=y | a"},
		{"--color=never a", "color=never | a"},
		{"-- -q", "| -q"},
		{"-q -- -q --", "quiet | -q --"},
		{"-", "| -"},
		{"a key=value", "| a key=value"},
		{"-h", "help"},
		{"--help", "help"},
		{"-qh a b c", "help"},
	};

	(void)state;
	check(&made, rows, COUNT(rows));
}

static void test_mistakes(void **state)
{
	static const struct row rows[] = {
		{"", "made: an argument is missing: vmctl made A [B]"},
		{"-q", "made: an argument is missing: vmctl made A [B]"},
		{"a b c", "made: too many arguments: vmctl made A [B]"},
		{"-x a", "made: unknown option '-x'; see 'vmctl help made'"},
		{"-qx a", "made: unknown option '-x'; see 'vmctl help made'"},
		{"--quit a", "made: unknown option '--quit'; did you mean '--quiet'?"},
		{"--bogus a", "made: unknown option '--bogus'; see 'vmctl help made'"},
		{"--qui a", "made: unknown option '--qui'; see 'vmctl help made'"},
		{"--quiet=yes a", "made: the option --quiet takes no value"},
		{"a -o", "made: the option --output needs FILE"},
		{"a --output", "made: the option --output needs FILE"},
		{"a --color", "made: the option --color needs WHEN"},
	};

	(void)state;
	check(&made, rows, COUNT(rows));
}

static void test_plain(void **state)
{
	static const struct row rows[] = {
		{"", "|"},
		{"--help", "help"},
		{"x", "plain: too many arguments: vmctl plain "},
		{"-q", "plain: unknown option '-q'; see 'vmctl help plain'"},
		{"--quiet", "plain: unknown option '--quiet'; see 'vmctl help plain'"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct arguments arguments;
		struct report report = {""};
		char copy[256];
		int err = parse(&plain, rows[i].line, &arguments, &report, copy);

		assert_string_equal(err > 0 ? "help" : err ? report.text : "|", rows[i].taken);
		free(arguments.words);
	}
}

/* Rows of the real table that could not work. */
static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < command_count; i++) {
		const struct command *command = &commands[i];
		size_t count = 0;

		assert_ptr_equal(command_find(command->name), command);
		assert_true(!command->run != !command->run_raw);
		assert_true(command->max < 0 || command->min <= command->max);
		for (const struct option_row *row = command->options; row && row->name; row++) {
			assert_int_not_equal(row->letter, 'h');
			assert_string_not_equal(row->name, "help");
			for (const struct option_row *b = command->options; b < row; b++) {
				assert_string_not_equal(b->name, row->name);
				assert_true(!row->letter || b->letter != row->letter);
			}
			count++;
		}
		assert_true(count <= OPTIONS_MAX);
	}
	assert_null(command_find("bogus"));
}

/* Every command and option is in the manual page. */
static void test_manual(void **state)
{
	static char text[1 << 16];
	FILE *file = fopen("docs/vmctl.1", "r");
	char tag[64];

	(void)state;
	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	for (size_t i = 0; i < command_count; i++) {
		snprintf(tag, sizeof(tag), ".It Cm %s", commands[i].name);
		if (!strstr(text, tag))
			fail_msg("'%s' is not in docs/vmctl.1", tag);
		for (const struct option_row *row = commands[i].options; row && row->name; row++) {
			if (!row->letter)
				snprintf(tag, sizeof(tag), "Fl -%s", row->name);
			else if (row->argument)
				snprintf(tag, sizeof(tag), "Fl %c", row->letter);
			else
				snprintf(tag, sizeof(tag), ".It Fl %c , -%s", row->letter,
					 row->name);
			if (!strstr(text, tag))
				fail_msg("'%s' is not in docs/vmctl.1", tag);
		}
	}
}

/* The commands themselves are not called here, only named by the table. */
#define COMMAND(name)                               \
	int name(const struct arguments *arguments) \
	{                                           \
		(void)arguments;                    \
		return EXIT_FAILED;                 \
	}
COMMAND(cmd_block_attach)
COMMAND(cmd_block_detach)
COMMAND(cmd_block_list)
COMMAND(cmd_block_resize)
COMMAND(cmd_create)
COMMAND(cmd_destroy)
COMMAND(cmd_dmesg)
COMMAND(cmd_domid)
COMMAND(cmd_domname)
COMMAND(cmd_dump_dtb)
COMMAND(cmd_help)
COMMAND(cmd_info)
COMMAND(cmd_list)
COMMAND(cmd_mem_max)
COMMAND(cmd_mem_set)
COMMAND(cmd_network_attach)
COMMAND(cmd_network_detach)
COMMAND(cmd_network_list)
COMMAND(cmd_pause)
COMMAND(cmd_reboot)
COMMAND(cmd_rename)
COMMAND(cmd_sched_credit2)
COMMAND(cmd_shutdown)
COMMAND(cmd_sysrq)
COMMAND(cmd_unpause)
COMMAND(cmd_uptime)
COMMAND(cmd_vcpu_list)
COMMAND(cmd_vcpu_pin)
COMMAND(cmd_vcpu_set)
COMMAND(cmd_version)
COMMAND(cmd_wait)

int cmd_console(int argc, char *const argv[]);
extern const char console_client_usage[];
const char console_client_usage[] = "";

int cmd_console(int argc, char *const argv[])
{
	(void)argc;
	(void)argv;
	return EXIT_FAILED;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options), cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_plain),   cmocka_unit_test(test_table),
		cmocka_unit_test(test_manual),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
