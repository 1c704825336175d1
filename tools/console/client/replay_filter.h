/* SPDX-License-Identifier: ISC */
/*
 * What a guest said earlier, made fit to be shown again: text, colours and movements of the cursor.
 * All else is left out: what has a terminal answer (reports of its state, its name, its colours),
 * as the answer would be typed into the guest, or into the shell, and what changes its modes or
 * title.
 *
 * Sequences go through whole or not at all. The terminal is taken to be one for UTF-8, in which the
 * control characters 0x80 to 0x9f count as well.
 */
#ifndef PLINTH_CONSOLE_REPLAY_FILTER_H
#define PLINTH_CONSOLE_REPLAY_FILTER_H

#include <stddef.h>
#include <stdint.h>

#define REPLAY_SEQUENCE 48 /* bytes; a longer one is left out */

struct replay_filter {
	int state; /* all zero: between sequences */
	char sequence[REPLAY_SEQUENCE];
	size_t used;
	uint64_t left_out; /* sequences and characters, so far */
};

/* Filters a piece. out has room for size + REPLAY_SEQUENCE bytes; how many it has now. */
size_t replay_filter_run(struct replay_filter *filter, const uint8_t *data, size_t size,
			 uint8_t *out);

#endif
