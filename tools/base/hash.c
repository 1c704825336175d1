/* SPDX-License-Identifier: ISC */
/* A hash for values that must be the same on every run, such as UUIDs and MAC addresses. */
#include "hash.h"

/*
 * Two lanes of FNV-1a with its 64-bit parameters. The digits of the golden ratio make the lanes
 * differ.
 */
#define FNV_OFFSET 0xcbf29ce484222325ULL
#define FNV_PRIME  0x00000100000001b3ULL
#define GOLDEN     0x9e3779b97f4a7c15ULL

void hash_start(struct hash *hash)
{
	hash->lanes[0] = FNV_OFFSET;
	hash->lanes[1] = FNV_OFFSET ^ GOLDEN;
}

void hash_add(struct hash *hash, const void *bytes, size_t length)
{
	const uint8_t *at = bytes;

	for (; length--; at++)
		for (unsigned int i = 0; i < 2; i++)
			hash->lanes[i] = (hash->lanes[i] ^ *at) * FNV_PRIME;
}

/* The finalizer of SplitMix64: every bit of the result depends on every bit of x. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

void hash_finish(const struct hash *hash, uint8_t result[16])
{
	for (unsigned int i = 0; i < 2; i++) {
		uint64_t x = mix(hash->lanes[i]);

		for (unsigned int byte = 0; byte < 8; byte++, x >>= 8)
			result[8 * i + byte] = (uint8_t)x;
	}
}
