/* SPDX-License-Identifier: ISC */
/* Makes untrusted text safe to print as one line on a terminal. */
#include "plain_text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"

static const struct {
	unsigned char first, last; /* the first byte */
	unsigned char second_from; /* range of the second byte; excludes overlong forms */
	unsigned char second_to;
	unsigned char length;
} forms[] = {
	{0xc2, 0xc2, 0xa0, 0xbf, 2}, /* 0x80 to 0x9f are controls */
	{0xc3, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xef, 0x80, 0xbf, 3},
	{0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

/*
 * Size in bytes of the UTF-8 character at text, or 0 if it is invalid. Overlong forms are invalid.
 */
static unsigned int utf8_length(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (at[0] < forms[i].first || at[0] > forms[i].last)
			continue;
		if (at[1] < forms[i].second_from || at[1] > forms[i].second_to)
			return 0;
		for (unsigned int n = 2; n < forms[i].length; n++)
			if ((at[n] & 0xc0) != 0x80)
				return 0;
		return forms[i].length;
	}
	return 0;
}

static bool is_control(unsigned char byte)
{
	return byte < ' ' || (byte >= 0x7f && byte < 0xa0);
}

void plain_text_make(char *text)
{
	while (*text) {
		unsigned int length = utf8_length(text);

		if (!length && is_control((unsigned char)*text))
			*text = '?';
		text += length ? length : 1;
	}
}

char *plain_text_to_utf8(const char *text)
{
	char *copy = malloc(strlen(text) * strlen(REPLACEMENT) + 1), *to = copy;

	while (copy && *text) {
		unsigned int length = (signed char)*text > 0 ? 1 : utf8_length(text);

		if (length)
			memcpy(to, text, length);
		else
			memcpy(to, REPLACEMENT, strlen(REPLACEMENT));
		to += length ? length : strlen(REPLACEMENT);
		text += length ? length : 1;
	}
	if (copy)
		*to = '\0';
	return copy;
}
