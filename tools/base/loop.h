/* SPDX-License-Identifier: ISC */
/* A single-threaded event loop over epoll for the daemons. */
#ifndef PLINTH_COMMON_LOOP_H
#define PLINTH_COMMON_LOOP_H

#include <stdint.h>

#define LOOP_BATCH 16

struct loop_source {
	int fd;
	uint32_t events; /* EPOLLIN, ...; 0 still reports EPOLLHUP and EPOLLERR */
	void (*ready)(struct loop_source *source, uint32_t events);
};

struct loop {
	int fd;
	int pending_count;
	struct loop_source *pending[LOOP_BATCH]; /* current batch; NULL once removed */
};

int loop_init(struct loop *loop); /* 0 or a negative errno */
void loop_close(struct loop *loop);

/* The caller owns the source and must not move it before it is removed. */
int loop_add(struct loop *loop, struct loop_source *source);
/*
 * Fills in source so that ready() is called when fd can be read, and adds it. A negative fd is
 * returned as the error.
 */
int loop_watch(struct loop *loop, struct loop_source *source, int fd,
	       void (*ready)(struct loop_source *source, uint32_t events));
int loop_set_events(struct loop *loop, struct loop_source *source, uint32_t events);

/* For a source with EPOLLET that did not read all data: reports it again if it is still ready. */
int loop_tell_again(struct loop *loop, struct loop_source *source);

void loop_remove(struct loop *loop, struct loop_source *source); /* allowed in ready() */

/*
 * Waits up to timeout_ms (-1: without end) and calls ready() of each ready source. Returns 0 or a
 * negative errno.
 */
int loop_run_once(struct loop *loop, int timeout_ms);

/* Monotonic time in milliseconds, the clock of all daemons. */
int64_t loop_now_ms(void);

#endif
