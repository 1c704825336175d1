/* SPDX-License-Identifier: ISC */
/* Records: how the store is written down, field by field. */
#include "record.h"

#include <string.h>

void record_bytes(struct record *record, const void *data, size_t len)
{
	/* Nothing that the store holds is longer; RECORD_OUT and RECORD_TAKEN are cut up. */
	if (len > sizeof(record->data) - record->len)
		len = sizeof(record->data) - record->len;
	if (len)
		memcpy(record->data + record->len, data, len);
	record->len += len;
}

void record_u32(struct record *record, uint32_t value)
{
	record_bytes(record, &value, sizeof(value));
}

void record_u64(struct record *record, uint64_t value)
{
	record_bytes(record, &value, sizeof(value));
}

void record_string(struct record *record, const char *text)
{
	record_bytes(record, text, strlen(text) + 1);
}

void record_begin(struct record *record, enum record_type type)
{
	record->len = 0;
	record_u32(record, 0);
	record_u32(record, type);
}

void record_end(struct record *record)
{
	uint32_t len = (uint32_t)record->len;

	memcpy(record->data, &len, sizeof(len));
}

unsigned record_next(const char **at, const char *end, struct reader *reader)
{
	uint32_t head[2];

	if (end - *at < RECORD_HEAD)
		return 0;
	memcpy(head, *at, sizeof(head));
	if (head[0] < RECORD_HEAD || head[0] > (size_t)(end - *at))
		return 0;
	*reader = (struct reader){.at = *at + RECORD_HEAD, .end = *at + head[0]};
	*at += head[0];
	return head[1];
}

const char *record_get_string(struct reader *reader)
{
	const char *text = reader->at;
	const char *nul = memchr(text, '\0', (size_t)(reader->end - text));

	if (!nul) {
		reader->bad = true;
		return "";
	}
	reader->at = nul + 1;
	return text;
}

const char *record_get_rest(struct reader *reader, size_t *len)
{
	*len = (size_t)(reader->end - reader->at);
	return reader->at;
}
