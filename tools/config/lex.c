/* SPDX-License-Identifier: ISC */
/* Cuts a config text into tokens; each remembers its line and column for messages. */
#include "lex.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define EXCERPT_MAX 24 /* bytes of a bad token shown in a message */

/* <ctype.h> depends on the locale; a config file does not. */
static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_name_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name_part(char c)
{
	return is_name_start(c) || is_digit(c);
}

static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Sets "label:line:column: ..." in the report and returns -EINVAL. */
static int __attribute__((format(printf, 4, 5)))
fail_at(const struct lexer *lexer, unsigned int line, unsigned int column, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report_set_v(lexer->report, -EINVAL, format, args);
	va_end(args);
	report_prefix(lexer->report, "%s:%u:%u: ", lexer->label, line, column);
	return -EINVAL;
}

void lexer_init(struct lexer *lexer, const char *label, const char *text, size_t length,
		struct report *report)
{
	*lexer = (struct lexer){
		.label = label,
		.next = text,
		.end = text + length,
		.line_start = text,
		.line = 1,
		.report = report,
	};
}

static unsigned int column_of(const struct lexer *lexer, const char *at)
{
	return (unsigned int)(at - lexer->line_start) + 1;
}

static bool at_crlf(const struct lexer *lexer)
{
	return lexer->end - lexer->next >= 2 && lexer->next[0] == '\r' && lexer->next[1] == '\n';
}

static void skip_blanks_and_comment(struct lexer *lexer)
{
	while (lexer->next < lexer->end &&
	       (*lexer->next == ' ' || *lexer->next == '\t' || at_crlf(lexer)))
		lexer->next++;
	if (lexer->next < lexer->end && *lexer->next == '#')
		while (lexer->next < lexer->end && *lexer->next != '\n')
			lexer->next++;
}

static int lex_string(struct lexer *lexer, struct token *token)
{
	const char *at = token->start + 1;
	char quote = *token->start;

	for (; at < lexer->end && *at != '\n' && *at != quote; at++) {
		if (*at == '\0')
			return fail_at(lexer, lexer->line, column_of(lexer, at),
				       "a string cannot hold a NUL byte");
		if (*at == '\\' && at + 1 < lexer->end && at[1] != '\n')
			at++;
	}
	if (at == lexer->end || *at != quote)
		return fail_at(
			lexer, token->line, token->column,
			"the string is not closed: a %c is missing before the end of the line",
			quote);
	token->kind = TOKEN_STRING;
	token->length = (size_t)(at + 1 - token->start);
	return 0;
}

static int number_value(const char *digits, size_t length, uint64_t *value)
{
	unsigned int base = 10;
	size_t i = 0;

	if (length > 2 && digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X')) {
		base = 16;
		i = 2;
	} else if (length > 1 && digits[0] == '0') {
		base = 8;
		i = 1;
	}
	for (*value = 0; i < length; i++) {
		int digit = hex_value(digits[i]);

		if (digit < 0 || (unsigned int)digit >= base)
			return -EINVAL;
		if (__builtin_mul_overflow(*value, base, value) ||
		    __builtin_add_overflow(*value, (unsigned int)digit, value))
			return -ERANGE;
	}
	return 0;
}

static int lex_number(struct lexer *lexer, struct token *token)
{
	char text[64];
	int err;

	token->kind = TOKEN_NUMBER;
	while (token->start + token->length < lexer->end &&
	       is_name_part(token->start[token->length]))
		token->length++;
	err = number_value(token->start, token->length, &token->number);
	if (err == -ERANGE)
		return fail_at(lexer, token->line, token->column,
			       "the number is too big for 64 bits");
	if (err)
		return fail_at(lexer, token->line, token->column,
			       "%s is not a decimal, 0x hexadecimal or 0 octal number",
			       token_describe(token, text, sizeof(text)));
	return 0;
}

static void lex_name(struct lexer *lexer, struct token *token)
{
	token->kind = TOKEN_NAME;
	while (token->start + token->length < lexer->end &&
	       is_name_part(token->start[token->length]))
		token->length++;
}

static int lex_symbol(struct lexer *lexer, struct token *token)
{
	static const struct {
		char symbol;
		enum token_kind kind;
	} symbols[] = {
		{'\n', TOKEN_NEWLINE}, {';', TOKEN_NEWLINE}, {'=', TOKEN_EQUALS},
		{'[', TOKEN_OPEN},     {']', TOKEN_CLOSE},   {',', TOKEN_COMMA},
	};
	unsigned char c = (unsigned char)*token->start;
	char shown[8];

	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		if (*token->start != symbols[i].symbol)
			continue;
		token->kind = symbols[i].kind;
		token->length = 1;
		return 0;
	}
	if (c == '+' && lexer->end - token->start >= 2 && token->start[1] == '=') {
		token->kind = TOKEN_PLUS_EQUALS;
		token->length = 2;
		return 0;
	}
	snprintf(shown, sizeof(shown), c > ' ' && c < 0x7f ? "'%c'" : "\\x%02x", c);
	return fail_at(lexer, token->line, token->column,
		       "unexpected character %s: a value is a string in quotes, a number or "
		       "a [list]",
		       shown);
}

static int lex_one(struct lexer *lexer, struct token *token)
{
	char c = *token->start;

	if (c == '"' || c == '\'')
		return lex_string(lexer, token);
	if (is_digit(c))
		return lex_number(lexer, token);
	if (!is_name_start(c))
		return lex_symbol(lexer, token);
	lex_name(lexer, token);
	return 0;
}

int lexer_next(struct lexer *lexer, struct token *token)
{
	int err;

	skip_blanks_and_comment(lexer);
	*token = (struct token){
		.kind = TOKEN_END,
		.line = lexer->line,
		.column = column_of(lexer, lexer->next),
		.start = lexer->next,
	};
	if (lexer->next == lexer->end)
		return 0;
	err = lex_one(lexer, token);
	if (err)
		return err;
	lexer->next = token->start + token->length;
	if (*token->start == '\n') {
		lexer->line++;
		lexer->line_start = lexer->next;
	}
	return 0;
}

/* Up to max digits of a base at *at; -1 where there is none. */
static int decode_digits(const char **at, const char *end, unsigned int base, int max)
{
	int value = -1;

	for (int i = 0; i < max && *at < end; i++, (*at)++) {
		int digit = hex_value(**at);

		if (digit < 0 || (unsigned int)digit >= base)
			break;
		value = (value < 0 ? 0 : value) * (int)base + digit;
	}
	return value;
}

/* The byte for the escape whose letter is at *at; moves past it. 0 is no byte that a string can
 * hold. */
static int decode_escape(const char **at, const char *end)
{
	static const char letters[] = "ntrabfv\\\"'", bytes[] = "\n\t\r\a\b\f\v\\\"'";
	const char *letter = memchr(letters, **at, sizeof(letters) - 1);

	if (letter) {
		(*at)++;
		return bytes[letter - letters];
	}
	if (**at == 'x') {
		(*at)++;
		return decode_digits(at, end, 16, 2);
	}
	return decode_digits(at, end, 8, 3);
}

int lexer_decode_string(struct lexer *lexer, const struct token *token, char *out)
{
	const char *at = token->start + 1, *end = token->start + token->length - 1;

	while (at < end) {
		const char *escape = at;
		int byte = (unsigned char)*at++;

		if (byte == '\\')
			byte = decode_escape(&at, end);
		if (byte <= 0 || byte > 255)
			return fail_at(lexer, token->line,
				       token->column + (unsigned int)(escape - token->start),
				       "unknown escape: \\n \\t \\r \\\\ \\\" \\' \\xHH and \\OOO "
				       "(not zero) are known; write \\\\ for a backslash");
		*out++ = (char)byte;
	}
	*out = '\0';
	return 0;
}

const char *token_describe(const struct token *token, char *buffer, size_t size)
{
	int shown = token->length < EXCERPT_MAX ? (int)token->length : EXCERPT_MAX;

	switch (token->kind) {
	case TOKEN_END:
		return "the end of the text";
	case TOKEN_NEWLINE:
		return *token->start == ';' ? "';'" : "the end of the line";
	case TOKEN_STRING:
		return "a string";
	default:
		snprintf(buffer, size, "'%.*s%s'", shown, token->start,
			 token->length > EXCERPT_MAX ? "..." : "");
		return buffer;
	}
}
