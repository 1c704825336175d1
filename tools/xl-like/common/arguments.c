/* SPDX-License-Identifier: ISC */
/* Parses a command's options by its table. */
#include "base/nearest.h"
#include "vmctl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct parse {
	const struct command *command;
	struct arguments *out;
	int argc, next; /* next: index of the word after the one being looked at */
	char *const *argv;
	bool help;
	struct report *report;
};

static const struct option_row *find_letter(const struct command *command, char letter)
{
	const struct option_row *row = command->options;

	while (row && row->name && row->letter != letter)
		row++;
	return row && row->name ? row : NULL;
}

static const struct option_row *find_name(const struct command *command, const char *name,
					  size_t length)
{
	const struct option_row *row = command->options;

	while (row && row->name && (strncmp(row->name, name, length) || row->name[length]))
		row++;
	return row && row->name ? row : NULL;
}

static const char *nth_option(const void *context, size_t n)
{
	const struct command *command = context;

	return command->options ? command->options[n].name : NULL;
}

/* inline_value: what stood in the same word ("-oFILE", "--output=FILE"); NULL: nothing did. */
static int take_value(struct parse *parse, const struct option_row *row, const char *inline_value)
{
	const char *value = inline_value;

	if (!row->argument && value)
		return report_set(parse->report, -EINVAL, "%s: the option --%s takes no value",
				  parse->command->name, row->name);
	if (row->argument && !value && parse->next < parse->argc)
		value = parse->argv[parse->next++];
	if (row->argument && !value)
		return report_set(parse->report, -EINVAL, "%s: the option --%s needs %s",
				  parse->command->name, row->name, row->argument);
	parse->out->values[row - parse->command->options] = value ? value : "";
	return 0;
}

static int parse_long(struct parse *parse, const char *name)
{
	const char *equals = strchr(name, '='), *nearest;
	size_t length = equals ? (size_t)(equals - name) : strlen(name);
	const struct option_row *row = find_name(parse->command, name, length);

	if (row)
		return take_value(parse, row, equals ? equals + 1 : NULL);
	if (!strcmp(name, "help")) {
		parse->help = true;
		return 0;
	}
	nearest = nearest_word(name, nth_option, parse->command);
	if (nearest)
		return report_set(parse->report, -EINVAL,
				  "%s: unknown option '--%s'; did you mean '--%s'?",
				  parse->command->name, name, nearest);
	return report_set(parse->report, -EINVAL, "%s: unknown option '--%s'; see 'vmctl help %s'",
			  parse->command->name, name, parse->command->name);
}

static int parse_letters(struct parse *parse, const char *letters)
{
	for (; *letters; letters++) {
		const struct option_row *row = find_letter(parse->command, *letters);
		int err;

		if (row && row->argument)
			return take_value(parse, row, letters[1] ? letters + 1 : NULL);
		if (!row && *letters == 'h') {
			parse->help = true;
			continue;
		}
		if (!row)
			return report_set(parse->report, -EINVAL,
					  "%s: unknown option '-%c'; see 'vmctl help %s'",
					  parse->command->name, *letters, parse->command->name);
		err = take_value(parse, row, NULL);
		if (err)
			return err;
	}
	return 0;
}

static int parse_words(struct parse *parse)
{
	bool options = true;
	int err = 0;

	while (!err && parse->next < parse->argc) {
		char *word = parse->argv[parse->next++];

		if (!options || word[0] != '-' || !word[1])
			parse->out->words[parse->out->count++] = word;
		else if (!strcmp(word, "--"))
			options = false;
		else if (word[1] == '-')
			err = parse_long(parse, word + 2);
		else
			err = parse_letters(parse, word + 1);
	}
	return err;
}

static int check_count(const struct command *command, int count, struct report *report)
{
	if (count < command->min)
		return report_set(report, -EINVAL, "%s: an argument is missing: vmctl %s %s",
				  command->name, command->name, command->words);
	if (command->max >= 0 && count > command->max)
		return report_set(report, -EINVAL, "%s: too many arguments: vmctl %s %s",
				  command->name, command->name, command->words);
	return 0;
}

int arguments_parse(const struct command *command, int argc, char *const argv[],
		    struct arguments *out, struct report *report)
{
	struct parse parse = {
		.command = command,
		.out = out,
		.argc = argc,
		.argv = argv,
		.report = report,
	};
	int err;

	*out = (struct arguments){.command = command};
	out->words = calloc((size_t)argc + 1, sizeof(*out->words));
	if (!out->words)
		return report_set(report, -ENOMEM, "out of memory");
	err = parse_words(&parse);
	if (!err && parse.help)
		return 1;
	if (!err)
		err = check_count(command, out->count, report);
	return err;
}

const char *arguments_option(const struct arguments *arguments, const char *name)
{
	const struct option_row *row = find_name(arguments->command, name, strlen(name));

	return row ? arguments->values[row - arguments->command->options] : NULL;
}
