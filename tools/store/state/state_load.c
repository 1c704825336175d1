/* SPDX-License-Identifier: ISC */
/* The store made anew from records: a table by their type. */
#include "daemon/daemon.h"
#include "state.h"
#include "store/changes/txn.h"
#include "store/changes/watch.h"
#include "store/conn/conn.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct load {
	struct store *store;
	struct node *behind; /* of the record before, if it was of a node; one reference */
	enum dump_what what;
	struct reader *r;
};

/* ---- what records name ---- */

static struct conn *get_client(struct load *load)
{
	uint32_t client = reader_get_u32(load->r);

	for (struct conn *conn = load->store->conns; conn; conn = conn->next)
		if (dump_client(conn) == client)
			return conn;
	return NULL;
}

static struct txn *get_txn(struct load *load)
{
	const struct conn *conn = get_client(load);
	uint32_t id = reader_get_u32(load->r);

	return conn ? txn_find(conn, id) : NULL;
}

/* NULL: not there, or no memory. */
static struct perms *get_perms(struct load *load)
{
	struct domain_table *domains = &load->store->domains;
	uint32_t count = reader_get_u32(load->r);
	struct perms *perms = NULL;
	struct perm *entry;
	uint32_t done = 0;

	if (!count || count > XENSTORE_PAYLOAD_MAX || !(entry = calloc(count, sizeof(*entry))))
		return NULL;
	for (; done < count; done++) {
		uint32_t word = reader_get_u32(load->r), domid = word & 0xffff;

		entry[done].bits = word >> 16 & 3;
		entry[done].domain =
			word >> 24 ? domains_dead(domains, domid) : domains_assume(domains, domid);
		if (!entry[done].domain)
			break;
	}
	if (done == count && !load->r->bad)
		perms = perms_make(&load->store->perms, entry, count);
	while (done)
		domain_put(entry[--done].domain);
	free(entry);
	return perms;
}

static struct value *get_value(struct load *load)
{
	size_t len;
	const char *data = record_get_rest(load->r, &len);
	bool failed;

	return value_new(data, len, &failed);
}

/* ---- nodes ---- */

/* A place by its path; NULL when nothing can have it, or no memory. */
static struct node *get_place(struct load *load)
{
	const char *path = record_get_string(load->r);

	return load->r->bad || strlen(path) >= TREE_PATH_SIZE
		       ? NULL
		       : tree_walk_place(&load->store->tree, path);
}

static void forget_behind(struct load *load)
{
	if (load->behind)
		node_put(&load->store->tree, load->behind);
	load->behind = NULL;
}

/* The node comes behind the one of the record before. */
static void put_node(struct load *load, struct node *node)
{
	struct tree *tree = &load->store->tree;
	struct perms *perms = get_perms(load);
	struct value *value = get_value(load);

	if (node)
		node_get(node);
	forget_behind(load);
	load->behind = node;
	if (!node) {
		perms_put(perms);
		value_put(value);
		return;
	}
	if (perms && node_exists(node)) {
		tree_set_perms(tree, node, perms);
		tree_set_value(tree, node, value);
	} else if (perms && node_exists(node->parent)) {
		tree_create(tree, node, perms, value);
	}
	perms_put(perms);
	value_put(value);
}

static void load_node(struct load *load)
{
	struct node *node = get_place(load);

	put_node(load, node);
}

static void load_below(struct load *load)
{
	uint32_t levels = reader_get_u32(load->r);
	const char *name = record_get_string(load->r);
	struct node *above = load->behind;
	size_t len = strlen(name);

	while (above && levels--)
		above = above->parent;
	if (!above || !len || strchr(name, '/') ||
	    node_path_len(above) + 1 + len >= TREE_PATH_SIZE) {
		put_node(load, NULL);
		return;
	}
	put_node(load, tree_place(&load->store->tree, above, name, len));
}

static void load_removed(struct load *load)
{
	struct tree *tree = &load->store->tree;
	struct node *node = tree_walk(tree, record_get_string(load->r)), *leaf;

	if (!node || !node_exists(node) || !node->parent)
		return;
	do {
		leaf = tree_first_leaf(node);
		tree_remove(tree, leaf); /* the place of node may go with it: it is not used then */
	} while (leaf != node);
}

/* ---- domains ---- */

static void load_domain(struct load *load)
{
	struct domain_table *domains = &load->store->domains;
	struct domain *domain = domains_assume(domains, reader_get_u32(load->r));
	const char *uuid;
	uint32_t target;
	size_t len;

	if (!domain)
		return;
	domain->gfn = reader_get_u64(load->r);
	domain->remote_port = reader_get_u32(load->r);
	domain->introduced = reader_get_u32(load->r);
	domain->shutdown = reader_get_u32(load->r);
	target = reader_get_u32(load->r);
	uuid = record_get_rest(load->r, &len);
	if (len == sizeof(domain->uuid))
		memcpy(domain->uuid, uuid, len);
	domain_put(domain->target);
	domain->target = target == UINT32_MAX ? NULL : domains_assume(domains, target);
	if (domain->introduced && !domain->conn)
		conn_ring_open(load->store, domain);
	domain_put(domain);
}

static void load_domain_end(struct load *load)
{
	struct domain *domain = domains_find(&load->store->domains, reader_get_u32(load->r));

	if (!domain || !domain->domid)
		return;
	if (domain->conn)
		conn_close(domain->conn);
	domain_kill(domain); /* its nodes' removal was noted too */
}

static void load_quota(struct load *load)
{
	int quota = quota_find(record_get_string(load->r));

	if (quota >= 0)
		load->store->quota.max[quota] = reader_get_u64(load->r);
}

/* ---- clients ---- */

static void load_socket(struct load *load)
{
	uint32_t client = reader_get_u32(load->r);
	int fd = (int)reader_get_u32(load->r);
	struct stat status;

	(void)client; /* follows from the descriptor */
	if (load->what != DUMP_FOR_EXEC)
		return; /* descriptors of another process */
	if (fstat(fd, &status) < 0 || !S_ISSOCK(status.st_mode))
		return; /* a descriptor of something else, which is not to be closed */
	if (conn_socket_open(load->store, fd) < 0)
		daemon_log("a client is lost: no memory");
}

static void load_watch(struct load *load)
{
	struct tree *tree = &load->store->tree;
	struct conn *conn = get_client(load);
	int depth = (int)reader_get_u32(load->r);
	uint32_t skip = reader_get_u32(load->r);
	struct node *node = get_place(load);
	struct watch *watch;

	if (!node)
		return;
	node_get(node);
	if (conn)
		watch_add(conn, node, record_get_string(load->r), skip, depth, &watch);
	node_put(tree, node);
}

static void load_unwatch(struct load *load)
{
	struct conn *conn = get_client(load);
	struct node *node = tree_walk(&load->store->tree, record_get_string(load->r));
	struct watch *watch =
		conn && node ? watch_find(conn, node, record_get_string(load->r)) : NULL;

	if (watch)
		watch_free(watch);
}

static void load_reset(struct load *load)
{
	struct conn *conn = get_client(load);

	if (conn)
		conn_reset(conn);
}

static void load_reconnect(struct load *load)
{
	struct conn *conn = get_client(load);

	if (!conn || !conn->is_ring)
		return;
	conn_reset(conn);
	conn_drop_queues(conn);
	conn_ring_restore(conn, 0, 0);
}

/* Of a daemon that was killed what a transaction has done is not known: it has to be done again. */
static void load_txn(struct load *load)
{
	struct conn *conn = get_client(load);
	uint32_t id = reader_get_u32(load->r), conflict = reader_get_u32(load->r);
	struct txn *txn;

	if (!conn || !id || txn_find(conn, id) || txn_start(conn, id, &txn) < 0)
		return;
	txn->conflict = conflict;
	txn->made = reader_get_u32(load->r);
	if (id > load->store->next_txn)
		load->store->next_txn = id;
}

static void load_txn_end(struct load *load)
{
	struct txn *txn = get_txn(load);

	if (txn)
		txn_free(txn);
}

static void load_touch(struct load *load)
{
	struct tree *tree = &load->store->tree;
	struct txn *txn = get_txn(load);
	uint32_t flags = reader_get_u32(load->r);
	struct node *node = get_place(load);
	struct perms *perms = reader_get_u32(load->r) ? get_perms(load) : NULL;
	struct value *value = perms ? get_value(load) : NULL;
	struct touch *touch;

	if (!node)
		return;
	node_get(node);
	if (txn && txn_touch(txn, node, flags, &touch) == 0)
		touch_hold(touch, perms, value, 0);
	node_put(tree, node);
	perms_put(perms);
	value_put(value);
}

static void load_taken(struct load *load)
{
	struct conn *conn = get_client(load);
	uint32_t position = reader_get_u32(load->r);
	size_t len;
	const char *data = record_get_rest(load->r, &len);

	if (!conn)
		return;
	buffer_free(&conn->in);
	buffer_put(&conn->in, data, len);
	if (conn->is_ring)
		conn_ring_restore(conn, position, conn_ring_sent(conn));
}

static void load_out(struct load *load)
{
	struct conn *conn = get_client(load);
	uint32_t position = reader_get_u32(load->r);
	size_t len;
	const char *data = record_get_rest(load->r, &len);

	if (!conn)
		return;
	/* Bytes from another position on: what was there has been read. */
	if (conn->is_ring && conn_ring_sent(conn) + buffer_len(&conn->out) != position) {
		conn_drop_queues_out(conn);
		conn_ring_restore(conn, conn_ring_taken(conn), position);
	}
	if (buffer_put(&conn->out, data, len))
		conn->domain->bytes += len;
	if (!conn->is_ring)
		conn_mark(conn);
}

static void (*const loaders[RECORD_COUNT])(struct load *load) = {
	[RECORD_NODE] = load_node,           [RECORD_REMOVED] = load_removed,
	[RECORD_DOMAIN] = load_domain,       [RECORD_DOMAIN_END] = load_domain_end,
	[RECORD_QUOTA] = load_quota,         [RECORD_WATCH] = load_watch,
	[RECORD_UNWATCH] = load_unwatch,     [RECORD_RESET] = load_reset,
	[RECORD_RECONNECT] = load_reconnect, [RECORD_TXN] = load_txn,
	[RECORD_TXN_END] = load_txn_end,     [RECORD_TOUCH] = load_touch,
	[RECORD_TAKEN] = load_taken,         [RECORD_OUT] = load_out,
	[RECORD_SOCKET] = load_socket,       [RECORD_BELOW] = load_below,
};

/* In a table that is there from the start some nodes may not be in the records. */
static void empty_tree(struct tree *tree)
{
	while (tree->root->first)
		tree_remove(tree, tree_first_leaf(tree->root));
}

void load_store(struct store *store, const char *data, size_t len, enum dump_what what)
{
	const char *at = data;
	struct reader reader;
	struct load load = {.store = store, .what = what, .r = &reader};
	unsigned type;

	store->loading = true;
	empty_tree(&store->tree);
	while ((type = record_next(&at, data + len, &reader))) {
		if (type != RECORD_NODE && type != RECORD_BELOW && type != RECORD_SUM)
			forget_behind(&load);
		if (type < RECORD_COUNT && loaders[type])
			loaders[type](&load);
	}
	forget_behind(&load);
	store->loading = false;
}
