/* SPDX-License-Identifier: ISC */
/* Turns each change of the store into a record of the journal. */
#include "state_journal.h"
#include "store/changes/txn.h"
#include "store/changes/watch.h"
#include "store/conn/conn.h"

static void note_node(struct store *store, const struct node *node)
{
	const struct node *behind = store->state ? store->state->behind : NULL;
	struct record *record = state_journal_begin(store, true);

	if (!record)
		return;
	dump_node(record, node, node->parent == behind ? behind : NULL);
	state_journal_end(store, record);
	store->state->behind = node;
}

static void note_removed(struct store *store, const struct node *node)
{
	struct record *record = state_journal_begin(store, true);
	char path[TREE_PATH_SIZE];

	if (!record)
		return;
	node_path(node, path);
	record_begin(record, RECORD_REMOVED);
	record_string(record, path);
	record_end(record);
	state_journal_end(store, record);
}

static void note_domain(struct store *store, const struct domain *domain)
{
	struct record *record = state_journal_begin(store, true);

	if (!record)
		return;
	dump_domain(record, domain);
	state_journal_end(store, record);
}

static void note_domain_end(struct store *store, const struct domain *domain)
{
	struct record *record = state_journal_begin(store, true);

	if (!record)
		return;
	record_begin(record, RECORD_DOMAIN_END);
	record_u32(record, domain->domid);
	record_end(record);
	state_journal_end(store, record);
}

static void note_quota(struct store *store, enum quota quota)
{
	struct record *record = state_journal_begin(store, true);

	if (!record)
		return;
	record_begin(record, RECORD_QUOTA);
	record_string(record, quota_name(quota));
	record_u64(record, store->quota.max[quota]);
	record_end(record);
	state_journal_end(store, record);
}

static void note_watch(struct store *store, const struct watch *watch)
{
	struct record *record = state_journal_begin(store, watch->conn->is_ring);

	if (!record)
		return;
	dump_watch(record, watch);
	state_journal_end(store, record);
}

static void note_unwatch(struct store *store, const struct watch *watch)
{
	struct record *record = state_journal_begin(store, watch->conn->is_ring);
	char path[TREE_PATH_SIZE];

	if (!record)
		return;
	node_path(watch->node, path);
	record_begin(record, RECORD_UNWATCH);
	record_u32(record, dump_client(watch->conn));
	record_string(record, path);
	record_string(record, watch->token);
	record_end(record);
	state_journal_end(store, record);
}

static void note_client(struct store *store, const struct conn *conn, enum record_type type)
{
	struct record *record = state_journal_begin(store, conn->is_ring);

	if (!record)
		return;
	record_begin(record, type);
	record_u32(record, dump_client(conn));
	record_end(record);
	state_journal_end(store, record);
}

static void note_reset(struct store *store, const struct conn *conn)
{
	note_client(store, conn, RECORD_RESET);
}

static void note_reconnect(struct store *store, const struct conn *conn)
{
	note_client(store, conn, RECORD_RECONNECT);
}

static void note_txn(struct store *store, const struct txn *txn)
{
	struct record *record = state_journal_begin(store, txn->conn->is_ring);

	if (!record)
		return;
	dump_txn(record, txn);
	state_journal_end(store, record);
}

static void note_txn_end(struct store *store, const struct txn *txn)
{
	struct record *record = state_journal_begin(store, txn->conn->is_ring);

	if (!record)
		return;
	record_begin(record, RECORD_TXN_END);
	record_u32(record, dump_client(txn->conn));
	record_u32(record, txn->id);
	record_end(record);
	state_journal_end(store, record);
}

static void note_taken(struct store *store, const struct conn *conn)
{
	struct record *record = state_journal_begin(store, conn->is_ring);

	if (!record)
		return;
	dump_taken(record, conn);
	state_journal_end(store, record);
}

static void note_out(struct store *store, const struct conn *conn, size_t len)
{
	struct record *record = state_journal_begin(store, conn->is_ring);
	uint32_t queued = buffer_len(&conn->out);

	if (!record)
		return;
	record_begin(record, RECORD_OUT);
	record_u32(record, dump_client(conn));
	record_u32(record, conn_ring_sent(conn) + queued - (uint32_t)len);
	record_bytes(record, conn->out.data + conn->out.end - len, len);
	record_end(record);
	state_journal_end(store, record);
}

const struct journal state_notes = {
	.commit = state_journal_commit,
	.retry_ms = state_journal_retry_ms,
	.node = note_node,
	.removed = note_removed,
	.domain = note_domain,
	.domain_end = note_domain_end,
	.quota = note_quota,
	.watch = note_watch,
	.unwatch = note_unwatch,
	.reset = note_reset,
	.reconnect = note_reconnect,
	.txn = note_txn,
	.txn_end = note_txn_end,
	.taken = note_taken,
	.out = note_out,
};
