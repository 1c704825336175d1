/* SPDX-License-Identifier: ISC */
/* The word that someone probably meant. */
#ifndef TOOLS_COMMON_NEAREST_H
#define TOOLS_COMMON_NEAREST_H

#include <stddef.h>

#define NEAREST_MAX_WORD 40 /* longer words have no nearest one */

/* How many letters must be added, left out, replaced or swapped with the next to get from a to b.
 */
size_t nearest_distance(const char *a, const char *b);

/* nth(context, n) for n = 0, 1, ... gives the known words, then NULL. NULL: nothing is near. */
const char *nearest_word(const char *word, const char *(*nth)(const void *context, size_t n),
			 const void *context);

#endif
