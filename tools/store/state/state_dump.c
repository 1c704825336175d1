/* SPDX-License-Identifier: ISC */
/* All there is in the store, as records: domains and nodes first, then what clients have. */
#include "state.h"
#include "store/changes/txn.h"
#include "store/changes/watch.h"
#include "store/conn/conn.h"

#define SOCKET_CLIENT 0x10000u /* + descriptor; a ring client's number is its domain's */
#define PIECE         16384u   /* bytes of a queue in one record */

uint32_t dump_client(const struct conn *conn)
{
	return conn->is_ring ? conn->domain->domid : SOCKET_CLIENT + (uint32_t)conn_socket_fd(conn);
}

static void put_perms(struct record *record, const struct perms *perms)
{
	record_u32(record, perms->count);
	for (size_t i = 0; i < perms->count; i++)
		record_u32(record, perms->entry[i].domain->domid |
					   (uint32_t)perms->entry[i].bits << 16 |
					   (uint32_t)perms->entry[i].domain->dead << 24);
}

static void put_path(struct record *record, const struct node *node)
{
	char path[TREE_PATH_SIZE];

	node_path(node, path);
	record_string(record, path);
}

static void put_value(struct record *record, const struct value *value)
{
	record_bytes(record, value ? value->data : NULL, value_len(value));
}

/* How many levels above node its ancestor is; -1: it is not one. */
static int levels_up(const struct node *node, const struct node *ancestor)
{
	int levels = 0;

	for (; node && node != ancestor; node = node->parent)
		levels++;
	return node ? levels : -1;
}

void dump_node(struct record *record, const struct node *node, const struct node *behind)
{
	int levels = behind && node->parent ? levels_up(behind, node->parent) : -1;

	if (levels < 0) {
		record_begin(record, RECORD_NODE);
		put_path(record, node);
	} else {
		record_begin(record, RECORD_BELOW);
		record_u32(record, (uint32_t)levels);
		record_string(record, node->name);
	}
	put_perms(record, node->perms);
	put_value(record, node->value);
	record_end(record);
}

void dump_domain(struct record *record, const struct domain *domain)
{
	record_begin(record, RECORD_DOMAIN);
	record_u32(record, domain->domid);
	record_u64(record, domain->gfn);
	record_u32(record, domain->remote_port);
	record_u32(record, domain->introduced);
	record_u32(record, domain->shutdown);
	record_u32(record, domain->target ? domain->target->domid : UINT32_MAX);
	record_bytes(record, domain->uuid, sizeof(domain->uuid));
	record_end(record);
}

void dump_watch(struct record *record, const struct watch *watch)
{
	record_begin(record, RECORD_WATCH);
	record_u32(record, dump_client(watch->conn));
	record_u32(record, (uint32_t)watch->depth);
	record_u32(record, watch->skip);
	put_path(record, watch->node);
	record_string(record, watch->token);
	record_end(record);
}

void dump_txn(struct record *record, const struct txn *txn)
{
	record_begin(record, RECORD_TXN);
	record_u32(record, dump_client(txn->conn));
	record_u32(record, txn->id);
	record_u32(record, txn->conflict);
	record_u32(record, txn->made);
	record_end(record);
}

void dump_taken(struct record *record, const struct conn *conn)
{
	record_begin(record, RECORD_TAKEN);
	record_u32(record, dump_client(conn));
	record_u32(record, conn->is_ring ? conn_ring_taken(conn) : 0);
	record_bytes(record, buffer_start(&conn->in), buffer_len(&conn->in));
	record_end(record);
}

/* ---- everything ---- */

struct dump {
	struct sink *sink;
	enum dump_what what;
	struct record record;
};

static void add(struct dump *dump)
{
	dump->sink->add(dump->sink, &dump->record);
}

static void add_domain(struct domain *domain, void *arg)
{
	struct dump *dump = arg;

	dump_domain(&dump->record, domain);
	add(dump);
}

/* Parents before children, children in their order. */
static void add_nodes(struct dump *dump, struct node *top)
{
	const struct node *behind = NULL;

	for (struct node *node = tree_next(top, top); node; node = tree_next(node, top)) {
		dump_node(&dump->record, node, behind);
		add(dump);
		behind = node;
	}
}

static void add_root(struct dump *dump, const struct node *root)
{
	dump_node(&dump->record, root, NULL);
	add(dump);
}

static void add_touch(struct dump *dump, const struct touch *touch)
{
	struct record *record = &dump->record;

	record_begin(record, RECORD_TOUCH);
	record_u32(record, dump_client(touch->txn->conn));
	record_u32(record, touch->txn->id);
	record_u32(record, touch->flags);
	put_path(record, touch->node);
	record_u32(record, touch->perms != NULL);
	if (touch->perms) {
		put_perms(record, touch->perms);
		put_value(record, touch->value);
	}
	record_end(record);
	add(dump);
}

static void add_txns(struct dump *dump, const struct conn *conn)
{
	for (const struct txn *txn = conn->txns; txn; txn = txn->next) {
		dump_txn(&dump->record, txn);
		add(dump);
		if (dump->what == DUMP_FOR_CRASH)
			continue;
		for (const struct touch *touch = txn->first; touch; touch = touch->next)
			add_touch(dump, touch);
	}
}

static void add_out(struct dump *dump, const struct conn *conn)
{
	uint32_t len = buffer_len(&conn->out), piece;
	uint32_t position = conn->is_ring ? conn_ring_sent(conn) : 0;

	for (uint32_t done = 0; done < len; done += piece) {
		piece = len - done < PIECE ? len - done : PIECE;
		record_begin(&dump->record, RECORD_OUT);
		record_u32(&dump->record, dump_client(conn));
		record_u32(&dump->record, position + done);
		record_bytes(&dump->record, buffer_start(&conn->out) + done, piece);
		record_end(&dump->record);
		add(dump);
	}
}

/* Who asked for the live update hears of it from the next program. */
static void add_answer(struct dump *dump, const struct conn *conn)
{
	const struct waiting *update = &conn->store->update;
	const struct xsd_sockmsg head = {XS_CONTROL, update->req_id, update->tx_id, sizeof("OK")};
	uint32_t position = conn->is_ring ? conn_ring_sent(conn) + buffer_len(&conn->out) : 0;

	record_begin(&dump->record, RECORD_OUT);
	record_u32(&dump->record, dump_client(conn));
	record_u32(&dump->record, position);
	record_bytes(&dump->record, &head, sizeof(head));
	record_string(&dump->record, "OK");
	record_end(&dump->record);
	add(dump);
}

static void add_client(struct dump *dump, const struct conn *conn)
{
	if (!conn->is_ring) {
		record_begin(&dump->record, RECORD_SOCKET);
		record_u32(&dump->record, dump_client(conn));
		record_u32(&dump->record, (uint32_t)conn_socket_fd(conn));
		record_end(&dump->record);
		add(dump);
	}
	for (const struct watch *watch = conn->watches; watch; watch = watch->conn_next) {
		dump_watch(&dump->record, watch);
		add(dump);
	}
	add_txns(dump, conn);
	dump_taken(&dump->record, conn);
	add(dump);
	add_out(dump, conn);
	if (dump->what == DUMP_FOR_EXEC && conn == conn->store->update.conn)
		add_answer(dump, conn);
}

void dump_store(struct store *store, struct sink *sink, enum dump_what what)
{
	static struct dump dump; /* its record is too big for a stack */

	dump.sink = sink;
	dump.what = what;
	for (int i = 0; i < QUOTA_COUNT; i++) {
		record_begin(&dump.record, RECORD_QUOTA);
		record_string(&dump.record, quota_name((enum quota)i));
		record_u64(&dump.record, store->quota.max[i]);
		record_end(&dump.record);
		add(&dump);
	}
	domains_each(&store->domains, add_domain, &dump);
	add_root(&dump, store->tree.root);
	add_nodes(&dump, store->tree.root);
	add_nodes(&dump, store->tree.special);
	for (const struct conn *conn = store->conns; conn; conn = conn->next)
		if (!conn->broken && (conn->is_ring || what == DUMP_FOR_EXEC))
			add_client(&dump, conn);
}
