/* SPDX-License-Identifier: ISC */
/* Descriptions of devices in one string: "word, word, key=value, ..." read by a table of keys. */
#include "spec.h"
#include "base/nearest.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS  " \t"
#define LETTERS "abcdefghijklmnopqrstuvwxyz_-"

struct parse {
	const struct spec_syntax *syntax;
	void *spec;
	unsigned int seen; /* slots, a bit each */
	size_t place;      /* the next one of syntax->places */
	struct report *report;
};

static const struct spec_key *find_key(const struct parse *parse, const char *name)
{
	const struct spec_key *key = parse->syntax->keys;

	while (key->name && strcmp(key->name, name))
		key++;
	return key->name ? key : NULL;
}

static const char *nth_key(const void *context, size_t n)
{
	const struct spec_syntax *syntax = context;

	return syntax->keys[n].name;
}

static int unknown(const struct parse *parse, const char *name)
{
	const char *nearest = nearest_word(name, nth_key, parse->syntax);

	return report_set(parse->report, -EINVAL, "%s has no '%.40s'%s%s%s", parse->syntax->what,
			  name, nearest ? "; did you mean '" : "", nearest ? nearest : "",
			  nearest ? "'?" : "");
}

static int set_key(struct parse *parse, const struct spec_key *key, const char *value)
{
	unsigned int bit = 1U << (key->slot % SPEC_MAX_KEYS);

	if (key->fault)
		return report_set(parse->report, -EINVAL, "'%s' cannot be used: %s", key->name,
				  key->fault);
	if (parse->seen & bit)
		return report_set(parse->report, -EINVAL, "'%s' says again what was said before",
				  key->name);
	parse->seen |= bit;
	return key->set(parse->spec, value, parse->report);
}

static int set_word(struct parse *parse, const char *word)
{
	const struct spec_key *key = find_key(parse, word);
	const char *place = parse->syntax->places[parse->place];

	if (key && key->flag)
		return set_key(parse, key, key->flag);
	if (!place)
		return report_set(parse->report, -EINVAL,
				  "'%.80s' is neither a word that is known nor key=value", word);
	parse->place++;
	return *word ? set_key(parse, find_key(parse, place), word) : 0;
}

/* Cuts blanks off both ends. */
static char *trim(char *text)
{
	size_t length;

	text += strspn(text, BLANKS);
	length = strlen(text);
	while (length && strchr(BLANKS, text[length - 1]))
		length--;
	text[length] = '\0';
	return text;
}

/* The value in "key = value", or NULL where a word is none; ends the key with a NUL. */
static char *split_pair(char *word)
{
	size_t length = strspn(word, LETTERS);
	char *at = word + length;

	at += strspn(at, BLANKS);
	if (!length || *at != '=')
		return NULL;
	word[length] = '\0';
	at++;
	return at + strspn(at, BLANKS);
}

static int set_item(struct parse *parse, char *item)
{
	char *word = trim(item), *value = split_pair(word);
	const struct spec_key *key;

	if (!value)
		return set_word(parse, word);
	key = find_key(parse, word);
	return key ? set_key(parse, key, value) : unknown(parse, word);
}

/* Whether an item is the key that takes the rest. */
static bool takes_rest(const struct parse *parse, const char *item)
{
	const char *rest = parse->syntax->rest;
	size_t length = rest ? strlen(rest) : 0;

	item += strspn(item, BLANKS);
	if (!rest || strncmp(item, rest, length))
		return false;
	item += length;
	return item[strspn(item, BLANKS)] == '=';
}

int spec_parse(const struct spec_syntax *syntax, const char *text, void *spec,
	       struct report *report)
{
	struct parse parse = {.syntax = syntax, .spec = spec, .report = report};
	char *copy = strdup(text), *item = copy;
	int err = 0;

	if (!copy)
		return report_set(report, -ENOMEM, "out of memory");
	if (!copy[strspn(copy, BLANKS)])
		item = NULL; /* nothing said: all defaults */
	while (!err && item) {
		char *comma = takes_rest(&parse, item) ? NULL : strchr(item, ',');

		if (comma)
			*comma++ = '\0';
		err = set_item(&parse, item);
		item = comma;
	}
	free(copy);
	return err;
}

/* "'r', 'w' or 'w!'" */
static void list_words(const struct spec_word *words, char *text, size_t size)
{
	const char *before = "";
	size_t used = 0, left = 0;

	*text = '\0';
	for (size_t i = 0; words[i].word; i++)
		left += !words[i].fault;
	for (size_t i = 0; words[i].word && used < size; i++) {
		if (words[i].fault)
			continue;
		used += (size_t)snprintf(text + used, size - used, "%s'%s'", before, words[i].word);
		before = --left == 1 ? " or " : ", ";
	}
}

const struct spec_word spec_yes_no[] = {
	{"yes", 1, NULL},
	{"no", 0, NULL},
	{NULL, 0, NULL},
};

int spec_choose(const char *key, const struct spec_word *words, const char *value,
		unsigned int *found, struct report *report)
{
	char all[256];

	for (size_t i = 0; words[i].word; i++) {
		if (strcmp(words[i].word, value))
			continue;
		if (words[i].fault)
			return report_set(report, -EINVAL, "'%s' cannot be '%s': %s", key, value,
					  words[i].fault);
		*found = words[i].value;
		return 0;
	}
	list_words(words, all, sizeof(all));
	return report_set(report, -EINVAL, "'%s' is %s, not '%.40s'", key, all, value);
}
