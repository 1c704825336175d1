/* SPDX-License-Identifier: ISC */
/* Descriptions of devices in one string: "word, word, key=value, ..." read by a table of keys. */
#ifndef TOOLS_COMMON_SPEC_H
#define TOOLS_COMMON_SPEC_H

#include "base/report.h"

#define SPEC_MAX_KEYS 32 /* in one table, as far as slots go */

/* One word that a description may have. */
struct spec_key {
	const char *name;
	unsigned int slot; /* what it is about: only one key of a slot may be there */
	/*
	 * Checks and stores the value in the caller's structure. 0 or -errno with the report set.
	 */
	int (*set)(void *spec, const char *value, struct report *report);
	const char *flag;  /* may stand without "=", and means this value then; NULL: it may not */
	const char *fault; /* why it cannot be used; NULL: it can */
};

struct spec_syntax {
	const char *what;            /* "a disk", for messages */
	const struct spec_key *keys; /* ends with a NULL name */
	const char *const *places;   /* the keys that words without "=" are for, in this order; ends
					with NULL */
	const char *rest; /* the key that takes all that follows, commas too; NULL: none */
};

/*
 * Reads text into spec, in order of the words. An empty word in a place leaves that at its default.
 * 0; -EINVAL with a sentence; -ENOMEM.
 */
int spec_parse(const struct spec_syntax *syntax, const char *text, void *spec,
	       struct report *report);

/* A word and the number that it stands for; with a fault, one that is known but cannot be had. */
struct spec_word {
	const char *word;
	unsigned int value;
	const char *fault;
};

extern const struct spec_word spec_yes_no[]; /* "yes": 1, "no": 0 */

/*
 * Finds value in a table that ends with a NULL word; key is for messages. 0 or -EINVAL with a
 * sentence.
 */
int spec_choose(const char *key, const struct spec_word *words, const char *value,
		unsigned int *found, struct report *report);

#endif
