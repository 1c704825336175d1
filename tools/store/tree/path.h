/* SPDX-License-Identifier: ISC */
/* A path of the store that was checked, with what is asked of it again and again. */
#ifndef PLINTH_STORE_PATH_H
#define PLINTH_STORE_PATH_H

#include <stddef.h>
#include <stdint.h>

#include <public/io/xs_wire.h>

#define PATH_SIZE (XENSTORE_ABS_PATH_MAX + 1)

/* "/" or "/a/b", or a special name "@a"; no name in it is empty. */
struct path {
	uint32_t len;         /* bytes of text, without its NUL */
	uint32_t hash;        /* path_hash() of it, from PATH_HASH on */
	char text[PATH_SIZE]; /* ends with a NUL */
};

/* FNV-1a (32 bits), going on from the hash of the text before. */
#define PATH_HASH  2166136261u
#define PATH_PRIME 16777619u

static inline uint32_t path_hash(uint32_t hash, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)text[i]) * PATH_PRIME;
	return hash;
}

#endif
