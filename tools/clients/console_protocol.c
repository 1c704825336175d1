/* SPDX-License-Identifier: ISC */
/* Encoding and checked decoding of the console protocol's messages. */
#include "console_protocol.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool console_name_is_valid(const char *name)
{
	size_t length = strnlen(name, CONSOLE_NAME_MAX + 1);

	if (length == 0 || length > CONSOLE_NAME_MAX || name[0] == '.' || name[0] == '-')
		return false;
	for (size_t i = 0; i < length; i++)
		if (name[i] <= ' ' || name[i] > '~' || name[i] == '/')
			return false;
	return strspn(name, "0123456789") != length; /* else it would be taken for a domid */
}

const char *const console_kind_words[CONSOLE_KINDS] = {"pv", "vuart"};

static int close_with_kind(struct reader *r, uint32_t kind)
{
	int ret = frame_close(r);

	return ret == 0 && kind >= CONSOLE_KINDS ? -EPROTO : ret;
}

ssize_t console_put_add(void *buffer, size_t size, const struct console_add *add)
{
	struct frame_writer w;

	frame_begin(&w, buffer, size, CONSOLE_ADD, CONSOLE_VERSION);
	frame_put_u32(&w, add->domid);
	frame_put_bytes(&w, add->uuid, sizeof(add->uuid));
	frame_put_u64(&w, add->ring_gfn);
	frame_put_u32(&w, add->guest_port);
	frame_put_u32(&w, add->flags);
	frame_put_u32(&w, add->kind);
	frame_put_u32(&w, add->scrollback);
	frame_put_u64(&w, add->log_limit);
	frame_put_string(&w, add->name ? add->name : "");
	return frame_end(&w);
}

int console_get_add(const struct frame *frame, struct console_add *add,
		    char name[CONSOLE_NAME_MAX + 1])
{
	struct reader r;

	frame_open(&r, frame);
	add->domid = reader_get_u32(&r);
	reader_get_bytes(&r, add->uuid, sizeof(add->uuid));
	add->ring_gfn = reader_get_u64(&r);
	add->guest_port = reader_get_u32(&r);
	add->flags = reader_get_u32(&r);
	add->kind = reader_get_u32(&r);
	add->scrollback = reader_get_u32(&r);
	add->log_limit = reader_get_u64(&r);
	frame_get_string(&r, name, CONSOLE_NAME_MAX + 1);
	add->name = name;
	return close_with_kind(&r, add->kind);
}

ssize_t console_put_died(void *buffer, size_t size, const struct console_died *died)
{
	struct frame_writer w;

	frame_begin(&w, buffer, size, CONSOLE_DIED, CONSOLE_VERSION);
	frame_put_u32(&w, died->domid);
	frame_put_bytes(&w, died->uuid, sizeof(died->uuid));
	frame_put_u32(&w, (uint32_t)died->reason);
	return frame_end(&w);
}

int console_get_died(const struct frame *frame, struct console_died *died)
{
	struct reader r;

	frame_open(&r, frame);
	died->domid = reader_get_u32(&r);
	reader_get_bytes(&r, died->uuid, sizeof(died->uuid));
	died->reason = (int32_t)reader_get_u32(&r);
	return frame_close(&r);
}

ssize_t console_put_open(void *buffer, size_t size, const struct console_open *open)
{
	struct frame_writer w;

	frame_begin(&w, buffer, size, CONSOLE_OPEN, CONSOLE_VERSION);
	frame_put_u32(&w, open->flags);
	frame_put_u32(&w, open->kind);
	frame_put_string(&w, open->guest);
	return frame_end(&w);
}

int console_get_open(const struct frame *frame, struct console_open *open)
{
	struct reader r;

	frame_open(&r, frame);
	open->flags = reader_get_u32(&r);
	open->kind = reader_get_u32(&r);
	frame_get_string(&r, open->guest, sizeof(open->guest));
	return close_with_kind(&r, open->kind);
}

ssize_t console_put_opened(void *buffer, size_t size, const struct console_opened *opened)
{
	struct frame_writer w;

	frame_begin(&w, buffer, size, CONSOLE_OPENED, CONSOLE_VERSION);
	frame_put_u32(&w, opened->domid);
	frame_put_bytes(&w, opened->uuid, sizeof(opened->uuid));
	frame_put_u32(&w, opened->state);
	frame_put_string(&w, opened->name);
	return frame_end(&w);
}

int console_get_opened(const struct frame *frame, struct console_opened *opened)
{
	struct reader r;

	frame_open(&r, frame);
	opened->domid = reader_get_u32(&r);
	reader_get_bytes(&r, opened->uuid, sizeof(opened->uuid));
	opened->state = reader_get_u32(&r);
	frame_get_string(&r, opened->name, sizeof(opened->name));
	return frame_close(&r);
}

ssize_t console_put_note(void *buffer, size_t size, const struct console_note *note)
{
	struct frame_writer w;

	frame_begin(&w, buffer, size, CONSOLE_NOTE, CONSOLE_VERSION);
	frame_put_u32(&w, note->domid);
	frame_put_bytes(&w, note->uuid, sizeof(note->uuid));
	frame_put_string(&w, note->panic);
	return frame_end(&w);
}

int console_get_note(const struct frame *frame, struct console_note *note)
{
	struct reader r;

	frame_open(&r, frame);
	note->domid = reader_get_u32(&r);
	reader_get_bytes(&r, note->uuid, sizeof(note->uuid));
	frame_get_string(&r, note->panic, sizeof(note->panic));
	return frame_close(&r);
}

ssize_t console_put_entry(void *buffer, size_t size, const struct console_entry *entry)
{
	struct frame_writer w;

	frame_begin(&w, buffer, size, CONSOLE_ENTRY, CONSOLE_VERSION);
	frame_put_u32(&w, entry->domid);
	frame_put_u32(&w, entry->kind);
	frame_put_u32(&w, entry->state);
	frame_put_u64(&w, entry->output);
	frame_put_u32(&w, entry->clients);
	frame_put_string(&w, entry->name);
	return frame_end(&w);
}

int console_get_entry(const struct frame *frame, struct console_entry *entry)
{
	struct reader r;

	frame_open(&r, frame);
	entry->domid = reader_get_u32(&r);
	entry->kind = reader_get_u32(&r);
	entry->state = reader_get_u32(&r);
	entry->output = reader_get_u64(&r);
	entry->clients = reader_get_u32(&r);
	frame_get_string(&r, entry->name, sizeof(entry->name));
	return close_with_kind(&r, entry->kind);
}

ssize_t console_put_error(void *buffer, size_t size, int error, const char *sentence)
{
	char cut[CONSOLE_TEXT_MAX + 1];
	struct frame_writer w;

	snprintf(cut, sizeof(cut), "%s", sentence);
	frame_begin(&w, buffer, size, CONSOLE_ERROR, CONSOLE_VERSION);
	frame_put_u32(&w, (uint32_t)error);
	frame_put_string(&w, cut);
	return frame_end(&w);
}

ssize_t console_put_text(void *buffer, size_t size, uint16_t type, const char *text)
{
	struct frame_writer w;

	frame_begin(&w, buffer, size, type, CONSOLE_VERSION);
	frame_put_string(&w, text);
	return frame_end(&w);
}

int console_get_text(const struct frame *frame, char *text, size_t size)
{
	struct reader r;

	frame_open(&r, frame);
	frame_get_string(&r, text, size);
	return frame_close(&r);
}

ssize_t console_put_u64(void *buffer, size_t size, uint16_t type, uint64_t value)
{
	return console_put_bytes(buffer, size, type, &value, sizeof(value));
}

int console_get_u64(const struct frame *frame, uint64_t *value)
{
	struct reader r;

	frame_open(&r, frame);
	*value = reader_get_u64(&r);
	return frame_close(&r);
}

ssize_t console_put_u32(void *buffer, size_t size, uint16_t type, uint32_t value)
{
	return console_put_bytes(buffer, size, type, &value, sizeof(value));
}

int console_get_u32(const struct frame *frame, uint32_t *value)
{
	struct reader r;

	frame_open(&r, frame);
	*value = reader_get_u32(&r);
	return frame_close(&r);
}

ssize_t console_put_bytes(void *buffer, size_t size, uint16_t type, const void *data, size_t count)
{
	struct frame_writer w;

	frame_begin(&w, buffer, size, type, CONSOLE_VERSION);
	frame_put_bytes(&w, data, count);
	return frame_end(&w);
}

ssize_t console_put_empty(void *buffer, size_t size, uint16_t type)
{
	return console_put_bytes(buffer, size, type, NULL, 0);
}
