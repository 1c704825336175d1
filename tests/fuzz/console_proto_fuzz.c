/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes what reads bytes from a socket or a state file: the frames and every decoder of both
 * daemons' protocols, and the client's expect with output as it may come from a guest.
 */
#include "console/client/expect.h"
#include "clients/console_protocol.h"
#include "clients/monitor_protocol.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int true_or_abort)
{
	if (!true_or_abort)
		abort();
}

/* What can be decoded can be encoded again, and gives the same bytes. */
static void try_add(const struct frame *frame)
{
	uint8_t again[FRAME_HEADER_SIZE + CONSOLE_FRAME_MAX];
	char name[CONSOLE_NAME_MAX + 1];
	struct console_add add;

	if (console_get_add(frame, &add, name) < 0)
		return;
	check(strlen(name) <= CONSOLE_NAME_MAX);
	check(console_put_add(again, sizeof(again), &add) ==
	      (ssize_t)(FRAME_HEADER_SIZE + frame->size));
	check(memcmp(again + FRAME_HEADER_SIZE, frame->data, frame->size) == 0);
	if (console_name_is_valid(name))
		check(strchr(name, '/') == NULL && name[0] != '.');
}

static void try_register(const struct frame *frame)
{
	static uint8_t again[FRAME_HEADER_SIZE + MONITOR_FRAME_MAX];
	char name[MONITOR_NAME_MAX + 1];
	struct monitor_progress progress;
	struct monitor_guest guest;

	if (monitor_get_register(frame, &guest, name) == 0) {
		check(guest.config_size > 0 && guest.config_size <= MONITOR_CONFIG_MAX);
		check(monitor_put_register(again, sizeof(again), &guest) ==
		      (ssize_t)(FRAME_HEADER_SIZE + frame->size));
		check(memcmp(again + FRAME_HEADER_SIZE, frame->data, frame->size) == 0);
	}
	if (monitor_get_record(frame, &progress, &guest, name) == 0)
		for (int i = 0; i < MONITOR_EVENT_COUNT; i++)
			check((unsigned)guest.on[i] < MONITOR_ACTION_COUNT);
}

static void try_frame(const struct frame *frame)
{
	struct console_died died;
	struct console_open open;
	struct console_opened opened;
	struct console_entry entry;
	struct console_note note;
	struct monitor_guest_at at;
	struct monitor_pending pending;
	struct monitor_reason reason;
	char text[64];
	uint64_t u64;
	uint32_t u32;

	try_add(frame);
	try_register(frame);
	console_get_died(frame, &died);
	if (console_get_open(frame, &open) == 0)
		check(strlen(open.guest) <= CONSOLE_NAME_MAX);
	if (console_get_opened(frame, &opened) == 0)
		check(strlen(opened.name) <= CONSOLE_NAME_MAX);
	if (console_get_entry(frame, &entry) == 0)
		check(strlen(entry.name) <= CONSOLE_NAME_MAX);
	if (console_get_note(frame, &note) == 0)
		check(strlen(note.panic) <= CONSOLE_NOTE_MAX);
	if (console_get_text(frame, text, sizeof(text)) == 0)
		check(strlen(text) < sizeof(text));
	console_get_u64(frame, &u64);
	console_get_u32(frame, &u32);
	monitor_get_forget(frame, &at);
	monitor_get_next(frame, at.uuid);
	if (monitor_get_pending(frame, &pending) == 0)
		check(strlen(pending.name) <= MONITOR_NAME_MAX &&
		      strlen(pending.reason) <= MONITOR_TEXT_MAX);
	if (monitor_get_explain(frame, &reason) == 0)
		check(strlen(reason.sentence) <= MONITOR_TEXT_MAX);
}

static void try_expect(const uint8_t *data, size_t size)
{
	static const struct console_step steps[] = {{CONSOLE_STEP_EXPECT, "a.c$"},
						    {CONSOLE_STEP_SEND, "x"},
						    {CONSOLE_STEP_EXPECT, "^[0-9]+x"}};
	struct expect expect;
	struct report report;

	check(expect_init(&expect, steps, 3, &report) == 0);
	while (size > 0) {
		size_t piece = size < 7 ? size : 7;

		expect_feed(&expect, (const char *)data, piece);
		if (expect_advance(&expect) == EXPECT_SEND)
			expect_sent(&expect);
		check(expect.used <= EXPECT_WINDOW && expect.at <= 3);
		data += piece;
		size -= piece;
	}
	expect_free(&expect);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct frame frame;
	ssize_t whole;

	try_expect(data, size);
	while ((whole = frame_parse(data, size, MONITOR_FRAME_MAX, &frame)) > 0) {
		check((size_t)whole <= size && frame.size + FRAME_HEADER_SIZE == (size_t)whole);
		try_frame(&frame);
		data += whole;
		size -= (size_t)whole;
	}
	return 0;
}
