/* SPDX-License-Identifier: ISC */
/* Watches: made, found, fired. */
#include "watch.h"
#include "store/tree/budget.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct watch *watch_find(struct conn *conn, const struct node *node, const char *token)
{
	struct watch *watch = node->watches;

	while (watch && (watch->conn != conn || strcmp(watch->token, token) != 0)) {
		work_add(WORK_STEP);
		watch = watch->node_next;
	}
	return watch;
}

static size_t own_cost(const char *token)
{
	return sizeof(struct watch) + BLOCK_COST + strlen(token) + 1;
}

int watch_check(struct conn *conn, const struct path *path, const char *token)
{
	struct domain *domain = conn->domain;
	size_t cost = own_cost(token) + path_cost(path);

	if (!quota_allows(domain, QUOTA_WATCHES, domain->watches + 1u))
		return -E2BIG;
	return quota_allows(domain, QUOTA_MEMORY, domain->bytes + cost) ? 0 : -ENOMEM;
}

int watch_add(struct conn *conn, struct node *node, const char *token, uint32_t skip, int depth,
	      struct watch **made)
{
	struct domain *domain = conn->domain;
	size_t size = strlen(token) + 1;
	struct watch *watch;

	if (watch_find(conn, node, token))
		return -EEXIST;
	watch = malloc(sizeof(*watch) + size);
	if (!watch)
		return -ENOMEM;
	*watch = (struct watch){.conn = conn, .node = node, .depth = depth, .skip = skip};
	memcpy(watch->token, token, size);
	watch->cost = (uint32_t)own_cost(token);
	for (const struct node *at = node; at->parent; at = at->parent)
		watch->cost += (uint32_t)place_cost(at);
	node_get(node);
	watch->node_next = node->watches;
	watch->node_link = &node->watches;
	if (node->watches)
		node->watches->node_link = &watch->node_next;
	node->watches = watch;
	watch->conn_next = conn->watches;
	watch->conn_link = &conn->watches;
	if (conn->watches)
		conn->watches->conn_link = &watch->conn_next;
	conn->watches = watch;
	domain->watches++;
	domain->bytes += watch->cost;
	*made = watch;
	return 0;
}

void watch_free(struct watch *watch)
{
	struct conn *conn = watch->conn;

	*watch->node_link = watch->node_next;
	if (watch->node_next)
		watch->node_next->node_link = watch->node_link;
	*watch->conn_link = watch->conn_next;
	if (watch->conn_next)
		watch->conn_next->conn_link = watch->conn_link;
	conn->domain->watches--;
	conn->domain->bytes -= watch->cost;
	node_put(&conn->store->tree, watch->node);
	free(watch);
}

/* The text of the event at this position, if the client has read nothing of it yet; or NULL. */
static const char *event_at(const struct conn *conn, uint64_t position, size_t *len)
{
	uint64_t at = position - 1;
	struct xsd_sockmsg head;
	const char *event;

	if (!position || at < conn->sent)
		return NULL;
	event = conn->out.data + conn->out.start + (at - conn->sent);
	memcpy(&head, event, sizeof(head));
	*len = head.len;
	return event + sizeof(head);
}

/* Where the position of an event with this text is kept: one of those that have the same hash. */
static uint64_t *slot_of(struct conn *conn, const char *data, size_t len)
{
	uint32_t hash = path_hash(PATH_HASH, data, len);

	return &conn->events[(hash ^ hash >> 16) % CONN_EVENTS];
}

static bool has_table(struct conn *conn)
{
	if (conn->events)
		return true;
	conn->events = calloc(CONN_EVENTS, sizeof(*conn->events));
	if (conn->events)
		conn->domain->bytes += CONN_EVENTS_COST;
	return conn->events != NULL;
}

/*
 * Is the same event queued? When the last one has been read so have all, and there is no more to
 * do: a client that reads its events at once needs no table.
 */
static bool is_queued(struct conn *conn, const char *data, size_t len)
{
	size_t last_len, other_len;
	const char *last = event_at(conn, conn->last_event, &last_len), *other;

	if (!last)
		return false;
	if (last_len == len && memcmp(last, data, len) == 0)
		return true;
	if (!has_table(conn))
		return false;
	*slot_of(conn, last, last_len) = conn->last_event;
	other = event_at(conn, *slot_of(conn, data, len), &other_len);
	return other && other_len == len && memcmp(other, data, len) == 0;
}

void watch_send(struct watch *watch, const char *path, size_t len)
{
	size_t token_size = strlen(watch->token) + 1;
	struct conn *conn = watch->conn;
	char data[XENSTORE_PAYLOAD_MAX];
	uint64_t position;

	if (len + 1 + token_size > sizeof(data))
		return; /* no message can say it */
	work_add(WORK_MAKE + WORK_BYTES(len + token_size));
	memcpy(data, path, len);
	data[len] = '\0';
	memcpy(data + len + 1, watch->token, token_size);
	len += 1 + token_size;
	if (is_queued(conn, data, len))
		return;
	position = conn->sent + buffer_len(&conn->out) + 1;
	if (conn_put(conn, XS_WATCH_EVENT, 0, 0, data, len))
		conn->last_event = position;
}

/* A client learns of nodes that it may read, or whose parent it may read. */
static bool may_see(const struct domain *domain, const struct node *node,
		    const struct perms *before)
{
	const struct node *parent = node->parent;

	if (domain->privileged)
		return true;
	if (before && perms_for(before, domain) & PERM_READ)
		return true;
	if (node->perms && perms_for(node->perms, domain) & PERM_READ)
		return true;
	return parent && parent->perms && perms_for(parent->perms, domain) & PERM_READ;
}

/* The text of the path is made once, when the first watch needs it. */
struct event {
	struct node *node;
	const struct perms *before;
	size_t len;
	char path[TREE_PATH_SIZE];
};

static void fire_at(struct event *event, const struct node *at, int depth)
{
	struct watch *next;

	for (struct watch *watch = at->watches; watch; watch = next) {
		next = watch->node_next;
		work_add(WORK_STEP);
		if (watch->depth >= 0 && watch->depth < depth)
			continue;
		if (!may_see(watch->conn->domain, event->node, event->before))
			continue;
		if (!event->len)
			event->len = node_path(event->node, event->path);
		watch_send(watch, event->path + watch->skip, event->len - watch->skip);
	}
}

void watch_fire(struct node *node, const struct perms *before, bool exact)
{
	struct event event;
	int depth = 0;

	event.node = node;
	event.before = before;
	event.len = 0;
	for (const struct node *at = node; at; at = exact ? NULL : at->parent)
		fire_at(&event, at, depth++);
}

/*
 * The watches at one node get the event's path, or the first len bytes of it unless they asked for
 * all.
 */
static void fire_special_at(const struct node *at, const struct node *special, const char *path,
			    size_t len, bool all)
{
	struct watch *next;

	for (struct watch *watch = at->watches; watch; watch = next) {
		next = watch->node_next;
		if (may_see(watch->conn->domain, special, NULL))
			watch_send(watch, path,
				   all || watch->depth == WATCH_SPECIAL_DEPTH ? strlen(path) : len);
	}
}

void watch_fire_special(struct store *store, const char *name, int64_t domid)
{
	size_t len = strlen(name);
	struct node *node = tree_find(&store->tree, store->tree.special, name, len), *one;
	char path[64];

	if (!node)
		return;
	if (domid == WATCH_ANY_DOMAIN) {
		fire_special_at(node, node, name, len, true);
		return;
	}
	snprintf(path, sizeof(path), "%s/%" PRId64, name, domid);
	fire_special_at(node, node, path, len, false);
	one = tree_find(&store->tree, node, path + len + 1, strlen(path) - len - 1);
	if (one)
		fire_special_at(one, node, path, len, true);
}
