/* SPDX-License-Identifier: ISC */
/* Builds and parses the frames of the daemons' protocols. Does no input or output. */
#include "frame.h"

#include <errno.h>
#include <string.h>

ssize_t frame_parse(const void *buffer, size_t have, size_t limit, struct frame *frame)
{
	const uint8_t *bytes = buffer;

	if (have < FRAME_HEADER_SIZE)
		return 0;
	memcpy(&frame->size, bytes, 4);
	memcpy(&frame->type, bytes + 4, 2);
	memcpy(&frame->version, bytes + 6, 2);
	frame->data = bytes + FRAME_HEADER_SIZE;
	if (frame->size > limit)
		return -EMSGSIZE;
	if (have - FRAME_HEADER_SIZE < frame->size)
		return 0;
	return (ssize_t)(FRAME_HEADER_SIZE + frame->size);
}

void frame_put_bytes(struct frame_writer *w, const void *data, size_t size)
{
	if (w->overflow || size > w->size - w->used) {
		w->overflow = true;
		return;
	}
	if (size > 0)
		memcpy(w->buffer + w->used, data, size);
	w->used += size;
}

void frame_begin(struct frame_writer *w, void *buffer, size_t size, uint16_t type, uint16_t version)
{
	uint32_t length = 0; /* filled in by frame_end() */

	*w = (struct frame_writer){.buffer = buffer, .size = size};
	frame_put_bytes(w, &length, sizeof(length));
	frame_put_bytes(w, &type, sizeof(type));
	frame_put_bytes(w, &version, sizeof(version));
}

void frame_put_u32(struct frame_writer *w, uint32_t value)
{
	frame_put_bytes(w, &value, sizeof(value));
}

void frame_put_u64(struct frame_writer *w, uint64_t value)
{
	frame_put_bytes(w, &value, sizeof(value));
}

void frame_put_string(struct frame_writer *w, const char *text)
{
	size_t length = strnlen(text, UINT16_MAX);
	uint16_t count = (uint16_t)length;

	frame_put_bytes(w, &count, sizeof(count));
	frame_put_bytes(w, text, length);
}

ssize_t frame_end(struct frame_writer *w)
{
	uint32_t length;

	if (w->overflow || w->used - FRAME_HEADER_SIZE > UINT32_MAX)
		return -EMSGSIZE;
	length = (uint32_t)(w->used - FRAME_HEADER_SIZE);
	memcpy(w->buffer, &length, sizeof(length));
	return (ssize_t)w->used;
}

void frame_open(struct reader *r, const struct frame *frame)
{
	*r = (struct reader){.at = (const char *)frame->data,
			     .end = (const char *)frame->data + frame->size};
}

void frame_get_string(struct reader *r, char *text, size_t size)
{
	uint16_t count;
	const char *from;

	reader_get_bytes(r, &count, sizeof(count));
	text[0] = '\0';
	from = reader_take(r, count);
	if (!from)
		return;
	if (count >= size || memchr(from, '\0', count)) {
		r->bad = true;
		return;
	}
	memcpy(text, from, count);
	text[count] = '\0';
}

int frame_close(const struct reader *r)
{
	return r->bad || r->at != r->end ? -EPROTO : 0;
}
