/* SPDX-License-Identifier: ISC */
/* Finds the known word that is most similar to a misspelt one. */
#include "nearest.h"

#include <string.h>

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * Number of letters to add, omit, replace or swap with their neighbour to turn a into b: optimal
 * string alignment, keeping three rows of the table:
 *
 *	         b[j-1]  b[j]
 *	before2    s                s: swap a[i-1] a[i]
 *	before          r    d      r: replace, d: leave a[i] out
 *	row             i    *      i: insert b[j]
 */
static size_t distance_of(const char *a, const char *b)
{
	size_t rows[3][NEAREST_MAX_WORD + 1], la = strlen(a), lb = strlen(b);

	if (la > NEAREST_MAX_WORD || lb > NEAREST_MAX_WORD)
		return la > lb ? la : lb;
	for (size_t j = 0; j <= lb; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t *row = rows[i % 3];
		const size_t *before = rows[(i - 1) % 3], *before2 = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			row[j] = before[j - 1] + (a[i - 1] != b[j - 1]);
			row[j] = min(row[j], min(before[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = min(row[j], before2[j - 2] + 1);
		}
	}
	return rows[la % 3][lb];
}

const char *nearest_word(const char *word, const char *(*nth)(const void *context, size_t n),
			 const void *context)
{
	/*
	 * Up to a third of the letters may be wrong. With more, it is taken for a different word.
	 */
	size_t best = (strlen(word) + 2) / 3 + 1, n;
	const char *known, *nearest = NULL;

	if (strlen(word) > NEAREST_MAX_WORD)
		return NULL;
	for (n = 0; (known = nth(context, n)); n++) {
		size_t distance = distance_of(word, known);

		if (distance < best) {
			best = distance;
			nearest = known;
		}
	}
	return nearest;
}
