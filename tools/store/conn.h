/* SPDX-License-Identifier: ISC */
/*
 * A client: where its requests come from and its answers go, by socket or ring; and what it has,
 * watches and transactions.
 *
 *	socket or ring --> conn_take(): whole messages --> ops_handle() --> conn_put() --> out
 *	                                                                                    |
 *	                            flush(), once a turn, as much as the client can take <--+
 *
 * A client that does not take its answers is not listened to until it does (conn_is_full()). What
 * others cause to be sent to it counts as its memory; past its quota it is cut off.
 */
#ifndef PLINTH_STORE_CONN_H
#define PLINTH_STORE_CONN_H

#include "store.h"

/* Bytes in a queue: data[start .. end). */
struct buffer {
	char *data;
	uint32_t start, end, size;
};

static inline uint32_t buffer_len(const struct buffer *buffer)
{
	return buffer->end - buffer->start;
}
bool buffer_put(struct buffer *buffer, const void *data, size_t len); /* false: no memory */
char *buffer_room(struct buffer *buffer, size_t len); /* at the end, not yet counted; NULL */
void buffer_drop(struct buffer *buffer, uint32_t len);
void buffer_free(struct buffer *buffer);

struct txn;
struct watch;

struct conn_ops {
	void (*take)(struct conn *conn);           /* go on with requests that were left lying */
	void (*flush)(struct conn *conn);          /* send what can be sent of out, or break it */
	void (*cut)(struct conn *conn, int error); /* end it for what it did: XENSTORE_ERROR_* */
	void (*free)(struct conn *conn);
};

struct conn {
	struct conn *next, **link; /* of all */
	struct conn *dirty_next;   /* of those with something to send */
	struct store *store;
	struct domain *domain; /* for whom it speaks; one reference */
	const struct conn_ops *ops;
	struct buffer in;  /* the beginning of a message that is not complete, or not yet wanted */
	struct buffer out; /* messages to be sent */
	uint64_t sent;     /* bytes of out that were ever sent: names positions in it */
	uint64_t last_event; /* where in that stream the last watch event begins, plus 1 */
	struct watch *watches;
	struct txn *txns;
	uint32_t outstanding; /* answers queued since out was last empty */
	bool is_ring;
	bool is_dirty;
	bool is_held; /* requests were left lying because it was full */
	int broken;   /* XENSTORE_ERROR_*: it did what it must not, and is not listened to */
};

void conn_open(struct conn *conn, struct store *store, struct domain *domain,
	       const struct conn_ops *ops);
void conn_close(struct conn *conn); /* and free it */

/* Drops its watches and transactions; its queues. */
void conn_reset(struct conn *conn);
void conn_drop_queues(struct conn *conn);
void conn_drop_queues_out(struct conn *conn);

/*
 * Handles the whole messages at the beginning of data and returns the bytes that they had. Stops
 * where the client is full or broken.
 */
size_t conn_take(struct conn *conn, const char *data, size_t len);

/* It has something to send, or to be looked at, at the end of the turn. */
void conn_mark(struct conn *conn);

/* Queues a message; false: it is not, and the client is broken. */
bool conn_put(struct conn *conn, uint32_t type, uint32_t req_id, uint32_t tx_id, const void *data,
	      size_t len);

/* Nothing more is taken from it until it has read. */
bool conn_is_full(const struct conn *conn);

/* Some bytes of out are sent. */
void conn_sent(struct conn *conn, uint32_t len);

/* The client did what it must not: it is cut off at the end of the turn. */
void conn_break(struct conn *conn, int error, const char *why);

/* ---- conn_socket.c ---- */
int conn_socket_open(struct store *store, int fd); /* 0 or a negative errno */
int conn_socket_fd(const struct conn *conn);       /* -1: not a socket */

/* ---- conn_ring.c ---- */
/* A client without a ring yet, the domain's; NULL: no memory. */
struct conn *conn_ring_open(struct store *store, struct domain *domain);
/* Its page and local port are there: 0 or -ENOMEM. fresh: its indices are where the page says. */
int conn_ring_attach(struct conn *conn, void *page, uint32_t port, bool fresh);
int conn_ring_rebind(struct conn *conn, uint32_t remote_port); /* 0 or a negative errno */
void conn_ring_ready(struct conn *conn);                       /* it may have written, or read */
void conn_ring_greet(struct conn *conn);                       /* sends it an event */

/* Positions in its requests and answers: what was taken, what was sent. */
uint32_t conn_ring_taken(const struct conn *conn);
uint32_t conn_ring_sent(const struct conn *conn);
void conn_ring_restore(struct conn *conn, uint32_t taken, uint32_t sent);

/* ---- ops.c ---- */
/* One whole message, its head checked for length only. */
void ops_handle(struct conn *conn, const struct xsd_sockmsg *head, const char *data);

#endif
