/* SPDX-License-Identifier: ISC */
/* The table of all keys that a guest config can have. */
#ifndef TOOLS_COMMON_GUEST_KEYS_H
#define TOOLS_COMMON_GUEST_KEYS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "config.h"
#include "base/report.h"

struct guest_key;

/* What values a key takes. field is the key's place in struct guest_config. */
struct key_type {
	const char *words; /* "a string", for messages and help */
	/* Checks and stores a value. 0 or -errno with the report set. */
	int (*set)(const struct guest_key *key, const struct config_value *value, void *field,
		   struct report *report);
	/* Stores the default; NULL: all bytes zero is it. */
	void (*init)(const struct guest_key *key, void *field);
	/* Writes "key = value\n" unless it is the default; NULL: never. */
	void (*format)(const struct guest_key *key, const void *field, FILE *out);
	void (*clear)(void *field); /* NULL: nothing to free */
};

/* A word and what it means; or, with a fault, a word that is known but cannot be had. */
struct key_choice {
	const char *word;
	uint64_t value;
	const char *fault;
};

struct guest_key {
	const char *name;
	const struct key_type *type;
	size_t offset;                    /* of the field in struct guest_config */
	uint64_t min, max, preset;        /* of numbers; preset of choices too */
	const struct key_choice *choices; /* ends with a NULL word */
	const char *doc; /* one line of help; of a refused key, why it is refused */
};

extern const struct guest_key guest_keys[];
extern const size_t guest_key_count;

const struct guest_key *guest_key_find(const char *name);

/* The known key that is most like a misspelt one; NULL: none is. */
const char *guest_key_nearest(const char *name);

/* The types, in key_types.c. */
extern const struct key_type key_type_name, key_type_uuid, key_type_string, key_type_path,
	key_type_number, key_type_choice, key_type_affinity, key_type_fixed, key_type_refused;

/* Those of devices, in device_keys.c; max of their keys is how many there may be. */
extern const struct key_type key_type_disks, key_type_vifs;

/* Writes a string in double quotes and ASCII, so that reading it back gives the same bytes. */
void guest_key_write_quoted(const char *text, FILE *out);

#endif
