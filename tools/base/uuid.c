/* SPDX-License-Identifier: ISC */
/* UUIDs, which are the handles of domains, as text and as 16 bytes. */
#include "uuid.h"
#include "hash.h"

#include <errno.h>
#include <string.h>

static int digit_value(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)((at - digits) % 16) : -1;
}

int uuid_parse(const char *text, uint8_t uuid[16])
{
	uint8_t bytes[16];

	for (unsigned int i = 0; i < 16; i++) {
		int high, low;

		if (i && *text == '-')
			text++;
		high = digit_value(text[0]);
		low = high < 0 ? -1 : digit_value(text[1]);
		if (low < 0)
			return -EINVAL;
		bytes[i] = (uint8_t)(high << 4 | low);
		text += 2;
	}
	if (*text)
		return -EINVAL;
	memcpy(uuid, bytes, sizeof(bytes));
	return 0;
}

char *uuid_format(const uint8_t uuid[16], char text[UUID_TEXT_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	char *at = text;

	for (unsigned int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*at++ = '-';
		*at++ = digits[uuid[i] >> 4];
		*at++ = digits[uuid[i] & 15];
	}
	*at = '\0';
	return text;
}

bool uuid_is_null(const uint8_t uuid[16])
{
	static const uint8_t null[16];

	return !memcmp(uuid, null, sizeof(null));
}

void uuid_make_from_name(const char *machine, const char *name, uint8_t uuid[16])
{
	struct hash hash;

	hash_start(&hash);
	hash_add(&hash, machine, strlen(machine) + 1);
	hash_add(&hash, name, strlen(name));
	hash_finish(&hash, uuid);
	uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x80); /* RFC 9562, 5.8: version 8, ... */
	uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80); /* ... variant 1 */
}
