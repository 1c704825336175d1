/* SPDX-License-Identifier: ISC */
/* The last bytes of a guest's output, for replay and for clients of every speed. */
#include "scrollback.h"

#include <stdlib.h>
#include <string.h>

void scrollback_init(struct scrollback *sb, size_t limit)
{
	*sb = (struct scrollback){.limit = SCROLLBACK_FIRST};
	while (sb->limit < limit)
		sb->limit *= 2;
}

void scrollback_free(struct scrollback *sb)
{
	free(sb->data);
	*sb = (struct scrollback){.limit = sb->limit, .end = sb->end};
}

uint64_t scrollback_start(const struct scrollback *sb)
{
	return sb->end > sb->size ? sb->end - sb->size : 0;
}

/*
 * Growing is only possible while nothing has wrapped, because then position and offset are the same
 * in the old size and in the new one.
 */
static void grow(struct scrollback *sb, size_t more)
{
	size_t size = sb->size ? sb->size : SCROLLBACK_FIRST;
	char *data;

	if (sb->end > sb->size)
		return;
	while (size < sb->limit && size < sb->end + more)
		size *= 2;
	if (size == sb->size)
		return;
	data = realloc(sb->data, size);
	if (!data)
		return;
	sb->data = data;
	sb->size = size;
}

void scrollback_append(struct scrollback *sb, const void *data, size_t size)
{
	const char *at = data;

	grow(sb, size);
	if (sb->size == 0) {
		sb->end += size;
		return;
	}
	if (size > sb->size) { /* only the tail can stay */
		at += size - sb->size;
		sb->end += size - sb->size;
		size = sb->size;
	}
	while (size > 0) {
		size_t offset = (size_t)(sb->end % sb->size);
		size_t count = size < sb->size - offset ? size : sb->size - offset;

		memcpy(sb->data + offset, at, count);
		sb->end += count;
		at += count;
		size -= count;
	}
}

size_t scrollback_read(const struct scrollback *sb, uint64_t *position, void *data, size_t size,
		       uint64_t *lost)
{
	uint64_t start = scrollback_start(sb);
	size_t done = 0;

	*lost = *position < start ? start - *position : 0;
	if (*position < start)
		*position = start;
	while (done < size && *position < sb->end) {
		size_t offset = (size_t)(*position % sb->size);
		uint64_t left = sb->end - *position;
		size_t count = size - done < sb->size - offset ? size - done : sb->size - offset;

		if (count > left)
			count = (size_t)left;
		memcpy((char *)data + done, sb->data + offset, count);
		*position += count;
		done += count;
	}
	return done;
}
