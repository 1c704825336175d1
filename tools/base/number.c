/* SPDX-License-Identifier: ISC */
/* Decimal numbers as people and other programs write them. */
#include "number.h"

#include <errno.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

int number_scan(const char **at, uint64_t max, uint64_t *number)
{
	const char *text = *at;
	bool fits = true;

	if (!is_digit(*text))
		return -EINVAL;
	*number = 0;
	for (; is_digit(*text); text++) {
		uint64_t digit = (uint64_t)(*text - '0');

		fits = fits && *number <= (UINT64_MAX - digit) / 10;
		if (fits)
			*number = *number * 10 + digit;
	}
	*at = text;
	return fits && *number <= max ? 0 : -ERANGE;
}

bool number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *number)
{
	return number_scan(&text, max, number) == 0 && !*text && *number >= min;
}
