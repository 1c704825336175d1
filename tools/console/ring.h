/* SPDX-License-Identifier: ISC */
/*
 * dom0's end of a guest's console ring (public ABI io/console.h): one shared page that the guest
 * may scribble on at any moment.
 *
 *     0            1024                    3072     3076     3080      3084
 *     | in[1024]   | out[2048]             | in_cons| in_prod| out_cons| out_prod |
 *       we produce   the guest produces      guest    we       we        guest
 *
 * Indices run freely and are taken modulo the size. The two that are ours live here, in private
 * memory, and are only ever written to the page; the guest's two are read once per call and
 * checked.
 */
#ifndef PLINTH_CONSOLE_RING_H
#define PLINTH_CONSOLE_RING_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CONSOLE_RING_IN  1024u
#define CONSOLE_RING_OUT 2048u

struct console_ring_page { /* ABI, do not change */
	char in[CONSOLE_RING_IN];
	char out[CONSOLE_RING_OUT];
	uint32_t in_cons, in_prod;
	uint32_t out_cons, out_prod;
};

struct console_ring {
	struct console_ring_page *page;
	uint32_t in_prod;  /* ours */
	uint32_t out_cons; /* ours */
};

/*
 * Start where the page says a predecessor stopped. -EBADMSG when the indices are impossible.
 * Nothing is written to the page.
 */
int console_ring_open(struct console_ring *ring, void *page);

/* Take at most size bytes of output. Count, 0 when there is none, -EBADMSG on impossible indices.
 */
ssize_t console_ring_read(struct console_ring *ring, void *data, size_t size);

/* Put at most size bytes of input. Count, 0 when there is no room, -EBADMSG on impossible indices.
 */
ssize_t console_ring_write(struct console_ring *ring, const void *data, size_t size);

/* Bytes of output that wait, bytes of input that the guest has not taken; -EBADMSG likewise. */
ssize_t console_ring_output(const struct console_ring *ring);
ssize_t console_ring_untaken(const struct console_ring *ring);

#endif
