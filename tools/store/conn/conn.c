/* SPDX-License-Identifier: ISC */
/* A client: its queues, its messages, and their release when it goes. */
#include "conn.h"
#include "daemon/daemon.h"
#include "store/journal.h"
#include "store/tree/budget.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_FIRST 512
#define BUFFER_KEEP  4096 /* a larger buffer is freed once it is empty */

/* No requests are taken while so many bytes are queued; guests also have a request quota. */
#define FULL_BYTES 65536

/* A client by socket with so many unread bytes is disconnected at the next event. */
#define DEAF_BYTES (16u << 20)

/* ---- buffers ---- */

/* Room for len bytes at the end, not yet counted; NULL: no memory. */
static char *make_room(struct buffer *buffer, size_t len)
{
	size_t used = buffer_len(buffer);
	size_t size = buffer->size ? buffer->size : BUFFER_FIRST;
	char *data;

	if (buffer->size && buffer->end + len <= buffer->size)
		return buffer->data + buffer->end;
	if (buffer->size && used + len <= buffer->size && buffer->start >= used) {
		memcpy(buffer->data, buffer->data + buffer->start, used);
	} else {
		while (size < used + len)
			size *= 2;
		if (size > UINT32_MAX / 2 || !(data = malloc(size)))
			return NULL;
		if (used)
			memcpy(data, buffer->data + buffer->start, used);
		free(buffer->data);
		buffer->data = data;
		buffer->size = (uint32_t)size;
	}
	buffer->start = 0;
	buffer->end = (uint32_t)used;
	return buffer->data + used;
}

bool buffer_put(struct buffer *buffer, const void *data, size_t len)
{
	char *room = make_room(buffer, len);

	if (!room)
		return false;
	if (len)
		memcpy(room, data, len);
	buffer->end += (uint32_t)len;
	return true;
}

/* Keeps the allocation within four times the queued bytes, which the client's account covers. */
static void shrink(struct buffer *buffer)
{
	uint32_t used = buffer_len(buffer), size = buffer->size;
	char *data;

	while (size > BUFFER_KEEP && used < size / 4)
		size /= 2;
	if (size == buffer->size || !(data = malloc(size)))
		return;
	memcpy(data, buffer->data + buffer->start, used);
	free(buffer->data);
	*buffer = (struct buffer){.data = data, .end = used, .size = size};
}

void buffer_drop(struct buffer *buffer, uint32_t len)
{
	buffer->start += len;
	if (buffer->start < buffer->end) {
		shrink(buffer);
		return;
	}
	buffer->start = buffer->end = 0;
	if (buffer->size > BUFFER_KEEP)
		buffer_free(buffer);
}

void buffer_free(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){0};
}

/* ---- life ---- */

void conn_open(struct conn *conn, struct store *store, struct domain *domain,
	       const struct conn_ops *ops)
{
	conn->store = store;
	conn->domain = domain_get(domain);
	conn->ops = ops;
	conn->next = store->conns;
	conn->link = &store->conns;
	if (store->conns)
		store->conns->link = &conn->next;
	store->conns = conn;
}

void conn_reset(struct conn *conn)
{
	conn->store->service->reset(conn);
}

void conn_drop_queues_out(struct conn *conn)
{
	conn->domain->bytes -= buffer_len(&conn->out);
	conn->sent += buffer_len(&conn->out);
	buffer_free(&conn->out);
	conn->outstanding = 0;
}

void conn_drop_queues(struct conn *conn)
{
	buffer_free(&conn->in);
	conn_drop_queues_out(conn);
	conn->is_held = false;
}

static void unmark(struct conn *conn)
{
	struct conn **at = &conn->store->dirty;

	while (*at != conn)
		at = &(*at)->dirty_next;
	*at = conn->dirty_next;
	if (!*at)
		conn->store->dirty_end = at;
}

void conn_close(struct conn *conn)
{
	struct domain *domain = conn->domain;

	conn_reset(conn);
	if (conn->store->update.conn == conn)
		conn->store->update.conn = NULL;
	conn->store->closed++;
	*conn->link = conn->next;
	if (conn->next)
		conn->next->link = conn->link;
	if (conn->is_dirty)
		unmark(conn);
	domain->bytes -= buffer_len(&conn->out);
	if (domain->conn == conn)
		domain->conn = NULL;
	if (conn->events)
		domain->bytes -= CONN_EVENTS_COST;
	free(conn->events);
	buffer_free(&conn->in);
	buffer_free(&conn->out);
	conn->ops->free(conn);
	domain_put(domain);
}

/* Rate-limited per domain like quota refusals, since a client can reconnect and misbehave again. */
static void log_break(const struct conn *conn, const char *why)
{
	struct domain *domain = conn->domain;
	int64_t now = loop_now_ms();

	domain->breaks++;
	if (domain->break_logged_ms && now - domain->break_logged_ms < QUOTA_LOG_MS)
		return;
	domain->break_logged_ms = now;
	daemon_log("domain %u (%s): %s: it is disconnected (%" PRIu32 " times so far)",
		   domain->domid, conn->is_ring ? "ring" : "socket", why, domain->breaks);
}

void conn_break(struct conn *conn, int error, const char *why)
{
	if (conn->broken)
		return;
	log_break(conn, why);
	conn->broken = error;
	conn_mark(conn);
}

/* ---- in ---- */

bool conn_is_full(const struct conn *conn)
{
	const struct domain *domain = conn->domain;
	uint64_t outstanding = conn->store->quota.max[QUOTA_OUTSTANDING];

	if (buffer_len(&conn->out) >= FULL_BYTES)
		return true;
	return !domain->privileged && conn->outstanding >= outstanding;
}

bool conn_can_go_on(const struct conn *conn)
{
	return conn->is_held && !conn_is_full(conn) && !conn->broken && !conn->paused_until;
}

void conn_use(struct conn *conn, uint64_t units)
{
	if (!conn->domain->privileged)
		conn_pause(conn, budget_use(&conn->budget, units));
}

void conn_pause(struct conn *conn, int64_t until_ms)
{
	struct store *store = conn->store;

	if (until_ms <= conn->paused_until)
		return;
	conn->paused_until = until_ms;
	if (!store->wake_ms || until_ms < store->wake_ms)
		store->wake_ms = until_ms;
}

static bool has_turn(const struct conn *conn, uint64_t begin)
{
	bool privileged = conn->domain->privileged;

	return work_done - begin < (privileged ? BUDGET_TURN_PRIVILEGED : BUDGET_TURN);
}

size_t conn_take(struct conn *conn, const char *data, size_t len)
{
	uint64_t begin = work_done;
	struct xsd_sockmsg head;
	size_t used = 0;

	while (len - used >= sizeof(head) && !conn->broken && !conn_is_full(conn) &&
	       !conn->paused_until && has_turn(conn, begin)) {
		memcpy(&head, data + used, sizeof(head));
		if (head.len > XENSTORE_PAYLOAD_MAX) {
			conn_break(conn, XENSTORE_ERROR_PROTO, "a message is too long");
			break;
		}
		if (len - used < sizeof(head) + head.len)
			break;
		used += sizeof(head);
		work_add(WORK_REQUEST + WORK_BYTES(head.len));
		conn->store->actor = conn;
		conn->store->service->handle(conn, &head, data + used);
		conn->store->actor = NULL;
		used += head.len;
	}
	conn->is_held =
		used < len && (conn_is_full(conn) || conn->paused_until || !has_turn(conn, begin));
	conn_use(conn, work_done - begin);
	return used;
}

/* ---- out ---- */

void conn_mark(struct conn *conn)
{
	if (conn->is_dirty)
		return;
	conn->is_dirty = true;
	conn->dirty_next = NULL;
	*conn->store->dirty_end = conn;
	conn->store->dirty_end = &conn->dirty_next;
}

/* Checks an unrequested event against the quota, or against the limit of a privileged client. */
static bool may_queue(const struct conn *conn, size_t len)
{
	struct domain *domain = conn->domain;

	if (domain->privileged)
		return conn->is_ring || buffer_len(&conn->out) + len <= DEAF_BYTES;
	return quota_allows(domain, QUOTA_MEMORY, domain->bytes + len);
}

bool conn_put(struct conn *conn, uint32_t type, uint32_t req_id, uint32_t tx_id, const void *data,
	      size_t len)
{
	const struct xsd_sockmsg head = {
		.type = type, .req_id = req_id, .tx_id = tx_id, .len = (uint32_t)len};
	struct domain *domain = conn->domain;
	char *room;

	if (conn->broken)
		return false;
	work_add(WORK_MAKE + WORK_BYTES(len));
	if (type == XS_WATCH_EVENT && !may_queue(conn, sizeof(head) + len)) {
		conn_break(conn, XENSTORE_ERROR_COMM, "it does not read its watch events");
		return false;
	}
	room = make_room(&conn->out, sizeof(head) + len);
	if (!room) {
		conn_break(conn, XENSTORE_ERROR_COMM, "no memory for what it is to be sent");
		return false;
	}
	memcpy(room, &head, sizeof(head));
	if (len)
		memcpy(room + sizeof(head), data, len);
	conn->out.end += (uint32_t)(sizeof(head) + len);
	domain->bytes += sizeof(head) + len;
	if (type != XS_WATCH_EVENT)
		conn->outstanding++;
	journal_out(conn->store, conn, sizeof(head) + len);
	conn_mark(conn);
	return true;
}

void conn_sent(struct conn *conn, uint32_t len)
{
	conn->domain->bytes -= len;
	conn->sent += len;
	buffer_drop(&conn->out, len);
	if (!buffer_len(&conn->out))
		conn->outstanding = 0;
}
