/* SPDX-License-Identifier: ISC */
/*
 * A client, by socket or by ring: the source of its requests, the destination of its answers, its
 * watches and its transactions.
 *
 *	socket or ring --> conn_take(): whole messages --> service->handle() --> conn_put() --> out
 *	                                                                                    |
 *	                            flush(), once a turn, as much as the client can take <--+
 *
 * The daemon takes no requests from a client that does not read its answers (conn_is_full()). A
 * client that causes too much work must wait (budget.h). An event that is already queued is not
 * queued again. Events that other clients cause count as the receiver's memory; beyond its quota it
 * is disconnected.
 */
#ifndef PLINTH_STORE_CONN_H
#define PLINTH_STORE_CONN_H

#include "store/store.h"
#include "store/tree/budget.h"

/* Bytes in a queue: data[start .. end). */
struct buffer {
	char *data;
	uint32_t start, end, size;
};

static inline uint32_t buffer_len(const struct buffer *buffer)
{
	return buffer->end - buffer->start;
}
static inline const char *buffer_start(const struct buffer *buffer)
{
	return buffer->data ? buffer->data + buffer->start : NULL;
}
bool buffer_put(struct buffer *buffer, const void *data, size_t len); /* false: no memory */
void buffer_drop(struct buffer *buffer, uint32_t len);
void buffer_free(struct buffer *buffer);

#define CONN_EVENTS      128 /* positions in conn.events, indexed by a hash */
#define CONN_EVENTS_COST (CONN_EVENTS * sizeof(uint64_t) + BLOCK_COST)

struct txn;
struct watch;

struct conn_ops {
	void (*take)(struct conn *conn);           /* handle the requests that were held */
	void (*wake)(struct conn *conn);           /* the pause is over: take requests again */
	void (*flush)(struct conn *conn);          /* send what is possible of out, or break */
	void (*cut)(struct conn *conn, int error); /* disconnect with XENSTORE_ERROR_* */
	void (*free)(struct conn *conn);
};

struct conn {
	struct conn *next, **link; /* list of all clients */
	struct conn *dirty_next;   /* list of clients with something to send */
	struct store *store;
	struct domain *domain; /* the client's domain; one reference */
	const struct conn_ops *ops;
	struct buffer in;    /* the start of an incomplete or postponed message */
	struct buffer out;   /* messages to be sent */
	uint64_t sent;       /* bytes of out ever sent; defines stream positions */
	uint64_t last_event; /* stream position of the last watch event, plus 1 */
	uint64_t *events;    /* other unread events, see watch.c; NULL: none so far */
	struct watch *watches;
	struct txn *txns;
	uint32_t outstanding; /* answers queued since out was last empty */
	bool is_ring;
	bool is_dirty;
	bool is_held; /* requests are held: it was full, or its turn was over */
	struct budget budget;
	int64_t paused_until; /* its budget is used up until then; 0: it is not paused */
	int broken;           /* XENSTORE_ERROR_*: it misbehaved, and its requests are ignored */
};

void conn_open(struct conn *conn, struct store *store, struct domain *domain,
	       const struct conn_ops *ops);
void conn_close(struct conn *conn); /* and free it */

/* conn_reset() drops the watches and transactions, the others drop the queues. */
void conn_reset(struct conn *conn);
void conn_drop_queues(struct conn *conn);
void conn_drop_queues_out(struct conn *conn);

/*
 * Handles the whole messages at the start of data and returns their bytes. Stops when the client is
 * full or broken.
 */
size_t conn_take(struct conn *conn, const char *data, size_t len);

/* Queues the client for the end of the turn, to send or to be examined. */
void conn_mark(struct conn *conn);

/* Queues a message. false: it was not queued, and the client is now broken. */
bool conn_put(struct conn *conn, uint32_t type, uint32_t req_id, uint32_t tx_id, const void *data,
	      size_t len);

/* Whether requests must wait until the client has read its answers. */
bool conn_is_full(const struct conn *conn);

/* Whether requests that were held can be handled now. */
bool conn_can_go_on(const struct conn *conn);

/* Accounts for work of the client; a guest may have to pause. */
void conn_use(struct conn *conn, uint64_t units);

/* Takes no requests from the client until until_ms. */
void conn_pause(struct conn *conn, int64_t until_ms);

/* len bytes of out were sent. */
void conn_sent(struct conn *conn, uint32_t len);

/* The client misbehaved: it is disconnected at the end of the turn. */
void conn_break(struct conn *conn, int error, const char *why);

/* ---- conn_socket.c ---- */
int conn_socket_open(struct store *store, int fd); /* 0 or a negative errno */
/* The same for a new client: -EMFILE where there are as many as may be. */
int conn_socket_accept(struct store *store, int fd);
int conn_socket_fd(const struct conn *conn); /* -1: not a socket */

/* ---- conn_ring.c ---- */
/* A client for the domain, without a ring yet; NULL: no memory. */
struct conn *conn_ring_open(struct store *store, struct domain *domain);
/*
 * Attaches the mapped page and the local port. fresh: take the indices from the page. Returns 0 or
 * -ENOMEM.
 */
int conn_ring_attach(struct conn *conn, void *page, uint32_t port, bool fresh);
bool conn_ring_is_attached(const struct conn *conn);
int conn_ring_rebind(struct conn *conn, uint32_t remote_port); /* 0 or a negative errno */
void conn_ring_ready(struct conn *conn);                       /* it may have written, or read */
bool conn_ring_listens(struct conn *conn);                     /* false: its port stays masked */
void conn_ring_greet(struct conn *conn);                       /* sends it an event */

/* Positions in the request and answer streams: bytes taken and bytes sent. */
uint32_t conn_ring_taken(const struct conn *conn);
uint32_t conn_ring_sent(const struct conn *conn);
void conn_ring_restore(struct conn *conn, uint32_t taken, uint32_t sent);

/* Operations of higher layers on a client; store_init() sets the table in the store. */
struct conn_service {
	/* Answers one whole message. Only the length in the header has been checked. */
	void (*handle)(struct conn *conn, const struct xsd_sockmsg *head, const char *data);
	/* Frees the client's watches and transactions. */
	void (*reset)(struct conn *conn);
};
extern const struct conn_service ops_service; /* ops.c */

#endif
