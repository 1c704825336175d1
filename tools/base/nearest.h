/* SPDX-License-Identifier: ISC */
/* Finds the known word that is most similar to a misspelt one. */
#ifndef TOOLS_COMMON_NEAREST_H
#define TOOLS_COMMON_NEAREST_H

#include <stddef.h>

#define NEAREST_MAX_WORD 40 /* longer words have no match */

/*
 * nth(context, n) returns the known words for n = 0, 1, ..., then NULL. Returns NULL if no word is
 * similar.
 */
const char *nearest_word(const char *word, const char *(*nth)(const void *context, size_t n),
			 const void *context);

#endif
