/* SPDX-License-Identifier: ISC */
/* vmctl's usage texts, made from the tables. */
#include "base/nearest.h"
#include "commands.h"
#include "config/keys.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void print_option(const struct option_row *row)
{
	char text[64];

	snprintf(text, sizeof(text), "--%s%s%s", row->name, row->argument ? "=" : "",
		 row->argument ? row->argument : "");
	if (row->letter)
		printf("  -%c, %-16s %s\n", row->letter, text, row->doc);
	else
		printf("      %-16s %s\n", text, row->doc);
}

void usage_print_command(const struct command *command)
{
	if (command->usage) {
		fputs(*command->usage, stdout);
		return;
	}
	printf("vmctl %s%s%s%s: %s\n", command->name, command->options ? " [OPTION]..." : "",
	       *command->words ? " " : "", command->words, command->doc);
	for (const struct option_row *row = command->options; row && row->name; row++)
		print_option(row);
}

void usage_print_all(void)
{
	printf("vmctl COMMAND [ARGUMENT]...: make and look after guests\n\n");
	for (size_t i = 0; i < command_count; i++)
		printf("  %-14s %s\n", commands[i].name, commands[i].doc);
	printf("\nA DOMAIN is a number or a name. 'vmctl help COMMAND' tells more, and\n"
	       "'vmctl help config' lists the keys of a guest's config.\n");
}

static void print_key(const struct guest_key *key)
{
	if (key->type == &key_type_refused || key->type == &key_type_fixed)
		return;
	printf("  %-20s %s", key->name, key->doc);
	if (key->type == &key_type_number && key->preset && key->preset != UINT64_MAX)
		printf("; default: %" PRIu64, key->preset);
	for (const struct key_choice *choice = key->choices; choice && choice->word; choice++) {
		if (choice->fault)
			continue;
		printf("%s\"%s\"%s", choice == key->choices ? ": " : ", ", choice->word,
		       choice->value == key->preset ? " (default)" : "");
	}
	putchar('\n');
}

static int print_config_help(void)
{
	printf("The keys of a guest's config (see plinth-guest.cfg(5)):\n\n");
	for (size_t i = 0; i < guest_key_count; i++)
		print_key(&guest_keys[i]);
	printf("\nOther keys of xl.cfg are known and refused with a reason.\n");
	return EXIT_OK;
}

int cmd_help(const struct arguments *arguments)
{
	const struct command *command;

	if (!arguments->count) {
		usage_print_all();
		return EXIT_OK;
	}
	if (!strcmp(arguments->words[0], "config"))
		return print_config_help();
	command = command_find(arguments->words[0]);
	if (!command)
		return vmctl_fail(EXIT_USAGE, "help: there is no command '%s'",
				  arguments->words[0]);
	usage_print_command(command);
	return EXIT_OK;
}
