/* SPDX-License-Identifier: ISC */
/*
 * A hash for values that must be the same on every run, such as UUIDs and MAC addresses. It is not
 * cryptographic: it neither keeps a secret nor resists a search for collisions.
 */
#ifndef TOOLS_COMMON_HASH_H
#define TOOLS_COMMON_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash {
	uint64_t lanes[2];
};

void hash_start(struct hash *hash);
void hash_add(struct hash *hash, const void *bytes, size_t length);
void hash_finish(const struct hash *hash, uint8_t result[16]);

#endif
