/* SPDX-License-Identifier: ISC */
/*
 * Where changes of the store are written down, as the files that make them see it. state_open()
 * puts a journal into the store; without one these functions do nothing.
 *
 * Each function is called after the change was made. What was written counts after
 * journal_commit().
 */
#ifndef PLINTH_STORE_JOURNAL_H
#define PLINTH_STORE_JOURNAL_H

#include "store.h"

struct txn;
struct watch;

struct journal {
	void (*commit)(struct store *store);
	int64_t (*retry_ms)(const struct store *store);
	void (*node)(struct store *store, const struct node *node);
	void (*removed)(struct store *store, const struct node *node);
	void (*watch)(struct store *store, const struct watch *watch);
	void (*unwatch)(struct store *store, const struct watch *watch); /* before it is freed */
	void (*reset)(struct store *store, const struct conn *conn);
	void (*reconnect)(struct store *store, const struct conn *conn);
	void (*txn)(struct store *store, const struct txn *txn);
	void (*txn_end)(struct store *store, const struct txn *txn); /* before it is freed */
	void (*domain)(struct store *store, const struct domain *domain);
	void (*domain_end)(struct store *store, const struct domain *domain);
	void (*quota)(struct store *store, enum quota quota);
	void (*taken)(struct store *store, const struct conn *conn);
	/* The last len bytes that are queued for a client are new. */
	void (*out)(struct store *store, const struct conn *conn, size_t len);
};

static inline void journal_commit(struct store *store)
{
	if (store->journal)
		store->journal->commit(store);
}

/* When journal_commit() is due though nothing happens, in ms of loop_now_ms(); 0: it is not. */
static inline int64_t journal_retry_ms(const struct store *store)
{
	return store->journal ? store->journal->retry_ms(store) : 0;
}

static inline void journal_node(struct store *store, const struct node *node)
{
	if (store->journal)
		store->journal->node(store, node);
}

static inline void journal_removed(struct store *store, const struct node *node)
{
	if (store->journal)
		store->journal->removed(store, node);
}

static inline void journal_watch(struct store *store, const struct watch *watch)
{
	if (store->journal)
		store->journal->watch(store, watch);
}

static inline void journal_unwatch(struct store *store, const struct watch *watch)
{
	if (store->journal)
		store->journal->unwatch(store, watch);
}

static inline void journal_reset(struct store *store, const struct conn *conn)
{
	if (store->journal)
		store->journal->reset(store, conn);
}

static inline void journal_reconnect(struct store *store, const struct conn *conn)
{
	if (store->journal)
		store->journal->reconnect(store, conn);
}

static inline void journal_txn(struct store *store, const struct txn *txn)
{
	if (store->journal)
		store->journal->txn(store, txn);
}

static inline void journal_txn_end(struct store *store, const struct txn *txn)
{
	if (store->journal)
		store->journal->txn_end(store, txn);
}

static inline void journal_domain(struct store *store, const struct domain *domain)
{
	if (store->journal)
		store->journal->domain(store, domain);
}

static inline void journal_domain_end(struct store *store, const struct domain *domain)
{
	if (store->journal)
		store->journal->domain_end(store, domain);
}

static inline void journal_quota(struct store *store, enum quota quota)
{
	if (store->journal)
		store->journal->quota(store, quota);
}

static inline void journal_taken(struct store *store, const struct conn *conn)
{
	if (store->journal)
		store->journal->taken(store, conn);
}

static inline void journal_out(struct store *store, const struct conn *conn, size_t len)
{
	if (store->journal)
		store->journal->out(store, conn, len);
}

#endif
