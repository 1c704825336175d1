/* SPDX-License-Identifier: ISC */
/* Finds a kernel's last words in a guest's output: Linux on ARM tells nobody else of its panic. */
#include "panic.h"

#include <string.h>

static const char mark[] = "Kernel panic - not syncing";

/* What a guest wrote is shown on terminals: nothing in it may steer one. */
static void copy_printable(char *to, size_t room, const char *from, size_t size)
{
	size_t count = size < room - 1 ? size : room - 1;

	for (size_t i = 0; i < count; i++)
		to[i] = from[i] >= ' ' && from[i] <= '~' ? from[i] : '?';
	to[count] = '\0';
}

/* A whole line is there, or as much of it as is kept. */
static void end_line(struct panic *panic)
{
	const char *end = panic->line + panic->used;
	const char *found = memmem(panic->line, panic->used, mark, sizeof(mark) - 1);

	while (found && end > found && end[-1] == '\r')
		end--;
	if (found)
		copy_printable(panic->text, sizeof(panic->text), found, (size_t)(end - found));
	panic->used = 0;
}

static void keep(struct panic *panic, const char *data, size_t size)
{
	size_t room = sizeof(panic->line) - panic->used;

	if (size > room)
		size = room;
	memcpy(panic->line + panic->used, data, size);
	panic->used += size;
}

void panic_feed(struct panic *panic, const char *data, size_t size)
{
	const char *end = data + size, *newline;

	while (!*panic->text && data < end) {
		newline = memchr(data, '\n', (size_t)(end - data));
		keep(panic, data, (size_t)((newline ? newline : end) - data));
		if (newline)
			end_line(panic);
		data = newline ? newline + 1 : end;
	}
}
