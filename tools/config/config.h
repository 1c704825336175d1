/* SPDX-License-Identifier: ISC */
/* A guest config as its writer wrote it: keys with strings, numbers and lists, and where each
 * stands. */
#ifndef TOOLS_COMMON_CONFIG_H
#define TOOLS_COMMON_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/report.h"

#define CONFIG_MAX_FILE        (1024 * 1024) /* bytes */
#define CONFIG_MAX_STRING      8192          /* bytes without the NUL, also after += */
#define CONFIG_MAX_VALUES      4096          /* in all assignments together */
#define CONFIG_MAX_ASSIGNMENTS 1024
#define CONFIG_MAX_DEPTH       4 /* of lists in lists */

enum config_kind {
	CONFIG_STRING,
	CONFIG_NUMBER,
	CONFIG_LIST,
};

/* Where assignments come from. Outlives the config: it belongs to the caller. */
struct config_source {
	const char *label;     /* in messages: the file's name, "command line", ... */
	bool replaces;         /* a later value there is meant to replace an earlier one */
	const char *directory; /* what relative file names in it are relative to; NULL: the working
				  one */
};

struct config_place {
	const struct config_source *source;
	unsigned int line, column; /* from 1; the column counts bytes */
};

struct config_value {
	enum config_kind kind;
	struct config_place place;
	char *text;      /* of a string; of a number as it was written */
	uint64_t number; /* of a number */
	struct config_value *items;
	size_t item_count;
};

struct config_entry {
	char *key;
	struct config_place place;
	struct config_value value;
};

/* Start from `struct config config = {0};` and end with config_clear(). */
struct config {
	struct config_entry *entries; /* in the order of first assignment; each key once */
	size_t entry_count;
	size_t assignments, values;     /* made so far, for the limits */
	void (*warn)(const char *text); /* of what is read all the same; NULL: nobody hears it */
};

/*
 * Adds the assignments in a text; a later one replaces an earlier one, with a warning where both
 * are in the same source. 0; -EINVAL with "label:line:column: ..." in the report; -ENOMEM.
 */
int config_parse_text(struct config *config, const struct config_source *source, const char *text,
		      size_t length, struct report *report);

/* The same for a file; "-" is standard input. Also -errno of open and read; -EFBIG over 1 MiB. */
int config_parse_file(struct config *config, const struct config_source *source, const char *path,
		      struct report *report);

/*
 * Adds "key=value" or "key+=value" from a command line. The value may be written as in a file, but
 * a value that starts with neither a quote nor a bracket and is no number is a string as it stands.
 */
int config_parse_override(struct config *config, const struct config_source *source,
			  const char *argument, struct report *report);

const struct config_entry *config_find(const struct config *config, const char *key);

/* A number, or a string that holds just a number. 0 or -EINVAL. */
int config_value_number(const struct config_value *value, uint64_t *number);

const char *config_kind_name(enum config_kind kind); /* "a string", ... */

/* Sets "label:line:column: ..." in the report and returns -EINVAL. */
int config_fail(const struct config_place *place, struct report *report, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

void config_clear(struct config *config);

#endif
