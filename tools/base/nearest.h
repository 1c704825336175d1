/* SPDX-License-Identifier: ISC */
/* Finds the known word that is most similar to a misspelt one. */
#ifndef TOOLS_COMMON_NEAREST_H
#define TOOLS_COMMON_NEAREST_H

#include <stddef.h>

#define NEAREST_MAX_WORD 40 /* longer words have no match */

/* Number of letters to add, omit, replace or swap with their neighbour to turn a into b. */
size_t nearest_distance(const char *a, const char *b);

/*
 * nth(context, n) returns the known words for n = 0, 1, ..., then NULL. Returns NULL if no word is
 * similar.
 */
const char *nearest_word(const char *word, const char *(*nth)(const void *context, size_t n),
			 const void *context);

#endif
