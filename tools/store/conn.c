/* SPDX-License-Identifier: ISC */
/* A client: its queues, from bytes to messages and back, and what it leaves behind. */
#include "conn.h"

#include "common/daemon.h"
#include "state.h"
#include "txn.h"
#include "watch.h"

#include <stdlib.h>
#include <string.h>

#define BUFFER_FIRST 512
#define BUFFER_KEEP  4096 /* a bigger one is given back when it is empty */

/* A privileged client is told to wait when so much is queued for it; another one by requests too. */
#define FULL_BYTES 65536

/* ---- buffers ---- */

char *buffer_room(struct buffer *buffer, size_t len)
{
	size_t used = buffer_len(buffer);
	size_t size = buffer->size ? buffer->size : BUFFER_FIRST;
	char *data;

	if (buffer->end + len <= buffer->size)
		return buffer->data + buffer->end;
	if (used + len <= buffer->size && buffer->start >= used) {
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
	char *room = buffer_room(buffer, len);

	if (!room)
		return false;
	if (len)
		memcpy(room, data, len);
	buffer->end += (uint32_t)len;
	return true;
}

void buffer_drop(struct buffer *buffer, uint32_t len)
{
	buffer->start += len;
	if (buffer->start < buffer->end)
		return;
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
	while (conn->watches)
		watch_free(conn->watches);
	while (conn->txns)
		txn_free(conn->txns);
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
	conn->store->closed++;
	*conn->link = conn->next;
	if (conn->next)
		conn->next->link = conn->link;
	if (conn->is_dirty)
		unmark(conn);
	domain->bytes -= buffer_len(&conn->out);
	if (domain->conn == conn)
		domain->conn = NULL;
	buffer_free(&conn->in);
	buffer_free(&conn->out);
	conn->ops->free(conn);
	domain_put(domain);
}

void conn_break(struct conn *conn, int error, const char *why)
{
	if (conn->broken)
		return;
	daemon_log("domain %u (%s): %s: it is disconnected", conn->domain->domid,
		   conn->is_ring ? "ring" : "socket", why);
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

size_t conn_take(struct conn *conn, const char *data, size_t len)
{
	struct xsd_sockmsg head;
	size_t used = 0;

	while (len - used >= sizeof(head) && !conn->broken && !conn_is_full(conn)) {
		memcpy(&head, data + used, sizeof(head));
		if (head.len > XENSTORE_PAYLOAD_MAX) {
			conn_break(conn, XENSTORE_ERROR_PROTO, "a message is too long");
			break;
		}
		if (len - used < sizeof(head) + head.len)
			break;
		used += sizeof(head);
		ops_handle(conn, &head, data + used);
		used += head.len;
	}
	conn->is_held = used < len && conn_is_full(conn);
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

bool conn_put(struct conn *conn, uint32_t type, uint32_t req_id, uint32_t tx_id, const void *data,
	      size_t len)
{
	const struct xsd_sockmsg head = {
		.type = type, .req_id = req_id, .tx_id = tx_id, .len = (uint32_t)len};
	struct domain *domain = conn->domain;
	char *room;

	if (conn->broken)
		return false;
	if (type == XS_WATCH_EVENT &&
	    !quota_allows(domain, QUOTA_MEMORY, domain->bytes + sizeof(head) + len)) {
		conn_break(conn, XENSTORE_ERROR_COMM, "it does not read its watch events");
		return false;
	}
	room = buffer_room(&conn->out, sizeof(head) + len);
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
	state_note_out(conn->store, conn, sizeof(head) + len);
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
