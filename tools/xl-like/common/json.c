/* SPDX-License-Identifier: ISC */
/* JSON on standard output. */
#include "json.h"
#include "base/plain_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_piece(void *context, const char *text, size_t length)
{
	(void)context;
	fwrite(text, 1, length, stdout);
}

yajl_gen json_start(void)
{
	yajl_gen json = yajl_gen_alloc(NULL);

	if (json) {
		yajl_gen_config(json, yajl_gen_beautify, 1);
		yajl_gen_config(json, yajl_gen_print_callback, print_piece, NULL);
	}
	return json;
}

static void add_string(yajl_gen json, const char *text)
{
	yajl_gen_string(json, (const unsigned char *)text, strlen(text));
}

void json_add_text(yajl_gen json, const char *key, const char *text)
{
	char *valid = plain_text_to_utf8(text);

	add_string(json, key);
	add_string(json, valid ? valid : "");
	free(valid);
}

void json_add_number(yajl_gen json, const char *key, uint64_t number)
{
	add_string(json, key);
	/* JSON's readers know signed numbers only; dom0's limit may be beyond them */
	yajl_gen_integer(json, number > INT64_MAX ? INT64_MAX : (long long)number);
}

void json_add_null(yajl_gen json, const char *key)
{
	add_string(json, key);
	yajl_gen_null(json);
}

void json_add_flag(yajl_gen json, const char *key, bool value)
{
	add_string(json, key);
	yajl_gen_bool(json, value);
}
