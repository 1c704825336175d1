/* SPDX-License-Identifier: ISC */
/* Encoding and checked decoding of the monitor's messages and state files. */
#include "monitor_protocol.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void put_guest(struct frame_writer *w, const struct monitor_guest *guest)
{
	frame_put_u32(w, guest->domid);
	frame_put_bytes(w, guest->uuid, sizeof(guest->uuid));
	for (int i = 0; i < MONITOR_EVENT_COUNT; i++)
		frame_put_u32(w, guest->on[i]);
	frame_put_string(w, guest->name);
	frame_put_u32(w, (uint32_t)guest->config_size);
	frame_put_bytes(w, guest->config, guest->config_size);
}

static void get_guest(struct reader *r, struct monitor_guest *guest,
		      char name[MONITOR_NAME_MAX + 1])
{
	guest->domid = reader_get_u32(r);
	reader_get_bytes(r, guest->uuid, sizeof(guest->uuid));
	for (int i = 0; i < MONITOR_EVENT_COUNT; i++) {
		uint32_t action = reader_get_u32(r);

		guest->on[i] = (enum monitor_action)action;
		r->bad |= action >= MONITOR_ACTION_COUNT;
	}
	frame_get_string(r, name, MONITOR_NAME_MAX + 1);
	guest->name = name;
	guest->config_size = reader_get_u32(r);
	guest->config = (const char *)r->at;
	if (r->bad || guest->config_size == 0 || guest->config_size > MONITOR_CONFIG_MAX ||
	    guest->config_size > (size_t)(r->end - r->at) || name[0] == '\0') {
		r->bad = true;
		return;
	}
	r->at += guest->config_size;
	r->bad = memchr(guest->config, '\0', guest->config_size) != NULL;
}

ssize_t monitor_put_register(void *buffer, size_t size, const struct monitor_guest *guest)
{
	struct frame_writer w;

	frame_begin(&w, buffer, size, MONITOR_REGISTER, MONITOR_VERSION);
	put_guest(&w, guest);
	return frame_end(&w);
}

int monitor_get_register(const struct frame *frame, struct monitor_guest *guest,
			 char name[MONITOR_NAME_MAX + 1])
{
	struct reader r;

	frame_open(&r, frame);
	get_guest(&r, guest, name);
	return frame_close(&r);
}

ssize_t monitor_put_record(void *buffer, size_t size, const struct monitor_progress *progress,
			   const struct monitor_guest *guest)
{
	struct frame_writer w;

	frame_begin(&w, buffer, size, MONITOR_RECORD, MONITOR_VERSION);
	frame_put_u32(&w, progress->state);
	frame_put_u32(&w, progress->action);
	frame_put_u32(&w, progress->quick_deaths);
	frame_put_u64(&w, (uint64_t)progress->started_ms);
	put_guest(&w, guest);
	frame_put_string(&w, progress->reason);
	return frame_end(&w);
}

int monitor_get_record(const struct frame *frame, struct monitor_progress *progress,
		       struct monitor_guest *guest, char name[MONITOR_NAME_MAX + 1])
{
	struct reader r;

	frame_open(&r, frame);
	progress->state = reader_get_u32(&r);
	progress->action = reader_get_u32(&r);
	progress->quick_deaths = reader_get_u32(&r);
	progress->started_ms = (int64_t)reader_get_u64(&r);
	progress->reason[0] = '\0';
	get_guest(&r, guest, name);
	if (!r.bad && r.at != r.end)
		frame_get_string(&r, progress->reason, sizeof(progress->reason));
	return frame_close(&r);
}

ssize_t monitor_put_forget(void *buffer, size_t size, const struct monitor_guest_at *at)
{
	struct frame_writer w;

	frame_begin(&w, buffer, size, MONITOR_FORGET, MONITOR_VERSION);
	frame_put_u32(&w, at->domid);
	frame_put_bytes(&w, at->uuid, sizeof(at->uuid));
	return frame_end(&w);
}

int monitor_get_forget(const struct frame *frame, struct monitor_guest_at *at)
{
	struct reader r;

	frame_open(&r, frame);
	at->domid = reader_get_u32(&r);
	reader_get_bytes(&r, at->uuid, sizeof(at->uuid));
	return frame_close(&r);
}

ssize_t monitor_put_call_off(void *buffer, size_t size, const char *name)
{
	struct frame_writer w;

	frame_begin(&w, buffer, size, MONITOR_CALL_OFF, MONITOR_VERSION);
	frame_put_string(&w, name);
	return frame_end(&w);
}

int monitor_get_call_off(const struct frame *frame, char name[MONITOR_NAME_MAX + 1])
{
	struct reader r;

	frame_open(&r, frame);
	frame_get_string(&r, name, MONITOR_NAME_MAX + 1);
	return frame_close(&r);
}

ssize_t monitor_put_explain(void *buffer, size_t size, const struct monitor_reason *reason)
{
	struct frame_writer w;

	frame_begin(&w, buffer, size, MONITOR_EXPLAIN, MONITOR_VERSION);
	frame_put_bytes(&w, reason->uuid, sizeof(reason->uuid));
	frame_put_string(&w, reason->sentence);
	return frame_end(&w);
}

int monitor_get_explain(const struct frame *frame, struct monitor_reason *reason)
{
	struct reader r;

	frame_open(&r, frame);
	reader_get_bytes(&r, reason->uuid, sizeof(reason->uuid));
	frame_get_string(&r, reason->sentence, sizeof(reason->sentence));
	return frame_close(&r);
}

ssize_t monitor_put_next(void *buffer, size_t size, const uint8_t uuid[16])
{
	struct frame_writer w;

	frame_begin(&w, buffer, size, MONITOR_NEXT, MONITOR_VERSION);
	frame_put_bytes(&w, uuid, 16);
	return frame_end(&w);
}

int monitor_get_next(const struct frame *frame, uint8_t uuid[16])
{
	struct reader r;

	frame_open(&r, frame);
	reader_get_bytes(&r, uuid, 16);
	return frame_close(&r);
}

ssize_t monitor_put_pending(void *buffer, size_t size, const struct monitor_pending *pending)
{
	struct frame_writer w;

	frame_begin(&w, buffer, size, MONITOR_PENDING, MONITOR_VERSION);
	frame_put_bytes(&w, pending->uuid, sizeof(pending->uuid));
	frame_put_u32(&w, pending->working);
	frame_put_u32(&w, pending->tries);
	frame_put_u32(&w, pending->due_ms);
	frame_put_string(&w, pending->name);
	frame_put_string(&w, pending->reason);
	return frame_end(&w);
}

int monitor_get_pending(const struct frame *frame, struct monitor_pending *pending)
{
	struct reader r;

	frame_open(&r, frame);
	reader_get_bytes(&r, pending->uuid, sizeof(pending->uuid));
	pending->working = reader_get_u32(&r);
	pending->tries = reader_get_u32(&r);
	pending->due_ms = reader_get_u32(&r);
	frame_get_string(&r, pending->name, sizeof(pending->name));
	frame_get_string(&r, pending->reason, sizeof(pending->reason));
	return frame_close(&r);
}

ssize_t monitor_put_error(void *buffer, size_t size, int error, const char *sentence)
{
	char cut[MONITOR_TEXT_MAX + 1];
	struct frame_writer w;

	snprintf(cut, sizeof(cut), "%s", sentence);
	frame_begin(&w, buffer, size, MONITOR_ERROR, MONITOR_VERSION);
	frame_put_u32(&w, (uint32_t)error);
	frame_put_string(&w, cut);
	return frame_end(&w);
}

ssize_t monitor_put_ok(void *buffer, size_t size)
{
	struct frame_writer w;

	frame_begin(&w, buffer, size, MONITOR_OK, MONITOR_VERSION);
	return frame_end(&w);
}
