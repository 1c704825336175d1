/* SPDX-License-Identifier: ISC */
/*
 * Clients by ring page: guest kernels and domain 0's kernel. The page is hostile memory: every
 * field is read once and checked, and the daemon keeps its own copies of its indices.
 */
#include "conn.h"
#include "store/journal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct ring_conn {
	struct conn conn; /* first */
	struct xenstore_domain_interface *page;
	uint32_t port;     /* local */
	uint32_t req_cons; /* the daemon's copy; the page's copy is only for the guest */
	uint32_t rsp_prod;
	bool masked; /* the port is masked until the pause is over */
	bool notify; /* send a notification at the end of the turn */
	bool silent; /* disconnected; the guest may reconnect */
};

static struct ring_conn *of(struct conn *conn)
{
	return (struct ring_conn *)conn;
}

/* ---- the page ---- */

static uint32_t load(const uint32_t *index)
{
	return __atomic_load_n(index, __ATOMIC_ACQUIRE); /* before the bytes that it tells of */
}

static void store_index(uint32_t *index, uint32_t value)
{
	__atomic_store_n(index, value, __ATOMIC_RELEASE); /* after the bytes that it tells of */
}

/* Copies len bytes from or to position at of a ring, possibly across its end. */
static void copy_out(char *to, const char *ring, uint32_t at, uint32_t len)
{
	uint32_t start = at % XENSTORE_RING_SIZE, first = XENSTORE_RING_SIZE - start;

	first = first < len ? first : len;
	memcpy(to, ring + start, first);
	memcpy(to + first, ring, len - first);
}

static void copy_in(char *ring, uint32_t at, const char *from, uint32_t len)
{
	uint32_t start = at % XENSTORE_RING_SIZE, first = XENSTORE_RING_SIZE - start;

	first = first < len ? first : len;
	memcpy(ring + start, from, first);
	memcpy(ring, from + first, len - first);
}

static void kick(struct ring_conn *ring)
{
	const struct platform *platform = ring->conn.store->platform;

	if (ring->notify && platform)
		platform->notify(ring->conn.store, ring->port);
	ring->notify = false;
}

/* ---- requests ---- */

static void take_waiting(struct conn *conn)
{
	if (buffer_len(&conn->in))
		buffer_drop(&conn->in, (uint32_t)conn_take(conn, buffer_start(&conn->in),
							   buffer_len(&conn->in)));
	else
		conn->is_held = false;
}

/* Handles whole messages in place; only the start of an incomplete one is kept. */
static void take_bytes(struct conn *conn, const char *data, uint32_t len)
{
	bool waiting = buffer_len(&conn->in) != 0;
	size_t used = waiting ? 0 : conn_take(conn, data, len);

	if (used < len && !buffer_put(&conn->in, data + used, len - used))
		conn_break(conn, XENSTORE_ERROR_COMM, "no memory for its requests");
	else if (waiting)
		take_waiting(conn);
}

/*
 * Empties the ring. Linux notifies only when it has found the ring empty. Therefore the ring must
 * be emptied, and checked again for requests that arrived meanwhile.
 */
static void take(struct conn *conn)
{
	struct ring_conn *ring = of(conn);
	char data[XENSTORE_RING_SIZE];
	uint32_t len;

	take_waiting(conn);
	if (conn->is_held || conn->paused_until || conn_is_full(conn) || conn->broken)
		return;
	len = load(&ring->page->req_prod) - ring->req_cons;
	if (len > XENSTORE_RING_SIZE) {
		conn_break(conn, XENSTORE_ERROR_RINGIDX, "its request indices cannot be");
		return;
	}
	if (!len)
		return;
	copy_out(data, ring->page->req, ring->req_cons, len);
	ring->req_cons += len;
	take_bytes(conn, data, len);
	journal_taken(conn->store, conn);
	journal_commit(conn->store); /* before the guest can see that they were taken */
	store_index(&ring->page->req_cons, ring->req_cons);
	__atomic_thread_fence(
		__ATOMIC_SEQ_CST); /* with the guest's own, between req_prod and req_cons */
	if (load(&ring->page->req_prod) != ring->req_cons)
		conn->is_held = true;
	ring->notify = true;
	conn_mark(conn);
}

/* ---- answers ---- */

static void flush(struct conn *conn)
{
	struct ring_conn *ring = of(conn);
	uint32_t unread, len = buffer_len(&conn->out);

	if (!ring->page)
		return;
	unread = ring->rsp_prod - load(&ring->page->rsp_cons);
	if (unread > XENSTORE_RING_SIZE) {
		conn_break(conn, XENSTORE_ERROR_RINGIDX, "its answer indices cannot be");
		return;
	}
	if (len > XENSTORE_RING_SIZE - unread)
		len = XENSTORE_RING_SIZE - unread;
	if (len) {
		copy_in(ring->page->rsp, ring->rsp_prod, buffer_start(&conn->out), len);
		ring->rsp_prod += len;
		store_index(&ring->page->rsp_prod, ring->rsp_prod);
		conn_sent(conn, len);
		ring->notify = true;
	}
	kick(ring);
}

/* ---- state of the connection ---- */

static void cut(struct conn *conn, int error)
{
	struct ring_conn *ring = of(conn);

	conn_reset(conn);
	conn_drop_queues(conn);
	journal_reset(conn->store, conn);
	ring->silent = true;
	ring->page->error = (uint32_t)error;
	ring->notify = true;
	kick(ring);
}

/*
 * The guest asks to reconnect: its watches, transactions and queues are dropped, and the ring is
 * emptied.
 */
static void reconnect(struct ring_conn *ring)
{
	struct xenstore_domain_interface *page = ring->page;

	conn_use(&ring->conn, WORK_RECONNECT);
	conn_reset(&ring->conn);
	conn_drop_queues(&ring->conn);
	ring->conn.broken = 0;
	ring->silent = false;
	ring->req_cons = ring->rsp_prod = 0;
	page->req_cons = page->req_prod = page->rsp_cons = page->rsp_prod = 0;
	page->error = XENSTORE_ERROR_NONE;
	journal_reconnect(ring->conn.store, &ring->conn);
	journal_commit(ring->conn.store);
	store_index(&page->connection, XENSTORE_CONNECTED); /* after the indices */
	ring->notify = true;
	conn_mark(&ring->conn);
}

static void look(struct conn *conn)
{
	struct ring_conn *ring = of(conn);

	if (load(&ring->page->connection) == XENSTORE_RECONNECT)
		reconnect(ring);
	if (ring->silent || conn->broken)
		return;
	if (buffer_len(&conn->out))
		flush(conn);
	if (!conn->broken && !conn->paused_until)
		take(conn);
}

void conn_ring_ready(struct conn *conn)
{
	const struct ring_conn *ring = of(conn);
	uint32_t taken = ring->req_cons, sent = ring->rsp_prod;

	if (!ring->page || conn->paused_until)
		return;
	look(conn);
	conn_use(conn,
		 ring->req_cons == taken && ring->rsp_prod == sent ? WORK_EMPTY_EVENT : WORK_EVENT);
}

/* Events during a pause leave the port masked; wake() then looks at the ring. */
bool conn_ring_listens(struct conn *conn)
{
	if (conn->paused_until)
		of(conn)->masked = true;
	return !conn->paused_until;
}

/* Unmask before looking at the ring, as for each event, or a later request could be missed. */
static void wake(struct conn *conn)
{
	struct ring_conn *ring = of(conn);

	if (ring->masked && ring->page)
		conn->store->platform->unmask(conn->store, ring->port);
	ring->masked = false;
	conn_ring_ready(conn);
}

void conn_ring_greet(struct conn *conn)
{
	of(conn)->notify = true;
	conn_mark(conn);
}

static void free_ring(struct conn *conn)
{
	struct ring_conn *ring = of(conn);
	struct store *store = conn->store;

	if (ring->page) {
		store->by_port[ring->port] = NULL;
		store->platform->unbind(store, ring->port);
		store->platform->unmap_ring(store, ring->page);
	}
	free(ring);
}

static const struct conn_ops ring_ops = {
	.take = take,
	.wake = wake,
	.flush = flush,
	.cut = cut,
	.free = free_ring,
};

static int claim_port(struct store *store, struct conn *conn, uint32_t port)
{
	if (port >= store->ports) {
		uint32_t ports = (port + 64) & ~63u;
		struct conn **by_port = realloc(store->by_port, ports * sizeof(*by_port));

		if (!by_port)
			return -ENOMEM;
		memset(by_port + store->ports, 0, (ports - store->ports) * sizeof(*by_port));
		store->by_port = by_port;
		store->ports = ports;
	}
	store->by_port[port] = conn;
	return 0;
}

struct conn *conn_ring_open(struct store *store, struct domain *domain)
{
	struct ring_conn *ring = calloc(1, sizeof(*ring));

	if (!ring)
		return NULL;
	ring->conn.is_ring = true;
	conn_open(&ring->conn, store, domain, &ring_ops);
	domain->conn = &ring->conn;
	return &ring->conn;
}

/*
 * Continues on the ring of an earlier daemon. Its state says which requests it took. The page says
 * how many of the queued answers it sent.
 */
static void resume(struct ring_conn *ring)
{
	struct buffer *out = &ring->conn.out;
	uint32_t sent = load(&ring->page->rsp_prod), skip = sent - ring->rsp_prod;

	if (skip > buffer_len(out))
		skip = buffer_len(out);
	if (skip)
		conn_sent(&ring->conn, skip);
	ring->rsp_prod = sent;
	store_index(&ring->page->req_cons, ring->req_cons);
}

int conn_ring_attach(struct conn *conn, void *page, uint32_t port, bool fresh)
{
	struct ring_conn *ring = of(conn);

	if (claim_port(conn->store, conn, port) < 0)
		return -ENOMEM;
	ring->page = page;
	ring->port = port;
	if (fresh) {
		ring->req_cons = load(&ring->page->req_cons);
		ring->rsp_prod = load(&ring->page->rsp_prod);
	} else {
		resume(ring);
	}
	ring->page->server_features =
		XENSTORE_SERVER_FEATURE_RECONNECTION | XENSTORE_SERVER_FEATURE_ERROR;
	return 0;
}

bool conn_ring_is_attached(const struct conn *conn)
{
	return ((const struct ring_conn *)conn)->page != NULL;
}

uint32_t conn_ring_taken(const struct conn *conn)
{
	return ((const struct ring_conn *)conn)->req_cons;
}

uint32_t conn_ring_sent(const struct conn *conn)
{
	return ((const struct ring_conn *)conn)->rsp_prod;
}

void conn_ring_restore(struct conn *conn, uint32_t taken, uint32_t sent)
{
	of(conn)->req_cons = taken;
	of(conn)->rsp_prod = sent;
}

int conn_ring_rebind(struct conn *conn, uint32_t remote_port)
{
	struct ring_conn *ring = of(conn);
	struct store *store = conn->store;
	int port;

	if (!ring->page)
		return -EAGAIN;
	store->platform->unbind(store, ring->port);
	store->by_port[ring->port] = NULL;
	port = store->platform->bind(store, conn->domain->domid, remote_port);
	if (port < 0)
		return port;
	ring->port = (uint32_t)port;
	return claim_port(store, conn, ring->port);
}
