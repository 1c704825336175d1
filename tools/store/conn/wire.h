/* SPDX-License-Identifier: ISC */
/* What is in a message: strings, paths, errors. Pure: everything from a client is checked here. */
#ifndef PLINTH_STORE_WIRE_H
#define PLINTH_STORE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/tree/path.h"

/* "EINVAL" for -EINVAL; what has no name on the wire is "EINVAL" too. */
const char *wire_error_name(int error);
const char *wire_type_name(uint32_t type);

/* Pointers to the first max strings of the data, each with its NUL in it. Returns how many NULs
 * there are in all; bytes behind the last NUL are no string. */
size_t wire_strings(const char *data, size_t len, const char **strings, size_t max);

/*
 * A client's path, len bytes and a NUL, checked and made absolute: 0 or -EINVAL. home: the folder
 * of relative paths, without a slash at its end. special: names with '@' are allowed. *relative
 * tells, for watches.
 */
int wire_path(const char *text, size_t len, const char *home, size_t path_max, bool special,
	      struct path *path, bool *relative);

#endif
