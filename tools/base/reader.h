/* SPDX-License-Identifier: ISC */
/* Reads fields one after the other from data that may be shorter than it should be. */
#ifndef TOOLS_BASE_READER_H
#define TOOLS_BASE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* After a read past the end it is bad, and all later reads fail. */
struct reader {
	const char *at, *end;
	bool bad;
};

/* The next bytes, where they are; NULL if there are fewer. */
const char *reader_take(struct reader *reader, size_t size);

void reader_get_bytes(struct reader *reader, void *data, size_t size); /* zeroes if it fails */
uint32_t reader_get_u32(struct reader *reader);                        /* 0 if it fails */
uint64_t reader_get_u64(struct reader *reader);

#endif
