/* SPDX-License-Identifier: ISC */
/*
 * The socket that programs of domain 0 connect to. When there are no descriptors a client is turned
 * away, with one that is kept for this: its connection is closed, so it does not wait in vain, and
 * the daemon does not run in circles. Where not even that can be done the socket rests for a
 * moment.
 */
#ifndef PLINTH_STORE_LISTENER_H
#define PLINTH_STORE_LISTENER_H

#include "store/store.h"

#define LISTENER_KEEP    32 /* descriptors that are left for other things than clients */
#define LISTENER_LOG_MS  5000
#define LISTENER_REST_MS 100

struct listener {
	struct loop_source source;
	struct store *store;
	int reserve;          /* a descriptor for turning away; -1 */
	uint32_t limit;       /* of clients */
	uint32_t turned_away; /* so far */
	int64_t logged_ms;
	int64_t rests_until; /* 0: it listens */
};

/* Listens on fd, for the store. 0 or a negative errno. */
int listener_open(struct listener *listener, struct store *store, int fd);
void listener_close(struct listener *listener);

/* Its rest is over, if it had one. */
void listener_resume(struct listener *listener);

#endif
