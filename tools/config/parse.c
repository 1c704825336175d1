/* SPDX-License-Identifier: ISC */
/* Parses config texts, files and key=value arguments into a struct config. */
#include "config.h"
#include "lex.h"

#include "base/read_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct parser {
	struct lexer lexer;
	struct token token; /* the one being looked at */
	const struct config_source *source;
	struct config *config;
	struct report *report;
};

static void value_clear(struct config_value *value)
{
	for (size_t i = 0; i < value->item_count; i++)
		value_clear(&value->items[i]);
	free(value->items);
	free(value->text);
	*value = (struct config_value){0};
}

static void entry_clear(struct config_entry *entry)
{
	value_clear(&entry->value);
	free(entry->key);
}

void config_clear(struct config *config)
{
	for (size_t i = 0; i < config->entry_count; i++)
		entry_clear(&config->entries[i]);
	free(config->entries);
	*config = (struct config){0};
}

int config_fail(const struct config_place *place, struct report *report, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report_set_v(report, -EINVAL, format, args);
	va_end(args);
	report_prefix(report, "%s:%u:%u: ", place->source->label, place->line, place->column);
	return -EINVAL;
}

const char *config_kind_name(enum config_kind kind)
{
	static const char *const names[] = {
		[CONFIG_STRING] = "a string",
		[CONFIG_NUMBER] = "a number",
		[CONFIG_LIST] = "a list",
	};

	return names[kind];
}

static struct config_entry *find_entry(const struct config *config, const char *key)
{
	for (size_t i = 0; i < config->entry_count; i++)
		if (!strcmp(config->entries[i].key, key))
			return &config->entries[i];
	return NULL;
}

const struct config_entry *config_find(const struct config *config, const char *key)
{
	return find_entry(config, key);
}

static struct config_place token_place(const struct parser *parser)
{
	return (struct config_place){
		.source = parser->source,
		.line = parser->token.line,
		.column = parser->token.column,
	};
}

static int advance(struct parser *parser)
{
	return lexer_next(&parser->lexer, &parser->token);
}

static int skip_newlines(struct parser *parser)
{
	int err = 0;

	while (!err && parser->token.kind == TOKEN_NEWLINE)
		err = advance(parser);
	return err;
}

static int no_memory(struct report *report)
{
	return report_set(report, -ENOMEM, "out of memory while reading a config");
}

/* "what expected, X found" at the token. */
static int fail_at_token(struct parser *parser, const char *expected)
{
	struct config_place place = token_place(parser);
	char text[64];

	return config_fail(&place, parser->report, "%s expected, but here is %s", expected,
			   token_describe(&parser->token, text, sizeof(text)));
}

/* A bare word where a value should be: nearly always forgotten quotes. */
static int fail_no_value(struct parser *parser)
{
	struct config_place place = token_place(parser);
	char text[64];

	if (parser->token.kind != TOKEN_NAME)
		return fail_at_token(parser, "a string in quotes, a number or a [list]");
	return config_fail(
		&place, parser->report,
		"%s is neither a number nor a [list]: if it is a string, put it in quotes",
		token_describe(&parser->token, text, sizeof(text)));
}

static int parse_string(struct parser *parser, struct config_value *value)
{
	if (parser->token.length - 2 > CONFIG_MAX_STRING)
		return config_fail(&value->place, parser->report,
				   "the string is longer than %d bytes", CONFIG_MAX_STRING);
	value->kind = CONFIG_STRING;
	value->text = malloc(parser->token.length);
	if (!value->text)
		return no_memory(parser->report);
	return lexer_decode_string(&parser->lexer, &parser->token, value->text);
}

static int parse_number(struct parser *parser, struct config_value *value)
{
	value->kind = CONFIG_NUMBER;
	value->number = parser->token.number;
	value->text = strndup(parser->token.start, parser->token.length);
	return value->text ? 0 : no_memory(parser->report);
}

static int parse_value(struct parser *parser, struct config_value *value, unsigned int depth);

static int add_item(struct parser *parser, struct config_value *list, struct config_value **item)
{
	struct config_value *items;

	if (!(list->item_count & (list->item_count - 1))) {
		size_t room = list->item_count ? 2 * list->item_count : 1;

		items = realloc(list->items, room * sizeof(*items));
		if (!items)
			return no_memory(parser->report);
		list->items = items;
	}
	*item = &list->items[list->item_count++];
	**item = (struct config_value){0};
	return 0;
}

static int fail_open_list(const struct parser *parser, const struct config_value *list)
{
	return config_fail(&list->place, parser->report,
			   "the list that starts here is not closed: ']' is missing");
}

/* One value of a list and the newlines after it. */
static int parse_item(struct parser *parser, struct config_value *list, unsigned int depth)
{
	struct config_value *item = NULL;
	int err;

	if (parser->token.kind == TOKEN_END)
		return fail_open_list(parser, list);
	err = add_item(parser, list, &item);
	if (!err)
		err = parse_value(parser, item, depth + 1);
	if (!err)
		err = skip_newlines(parser);
	if (!err && parser->token.kind == TOKEN_END)
		err = fail_open_list(parser, list);
	return err;
}

/* From the '[' to the ']': values apart by commas, newlines anywhere, a last comma allowed. */
static int parse_list(struct parser *parser, struct config_value *list, unsigned int depth)
{
	int err;

	list->kind = CONFIG_LIST;
	if (depth == CONFIG_MAX_DEPTH)
		return config_fail(&list->place, parser->report, "lists are nested deeper than %d",
				   CONFIG_MAX_DEPTH);
	do {
		err = advance(parser); /* past the '[' or the ',' */
		if (!err)
			err = skip_newlines(parser);
		if (err || parser->token.kind == TOKEN_CLOSE)
			return err;
		err = parse_item(parser, list, depth);
	} while (!err && parser->token.kind == TOKEN_COMMA);
	if (!err && parser->token.kind != TOKEN_CLOSE)
		err = fail_at_token(parser, "',' or ']'");
	return err;
}

/* From the value's first token to the one after it. */
static int parse_value(struct parser *parser, struct config_value *value, unsigned int depth)
{
	int err;

	value->place = token_place(parser);
	if (++parser->config->values > CONFIG_MAX_VALUES)
		return config_fail(&value->place, parser->report, "more than %d values",
				   CONFIG_MAX_VALUES);
	if (parser->token.kind == TOKEN_STRING)
		err = parse_string(parser, value);
	else if (parser->token.kind == TOKEN_NUMBER)
		err = parse_number(parser, value);
	else if (parser->token.kind == TOKEN_OPEN)
		err = parse_list(parser, value, depth);
	else
		err = fail_no_value(parser);
	return err ? err : advance(parser);
}

static int append_string(struct config_value *old, const struct config_value *more,
			 struct report *report)
{
	size_t have = strlen(old->text), add = strlen(more->text);
	char *text;

	if (have + add > CONFIG_MAX_STRING)
		return config_fail(&more->place, report,
				   "the string is longer than %d bytes after '+='",
				   CONFIG_MAX_STRING);
	text = realloc(old->text, have + add + 1);
	if (!text)
		return no_memory(report);
	memcpy(text + have, more->text, add + 1);
	old->text = text;
	return 0;
}

static int append_list(struct config_value *old, struct config_value *more, struct report *report)
{
	size_t count = old->item_count + more->item_count, room = 1;
	struct config_value *items;

	while (room < count)
		room *= 2;
	items = realloc(old->items, room * sizeof(*items));
	if (!items)
		return no_memory(report);
	if (more->item_count)
		memcpy(items + old->item_count, more->items, more->item_count * sizeof(*items));
	old->items = items;
	old->item_count = count;
	more->item_count = 0; /* they have moved */
	return 0;
}

static int append_value(const struct config_entry *entry, struct config_value *old,
			struct config_value *more, struct report *report)
{
	if (old->kind != more->kind || old->kind == CONFIG_NUMBER)
		return config_fail(
			&more->place, report,
			"'+=' appends a string to a string or a list to a list, but '%s' "
			"(line %u) is %s and this is %s",
			entry->key, old->place.line, config_kind_name(old->kind),
			config_kind_name(more->kind));
	if (old->kind == CONFIG_STRING)
		return append_string(old, more, report);
	return append_list(old, more, report);
}

static int add_entry(struct config *config, const char *key, struct config_entry **entry,
		     struct report *report)
{
	struct config_entry *entries;

	entries = realloc(config->entries, (config->entry_count + 1) * sizeof(*entries));
	if (!entries)
		return no_memory(report);
	config->entries = entries;
	*entry = &entries[config->entry_count];
	**entry = (struct config_entry){.key = strdup(key)};
	if (!(*entry)->key)
		return no_memory(report);
	config->entry_count++;
	return 0;
}

/* One of the two lines was most likely forgotten. */
static void warn_of_two(const struct config *config, const struct config_entry *entry,
			const struct config_place *place)
{
	struct report report;

	if (!config->warn || place->source->replaces || entry->place.source != place->source)
		return;
	config_fail(place, &report, "'%.40s' is assigned again: this line counts, line %u does not",
		    entry->key, entry->place.line);
	config->warn(report.text);
}

static int set_value(struct config *config, struct config_entry *entry, const char *key,
		     const struct config_place *place, struct config_value *value,
		     struct report *report)
{
	int err = entry ? 0 : add_entry(config, key, &entry, report);

	if (err) {
		value_clear(value);
		return err;
	}
	if (entry->place.source)
		warn_of_two(config, entry, place);
	value_clear(&entry->value);
	entry->value = *value;
	entry->place = *place;
	return 0;
}

/* Takes the value over in every case. */
static int assign(struct config *config, const char *key, const struct config_place *place,
		  bool append, struct config_value *value, struct report *report)
{
	struct config_entry *entry = find_entry(config, key);
	int err;

	if (++config->assignments > CONFIG_MAX_ASSIGNMENTS)
		err = config_fail(place, report, "more than %d assignments",
				  CONFIG_MAX_ASSIGNMENTS);
	else if (entry && append)
		err = append_value(entry, &entry->value, value, report);
	else
		return set_value(config, entry, key, place, value, report);
	value_clear(value);
	return err;
}

/* "= value" or "+= value", after the key, up to the end of the line. */
static int parse_rest(struct parser *parser, const char *key, const struct config_place *place)
{
	struct config_value value = {0};
	bool append = parser->token.kind == TOKEN_PLUS_EQUALS;
	int err;

	if (!append && parser->token.kind != TOKEN_EQUALS)
		return fail_at_token(parser, "'=' or '+=' after a key");
	err = advance(parser);
	if (!err)
		err = parse_value(parser, &value, 0);
	if (!err && parser->token.kind != TOKEN_NEWLINE && parser->token.kind != TOKEN_END)
		err = fail_at_token(parser, "the end of the line or ';' after a value");
	if (err) {
		value_clear(&value);
		return err;
	}
	return assign(parser->config, key, place, append, &value, parser->report);
}

static int parse_assignment(struct parser *parser)
{
	struct config_place place = token_place(parser);
	char *key;
	int err;

	if (parser->token.kind != TOKEN_NAME)
		return fail_at_token(parser, "a key");
	key = strndup(parser->token.start, parser->token.length);
	if (!key)
		return no_memory(parser->report);
	err = advance(parser);
	if (!err)
		err = parse_rest(parser, key, &place);
	free(key);
	return err;
}

int config_parse_text(struct config *config, const struct config_source *source, const char *text,
		      size_t length, struct report *report)
{
	struct parser parser = {.source = source, .config = config, .report = report};
	int err;

	if (length > CONFIG_MAX_FILE)
		return report_set(report, -EFBIG, "%s: a config is at most %d bytes", source->label,
				  CONFIG_MAX_FILE);
	lexer_init(&parser.lexer, source->label, text, length, report);
	err = advance(&parser);
	while (!err) {
		err = skip_newlines(&parser);
		if (err || parser.token.kind == TOKEN_END)
			break;
		err = parse_assignment(&parser);
	}
	return err;
}

int config_parse_file(struct config *config, const struct config_source *source, const char *path,
		      struct report *report)
{
	size_t length;
	char *text;
	int err;

	err = read_file(path, CONFIG_MAX_FILE, &text, &length, report);
	if (err)
		return err;
	err = config_parse_text(config, source, text, length, report);
	free(text);
	return err;
}

static int number_from_text(const char *text, uint64_t *number)
{
	struct report ignored;
	struct lexer lexer;
	struct token token;

	lexer_init(&lexer, "", text, strlen(text), &ignored);
	if (lexer_next(&lexer, &token) || token.kind != TOKEN_NUMBER ||
	    token.length != strlen(text))
		return -EINVAL;
	*number = token.number;
	return 0;
}

int config_value_number(const struct config_value *value, uint64_t *number)
{
	*number = value->number;
	if (value->kind == CONFIG_STRING)
		return number_from_text(value->text, number);
	return value->kind == CONFIG_NUMBER ? 0 : -EINVAL;
}

/* Whether a value on a command line is meant as in a file, not as a string without quotes. */
static bool is_written_value(const char *text)
{
	uint64_t number;

	return *text == '"' || *text == '\'' || *text == '[' || !number_from_text(text, &number);
}

static int assign_bare_string(struct config *config, const char *key, bool append,
			      const struct config_place *place, const char *text,
			      struct report *report)
{
	struct config_value value = {.kind = CONFIG_STRING, .place = *place};

	if (strlen(text) > CONFIG_MAX_STRING)
		return config_fail(place, report, "the string is longer than %d bytes",
				   CONFIG_MAX_STRING);
	value.text = strdup(text);
	if (!value.text)
		return no_memory(report);
	return assign(config, key, place, append, &value, report);
}

int config_parse_override(struct config *config, const struct config_source *source,
			  const char *argument, struct report *report)
{
	static const char key_bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					"0123456789_";
	struct config_place place = {.source = source, .line = 1, .column = 1};
	size_t key_length = strspn(argument, key_bytes);
	const char *at = argument + key_length;
	char *key;
	bool append;
	int err;

	at += strspn(at, " \t");
	append = *at == '+';
	at += append;
	if (!key_length || strspn(argument, "0123456789") || *at != '=')
		return config_fail(&place, report, "'%.60s' is not of the form key=value",
				   argument);
	at++;
	at += strspn(at, " \t");
	if (is_written_value(at))
		return config_parse_text(config, source, argument, strlen(argument), report);
	key = strndup(argument, key_length);
	if (!key)
		return no_memory(report);
	err = assign_bare_string(config, key, append, &place, at, report);
	free(key);
	return err;
}
