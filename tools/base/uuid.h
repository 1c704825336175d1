/* SPDX-License-Identifier: ISC */
/* UUIDs, which are the handles of domains, as text and as 16 bytes. */
#ifndef TOOLS_COMMON_UUID_H
#define TOOLS_COMMON_UUID_H

#include <stdbool.h>
#include <stdint.h>

#define UUID_TEXT_SIZE 37 /* with the NUL */

/*
 * Parses 32 hexadecimal digits, with optional dashes between bytes. Returns 0, or -EINVAL and
 * leaves uuid unchanged.
 */
int uuid_parse(const char *text, uint8_t uuid[16]);

/* Writes lower-case digits in groups of 8-4-4-4-12. Returns text. */
char *uuid_format(const uint8_t uuid[16], char text[UUID_TEXT_SIZE]);

bool uuid_is_null(const uint8_t uuid[16]);

/*
 * Derives the UUID of a guest from its name. It is always the same on one machine and differs
 * between machines.
 */
void uuid_make_from_name(const char *machine, const char *name, uint8_t uuid[16]);

#endif
