/* SPDX-License-Identifier: ISC */
/*
 * What a guest said earlier, made fit to be shown again: a terminal's parser that leaves much out.
 */
#include "replay_filter.h"

#include <stdbool.h>
#include <string.h>

#define ESC 0x1b
#define CAN 0x18
#define SUB 0x1a
#define BEL 0x07

enum state {
	GROUND,
	ESCAPE,       /* after ESC */
	ESCAPE_MORE,  /* after ESC and what says that a letter follows */
	CONTROL,      /* after ESC [ */
	STRING,       /* to the end of OSC, DCS, APC, PM, SOS: nothing of it is shown */
	STRING_ESC,   /* and an ESC in it, perhaps of its end */
	CHARACTER_C2, /* after 0xc2: a UTF-8 character, or a control of the second set */
	CHARACTER_1,  /* so many bytes of a UTF-8 character are missing */
	CHARACTER_2,
	CHARACTER_3,
};

/* Where the output goes. */
struct sink {
	struct replay_filter *filter;
	uint8_t *out;
	size_t size;
};

static void show(struct sink *sink, uint8_t byte)
{
	sink->out[sink->size++] = byte;
}

static void keep(struct replay_filter *filter, uint8_t byte)
{
	if (filter->used < REPLAY_SEQUENCE)
		filter->sequence[filter->used] = (char)byte;
	filter->used++;
}

/* The end of what was kept, which is shown or left out. */
static void end(struct sink *sink, bool shown)
{
	struct replay_filter *filter = sink->filter;

	if (shown && filter->used <= REPLAY_SEQUENCE) {
		memcpy(sink->out + sink->size, filter->sequence, filter->used);
		sink->size += filter->used;
	} else {
		filter->left_out++;
	}
	filter->used = 0;
	filter->state = GROUND;
}

static bool is_one_of(const char *set, uint8_t byte)
{
	return byte && strchr(set, byte);
}

static void begin(struct sink *sink, enum state state, uint8_t byte)
{
	sink->filter->used = 0;
	sink->filter->state = state;
	keep(sink->filter, byte);
}

/* Of the second set: the same as ESC and a letter. None of them is shown in that form. */
static void take_c1(struct sink *sink, uint8_t byte)
{
	sink->filter->used = REPLAY_SEQUENCE + 1;
	if (byte == 0x9b)
		sink->filter->state = CONTROL;
	else if (is_one_of("\x90\x98\x9d\x9e\x9f", byte))
		sink->filter->state = STRING;
	else
		end(sink, false);
}

static void begin_character(struct sink *sink, uint8_t byte)
{
	static const struct {
		uint8_t from, to;
		enum state state;
	} rows[] = {
		{0xc2, 0xc2, CHARACTER_C2},
		{0xc3, 0xdf, CHARACTER_1},
		{0xe0, 0xef, CHARACTER_2},
		{0xf0, 0xf4, CHARACTER_3},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (byte >= rows[i].from && byte <= rows[i].to)
			begin(sink, rows[i].state, byte);
	if (sink->filter->state == GROUND)
		sink->filter->left_out++; /* not UTF-8 */
}

static void take_ground(struct sink *sink, uint8_t byte)
{
	if (byte == ESC)
		begin(sink, ESCAPE, byte);
	else if (is_one_of("\a\b\t\n\v\f\r\x0e\x0f", byte) || (byte >= ' ' && byte < 0x7f))
		show(sink, byte);
	else if (byte >= 0x80 && byte < 0xa0)
		take_c1(sink, byte);
	else if (byte > 0x7f)
		begin_character(sink, byte);
	else
		sink->filter->left_out++; /* 0x05 has terminals answer, too */
}

static void take_escape(struct sink *sink, uint8_t byte)
{
	keep(sink->filter, byte);
	if (byte == '[')
		sink->filter->state = CONTROL;
	else if (is_one_of("]PX^_", byte))
		sink->filter->state = STRING;
	else if (byte >= ' ' && byte < '0')
		sink->filter->state = ESCAPE_MORE;
	else
		end(sink, is_one_of("78DEM", byte));
}

/* Character sets, "ESC ( B"; all others are for tests and for modes. */
static void take_escape_more(struct sink *sink, uint8_t byte)
{
	keep(sink->filter, byte);
	if (byte >= '0')
		end(sink, sink->filter->used == 3 &&
				  is_one_of("()*+", (uint8_t)sink->filter->sequence[1]));
}

static bool is_harmless_control(const struct replay_filter *filter)
{
	size_t size = filter->used;
	const char *text = filter->sequence;

	if (size > REPLAY_SEQUENCE)
		return false;
	if (size == 6 && !memcmp(text + 2, "?25", 3)) /* the cursor seen or not */
		return text[5] == 'h' || text[5] == 'l';
	for (size_t i = 2; i < size - 1; i++)
		if (!is_one_of("0123456789;:", (uint8_t)text[i]))
			return false;
	return is_one_of("@ABCDEFGHIJKLMPSTXZ`adefmrsu", (uint8_t)text[size - 1]);
}

static void take_control(struct sink *sink, uint8_t byte)
{
	if (byte < ' ')
		return; /* a terminal obeys it and goes on with the sequence */
	keep(sink->filter, byte);
	if (byte >= 0x40)
		end(sink, is_harmless_control(sink->filter));
}

/* A line ends it too: what is never ended hides no more than that. */
static void take_string(struct sink *sink, uint8_t byte)
{
	if (byte == BEL || byte == 0x9c || byte == '\n')
		end(sink, false);
	if (byte == '\n')
		show(sink, byte);
}

/* Its end, or the beginning of another sequence. */
static void take_string_escape(struct sink *sink, uint8_t byte)
{
	if (byte == '\\') {
		end(sink, false);
		return;
	}
	sink->filter->left_out++;
	begin(sink, ESCAPE, ESC);
	take_escape(sink, byte);
}

/* The rest of a character; what is no rest of it begins something else. */
static void take_character(struct sink *sink, uint8_t byte)
{
	enum state state = (enum state)sink->filter->state;

	if ((byte & 0xc0) != 0x80) {
		end(sink, false);
		take_ground(sink, byte);
	} else if (state == CHARACTER_C2 && byte < 0xa0) {
		take_c1(sink, byte);
	} else {
		keep(sink->filter, byte);
		if (state == CHARACTER_C2 || state == CHARACTER_1)
			end(sink, true);
		else
			sink->filter->state = state - 1;
	}
}

static void (*const take[])(struct sink *sink, uint8_t byte) = {
	[GROUND] = take_ground,           [ESCAPE] = take_escape,
	[ESCAPE_MORE] = take_escape_more, [CONTROL] = take_control,
	[STRING] = take_string,           [STRING_ESC] = take_string_escape,
	[CHARACTER_C2] = take_character,  [CHARACTER_1] = take_character,
	[CHARACTER_2] = take_character,   [CHARACTER_3] = take_character,
};

static bool is_sequence(int state)
{
	return state >= ESCAPE && state <= STRING_ESC;
}

static void take_byte(struct sink *sink, uint8_t byte)
{
	struct replay_filter *filter = sink->filter;

	if (is_sequence(filter->state) && (byte == CAN || byte == SUB)) {
		end(sink, false);
	} else if (byte == ESC && filter->state == STRING) {
		filter->state = STRING_ESC;
	} else if (byte == ESC && is_sequence(filter->state) && filter->state != STRING_ESC) {
		filter->left_out++;
		begin(sink, ESCAPE, byte);
	} else {
		take[filter->state](sink, byte);
	}
}

size_t replay_filter_run(struct replay_filter *filter, const uint8_t *data, size_t size,
			 uint8_t *out)
{
	struct sink sink = {.filter = filter, .out = out};

	for (size_t i = 0; i < size; i++)
		take_byte(&sink, data[i]);
	return sink.size;
}
