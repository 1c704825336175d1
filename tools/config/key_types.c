/* SPDX-License-Identifier: ISC */
/* What values config keys take: checks, stores, writes out and frees them. */
#include "guest_config.h"
#include "keys.h"
#include "base/nearest.h"
#include "base/path.h"
#include "base/uuid.h"

#include <errno.h>
#include <inttypes.h>
#include <libctrl.h>
#include <stdlib.h>
#include <string.h>

static int no_memory(struct report *report)
{
	return report_set(report, -ENOMEM, "out of memory while reading a config");
}

static int wrong_kind(const struct guest_key *key, const struct config_value *value,
		      struct report *report)
{
	return config_fail(&value->place, report, "'%s' is %s, not %s", key->name, key->type->words,
			   config_kind_name(value->kind));
}

/* The text of a string or number, NULL of a list. */
static const char *value_text(const struct config_value *value)
{
	return value->kind == CONFIG_LIST ? NULL : value->text;
}

static int store_copy(const char *text, char **field, struct report *report)
{
	char *copy = strdup(text);

	if (!copy)
		return no_memory(report);
	free(*field);
	*field = copy;
	return 0;
}

/* --- strings --- */

static int set_string(const struct guest_key *key, const struct config_value *value, void *field,
		      struct report *report)
{
	const char *text = value_text(value);

	return text ? store_copy(text, field, report) : wrong_kind(key, value, report);
}

void guest_key_write_quoted(const char *text, FILE *out)
{
	fputc('"', out);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < ' ' || c > '~')
			fprintf(out, "\\%03o", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

static void format_string(const struct guest_key *key, const void *field, FILE *out)
{
	const char *text = *(char *const *)field;

	if (!text)
		return;
	fprintf(out, "%s = ", key->name);
	guest_key_write_quoted(text, out);
	fputc('\n', out);
}

static void clear_string(void *field)
{
	free(*(char **)field);
}

const struct key_type key_type_string = {
	.words = "a string",
	.set = set_string,
	.format = format_string,
	.clear = clear_string,
};

static int set_name(const struct guest_key *key, const struct config_value *value, void *field,
		    struct report *report)
{
	const char *text = value_text(value), *fault;

	if (!text)
		return wrong_kind(key, value, report);
	fault = guest_name_fault(text);
	if (*fault)
		return config_fail(&value->place, report, "'%.80s' cannot be a guest's name: %s",
				   text, fault);
	return store_copy(text, field, report);
}

const struct key_type key_type_name = {
	.words = "a string",
	.set = set_name,
	.format = format_string,
	.clear = clear_string,
};

static int set_path(const struct guest_key *key, const struct config_value *value, void *field,
		    struct report *report)
{
	const char *text = value_text(value);
	char *path;

	if (!text)
		return wrong_kind(key, value, report);
	if (!*text)
		return config_fail(&value->place, report, "'%s' is an empty file name", key->name);
	path = path_make_absolute(value->place.source->directory, text);
	if (!path)
		return no_memory(report);
	free(*(char **)field);
	*(char **)field = path;
	return 0;
}

const struct key_type key_type_path = {
	.words = "a file name",
	.set = set_path,
	.format = format_string,
	.clear = clear_string,
};

/* --- uuid --- */

static int set_uuid(const struct guest_key *key, const struct config_value *value, void *field,
		    struct report *report)
{
	const char *text = value_text(value);

	if (!text)
		return wrong_kind(key, value, report);
	if (uuid_parse(text, field))
		return config_fail(&value->place, report,
				   "'%.60s' is not a UUID of 32 hexadecimal digits such as "
				   "9d2f1c6a-0b57-4e0e-8a7f-3f4f1f6f2a11",
				   text);
	if (uuid_is_null(field))
		return config_fail(&value->place, report, "the UUID of all zeros is dom0's");
	return 0;
}

static void format_uuid(const struct guest_key *key, const void *field, FILE *out)
{
	char text[UUID_TEXT_SIZE];

	if (!uuid_is_null(field))
		fprintf(out, "%s = \"%s\"\n", key->name, uuid_format(field, text));
}

const struct key_type key_type_uuid = {
	.words = "a UUID in quotes",
	.set = set_uuid,
	.format = format_uuid,
};

/* --- numbers --- */

static int set_number(const struct guest_key *key, const struct config_value *value, void *field,
		      struct report *report)
{
	uint64_t number;

	if (config_value_number(value, &number))
		return value->kind == CONFIG_STRING
			       ? config_fail(&value->place, report,
					     "'%s' is a number from %" PRIu64 " to %" PRIu64
					     ", not '%.40s'",
					     key->name, key->min, key->max, value->text)
			       : wrong_kind(key, value, report);
	if (number < key->min || number > key->max)
		return config_fail(&value->place, report,
				   "'%s' is a number from %" PRIu64 " to %" PRIu64 ", not %" PRIu64,
				   key->name, key->min, key->max, number);
	*(uint64_t *)field = number;
	return 0;
}

static void init_number(const struct guest_key *key, void *field)
{
	*(uint64_t *)field = key->preset;
}

static void format_number(const struct guest_key *key, const void *field, FILE *out)
{
	uint64_t number = *(const uint64_t *)field;

	if (number != key->preset)
		fprintf(out, "%s = %" PRIu64 "\n", key->name, number);
}

const struct key_type key_type_number = {
	.words = "a number",
	.set = set_number,
	.init = init_number,
	.format = format_number,
};

/* --- words --- */

static const char *nth_choice(const void *context, size_t n)
{
	const struct key_choice *choices = context;

	return choices[n].word;
}

/* "'destroy', 'restart' or 'preserve'" */
static void list_choices(const struct key_choice *choices, char *text, size_t size)
{
	const char *before = "";
	size_t used = 0, left = 0;

	*text = '\0';
	for (size_t i = 0; choices[i].word; i++)
		left += !choices[i].fault;
	for (size_t i = 0; choices[i].word && used < size; i++) {
		if (choices[i].fault)
			continue;
		used += (size_t)snprintf(text + used, size - used, "%s'%s'", before,
					 choices[i].word);
		before = --left == 1 ? " or " : ", ";
	}
}

static int find_choice(const struct guest_key *key, const struct config_value *value,
		       const struct key_choice **found, struct report *report)
{
	const char *text = value_text(value), *nearest;
	const struct key_choice *choice = key->choices;
	char all[256];

	if (!text)
		return wrong_kind(key, value, report);
	while (choice->word && strcmp(choice->word, text))
		choice++;
	*found = choice;
	if (choice->word && choice->fault)
		return config_fail(&value->place, report, "'%s' cannot be '%s': %s", key->name,
				   text, choice->fault);
	if (choice->word)
		return 0;
	list_choices(key->choices, all, sizeof(all));
	nearest = nearest_word(text, nth_choice, key->choices);
	return config_fail(&value->place, report, "'%s' is %s, not '%.40s'%s%s%s", key->name, all,
			   text, nearest ? "; did you mean '" : "", nearest ? nearest : "",
			   nearest ? "'?" : "");
}

static int set_choice(const struct guest_key *key, const struct config_value *value, void *field,
		      struct report *report)
{
	const struct key_choice *choice;
	int err = find_choice(key, value, &choice, report);

	if (!err)
		*(uint64_t *)field = choice->value;
	return err;
}

static void format_choice(const struct guest_key *key, const void *field, FILE *out)
{
	uint64_t number = *(const uint64_t *)field;

	for (const struct key_choice *choice = key->choices; choice->word; choice++) {
		if (choice->fault || choice->value != number || number == key->preset)
			continue;
		fprintf(out, "%s = \"%s\"\n", key->name, choice->word);
		return;
	}
}

const struct key_type key_type_choice = {
	.words = "a word in quotes",
	.set = set_choice,
	.init = init_number,
	.format = format_choice,
};

/* --- CPU lists --- */

static int set_one_list(const struct guest_key *key, const struct config_value *value,
			struct cpulist *list, struct report *report)
{
	const char *text = value_text(value);
	struct report why;

	if (!text)
		return wrong_kind(key, value, report);
	if (cpulist_parse(text, list, &why))
		return config_fail(&value->place, report, "'%s': %s", key->name, why.text);
	return 0;
}

static void clear_affinity(void *field)
{
	free(((struct guest_affinity *)field)->lists);
}

static int set_affinity(const struct guest_key *key, const struct config_value *value, void *field,
			struct report *report)
{
	bool per_vcpu = value->kind == CONFIG_LIST;
	struct guest_affinity new = {.per_vcpu = per_vcpu,
				     .count = per_vcpu ? value->item_count : 1};
	int err = 0;

	if (new.count > CTRL_MAX_VCPUS)
		return config_fail(&value->place, report,
				   "'%s' has %zu entries, but a guest has at most %u vCPUs",
				   key->name, new.count, CTRL_MAX_VCPUS);
	new.lists = calloc(new.count + 1, sizeof(*new.lists));
	if (!new.lists)
		return no_memory(report);
	for (size_t i = 0; !err && i < new.count; i++)
		err = set_one_list(key, per_vcpu ? &value->items[i] : value, &new.lists[i], report);
	if (err) {
		clear_affinity(&new);
		return err;
	}
	clear_affinity(field);
	*(struct guest_affinity *)field = new;
	return 0;
}

static void format_affinity(const struct guest_key *key, const void *field, FILE *out)
{
	const struct guest_affinity *affinity = field;
	char text[4 * CPULIST_MAX_CPUS];

	if (!affinity->count)
		return;
	fprintf(out, "%s = %s", key->name, affinity->per_vcpu ? "[" : "");
	for (size_t i = 0; i < affinity->count; i++) {
		cpulist_format(&affinity->lists[i], text, sizeof(text));
		fprintf(out, "%s\"%s\"", i ? ", " : "", text);
	}
	fprintf(out, "%s\n", affinity->per_vcpu ? "]" : "");
}

const struct key_type key_type_affinity = {
	.words = "a CPU list in quotes, or a [list] of them",
	.set = set_affinity,
	.format = format_affinity,
	.clear = clear_affinity,
};

/* --- keys that change nothing --- */

/* 0, "" and [] ask for nothing: a config that says so is right. */
static bool asks_for_nothing(const struct config_value *value)
{
	if (value->kind == CONFIG_LIST)
		return value->item_count == 0;
	return !*value->text || (value->kind == CONFIG_NUMBER && !value->number);
}

static int set_fixed(const struct guest_key *key, const struct config_value *value, void *field,
		     struct report *report)
{
	const struct key_choice *choice;

	(void)field;
	return asks_for_nothing(value) ? 0 : find_choice(key, value, &choice, report);
}

const struct key_type key_type_fixed = {
	.words = "a word in quotes",
	.set = set_fixed,
};

static int set_refused(const struct guest_key *key, const struct config_value *value, void *field,
		       struct report *report)
{
	(void)field;
	if (asks_for_nothing(value))
		return 0;
	return config_fail(&value->place, report, "'%s' cannot be used: %s", key->name, key->doc);
}

const struct key_type key_type_refused = {
	.words = "nothing",
	.set = set_refused,
};
