/* SPDX-License-Identifier: ISC */
/* UUIDs, the handles of domains: as text and as 16 bytes. */
#ifndef TOOLS_COMMON_UUID_H
#define TOOLS_COMMON_UUID_H

#include <stdbool.h>
#include <stdint.h>

#define UUID_TEXT_SIZE 37 /* with the NUL */

/* 32 hexadecimal digits, dashes between bytes allowed. 0 or -EINVAL; uuid unchanged then. */
int uuid_parse(const char *text, uint8_t uuid[16]);

/* Writes 8-4-4-4-12 lower-case digits; returns text. */
char *uuid_format(const uint8_t uuid[16], char text[UUID_TEXT_SIZE]);

bool uuid_is_null(const uint8_t uuid[16]);

/* The one that a guest's name has on a machine: always the same, and another on another machine. */
void uuid_make_from_name(const char *machine, const char *name, uint8_t uuid[16]);

#endif
