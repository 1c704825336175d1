/* SPDX-License-Identifier: ISC */
/* Finds a kernel's last words in a guest's output: Linux on ARM tells nobody else of its panic. */
#ifndef PLINTH_CONSOLE_PANIC_H
#define PLINTH_CONSOLE_PANIC_H

#include "clients/console_client.h"

#include <stddef.h>

/* Start from all zero. */
struct panic {
	char line[CONSOLE_NOTE_MAX + 128]; /* the beginning of the line that is coming in */
	size_t used;
	char text[CONSOLE_NOTE_MAX + 1]; /* the first panic, printable; "": there was none */
};

/*
 * The next piece of output, however it is cut. A guest that prints such a line of its own fools
 * only itself.
 */
void panic_feed(struct panic *panic, const char *data, size_t size);

#endif
