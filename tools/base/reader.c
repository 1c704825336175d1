/* SPDX-License-Identifier: ISC */
/* Reads fields one after the other from data that may be shorter than it should be. */
#include "reader.h"

#include <string.h>

const char *reader_take(struct reader *reader, size_t size)
{
	const char *data = reader->at;

	if (reader->bad || size > (size_t)(reader->end - data)) {
		reader->bad = true;
		return NULL;
	}
	reader->at += size;
	return data;
}

void reader_get_bytes(struct reader *reader, void *data, size_t size)
{
	const char *from = reader_take(reader, size);

	if (from)
		memcpy(data, from, size);
	else
		memset(data, 0, size);
}

uint32_t reader_get_u32(struct reader *reader)
{
	uint32_t value;

	reader_get_bytes(reader, &value, sizeof(value));
	return value;
}

uint64_t reader_get_u64(struct reader *reader)
{
	uint64_t value;

	reader_get_bytes(reader, &value, sizeof(value));
	return value;
}
