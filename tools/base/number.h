/* SPDX-License-Identifier: ISC */
/* Decimal numbers as people and other programs write them. */
#ifndef TOOLS_BASE_NUMBER_H
#define TOOLS_BASE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Reads the digits at *at and moves *at behind the last one. Returns 0, -EINVAL if there is no
 * digit, or -ERANGE if the number is larger than max.
 */
int number_scan(const char **at, uint64_t max, uint64_t *number);

/* Whether the whole text is a number from min to max, written in digits only. */
bool number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *number);

#endif
