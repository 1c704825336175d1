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
	struct loop_source *pending[LOOP_BATCH]; /* of the batch at hand; NULL once removed */
};

int loop_init(struct loop *loop); /* 0 or a negative errno */
void loop_close(struct loop *loop);

/* The source is the caller's and must stay where it is until it is removed. */
int loop_add(struct loop *loop, struct loop_source *source);
/* The same for one that is to be filled in: calls ready() when fd can be read. A negative fd is passed on. */
int loop_watch(struct loop *loop, struct loop_source *source, int fd,
	       void (*ready)(struct loop_source *source, uint32_t events));
int loop_set_events(struct loop *loop, struct loop_source *source, uint32_t events);

/* For one with EPOLLET from which not all was taken: it is called again if it is ready still. */
int loop_tell_again(struct loop *loop, struct loop_source *source);

void loop_remove(struct loop *loop, struct loop_source *source); /* also within ready() */

/* Wait up to timeout_ms (-1: without end) and call what is ready. 0 or a negative errno. */
int loop_run_once(struct loop *loop, int timeout_ms);

/* Monotonic milliseconds: the daemons' clock. */
int64_t loop_now_ms(void);

#endif
