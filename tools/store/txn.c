/* SPDX-License-Identifier: ISC */
/* Transactions: what they touched, what they see, and how they end. */
#include "txn.h"

#include "change.h"
#include "watch.h"

#include <errno.h>
#include <stdlib.h>

/* ---- life ---- */

int txn_start(struct conn *conn, uint32_t id, struct txn **made)
{
	struct domain *domain = conn->domain;
	struct store *store = conn->store;
	struct txn *txn;

	if (!id && !quota_allows(domain, QUOTA_TRANSACTIONS, domain->txns + 1u))
		return -ENOSPC;
	txn = calloc(1, sizeof(*txn));
	if (!txn)
		return -ENOMEM;
	while (!id) {
		id = ++store->next_txn;
		if (txn_find(conn, id))
			id = 0;
	}
	txn->id = id;
	txn->conn = conn;
	txn->next = conn->txns;
	txn->link = &conn->txns;
	if (conn->txns)
		conn->txns->link = &txn->next;
	conn->txns = txn;
	domain->txns++;
	domain->bytes += sizeof(*txn);
	*made = txn;
	return 0;
}

struct txn *txn_find(const struct conn *conn, uint32_t id)
{
	struct txn *txn = conn->txns;

	while (txn && txn->id != id)
		txn = txn->next;
	return txn;
}

static void free_touch(struct touch *touch)
{
	*touch->node_link = touch->node_next;
	if (touch->node_next)
		touch->node_next->node_link = touch->node_link;
	touch->txn->conn->domain->bytes -= sizeof(*touch);
	perms_put(touch->perms);
	perms_put(touch->before);
	value_put(touch->value);
	node_put(&touch->txn->conn->store->tree, touch->node);
	free(touch);
}

void txn_free(struct txn *txn)
{
	struct domain *domain = txn->conn->domain;
	struct touch *next;

	for (struct touch *touch = txn->first; touch; touch = next) {
		next = touch->next;
		free_touch(touch);
	}
	*txn->link = txn->next;
	if (txn->next)
		txn->next->link = txn->link;
	domain->txns--;
	domain->bytes -= sizeof(*txn);
	free(txn);
}

/* ---- touching ---- */

struct touch *txn_touched(const struct txn *txn, const struct node *node)
{
	struct touch *touch = txn ? node->touches : NULL;

	while (touch && touch->txn != txn)
		touch = touch->node_next;
	return touch;
}

static void append(struct txn *txn, struct touch *touch)
{
	touch->next = NULL;
	touch->prev = txn->last;
	*(txn->last ? &txn->last->next : &txn->first) = touch;
	txn->last = touch;
}

/* A node that is made comes behind its parent, whenever it was first looked for. */
void txn_move_last(struct touch *touch)
{
	struct txn *txn = touch->txn;

	*(touch->prev ? &touch->prev->next : &txn->first) = touch->next;
	*(touch->next ? &touch->next->prev : &txn->last) = touch->prev;
	append(txn, touch);
}

static struct touch *new_touch(struct txn *txn, struct node *node)
{
	struct touch *touch = calloc(1, sizeof(*touch));

	if (!touch)
		return NULL;
	touch->txn = txn;
	touch->node = node;
	node_get(node);
	touch->node_next = node->touches;
	touch->node_link = &node->touches;
	if (node->touches)
		node->touches->node_link = &touch->node_next;
	node->touches = touch;
	append(txn, touch);
	txn->touches++;
	txn->conn->domain->bytes += sizeof(*touch);
	return touch;
}

int txn_touch(struct txn *txn, struct node *node, unsigned flags, struct touch **made)
{
	struct touch *touch = txn_touched(txn, node);

	if (!txn)
		return 0;
	if (!touch) {
		struct domain *domain = txn->conn->domain;

		if (!quota_allows(domain, QUOTA_TRANSACTION_NODES, txn->touches + 1u))
			return -ENOSPC;
		if (!quota_allows(domain, QUOTA_MEMORY, domain->bytes + sizeof(*touch)))
			return -ENOMEM;
		touch = new_touch(txn, node);
		if (!touch)
			return -ENOMEM;
	}
	touch->flags |= (uint8_t)flags;
	if (made)
		*made = touch;
	return 0;
}

struct perms *txn_perms(const struct txn *txn, const struct node *node)
{
	const struct touch *touch = txn_touched(txn, node);

	return touch && touch->flags & (TOUCH_CHANGED | TOUCH_KEPT) ? touch->perms : node->perms;
}

struct value *txn_value(const struct txn *txn, const struct node *node)
{
	const struct touch *touch = txn_touched(txn, node);

	return touch && touch->flags & (TOUCH_CHANGED | TOUCH_KEPT) ? touch->value : node->value;
}

static void keep(struct touch *touch)
{
	struct node *node = touch->node;

	touch->flags |= TOUCH_KEPT;
	touch->perms = node->perms ? perms_get(node->perms) : NULL;
	touch->value = value_get(node->value);
}

void txn_note(struct node *node, unsigned flags, const struct txn *by)
{
	for (struct touch *touch = node->touches; touch; touch = touch->node_next) {
		if (touch->txn == by || !(touch->flags & flags))
			continue;
		touch->txn->conflict = true;
		if (!(touch->flags & (TOUCH_CHANGED | TOUCH_KEPT)))
			keep(touch);
	}
}

/* ---- children ---- */

struct child_iter txn_children(const struct txn *txn, const struct node *node)
{
	return (struct child_iter){
		.txn = txn, .node = node, .at = node->first, .made = txn ? txn->first : NULL};
}

struct node *txn_next_child(struct child_iter *iter)
{
	while (iter->at) {
		struct node *child = iter->at;

		iter->at = child->next;
		if (txn_perms(iter->txn, child))
			return child;
	}
	while (iter->made) {
		struct touch *touch = iter->made;

		iter->made = touch->next;
		if (touch->node->parent == iter->node && !node_exists(touch->node) &&
		    touch->flags & TOUCH_CHANGED && touch->perms)
			return touch->node;
	}
	return NULL;
}

/* ---- the end ---- */

/* Nodes that are made or changed, parents first; then those that are removed. */
static void carry_out(struct txn *txn)
{
	struct store *store = txn->conn->store;

	for (struct touch *touch = txn->first; touch; touch = touch->next) {
		if (!(touch->flags & TOUCH_CHANGED))
			continue;
		touch->before = touch->node->perms ? perms_get(touch->node->perms) : NULL;
		if (touch->perms)
			change_set(store, touch->node, touch->perms, touch->value, txn);
	}
	for (struct touch *touch = txn->last; touch; touch = touch->prev)
		if (touch->flags & TOUCH_CHANGED && !touch->perms && node_exists(touch->node))
			change_remove_all(store, touch->node, txn);
}

static void tell(struct txn *txn)
{
	/* What was made and removed again is nobody's business. */
	for (struct touch *touch = txn->first; touch; touch = touch->next)
		if (touch->flags & TOUCH_FIRE && (touch->before || touch->perms))
			watch_fire(touch->node, touch->before, touch->flags & TOUCH_EXACT);
}

int txn_commit(struct txn *txn)
{
	struct domain *domain = txn->conn->domain;
	int ret = 0;

	if (txn->conflict)
		ret = -EAGAIN;
	else if (txn->made && !quota_allows(domain, QUOTA_NODES, domain->nodes + txn->made))
		ret = -ENOSPC;
	if (ret == 0) {
		carry_out(txn);
		tell(txn);
	}
	txn_free(txn);
	return ret;
}
