/* SPDX-License-Identifier: ISC */
/* Cuts a config text into tokens; each remembers its line and column for messages. */
#ifndef TOOLS_COMMON_CONFIG_LEX_H
#define TOOLS_COMMON_CONFIG_LEX_H

#include <stddef.h>
#include <stdint.h>

#include "base/report.h"

enum token_kind {
	TOKEN_END,     /* of the text */
	TOKEN_NEWLINE, /* or ';' */
	TOKEN_NAME,
	TOKEN_STRING,
	TOKEN_NUMBER,
	TOKEN_EQUALS,
	TOKEN_PLUS_EQUALS,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_COMMA,
};

struct token {
	enum token_kind kind;
	unsigned int line, column; /* from 1; the column counts bytes */
	const char *start;         /* into the text; a string's quotes are included */
	size_t length;
	uint64_t number; /* of a TOKEN_NUMBER */
};

struct lexer {
	const char *label; /* the file's name in messages */
	const char *next, *end, *line_start;
	unsigned int line;
	struct report *report;
};

void lexer_init(struct lexer *lexer, const char *label, const char *text, size_t length,
		struct report *report);

/* Reads the next token. 0, or -EINVAL with the report set. */
int lexer_next(struct lexer *lexer, struct token *token);

/*
 * Writes a TOKEN_STRING's content, escapes resolved and NUL added, to out, which must have room for
 * token->length bytes. 0, or -EINVAL with the report set.
 */
int lexer_decode_string(struct lexer *lexer, const struct token *token, char *out);

/* A token in words for a message, such as "the end of the line" or "'foo'". */
const char *token_describe(const struct token *token, char *buffer, size_t size);

#endif
