/* SPDX-License-Identifier: ISC */
/*
 * The last bytes of a guest's output, addressed by their position in the whole stream. Every reader
 * keeps a position of its own, so that one buffer serves replay and all clients, and a slow client
 * costs nothing but its own gap.
 */
#ifndef PLINTH_CONSOLE_SCROLLBACK_H
#define PLINTH_CONSOLE_SCROLLBACK_H

#include <stddef.h>
#include <stdint.h>

#define SCROLLBACK_FIRST 4096u /* bytes allocated at first; doubled as needed, up to the limit */

struct scrollback {
	char *data;
	size_t size;  /* allocated; once it is the limit, positions wrap in it */
	size_t limit; /* a power of two times SCROLLBACK_FIRST */
	uint64_t end; /* bytes ever appended */
};

/* limit is rounded up. Allocates nothing yet. */
void scrollback_init(struct scrollback *sb, size_t limit);
void scrollback_free(struct scrollback *sb);

/* Without memory to grow it keeps what it has and wraps in that. */
void scrollback_append(struct scrollback *sb, const void *data, size_t size);

/* The oldest position that is still there. */
uint64_t scrollback_start(const struct scrollback *sb);

/*
 * Copy from position on, at most size bytes; returns the count, 0 at the end. *position moves on;
 * *lost is how many bytes were skipped because they are gone.
 */
size_t scrollback_read(const struct scrollback *sb, uint64_t *position, void *data, size_t size,
		       uint64_t *lost);

#endif
